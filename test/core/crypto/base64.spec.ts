import { Err } from "../../../assembly/abi/codes";
import * as base64 from "../../../assembly/crypto/base64";

const SOURCE: usize = memory.data(64);
const TEXT: usize = memory.data(64);

describe("base64", () => {
  it("decode in place gives back what was encoded", () => {
    for (let byteCount = 0; byteCount <= 32; byteCount++) {
      for (let i = 0; i < byteCount; i++) store<u8>(SOURCE + i, i * 37 + byteCount);
      const charCount = base64.encode(SOURCE, byteCount, TEXT);
      expect<i32>(charCount).toBe(((byteCount + 2) / 3) * 4);
      expect<i32>(base64.decode(TEXT, charCount, TEXT)).toBe(byteCount);
      expect<i32>(memory.compare(TEXT, SOURCE, byteCount)).toBe(0);
    }
  });

  it("decode refuses a text that lost its last character", () => {
    const charCount = base64.encode(SOURCE, 9, TEXT);
    expect<i32>(base64.decode(TEXT, charCount - 1, TEXT)).toBe(Err.Malformed);
  });
});
