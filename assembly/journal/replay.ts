// Finding the current region at a start, and handing out its records in order.
//
// Records count in runs: a checkpoint with its CKPT_END, content records with the record that
// closes them. So a run is walked to its closer first and handed out then; a run without closer is
// as if it were not there.
import { Err } from "../abi/codes";
import { jRead } from "../host";
import * as append from "./append";
import * as record from "./record";
import { Type } from "./record";
import * as writer from "./writer";

/** Offset of the generation in CKPT_BEGIN, and so in a region. */
const GENERATION_OFFSET: u32 = record.HEAD_BYTES;

let lastSequence: u32 = 0; // Of the last record that was in order.
let stop: u32 = 0; // Where the last walk found no further record in order.
let isVoid: bool = false; // The run that was walked last was dropped by its owner.

// Replay: records before `cursor` were handed out, those before `confirmed` may be.
let cursor: u32 = 0;
let confirmed: u32 = 0;
let current: u32 = 0; // Place of the record handed out last.
let currentBytes: i32 = 0;
let checkpointFlags: i32 = 0;

/**
 * Walks the run that starts at `place`.
 *
 * @returns the end of the record that closes it, 0 if it has none
 */
function walkRun(area: i32, place: u32, seed: u32): u32 {
  const isCheckpoint = place == 0;
  let count: u32 = 0;
  let joint: u32 = ~0;
  if (isCheckpoint) lastSequence = 0;
  for (stop = place; record.examine(area, stop, seed); stop = record.end) {
    if (stop != 0 && record.sequence != lastSequence + 1) return 0;
    lastSequence = record.sequence;
    if (stop == 0 && !isBegin()) return 0;
    if (isCheckpoint ? record.kind == Type.CheckpointEnd : !record.isContent(record.kind)) {
      return isSumRight(count, ~joint) ? record.end : 0;
    }
    count++;
    joint = record.join(joint, record.checksum);
  }
  return 0;
}

/** The record examined last starts a checkpoint in a format that this code reads. */
function isBegin(): bool {
  checkpointFlags = load<u8>(record.PAYLOAD, 5);
  return record.kind == Type.CheckpointBegin && load<u8>(record.PAYLOAD, 4) == append.FORMAT;
}

/** The closer examined last agrees with the records before it. Sees to `isVoid` too. */
function isSumRight(count: u32, sum: u32): bool {
  isVoid = false;
  if (record.kind != Type.CheckpointEnd && record.kind != Type.GroupEnd) return true;
  isVoid = load<u16>(record.PAYLOAD) == 0;
  return (
    isVoid || (load<u16>(record.PAYLOAD) == (count & 0xffff) && load<u32>(record.PAYLOAD, 2) == sum)
  );
}

/**
 * A later run starts behind the place where the last walk stopped.
 *
 * Runs start behind barriers, so all before one was once written in full: what the walk missed
 * there has rotted.
 */
function hasLaterRun(area: i32, seed: u32): bool {
  const past = record.limit;
  let isBlind = false; // The piece cannot be read as a whole: a run may start anywhere in it.
  for (let at = stop; at < past; at += record.unit) {
    const offset = (at - stop) % record.PIECE_BYTES;
    if (offset == 0) {
      isBlind = jRead(area, at, writer.BUFFER, min(past - at, record.PIECE_BYTES)) != Err.Ok;
    }
    if (!isBlind && load<u8>(writer.BUFFER + offset) != record.RUN_START) continue;
    if (!record.examine(area, at, seed) || record.sequence <= lastSequence + 1) continue;
    if (load<u8>(record.HEAD) == record.RUN_START) return true;
  }
  return false;
}

/**
 * Finds the current region: the one with the newest whole checkpoint, unless nothing proves it and
 * an older one is whole. `next` then hands out what it says.
 *
 * @fails Err.NotFound  neither region holds one, and nothing says that one ever did
 * @fails Err.Damaged   neither region holds one, but one of them did: all is lost
 * @fails Err.Storage   neither region can be read
 */
export function scan(): i32 {
  let chosen = -1;
  let newest: u32 = 0; // Generation of the region chosen.
  let older: u32 = 0; // Generation of the other one, if it is whole too.
  let begun: u32 = 0; // Highest generation that was begun and is not whole.
  let lost: u32 = 0; // Highest generation that is not whole and once was.
  let hasRead = false;
  for (let area = 0; area < 2; area++) {
    if (jRead(area, GENERATION_OFFSET, record.WORD, 4) != Err.Ok) continue;
    hasRead = true;
    let seed = load<u32>(record.WORD);
    if (walkRun(area, 0, seed) != 0) {
      older = min(seed, newest);
      if (seed > newest) {
        newest = seed;
        chosen = area;
      }
      continue;
    }
    const hasBegun = lastSequence != 0;
    if (hasBegun) begun = max(begun, seed);
    // Without its first record its generation is not known. It matters where no other was ever
    // whole: the first.
    else seed = 1;
    // Begun, and yet stopped at 0: a format of the future, which is not ours to overwrite.
    if ((hasBegun && stop == 0) || hasLaterRun(area, seed)) lost = max(lost, seed);
  }
  if (chosen < 0) {
    // The next generation must exceed those of all remains, or one that reads well some day would
    // be taken for it.
    record.use(-1, max(begun, lost));
    if (!hasRead) return Err.Storage;
    return record.generation > 1 || lost != 0 ? Err.Damaged : Err.NotFound;
  }
  record.use(chosen, newest);
  if (older != 0 && !isProven()) {
    append.spareRetire();
    record.use(1 - chosen, older);
  }
  if (lost > newest || isRetired()) record.setDegraded();
  cursor = confirmed = 0;
  return Err.Ok;
}

/**
 * Something that was begun behind the barrier of the current region's checkpoint shows that it has
 * passed: RETIRE in the other region, or a later run in its own.
 *
 * A checkpoint that only reads well may read otherwise next time, and an opening from it would
 * erase the region that is surely there. Nothing rests on it yet.
 */
function isProven(): bool {
  if (record.isMarked(1 - record.region)) return true;
  walkRun(record.region, 0, record.generation);
  lastSequence--; // The first run behind the checkpoint is late enough.
  return hasLaterRun(record.region, record.generation);
}

/** The current region says that a newer one was whole. */
function isRetired(): bool {
  return (
    record.examine(record.region, record.limit, record.generation) && record.kind == Type.Retire
  );
}

/**
 * Hands out the next record that counts: its type; `place` and `payloadBytes` tell the rest.
 *
 * After the last one the journal is ready for an opening, and `isDegraded` is known.
 *
 * @returns the type, 0 after the last record
 * @fails Err.Damaged  a record that was whole a moment ago is not any more
 */
export function next(): i32 {
  do {
    while (cursor == confirmed) {
      confirmed = walkRun(record.region, cursor, record.generation);
      if (confirmed == 0) return end();
      if (isVoid) cursor = confirmed;
    }
    const failure = record.check(cursor);
    if (failure != Err.Ok) return failure;
    current = cursor;
    currentBytes = load<u16>(record.HEAD, 2);
    cursor = record.end;
  } while (isStructure(record.kind));
  return record.kind;
}

function isStructure(kind: i32): bool {
  return kind == Type.CheckpointBegin || kind == Type.CheckpointEnd || kind == Type.GroupEnd;
}

/** Ends the replay. */
function end(): i32 {
  confirmed = cursor;
  append.resumeBehind(lastSequence, cursor);
  if (hasLaterRun(record.region, record.generation)) record.setDegraded();
  return 0;
}

/** Place of the record that `next` handed out last. */
export function place(): u32 {
  return current;
}

/** Payload bytes of the record that `next` handed out last. */
export function payloadBytes(): i32 {
  return currentBytes;
}

/** Flags that `beginCheckpoint` was given for the current region, from the first `next` on. */
export function flags(): i32 {
  return checkpointFlags;
}
