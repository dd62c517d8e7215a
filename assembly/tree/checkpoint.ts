// The tree's part of a checkpoint, and its limit.
import { Err } from "../abi/codes";
import * as journal from "../journal/journal";
import { Type } from "../journal/journal";
import * as table from "./table";
import * as undo from "./undo";

let budget: i32 = 0x7fffffff;

/**
 * Sets the limit of `checkpointBytes`: what would exceed it is refused when it is asked for, not at
 * an opening.
 */
export function setBudget(byteCount: i32): void {
  budget = byteCount;
}

/** Bytes that `writeAll` would append. */
export function checkpointBytes(): i32 {
  let sum = 0;
  let node = 0;
  do {
    sum += recordBytes(node);
    node = table.following(node);
  } while (node != 0);
  return sum;
}

function recordBytes(node: i32): i32 {
  return table.flagsOf(node) != 0 && table.placeOf(node) != 0
    ? journal.recordBytes(table.bytesOf(node))
    : 0;
}

/** A record of `payloadBytes` may take the place of that of `node`, which has none if it is new. */
export function isWithinBudget(node: i32, payloadBytes: i32): bool {
  return checkpointBytes() - recordBytes(node) + journal.recordBytes(payloadBytes) <= budget;
}

/**
 * Appends every node to the checkpoint in progress, parents first, and moves their places there.
 *
 * From here to the end of the checkpoint no node can be read.
 *
 * @fails Err.Damaged  a record was damaged since the opening began; the journal writes nothing more
 */
export function writeAll(): i32 {
  undo.undoClear();
  let node = 0;
  do {
    const place = table.placeOf(node);
    if (place != 0) {
      const failure = journal.check(place);
      if (failure != Err.Ok) journal.fail(failure);
      const payloadBytes = table.bytesOf(node);
      journal.begin(Type.Node, payloadBytes);
      journal.putFrom(place, 0, payloadBytes);
      table.setPlace(node, journal.finish());
    }
    node = table.following(node);
  } while (node != 0);
  return journal.error();
}
