// Makes a text that came in several pieces one piece, where it lies, so that a reader finds it at
// one address however often it comes by. The tokens of the pieces are written over, and the
// document keeps its length:
//
//   in place    03 text 00 | C3 length(2) text      then filler, and the last SWITCH_PAGE
//   elsewhere   80 offset | 81 offset, in SCRATCH   the same
//
// Pieces from the string table may be longer than their tokens, and a lone entity is as long: they
// go to SCRATCH. Any others have room in place for the two bytes that a string needs.
import { Err } from "../abi/codes";
import { WBXML_SCRATCH_BYTES } from "../base/limits";
import * as reader from "./reader";
import { Joined } from "./reader";
import { Global } from "./tokens";

const STRING_BYTES: i32 = 2;
const OPAQUE_BYTES: i32 = 3;
const PAGE_BITS: i32 = 6;

let scratchBytes: i32 = 0;

/** Empties SCRATCH: the texts of earlier documents are gone. */
export function reset(): void {
  scratchBytes = 0;
}

/**
 * Joins the pieces between two places.
 *
 * @fails Err.TooLarge  SCRATCH has no room; the document is unchanged
 */
export function joinPieces(from: i32, to: i32): void {
  reader.seek(to);
  const end = reader.position();
  reader.seek(from);
  const first = reader.position();
  let byteCount = 0;
  let isOpaque: bool = false;
  let isLonger: bool = false; // Some piece is longer than its token.
  for (let before = first; before < end; before = reader.position()) {
    reader.read();
    byteCount += reader.textBytes;
    isOpaque = isOpaque || reader.isOpaque;
    isLonger = isLonger || before + reader.textBytes > reader.position();
  }
  const hasTurned = (from ^ to) & PAGE_BITS;
  const room = <i32>(end - first) - (hasTurned ? 2 : 0) - (isOpaque ? OPAQUE_BYTES : STRING_BYTES);
  let target = first;
  if (isLonger || byteCount > room) {
    if (byteCount >= WBXML_SCRATCH_BYTES - scratchBytes) return reader.fail(Err.TooLarge);
    target = reader.SCRATCH + scratchBytes + 1;
  }

  // In place no piece is written past its own token.
  reader.seek(from);
  let past = target;
  while (reader.position() < end) {
    reader.read();
    memory.copy(past, reader.text, reader.textBytes);
    past += reader.textBytes;
  }
  if (target == first) past = wrap(first, byteCount, isOpaque);
  else past = refer(first, byteCount, isOpaque);
  memory.fill(past, <u8>Joined.Filler, end - past);
  if (hasTurned) store<u16>(end - 2, Global.SwitchPage | ((to & PAGE_BITS) << 7));
}

/** Makes the text at `ptr` a piece. Returns the address past it. */
function wrap(ptr: usize, byteCount: i32, isOpaque: bool): usize {
  const text: usize = isOpaque ? ptr + OPAQUE_BYTES : ptr + 1;
  memory.copy(text, ptr, byteCount);
  const past = text + byteCount;
  if (isOpaque) {
    store<u8>(ptr, Global.Opaque);
    store<u16>(ptr + 1, 0x80 | (byteCount >> 7) | ((byteCount & 0x7f) << 8));
    return past;
  }
  store<u8>(ptr, Global.StrI);
  store<u8>(past, 0);
  return past + 1;
}

/** Writes a reference to the text that was put last into SCRATCH. Returns the address past it. */
function refer(ptr: usize, byteCount: i32, isOpaque: bool): usize {
  store<u8>(reader.SCRATCH + scratchBytes, byteCount);
  store<u8>(ptr, isOpaque ? Joined.Opaque : Joined.Text);
  store<u8>(ptr + 1, scratchBytes);
  scratchBytes += byteCount + 1;
  return ptr + 2;
}
