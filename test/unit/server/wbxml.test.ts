import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  decode, type DecodeOptions, element, type Element, encode, textOf, toXml, WbxmlError,
} from "../../../host/demo/server/wbxml.ts";
import { hasTool } from "../../helpers/tools.ts";

interface Sample {
  id: string;
  title: string;
  hex: string;
  xml?: string;
}

interface Hostile {
  what: string;
  hex: string;
  verdict: string;
}

const SAMPLES = vectors<Sample[]>("samples.json");
const HOSTILE = vectors<Hostile[]>("hostile.json");

/** Documents that are no business of a DM server. */
const FOREIGN = ["S9"];
/** Samples that are not written back byte for byte: a string table, pages switched early. */
const ONE_WAY = ["S8t", "S17", ...FOREIGN];
/** What the encoder was given is not what the document says: CDATA, rewritten types, raw bytes. */
const PRINTED: Readonly<Record<string, (xml: string) => string>> = {
  S6: (xml) => xml.replace("<![CDATA[<a>1</a>]]>", "&lt;a&gt;1&lt;/a&gt;"),
  S7: (xml) => xml.replace("&#xE9;", "é").replace("&#x20AC;", "€"),
  S10: (xml) => xml.replace("devinf+xml", "devinf+wbxml").replace(
    /<Data>.*<\/Data>/, `<Data>${base64Of("02a4036a004a6503312e32000151034d000101")}</Data>`,
  ),
  S12: (xml) => xml.replace("dmtnds+xml", "dmtnds+wbxml"),
  S14: (xml) => xml.replace("<SyncML>", "<SyncML xmlns=\"SYNCML:SYNCML1.2\">"),
};

function vectors<T>(name: string): T {
  const url = new URL(`../../vectors/wbxml/${name}`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")) as T;
}

function base64Of(hex: string): string {
  return Buffer.from(hex, "hex").toString("base64");
}

function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

function hexOf(root: Element): string {
  return Buffer.from(encode(root)).toString("hex");
}

function failureOf(document: Uint8Array, options?: DecodeOptions): WbxmlError | undefined {
  try {
    decode(document, options);
    return undefined;
  } catch (error) {
    if (error instanceof WbxmlError) return error;
    throw error;
  }
}

function failureIn(hex: string): string | undefined {
  return failureOf(bytes(hex))?.kind;
}

/** Header of a SyncML 1.2 document and the given body. */
function document(body: string): string {
  return `02a4016a00${body}`;
}

describe("decode", () => {
  for (const { id, title, hex, xml } of SAMPLES) {
    if (FOREIGN.includes(id)) continue;
    const expected = xml === undefined ? undefined : PRINTED[id]?.(xml) ?? xml;
    if (expected === undefined) continue;
    it(`${id}: ${title} gives the XML that was encoded`, () => {
      expect(toXml(decode(bytes(hex)))).toBe(expected);
    });
  }

  it("S9: a document of another type is refused by its public identifier", () => {
    expect(failureIn(SAMPLES.find(({ id }) => id === "S9")!.hex)).toBe("publicid");
  });

  it("S8t: a string table gives the same as S8 without one", () => {
    const [with8t, without] = ["S8t", "S8"].map((id) => SAMPLES.find((s) => s.id === id)!);
    expect(decode(bytes(with8t!.hex))).toEqual(decode(bytes(without!.hex)));
  });

  it("S17: TNDS inline on code page 2 gives its elements", () => {
    const sample = SAMPLES.find(({ id }) => id === "S17")!;
    expect(toXml(decode(bytes(sample.hex)))).toContain(
      "<Data><MgmtTree xmlns=\"syncml:dmddf1.2\"><VerDTD>1.2</VerDTD><Node><NodeName>N</NodeName>",
    );
  });

  it("S18: a raw nonce stays bytes and prints as Base64", () => {
    const sample = SAMPLES.find(({ id }) => id === "S18")!;
    expect(toXml(decode(bytes(sample.hex)))).toContain(">AAH+gP8=</NextNonce>");
  });

  it("a value in three pieces becomes one text", () => {
    // Table "c"; LocURI = "a", U+20AC, table string.
    const hex = `02a4016a026300${"6d6b53546e57"}03610002c12c8300${"0101010101" + "01"}`;
    expect(toXml(decode(bytes(hex)))).toContain("<LocURI>a€c</LocURI>");
  });

  for (const { id, hex } of SAMPLES) {
    it(`${id}: no proper prefix is a document`, () => {
      const whole = bytes(hex);
      for (let length = 0; length < whole.length; length++) {
        expect(failureOf(whole.subarray(0, length))).toBeInstanceOf(WbxmlError);
      }
    });

    it(`${id}: a changed byte gives an error or a document, never anything else`, () => {
      for (let at = 0; at < hex.length / 2; at++) {
        for (const value of [0x00, 0x01, 0x7f, 0x80, 0xc3, 0xff]) {
          const changed = bytes(hex);
          changed[at] = value;
          failureOf(changed);
        }
      }
    });
  }

  it("the offset of an error is that of the byte that is wrong", () => {
    expect(failureOf(bytes(document("6d6b7f01120101")))?.offset).toBe(7);
    expect(failureOf(bytes(document("6d6b")))?.offset).toBe(7);
  });
});

/** Kinds for the first words of a verdict. */
const KINDS: readonly [RegExp, string][] = [
  [/truncated/, "truncated"], [/version/, "version"], [/any 1\.x/, "version"],
  [/transport MIME/, "publicid"], [/charset/, "charset"], [/integer/, "integer"],
  [/length/, "length"], [/index|unterminated|tolerant/, "index"], [/token/, "token"],
  [/page/, "page"], [/trailing/, "trailing"], [/surrogate|range|not an XML/, "entity"],
];

describe("decode of hostile input", () => {
  for (const { what, hex, verdict } of HOSTILE) {
    if (verdict.startsWith("accept only")) continue;
    if (verdict.startsWith("accept") || verdict.includes("at SyncML level")) {
      it(`${what}: accepted`, () => {
        expect(failureIn(hex)).toBeUndefined();
      });
      continue;
    }
    const kind = KINDS.find(([pattern]) => pattern.test(verdict))?.[1];
    it(`${what}: refused as ${kind}`, () => {
      expect(kind).toBeDefined();
      // An endless attribute list is cut off by the budget before its end is missed.
      const kinds = what.startsWith("attribute list") ? ["budget", "truncated"] : [kind];
      expect(kinds).toContain(failureIn(hex));
    });
  }

  it("public id 1: accepted only if the transport named the type", () => {
    const unknown = bytes("02016a006d6b120101");
    expect(failureOf(unknown)?.kind).toBe("publicid");
    expect(failureOf(unknown, { typeIsKnown: true })).toBeUndefined();
  });

  it("depth: 32 elements pass, 33 do not; inside TNDS 64 do", () => {
    const nested = (count: number): string => document(
      "6d6b" + "54".repeat(count - 2) + "01".repeat(count),
    );
    const tree = (count: number): string => document(
      "6d6b45544f0002" + "60" + "64".repeat(count - 6) + "01".repeat(count),
    );
    expect(failureIn(nested(32))).toBeUndefined();
    expect(failureIn(nested(33))).toBe("depth");
    expect(failureIn(tree(64))).toBeUndefined();
    expect(failureIn(tree(65))).toBe("depth");
  });

  it("depth: 100,000 open elements are refused at once", () => {
    expect(failureIn(document("6d6b" + "54".repeat(100_000)))).toBe("depth");
  });

  it("a table string referenced 20,000 times is refused before it is expanded", () => {
    const table = "41".repeat(100_000) + "00";
    const hex = `02a4016a868d21${table}6d6b4f${"8300".repeat(20_000)}010101`;
    expect(failureIn(hex)).toBe("budget");
  });

  it("10,000 attributes are refused", () => {
    expect(failureIn(document("ed" + "0400037800".repeat(10_000) + "016b120101"))).toBe("budget");
  });

  it("10,000 empty siblings are read", () => {
    expect(failureIn(document("6d6b" + "14".repeat(10_000) + "120101"))).toBeUndefined();
  });

  it("a string of 70,000 bytes without end is truncated", () => {
    expect(failureIn(document("6d6b4f03" + "78".repeat(70_000)))).toBe("truncated");
  });
});

describe("encode", () => {
  for (const { id, title, hex } of SAMPLES) {
    if (ONE_WAY.includes(id)) continue;
    it(`${id}: ${title} is written back byte for byte`, () => {
      expect(hexOf(decode(bytes(hex)))).toBe(hex);
    });
  }

  it("S17: written with lazy page switches, it reads the same", () => {
    const root = decode(bytes(SAMPLES.find(({ id }) => id === "S17")!.hex));
    expect(decode(encode(root))).toEqual(root);
  });

  it("text with a NUL goes out as OPAQUE", () => {
    const root = decode(encode(element("SyncML", element("SyncBody", element("Data", "a\0b")))));
    expect(root).toEqual(
      element("SyncML", element("SyncBody", element("Data", new Uint8Array([97, 0, 98])))),
    );
  });

  it("an element that is on no page is an error that names it", () => {
    expect(() => encode(element("SyncML", element("Bogus")))).toThrow(/Bogus/);
  });

  it("OPAQUE of 128 bytes has a length of two bytes", () => {
    const root = element("SyncML", element("SyncBody", element("Data", new Uint8Array(128))));
    expect(hexOf(root)).toBe(document(`6d6b4fc38100${"00".repeat(128)}010101`));
  });
});

describe("toXml", () => {
  it("escapes markup, and shows what XML cannot hold as U+FFFD", () => {
    expect(toXml(element("Data", "<a & \"b\">\u0001"))).toBe(
      "<Data xmlns=\"SYNCML:SYNCML1.2\">&lt;a &amp; &quot;b&quot;&gt;\ufffd</Data>",
    );
  });

  it("with an indent, elements stand on lines of their own and text does not move", () => {
    const root = element("Item", element("Target", element("LocURI", "./A")), element("Data"));
    expect(toXml(root, "  ")).toBe([
      "<Item xmlns=\"SYNCML:SYNCML1.2\">", "  <Target>", "    <LocURI>./A</LocURI>", "  </Target>",
      "  <Data/>", "</Item>",
    ].join("\n"));
  });
});

// libwbxml is the second opinion. It drops blanks around text, turns Data into OPAQUE and rewrites
// nested types, so the messages compared have none of these or are compared after decoding.
const hasLibwbxml = hasTool("wbxml2xml") && hasTool("xml2wbxml");
const skipText = hasLibwbxml ? "" : " (skipped: install the Debian package libwbxml2-utils)";

describe.skipIf(!hasLibwbxml)(`against libwbxml${skipText}`, () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "wbxml-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  /** Runs one of the two programs on `input`. */
  function convert(program: "wbxml2xml" | "xml2wbxml", input: Uint8Array): Uint8Array {
    const [source, target] = [join(folder, "in"), join(folder, "out")];
    writeFileSync(source, input);
    const options = program === "xml2wbxml" ? ["-n", "-v", "1.2"] : ["-m", "0"];
    const { status, stderr } = spawnSync(program, [...options, "-o", target, source]);
    expect(status, String(stderr)).toBe(0);
    return readFileSync(target);
  }

  const PROLOG = "<?xml version=\"1.0\"?><!DOCTYPE SyncML PUBLIC \"-//SYNCML//DTD SyncML 1.2//EN\" "
    + "\"http://www.openmobilealliance.org/tech/DTD/OMA-TS-SyncML_RepPro_DTD-V1_2.dtd\">";

  function textsOf(root: Element): string[] {
    return [
      `${root.name}: ${root.children.some((c) => !isNode(c)) ? textOf(root) : ""}`,
      ...root.children.filter(isNode).flatMap(textsOf),
    ];
  }

  function isNode(child: Element["children"][number]): child is Element {
    return typeof child === "object" && !(child instanceof Uint8Array);
  }

  for (const [name, root] of Object.entries(messages())) {
    it(`${name}: what we write, wbxml2xml reads as what we print`, () => {
      const xml = Buffer.from(convert("wbxml2xml", encode(root))).toString("utf8");
      const plain = xml.replace(/^<\?xml.*?\?>\s*(<!DOCTYPE.*?>\s*)?/s, "").replace(/>\s+</g, "><");
      const unwrapped = plain.replace(/<!\[CDATA\[(.*?)\]\]>/gs, (_, text: string) => text
        .replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;"));
      expect(unwrapped.trim()).toBe(toXml(root));
    });

    it(`${name}: what xml2wbxml makes of our XML, we read as the same elements and texts`, () => {
      const wbxml = convert("xml2wbxml", Buffer.from(PROLOG + toXml(root)));
      expect(textsOf(decode(wbxml))).toEqual(textsOf(root));
    });
  }
});

/** Messages of a server and a client, with every code page 1 element that DM traffic has. */
function messages(): Record<string, Element> {
  const e = element;
  const header = (...more: Element[]): Element => e(
    "SyncHdr", e("VerDTD", "1.2"), e("VerProto", "DM/1.2"), e("SessionID", "2A"), e("MsgID", 1),
    e("Target", e("LocURI", "http://127.0.0.1:8080/dm?x=1")),
    e("Source", e("LocURI", "IMEI:1"), e("LocName", "u")), ...more,
  );
  const meta = (...children: Element[]): Element => e("Meta", ...children);
  return {
    "package 1": e("SyncML", header(
      e("Cred", meta(e("Format", "b64"), e("Type", "syncml:auth-md5")), e("Data", "Zz6Eiv==")),
      meta(e("MaxMsgSize", 4096), e("MaxObjSize", 1048576)),
    ), e(
      "SyncBody",
      e("Alert", e("CmdID", 1), e("Data", 1201)),
      e("Replace", e("CmdID", 2), e("Item", e("Source", e("LocURI", "./DevInfo/Man")),
        e("Data", "Grün & Söhne €"))),
      e("Final"),
    )),
    "an order": e("SyncML", header(), e(
      "SyncBody",
      e("Status", e("CmdID", 1), e("MsgRef", 1), e("CmdRef", 0), e("Cmd", "SyncHdr"),
        e("TargetRef", "http://127.0.0.1/dm"), e("SourceRef", "IMEI:1"),
        e("Chal", meta(e("Format", "b64"), e("Type", "syncml:auth-md5"),
          e("NextNonce", "Tm9uY2U="))), e("Data", 212)),
      e("Sequence", e("CmdID", 2),
        e("Alert", e("CmdID", 3), e("Data", 1101), e("Item", e("Data", "MAXDT=60&DR=0")),
          e("Item", e("Data", "Install?"))),
        e("Add", e("CmdID", 4), e("Item", e("Target", e("LocURI", "./SCOMO/Download/p")),
          meta(e("Format", "node")))),
        e("Exec", e("CmdID", 5), e("Correlator", "job-1"), e("Item", e("Target",
          e("LocURI", "./SCOMO/Download/p/Operations/DownloadInstall"))))),
      e("Atomic", e("CmdID", 6), e("Delete", e("CmdID", 7), e("Item", e("Target",
        e("LocURI", "./A"))))),
      e("Get", e("CmdID", 8), e("Item", e("Target", e("LocURI", "./A?prop=ACL")))),
      e("Final"),
    )),
    "an outcome": e("SyncML", header(), e(
      "SyncBody",
      e("Alert", e("CmdID", 1), e("Data", 1226), e("Correlator", "job-1"), e("Item",
        e("Target", e("LocURI", "./SCOMO/Inventory/Deployed/jvm")),
        e("Source", e("LocURI", "./SCOMO/Download/p/Operations/DownloadInstall")),
        meta(e("Format", "text/plain"), e("Type", "urn:oma:at:scomo:1.0:OperationComplete"),
          e("Mark", "informational")),
        e("Data", "<ResultCode>1200</ResultCode><Identifier>jvm</Identifier>"))),
      e("Results", e("CmdID", 2), e("MsgRef", 1), e("CmdRef", 4), e("Item",
        e("Source", e("LocURI", "./A")), meta(e("Format", "bin"), e("Size", 3000)),
        e("Data", "AAEC/w=="), e("MoreData"))),
    )),
  };
}
