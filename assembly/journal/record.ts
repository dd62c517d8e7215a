// One record of the journal: its layout, and how it is checked. docs/journal-format.md is the
// authority.
//
//   0       1       2       4               8                        end-4
//   +-------+-------+-------+---------------+-----------+-----------+---------------+
//   | magic | type  | bytes | sequence      | payload   | fill FF   | crc32c        |
//   +-------+-------+-------+---------------+-----------+-----------+---------------+
//   `bytes` counts the payload only. `end` is a multiple of the write unit, of 4 at least.
import { Err } from "../abi/codes";
import { jRead } from "../host";
import * as crc32c from "./crc32c";

/**
 * Types that the journal itself writes or tells apart. The numbers of the others are their owners'.
 */
export const enum Type {
  CheckpointBegin = 0x01,
  CheckpointEnd = 0x05,
  /** 0x06 to 0x09 count only with the record that closes their run. */
  Text = 0x06,
  Retire = 0x17,
  /** 0x20 to 0x2d count only with the record that closes their run. */
  Node = 0x20,
  Delete = 0x21,
  GroupEnd = 0x2e,
}

/** First byte of the first record after a barrier. */
export const RUN_START: u32 = 0xd5;
/** First byte of any other record; they differ in the lowest bit. */
export const RUN_REST: u32 = 0xd4;
export const HEAD_BYTES: i32 = 8;
export const CRC_BYTES: i32 = 4;
/** Payload of RETIRE: the generation that replaces the region. */
export const RETIRE_BYTES: i32 = 4;
/** Records are read and written in pieces of this size, which every write unit divides. */
export const PIECE_BYTES: i32 = 64;

/** After `examine`: the head of the record. */
export const HEAD: usize = memory.data(HEAD_BYTES, 4);
/** One number on its way into a record or a checksum. */
export const WORD: usize = memory.data(4, 4);
/**
 * After `examine`: the first bytes of the payload, the whole of it if it is no longer than 52
 * bytes.
 */
export const PAYLOAD: usize = memory.data(PIECE_BYTES, 4);

/** Records start at multiples of this many bytes. */
export let unit: u32 = 4;
/** Place of the RETIRE record; no other record reaches it. */
export let limit: u32 = 0;
/** Region that is read, -1 if there is none. */
export let region: i32 = -1;
/** Generation of that region, or the highest ever seen if there is none. */
export let generation: u32 = 0;
/** Rot was found: what the journal says may be older than what it once said. */
export let hasRot: bool = false;

// What `examine` read last.
export let kind: i32 = 0;
export let sequence: u32 = 0;
export let checksum: u32 = 0;
/** Offset of the byte after the record. */
export let end: u32 = 0;

/**
 * Names the geometry of the regions. Called once, before `scan`.
 *
 * @param writeUnit  bytes, a power of two, 1 to 64
 */
export function configure(regionBytes: u32, writeUnit: u32): void {
  unit = writeUnit > 4 ? writeUnit : 4;
  limit = (regionBytes & ~(unit - 1)) - recordBytes(RETIRE_BYTES);
}

/**
 * RETIRE was begun in a region, by some boot, with whatever success. Bytes that cannot be read, or
 * that a medium does not read as 0xff when erased, count as begun.
 */
export function isMarked(area: i32): bool {
  const n = recordBytes(RETIRE_BYTES);
  if (jRead(area, limit, PAYLOAD, n) != Err.Ok) return true;
  for (let i = 0; i < n; i++) if (load<u8>(PAYLOAD + i) != 0xff) return true;
  return false;
}

/** Bytes that a record with a payload of `byteCount` bytes takes. */
export function recordBytes(byteCount: i32): i32 {
  return (byteCount + HEAD_BYTES + CRC_BYTES + unit - 1) & ~(unit - 1);
}

/** Makes `area` the region that is read. */
export function use(area: i32, itsGeneration: u32): void {
  region = area;
  generation = itsGeneration;
}

/** Rot was found since `scan`, or somebody who knows said so by `setDegraded`. */
export function isDegraded(): bool {
  return hasRot;
}

/** Records that stored bytes were found to be damaged. */
export function setDegraded(): void {
  hasRot = true;
}

/** A record that says that it counts only with the record that closes its run. */
export function isContent(type: i32): bool {
  return u32(type - Type.Text) <= 3 || u32(type - Type.Node) <= 0xd;
}

/** Takes the checksum of one more record into a checksum of checksums. */
export function join(joint: u32, recordChecksum: u32): u32 {
  store<u32>(WORD, recordChecksum);
  return crc32c.update(joint, WORD, CRC_BYTES);
}

/**
 * Reads the whole record at `place` and says if it is one: written in full, undamaged, in this life
 * of the region.
 *
 * Reads no byte outside the record, since what lies behind it may not be readable.
 */
export function examine(area: i32, place: u32, seed: u32): bool {
  if (place > limit || jRead(area, place, HEAD, HEAD_BYTES) != Err.Ok) return false;
  if ((load<u8>(HEAD) | 1) != RUN_START) return false;
  kind = load<u8>(HEAD, 1);
  sequence = load<u32>(HEAD, 4);
  end = place + recordBytes(load<u16>(HEAD, 2));
  if (end > limit + recordBytes(RETIRE_BYTES)) return false;

  // The rest is a multiple of 4 bytes, so the checksum never lies in two pieces.
  let crc = crc32c.update(~seed, HEAD, HEAD_BYTES);
  let at = place + HEAD_BYTES;
  let n = 0;
  do {
    n = min(end - at, PIECE_BYTES);
    if (jRead(area, at, PAYLOAD, n) != Err.Ok) return false;
    at += n;
    crc = crc32c.update(crc, PAYLOAD, at == end ? n - CRC_BYTES : n);
  } while (at < end);
  checksum = load<u32>(PAYLOAD + n - CRC_BYTES);
  return checksum == ~crc;
}

/**
 * Verifies the record at `place` again; owners do so before they use what they read from it.
 *
 * @fails Err.Damaged  it is no longer what was written; the journal is degraded from here on
 */
export function check(place: u32): i32 {
  if (examine(region, place, generation)) return Err.Ok;
  hasRot = true;
  return Err.Damaged;
}

/**
 * Copies `n` bytes of the payload of the record at `place`, from `offset` on, to `ptr`. Verifies
 * nothing.
 *
 * @fails Err.Damaged  the bytes cannot be read; the journal is degraded from here on
 */
export function read(place: u32, offset: i32, ptr: usize, n: i32): i32 {
  if (jRead(region, place + HEAD_BYTES + offset, ptr, n) == Err.Ok) return Err.Ok;
  hasRot = true;
  return Err.Damaged;
}

/** Payload bytes of the record at `place`, Err.Damaged if its head cannot be read. */
export function bytesAt(place: u32): i32 {
  const failure = read(place, 2 - HEAD_BYTES, HEAD, 2);
  return failure != Err.Ok ? failure : load<u16>(HEAD);
}
