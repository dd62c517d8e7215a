// The hostile inputs of the core's tests against the codec: the same verdicts, with a code, a fault
// and an offset.
import { beforeAll, describe, expect, it } from "vitest";
import type { Wbxml } from "../../../host/wbxml/index.ts";
import { faultOf, failureOf, loadCodec } from "../../helpers/codec.ts";
import { generated, inBody, inData, tabled } from "../../helpers/hostile.ts";
import { BUILDS } from "../../helpers/module.ts";
import { fromHex, header, mb, samples, strI, toHex } from "../../helpers/wbxml.ts";

/** The codec takes more elements than the core. */
const OTHERWISE: Record<string, string> = { "10,000 empty siblings": "accept" };
const CODES: Record<string, string> = {
  truncated: "DM_TRUNCATED", length: "DM_TRUNCATED", index: "DM_MALFORMED", token: "DM_MALFORMED",
  page: "DM_MALFORMED", text: "DM_MALFORMED", entity: "DM_MALFORMED", trailing: "DM_MALFORMED",
  version: "DM_UNSUPPORTED", publicid: "DM_UNSUPPORTED", charset: "DM_UNSUPPORTED",
  integer: "DM_TOO_LARGE", budget: "DM_TOO_LARGE", depth: "DM_TOO_DEEP",
};
const FLIPS = [0x00, 0x01, 0x7f, 0x80, 0xc3, 0xff];
const DEVINF = "application/vnd.syncml-devinf+wbxml";

/** A message whose Data holds a document inside a document, so many levels deep. */
function nested(levels: number): string {
  let inner = "02a4036a004a6503312e32000101";
  for (let level = 1; level < levels; level++) inner = holding(inner);
  return holding(inner);
}

function holding(hex: string): string {
  const opaque = `c3${mb(hex.length / 2)}${hex}`;
  return inBody(`5f5a000153${strI(DEVINF)}01010000544f${opaque}010101`);
}

describe.each(BUILDS)("WBXML codec, hostile inputs, %s build", (build) => {
  let wbxml: Wbxml;

  beforeAll(async () => {
    wbxml = await loadCodec(build);
  });

  /** Expects the class of a verdict, and what every refusal has. */
  function expectVerdict(expected: string, hex: string): void {
    const bytes = fromHex(hex);
    const failure = failureOf(() => wbxml.decode(bytes));
    const { parts, fault } = wbxml.events(bytes);
    expect(fault?.message).toBe(failure?.message);
    const ends = parts.map(({ offset, length }) => offset + length);
    expect(parts.map(({ offset }) => offset)).toEqual([0, ...ends].slice(0, parts.length));
    if (failure === undefined) {
      expect(expected).toBe("accept");
      expect(ends.at(-1)).toBe(bytes.length);
      return;
    }
    const { offset, code, message } = failure;
    expect(code).toBe(CODES[expected]);
    // A length that is too long is an input that ends early; the table has one word for both.
    const isLength = expected === "truncated" && failure.fault === "length";
    expect(isLength ? expected : failure.fault).toBe(expected);
    expect(offset).toBeGreaterThanOrEqual(ends.at(-1) ?? 0);
    expect(offset).toBeLessThanOrEqual(bytes.length);
    expect(message).toContain(`at byte ${offset}: `);
  }

  it.each(tabled)("§14 %s: %s", (expected, _what, hex) => expectVerdict(expected, hex));

  it.each(generated)("§13 %s: %s", (expected, what, hex) => {
    expectVerdict(OTHERWISE[what] ?? expected, hex);
  });

  it("§1.2 public id 01 is taken when the media type names the type", () => {
    const bytes = fromHex("02016a006d6b120101");
    const decodeAs = (mediaType: string) => () => wbxml.decode(bytes, { mediaType });
    expect(faultOf(decodeAs("application/vnd.syncml.dm+wbxml"))).toBe("accept");
    expect(faultOf(decodeAs("text/plain"))).toBe("publicid");
  });

  it.each([
    ["accept", 1], ["depth", 2], ["depth", 500],
  ])("§10 %s: documents nested in documents, %d levels", (expected, levels) => {
    expect(faultOf(() => wbxml.decode(fromHex(nested(levels))))).toBe(expected);
  });

  it("§10 a nested document that is at fault: the offset counts from the outer one", () => {
    const hex = holding("02a4036a004a7f0101");
    const failure = failureOf(() => wbxml.decode(fromHex(hex)))!;
    expect(failure.fault).toBe("token");
    expect(failure.offset).toBe(hex.indexOf("4a7f") / 2 + 1);
    const { parts, fault } = wbxml.events(fromHex(hex));
    expect(fault!.offset).toBe(failure.offset);
    expect(parts.at(-1)).toMatchObject({ offset: failure.offset - 1, kind: "tag", name: "DevInf" });
  });

  it("§7 a control character in a string: XML cannot hold it", () => {
    expect(faultOf(() => wbxml.decode(fromHex(inData("03610100"))))).toBe("text");
  });

  it("§8 a tag that a later version added is none of an earlier one", () => {
    const correlator = "6d6b463c010101";
    const added = "6d6b4534010101";
    const as = (number: string, body: string) =>
      faultOf(() => wbxml.decode(fromHex(`02${number}6a00${body}`)));
    expect(as("a401", correlator)).toBe("accept");
    expect(as("9f53", correlator)).toBe("token");
    expect(as("9f53", added)).toBe("accept");
    expect(as("9f51", added)).toBe("token");
  });

  it("§14 every proper prefix of every sample is refused", () => {
    for (const { id, hex } of samples) {
      const bytes = fromHex(hex);
      const faults = Array.from(bytes, (_, length) =>
        faultOf(() => wbxml.decode(bytes.slice(0, length))));
      expect(faults.filter((fault) => !["truncated", "length"].includes(fault)), id).toEqual([]);
    }
  });

  it("§14 every byte of every sample set to each of six: a document, or a fault", () => {
    let count = 0;
    for (const { hex } of samples) {
      const bytes = fromHex(hex);
      bytes.forEach((_, index) => FLIPS.forEach((flip) => {
        const changed = bytes.slice();
        changed[index] = flip;
        // What is decoded can be encoded; anything but a WbxmlError would be thrown.
        faultOf(() => wbxml.encode(wbxml.decode(changed)));
        count++;
      }));
    }
    expect(count).toBe(samples.map(({ hex }) => hex.length * 3).reduce((a, b) => a + b, 0));
  });

  it("header: every byte of the string table counts once", () => {
    const bytes = fromHex(`${header("one\0two\0")}6d6b4f8304010101`);
    expect(wbxml.decode(bytes)).toContain("<Data>two</Data>");
    expect(toHex(wbxml.encode(wbxml.decode(bytes)))).toBe(`${header()}6d6b4f${strI("two")}010101`);
  });
});
