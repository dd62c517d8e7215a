// SHA-256. The message schedule is a window of 16 words that rolls over the block itself.
// @spec FIPS 180-4 §6.2
import * as block from "./block";

const INITIAL: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);

// First 32 bits of the fractional parts of the cube roots of the first 64 primes.
// prettier-ignore
const ROUNDS: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);

/** Starts a message. Ends an MD5 that is in progress. */
export function open(): void {
  block.open(INITIAL, 32);
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

/** Ends the message and writes its digest to the 32 bytes at `out32`. */
export function close(out32: usize): void {
  assert(block.owner == INITIAL);
  if (block.pad()) {
    mix();
    block.clear();
  }
  store<u32>(block.BLOCK, bswap<u32>(block.messageBytes >> 29), 56);
  store<u32>(block.BLOCK, bswap<u32>(block.messageBytes << 3), 60);
  mix();
  for (let at: usize = 0; at < 32; at += 4) {
    store<u32>(out32 + at, bswap<u32>(load<u32>(block.STATE + at)));
  }
}

/**
 * Word `round` of the message schedule: the message's own for the first 16, then the sum of earlier
 * ones.
 */
function scheduleWord(round: u32): u32 {
  const at = (round & 15) << 2;
  let word = load<u32>(block.BLOCK + at);
  if (round < 16) {
    word = bswap<u32>(word);
  } else {
    const near = load<u32>(block.BLOCK + ((at + 56) & 60));
    const far = load<u32>(block.BLOCK + ((at + 4) & 60));
    word += load<u32>(block.BLOCK + ((at + 36) & 60));
    word += rotr<u32>(near, 17) ^ rotr<u32>(near, 19) ^ (near >> 10);
    word += rotr<u32>(far, 7) ^ rotr<u32>(far, 18) ^ (far >> 3);
  }
  store<u32>(block.BLOCK + at, word);
  return word;
}

/** Mixes the full block into the state. The block is used up. */
function mix(): void {
  let a = load<u32>(block.STATE, 0);
  let b = load<u32>(block.STATE, 4);
  let c = load<u32>(block.STATE, 8);
  let d = load<u32>(block.STATE, 12);
  let e = load<u32>(block.STATE, 16);
  let f = load<u32>(block.STATE, 20);
  let g = load<u32>(block.STATE, 24);
  let h = load<u32>(block.STATE, 28);
  for (let round: u32 = 0; round < 64; round++) {
    h += scheduleWord(round) + load<u32>(ROUNDS + (round << 2));
    h += (rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25)) + (g ^ (e & (f ^ g)));
    d += h;
    h += (rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22)) + ((a & b) | (c & (a | b)));
    const sum = h;
    h = g;
    g = f;
    f = e;
    e = d;
    d = c;
    c = b;
    b = a;
    a = sum;
  }
  block.add(0, a);
  block.add(4, b);
  block.add(8, c);
  block.add(12, d);
  block.add(16, e);
  block.add(20, f);
  block.add(24, g);
  block.add(28, h);
}
