// What an Atomic has done to the table so far, so that it can be taken back until its group is
// closed.
//
//   0                   2         12
//   +-------------------+---------+
//   | kind << 12 | node | content |
//   +-------------------+---------+
//   `content` is for Changed as in the table, for Removed first the offset of the link that named
//   the node there, for Created of no meaning.
//
// Taken back from the last one to the first, so each finds the table as it left it.
import * as table from "./table";

const ENTRY_BYTES: i32 = 12;
const LOG_BYTES: i32 = 170 * ENTRY_BYTES;
const NODE_MASK: u32 = 0xfff;

export const enum Change {
  Created = 0x1000,
  Removed = 0x2000,
  Changed = 0x3000,
}

const LOG: usize = memory.data(LOG_BYTES, 4);

let used: i32 = 0;

/** The log can take one more entry. */
export function hasRoom(): bool {
  return used < LOG_BYTES;
}

/** Notes a change. Called before it happens, for Removed behind it. */
export function note(change: Change, node: i32, link: usize): void {
  const entry = LOG + used;
  store<u16>(entry, change | node);
  memory.copy(entry + 2, table.at(node) + table.CONTENT, table.CONTENT_BYTES);
  if (change == Change.Removed) store<u16>(entry, link - table.TABLE, 2);
  used += ENTRY_BYTES;
}

/** A point to which `undoTo` can return. */
export function undoMark(): i32 {
  return used;
}

/** Takes back all changes since `mark`. The caller then drops the group in the journal. */
export function undoTo(mark: i32): void {
  while (used > mark) {
    used -= ENTRY_BYTES;
    takeBack(LOG + used);
  }
}

function takeBack(entry: usize): void {
  const node = load<u16>(entry) & NODE_MASK;
  switch (load<u16>(entry) & ~NODE_MASK) {
    case Change.Created:
      table.unlink(node);
      table.setFlags(node, 0);
      break;
    case Change.Removed:
      table.relink(node, table.TABLE + load<u16>(entry, 2));
      break;
    default:
      memory.copy(table.at(node) + table.CONTENT, entry + 2, table.CONTENT_BYTES);
  }
}

/** The group is closed: nothing is taken back any more, and removed nodes are free. */
export function undoClear(): void {
  if (used != 0) table.sweep();
  used = 0;
}
