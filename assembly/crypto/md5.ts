// MD5, which the DM security scheme prescribes for credentials and notifications.
// @spec RFC 1321 §3
import * as block from "./block";

const INITIAL: usize = memory.data<u32>([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]);

// Whole parts of 2^32 times the absolute sine of 1 to 64.
// prettier-ignore
const SINES: usize = memory.data<u32>([
  0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
  0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
  0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
  0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
  0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
  0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
  0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
  0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
]);

// Rotations, four for each 16 steps.
const ROTATIONS: usize = memory.data<u8>([
  7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21,
]);

/** Starts a message. Ends a SHA-256 that is in progress. */
export function open(): void {
  block.open(INITIAL, 16);
}

/** Appends `byteCount` bytes at `ptr` to the message. */
export function update(ptr: usize, byteCount: i32): void {
  assert(block.owner == INITIAL);
  while (byteCount > 0) {
    const copied = block.fill(ptr, byteCount);
    ptr += copied;
    byteCount -= copied;
    if (block.isFull()) mix();
  }
}

/** Ends the message and writes its digest to the 16 bytes at `out16`. */
export function close(out16: usize): void {
  assert(block.owner == INITIAL);
  if (block.pad()) {
    mix();
    block.clear();
  }
  store<u64>(block.BLOCK, u64(block.messageBytes) << 3, 56);
  mix();
  memory.copy(out16, block.STATE, 16);
}

/** Mixes the full block into the state. */
function mix(): void {
  let a = load<u32>(block.STATE, 0);
  let b = load<u32>(block.STATE, 4);
  let c = load<u32>(block.STATE, 8);
  let d = load<u32>(block.STATE, 12);
  for (let step: u32 = 0; step < 64; step++) {
    const quarter = step >> 4;
    let index = step;
    switch (quarter) {
      case 0:
        a += d ^ (b & (c ^ d));
        break;
      case 1:
        a += c ^ (d & (b ^ c));
        index = step * 5 + 1;
        break;
      case 2:
        a += b ^ c ^ d;
        index = step * 3 + 5;
        break;
      default:
        a += c ^ (b | ~d);
        index = step * 7;
    }
    a += load<u32>(SINES + (step << 2)) + load<u32>(block.BLOCK + ((index & 15) << 2));
    const sum = b + rotl<u32>(a, load<u8>(ROTATIONS + (quarter << 2) + (step & 3)));
    a = d;
    d = c;
    c = b;
    b = sum;
  }
  block.add(0, a);
  block.add(4, b);
  block.add(8, c);
  block.add(12, d);
}
