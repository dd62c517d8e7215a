// How far the payload that is being written has come, so that a restart of the device goes on
// there, and which payloads are whole. The one that goes on is hashed again, and the digest of the
// whole payload decides; of another nothing but this record says that its bytes will stay.
//
//   0       1        5       7
//   +-------+--------+-------+-----------+
//   | index | offset | whole | validator |    payload of a PROGRESS record
//   +-------+--------+-------+-----------+
import { Block, Bound } from "../abi/codes";
import * as journal from "../journal/journal";
import * as inventory from "./inventory";
import { Row } from "./inventory";

const HEAD_BYTES: i32 = 7;
const HEAD: usize = memory.data(HEAD_BYTES, 4);
/** Payload bytes of the longest record. */
export const BYTES_MAX: i32 = HEAD_BYTES + Bound.ValidatorBytesMax;

let place: u32 = 0; // Of the record, 0 if there is none.

/** The payload at hand begins anew, or nothing is being written any more. */
export function forget(): void {
  place = 0;
}

/** Replays a PROGRESS record. */
export function apply(at: u32): void {
  place = at;
}

/**
 * Records that the first `offset` bytes of the payload of a planned row are durable, and the whole
 * payload of each row that is staged.
 */
export function write(at: usize, offset: u32, validator: usize, validatorBytes: i32): void {
  let whole: u32 = 0;
  for (let i = 0; i < inventory.plannedCount(); i++) {
    whole |= u32(load<u8>(inventory.planned(i), Row.Staged)) << i;
  }
  journal.begin(inventory.Type.Progress, HEAD_BYTES + validatorBytes);
  journal.put8(inventory.indexOf(at));
  journal.put32(offset);
  journal.put16(whole);
  journal.put(validator, validatorBytes);
  place = journal.finish();
}

/** Appends what is known to a checkpoint, behind the TXN. */
export function writeAll(): void {
  if (!place) return;
  const byteCount = journal.bytesAt(place);
  journal.begin(inventory.Type.Progress, byteCount);
  journal.putFrom(place, 0, byteCount);
  place = journal.finish();
}

/**
 * Bytes of the payload of a planned row that an earlier boot made durable, less than all; 0 where
 * its slot cannot be erased behind them.
 */
export function bytesOf(at: usize): u32 {
  const step = stepBytes();
  if (!step || !isRead()) return 0;
  const offset = load<u32>(HEAD, 1);
  if (load<u8>(HEAD) != inventory.indexOf(at) || offset % step != 0) return 0;
  return offset < load<u32>(at, Row.Size) ? offset : 0;
}

/**
 * An earlier boot made the whole payload of the planned row at `index` durable. Of any other its
 * slot may read well today only: half-written cells do.
 */
export function isWhole(index: i32): bool {
  return isRead() && ((load<u16>(HEAD + 5) >> index) & 1) != 0;
}

function isRead(): bool {
  return place != 0 && !journal.check(place) && !journal.read(place, 0, HEAD, HEAD_BYTES);
}

/** Bytes of a payload after which a record is due, 0 never. */
export function stepBytes(): u32 {
  return load<u32>(Block.ProgressBytes);
}

/** After `bytesOf`: copies the validator of the object that they came from. @returns its bytes */
export function validatorInto(ptr: usize): i32 {
  const byteCount = journal.bytesAt(place) - HEAD_BYTES;
  return journal.read(place, HEAD_BYTES, ptr, byteCount) ? 0 : byteCount;
}
