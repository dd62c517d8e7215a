// Access control lists: `Add=A+B&Get=*`.
import { Err } from "../abi/codes";
import * as bytes from "../base/bytes";
import * as draft from "./draft";
import * as record from "./record";
import { Piece } from "./record";
import * as table from "./table";
import { Flag } from "./table";

export const enum Right {
  Add = 0,
  Delete = 1,
  Exec = 2,
  Get = 3,
  Replace = 4,
  Count = 5,
}

// "AddDeleteExecGetReplace"
// prettier-ignore
const COMMANDS: usize = memory.data<u8>([
  0x41, 0x64, 0x64, 0x44, 0x65, 0x6c, 0x65, 0x74, 0x65, 0x45, 0x78, 0x65, 0x63, 0x47, 0x65, 0x74,
  0x52, 0x65, 0x70, 0x6c, 0x61, 0x63, 0x65,
]);
/** Bytes of each, four bits each, from the lowest. */
const COMMAND_BYTES: u32 = 0x73463;

const AND: u32 = 0x26;
const STAR: u32 = 0x2a;
const PLUS: u32 = 0x2b;
const EQUALS: u32 = 0x3d;

/** The text is an ACL that may be stored; the empty one is. */
export function isValid(ptr: usize, n: i32): bool {
  return search(ptr, n, Right.Count, 0, 0) >= 0;
}

/** This ACL alone gives the server `id` the right. One that is not valid gives none. */
export function grants(ptr: usize, n: i32, right: i32, id: usize, idBytes: i32): bool {
  return search(ptr, n, right, id, idBytes) > 0;
}

/**
 * The server `id` has the right on `node`: by its own ACL or, if it has none, by that of the
 * nearest ancestor with one.
 *
 * @returns 1 or 0, or Err.Damaged
 * @spec DM TND 1.2 §7.7.1
 */
export function allows(node: i32, right: i32, id: usize, idBytes: i32): i32 {
  while (node != 0 && !(table.flagsOf(node) & Flag.HasAcl)) node = table.parentOf(node);
  const n = record.pieceInto(node, Piece.Acl, record.TEXT);
  return n < 0 ? n : i32(grants(record.TEXT, n, right, id, idBytes));
}

/**
 * Takes a server out of every ACL, since its identifier has disappeared from the device.
 *
 * @fails Err.NoSpace  as for a change of one node; the caller takes back what was done
 * @fails Err.Damaged  a node cannot be read
 * @spec DM TND 1.2 §7.7.1
 */
export function scrub(id: usize, idBytes: i32): i32 {
  let node = 0;
  do {
    const err = table.flagsOf(node) & Flag.HasAcl ? scrubOne(node, id, idBytes) : 0;
    if (err) return err;
    node = table.following(node);
  } while (node != 0);
  return Err.Ok;
}

function scrubOne(node: i32, id: usize, idBytes: i32): i32 {
  const n = record.pieceInto(node, Piece.Acl, record.TEXT);
  if (n < 0) return n;
  const kept = strip(n, id, idBytes, node == 0);
  if (kept == n) return Err.Ok;
  const err = draft.edit(node);
  if (err) return err;
  draft.draftAcl(record.TEXT, kept);
  return draft.storeDraft(node);
}

/**
 * Takes a server out of the ACL of `n` bytes in the scratch text. A command that is left without
 * identifiers goes; at the root it is then for everybody. @returns bytes that are left
 */
function strip(n: i32, id: usize, idBytes: i32, isRoot: bool): i32 {
  const end = record.TEXT + n;
  let to = record.TEXT;
  let entry = to;
  let word = to;
  let isEmpty = true; // Of identifiers, up to here.
  for (let at = word; at <= end; at++) {
    const c: u32 = at < end ? load<u8>(at) : AND;
    if (isIdByte(c) || c == STAR) continue;
    if (c == EQUALS) {
      entry = to;
      isEmpty = true;
      if (to != record.TEXT) store<u8>(to++, AND);
      to = move(to, word, at + 1);
    } else if (!bytes.equal(word, i32(at - word), id, idBytes)) {
      if (!isEmpty) store<u8>(to++, PLUS);
      isEmpty = false;
      to = move(to, word, at);
    }
    if (c == AND && isEmpty) {
      if (isRoot) store<u8>(to++, STAR);
      else to = entry;
    }
    word = at + 1;
  }
  return i32(to - record.TEXT);
}

function move(to: usize, from: usize, end: usize): usize {
  memory.copy(to, from, end - from);
  return to + (end - from);
}

/** Reads a whole ACL: -1 if it is not valid, 1 if it gives `id` the right, else 0. */
function search(ptr: usize, n: i32, right: i32, id: usize, idBytes: i32): i32 {
  const end = ptr + n;
  let word = ptr;
  let command = -1; // The one whose identifiers are read.
  let barred: u32 = 1 << Right.Count; // Commands that may not come: none at all, or one that did.
  let found = 0;
  for (; n != 0 && ptr <= end; ptr++) {
    // The end closes the last identifier as `&` does.
    const c: u32 = ptr < end ? load<u8>(ptr) : AND;
    if (isIdByte(c) || (c == STAR && ptr == word)) continue;
    const wordBytes = i32(ptr - word);
    if (command < 0) {
      command = commandOf(word, wordBytes);
      if (c != EQUALS || (barred >> command) & 1) return -1;
      barred |= 1 << command;
    } else {
      const isStar = load<u8>(word) == STAR;
      if ((c != PLUS && c != AND) || wordBytes == 0 || (isStar && wordBytes > 1)) return -1;
      if (command == right && (isStar || bytes.equal(word, wordBytes, id, idBytes))) found = 1;
      if (c == AND) command = -1;
    }
    word = ptr + 1;
  }
  return found;
}

/** The command of that name, `Right.Count` if there is none. */
function commandOf(word: usize, wordBytes: i32): i32 {
  let name = COMMANDS;
  let command = 0;
  for (; command < Right.Count; command++) {
    const nameBytes = (COMMAND_BYTES >> (command << 2)) & 0xf;
    if (bytes.equal(word, wordBytes, name, nameBytes)) break;
    name += nameBytes;
  }
  return command;
}

function isIdByte(c: u32): bool {
  return c > 0x20 && c != 0x7f && c != AND && c != STAR && c != PLUS && c != EQUALS;
}
