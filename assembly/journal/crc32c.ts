// CRC-32C (Castagnoli), bits reflected. Bit by bit: a table takes RAM, and a region is small.
// @spec RFC 3720 §12.1

const POLYNOMIAL: u32 = 0x82f63b78;

/**
 * Takes `byteCount` bytes at `ptr` into the running remainder `crc`.
 *
 * State in, state out: the usual inversion before the first byte and after the last is not done.
 */
export function update(crc: u32, ptr: usize, byteCount: i32): u32 {
  const end = ptr + byteCount;
  while (ptr < end) {
    crc ^= load<u8>(ptr++);
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (POLYNOMIAL & (0 - (crc & 1)));
  }
  return crc;
}
