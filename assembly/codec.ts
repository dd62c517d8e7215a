// Every export of wbxml.wasm: wbxml/ on its own, for a host that turns documents into XML and back.
// It has no import and no state that outlives the next `open` or `begin`.
import * as checker from "./wbxml/check";
import * as reader from "./wbxml/reader";
import * as writer from "./wbxml/writer";

const CAPACITY: i32 = 1 << 20;
/** How far past its end a text may be looked at. */
const SPARE_BYTES: i32 = 4;
const INPUT: usize = memory.data(CAPACITY + SPARE_BYTES, 8);
const OUTPUT: usize = memory.data(CAPACITY, 8);

export { error as readerError } from "./wbxml/reader";
export {
  empty,
  end,
  error as writerError,
  position as written,
  tag as start,
} from "./wbxml/writer";

/** Where a document lies that is read, and a text that is written: `capacity` bytes. */
export function input(): usize {
  return INPUT;
}

/** Where a document is written: `capacity` bytes. */
export function output(): usize {
  return OUTPUT;
}

export function capacity(): i32 {
  return CAPACITY;
}

// Reading.

/**
 * Reads the header of the `byteCount` bytes in `input`.
 *
 * @param reserved  a token of no element
 * @returns Err.Ok or the first failure
 */
export function open(byteCount: i32, reserved: i32): i32 {
  reader.reserve(reserved);
  return reader.open(INPUT, byteCount, false);
}

/** Walks all of the body; the document must be opened again before `step`. */
export function check(depthMax: i32, elementsMax: i32): i32 {
  return checker.check(depthMax, elementsMax, false);
}

/** Reads one token with what belongs to it. @returns a reader's Event; 0: nothing, or a failure */
export function step(): i32 {
  return reader.step();
}

/** Offset of the token that was read last, or of the first byte past the end of the document. */
export function tokenAt(): i32 {
  return <i32>(reader.lastToken - INPUT);
}

/** Offset of the next unread byte. */
export function position(): i32 {
  return <i32>(reader.position() - INPUT);
}

/** Token of the element that was started last, `page << 8 | tag`. */
export function tag(): i32 {
  return reader.tag;
}

/** Address of the last text, until the next `step`. */
export function text(): usize {
  return reader.text;
}

export function textBytes(): i32 {
  return reader.textBytes;
}

export function isOpaque(): bool {
  return reader.isOpaque;
}

/** Number of the document's type; 0: after `open`, the text is its formal public identifier. */
export function publicId(): u32 {
  return reader.publicId;
}

// Writing. What does not fit `output` latches a failure.

/** Begins a document with the `headerBytes` bytes in `input`. */
export function begin(headerBytes: i32): void {
  writer.open(OUTPUT, CAPACITY);
  writer.raw(INPUT, headerBytes);
}

/** Writes the `byteCount` bytes in `input` as a string, or as bytes. */
export function put(byteCount: i32, asOpaque: bool): void {
  if (asOpaque) writer.opaque(INPUT, byteCount);
  else writer.text(INPUT, byteCount);
}
