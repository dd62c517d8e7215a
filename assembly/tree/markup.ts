// Elements and texts of a serialised tree, from WBXML or from XML. Of XML it reads what that
// grammar needs: comments, processing instructions, CDATA, references and prefixes; attributes and
// a DOCTYPE without an internal subset are skipped. Nothing is written to the document: a message
// may be walked again.
import { XML_DEPTH_MAX } from "../base/limits";
import * as bytes from "../base/bytes";
import * as reader from "../wbxml/reader";
import { Event } from "../wbxml/reader";
import * as utf8 from "../wbxml/utf8";

const TREE_PAGE: i32 = 0x200;

/** Names that are told apart, each behind its length and its token. */
// prettier-ignore
const NAMES: usize = memory.data<u8>([
  8, 0x20, 0x4d, 0x67, 0x6d, 0x74, 0x54, 0x72, 0x65, 0x65, // MgmtTree
  6, 0x37, 0x56, 0x65, 0x72, 0x44, 0x54, 0x44, // VerDTD
  4, 0x24, 0x4e, 0x6f, 0x64, 0x65, // Node
  8, 0x26, 0x4e, 0x6f, 0x64, 0x65, 0x4e, 0x61, 0x6d, 0x65, // NodeName
  4, 0x2c, 0x50, 0x61, 0x74, 0x68, // Path
  12, 0x2f, 0x52, 0x54, 0x50, 0x72, 0x6f, 0x70, 0x65, 0x72, 0x74, 0x69, 0x65, 0x73, // RTProperties
  3, 0x06, 0x41, 0x43, 0x4c, // ACL
  6, 0x1c, 0x46, 0x6f, 0x72, 0x6d, 0x61, 0x74, // Format
  5, 0x33, 0x54, 0x69, 0x74, 0x6c, 0x65, // Title
  4, 0x35, 0x54, 0x79, 0x70, 0x65, // Type
  4, 0x21, 0x4d, 0x49, 0x4d, 0x45, // MIME
  7, 0x11, 0x44, 0x44, 0x46, 0x4e, 0x61, 0x6d, 0x65, // DDFName
  5, 0x36, 0x56, 0x61, 0x6c, 0x75, 0x65, // Value
  3, 0x0b, 0x63, 0x68, 0x72, 4, 0x25, 0x6e, 0x6f, 0x64, 0x65, 3, 0x1e, 0x69, 0x6e, 0x74,
  3, 0x09, 0x62, 0x69, 0x6e, 4, 0x0a, 0x62, 0x6f, 0x6f, 0x6c, 3, 0x08, 0x62, 0x36, 0x34,
  4, 0x27, 0x6e, 0x75, 0x6c, 0x6c, 3, 0x39, 0x78, 0x6d, 0x6c, 4, 0x10, 0x64, 0x61, 0x74, 0x65,
  4, 0x32, 0x74, 0x69, 0x6d, 0x65, 5, 0x1b, 0x66, 0x6c, 0x6f, 0x61, 0x74, 0,
]);

// Text of XML as a number, its first character lowest; of an entity, its first one highest.
const COMMENT: u32 = 0x2d2d21; // !--
const CDATA: u64 = 0x5b41544144435b21; // ![CDATA[
const COMMENT_END: u32 = 0x3e2d2d;
const CDATA_END: u32 = 0x3e5d5d;
const PI_END: u32 = 0x3e3f;
const LT: u32 = 0x3c;
const GT: u32 = 0x3e;
const AMP: u32 = 0x26;
const SLASH: u32 = 0x2f;
const CR: u32 = 0x0d;
const LF: u32 = 0x0a;
const CHARACTER_BYTES: i32 = 4;

/** UTF-8 of a character that was written as a reference, at its end. */
const CHARACTER: usize = memory.data(CHARACTER_BYTES);
/** For each open element the address of its name. */
const OPEN: usize = memory.data(XML_DEPTH_MAX << 2, 4);

/** Token of the last Start on the page of trees, 0 for any other element. */
export let tag: i32 = 0;
/** The last Text; lives until the next `read`. */
export let text: usize = 0;
export let textBytes: i32 = 0;
/** It came as bytes, not as a string. */
export let isOpaque: bool = false;

let isXml: bool = false;
let at: usize = 0; // Next unread byte.
let end: usize = 0;
let depth: i32 = 0; // Elements of XML that are open.
let owesEnd: bool = false; // The last tag was that of an empty element.

/** Goes on where `wbxml/reader` stands. */
export function openReader(): void {
  isXml = false;
}

/** Starts reading XML. Borrows the bytes until the last `read`. */
export function openXml(ptr: usize, byteCount: i32): void {
  isXml = true;
  isOpaque = false;
  at = ptr;
  end = ptr + byteCount;
  depth = 0;
  owesEnd = false;
}

/** Reads up to the next tag, END or piece of text; Failed is also the end of the XML. */
export function read(): i32 {
  if (isXml) return readXml();
  const event = reader.read();
  tag = reader.tag >> 8 == TREE_PAGE >> 8 ? reader.tag & 0xff : 0;
  text = reader.text;
  textBytes = reader.textBytes;
  isOpaque = reader.isOpaque;
  return event;
}

/** True behind the last element of XML when nothing but blanks and comments follows. */
export function isAtEnd(): bool {
  let event = Event.Text;
  while (event == Event.Text && at < end) {
    event = readXml();
    if (event == Event.Text && !isBlank()) return false;
  }
  return event != Event.Start && at == end;
}

function isBlank(): bool {
  for (let i = 0; i < textBytes; i++) if (load<u8>(text + i) > 0x20) return false;
  return true;
}

function readXml(): i32 {
  if (owesEnd) {
    owesEnd = false;
    depth--;
    return Event.End;
  }
  while (at < end) {
    if (byte() == AMP) return readReference();
    if (byte() != LT) return readText();
    at++;
    let isSkipped: bool = false;
    if (load<u64>(at) == CDATA) {
      at += 8;
      text = at;
      if (!skipPast(CDATA_END, 3)) return broken();
      textBytes = <i32>(at - text) - 3;
      return Event.Text;
    }
    if ((load<u32>(at) & 0xffffff) == COMMENT) isSkipped = skipPast(COMMENT_END, 3);
    else if (byte() == 0x3f) isSkipped = skipPast(PI_END, 2);
    else if (byte() == 0x21) isSkipped = depth == 0 && skipTag();
    else return readTag();
    if (!isSkipped) return broken();
  }
  return Event.Failed;
}

/** What is no XML ends it for good, short of its end. */
function broken(): i32 {
  end = 0;
  return Event.Failed;
}

/** The next byte; NUL behind the end. */
function byte(): u32 {
  return at < end ? load<u8>(at) : 0;
}

/** Goes behind the next `byteCount` bytes that make `mark`. */
function skipPast(mark: u32, byteCount: i32): bool {
  const mask: u32 = (1 << (byteCount << 3)) - 1;
  for (; at + byteCount <= end; at++) {
    if ((load<u32>(at) & mask) != mark) continue;
    at += byteCount;
    return true;
  }
  return false;
}

/** Goes behind the `>` of a tag. False where an internal subset begins, or at the end. */
function skipTag(): bool {
  let quote: u32 = 0;
  while (at < end) {
    const c: u32 = load<u8>(at++);
    if (quote) {
      if (c == quote) quote = 0;
    } else if (c == 0x22 || c == 0x27) quote = c;
    else if (c == GT) return true;
    else if (c == LT || c == 0x5b) return false;
  }
  return false;
}

/** Reads up to markup; ends of lines become LF. */
function readText(): i32 {
  text = at;
  while (at < end && byte() != LT && byte() != AMP && byte() != CR) at++;
  textBytes = <i32>(at - text);
  if (textBytes) return Event.Text;
  at++;
  if (byte() == LF) at++;
  return character(LF);
}

function readTag(): i32 {
  const isEnd = byte() == SLASH;
  if (isEnd) at++;
  const name = at;
  let local = at;
  while (byte() > 0x20 && byte() != GT && byte() != SLASH) {
    if (load<u8>(at++) == 0x3a) local = at;
  }
  const past = at;
  if (past == local || !skipTag()) return broken();
  if (isEnd) {
    if (--depth < 0) return broken();
    const opened: usize = load<u32>(OPEN + (depth << 2));
    const nameBytes = <i32>(past - name);
    const c: u32 = load<u8>(opened + nameBytes);
    const isOver = c <= 0x20 || c == GT || c == SLASH;
    return isOver && bytes.equal(opened, nameBytes, name, nameBytes) ? Event.End : broken();
  }
  if (depth == XML_DEPTH_MAX) return broken();
  store<u32>(OPEN + (depth++ << 2), name);
  owesEnd = load<u8>(at - 2) == SLASH;
  tag = tokenOf(local, <i32>(past - local));
  return Event.Start;
}

function tokenOf(name: usize, nameBytes: i32): i32 {
  let entry = NAMES;
  for (let n = <i32>load<u8>(entry); n != 0; n = load<u8>(entry)) {
    if (bytes.equal(entry + 2, n, name, nameBytes)) return load<u8>(entry, 1);
    entry += n + 2;
  }
  return 0;
}

/** Reads `&lt;`, `&#10;`, `&#x2F;` and their like: at most 8 characters before the `;`. */
function readReference(): i32 {
  let radix: u32 = 0;
  at++;
  if (byte() == 0x23) {
    at++;
    radix = 10;
    if (byte() == 0x78) {
      at++;
      radix = 16;
    }
  }
  const from = at;
  let code: u32 = 0;
  while (byte() != 0x3b) {
    let digit = byte();
    if (radix) {
      digit = digit <= 0x39 ? digit - 0x30 : (digit | 0x20) - 0x57;
      if (digit >= radix) return broken();
    }
    code = code * (radix ? radix : 256) + digit;
    if (++at > end || at > from + 8) return broken();
  }
  if (at == from) return broken();
  if (!radix) code = at <= from + 4 ? entity(code) : 0;
  at++;
  return character(code);
}

function entity(word: u32): u32 {
  switch (word) {
    case 0x6c74:
      return LT;
    case 0x6774:
      return GT;
    case 0x616d70:
      return AMP;
    case 0x71756f74:
      return 0x22;
    case 0x61706f73:
      return 0x27;
    default:
      return 0;
  }
}

/** Makes the text a character, if it is one. */
function character(code: u32): i32 {
  const isControl = code < 0x20 && code != 9 && code != LF && code != CR;
  if (isControl || !utf8.isCharacter(code)) return broken();
  text = utf8.encodeBefore(CHARACTER + CHARACTER_BYTES, code);
  textBytes = <i32>(CHARACTER + CHARACTER_BYTES - text);
  return Event.Text;
}
