// The management tree, as the layers above see it. A node is its number, 0 the root; numbers
// survive restarts.
//
//   start   reset, then applyRecord for each NODE and applyDelete for each DELETE of the journal
//   read    firstChild, nextSibling, find, …Into; whatever is read is verified first
//   change  draft or edit, draft…, create or store; remove
//   end     journal.groupEnd, undoClear; or undoTo, journal.dropGroup
import { Err } from "../abi/codes";
import { NODES_MAX } from "../base/limits";
import * as bytes from "../base/bytes";
import * as journal from "../journal/journal";
import * as record from "./record";
import { Piece } from "./record";
import * as table from "./table";
import { Flag } from "./table";

export { checkpointBytes, setBudget, writeAll } from "./checkpoint";
export {
  create,
  createAbove,
  draft,
  draftAcl,
  draftFormat,
  draftName,
  draftTitle,
  draftType,
  draftValue,
  edit,
  remove,
  storeDraft as store,
} from "./draft";
export { find, isInterior, reset } from "./record";
export { undoClear, undoMark, undoTo } from "./undo";

/**
 * Replays the NODE at `place`.
 *
 * @fails Err.Damaged  it cannot be read, or it contradicts what was replayed before it
 */
export function applyRecord(place: u32): i32 {
  const recordBytes = journal.bytesAt(place);
  if (recordBytes < 0 || record.readFront(place, recordBytes) != Err.Ok) return Err.Damaged;
  const node: i32 = load<u16>(record.HEAD);
  const parent: i32 = load<u16>(record.HEAD, 2);
  if (!isAlive(node)) {
    if (node >= NODES_MAX || !isAlive(parent)) return Err.Damaged;
    table.append(node, parent);
  }
  record.keep(
    node,
    bytes.hash16(record.TEXT, load<u8>(record.HEAD, record.LENGTHS)),
    recordBytes,
    place,
  );
  return Err.Ok;
}

/**
 * Replays the DELETE at `place`.
 *
 * @fails Err.Damaged  it cannot be read, or names no node
 */
export function applyDelete(place: u32): i32 {
  if (journal.read(place, 0, record.HEAD, 2) != Err.Ok) return Err.Damaged;
  const node: i32 = load<u16>(record.HEAD);
  if (node == 0 || !isAlive(node)) return Err.Damaged;
  table.unlink(node);
  table.sweep();
  return Err.Ok;
}

/** The number is that of a node; of a removed one too, as long as `undoTo` could bring it back. */
export function isAlive(node: i32): bool {
  return node >= 0 && node < NODES_MAX && table.flagsOf(node) != 0;
}

/** First child, -1 if there is none. */
export function firstChild(node: i32): i32 {
  return orNone(table.childOf(node));
}

/** Next sibling in the order of creation, -1 if there is none. */
export function nextSibling(node: i32): i32 {
  return orNone(table.siblingOf(node));
}

/** Parent, -1 for the root. */
export function parentOf(node: i32): i32 {
  return node == 0 ? -1 : table.parentOf(node);
}

function orNone(node: i32): i32 {
  return node == 0 ? -1 : node;
}

/** Neither Delete nor rename may touch it. */
export function isPermanent(node: i32): bool {
  return (table.flagsOf(node) & Flag.Permanent) != 0;
}

/** A value of `Format`. */
export function formatOf(node: i32): i32 {
  return table.flagsOf(node) & table.FORMAT_MASK;
}

/** Nodes in the tree, the root included. */
export function count(): i32 {
  let nodes = 0;
  let node = 0;
  do {
    nodes++;
    node = table.following(node);
  } while (node != 0);
  return nodes;
}

/**
 * Copies the name, at most SEGMENT_BYTES_MAX bytes, to `ptr`. Returns its bytes, or Err.Damaged.
 */
export function nameInto(node: i32, ptr: usize): i32 {
  return record.pieceInto(node, Piece.Name, ptr);
}

/** Copies the Type, at most TYPE_BYTES_MAX bytes, to `ptr`. Returns its bytes, or Err.Damaged. */
export function typeInto(node: i32, ptr: usize): i32 {
  return record.pieceInto(node, Piece.Type, ptr);
}

/**
 * Copies the node's own ACL, at most ACL_BYTES_MAX bytes, to `ptr`. Returns its bytes, or
 * Err.Damaged.
 */
export function aclInto(node: i32, ptr: usize): i32 {
  return record.pieceInto(node, Piece.Acl, ptr);
}

/** Copies the Title, at most TITLE_BYTES_MAX bytes, to `ptr`. Returns its bytes, or Err.Damaged. */
export function titleInto(node: i32, ptr: usize): i32 {
  return record.pieceInto(node, Piece.Title, ptr);
}

/** Bytes of the value, or Err.Damaged. */
export function valueBytes(node: i32): i32 {
  return record.loadHead(node) != Err.Ok ? Err.Damaged : record.valueBytes(node);
}

/**
 * Copies `n` bytes of the value, from `offset` on, to `ptr`; they must be there. Err.Ok or
 * Err.Damaged.
 */
export function readValue(node: i32, offset: i32, ptr: usize, n: i32): i32 {
  if (record.loadHead(node) != Err.Ok) return Err.Damaged;
  return record.read(node, record.offsetOf(Piece.Value) + offset, ptr, n);
}

/** TStamp in seconds since 1970 UTC; 0 if it is unknown or cannot be read. */
export function stampOf(node: i32): u32 {
  return record.loadHead(node) != Err.Ok ? 0 : load<u32>(record.HEAD, record.STAMP);
}

/** VerNo, or Err.Damaged. */
export function versionOf(node: i32): i32 {
  return record.loadHead(node) != Err.Ok ? Err.Damaged : load<u16>(record.HEAD, record.VERSION);
}
