import { beforeAll, describe, expect, it } from "vitest";
import { BUILDS, loadModule, type TestModule } from "../../helpers/module.ts";

describe.each(BUILDS)("base/bytes, %s build", (build) => {
  let module: TestModule;
  let scratch: number;

  beforeAll(async () => {
    module = await loadModule("bytes", build);
    scratch = module.exports["scratch"]();
  });

  function readDecimal(text: string): number {
    const bytes = new TextEncoder().encode(text);
    module.put(scratch, bytes);
    return module.exports["readDecimal"](scratch, bytes.length);
  }

  function writeDecimal(value: number): string {
    const byteCount = module.exports["writeDecimal"](value, scratch);
    return new TextDecoder().decode(module.bytes(scratch, byteCount));
  }

  function compare(name: "equal" | "equalSecret", a: string, b: string): boolean {
    const [one, two] = [Buffer.from(a), Buffer.from(b)];
    module.put(scratch, one);
    module.put(scratch + 512, two);
    if (name === "equal")
      return module.exports["equal"](scratch, one.length, scratch + 512, two.length) === 1;
    return module.exports["equalSecret"](scratch, scratch + 512, one.length) === 1;
  }

  it.each([
    ["0", 0],
    ["7", 7],
    ["0042", 42],
    ["2147483647", 2147483647],
  ])("readDecimal: %s is read", (text, value) => {
    expect(readDecimal(text)).toBe(value);
  });

  it.each([
    "",
    "-1",
    "+1",
    " 1",
    "1 ",
    "1a",
    "/",
    ":",
    "2147483648",
    "4294967296",
    "9999999999",
    "00000000001",
  ])("readDecimal: '%s' is refused with -1", (text) => {
    expect(readDecimal(text)).toBe(-1);
  });

  it.each([0, 9, 10, 99, 100, 65535, 2147483647, 4294967295])(
    "writeDecimal: %d is written as its digits",
    (value) => {
      expect(writeDecimal(value)).toBe(String(value));
    },
  );

  it("equal: the same bytes are equal, another byte or length is not", () => {
    expect(compare("equal", "abc", "abc")).toBe(true);
    expect(compare("equal", "", "")).toBe(true);
    expect(compare("equal", "abc", "abd")).toBe(false);
    expect(compare("equal", "abc", "abcd")).toBe(false);
  });

  it("equalSecret: a difference in any place is seen", () => {
    const secret = "0123456789abcdef";
    expect(compare("equalSecret", secret, secret)).toBe(true);
    for (let i = 0; i < secret.length; i++) {
      const other = secret.slice(0, i) + "!" + secret.slice(i + 1);
      expect(compare("equalSecret", secret, other)).toBe(false);
    }
  });

  it("hash16: equal runs hash alike and the hash has 16 bits", () => {
    const hash = (text: string): number => {
      const bytes = Buffer.from(text);
      module.put(scratch, bytes);
      return module.exports["hash16"](scratch, bytes.length);
    };
    expect(hash("Deployed")).toBe(hash("Deployed"));
    expect(hash("Deployed")).not.toBe(hash("Delivered"));
    expect(hash("a".repeat(300))).toBeLessThan(0x10000);
  });
});
