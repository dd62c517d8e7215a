// A serialised sub-tree in an Add or Replace: each of its nodes is added as if by a command of its
// own; all of them or none.
import { Err, Format } from "../abi/codes";
import * as bytes from "../base/bytes";
import { SEND } from "../base/buffers";
import { SEND_BYTES } from "../base/limits";
import { Kind } from "../syncml/command";
import * as parse from "../syncml/parse";
import * as tnds from "../tree/tnds";
import { Piece, Step } from "../tree/tnds";
import * as tree from "../tree/node";
import * as uri from "../tree/uri";
import * as nodes from "./nodes";
import * as results from "./results";
import * as route from "./route";

/** Bytes of `application/vnd.syncml.dmtnds`, which `+xml` or `+wbxml` follows. */
const TYPE_BYTES: i32 = 29;
const ACCOUNT_BYTES: i32 = 27;
// prettier-ignore
const ACCOUNT: usize = memory.data<u8>([
  // urn:oma:mo:oma-dm-dmacc:1.0
  0x75, 0x72, 0x6e, 0x3a, 0x6f, 0x6d, 0x61, 0x3a, 0x6d, 0x6f, 0x3a, 0x6f, 0x6d, 0x61, 0x2d, 0x64,
  0x6d, 0x2d, 0x64, 0x6d, 0x61, 0x63, 0x63, 0x3a, 0x31, 0x2e, 0x30,
]);
const INBOX: usize = memory.data<u8>([0x49, 0x6e, 0x62, 0x6f, 0x78]);
const ACCOUNTS: usize = memory.data<u8>([0x2e, 0x2f, 0x44, 0x4d, 0x41, 0x63, 0x63]); // ./DMAcc
const ACCOUNTS_BYTES: i32 = 7;
/** `acc` */
const ACCOUNT_NAME: usize = memory.data<u8>([0x61, 0x63, 0x63]);

/** URI of the node that is added. What was sent last has been answered, so SEND is free. */
const URI: usize = SEND;
const URI_BYTES: i32 = 1024;
const SLASH: u32 = 0x2f;

let uriBytes = 0;
let baseBytes = 0; // Of the node that the names are below.
let isForInbox = false;

/** The Item holds a serialised sub-tree. */
export function isSerialised(): bool {
  if (parse.typeBytes < TYPE_BYTES) return false;
  return bytes.equal(parse.type, TYPE_BYTES, results.OBJECT_TYPE, TYPE_BYTES);
}

/** The URI that was parsed is `./Inbox` or below it. */
export function isInbox(): bool {
  const isIt = uri.nextSegment() && bytes.equal(uri.segment, uri.segmentBytes, INBOX, 5);
  uri.rewindSegments();
  return isIt;
}

/**
 * Adds objects whose place the client picks by their type; it knows accounts.
 *
 * @fails Err.NotAllowed  any other command or object
 * @spec DM STDOBJ 1.2 §5.3.4
 */
export function addToInbox(kind: i32): i32 {
  if (kind != Kind.Add || uri.query || uri.depth() > 1 || !isSerialised()) return Err.NotAllowed;
  if (parse.moreData) return Err.Later;
  const mark = tree.undoMark();
  isForInbox = true;
  uriBytes = 0;
  append(ACCOUNTS, ACCOUNTS_BYTES);
  const err = addAll(-1);
  if (err) tree.undoTo(mark);
  return err;
}

/**
 * Adds the sub-tree of the Item, or makes it the whole of what is below the Target and, where it
 * says so, of the Target itself.
 *
 * @param target  the Target's node, negative if it is not there
 * @fails as an Add of the node that cannot be added
 * @spec DM TNDS 1.2 §5
 */
export function run(kind: i32, target: i32): i32 {
  if (parse.moreData) return Err.Later;
  const mark = tree.undoMark();
  let err = kind == Kind.Add ? Err.Ok : clear(target);
  isForInbox = false;
  uriBytes = 0;
  append(parse.itemTarget, parse.itemTargetBytes);
  if (!err) err = addAll(kind == Kind.Add ? -1 : target);
  if (err) tree.undoTo(mark);
  return err;
}

function clear(target: i32): i32 {
  if (target < 0) return target;
  let err = nodes.mayReplace(target);
  while (!err && tree.firstChild(target) >= 0) err = nodes.remove(tree.firstChild(target));
  return err;
}

/** @param replaced  node that may be there already, -1 if none may */
function addAll(replaced: i32): i32 {
  baseBytes = uriBytes;
  if (parse.hasFormat && parse.format != Format.Xml && parse.format != Format.Bin) {
    return Err.BadFormat;
  }
  let err = openObject();
  let step = Step.Close;
  let count = 0;
  while (!err) {
    step = tnds.next();
    if (step <= Step.End) break;
    if (step == Step.Open) {
      err = addNode(replaced);
      count++;
    } else leaveNode();
  }
  if (err || step < 0) return err ? err : step;
  return count ? Err.Ok : Err.BadFormat;
}

function openObject(): i32 {
  tnds.setBuffer(SEND + URI_BYTES, SEND_BYTES - URI_BYTES);
  if (!parse.dataIsInline) return tnds.open(parse.data, parse.dataBytes);
  parse.openInline();
  return tnds.openInline();
}

/** Back to the URI of the parent. */
function leaveNode(): void {
  if (tnds.depth == 0) uriBytes = baseBytes;
  else while (load<u8>(URI + --uriBytes) != SLASH) {}
}

function addNode(replaced: i32): i32 {
  let err = enterNode();
  if (!err) err = uri.parse(URI, uriBytes);
  if (err) return err;
  const node = route.resolve();
  if (node == Err.Damaged) return node;
  if (node >= 0 && node != replaced) return nodes.isOwn(node) ? Err.Ok : Err.Exists;
  err = node < 0 ? nodes.mayAdd() : Err.Ok;
  if (!err) err = nodes.takeSerialised();
  if (err) return err;
  return node < 0 ? nodes.create() : nodes.change(node);
}

/** Appends path and name to the URI. Only a node at the top may be the Target itself. */
function enterNode(): i32 {
  const nameBytes = tnds.bytesOf(Piece.Name);
  if (tnds.depth > 1) {
    if (nameBytes == 0 || tnds.bytesOf(Piece.Path)) return Err.BadFormat;
  } else if (isForInbox) {
    if (!bytes.equal(tnds.at(Piece.Type), tnds.bytesOf(Piece.Type), ACCOUNT, ACCOUNT_BYTES)) {
      return Err.NotAllowed;
    }
    return nameBytes ? appendName() : nameAccount();
  } else {
    const err = appendPath(tnds.at(Piece.Path), tnds.bytesOf(Piece.Path));
    if (err || !nameBytes) return err;
  }
  return appendName();
}

/** A Path may begin with `./`, and be `.` alone. */
function appendPath(ptr: usize, byteCount: i32): i32 {
  if (byteCount && load<u8>(ptr) == 0x2e) {
    if (byteCount == 1) return Err.Ok;
    if (load<u8>(ptr, 1) == SLASH) {
      ptr += 2;
      byteCount -= 2;
    }
  }
  return byteCount ? appendBelow(ptr, byteCount) : Err.Ok;
}

function appendName(): i32 {
  const name = tnds.at(Piece.Name);
  const nameBytes = tnds.bytesOf(Piece.Name);
  for (let i = 0; i < nameBytes; i++) {
    const c: u32 = load<u8>(name + i);
    if (c == SLASH || c == 0x3f) return Err.Malformed;
  }
  return appendBelow(name, nameBytes);
}

/** The first `acc<n>` that is not there. */
function nameAccount(): i32 {
  let node = 0;
  for (let i = 1; node >= 0; i++) {
    uriBytes = baseBytes;
    appendBelow(ACCOUNT_NAME, 3);
    uriBytes += bytes.writeDecimal(i, URI + uriBytes);
    uri.parse(URI, uriBytes);
    node = route.resolve();
  }
  return Err.Ok;
}

function appendBelow(ptr: usize, byteCount: i32): i32 {
  if (uriBytes + byteCount >= URI_BYTES) return Err.UriTooLong;
  store<u8>(URI + uriBytes++, SLASH);
  append(ptr, byteCount);
  return Err.Ok;
}

function append(ptr: usize, byteCount: i32): void {
  memory.copy(URI + uriBytes, ptr, byteCount);
  uriBytes += byteCount;
}
