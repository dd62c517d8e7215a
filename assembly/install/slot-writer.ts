// Writes one content slot upwards, in blocks of GATHER_BYTES however bytes come.
import { Err } from "../abi/codes";
import { GATHER, GATHER_BYTES } from "../base/buffers";
import * as host from "../host";
import * as inventory from "./inventory";

export let slot = 0;
/** Bytes that are in the slot; all of them after `flush`. */
export let written: u32 = 0;
let gathered = 0;

/** Erases the slot of that number behind its first `haveBytes`, and goes on there. */
export function open(number: i32, haveBytes: u32): i32 {
  slot = number;
  written = haveBytes;
  gathered = 0;
  return errFor(host.sErase(number, haveBytes));
}

/**
 * Collects bytes for the slot and writes each whole block.
 *
 * @fails Err.NoSpace  the slot is too small, or its storage full
 * @fails Err.Storage  a write failed
 */
export function put(ptr: usize, byteCount: i32): i32 {
  let err: i32 = Err.Ok;
  while (byteCount > 0 && !err) {
    const part = min(byteCount, GATHER_BYTES - gathered);
    memory.copy(GATHER + gathered, ptr, part);
    gathered += part;
    ptr += part;
    byteCount -= part;
    if (gathered == GATHER_BYTES) err = flush();
  }
  return err;
}

/** Writes what was collected and is less than a block. Fails as `put`. */
export function flush(): i32 {
  if (!gathered) return Err.Ok;
  if (written + gathered > inventory.capacityOf(slot)) return Err.NoSpace;
  const err = errFor(host.sWrite(slot, written, GATHER, gathered));
  written += gathered;
  gathered = 0;
  return err;
}

function errFor(err: i32): i32 {
  return err && err != Err.NoSpace ? Err.Storage : err;
}
