import { beforeAll, describe, expect, it } from "vitest";
import { BUILDS, loadModule, type Build } from "../../helpers/module.ts";
import { Err } from "./fixtures.ts";

const SEGMENT = "(?:[\\w.]|%[\\da-f]{2})*(?:\\w|%[\\da-f]{2})";

interface Parsed {
  code: number;
  segments?: string[];
  query?: string | undefined;
  depth?: number;
}

async function parser(build: Build): Promise<(uri: string) => Parsed> {
  const module = await loadModule("tree", build);
  const core = module.exports;
  const scratch = core["SCRATCH"].value as number;
  const text = (ptr: number, n: number): string => Buffer.from(module.bytes(ptr, n)).toString();
  return (uri) => {
    const bytes = Buffer.from(uri);
    module.put(scratch, bytes);
    module.put(scratch + bytes.length, Buffer.from("/behind?the=end"));
    const code: number = core["parse"](scratch, bytes.length);
    if (code !== Err.Ok) return { code };
    const segments: string[] = [];
    while (core["nextSegment"]()) segments.push(text(core["segment"](), core["segmentBytes"]()));
    core["rewindSegments"]();
    const again = core["nextSegment"]()
      ? text(core["segment"](), core["segmentBytes"]())
      : undefined;
    expect(again).toBe(segments[0]);
    const query = core["query"]() === 0 ? undefined : text(core["query"](), core["queryBytes"]());
    return { code, segments, query, depth: core["depth"]() };
  };
}

describe.each(BUILDS)("uri, %s build", (build) => {
  // Compiling may take longer than a test may.
  beforeAll(() => loadModule("tree", build));

  it.each([
    [".", [], undefined],
    [".?prop=ACL", [], "prop=ACL"],
    ["A", ["A"], undefined],
    ["./A", ["A"], undefined],
    ["./A/B", ["A", "B"], undefined],
    ["A/B?list=TNDS+Value", ["A", "B"], "list=TNDS+Value"],
    ["A?", ["A"], ""],
    ["A?x?y/z/", ["A"], "x?y/z/"],
    ["./DevInfo/Ext/a-_.!~*'():@&=+$,z", ["DevInfo", "Ext", "a-_.!~*'():@&=+$,z"], undefined],
    [".A/..B/C.D", [".A", "..B", "C.D"], undefined],
    ["./%2F%e4%AA", ["%2F%e4%AA"], undefined],
    ["./Größe/日本", ["Größe", "日本"], undefined],
  ])("parse: %s is a URI", async (uri, segments, query) => {
    expect((await parser(build))(uri)).toEqual({
      code: Err.Ok,
      segments,
      query,
      depth: segments.length,
    });
  });

  it.each([
    "",
    "/",
    "./",
    "/A",
    "A/",
    "./A/",
    "A//B",
    "..",
    "../A",
    "A/..",
    "A/../B",
    "A/./B",
    "././A",
    "A.",
    "A./B",
    "A/B.",
    "?prop=ACL",
    "./?prop=ACL",
    "A/?prop=ACL",
    "%",
    "%2",
    "A%",
    "A%4",
    "A%4/B",
    "%g0",
    "%0g",
    "A%?00",
    "a b",
    "a#b",
    "a;b",
    'a"b',
    "a<b",
    "a>b",
    "a[b",
    "a]b",
    "a\\b",
    "a^b",
    "a`b",
    "a{b",
    "a|b",
    "a}b",
    "a\u007fb",
    "a\tb",
    "a\u0000b",
  ])("parse: %j is no URI", async (uri) => {
    expect((await parser(build))(uri)).toEqual({ code: Err.Malformed });
  });

  it("parse: every printable character stands in a segment or not, as RFC 2396 says", async () => {
    const parse = await parser(build);
    for (let c = 1; c < 0x80; c++) {
      const character = String.fromCharCode(c);
      if ("/?%".includes(character)) continue;
      const isAllowed = /[A-Za-z0-9\-_.!~*'():@&=+$,]/.test(character);
      expect([character, parse(`A${character}B`).code]).toEqual([
        character,
        isAllowed ? Err.Ok : Err.Malformed,
      ]);
    }
  });

  it.each(["x", "ß", "日", "😀"])(
    "parse: a segment of 64 times %s, if its bytes fit, and no more",
    async (one) => {
      const parse = await parser(build);
      const isShort = Buffer.byteLength(one) <= 2;
      expect(parse(`./${one.repeat(64)}`).code).toBe(isShort ? Err.Ok : Err.UriTooLong);
      expect(parse(`./${one.repeat(65)}`).code).toBe(Err.UriTooLong);
      const fits = Math.min(64, Math.floor(128 / Buffer.byteLength(one)));
      expect(parse(one.repeat(fits)).code).toBe(Err.Ok);
      if (fits < 64) expect(parse(one.repeat(fits + 1)).code).toBe(Err.UriTooLong);
    },
  );

  it("parse: 16 segments and no more, `.` not counted", async () => {
    const parse = await parser(build);
    const path = (count: number): string => Array(count).fill("s").join("/");
    expect(parse(path(16)).depth).toBe(16);
    expect(parse(`./${path(16)}`).depth).toBe(16);
    expect(parse(path(17)).code).toBe(Err.UriTooLong);
    expect(parse(`./${path(17)}`).code).toBe(Err.UriTooLong);
  });

  it("parse: 255 characters and no more, the query and `./` counted, bytes not", async () => {
    const parse = await parser(build);
    const path = (chars: number, one: string): string => {
      const segment = `${one.repeat(31)}/`;
      const whole = segment.repeat(Math.floor(chars / 32));
      return whole + one.repeat(chars - [...whole].length);
    };
    for (const one of ["x", "ß"]) {
      expect(parse(path(255, one)).code).toBe(Err.Ok);
      expect(parse(path(256, one)).code).toBe(Err.UriTooLong);
    }
    expect(parse(`./${path(253, "x")}`).code).toBe(Err.Ok);
    expect(parse(`./${path(254, "x")}`).code).toBe(Err.UriTooLong);
    expect(parse(`A?${"q".repeat(253)}`).code).toBe(Err.Ok);
    expect(parse(`A?${"q".repeat(254)}`).code).toBe(Err.UriTooLong);
  });

  it("parse: every prefix of a URI gives its own answer and reads nothing behind it", async () => {
    const parse = await parser(build);
    const uri = "./Ab/C%20d/E?prop=Name";
    for (let n = 0; n <= uri.length; n++) {
      const prefix = uri.slice(0, n);
      const isWhole = new RegExp(`^(\\.|(\\./)?${SEGMENT}(/${SEGMENT})*)(\\?.*)?$`, "i").test(
        prefix,
      );
      expect([prefix, parse(prefix).code]).toEqual([prefix, isWhole ? Err.Ok : Err.Malformed]);
    }
  });
});
