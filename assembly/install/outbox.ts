// Outcomes that servers are owed. An outcome is the report: it never changes and lives until its
// ACK.
//
//   0           4       8        10          11       12      13
//   +-----------+-------+--------+-----------+--------+-------+---------------------------+
//   | operation | group | result | component | reason | count | count x (component, job)  |
//   +-----------+-------+--------+-----------+--------+-------+---------------------------+
//   a row in RAM and, cut after the last pair, the payload of an OUT record
import { Err } from "../abi/codes";
import { OUTCOMES_MAX, TARGETS_MAX } from "../base/limits";
import * as journal from "../journal/journal";
import * as inventory from "./inventory";
import * as jobs from "./jobs";

const HEADER_BYTES: i32 = 13;
const ROW_BYTES: i32 = 48;
const ROWS: usize = memory.data(OUTCOMES_MAX * ROW_BYTES, 4);
/** Offset in a row of a flag that only this run knows. */
const WITHHELD: usize = 46;
/** Component of a row where no single one is to blame. */
export const NOBODY: i32 = 0xff;

assert(HEADER_BYTES + 2 * TARGETS_MAX <= <i32>WITHHELD);

let count = 0;

/** Forgets everything. */
export function reset(): void {
  count = 0;
}

export function total(): i32 {
  return count;
}

export function hasRoom(): bool {
  return count < OUTCOMES_MAX;
}

export function row(index: i32): usize {
  return ROWS + index * ROW_BYTES;
}

export function operationOf(at: usize): u32 {
  return load<u32>(at);
}

export function groupOf(at: usize): u32 {
  return load<u32>(at, 4);
}

export function resultOf(at: usize): i32 {
  return load<u16>(at, 8);
}

export function componentOf(at: usize): i32 {
  return load<u8>(at, 10);
}

export function reasonOf(at: usize): i32 {
  return load<u8>(at, 11);
}

/** How many components a row names. */
export function namedCount(at: usize): i32 {
  return load<u8>(at, 12);
}

/** The component number at `index` of a row. */
export function namedAt(at: usize, index: i32): i32 {
  return load<u8>(at + HEADER_BYTES + index * 2);
}

/** The place in its group of the job that brought the component at `index`. */
export function jobAt(at: usize, index: i32): i32 {
  return load<u8>(at + HEADER_BYTES + index * 2, 1);
}

/** The row of an operation, 0 if nothing is owed for it. */
export function find(operation: u32): usize {
  for (let i = 0; i < count; i++) if (operationOf(row(i)) == operation) return row(i);
  return 0;
}

/** True when its server refused an alert of this outcome: it is not sent again in this run. */
export function isWithheld(at: usize): bool {
  return load<u8>(at, WITHHELD) != 0;
}

export function withhold(at: usize, isHeld: bool): void {
  store<u8>(at, isHeld ? 1 : 0, WITHHELD);
}

/** True when an outcome of this group is owed. */
export function hasGroup(group: u32): bool {
  for (let i = 0; i < count; i++) if (groupOf(row(i)) == group) return true;
  return false;
}

/** Bit mask of the components that owed outcomes name as the cause. */
export function namedMask(): u32 {
  let mask: u32 = 0;
  for (let i = 0; i < count; i++) {
    const component = componentOf(row(i));
    if (component != NOBODY) mask |= <u32>1 << component;
  }
  return mask;
}

/** Adds a row in RAM that names every component of the plan. */
export function add(group: u32, result: i32, component: i32, reason: i32): usize {
  const at = row(count++);
  memory.fill(at, 0, ROW_BYTES);
  store<u32>(at, group);
  store<u32>(at, group, 4);
  store<u16>(at, result, 8);
  store<u8>(at, component, 10);
  store<u8>(at, reason, 11);
  const named = inventory.plannedCount();
  store<u8>(at, named, 12);
  for (let i = 0; i < named; i++) {
    const entry = inventory.planned(i);
    store<u8>(at + HEADER_BYTES + i * 2, load<u16>(entry));
    store<u8>(at + HEADER_BYTES + i * 2, inventory.jobOf(entry), 1);
  }
  return at;
}

/**
 * Appends one row as an OUT record: in a checkpoint, or alone for a job that ended without a plan.
 */
export function write(at: usize): void {
  const byteCount = HEADER_BYTES + 2 * namedCount(at);
  journal.begin(inventory.Type.Out, byteCount);
  journal.put(at, byteCount);
  journal.finish();
}

/** Replays an OUT record. */
export function apply(place: u32): i32 {
  const byteCount = journal.bytesAt(place);
  if (byteCount > <i32>WITHHELD || byteCount < HEADER_BYTES) return Err.Damaged;
  if (count == OUTCOMES_MAX) return Err.Damaged;
  memory.fill(row(count), 0, ROW_BYTES);
  return journal.read(place, 0, row(count++), byteCount);
}

/** Ends what a row stands for: its jobs go with it. */
export function remove(operation: u32): void {
  for (let i = 0; i < count; i++) {
    if (operationOf(row(i)) != operation) continue;
    jobs.dropGroup(groupOf(row(i)));
    count--;
    memory.copy(row(i), row(i + 1), (count - i) * ROW_BYTES);
    return;
  }
}

/** Appends the ACK of an outcome: its server has answered every alert of it. */
export function acknowledge(operation: u32): void {
  journal.begin(inventory.Type.Ack, 4);
  journal.put32(operation);
  journal.finish();
  remove(operation);
}

/** Replays an ACK record. */
export function applyAck(place: u32, scratch: usize): i32 {
  if (journal.read(place, 0, scratch, 4)) return Err.Damaged;
  remove(load<u32>(scratch));
  return Err.Ok;
}

/** Appends all rows to a checkpoint. */
export function writeAll(): void {
  for (let i = 0; i < count; i++) write(row(i));
}
