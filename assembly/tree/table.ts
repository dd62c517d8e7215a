// The nodes that RAM holds: how they hang together, and where in the journal the rest of each one
// lies.
//
//   0         2         4         6         8         10        12
//   +---------+---------+---------+---------+---------+---------+-------------------+
//   | parent  | child   | sibling | flags   | hash    | bytes   | place             |
//   +---------+---------+---------+---------+---------+---------+-------------------+
//   `child` is the first one, `sibling` the next one, 0 none: the root is neither. `hash` is that
//   of the name, `bytes` the payload of the record at `place`, which is 0 for a root that has none.
import { Format } from "../abi/codes";
import { NODES_MAX } from "../base/limits";

const ENTRY_BYTES: i32 = 16;
const CHILD: usize = 2;
const SIBLING: usize = 4;
/** Flags, hash, bytes and place: what a new record of a node changes. */
export const CONTENT: usize = 6;
export const CONTENT_BYTES: i32 = 10;

export const FORMAT_MASK: u32 = 0xf;
/** Bits of `flags` besides the Format in the low four. The first two are stored. */
export const enum Flag {
  Permanent = 0x10,
  Stored = 0x1f,
  HasAcl = 0x20,
  Used = 0x40,
  Reached = 0x80,
}

export const TABLE: usize = memory.data(NODES_MAX * ENTRY_BYTES, 4);

/** Address of a node's entry. */
export function at(node: i32): usize {
  return TABLE + node * ENTRY_BYTES;
}

export function parentOf(node: i32): i32 {
  return load<u16>(at(node));
}

/** First child, 0 if there is none. */
export function childOf(node: i32): i32 {
  return load<u16>(at(node), CHILD);
}

/** Next sibling, 0 if there is none. */
export function siblingOf(node: i32): i32 {
  return load<u16>(at(node), SIBLING);
}

export function flagsOf(node: i32): u32 {
  return load<u16>(at(node), 6);
}

export function hashOf(node: i32): u32 {
  return load<u16>(at(node), 8);
}

/** Payload bytes of the node's record. */
export function bytesOf(node: i32): i32 {
  return load<u16>(at(node), 10);
}

/** Place of the node's record, 0 for a root without one. */
export function placeOf(node: i32): u32 {
  return load<u32>(at(node), 12);
}

export function setFlags(node: i32, flags: u32): void {
  store<u16>(at(node), flags, 6);
}

/** The node's record has moved. */
export function setPlace(node: i32, place: u32): void {
  store<u32>(at(node), place, 12);
}

/** The node has another record. */
export function setContent(node: i32, flags: u32, hash: u32, bytes: i32, place: u32): void {
  setFlags(node, flags | Flag.Used);
  store<u16>(at(node), hash, 8);
  store<u16>(at(node), bytes, 10);
  setPlace(node, place);
}

/**
 * Empties the table but for the root, which has no record but `rootBytes` that stand for its
 * payload.
 */
export function clear(rootBytes: i32): void {
  memory.fill(TABLE, 0, NODES_MAX * ENTRY_BYTES);
  setContent(0, Format.Node | Flag.Permanent | Flag.HasAcl, 0, rootBytes, 0);
}

/** A number greater than `above` that no node has, -1 if all are in use. */
export function findFree(above: i32): i32 {
  for (let node = above + 1; node < NODES_MAX; node++) {
    if (flagsOf(node) == 0) return node;
  }
  return -1;
}

/** Makes a node without content the last child of `parent`. */
export function append(node: i32, parent: i32): void {
  store<u32>(at(node), parent); // No children.
  store<u16>(at(node), 0, SIBLING);
  let link = at(parent) + CHILD;
  while (load<u16>(link) != 0) link = at(load<u16>(link)) + SIBLING;
  store<u16>(link, node);
}

/**
 * Takes a node and all below it out of the tree. Returns the address of the link that named it, for
 * `relink`.
 */
export function unlink(node: i32): usize {
  let link = at(parentOf(node)) + CHILD;
  while (load<u16>(link) != node) link = at(load<u16>(link)) + SIBLING;
  store<u16>(link, siblingOf(node));
  return link;
}

/**
 * Puts back what `unlink` took out, when nothing has changed since or all that did was taken back.
 */
export function relink(node: i32, link: usize): void {
  store<u16>(link, node);
}

/** The node after `node`, parents before children; 0 after the last one. */
export function following(node: i32): i32 {
  let next = childOf(node);
  while (next == 0 && node != 0) {
    next = siblingOf(node);
    node = parentOf(node);
  }
  return next;
}

/** Frees the numbers of all nodes that are not in the tree. */
export function sweep(): void {
  let node = 0;
  do {
    setFlags(node, flagsOf(node) | Flag.Reached);
    node = following(node);
  } while (node != 0);
  for (; node < NODES_MAX; node++) {
    const flags = flagsOf(node);
    setFlags(node, flags & Flag.Reached ? flags & ~Flag.Reached : 0);
  }
}
