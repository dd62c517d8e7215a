// Digests and Base64 of the server, held against Node's own.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  fromBase64, isEqual, latin1In, md5, randomBytes, sha256Hex, textIn, toBase64, utf8,
} from "../../../host/demo/server/bytes.ts";

const LENGTHS = [0, 1, 2, 3, 55, 56, 63, 64, 65, 1000];

describe("bytes", () => {
  it.each(LENGTHS)("digests of %i bytes are those of Node", (byteCount) => {
    const bytes = randomBytes(byteCount);
    const half = byteCount >> 1;
    const md5Of = createHash("md5").update(bytes).digest();
    expect(Buffer.from(md5(bytes.subarray(0, half), bytes.subarray(half)))).toEqual(md5Of);
    expect(sha256Hex(bytes)).toBe(createHash("sha256").update(bytes).digest("hex"));
  });

  it.each(LENGTHS)("Base64 of %i bytes is that of Node, there and back", (byteCount) => {
    const bytes = randomBytes(byteCount);
    const text = Buffer.from(bytes).toString("base64");
    expect(toBase64(bytes)).toBe(text);
    expect(Buffer.from(fromBase64(text))).toEqual(Buffer.from(bytes));
  });

  it.each(["", "=", "Q", "QQ", "QUI", "QUJD", "Q U\nJ D", "QQ==QQ==", "Q\u00e4Q", "QUJDR"])(
    "fromBase64: %j is read as Node reads it", (text) => {
      expect(Buffer.from(fromBase64(text))).toEqual(Buffer.from(text, "base64"));
    },
  );

  it("text: UTF-8 there and back, a byte order mark stays, what is none becomes U+FFFD", () => {
    expect(textIn(utf8("\ufeffa\u00e4\u{1f600}"))).toBe("\ufeffa\u00e4\u{1f600}");
    expect(textIn(Uint8Array.of(0x61, 0xff))).toBe("a\ufffd");
    expect(latin1In(Uint8Array.of(0x61, 0x80, 0xff))).toBe("a\u0080\u00ff");
  });

  it("isEqual: same bytes only", () => {
    expect(isEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
    expect(isEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
    expect(isEqual(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
  });
});
