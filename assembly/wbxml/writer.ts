// WBXML out, front to back, never revised. What does not fit latches Err.DoesNotFit; `mark` before
// an element and `backToMark` after it take it back whole.
import { Err } from "../abi/codes";
import { writeDecimal } from "../base/bytes";
import { Global, TagBit } from "./tokens";

/** Version 1.2, SyncML 1.2, UTF-8, no string table. */
const HEADER: usize = memory.data<u8>([0x02, 0xa4, 0x01, 0x6a, 0x00]);
const HEADER_BYTES: i32 = 5;
const DIGITS: usize = memory.data(10);
const BYTE: usize = memory.data(1);

let start: usize = 0;
let next: usize = 0;
let limit: usize = 0;
let page: i32 = 0;
let failure: i32 = Err.Ok;
let isCounting: bool = false;
let markedNext: usize = 0;
let markedPage: i32 = 0;
let outerNext: usize = 0;
let outerPage: i32 = 0;
let outerLimit: usize = 0;
let outerIsCounting: bool = false;
let skipBytes: i32 = 0; // Of what comes, left out.
let partBytes: i32 = i32.MAX_VALUE; // Of what comes behind them, written; the rest is left out.

/** Starts writing at `ptr`. Borrows `capacityBytes` bytes until the next `open`. */
export function open(ptr: usize, capacityBytes: i32): void {
  start = ptr;
  next = ptr;
  limit = ptr + capacityBytes;
  page = 0;
  failure = Err.Ok;
  isCounting = false;
  mark();
}

/** Starts counting: nothing is written, and `position` says how many bytes it would have been. */
export function openCount(): void {
  open(0, i32.MAX_VALUE);
  isCounting = true;
}

/**
 * Begins a document inside OPAQUE. Its length comes before it, so it is written twice: first with
 * `isTrial`, which only counts.
 */
export function openNested(isTrial: bool): void {
  outerNext = next;
  outerPage = page;
  outerIsCounting = isCounting;
  outerLimit = limit;
  if (isTrial) {
    isCounting = true;
    limit = next + i32.MAX_VALUE;
  }
  page = 0;
}

/** Begins content of which only the `byteCount` bytes from `from` on are written. */
export function openPart(from: i32, byteCount: i32): void {
  openNested(false);
  skipBytes = from;
  partBytes = byteCount;
}

/** Takes back the begin of a character at the end of what was written. @returns its bytes */
export function trimCharacter(): i32 {
  let cut = 1;
  while (cut < 4 && (load<u8>(next - cut) & 0xc0) == 0x80) cut++;
  const first = load<u8>(next - cut);
  const whole = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (cut >= whole) return 0;
  next -= cut;
  return cut;
}

/** Ends what was begun. Returns its bytes; what was only a trial is taken back. */
export function closeNested(isTrial: bool): i32 {
  const byteCount = <i32>(next - outerNext);
  if (isTrial) next = outerNext;
  page = outerPage;
  isCounting = outerIsCounting;
  limit = outerLimit;
  skipBytes = 0;
  partBytes = i32.MAX_VALUE;
  return byteCount;
}

/** First failure since `open` or `backToMark`: Err.Ok or Err.DoesNotFit. */
export function error(): i32 {
  return failure;
}

/** Bytes written since `open`. */
export function position(): i32 {
  return <i32>(next - start);
}

export function mark(): void {
  markedNext = next;
  markedPage = page;
}

/** Takes back what was written since `mark`, and a failure with it. */
export function backToMark(): void {
  next = markedNext;
  page = markedPage;
  failure = Err.Ok;
}

export function header(): void {
  put(HEADER, HEADER_BYTES);
}

/** Opens an element, `page << 8 | tag`, which `end` closes. */
export function tag(token: i32): void {
  empty(token | TagBit.HasContent);
}

export function empty(token: i32): void {
  turnTo(token >> 8);
  putByte(token & 0xff);
}

/** Closes the innermost element. */
export function end(): void {
  putByte(Global.End);
}

/** Writes text as a string, or as bytes where it has a NUL; nothing where it is empty. */
export function text(ptr: usize, byteCount: i32): void {
  for (let i = 0; i < byteCount; i++) {
    if (load<u8>(ptr + i) == 0) return opaque(ptr, byteCount);
  }
  if (byteCount == 0) return;
  putByte(Global.StrI);
  put(ptr, byteCount);
  putByte(0);
}

export function opaque(ptr: usize, byteCount: i32): void {
  opaqueHead(byteCount);
  put(ptr, byteCount);
}

/** Writes what comes before `byteCount` bytes. */
export function opaqueHead(byteCount: i32): void {
  putByte(Global.Opaque);
  for (let shift = 28; shift > 0; shift -= 7) {
    const groups = byteCount >> shift;
    if (groups != 0) putByte(groups | 0x80);
  }
  putByte(byteCount & 0x7f);
}

/** Writes a number in decimal. */
export function number(value: u32): void {
  text(DIGITS, writeDecimal(value, DIGITS));
}

/** Writes an element with a text; an empty one where the text is empty. */
export function leaf(token: i32, ptr: usize, byteCount: i32): void {
  if (byteCount == 0) return empty(token);
  tag(token);
  text(ptr, byteCount);
  end();
}

export function leafNumber(token: i32, value: u32): void {
  leaf(token, DIGITS, writeDecimal(value, DIGITS));
}

/** Copies WBXML that starts and ends on page 0. */
export function raw(ptr: usize, byteCount: i32): void {
  turnTo(0);
  put(ptr, byteCount);
}

function turnTo(wanted: i32): void {
  if (wanted == page) return;
  putByte(Global.SwitchPage);
  putByte(wanted);
  page = wanted;
}

/** Writes what stands between the tags of an element as it is. */
export function put(ptr: usize, byteCount: i32): void {
  const skipped = min(skipBytes, byteCount);
  skipBytes -= skipped;
  ptr += skipped;
  byteCount = min(byteCount - skipped, partBytes);
  partBytes -= byteCount;
  if (byteCount > <i32>(limit - next)) failure = Err.DoesNotFit;
  if (failure != Err.Ok) return;
  if (!isCounting) memory.copy(next, ptr, byteCount);
  next += byteCount;
}

export function putByte(byte: u32): void {
  store<u8>(BYTE, byte);
  put(BYTE, 1);
}
