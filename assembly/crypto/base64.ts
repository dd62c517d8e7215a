// Base64 with padding, strict in what it reads.
// @spec RFC 4648 §4
import { Err } from "../abi/codes";

const PAD: u32 = 0x3d;

/**
 * Writes `byteCount` bytes at `source` as Base64 to `target`.
 *
 * @param target  room for 4 characters for each 3 bytes begun; must not overlap the source
 * @returns characters written, a multiple of 4
 */
export function encode(source: usize, byteCount: i32, target: usize): i32 {
  const end = source + byteCount;
  let next = target;
  let bits: u32 = 0; // The low `bitCount` bits are not written yet.
  let bitCount = 0;
  while (source < end) {
    bits = (bits << 8) | load<u8>(source++);
    bitCount += 8;
    while (bitCount >= 6) {
      bitCount -= 6;
      store<u8>(next++, symbolOf((bits >> bitCount) & 63));
    }
  }
  if (bitCount) store<u8>(next++, symbolOf((bits << (6 - bitCount)) & 63));
  while ((next - target) & 3) store<u8>(next++, PAD);
  return i32(next - target);
}

/**
 * Reads `charCount` characters of Base64 at `source` into `target`.
 *
 * @param target  room for 3 bytes for each 4 characters; may be at or before the source
 * @returns bytes written, 0 for no characters
 * @fails Err.Malformed  a character outside the alphabet, white space included; a length that is
 *   no multiple of 4; padding that is missing or not at the end; bits of the last character that
 *   no byte uses. What is at `target` is unknown.
 */
export function decode(source: usize, charCount: i32, target: usize): i32 {
  if (charCount & 3) return Err.Malformed;
  let end = source + charCount;
  if (source < end && load<u8>(end - 1) == PAD) end--;
  if (source < end && load<u8>(end - 1) == PAD) end--;
  let next = target;
  let bits: u32 = 0;
  let bitCount = 0;
  while (source < end) {
    const value = valueOf(load<u8>(source++));
    if (value < 0) return Err.Malformed;
    bits = (bits << 6) | value;
    bitCount += 6;
    if (bitCount < 8) continue;
    bitCount -= 8;
    store<u8>(next++, bits >> bitCount);
  }
  if (bits & ((1 << bitCount) - 1)) return Err.Malformed;
  return i32(next - target);
}

function symbolOf(value: u32): u32 {
  if (value < 26) return value + 0x41; // A
  if (value < 52) return value - 26 + 0x61; // a
  if (value < 62) return value - 52 + 0x30; // 0
  return value == 62 ? 0x2b : 0x2f; // + /
}

/** Value of a symbol, -1 if it is none. */
function valueOf(symbol: u32): i32 {
  if (symbol - 0x41 < 26) return symbol - 0x41;
  if (symbol - 0x61 < 26) return symbol - 0x61 + 26;
  if (symbol - 0x30 < 10) return symbol - 0x30 + 52;
  if (symbol == 0x2b) return 62;
  return symbol == 0x2f ? 63 : -1;
}
