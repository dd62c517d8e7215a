import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { Err } from "../../../assembly/abi/codes.ts";
import { BUILDS, loadModule, type TestModule } from "../../helpers/module.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// RFC 4648 §10.
const VECTORS = [
  ["", ""],
  ["f", "Zg=="],
  ["fo", "Zm8="],
  ["foo", "Zm9v"],
  ["foob", "Zm9vYg=="],
  ["fooba", "Zm9vYmE="],
  ["foobar", "Zm9vYmFy"],
] as const;

describe.each(BUILDS)("crypto/base64, %s build", (build) => {
  let module: TestModule;
  let source: number;
  let target: number;

  beforeAll(async () => {
    module = await loadModule("crypto", build);
    source = module.exports["scratch"]();
    target = source + 4096;
  });

  function encode(bytes: Uint8Array): string {
    module.put(source, bytes);
    module.put(target, new Uint8Array(1024).fill(0xee));
    const charCount: number = module.exports["base64Encode"](source, bytes.length, target);
    expect(module.bytes(target + charCount, 1)[0], "the byte after the text").toBe(0xee);
    return Buffer.from(module.bytes(target, charCount)).toString("latin1");
  }

  /** The bytes, or the `Err`. */
  function decode(text: string, at = target): Buffer | number {
    const chars = Buffer.from(text, "latin1");
    module.put(target, new Uint8Array(1024).fill(0xee));
    module.put(source, chars);
    const byteCount: number = module.exports["base64Decode"](source, chars.length, at);
    return byteCount < 0 ? byteCount : Buffer.from(module.bytes(at, byteCount));
  }

  it.each(VECTORS)("encode and decode: '%s' is '%s', as in RFC 4648 §10", (plain, text) => {
    expect(encode(Buffer.from(plain))).toBe(text);
    expect(decode(text)).toEqual(Buffer.from(plain));
  });

  it("encode: every length from 0 to 100 agrees with Buffer", () => {
    for (let byteCount = 0; byteCount <= 100; byteCount++) {
      const bytes = randomBytes(byteCount);
      expect(encode(bytes)).toBe(bytes.toString("base64"));
    }
  });

  it("encode: runs of zeros and ones agree with Buffer", () => {
    for (const octet of [0x00, 0xff, 0xfb, 0x55]) {
      for (let byteCount = 0; byteCount < 7; byteCount++) {
        const bytes = Buffer.alloc(byteCount, octet);
        expect(encode(bytes)).toBe(bytes.toString("base64"));
      }
    }
  });

  it("decode: what Buffer encodes comes back, for every length from 0 to 100", () => {
    for (let byteCount = 0; byteCount <= 100; byteCount++) {
      const bytes = randomBytes(byteCount);
      expect(decode(bytes.toString("base64"))).toEqual(bytes);
      expect(module.bytes(target + byteCount, 1)[0], "the byte after").toBe(0xee);
    }
  });

  it("decode: in place gives the same bytes, for every length from 0 to 100", () => {
    for (let byteCount = 0; byteCount <= 100; byteCount++) {
      const bytes = randomBytes(byteCount);
      expect(decode(bytes.toString("base64"), source)).toEqual(bytes);
    }
  });

  it("decode: every character of the alphabet has its value, and no other octet has one", () => {
    for (let octet = 0; octet < 256; octet++) {
      const symbol = String.fromCharCode(octet);
      const value = ALPHABET.indexOf(symbol);
      const first = decode(`${symbol}AAA`);
      expect(first).toEqual(value < 0 ? Err.Malformed : Buffer.from([value << 2, 0, 0]));
      const third = decode(`AA${symbol}A`);
      const bytes = Buffer.from([0, value >> 2, (value & 3) << 6]);
      expect(third).toEqual(value < 0 ? Err.Malformed : bytes);
    }
  });

  it("decode: every proper prefix is refused unless it is a whole text itself", () => {
    for (let byteCount = 1; byteCount <= 40; byteCount++) {
      const bytes = randomBytes(byteCount);
      const text = bytes.toString("base64");
      for (let length = 0; length < text.length; length++) {
        const whole = length % 4 === 0 ? bytes.subarray(0, (length / 4) * 3) : Err.Malformed;
        expect(decode(text.slice(0, length)), text.slice(0, length)).toEqual(whole);
      }
    }
  });

  it.each([
    "=",
    "==",
    "===",
    "====",
    "A===",
    "=AAA",
    "A=AA",
    "AA=A",
    "A=A=",
    "AA==AAAA",
    "AAA=AAAA",
    "AAAA====",
    "AAAA=AAA",
    "AAAAA===",
    "AAAAAA==AA==",
  ])("decode: padding as in '%s' is refused", (text) => {
    expect(decode(text)).toBe(Err.Malformed);
  });

  it.each(["A", "AA", "AAA", "AAAAA", "AAAAAA", "AAAAAAA"])(
    "decode: '%s', whose length is no multiple of 4, is refused",
    (text) => {
      expect(decode(text)).toBe(Err.Malformed);
    },
  );

  it("decode: bits that no byte uses must be 0", () => {
    for (const [value, symbol] of [...ALPHABET].entries()) {
      const one = decode(`A${symbol}==`);
      expect(one).toEqual(value & 15 ? Err.Malformed : Buffer.from([value >> 4]));
      const two = decode(`AA${symbol}=`);
      expect(two).toEqual(value & 3 ? Err.Malformed : Buffer.from([0, value >> 2]));
    }
  });

  it.each(["AAA\n", "AA A", "\tAAA", "AAAA\r\n\r\n", "AAA-", "AAA_", "AA\0A", "AAA\xff"])(
    "decode: %j is refused",
    (text) => {
      expect(decode(text)).toBe(Err.Malformed);
    },
  );
});
