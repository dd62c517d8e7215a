// Writing one record, in pieces that the write unit divides. What a record means is not known here.
import { Err } from "../abi/codes";
import { jRead, jWrite } from "../host";
import * as crc32c from "./crc32c";
import * as record from "./record";

/** A piece of the record in progress; free while there is none. */
export const BUFFER: usize = memory.data(record.PIECE_BYTES, 4);

/** First failure of this boot; once it is set, nothing more is written. */
let failure: i32 = Err.Ok;

let area: i32 = 0; // Region that is written.
let seed: u32 = 0; // Its generation.
/** Offset of the next piece in that region. */
export let tail: u32 = 0;

// The record in progress.
let end: u32 = 0;
let missing: i32 = 0; // Payload bytes not yet put.
let filled: i32 = 0; // Bytes in BUFFER.
let crc: u32 = 0;

/**
 * First failure of this boot, or Err.Ok. Once it is set nothing more is written before the next
 * start.
 */
export function error(): i32 {
  return failure;
}

/**
 * Ends writing in this boot: `err` came from a barrier, or from an owner that could not read what
 * it must copy.
 */
export function fail(err: i32): void {
  if (failure == Err.Ok) failure = err;
}

/** Names the place of the next record. */
export function aim(region: i32, generation: u32, place: u32): void {
  area = region;
  seed = generation;
  tail = place;
}

/** Starts a record. Its payload follows by `put…`, then `seal`. */
export function start(magic: u32, type: i32, payloadBytes: i32, sequence: u32): void {
  end = tail + record.recordBytes(payloadBytes);
  missing = payloadBytes;
  filled = record.HEAD_BYTES;
  crc = ~seed;
  store<u32>(BUFFER, magic | (u32(type) << 8) | (u32(payloadBytes) << 16));
  store<u32>(BUFFER, sequence, 4);
}

/** Appends `n` bytes at `ptr` to the payload. */
export function put(ptr: usize, n: i32): void {
  transfer(ptr, 0, n);
}

/**
 * Appends `n` bytes, from `offset` on, of the payload of the record at `place` in the region that
 * is read.
 *
 * @fails Err.Damaged  they cannot be read; the journal is degraded from here on
 */
export function putFrom(place: u32, offset: i32, n: i32): void {
  transfer(0, place + record.HEAD_BYTES + offset, n);
}

/** Appends the low byte of `value`. */
export function put8(value: u32): void {
  putNumber(value, 1);
}

/** Appends the low 2 bytes of `value`, little-endian. */
export function put16(value: u32): void {
  putNumber(value, 2);
}

/** Appends `value`, little-endian. */
export function put32(value: u32): void {
  putNumber(value, 4);
}

function putNumber(value: u32, n: i32): void {
  store<u32>(record.WORD, value);
  transfer(record.WORD, 0, n);
}

/**
 * Moves payload bytes into the record, from memory at `ptr` or, if that is 0, from `offset` of the
 * region read.
 */
function transfer(ptr: usize, offset: u32, n: i32): void {
  if (n > missing) fail(Err.Misuse);
  while (n > 0 && failure == Err.Ok) {
    const piece = min(n, record.PIECE_BYTES - filled);
    if (ptr != 0) {
      memory.copy(BUFFER + filled, ptr, piece);
      ptr += piece;
    } else if (jRead(record.region, offset, BUFFER + filled, piece) != Err.Ok) {
      record.setDegraded();
      return fail(Err.Damaged);
    }
    offset += piece;
    missing -= piece;
    n -= piece;
    advance(piece);
  }
}

/** Counts bytes that were put into the buffer, and writes it when it is full. */
function advance(n: i32): void {
  filled += n;
  if (filled < record.PIECE_BYTES) return;
  crc = crc32c.update(crc, BUFFER, filled);
  writeOut();
}

function writeOut(): void {
  if (failure != Err.Ok) return;
  if (jWrite(area, tail, BUFFER, filled) != Err.Ok) fail(Err.Storage);
  tail += filled;
  filled = 0;
}

/**
 * Ends the record.
 *
 * @returns its checksum
 * @fails Err.Misuse   the payload is not complete
 * @fails Err.Storage  a write failed
 */
export function seal(): u32 {
  if (missing != 0) fail(Err.Misuse);
  if (failure != Err.Ok) return 0;
  while (tail + filled < end - record.CRC_BYTES) {
    store<u8>(BUFFER + filled, 0xff);
    advance(1);
  }
  // The end is a multiple of 4, so the checksum never lies in two pieces.
  const checksum = ~crc32c.update(crc, BUFFER, filled);
  store<u32>(BUFFER + filled, checksum);
  filled += record.CRC_BYTES;
  writeOut();
  return checksum;
}
