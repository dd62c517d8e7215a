// Reads CBOR in memory: shortest forms, definite lengths and 32-bit numbers only. Keeps the first
// failure and goes quiet: afterwards every read gives 0 and moves nothing, so that a structure
// needs one check at its end.
// @spec RFC 8949 §3, §4.2.1

/** Major type of a data item. */
export const enum Major {
  Unsigned = 0,
  Negative = 1,
  Bytes = 2,
  Text = 3,
  Array = 4,
  Map = 5,
  Tag = 6,
  Simple = 7,
  /** Nothing was read. */
  None = 8,
}

/** Argument of Major.Simple that means true. */
export const SIMPLE_TRUE: u32 = 21;

/** Address of the next unread byte. */
export let next: usize = 0;
let end: usize = 0; // First address past what may be read.
export let isBroken: bool = false;

/** Type and argument of the head that was read last. After a failure Major.None and 0. */
export let major: i32 = Major.None;
export let value: u32 = 0;

/** The string that was read last. Borrowed from the input. */
export let item: usize = 0;
export let itemBytes: u32 = 0;

/** Starts reading `byteCount` bytes at `ptr`, which it borrows. */
export function open(ptr: usize, byteCount: i32): void {
  next = ptr;
  end = ptr + byteCount;
  isBroken = false;
}

/** Ends the reading: what was read breaks a rule. */
export function fail(): void {
  isBroken = true;
  major = Major.None;
  value = 0;
}

/** Ends the reading unless what was read is right. */
export function require(isRight: bool): void {
  if (!isRight) fail();
}

/** Everything was read, without a failure. */
export function isAtEnd(): bool {
  return next == end && !isBroken;
}

/** Length of the head that begins with `first`. A form that is not allowed counts as 1. */
export function headBytes(first: u32): u32 {
  const form = (first & 31) - 24;
  return form < 3 ? 1 + (1 << form) : 1;
}

/** Major type of the next item, which stays unread. */
export function peek(): i32 {
  return next < end ? load<u8>(next) >> 5 : Major.None;
}

/** Reads one head into `major` and `value`. May look at 3 bytes past the end. */
export function head(): void {
  if (isBroken || next == end) return fail();
  const first: u32 = load<u8>(next);
  const byteCount = headBytes(first);
  if (byteCount > u32(end - next)) return fail();

  // What remains above 26 is reserved, needs 64 bits or has no definite length.
  let number = first & 31;
  let least: u32 = 0;
  if (byteCount > 1) {
    number = bswap<u32>(load<u32>(next, 1)) >> (40 - (byteCount << 3));
    least = byteCount == 2 ? 24 : 1 << ((byteCount - 1) << 2);
  } else if (number > 26) {
    return fail();
  }
  if (number < least) return fail();

  next += byteCount;
  major = first >> 5;
  value = number;
}

/** The head that was read last is this one. */
export function isHead(type: i32, argument: u32): bool {
  return major == type && value == argument;
}

/**
 * Reads a head that must be of `type`, and answers its argument; 0 after a failure.
 *
 * What it counts, bytes or items, must have room in what remains. That is what bounds every loop.
 */
export function want(type: i32): u32 {
  head();
  // Compared with what remains: an address plus a length from outside could wrap.
  require(major == type && (type < Major.Bytes || value <= u32(end - next)));
  return value;
}

/** Reads a string of `type` into `item` and `itemBytes`. */
export function readString(type: i32): void {
  want(type);
  item = next;
  itemBytes = value;
  next += value;
}

/** Enters a byte string: until `leave` only its content can be read. Returns what `leave` needs. */
export function enter(): usize {
  want(Major.Bytes);
  const outer = end;
  end = next + value;
  return outer;
}

/** Leaves the byte string that `enter` entered; it fails if something in it was not read. */
export function leave(outer: usize): void {
  require(next == end);
  end = outer;
}
