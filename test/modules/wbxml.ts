// wbxml/ for test/unit/wbxml and test/conformance/wbxml.
import * as reader from "../../assembly/wbxml/reader";

export { check } from "../../assembly/wbxml/check";
export { reset } from "../../assembly/wbxml/join";
export {
  error,
  isSyncml,
  open,
  place,
  position,
  read,
  seek,
} from "../../assembly/wbxml/reader";
export { isText } from "../../assembly/wbxml/utf8";
export {
  backToMark,
  closeNested,
  empty,
  end,
  error as writerError,
  header,
  leaf,
  leafNumber,
  mark,
  number,
  opaque,
  open as writerOpen,
  openCount,
  openNested,
  openPart,
  opaqueHead,
  position as writerPosition,
  put,
  raw,
  tag as writerTag,
  text as writerText,
  trimCharacter,
} from "../../assembly/wbxml/writer";

const INPUT: usize = memory.data(32768, 8);
const OUTPUT: usize = memory.data(8192, 8);

/** 32 KiB for a document. */
export function input(): usize {
  return INPUT;
}

/** 8 KiB for what the writer writes. */
export function output(): usize {
  return OUTPUT;
}

export function tag(): i32 {
  return reader.tag;
}

export function text(): usize {
  return reader.text;
}

export function textBytes(): i32 {
  return reader.textBytes;
}

export function isOpaque(): bool {
  return reader.isOpaque;
}

export function publicId(): u32 {
  return reader.publicId;
}
