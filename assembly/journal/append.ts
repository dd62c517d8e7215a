// Appending records, and opening a region with a checkpoint.
//
// Orders that matter when the power goes:
// - erase, barrier, checkpoint: without the barrier, parts of two checkpoints of the same
//   generation, made by two boots that both lost power, can lie in one region and scan as one;
// - checkpoint, barrier, RETIRE, barrier: a region that carries RETIRE says that a newer one was
//   whole. If none is found later, it was lost, and the reader knows. A checkpoint that reads well
//   but of which neither RETIRE nor a later run says that its barrier has passed may read otherwise
//   next time: the reader takes the older region. So nothing may rest on it before that second
//   barrier;
// - a region that an earlier boot wrote gets no other byte, since nobody can know in which state
//   its tail is.
import { Err } from "../abi/codes";
import { jErase } from "../host";
import * as record from "./record";
import { Type } from "./record";
import * as writer from "./writer";

/** Version of the format, in CKPT_BEGIN. */
export const FORMAT: u32 = 1;
/** Payload of CKPT_END and GROUP_END: number of records u16, checksum of their checksums u32. */
const SUM_BYTES: i32 = 6;
/** Payload of CKPT_BEGIN: generation u32, format u8, flags u8. */
const BEGIN_BYTES: i32 = 6;

/** How far an opening has come. The odd steps wait for a barrier. */
const enum Stage {
  None = 0,
  Erased = 1,
  Ready = 2,
  Checkpoint = 4,
  Written = 5,
  Durable = 6,
}

let stage: i32 = Stage.None;
let hasOpened: bool = false; // This boot opened the region that is current.
let hasWritten: bool = false; // Records since the last barrier.
let unproven: bool = false; // No barrier since the region was opened.
let mayRetire: bool = true; // The place of RETIRE in the region that is replaced is surely free.
let retired: i32 = -1; // Region that the opening replaces, -1 if none.
let lastSequence: u32 = 0;

// The record in progress: its type and place.
let kind: i32 = 0;
let place: u32 = 0;

// Records that wait for the one that closes them: how many, and the checksum of their checksums.
let openCount: u32 = 0;
let joint: u32 = ~0;

/** Continues behind what a scan found, for an opening; the scanned region itself stays closed. */
export function resumeBehind(sequence: u32, end: u32): void {
  lastSequence = sequence;
  writer.aim(record.region, record.generation, end);
}

/**
 * RETIRE is not to be written at the next opening: where the newer region was passed over, an
 * earlier boot may have begun to.
 */
export function spareRetire(): void {
  mayRetire = false;
}

/** This boot opened a region and may append to it. */
export function isOpen(): bool {
  return hasOpened;
}

/** Something was written or erased since the last `synced`. */
export function isDirty(): bool {
  return hasWritten || unproven || stage == Stage.Erased;
}

/** The region that this boot opened may be passed over by the next: nothing may rest on it yet. */
export function isUnproven(): bool {
  return unproven;
}

/** The host made every earlier write durable. The next record starts a run. */
export function synced(): void {
  hasWritten = unproven = false;
  if (stage & 1) stage++;
}

function mayAppend(): bool {
  return stage == Stage.Checkpoint || (hasOpened && stage < Stage.Checkpoint);
}

/** Bytes left for records in the region that is written, 0 if none may be. */
export function room(): i32 {
  return mayAppend() ? record.limit - writer.tail : 0;
}

/**
 * Starts a record. Its payload follows by `put…`, then `finish`.
 *
 * @fails Err.Misuse   this boot has not opened a region, or an opening waits for a barrier
 * @fails Err.NoSpace  the region has no room; ask `room` before
 */
export function begin(type: i32, payloadBytes: i32): void {
  if (!mayAppend()) writer.fail(Err.Misuse);
  // Numbers do not wrap: a scan could take an old record for the next one.
  if (record.recordBytes(payloadBytes) > room() || lastSequence + 1 == 0) writer.fail(Err.NoSpace);
  if (writer.error() != Err.Ok) return;
  kind = type;
  place = writer.tail;
  lastSequence++;
  writer.start(hasWritten ? record.RUN_REST : record.RUN_START, type, payloadBytes, lastSequence);
  hasWritten = true;
}

/**
 * Ends the record.
 *
 * @returns its place; of no meaning after a failure
 * @fails Err.Misuse   the payload is not complete
 * @fails Err.Storage  a write failed; nothing more is written in this boot
 */
export function finish(): u32 {
  const checksum = writer.seal();
  if (stage == Stage.Checkpoint || record.isContent(kind)) {
    openCount++;
    joint = record.join(joint, checksum);
  } else {
    openCount = 0;
    joint = ~0;
  }
  return place;
}

/**
 * Closes the run of content records that is open: from here on they count. Does nothing if none is
 * open.
 */
export function groupEnd(): void {
  if (openCount != 0) writeSum(Type.GroupEnd, openCount, ~joint);
}

/**
 * Closes the run of content records that is open as void: they never count. Does nothing if none is
 * open.
 */
export function dropGroup(): void {
  if (openCount != 0) writeSum(Type.GroupEnd, 0, 0);
}

function writeSum(type: i32, count: u32, sum: u32): void {
  begin(type, SUM_BYTES);
  writer.put16(count);
  writer.put32(sum);
  finish();
}

/**
 * Erases the region that is not current; the caller waits for Durable before `beginCheckpoint`.
 *
 * The current region is verified first: once the other one is erased, nothing older is left to fall
 * back to.
 *
 * @fails Err.Misuse   an opening is in progress
 * @fails Err.Damaged  the current region has rotted; the other one is untouched, and the next start
 * finds it
 * @fails Err.Storage  the erase failed
 */
export function beginOpening(): i32 {
  if (stage != Stage.None) writer.fail(Err.Misuse);
  if (record.region >= 0 && !isIntact()) {
    record.setDegraded();
    writer.fail(Err.Damaged);
  }
  if (writer.error() != Err.Ok) return writer.error();
  stage = Stage.Erased;
  retired = record.region;
  if (jErase(target()) != Err.Ok) writer.fail(Err.Storage);
  return writer.error();
}

/** Region that the opening writes. */
function target(): i32 {
  return retired == 0 ? 1 : 0;
}

function isIntact(): bool {
  for (let at: u32 = 0; at < writer.tail; at = record.end) {
    if (!record.examine(record.region, at, record.generation)) return false;
  }
  return true;
}

/**
 * Starts the checkpoint; owners append all that they hold. Until its end `read` and `putFrom` reach
 * the old region.
 *
 * @param flags  kept for the next boots, see `flags`; 0 to 255
 * @fails Err.Misuse  the erase is not durable, or a run of content records is open: it must not
 * count unclosed
 */
export function beginCheckpoint(flags: i32): void {
  if (stage != Stage.Ready || openCount != 0) writer.fail(Err.Misuse);
  if (writer.error() != Err.Ok) return;
  stage = Stage.Checkpoint;
  writer.aim(target(), record.generation + 1, 0);
  begin(Type.CheckpointBegin, BEGIN_BYTES);
  writer.put32(record.generation + 1);
  writer.put8(FORMAT);
  writer.put8(flags);
  finish();
}

/**
 * Ends the checkpoint; the caller waits for Durable before `adopt`. From here on the new region is
 * the one read.
 */
export function endCheckpoint(): void {
  if (stage != Stage.Checkpoint) writer.fail(Err.Misuse);
  begin(Type.CheckpointEnd, SUM_BYTES);
  writer.put16(openCount);
  writer.put32(~joint);
  stage = Stage.Written;
  finish();
  if (writer.error() == Err.Ok) record.use(target(), record.generation + 1);
}

/**
 * Makes the new region the one that is appended to, and marks the old one as retired, or else the
 * new one by a run that says nothing. Until the next barrier it is unproven.
 *
 * @fails Err.Misuse   the checkpoint is not durable
 * @fails Err.Storage  a write failed
 */
export function adopt(): void {
  if (stage != Stage.Durable) writer.fail(Err.Misuse);
  if (writer.error() != Err.Ok) return;
  stage = Stage.None;
  hasOpened = true;
  if (retired < 0) return;
  unproven = true;
  // It is there already if the newer region that it spoke of was lost.
  if (mayRetire && !record.isMarked(retired)) retire();
  else writeSum(Type.GroupEnd, 0, 0);
  mayRetire = true;
}

/** Writes RETIRE, which takes no place in the sequence. */
function retire(): void {
  const tail = writer.tail;
  writer.aim(retired, record.generation - 1, record.limit);
  writer.start(record.RUN_START, Type.Retire, record.RETIRE_BYTES, lastSequence);
  writer.put32(record.generation);
  writer.seal();
  writer.aim(record.region, record.generation, tail);
}
