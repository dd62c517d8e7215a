import { beforeAll, describe, expect, it } from "vitest";
import { BUILDS, loadModule, type TestModule } from "../../helpers/module.ts";
import { numbers } from "../../helpers/wbxml.ts";

const BYTE_MAX = 0xf4;
const ASCII_MAX = 0x7f;

describe.each(BUILDS)("wbxml/utf8, %s build", (build) => {
  let module: TestModule;
  let input: number;

  beforeAll(async () => {
    module = await loadModule("wbxml", build);
    input = module.exports["input"]();
  });

  function isText(bytes: number[], byteMax = BYTE_MAX): boolean {
    // What follows must not complete a character.
    module.put(input, Uint8Array.from([...bytes, 0x80, 0x80, 0x80]));
    return module.exports["isText"](input, bytes.length, byteMax) === 1;
  }

  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  function isTextToNode(bytes: number[]): boolean {
    try {
      return !decoder.decode(Uint8Array.from(bytes)).includes("\0");
    } catch {
      return false;
    }
  }

  it("isText: agrees with the platform on every run of one and two bytes", () => {
    for (let first = 0; first < 256; first++) {
      expect(isText([first])).toBe(isTextToNode([first]));
      for (let second = 0; second < 256; second++) {
        const bytes = [first, second];
        if (isText(bytes) !== isTextToNode(bytes)) expect.fail(`${first} ${second}`);
      }
    }
  });

  it("isText: agrees with the platform on the edges of three and four bytes", () => {
    const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
    let runs: number[][] = Array.from({ length: 32 }, (_, index) => [0xe0 + index]);
    for (let count = 2; count <= 4; count++) {
      runs = runs.flatMap((run) => edges.map((byte) => [...run, byte]));
      const differs = runs.filter((bytes) => isText(bytes) !== isTextToNode(bytes));
      expect(differs).toEqual([]);
    }
  });

  it("isText: agrees with the platform on random runs of plausible bytes", () => {
    const below = numbers(3);
    const likely = [0x41, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xed, 0xf4, 0xfe];
    for (let round = 0; round < 20_000; round++) {
      const bytes = Array.from({ length: below(9) }, () => likely[below(likely.length)]!);
      if (isText(bytes) !== isTextToNode(bytes)) expect.fail(bytes.join(" "));
    }
  });

  it("isText: ASCII is what is below 80", () => {
    for (let byte = 1; byte < 256; byte++) expect(isText([byte], ASCII_MAX)).toBe(byte < 0x80);
    expect(isText([0xc3, 0xa9], ASCII_MAX)).toBe(false);
  });
});
