import { beforeAll, describe, expect, it } from "vitest";
import { BUILDS, loadModule, type TestModule } from "../../helpers/module.ts";
import {
  allTokens,
  DEPTH_MAX,
  element,
  ELEMENTS_MAX,
  fromHex,
  header,
  readXml,
  strI,
  tagged,
} from "../../helpers/wbxml.ts";

const [FAILED, START, END, TEXT] = [0, 1, 2, 3];
const [TRUNCATED, MALFORMED, TOO_LARGE, TOO_DEEP] = [-1, -2, -20, -25];

describe.each(BUILDS)("wbxml/reader, %s build", (build) => {
  let module: TestModule;
  let input: number;

  beforeAll(async () => {
    module = await loadModule("wbxml", build);
    input = module.exports["input"]();
  });

  function open(hex: string): number {
    const bytes = fromHex(hex);
    module.put(input, bytes);
    return module.exports["open"](input, bytes.length, 0);
  }

  function check(hex: string): number {
    return open(hex) || module.exports["check"](DEPTH_MAX, ELEMENTS_MAX, 0);
  }

  const read = (): number => module.exports["read"]();
  const place = (): number => module.exports["place"]();
  const withLength = (integer: string): string => `02a4016a${integer}6d01`;

  it("read: an element with and without content gives the same events", () => {
    for (const data of ["0f", "4f01"]) {
      open(header() + element("SyncBody", data));
      expect([read(), read(), read(), read()]).toEqual([START, START, END, END]);
    }
  });

  it("read: a text is the bytes of the document, or of its table", () => {
    open(header("table\0") + element("Data", strI("here"), "8301"));
    expect([read(), read()]).toEqual([START, TEXT]);
    const here: number = module.exports["text"]();
    expect(here).toBe(input + 5 + 6 + 2);
    expect(read()).toBe(TEXT);
    expect(module.exports["text"]()).toBe(input + 5 + 1);
    expect(Buffer.from(module.bytes(input + 6, 4)).toString()).toBe("able");
  });

  it("read: after a failure every call fails, and error keeps the first", () => {
    open(`${header()}6d3f01`);
    expect([read(), read(), read(), read()]).toEqual([START, FAILED, FAILED, FAILED]);
    expect(module.exports["error"]()).toBe(MALFORMED);
    expect(module.exports["position"]()).toBe(input + 7);
  });

  it("seek: goes back to a place with its page and an END that was owed", () => {
    open(header() + element("Meta", "0001", tagged(0x107, []), tagged(0x113, [strI("t")])));
    expect([read(), read()]).toEqual([START, START]);
    const owed = place();
    expect(read()).toBe(END);
    const onPage1 = place();
    expect(read()).toBe(START);
    expect(module.exports["tag"]()).toBe(0x113);
    module.exports["seek"](onPage1);
    expect(read()).toBe(START);
    expect(module.exports["tag"]()).toBe(0x113);
    module.exports["seek"](owed);
    expect([read(), read(), read()]).toEqual([END, START, TEXT]);
  });

  it("check: goes by every tag of the three pages and no other", () => {
    for (let page = 0; page < 3; page++) {
      for (let identity = 5; identity <= 0x3f; identity++) {
        const token = (page << 8) | identity;
        const inside = `00${page.toString(16).padStart(2, "0")}${tagged(token, [])}`;
        const expected = allTokens.includes(token) ? 0 : MALFORMED;
        expect(check(`${header()}6d${inside}01`), token.toString(16)).toBe(expected);
      }
    }
  });

  it("check: page 3 and above are refused", () => {
    expect(check(`${header()}6d000201`)).toBe(0);
    expect(check(`${header()}6d000301`)).toBe(MALFORMED);
    expect(check(`${header()}6d00ff01`)).toBe(MALFORMED);
  });

  it("check: the limit of depth is passed by one more only", () => {
    const nested = (levels: number): string =>
      header() + "54".repeat(levels) + "01".repeat(levels);
    expect(check(nested(DEPTH_MAX))).toBe(0);
    expect(check(nested(DEPTH_MAX + 1))).toBe(TOO_DEEP);
    expect(check(`${header()}${"54".repeat(DEPTH_MAX)}14${"01".repeat(DEPTH_MAX)}`)).toBe(TOO_DEEP);
  });

  it("check: siblings add nothing to the depth", () => {
    expect(check(`${header()}6d${"5401".repeat(100)}${"14".repeat(100)}01`)).toBe(0);
  });

  it.each([
    ["00", 0],
    ["8000", 0],
    ["8080808000", 0],
    ["808080808000", TOO_LARGE],
    ["90808080 00", TOO_LARGE],
    ["8fffffff7f", TRUNCATED],
    ["8fffffffff", TOO_LARGE],
    ["87ffffff7f", TRUNCATED],
    ["7f", TRUNCATED],
  ])("readMbUint: as the length of the string table, %s answers %d", (integer, expected) => {
    expect(check(withLength(integer))).toBe(expected);
  });

  it("open: what comes after a failed document is read as if it had not been", () => {
    expect(check("02")).toBe(TRUNCATED);
    expect(open(header() + element("SyncML", element("SyncBody", "12")))).toBe(0);
    expect(readXml(module)).toBe("<SyncML><SyncBody><Final/></SyncBody></SyncML>");
  });

  it("open: publicId is the number, or 0 with the identifier in text", () => {
    expect(open("02a4016a006d01")).toBe(0);
    expect(module.exports["publicId"]()).toBe(0x1201);
    const id = "-//OMA//DTD-DM-DDF 1.2//EN";
    expect(open(`0200006a1b${Buffer.from(id).toString("hex")}00000260 01`)).toBe(0);
    expect(module.exports["publicId"]()).toBe(0);
    const text = module.bytes(module.exports["text"](), module.exports["textBytes"]());
    expect(Buffer.from(text).toString()).toBe(id);
    expect(module.exports["isSyncml"]()).toBe(0);
  });
});
