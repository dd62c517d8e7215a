// Every limit of the codec, one step before and one step after it, in both directions.
import { beforeAll, describe, expect, it } from "vitest";
import {
  ATTRIBUTES_MAX, DEPTH_MAX, ELEMENTS_MAX, EXPANSION_MAX, MESSAGE_BYTES_DEFAULT, MESSAGE_BYTES_MAX,
  PIECES_MAX, TREE_DEPTH_MAX, type Wbxml, XML_CHARS_MAX,
} from "../../../host/wbxml/index.ts";
import { faultOf, loadCodec } from "../../helpers/codec.ts";
import { fromHex, header } from "../../helpers/wbxml.ts";

const MOST = { maxBytes: MESSAGE_BYTES_MAX };
const XMLNS = 'xmlns="SYNCML:SYNCML1.2"';
const TREE = 'xmlns="syncml:dmddf1.2"';

let wbxml: Wbxml;

beforeAll(async () => {
  wbxml = await loadCodec("release");
});

const decoding = (hex: string): string => faultOf(() => wbxml.decode(fromHex(hex), MOST));
const encoding = (xml: string): string => faultOf(() => wbxml.encode(xml, MOST));

/** A document of so many bytes: 12 of header, tags and ENDs, the rest one string. */
function bytesOfLength(length: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(0x78);
  bytes.set(fromHex("02a4016a006d6b4f03"));
  bytes.set(fromHex("00010101"), length - 4);
  return bytes;
}

function xmlOfBytes(length: number): string {
  const text = "x".repeat(length - 13);
  return `<SyncML ${XMLNS}><SyncBody><Data>${text}</Data></SyncBody></SyncML>`;
}

describe("WBXML codec, limits", () => {
  it.each([
    ["MESSAGE_BYTES_DEFAULT", MESSAGE_BYTES_DEFAULT, {}],
    ["MESSAGE_BYTES_MAX", MESSAGE_BYTES_MAX, MOST],
    ["maxBytes", 100, { maxBytes: 100 }],
  ])("%s: a document of that many bytes passes, of one more does not", (_name, limit, options) => {
    expect(wbxml.encode(xmlOfBytes(limit), options).length).toBe(limit);
    expect(wbxml.decode(bytesOfLength(limit), options)).toContain("xxx</Data>");
    expect(faultOf(() => wbxml.encode(xmlOfBytes(limit + 1), options))).toBe("budget");
    expect(faultOf(() => wbxml.decode(bytesOfLength(limit + 1), options))).toBe("budget");
    expect(faultOf(() => wbxml.events(bytesOfLength(limit + 1), options))).toBe("accept");
  });

  it("MESSAGE_BYTES_MAX: no more can be asked for, nor less than a byte", () => {
    for (const maxBytes of [MESSAGE_BYTES_MAX + 1, 0, 1.5]) {
      expect(() => wbxml.decode(new Uint8Array(1), { maxBytes })).toThrow(
        expect.objectContaining({ code: "DM_BAD_CONFIG" }),
      );
    }
  });

  it("MESSAGE_BYTES_MAX: one text that alone is too long for the document", () => {
    expect(encoding(xmlOfBytes(MESSAGE_BYTES_MAX + 20))).toBe("budget");
  });

  it("XML_CHARS_MAX: as many characters pass, one more does not", () => {
    const [start, end] = [`<SyncML ${XMLNS}><SyncBody>`, "<Final/></SyncBody></SyncML>"];
    const blanks = " ".repeat(XML_CHARS_MAX - start.length - end.length);
    expect(encoding(start + blanks + end)).toBe("accept");
    expect(encoding(`${start} ${blanks}${end}`)).toBe("budget");
  });

  it("DEPTH_MAX: as many levels pass, one more does not", () => {
    const bytes = (levels: number) =>
      `${header()}6d${"54".repeat(levels - 1)}${"01".repeat(levels)}`;
    const xml = (levels: number) => `<SyncML ${XMLNS}>${"<Item>".repeat(levels - 1)}` +
      `${"</Item>".repeat(levels - 1)}</SyncML>`;
    expect([bytes(DEPTH_MAX), bytes(DEPTH_MAX + 1)].map(decoding)).toEqual(["accept", "depth"]);
    expect([xml(DEPTH_MAX), xml(DEPTH_MAX + 1)].map(encoding)).toEqual(["accept", "depth"]);
  });

  it("TREE_DEPTH_MAX: as many levels pass in a tree, one more does not", () => {
    const bytes = (levels: number) =>
      `${header()}6d000260${"64".repeat(levels - 2)}${"01".repeat(levels)}`;
    const xml = (levels: number) => `<SyncML ${XMLNS}><MgmtTree ${TREE}>` +
      `${"<Node>".repeat(levels - 2)}${"</Node>".repeat(levels - 2)}</MgmtTree></SyncML>`;
    const levels = [TREE_DEPTH_MAX, TREE_DEPTH_MAX + 1];
    expect(levels.map(bytes).map(decoding)).toEqual(["accept", "depth"]);
    expect(levels.map(xml).map(encoding)).toEqual(["accept", "depth"]);
  });

  it("ELEMENTS_MAX: as many elements pass, one more does not", () => {
    const bytes = (count: number) => `${header()}6d6b${"12".repeat(count - 2)}0101`;
    const xml = (count: number) => `<SyncML ${XMLNS}>${"<Final/>".repeat(count - 1)}</SyncML>`;
    const counts = [ELEMENTS_MAX, ELEMENTS_MAX + 1];
    expect(counts.map(bytes).map(decoding)).toEqual(["accept", "budget"]);
    expect(counts.map(xml).map(encoding)).toEqual(["accept", "budget"]);
  });

  it.each([
    ["strings", "036100", "a<!-- -->"], ["OPAQUEs", "c30161", "<![CDATA[a]]>"],
  ])("PIECES_MAX: as many %s pass, one more does not", (_kind, token, piece) => {
    const bytes = (count: number) => `${header()}6d6b4f${token.repeat(count)}010101`;
    const xml = (count: number) => `<SyncML ${XMLNS}>${piece.repeat(count)}</SyncML>`;
    const counts = [PIECES_MAX, PIECES_MAX + 1];
    expect(counts.map(bytes).map(decoding)).toEqual(["accept", "budget"]);
    expect(counts.map(xml).map(encoding)).toEqual(["accept", "budget"]);
  });

  it("ATTRIBUTES_MAX: as many attributes pass, one more does not", () => {
    const bytes = (count: number) => `${header()}ed${"0400037800".repeat(count)}016b120101`;
    const counts = [ATTRIBUTES_MAX, ATTRIBUTES_MAX + 1];
    expect(counts.map(bytes).map(decoding)).toEqual(["accept", "budget"]);
    expect(encoding(`<SyncML ${XMLNS} a="b"><SyncBody/></SyncML>`)).toBe("token");
  });

  it("EXPANSION_MAX: as many times the document's bytes pass, one byte more does not", () => {
    // Eight references to a string, and SWITCH_PAGEs up to a quarter of the bytes of their text.
    const length = 1001;
    const bytes = (content: string): string => {
      const start = `${header(`${"A".repeat(length)}\0`)}6d6b4f${content}`;
      const rest = (length * 8) / EXPANSION_MAX - start.length / 2 - 3;
      return `${start}${"0000".repeat(rest / 2)}010101`;
    };
    // The last reference is padded, so that the number of bytes is even again.
    const [whole, more] = [bytes("8300".repeat(8)), bytes(`036200${"8300".repeat(7)}838000`)];
    expect([whole.length, more.length]).toEqual([4 * length, 4 * length]);
    expect([whole, more].map(decoding)).toEqual(["accept", "budget"]);
  });
});
