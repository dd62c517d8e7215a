import { beforeAll, describe, expect, it } from "vitest";
import { BUILDS, loadModule, type TestModule } from "../../helpers/module.ts";
import {
  DEPTH_MAX,
  element,
  ELEMENTS_MAX,
  entity,
  fromHex,
  header,
  numbers,
  opaque,
  readXml,
  strI,
  strT,
  tagged,
} from "../../helpers/wbxml.ts";

const TOO_LARGE = -20;
/** At 0, 3, 10 and 14: DevDetail, Detail, SwV, é. */
const TABLE = "DevDetail\0SwV\0\xc3\xa9\0";
const PI = "43040003780001";

describe.each(BUILDS)("wbxml/join, %s build", (build) => {
  let module: TestModule;
  let input: number;

  beforeAll(async () => {
    module = await loadModule("wbxml", build);
    input = module.exports["input"]();
  });

  function check(bytes: Uint8Array, mustJoin: boolean): number {
    module.put(input, bytes);
    module.exports["reset"]();
    const err: number = module.exports["open"](input, bytes.length, 0);
    return err === 0 ? module.exports["check"](DEPTH_MAX, ELEMENTS_MAX, mustJoin) : err;
  }

  /** Texts of the document, one event each, after joining. */
  function texts(bytes: Uint8Array): { text: string; isOpaque: boolean }[] {
    expect(check(bytes, true)).toBe(0);
    module.exports["open"](input, bytes.length, 1);
    const found = [];
    for (let depth = 0, event = 0; ; ) {
      event = module.exports["read"]();
      if (event === 1) depth++;
      if (event === 2 && --depth === 0) return found;
      if (event === 0) throw new Error("failed");
      if (event !== 3) continue;
      const text = module.bytes(module.exports["text"](), module.exports["textBytes"]());
      found.push({
        text: Buffer.from(text).toString("latin1"),
        isOpaque: module.exports["isOpaque"]() === 1,
      });
    }
  }

  const withData = (...pieces: string[]): Uint8Array =>
    fromHex(header(TABLE) + element("SyncBody", element("Data", ...pieces)));

  it.each<[string, string[], string, boolean]>([
    ["two strings", [strI("ab"), strI("cd")], "abcd", false],
    ["an empty string and another", [strI(""), strI("cd")], "cd", false],
    ["two empty strings", [strI(""), strI("")], "", false],
    ["a lone entity", [entity(0x26)], "&", false],
    ["a lone entity of two bytes", [entity(0xe9)], "\xc3\xa9", false],
    ["a lone entity of three bytes", [entity(0x20ac)], "\xe2\x82\xac", false],
    ["a lone entity of four bytes", [entity(0x10ffff)], "\xf4\x8f\xbf\xbf", false],
    ["entities only", [entity(0x26), entity(0x26), entity(0x7fff)], "&&\xe7\xbf\xbf", false],
    ["an entity, then a string", [entity(0x20ac), strI("x")], "\xe2\x82\xacx", false],
    ["a string, then an entity", [strI("x"), entity(0x20ac)], "x\xe2\x82\xac", false],
    ["an entity with a padded number", [strI("x"), "02808026"], "x&", false],
    ["string, entity, table", [strI("./"), entity(0x26), strT(0)], "./&DevDetail", false],
    ["table, then table", [strT(10), strT(3)], "SwVDetail", false],
    ["a short table string that fits", [strT(14), strI("12345678")], "\xc3\xa912345678", false],
    ["bytes, then bytes", [opaque("a\0"), opaque("\0b")], "a\0\0b", true],
    ["a string, then bytes", [strI("a"), opaque("\0b")], "a\0b", true],
    ["bytes, then an entity as long as its token", [opaque("\0"), entity(0x20ac)],
      "\0\xe2\x82\xac", true],
    ["bytes, then table", [opaque("\0"), strT(10)], "\0SwV", true],
    ["pieces with a SWITCH_PAGE between", [strI("a"), "0001", strI("b")], "ab", false],
    ["pieces with a page and back between", [strI("a"), "00010000", strI("b")], "ab", false],
    ["table pieces with a SWITCH_PAGE between", [strT(10), "0002", strT(10)], "SwVSwV", false],
    ["pieces with a processing instruction between", [strI("a"), PI, strI("b")], "ab", false],
    ["pieces after a SWITCH_PAGE", ["0001", strI("a"), strI("b")], "ab", false],
  ])("%s are one text", (_what, pieces, text, isOpaque) => {
    expect(texts(withData(...pieces))).toEqual([{ text, isOpaque }]);
  });

  it("a text in one piece stays where it is", () => {
    for (const piece of [strI("ab"), strT(0), opaque("\0")]) {
      const bytes = withData(piece);
      expect(check(bytes, true)).toBe(0);
      expect(module.bytes(input, bytes.length)).toEqual(bytes);
    }
  });

  it("the page that pieces switched to counts for the next tag", () => {
    const type = tagged(0x113, [strI("t")]);
    const bytes = fromHex(
      header() + element("SyncBody", element("Data", strI("a"), "0001", strI("b"), type), "0000"),
    );
    expect(check(bytes, true)).toBe(0);
    module.exports["open"](input, bytes.length, 1);
    expect(readXml(module)).toBe("<SyncBody><Data>ab<Type>t</Type></Data></SyncBody>");
  });

  it("without being asked nothing is joined", () => {
    const bytes = withData(strI("a"), strI("b"));
    expect(check(bytes, false)).toBe(0);
    expect(module.bytes(input, bytes.length)).toEqual(bytes);
  });

  it("pieces that end in an entity are joined in place however long they are", () => {
    const long = "x".repeat(3000);
    expect(texts(withData(strI(long), entity(0x20ac)))).toEqual([
      { text: `${long}\xe2\x82\xac`, isOpaque: false },
    ]);
  });

  it("bytes in pieces are joined in place up to the length of the largest message", () => {
    const half = "\0".repeat(8000);
    expect(texts(withData(opaque(half), opaque(half)))).toEqual([
      { text: half + half, isOpaque: true },
    ]);
  });

  it("SCRATCH takes 255 bytes of table pieces, and one more is Err.TooLarge", () => {
    const withTable = (length: number): Uint8Array =>
      fromHex(
        header(`${"x".repeat(length)}\0`) +
          element("SyncBody", element("Data", strT(0), strI("y"))),
      );
    expect(texts(withTable(254))).toEqual([{ text: `${"x".repeat(254)}y`, isOpaque: false }]);
    expect(check(withTable(255), true)).toBe(TOO_LARGE);
    expect(check(withTable(255), false)).toBe(0);
  });

  it("SCRATCH is shared by the texts of a message, and is full when it is full", () => {
    const entities = (count: number): Uint8Array =>
      fromHex(header() + element("SyncBody", element("Data", entity(0x26)).repeat(count)));
    expect(texts(entities(128)).length).toBe(128);
    expect(check(entities(129), true)).toBe(TOO_LARGE);
  });

  it("random pieces read the same joined as apart", () => {
    const below = numbers(7);
    for (let round = 0; round < 2000; round++) {
      const piece = (): string => {
        const text = "abcdefghij".slice(0, below(11));
        return [
          () => strI(text),
          () => strT([0, 3, 10, 14][below(4)]!),
          () => entity([0x26, 0xe9, 0x20ac, 0x4e00, 0x1f600][below(5)]!),
          () => opaque(text),
          () => `000${below(3)}`,
        ][below(5)]!();
      };
      const data = (): string =>
        element("Data", ...Array.from({ length: 1 + below(6) }, piece), "0000") + "0000";
      const body = Array.from({ length: 1 + below(3) }, data);
      const bytes = fromHex(header(TABLE) + element("SyncBody", ...body));

      expect(check(bytes, false)).toBe(0);
      module.exports["open"](input, bytes.length, 0);
      const apart = readXml(module);
      if (check(bytes, true) === TOO_LARGE) continue;
      module.exports["open"](input, bytes.length, 1);
      expect(readXml(module), `round ${round}`).toBe(apart);
    }
  });
});
