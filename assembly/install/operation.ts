// The open operation: its header, and the records that move it from PLANNED to its one OUTCOME.
//
//   0    4       5       6       7   8        10        12
//   +----+-------+-------+-------+---+--------+---------+--------+
//   | id | count | tries | state | k | reason | context | serial |    then `count` entries
//   +----+-------+-------+-------+---+--------+---------+--------+
//   `reason`: low byte the cause as a positive Err, high byte the component to blame (FF nobody).
//   `id` is the number of the job group, which is the context; so `context`, its length, is 0.
import { Block, Err, OperationState } from "../abi/codes";
import { JOBS_MAX, TRIES_MAX } from "../base/limits";
import * as journal from "../journal/journal";
import * as tree from "../tree/node";
import * as inventory from "./inventory";
import * as jobs from "./jobs";
import * as outbox from "./outbox";
import * as progress from "./progress";

/**
 * Bytes of a checkpoint besides tree, inventory, jobs and plan: its frame, outcomes and packages at
 * most.
 */
const CHECKPOINT_FRAME_BYTES: i32 = 768;
const HEADER_BYTES: i32 = 16;
const HEADER: usize = memory.data(HEADER_BYTES, 4);
/** Bit of the reason of an OUTCOME after which the outside may not be what the inventory says. */
export const INCONSISTENT: i32 = 0x80;

/** Forgets the open operation. */
export function reset(): void {
  progress.forget();
  memory.fill(HEADER, 0, HEADER_BYTES);
}

export function isOpen(): bool {
  return load<u32>(HEADER) != 0;
}

/** Number of the open operation, which is the number of its job group. */
export function id(): u32 {
  return load<u32>(HEADER);
}

export function state(): i32 {
  return load<u8>(HEADER, 6);
}

/** Boots that have tried this state. */
export function attempts(): i32 {
  return load<u8>(HEADER, 7);
}

/** Why the operation is rolled back. */
export function cause(): i32 {
  return -(<i32>load<u8>(HEADER, 8));
}

/** Which component is to blame for it, `outbox.NOBODY` if none. */
export function blamed(): i32 {
  return load<u8>(HEADER, 9);
}

/** One more boot that tries; recorded by the opening that must follow. */
export function countAttempt(): void {
  store<u8>(HEADER, attempts() + 1, 7);
}

/**
 * Bytes that PLAN and every record after it need at most: PROGRESS, COMMIT, ROLLBACK, OUTCOME, 4
 * ACKs, and a PACKAGE for each job.
 */
export function reservedBytes(): i32 {
  const entries = HEADER_BYTES + inventory.plannedCount() * inventory.ENTRY_BYTES;
  const others = journal.recordBytes(progress.BYTES_MAX) + (7 + JOBS_MAX) * journal.recordBytes(16);
  return journal.recordBytes(entries) + others;
}

/** Appends the PLAN of the rows that `inventory` has planned. */
export function plan(group: u32): void {
  store<u32>(HEADER, group);
  store<u8>(HEADER, inventory.plannedCount(), 4);
  store<u8>(HEADER, TRIES_MAX, 5);
  store<u16>(HEADER, OperationState.Planned, 6);
  store<u32>(HEADER, outbox.NOBODY << 8, 8);
  write(inventory.Type.Plan);
}

function write(type: i32): void {
  const count = inventory.plannedCount();
  journal.begin(type, HEADER_BYTES + count * inventory.ENTRY_BYTES);
  journal.put(HEADER, HEADER_BYTES);
  for (let i = 0; i < count; i++) inventory.putEntry(inventory.planned(i));
  journal.finish();
}

/**
 * Appends COMMIT. Counts only after the barrier that follows; every slot of the plan is durable and
 * verified before.
 */
export function commit(): void {
  journal.begin(inventory.Type.Commit, 4);
  journal.put32(id());
  journal.finish();
  enter(OperationState.Committed);
}

/** Appends ROLLBACK: from its barrier on the old set is in force and the way forward is closed. */
export function rollback(cause: i32, component: i32): void {
  setRollback(cause, component);
  journal.begin(inventory.Type.Rollback, 2);
  journal.put(HEADER + 8, 2);
  journal.finish();
}

/** Enters ROLLING in RAM; the opening that must follow records it. */
export function setRollback(cause: i32, component: i32): void {
  store<u8>(HEADER, -cause, 8);
  store<u8>(HEADER, component, 9);
  enter(OperationState.Rolling);
}

function enter(state: i32): void {
  store<u8>(HEADER, state, 6);
  store<u8>(HEADER, 0, 7);
  progress.forget();
}

/**
 * Appends OUTCOME and ends the operation in RAM. `isOk` says whether the plan becomes the
 * inventory.
 */
export function finish(result: i32, component: i32, reason: i32): void {
  journal.begin(inventory.Type.Outcome, 4);
  journal.put16(result);
  journal.put8(component);
  journal.put8(reason);
  journal.finish();
  close(result, component, reason);
}

function close(result: i32, component: i32, reason: i32): void {
  outbox.add(id(), result, component, reason);
  if (component != outbox.NOBODY) inventory.keepText(component);
  if (reason & INCONSISTENT) inventory.markDirty();
  const change = jobs.changeOf(jobs.memberOf(id(), 0));
  if (state() == OperationState.Committed) inventory.acceptPlanned();
  else if (change) inventory.markFailed(change);
  inventory.clearPlanned();
  reset();
}

/** Replays TXN or PLAN. */
export function applyPlan(place: u32): i32 {
  if (journal.read(place, 0, HEADER, HEADER_BYTES)) return Err.Damaged;
  const count = <i32>load<u8>(HEADER, 4);
  if (journal.bytesAt(place) != HEADER_BYTES + count * inventory.ENTRY_BYTES) return Err.Damaged;
  inventory.clearPlanned();
  for (let i = 0; i < count; i++) {
    const err = inventory.applyPlanned(place, HEADER_BYTES + i * inventory.ENTRY_BYTES);
    if (err) return err;
  }
  return Err.Ok;
}

/** Replays COMMIT, ROLLBACK or OUTCOME. */
export function applyStep(type: i32, place: u32, scratch: usize): i32 {
  if (!isOpen() || journal.read(place, 0, scratch, journal.bytesAt(place) & 7)) return Err.Damaged;
  switch (type) {
    case inventory.Type.Commit:
      enter(OperationState.Committed);
      break;
    case inventory.Type.Rollback:
      store<u16>(HEADER, load<u16>(scratch), 8);
      enter(OperationState.Rolling);
      break;
    default:
      close(load<u16>(scratch), load<u8>(scratch, 2), load<u8>(scratch, 3));
  }
  return Err.Ok;
}

/**
 * The row that says what runs: the plan's where it is committed and has the component, else the one
 * in force.
 */
export function effective(component: i32): usize {
  if (state() == OperationState.Committed && isOpen()) {
    const at = inventory.plannedFor(component);
    if (at) return at;
  }
  return inventory.row(component);
}

/** Appends the open operation to a checkpoint, its texts first. */
export function writeAll(): void {
  if (!isOpen()) return;
  inventory.writePlannedTexts();
  write(inventory.Type.Txn);
  progress.writeAll();
}

/** A region that is opened while the plan is open must hold it besides everything else. */
export function fitsCheckpoint(): bool {
  const entries = HEADER_BYTES + inventory.plannedCount() * inventory.ENTRY_BYTES;
  const open = journal.recordBytes(entries) + reservedBytes() + CHECKPOINT_FRAME_BYTES;
  const others = tree.checkpointBytes() + inventory.checkpointBytes() + jobs.checkpointBytes();
  return others + open <= load<i32>(Block.RegionBytes);
}
