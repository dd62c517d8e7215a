// Changing the tree: a node is drafted piece by piece, then appended to the journal whole.
import { Block, Err } from "../abi/codes";
import {
  ACL_BYTES_MAX,
  SEGMENT_BYTES_MAX,
  TITLE_BYTES_MAX,
  TYPE_BYTES_MAX,
  VALUE_BYTES_MAX,
} from "../base/limits";
import * as bytes from "../base/bytes";
import * as journal from "../journal/journal";
import { Type } from "../journal/journal";
import * as checkpoint from "./checkpoint";
import * as record from "./record";
import { Piece } from "./record";
import * as table from "./table";
import { Flag } from "./table";
import * as undo from "./undo";
import { Change } from "./undo";

/** Payload of the GROUP_END that must still fit behind every change. */
const CLOSER_BYTES: i32 = 6;
/** Payload of DELETE: the node. */
const DELETE_BYTES: i32 = 2;
/**
 * A piece is taken from the record that is edited: its source is an offset there, not an address.
 */
const IN_RECORD: u32 = 0x80000000;

const LIMITS: usize = memory.data<i32>([
  SEGMENT_BYTES_MAX,
  TYPE_BYTES_MAX,
  ACL_BYTES_MAX,
  TITLE_BYTES_MAX,
  VALUE_BYTES_MAX,
]);

// For each piece its source and its byte count, u32 each.
const PIECES: usize = memory.data(Piece.Count * 8, 4);
let flags: u32 = 0;
let version: u32 = 0;
let edited: u32 = 0; // Place of the record that is edited, 0 if none.

/** Starts the draft of a node: no name, no value, nothing else. */
export function draft(format: i32, isPermanent: bool): void {
  memory.fill(PIECES, 0, Piece.Count * 8);
  flags = format | (isPermanent ? Flag.Permanent : 0);
  version = 0;
  edited = 0;
}

/** Starts a draft that is what `node` is; what is not drafted anew is copied when it is stored. */
export function edit(node: i32): i32 {
  if (record.loadHead(node) != Err.Ok) return Err.Damaged;
  edited = table.placeOf(node);
  flags = table.flagsOf(node) & Flag.Stored;
  version = load<u16>(record.HEAD, record.VERSION);
  let source: u32 = edited != 0 ? IN_RECORD : u32(record.ROOT);
  source += record.HEAD_BYTES;
  for (let piece = 0; piece < Piece.Value; piece++) {
    const n: i32 = load<u8>(record.HEAD + piece, record.LENGTHS);
    setPiece(piece, source, n);
    source += n;
  }
  setPiece(Piece.Value, source, record.valueBytes(node));
  return Err.Ok;
}

/** Drafts another Format. */
export function draftFormat(format: i32): void {
  flags = (flags & Flag.Permanent) | format;
}

/**
 * Drafts the name. Borrows the bytes until the draft is stored; the same goes for the other pieces.
 */
export function draftName(ptr: usize, n: i32): void {
  setPiece(Piece.Name, ptr, n);
}

export function draftType(ptr: usize, n: i32): void {
  setPiece(Piece.Type, ptr, n);
}

/** Drafts the ACL; 0 bytes: inherited. */
export function draftAcl(ptr: usize, n: i32): void {
  setPiece(Piece.Acl, ptr, n);
}

export function draftTitle(ptr: usize, n: i32): void {
  setPiece(Piece.Title, ptr, n);
}

export function draftValue(ptr: usize, n: i32): void {
  setPiece(Piece.Value, ptr, n);
}

function setPiece(piece: i32, source: usize, n: i32): void {
  store<u32>(PIECES + (piece << 3), source);
  store<u32>(PIECES + (piece << 3), n, 4);
}

function sourceOf(piece: i32): u32 {
  return load<u32>(PIECES + (piece << 3));
}

function bytesOf(piece: i32): i32 {
  return load<u32>(PIECES + (piece << 3), 4);
}

/**
 * Creates the drafted node as the last child of `parent`.
 *
 * @returns the node
 * @fails Err.NotAllowed  the parent is a leaf
 * @fails Err.Exists      it has a child of that name
 * @fails Err.Full        NODES_MAX nodes are in use
 * @fails Err.Malformed   the draft has no name
 * @fails Err.TooLarge    a piece exceeds its limit
 * @fails Err.NoSpace     budget, room in the region or undo log would be exceeded; nothing has
 * changed
 */
export function create(parent: i32): i32 {
  return createAbove(0, parent);
}

/** The same, with a number that is greater than `above`. */
export function createAbove(above: i32, parent: i32): i32 {
  if (!record.isInterior(parent)) return Err.NotAllowed;
  const node = table.findFree(above);
  const failure = write(node, parent);
  return failure != Err.Ok ? failure : node;
}

/**
 * Makes the draft the new state of `node`: one version more, stamped with the present time.
 *
 * @fails as for `create`
 */
export function storeDraft(node: i32): i32 {
  return write(node, table.parentOf(node));
}

/** Appends the draft as `node`, which is new or in use, or -1 if no number was free. */
function write(node: i32, parent: i32): i32 {
  if (node < 0) return Err.Full;
  const name = sourceOf(Piece.Name);
  let hash = table.hashOf(node);
  if (name < IN_RECORD) {
    const other = record.find(parent, name, bytesOf(Piece.Name));
    if (other >= 0 && other != node) return Err.Exists;
    if (other == Err.Damaged) return other;
    hash = bytes.hash16(name, bytesOf(Piece.Name));
  }
  const total = buildHead(node, parent);
  if (total < 0) return total;
  if (!checkpoint.isWithinBudget(node, total)) return Err.NoSpace;
  const failure = begin(Type.Node, total);
  if (failure != Err.Ok) return failure;
  journal.put(record.HEAD, record.HEAD_BYTES);
  for (let piece = 0; piece < Piece.Count; piece++) putPiece(sourceOf(piece), bytesOf(piece));
  const place = journal.finish();
  if (journal.error() != Err.Ok) return journal.error();
  const isNew = table.flagsOf(node) == 0;
  undo.note(isNew ? Change.Created : Change.Changed, node, 0);
  if (isNew) table.append(node, parent);
  record.keep(node, hash, total, place);
  return Err.Ok;
}

/** Makes the head of the draft. Returns the payload bytes of the whole record, or an Err. */
function buildHead(node: i32, parent: i32): i32 {
  let total = record.HEAD_BYTES;
  for (let piece = 0; piece < Piece.Count; piece++) {
    const n = bytesOf(piece);
    if (n > load<i32>(LIMITS + (piece << 2))) return Err.TooLarge;
    // The value's byte lands in the version, which follows and is written last.
    store<u8>(record.HEAD + piece, n, record.LENGTHS);
    total += n;
  }
  if (bytesOf(Piece.Name) == 0) return Err.Malformed;
  store<u32>(record.HEAD, node | (parent << 16));
  record.setFlags(flags);
  store<u16>(record.HEAD, version + 1, record.VERSION);
  store<u32>(record.HEAD, load<u32>(Block.Now), record.STAMP);
  return total;
}

/** Starts a record if it, its entry in the undo log and a GROUP_END behind it have room. */
function begin(type: i32, payloadBytes: i32): i32 {
  const needed = journal.recordBytes(payloadBytes) + journal.recordBytes(CLOSER_BYTES);
  if (!undo.hasRoom() || (journal.isOpen() && needed > journal.room())) return Err.NoSpace;
  journal.begin(type, payloadBytes);
  return journal.error();
}

function putPiece(source: u32, n: i32): void {
  if (source < IN_RECORD) journal.put(source, n);
  else journal.putFrom(edited, source ^ IN_RECORD, n);
}

/**
 * Removes `node` and all below it. Their numbers stay in use until `undoClear`.
 *
 * @fails Err.NotAllowed  it is the root
 * @fails Err.NoSpace     room in the region or undo log would be exceeded; nothing has changed
 */
export function remove(node: i32): i32 {
  if (node == 0) return Err.NotAllowed;
  const failure = begin(Type.Delete, DELETE_BYTES);
  if (failure != Err.Ok) return failure;
  journal.put16(node);
  journal.finish();
  if (journal.error() == Err.Ok) undo.note(Change.Removed, node, table.unlink(node));
  return journal.error();
}
