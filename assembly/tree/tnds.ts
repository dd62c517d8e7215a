// A serialised sub-tree, pulled node by node: Open with all that is said of the node, then its
// children, then Close. Texts are gathered in a buffer of the caller's, since they may come in
// pieces; they live until the next Open.
import { Err, Format } from "../abi/codes";
import { DEPTH_MAX } from "../base/limits";
import * as reader from "../wbxml/reader";
import { Event } from "../wbxml/reader";
import * as utf8 from "../wbxml/utf8";
import * as markup from "./markup";

/** What `next` found. */
export const enum Step {
  /** The object has ended, and so has the document. */
  End = 0,
  Open = 1,
  /** The node that was opened last and not closed has ended. */
  Close = 2,
}

/** Texts of a node. Path is where its parent is, seen from the Target. */
export const enum Piece {
  Name = 0,
  Path = 1,
  Type = 2,
  Acl = 3,
  Title = 4,
  Value = 5,
  Count = 6,
}

const enum Token {
  DdfName = 0x11,
  Format = 0x1c,
  MgmtTree = 0x20,
  Mime = 0x21,
  Node = 0x24,
  RtProperties = 0x2f,
  Type = 0x35,
  VerDtd = 0x37,
}

/** Tokens of the elements that hold a piece, in the order of `Piece`. */
const TOKENS: usize = memory.data<u8>([0x26, 0x2c, 0x21, 0x06, 0x33, 0x36]);
const FORMATS: i32 = 11;
/** Tokens of the words of Format, in its order. */
const FORMAT_TOKENS: usize = memory.data<u8>([
  0x0b, 0x25, 0x1e, 0x09, 0x0a, 0x08, 0x27, 0x39, 0x10, 0x32, 0x1b,
]);
/** For each piece its address and its byte count, -1 where the node has none. */
const PIECES: usize = memory.data(Piece.Count << 3, 4);

/** A value of `Format`; where the node has none, Node if it has children and no Value, else Chr. */
export let format: i32 = 0;
/** The Value came as bytes, not as a string. */
export let isOpaque: bool = false;
/** Children follow, not a Close. */
export let hasChildren: bool = false;
/** Nodes that are open. */
export let depth: i32 = 0;

let buffer: usize = 0;
let limit: usize = 0;
let top: usize = 0; // Where in the buffer the next text goes.
let failure: i32 = Err.Ok;
let inside: i32 = 0; // RTProperties and Type that are open.
let isFresh: bool = false; // A node has begun that was not yielded.
let isBegun: bool = false; // The tag of a child was read before its parent was yielded.
let isOver: bool = false; // The node that was yielded last has ended.
let isNested: bool = false;
let isXml: bool = false;

/** Token of the element that says a Format, on the page of trees. */
export function tokenOf(format: i32): i32 {
  return load<u8>(FORMAT_TOKENS + format);
}

/** Gathers texts in the `capacityBytes` bytes at `ptr`; call before the others. */
export function setBuffer(ptr: usize, capacityBytes: i32): void {
  buffer = ptr;
  limit = ptr + capacityBytes;
}

/**
 * Opens an object that is a document of its own, WBXML or XML. Borrows the bytes, and `reader`,
 * until the last `next`.
 *
 * @returns Err.Ok, or a failure of `next`
 * @spec DM TNDS 1.2 §6
 */
export function open(ptr: usize, byteCount: i32): i32 {
  // No version of WBXML above 3; XML may begin with a byte order mark or blanks.
  isXml = byteCount > 0 && load<u8>(ptr) > 3;
  isNested = !isXml;
  if (isXml) {
    const mark = byteCount > 2 && (load<u32>(ptr) & 0xffffff) == 0xbfbbef ? 3 : 0;
    markup.openXml(ptr + mark, byteCount - mark);
  } else {
    reader.open(ptr, byteCount, false);
    markup.openReader();
  }
  return begin();
}

/** Opens the object that begins where `reader` stands, up to the END of the element around it. */
export function openInline(): i32 {
  isXml = false;
  isNested = false;
  markup.openReader();
  return begin();
}

function begin(): i32 {
  failure = Err.Ok;
  inside = 0;
  depth = 0;
  isFresh = false;
  isBegun = false;
  isOver = false;
  top = buffer;
  const event = readPastBlanks();
  if (event != Event.Start || markup.tag != Token.MgmtTree) fail(Err.BadFormat);
  return failure;
}

/** Address of a piece of the node that was opened last. */
export function at(piece: i32): usize {
  return load<u32>(PIECES + (piece << 3));
}

/** Bytes of a piece, 0 if the node has none. */
export function bytesOf(piece: i32): i32 {
  return max(0, load<i32>(PIECES + (piece << 3), 4));
}

export function has(piece: i32): bool {
  return load<i32>(PIECES + (piece << 3), 4) >= 0;
}

function fail(err: i32): void {
  if (failure == Err.Ok) failure = err;
}

/**
 * Finds the next step. After a failure it fails in the same way again.
 *
 * @returns a `Step`
 * @fails Err.BadFormat   no legal object: grammar, version, an unknown Format
 * @fails Err.NotAllowed  a node with a Value and children
 * @fails Err.UriTooLong  more than DEPTH_MAX nodes inside each other
 * @fails Err.TooLarge    the texts of a node exceed the buffer
 */
export function next(): i32 {
  let step = -1;
  if (isBegun) beginNode();
  else if (isOver) {
    isOver = false;
    step = close();
  }
  while (step < 0 && failure == Err.Ok) {
    switch (readPastBlanks()) {
      case Event.Start:
        step = takeStart();
        break;
      case Event.End:
        step = takeEnd();
        break;
      default:
        fail(Err.BadFormat);
    }
  }
  return failure == Err.Ok ? step : failure;
}

function takeEnd(): i32 {
  if (inside > 0) {
    inside--;
    return -1;
  }
  if (isFresh) {
    isOver = true;
    return yieldNode(false);
  }
  if (depth > 0) return close();
  if (isXml ? !markup.isAtEnd() : isNested && !reader.isAtEnd()) fail(Err.BadFormat);
  return Step.End;
}

function close(): i32 {
  depth--;
  return Step.Close;
}

function yieldNode(isParent: bool): i32 {
  isFresh = false;
  hasChildren = isParent;
  if (isParent && has(Piece.Value)) fail(Err.NotAllowed);
  if (format < 0) format = isParent ? Format.Node : Format.Chr;
  return Step.Open;
}

/** Takes an element; what is not known is skipped. */
function takeStart(): i32 {
  switch (markup.tag) {
    case Token.Node:
      if (inside) fail(Err.BadFormat);
      if (isFresh) {
        isBegun = true;
        return yieldNode(true);
      }
      beginNode();
      break;
    case Token.RtProperties:
    case Token.Type:
      mustBeFresh();
      inside++;
      break;
    case Token.Format:
      mustBeFresh();
      readFormat();
      break;
    case Token.VerDtd:
      if (depth == 0) readVersion();
      else skip();
      break;
    default:
      takePiece(markup.tag == Token.DdfName ? Token.Mime : markup.tag);
  }
  return -1;
}

/** Properties, name and value stand before the children. */
function mustBeFresh(): void {
  if (!isFresh) fail(Err.BadFormat);
}

function beginNode(): void {
  isBegun = false;
  isFresh = true;
  format = -1;
  isOpaque = false;
  top = buffer;
  memory.fill(PIECES, 0xff, Piece.Count << 3);
  if (depth++ == DEPTH_MAX) fail(Err.UriTooLong);
}

function takePiece(token: i32): void {
  let piece = 0;
  while (piece < Piece.Count && load<u8>(TOKENS + piece) != token) piece++;
  if (piece == Piece.Count) return skip();
  mustBeFresh();
  const from = top;
  const hasBytes = gather();
  if (piece == Piece.Value) isOpaque = hasBytes;
  keep(piece, from);
}

/** Keeps the text from `from` on as a piece; only a Title and a Value keep their blanks. */
function keep(piece: i32, from: usize): void {
  let past = top;
  const isText = piece < Piece.Title;
  while (isText && past > from && load<u8>(past - 1) <= 0x20) past--;
  while (isText && past > from && load<u8>(from) <= 0x20) from++;
  const n = <i32>(past - from);
  store<u32>(PIECES + (piece << 3), from);
  store<i32>(PIECES + (piece << 3), n, 4);
  if (piece == Piece.Value && isOpaque) return;
  if (!utf8.isText(from, n, utf8.BYTE_MAX)) fail(Err.BadFormat);
}

/** Appends all text up to the END to the buffer. @returns some of it came as bytes */
function gather(): bool {
  let hasBytes: bool = false;
  let event = markup.read();
  for (; event == Event.Text; event = markup.read()) {
    const n = markup.textBytes;
    if (n > <i32>(limit - top)) {
      fail(Err.TooLarge);
      return false;
    }
    memory.copy(top, markup.text, n);
    top += n;
    hasBytes = hasBytes || markup.isOpaque;
  }
  if (event != Event.End) fail(Err.BadFormat);
  return hasBytes;
}

/** Any 1.x is read. */
function readVersion(): void {
  top = buffer;
  gather();
  if (top < buffer + 2 || load<u16>(buffer) != 0x2e31) fail(Err.BadFormat);
}

/** Takes the one element inside Format. */
function readFormat(): void {
  const event = readPastBlanks();
  format = 0;
  while (format < FORMATS && load<u8>(FORMAT_TOKENS + format) != markup.tag) format++;
  if (event != Event.Start || format == FORMATS) return fail(Err.BadFormat);
  skip();
  if (readPastBlanks() != Event.End) fail(Err.BadFormat);
}

/** Reads up to the END of the element whose tag was read last. */
function skip(): void {
  let open = 1;
  while (open > 0) {
    const event = markup.read();
    if (event == Event.Start) open++;
    else if (event == Event.End) open--;
    else if (event == Event.Failed) return fail(Err.BadFormat);
  }
}

/** Reads up to the next tag or END. Text between elements says nothing. */
function readPastBlanks(): i32 {
  let event = Event.Text;
  while (event == Event.Text) event = markup.read();
  return event;
}
