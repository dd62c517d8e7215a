// What SHA-256 and MD5 have in common: the state, the 64-byte block that is being filled, and the
// message length. One digest is in progress at a time; a second `open` ends the first.

/** Eight words of SHA-256, or four of MD5. */
export const STATE: usize = memory.data(32, 4);
/** Bytes of the message not yet mixed into the state. */
export const BLOCK: usize = memory.data(64, 4);

/** Bytes of the message so far. 4 GiB are enough: no slot can be larger. */
export let messageBytes: u32 = 0;
/** Whose digest is in progress, told by where its initial state is. Only `assert` reads it. */
export let owner: usize = 0;

/** Starts a message with the `initialBytes` at `initial` as the state. */
export function open(initial: usize, initialBytes: i32): void {
  memory.copy(STATE, initial, initialBytes);
  messageBytes = 0;
  owner = initial;
}

/**
 * Copies into the block as many of the `byteCount` bytes at `ptr` as it has room for; at least one.
 *
 * If `isFull` afterwards, the caller mixes the block before the next call.
 *
 * @returns bytes copied
 */
export function fill(ptr: usize, byteCount: i32): i32 {
  const used = messageBytes & 63;
  const copied = min<u32>(byteCount, 64 - used);
  memory.copy(BLOCK + used, ptr, copied);
  messageBytes += copied;
  return copied;
}

/** Tells whether the last `fill` left no room in the block. */
export function isFull(): bool {
  return !(messageBytes & 63);
}

/**
 * Appends the byte 0x80 and zeros up to the end of the block.
 *
 * @returns true if the 8 bytes of the length have no room: mix, `clear`, and put the length into
 *   the next block
 */
export function pad(): bool {
  const used = messageBytes & 63;
  store<u8>(BLOCK + used, 0x80);
  memory.fill(BLOCK + used + 1, 0, 63 - used);
  return used >= 56;
}

/** Zeros the block, which a mix leaves in any condition. */
export function clear(): void {
  memory.fill(BLOCK, 0, 64);
}

/** Adds `word` to the word of the state at `offset`. */
export function add(offset: usize, word: u32): void {
  store<u32>(STATE + offset, load<u32>(STATE + offset) + word);
}
