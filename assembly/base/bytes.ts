// Small operations on runs of bytes. Text is an address and a byte count; it stays where it is.

/** Compares two runs of bytes. */
export function equal(a: usize, aBytes: i32, b: usize, bBytes: i32): bool {
  return aBytes == bBytes && memory.compare(a, b, aBytes) == 0;
}

/** Compares two secrets in a time that depends on `byteCount` only. */
export function equalSecret(a: usize, b: usize, byteCount: i32): bool {
  let difference: u32 = 0;
  for (let i = 0; i < byteCount; i++) difference |= load<u8>(a + i) ^ load<u8>(b + i);
  return difference == 0;
}

/**
 * Reads an unsigned decimal number of 1 to 10 digits.
 *
 * @returns the number, -1 if the text is empty, has another character or exceeds 2^31 - 1
 */
export function readDecimal(ptr: usize, byteCount: i32): i32 {
  if (byteCount < 1 || byteCount > 10) return -1;
  let value: u32 = 0;
  for (let i = 0; i < byteCount; i++) {
    const digit: u32 = load<u8>(ptr + i) - 0x30;
    if (digit > 9 || value > 214748364) return -1;
    value = value * 10 + digit;
    if (value > 0x7fffffff) return -1;
  }
  return value;
}

/** Writes `value` in decimal at `ptr`, which has room for 10 bytes. Returns the byte count. */
export function writeDecimal(value: u32, ptr: usize): i32 {
  let digits = 1;
  for (let rest = value / 10; rest != 0; rest /= 10) digits++;
  for (let i = digits - 1; i >= 0; i--) {
    store<u8>(ptr + i, 0x30 + (value % 10));
    value /= 10;
  }
  return digits;
}

/** A 16-bit hash of a run of bytes: equal runs have equal hashes. */
export function hash16(ptr: usize, byteCount: i32): u32 {
  let hash: u32 = 5381;
  for (let i = 0; i < byteCount; i++) hash = hash * 33 + load<u8>(ptr + i);
  return (hash ^ (hash >> 16)) & 0xffff;
}
