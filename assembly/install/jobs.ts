// Jobs: what servers ordered by Exec, each from its Exec to the ACK of its outcome.
//
//   0     4       8       12        14          15      16
//   +-----+-------+-------+---------+-----------+-------+
//   | job | group | place | account | primitive | flags |    a row in RAM
//   +-----+-------+-------+---------+-----------+-------+
//
//   0     4       8         10          11      12           13            14            16
//   +-----+-------+---------+-----------+-------+------------+-------------+-------------+-----
//   | job | group | account | primitive | flags | name bytes | correlator  | identifier  | ...
//   |     |       |         |           |       |            | bytes       | bytes       |
//   +-----+-------+---------+-----------+-------+------------+-------------+-------------+-----
//   the payload of a JOB record; the three texts follow in that order
import { Err, Primitive } from "../abi/codes";
import { JOBS_MAX } from "../base/limits";
import * as journal from "../journal/journal";
import { Type } from "./inventory";

const ROW_BYTES: i32 = 16;
const ROWS: usize = memory.data(JOBS_MAX * ROW_BYTES, 4);
const HEADER_BYTES: i32 = 16;
const HEADER: usize = memory.data(HEADER_BYTES, 4);

/** Texts of a JOB record, in their order. */
export const enum Text {
  Name = 0,
  Correlator = 1,
  Identifier = 2,
}

export const enum Flag {
  /** Put off by the person; asked again in the next run. */
  Postponed = 1,
  /** An Alert 1101 before its Exec was answered yes. */
  Allowed = 2,
}

let count = 0;
let lastId: u32 = 0;

/** Forgets everything. */
export function reset(): void {
  count = 0;
  lastId = 0;
}

export function total(): i32 {
  return count;
}

/** The row at `index`, oldest first. */
export function row(index: i32): usize {
  return ROWS + index * ROW_BYTES;
}

export function idOf(at: usize): u32 {
  return load<u32>(at);
}

export function groupOf(at: usize): u32 {
  return load<u32>(at, 4);
}

export function placeOf(at: usize): u32 {
  return load<u32>(at, 8);
}

export function accountOf(at: usize): i32 {
  return load<u16>(at, 12);
}

export function primitiveOf(at: usize): i32 {
  return load<u8>(at, 14);
}

export function flagsOf(at: usize): i32 {
  return load<u8>(at, 15);
}

/** Which list the object of a Primitive is in: 0 Download, 1 Delivered, 2 Deployed. */
export function listOf(primitive: i32): i32 {
  return primitive / 3;
}

/**
 * What a job, 0 for none, does to a component that is there: 1 Activate, 2 Deactivate, 3 Remove, 0
 * nothing.
 */
export function changeOf(at: usize): i32 {
  return at ? max(0, primitiveOf(at) - Primitive.RemoveDelivered) : 0;
}

/** The highest number of an account that ordered a job, 0 without jobs. */
export function lastAccount(): i32 {
  let last = 0;
  for (let i = 0; i < count; i++) last = max(last, accountOf(row(i)));
  return last;
}

/** Marks a job as put off until the next run. */
export function postpone(at: usize): void {
  store<u8>(at, flagsOf(at) | Flag.Postponed, 15);
}

/** Takes a job up again that was put off. */
export function resume(at: usize): void {
  store<u8>(at, flagsOf(at) & ~Flag.Postponed, 15);
}

/** A number that no job on record has: the generation of the journal keeps boots apart. */
export function nextId(): u32 {
  const first = journal.generation() << 8;
  return lastId < first ? first + 1 : lastId + 1;
}

/**
 * Starts a JOB record; `journal.put` the three texts in their order, then `finishJob`.
 *
 * @param header  16 bytes as drawn above; its first four are set here
 * @returns the row, 0 when the table is full
 */
export function begin(header: usize): usize {
  if (count == JOBS_MAX) return 0;
  lastId = nextId();
  store<u32>(header, lastId);
  if (!load<u32>(header, 4)) store<u32>(header, lastId, 4);
  const texts = <i32>load<u8>(header, 12) + <i32>load<u8>(header, 13) + <i32>load<u16>(header, 14);
  journal.begin(Type.Job, HEADER_BYTES + texts);
  journal.put(header, HEADER_BYTES);
  fill(row(count), header);
  return row(count++);
}

/** Ends the record that `begin` started. */
export function finish(at: usize): void {
  store<u32>(at, journal.finish(), 8);
}

function fill(at: usize, header: usize): void {
  memory.copy(at, header, 8);
  memory.copy(at + 12, header + 8, 4);
}

/** Replays a JOB record. */
export function apply(place: u32): i32 {
  if (count == JOBS_MAX || journal.read(place, 0, HEADER, HEADER_BYTES)) return Err.Damaged;
  const at = row(count++);
  fill(at, HEADER);
  store<u32>(at, place, 8);
  if (idOf(at) > lastId) lastId = idOf(at);
  return Err.Ok;
}

/** Takes back the jobs of a group that an Atomic recorded before it failed. */
export function dropGroup(group: u32): void {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    if (groupOf(row(i)) == group) continue;
    memory.copy(row(kept++), row(i), ROW_BYTES);
  }
  count = kept;
}

/** How many jobs a group has. */
export function countOf(group: u32): i32 {
  let found = 0;
  for (let i = 0; i < count; i++) if (groupOf(row(i)) == group) found++;
  return found;
}

/** The job at `index` of a group, 0 past the end. */
export function memberOf(group: u32, index: i32): usize {
  for (let i = 0; i < count; i++) {
    if (groupOf(row(i)) == group && index-- == 0) return row(i);
  }
  return 0;
}

/**
 * Copies one text of a job to `ptr`.
 *
 * A text that cannot be read ends the boot before anything rests on it: the journal has failed.
 *
 * @returns its bytes
 */
export function textInto(at: usize, which: i32, ptr: usize): i32 {
  const place = placeOf(at);
  // Behind a write that failed a place may be that of another record.
  if (journal.check(place) || journal.kind != Type.Job) return lose();
  if (journal.read(place, 0, HEADER, HEADER_BYTES) || load<u32>(HEADER) != idOf(at)) return lose();
  const nameBytes = <i32>load<u8>(HEADER, 12);
  const correlatorBytes = <i32>load<u8>(HEADER, 13);
  let offset = HEADER_BYTES;
  let byteCount = nameBytes;
  if (which != Text.Name) {
    offset += nameBytes;
    byteCount = correlatorBytes;
  }
  if (which == Text.Identifier) {
    offset += correlatorBytes;
    byteCount = load<u16>(HEADER, 14);
  }
  return journal.read(place, offset, ptr, byteCount) ? lose() : byteCount;
}

/** Ends the writing of this boot, and with it the boot. */
function lose(): i32 {
  journal.fail(Err.Damaged);
  return 0;
}

/** Appends all jobs to a checkpoint. */
export function writeAll(): void {
  for (let i = 0; i < count; i++) {
    const place = placeOf(row(i));
    const byteCount = journal.bytesAt(place);
    journal.begin(Type.Job, byteCount);
    journal.putFrom(place, 0, byteCount);
    store<u32>(row(i), journal.finish(), 8);
  }
}

/** Bytes that `writeAll` would append. */
export function checkpointBytes(): i32 {
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += journal.recordBytes(journal.bytesAt(placeOf(row(i))));
  return bytes;
}
