// Relative URIs of the tree: taken apart and held to the limits that DevDetail/URI announces.
import { Err } from "../abi/codes";
import { DEPTH_MAX, SEGMENT_BYTES_MAX, SEGMENT_CHARS_MAX, URI_CHARS_MAX } from "../base/limits";

// Which of the characters from 0x20, 0x40 and 0x60 on may stand in a segment: letters, digits,
// -_.!~*'():@&=+$,%
const FROM_SPACE: u32 = 0x27ff7ff2;
const FROM_AT: u32 = 0x87ffffff;
const FROM_GRAVE: u32 = 0x47fffffe;

const PERCENT: u32 = 0x25;
const DOT: u32 = 0x2e;
const SLASH: u32 = 0x2f;
const QUESTION: u32 = 0x3f;

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
 * Takes apart the `n` bytes at `ptr`, UTF-8, and borrows them until the next call. `./A` and `A`
 * are the same.
 *
 * @fails Err.Malformed   no such URI can be
 * @fails Err.UriTooLong  the whole, a segment or the number of segments exceeds its limit
 * @spec DM TND 1.2 §6.2
 */
export function parse(ptr: usize, n: i32): i32 {
  const past = ptr + n;
  first = segment = ptr;
  segments = 0;
  query = 0;
  queryBytes = 0;
  if (countChars(ptr, past) > URI_CHARS_MAX) return Err.UriTooLong;
  let last: u32 = DOT; // A segment may not end in a dot; so neither can it be empty.
  let digits = 0; // Hexadecimal digits that an escape still needs.
  for (let at = ptr; at <= past && query == 0; at++) {
    const c: u32 = at < past ? load<u8>(at) : SLASH;
    if (c == QUESTION) {
      query = at + 1;
      queryBytes = i32(past - query);
    } else if (c != SLASH) {
      if (digits > 0 ? !isHex(c) : !isAllowed(c)) return Err.Malformed;
      digits = digits > 0 ? digits - 1 : c == PERCENT ? 2 : 0;
      last = c;
      continue;
    }
    end = at;
    if (at == ptr + 1 && last == DOT) {
      first = at + 1; // A lone dot in front is the root.
    } else {
      if (last == DOT || digits > 0) return Err.Malformed;
      if (isTooLong()) return Err.UriTooLong;
    }
    segment = at + 1;
    last = DOT;
  }
  cursor = first;
  return Err.Ok;
}

/** Counts the segment from `segment` to `end`. */
function isTooLong(): bool {
  segments++;
  return (
    segments > DEPTH_MAX ||
    i32(end - segment) > SEGMENT_BYTES_MAX ||
    countChars(segment, end) > SEGMENT_CHARS_MAX
  );
}

function countChars(at: usize, past: usize): i32 {
  let chars = 0;
  for (; at < past; at++) {
    if ((load<u8>(at) & 0xc0) != 0x80) chars++;
  }
  return chars;
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
