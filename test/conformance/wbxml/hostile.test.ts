// Inputs that must not pass, and neighbours of theirs that must. Every class of rejection of the
// WBXML digest, section 13.
import { beforeAll, describe, expect, it } from "vitest";
import { generated, inBody, tabled } from "../../helpers/hostile.ts";
import { BUILDS, loadModule, type TestModule } from "../../helpers/module.ts";
import { ELEMENTS_MAX, fromHex, header, mb, verdict } from "../../helpers/wbxml.ts";

/** Err of each class. */
const ERR: Record<string, number> = {
  accept: 0,
  truncated: -1,
  length: -1,
  index: -2,
  token: -2,
  page: -2,
  text: -2,
  entity: -2,
  trailing: -2,
  version: -3,
  publicid: -3,
  charset: -3,
  integer: -20,
  budget: -20,
  depth: -25,
};

describe.each(BUILDS)("wbxml, hostile inputs, %s build", (build) => {
  let module: TestModule;

  beforeAll(async () => {
    module = await loadModule("wbxml", build);
  });

  it.each(tabled)("§14 %s: %s", (expected, _what, hex) => {
    expect(verdict(module, fromHex(hex))).toBe(ERR[expected]);
  });

  it.each(generated)("§13 %s: %s", (expected, _input, hex) => {
    expect(verdict(module, fromHex(hex))).toBe(ERR[expected]);
  });

  it("§1.2 public id 01 is taken when the transport names the type", () => {
    expect(verdict(module, fromHex("02016a006d6b120101"), true)).toBe(0);
    expect(verdict(module, fromHex("02ff7f6a006d6b120101"), true)).toBe(ERR["publicid"]);
  });

  it.each(["0", "1", "2"])("§1.2 the string of SyncML 1.%s is taken for its number", (digit) => {
    const id = `-//SYNCML//DTD SyncML 1.${digit}//EN\0`;
    const hex = `0200006a${mb(id.length)}${Buffer.from(id).toString("hex")}6d6b120101`;
    expect(verdict(module, fromHex(hex))).toBe(0);
  });

  const others = ["1.3", "1./", "2.2", "1.20", "1."];
  it.each(others)("§1.2 the string of SyncML %s is refused", (number) => {
    const id = `-//SYNCML//DTD SyncML ${number}//EN\0`;
    const hex = `0200006a${mb(id.length)}${Buffer.from(id).toString("hex")}6d6b120101`;
    expect(verdict(module, fromHex(hex))).toBe(ERR["publicid"]);
  });

  it("§13 the limit of elements is passed by one more only", () => {
    const body = (count: number): Uint8Array => fromHex(inBody("14".repeat(count - 2)));
    expect(verdict(module, body(ELEMENTS_MAX))).toBe(0);
    expect(verdict(module, body(ELEMENTS_MAX + 1))).toBe(ERR["budget"]);
  });

  it("§13 the limit of expanded text is passed by one more byte only", () => {
    // Four times a message of 500 bytes: 2,000 bytes in 20 references to 100.
    const at = (length: number): Uint8Array => {
      const table = `${"A".repeat(100)}\0`;
      const start = `${header(table)}6d6b4f${"8300".repeat(20)}`;
      const padding = length - (start.length / 2 + 3);
      return fromHex(`${start}${"0000".repeat(padding >> 1)}010101`);
    };
    expect(verdict(module, at(501))).toBe(0);
    expect(verdict(module, at(499))).toBe(ERR["budget"]);
  });
});
