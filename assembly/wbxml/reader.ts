// WBXML in. `open` reads the header, then `read` yields tags, ENDs and texts, and `place` and
// `seek` go back to any of them. Text is an address in the document. After a failure every `read`
// answers Event.Failed; a document that `check` has walked has none.
//
//   version(1) | public id (mb, or 00 and index) | charset (mb) | table bytes (mb) | table | body
import { Err } from "../abi/codes";
import { WBXML_ATTRIBUTES_MAX, WBXML_SCRATCH_BYTES } from "../base/limits";
import { Charset, Global, MetaTag, PublicId, Tag, TagBit, TreeTag } from "./tokens";
import { BYTE_MAX, encodeBefore, isCharacter, isText } from "./utf8";

export const enum Event {
  Failed = 0,
  /** A tag, its token in `tag`. An element without content has an End all the same. */
  Start = 1,
  End = 2,
  /** A text: `text`, `textBytes`, `isOpaque`. */
  Text = 3,
}

/** Tokens that only `join` writes, in place of EXT tokens, which no document may have. */
export const enum Joined {
  Filler = 0xc0,
  Text = 0x80,
  Opaque = 0x81,
}

/** Texts that did not fit where they lay: each a byte for its length, then the text. */
export const SCRATCH: usize = memory.data(WBXML_SCRATCH_BYTES);
const ENTITY_BYTES: i32 = 4;
/** UTF-8 of the entity that was read last, at its end. */
const ENTITY: usize = memory.data(ENTITY_BYTES);

const VERSION_MAX: u32 = 3;
const PAGE_MAX: i32 = 2;
const TAG_MIN: i32 = 0x05;
const TAG_MAX: i32 = 0x3c;
const META_TAG_MAX: i32 = 0x16;
/** A larger value would lose its top bits in the next 7-bit shift. */
const SHIFTABLE_MAX: u32 = 0x01ff_ffff;
/** Bits of the C0 controls that XML allows: TAB, LF, CR. */
const CONTROLS: u32 = (1 << 9) | (1 << 10) | (1 << 13);
const SYNCML_ID_BYTES: i32 = 29;
const SYNCML_DIGIT: i32 = 24;
/** `-//SYNCML//DTD SyncML 1.2//EN` */
const SYNCML_ID: usize = memory.data<u8>([
  0x2d, 0x2f, 0x2f, 0x53, 0x59, 0x4e, 0x43, 0x4d, 0x4c, 0x2f, 0x2f, 0x44, 0x54, 0x44, 0x20, 0x53,
  0x79, 0x6e, 0x63, 0x4d, 0x4c, 0x20, 0x31, 0x2e, 0x32, 0x2f, 0x2f, 0x45, 0x4e,
]);

/** Token of the last Start. */
export let tag: i32 = 0;
/** The last Text: in the document, its string table, SCRATCH or, until the next `read`, ENTITY. */
export let text: usize = 0;
export let textBytes: i32 = 0;
/** Whether the last Text came as bytes, not as a string. */
export let isOpaque: bool = false;
/** Number of the document's type; 0: after `open`, `text` is its formal public identifier. */
export let publicId: u32 = 0;
/** Address of the token that was read last, or of the byte that may not follow the document. */
export let lastToken: usize = 0;

let start: usize = 0;
let next: usize = 0;
let end: usize = 0;
let table: usize = 0;
let tableBytes: u32 = 0;
let byteMax: u32 = 0; // Largest byte of a string: 0x7f in ASCII.
let page: i32 = 0;
let owesEnd: bool = false; // The last tag had no content.
let isJoined: bool = false;
let reserved: i32 = 0x30; // A token of no element.
let failure: i32 = Err.Ok;

/**
 * Reads the header of the document at `ptr`; the body comes next. Borrows the bytes until the next
 * `open`.
 *
 * @param hasJoined  `join` has been through this document
 * @returns Err.Ok or the first failure
 * @fails Err.Unsupported  not version 1.1 to 1.3, or a charset other than UTF-8 and ASCII
 * @spec WBXML 1.3 §5.4
 */
export function open(ptr: usize, byteCount: i32, hasJoined: bool): i32 {
  start = ptr;
  next = ptr;
  end = ptr + byteCount;
  page = 0;
  owesEnd = false;
  isJoined = hasJoined;
  failure = Err.Ok;
  if (readByte() - 1 >= VERSION_MAX) fail(Err.Unsupported);
  publicId = readMbUint();
  const index: u32 = publicId == 0 ? readMbUint() : 0;
  const charset = readMbUint();
  byteMax = charset == Charset.Ascii ? 0x7f : BYTE_MAX;
  if (byteMax == BYTE_MAX && charset != Charset.Utf8 && charset != Charset.Transport) {
    fail(Err.Unsupported);
  }
  tableBytes = readMbUint();
  table = next;
  skip(tableBytes);
  if (publicId == 0 && failure == Err.Ok) readTable(index);
  return failure;
}

/** Sets the token of no element: DevInf has another one than SyncML. */
export function reserve(tag: i32): void {
  reserved = tag;
}

/** First failure since `open`, or `Err.Ok`. */
export function error(): i32 {
  return failure;
}

/** Keeps the first failure. */
export function fail(err: i32): void {
  if (failure == Err.Ok) failure = err;
}

/** Address of the next unread byte; after a failure, of the place where it was seen. */
export function position(): usize {
  return next;
}

/** Where `read` goes on, for `seek`: offset in the document << 3 | page << 1 | an END is owed. */
export function place(): i32 {
  return (<i32>(next - start) << 3) | (page << 1) | i32(owesEnd);
}

export function byteCount(): i32 {
  return <i32>(end - start);
}

export function seek(to: i32): void {
  next = start + (to >> 3);
  page = (to >> 1) & 3;
  owesEnd = (to & 1) != 0;
}

/** Whether the document names itself SyncML 1.0, 1.1 or 1.2. Call it right after `open`. */
export function isSyncml(): bool {
  if (publicId != 0) {
    return (
      publicId == PublicId.Syncml12 ||
      publicId == PublicId.Syncml11 ||
      publicId == PublicId.Syncml10
    );
  }
  if (textBytes != SYNCML_ID_BYTES) return false;
  for (let i = 0; i < SYNCML_ID_BYTES; i++) {
    const apart: u32 = load<u8>(SYNCML_ID + i) - load<u8>(text + i);
    if (i == SYNCML_DIGIT ? apart > 2 : apart != 0) return false;
  }
  return true;
}

/** Whether the document, whose root has ended, ends here but for processing instructions. */
export function isAtEnd(): bool {
  while (next < end && failure == Err.Ok) {
    beginToken();
    if (load<u8>(next) != Global.Pi) return false;
    next++;
    skipAttributes();
  }
  return next == end;
}

/** Reads up to the next tag, END or piece of text. */
export function read(): i32 {
  while (failure == Err.Ok) {
    const event = step();
    if (failure == Err.Ok && event != Event.Failed) return event;
  }
  return Event.Failed;
}

/** Reads one token with what follows it. Failed: nothing to report, or a failure. */
export function step(): i32 {
  beginToken();
  if (owesEnd) {
    owesEnd = false;
    return Event.End;
  }
  return readToken(readByte());
}

function beginToken(): void {
  if (failure == Err.Ok) lastToken = next;
}

/** Reads what follows a token. Failed: nothing to report, or a failure. */
function readToken(token: u32): i32 {
  isOpaque = false;
  switch (token) {
    case Global.SwitchPage:
      page = readByte();
      if (page > PAGE_MAX) fail(Err.Malformed);
      return Event.Failed;
    case Global.End:
      return Event.End;
    case Global.Entity:
      readEntity();
      break;
    case Global.StrI:
      readString();
      break;
    case Global.StrT:
      readTable(readMbUint());
      break;
    case Global.Opaque:
      textBytes = readMbUint();
      text = next;
      skip(textBytes);
      isOpaque = true;
      break;
    case Global.Pi:
      skipAttributes();
      return Event.Failed;
    default:
      return isJoined && (token & TagBit.Identity) <= 1 ? readJoined(token) : readTag(token);
  }
  return Event.Text;
}

function readTag(token: u32): i32 {
  const identity: i32 = token & TagBit.Identity;
  tag = (page << 8) | identity;
  const last = page == 1 ? META_TAG_MAX : TAG_MAX;
  if (identity < TAG_MIN || identity > last || tag == reserved) fail(Err.Malformed);
  if (token & TagBit.HasAttributes) skipAttributes();
  owesEnd = !(token & TagBit.HasContent);
  return Event.Start;
}

function readJoined(token: u32): i32 {
  if (token == Joined.Filler) return Event.Failed;
  text = SCRATCH + readByte();
  textBytes = load<u8>(text++);
  isOpaque = token == Joined.Opaque;
  return Event.Text;
}

/**
 * Skips the rest of an attribute list or processing instruction. SyncML has no attributes; an old
 * client writes its namespace as LITERAL 0 and a string, without a string table, so index 0 is
 * always taken.
 */
function skipAttributes(): void {
  for (let i = 0; i <= 2 * WBXML_ATTRIBUTES_MAX; i++) {
    beginToken();
    switch (readByte()) {
      case Global.End:
        return;
      case Global.Literal: {
        const index = readMbUint();
        if (index != 0) readTable(index);
        break;
      }
      case Global.StrI:
        readString();
        break;
      default:
        fail(Err.Malformed);
    }
  }
  fail(Err.TooLarge);
}

/** The last Text must be text, unless it is bytes in Data, NextNonce, EMI or inline TNDS. */
export function checkText(): void {
  let byteLimit = byteMax;
  if (isOpaque || isEntity()) {
    if (tag == Tag.Data || tag == MetaTag.NextNonce || tag == MetaTag.EMI) return;
    if (tag >= TreeTag.AccessType) return;
    byteLimit = BYTE_MAX;
  }
  if (!isText(text, textBytes, byteLimit)) fail(Err.Malformed);
}

/** Whether the last Text is a character that lives only until the next `read`. */
export function isEntity(): bool {
  return text - ENTITY < <usize>ENTITY_BYTES;
}

function readEntity(): void {
  const code = readMbUint();
  if (code < 0x20 ? !((CONTROLS >> code) & 1) : !isCharacter(code)) return fail(Err.Malformed);
  text = encodeBefore(ENTITY + ENTITY_BYTES, code);
  textBytes = <i32>(ENTITY + ENTITY_BYTES - text);
}

function readString(): void {
  if (!findText(next, end)) fail(Err.Truncated);
  next = text + textBytes + 1;
}

function readTable(index: u32): void {
  if (index >= tableBytes || !findText(table + index, table + tableBytes)) fail(Err.Malformed);
}

/** Finds the text from `ptr` to a NUL before `limit`. */
function findText(ptr: usize, limit: usize): bool {
  text = ptr;
  while (ptr < limit && load<u8>(ptr)) ptr++;
  textBytes = <i32>(ptr - text);
  return ptr < limit;
}

function readByte(): u32 {
  if (failure == Err.Ok && next < end) return load<u8>(next++);
  fail(Err.Truncated);
  return 0;
}

/**
 * Reads a multi-byte unsigned integer: 7 bits a byte, high bit set on all but the last of at most
 * five.
 *
 * @fails Err.TooLarge  the value needs more than 32 bits, or the integer more than 5 bytes
 * @spec WBXML 1.3 §5.1
 */
function readMbUint(): u32 {
  let value: u32 = 0;
  for (let i = 0; i < 5 && value <= SHIFTABLE_MAX; i++) {
    const byte = readByte();
    value = (value << 7) | (byte & 0x7f);
    if (!(byte & 0x80)) return value;
  }
  fail(Err.TooLarge);
  return 0;
}

function skip(byteCount: u32): void {
  if (byteCount > <u32>(end - next)) fail(Err.Truncated);
  else next += byteCount;
}
