// What the journal holds of a node. docs/journal-format.md, NODE, is the authority on the bytes.
import { Err, Format } from "../abi/codes";
import * as bytes from "../base/bytes";
import * as journal from "../journal/journal";
import * as table from "./table";
import { Flag } from "./table";

export const HEAD_BYTES: i32 = 16;
const TEXT_BYTES: i32 = 256;
const FLAGS: usize = 4;
/** One byte for each piece but the value, whose length is the rest. */
export const LENGTHS: usize = 6;
export const VERSION: usize = 10;
export const STAMP: usize = 12;

/** The pieces behind the head, in their order. */
export const enum Piece {
  Name = 0,
  Type = 1,
  Acl = 2,
  Title = 3,
  Value = 4,
  Count = 5,
}

/** The head that was loaded last, or is about to be written. */
export const HEAD: usize = memory.data(HEAD_BYTES + TEXT_BYTES, 4);
/** One piece that is looked at; any but a value fits. */
export const TEXT: usize = HEAD + HEAD_BYTES;

/** The root as long as nothing else is recorded of it: `.`, with the ACL `Add=*&Get=*`. */
// prettier-ignore
export const ROOT: usize = memory.data<u8>([
  0, 0, 0, 0, 0x11, 0, 1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 0x2e,
  0x41, 0x64, 0x64, 0x3d, 0x2a, 0x26, 0x47, 0x65, 0x74, 0x3d, 0x2a,
]);

const ROOT_BYTES: i32 = 28;

/** Empties the tree but for the root. */
export function reset(): void {
  table.clear(ROOT_BYTES);
}

/** Loads the head of a node's record, after verifying the whole record. */
export function loadHead(node: i32): i32 {
  const place = table.placeOf(node);
  if (place != 0 && journal.check(place) != Err.Ok) return Err.Damaged;
  return read(node, 0, HEAD, HEAD_BYTES);
}

/**
 * Loads the head of the record at `place` and, into TEXT, what fits of the rest, with the whole
 * name.
 */
export function readFront(place: u32, recordBytes: i32): i32 {
  return journal.read(place, 0, HEAD, min(recordBytes, HEAD_BYTES + TEXT_BYTES));
}

/** Copies bytes of a node's record. */
export function read(node: i32, offset: i32, ptr: usize, n: i32): i32 {
  const place = table.placeOf(node);
  if (place != 0) return journal.read(place, offset, ptr, n);
  memory.copy(ptr, ROOT + offset, n);
  return Err.Ok;
}

/** Where a piece starts, by the head that is loaded. */
export function offsetOf(piece: i32): i32 {
  let offset = HEAD_BYTES;
  while (--piece >= 0) offset += load<u8>(HEAD + piece, LENGTHS);
  return offset;
}

/** Bytes of the node's value, by the head that is loaded. */
export function valueBytes(node: i32): i32 {
  return table.bytesOf(node) - offsetOf(Piece.Value);
}

/** Copies a piece other than the value to `ptr`. Returns its bytes, or Err.Damaged. */
export function pieceInto(node: i32, piece: i32, ptr: usize): i32 {
  if (loadHead(node) != Err.Ok) return Err.Damaged;
  const n: i32 = load<u8>(HEAD + piece, LENGTHS);
  return read(node, offsetOf(piece), ptr, n) != Err.Ok ? Err.Damaged : n;
}

/** Keeps in the table what the head says of a node whose record is at `place`. */
export function keep(node: i32, hash: u32, recordBytes: i32, place: u32): void {
  const acl = load<u8>(HEAD + Piece.Acl, LENGTHS) != 0 ? Flag.HasAcl : 0;
  table.setContent(node, (load<u16>(HEAD, FLAGS) & Flag.Stored) | acl, hash, recordBytes, place);
}

/** Puts Format and permanence into the head. */
export function setFlags(flags: u32): void {
  store<u16>(HEAD, flags, FLAGS);
}

/** The node below `parent` whose name is the `n` bytes at `name`; Err.NotFound, or Err.Damaged. */
export function find(parent: i32, name: usize, n: i32): i32 {
  const hash = bytes.hash16(name, n);
  for (let node = table.childOf(parent); node != 0; node = table.siblingOf(node)) {
    if (table.hashOf(node) != hash) continue;
    const nameBytes = pieceInto(node, Piece.Name, TEXT);
    if (nameBytes < 0) return nameBytes;
    if (bytes.equal(TEXT, nameBytes, name, n)) return node;
  }
  return Err.NotFound;
}

/** The node can have children. */
export function isInterior(node: i32): bool {
  return (table.flagsOf(node) & table.FORMAT_MASK) == Format.Node;
}
