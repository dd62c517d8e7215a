// Relative URIs of the tree: taken apart and held to the limits that DevDetail/URI announces.
import { Err } from "../abi/codes";
import {
  DEPTH_MAX,
  SEGMENT_BYTES_MAX,
  SEGMENT_CHARS_MAX,
  URI_CHARS_MAX,
} from "../base/limits";

// Which of the characters from 0x20, 0x40 and 0x60 on may stand in a segment: letters, digits, -_.!~*'():@&=+$,
const FROM_SPACE: u32 = 0x27ff7fd2;
const FROM_AT: u32 = 0x87ffffff;
const FROM_GRAVE: u32 = 0x47fffffe;

const PERCENT: u32 = 0x25;
const DOT: u32 = 0x2e;
const SLASH: u32 = 0x2f;

/** The segment that `nextSegment` found. */
export let segment: usize = 0;
export let segmentBytes: i32 = 0;
/** What stands behind `?`; 0 if there is none. */
export let query: usize = 0;
export let queryBytes: i32 = 0;

let first: usize = 0; // First segment.
let end: usize = 0; // Address past the last segment.
let cursor: usize = 0;
let segments: i32 = 0;

/**
 * Takes apart the `n` bytes at `ptr`, UTF-8, and borrows them until the next call. `./A` and `A` are the same.
 *
 * @fails Err.Malformed   no such URI can be
 * @fails Err.UriTooLong  the whole, a segment or the number of segments exceeds its limit
 * @spec DM TND 1.2 §6.2
 */
export function parse(ptr: usize, n: i32): i32 {
  first = ptr;
  end = ptr + n;
  query = 0;
  queryBytes = 0;
  segments = 0;
  if (countChars(ptr, n) > URI_CHARS_MAX) return Err.UriTooLong;
  splitQuery();
  skipRoot();
  rewindSegments();
  while (nextSegment()) {
    const failure = checkSegment();
    if (failure != Err.Ok) return failure;
    if (++segments > DEPTH_MAX) return Err.UriTooLong;
  }
  rewindSegments();
  return Err.Ok;
}

function countChars(ptr: usize, n: i32): i32 {
  let chars = 0;
  for (let i = 0; i < n; i++) {
    if ((load<u8>(ptr + i) & 0xc0) != 0x80) chars++;
  }
  return chars;
}

function splitQuery(): void {
  for (let at = first; at < end; at++) {
    if (load<u8>(at) != 0x3f) continue;
    query = at + 1;
    queryBytes = i32(end - query);
    end = at;
  }
}

/** Steps over `./`; a lone `.` has no segment at all. */
function skipRoot(): void {
  if (first == end || load<u8>(first) != DOT) return;
  if (first + 1 == end || load<u8>(first, 1) == SLASH) first += 2;
}

function checkSegment(): i32 {
  let digits = 0; // Hexadecimal digits that an escape still needs.
  let c: u32 = DOT;
  for (let i = 0; i < segmentBytes; i++) {
    c = load<u8>(segment + i);
    if (digits > 0) {
      if (!isHex(c)) return Err.Malformed;
      digits--;
    } else if (c == PERCENT) {
      digits = 2;
    } else if (!isAllowed(c)) {
      return Err.Malformed;
    }
  }
  // A segment does not end in a dot; an empty one is none.
  if (c == DOT || digits > 0) return Err.Malformed;
  const isLong = segmentBytes > SEGMENT_BYTES_MAX || countChars(segment, segmentBytes) > SEGMENT_CHARS_MAX;
  return isLong ? Err.UriTooLong : Err.Ok;
}

function isAllowed(c: u32): bool {
  const allowed = c < 0x40 ? FROM_SPACE : c < 0x60 ? FROM_AT : FROM_GRAVE;
  return c >= 0x80 || (c >= 0x20 && (allowed >> (c & 31)) & 1);
}

function isHex(c: u32): bool {
  return c - 0x30 < 10 || (c | 0x20) - 0x61 < 6;
}

/** Segments, `.` not counted. */
export function depth(): i32 {
  return segments;
}

/** Goes back before the first segment. */
export function rewindSegments(): void {
  cursor = first;
}

/** Finds the next segment: `segment`, `segmentBytes`. False behind the last one. */
export function nextSegment(): bool {
  if (cursor > end) return false;
  segment = cursor;
  while (cursor < end && load<u8>(cursor) != SLASH) cursor++;
  segmentBytes = i32(cursor - segment);
  cursor++;
  return true;
}
