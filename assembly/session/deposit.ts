// Direct delivery: what a server writes to Data of a Delivered package goes straight into a free
// slot. It must be durable before the record that names it, so it is written before its command
// runs, and a barrier lies between.
import { Err, Format } from "../abi/codes";
import { SEND } from "../base/buffers";
import { SEND_BYTES } from "../base/limits";
import * as base64 from "../crypto/base64";
import * as writer from "../install/slot-writer";
import * as store_ from "../install/store";
import * as parse from "../syncml/parse";
import { Status, statusFor } from "../syncml/status";

/** Characters of Base64 that wait for the rest of their four. */
const CARRY: usize = memory.data(4);

let carried = 0;
let isPadded = false; // The Base64 has come to its end.
/** Octets that were written. */
export let byteCount = 0;
/** What the command gets: 0 if all of it is in the slot. Without a deposit there is none. */
let code: i32 = Status.NotSupported;

/** All bytes are in the slot; the command that brought them may run behind a barrier. */
export function isWhole(): bool {
  return code == 0;
}

/** Ends the deposit. @returns 0 if its bytes are in the slot, else a Status */
export function take(): i32 {
  const taken = code;
  code = Status.NotSupported;
  return taken;
}

/** Notes what became of the deposit. */
export function settle(status: i32): void {
  code = status;
}

/** Starts one of at most `size` bytes. @returns 0 or a Status */
export function open(size: i32): i32 {
  carried = 0;
  isPadded = false;
  byteCount = 0;
  const slot = store_.findFree(size);
  if (slot < 0 || !store_.hasRoom()) return Status.Full;
  return statusOf(writer.open(slot, 0));
}

/** Writes the Data of the Item, in the format `format`. @returns 0 or a Status */
export function put(format: i32): i32 {
  if (parse.dataIsInline) return Status.BadFormat;
  if (format != Format.B64) return write(parse.data, parse.dataBytes);
  let ptr = parse.data;
  let left = parse.dataBytes;
  while (left > 0) {
    // What was sent last has been answered.
    memory.copy(SEND, CARRY, carried);
    const part = min(left, SEND_BYTES - carried);
    memory.copy(SEND + carried, ptr, part);
    ptr += part;
    left -= part;
    const whole = (carried + part) & ~3;
    carried = (carried + part) & 3;
    memory.copy(CARRY, SEND + whole, carried);
    const octets = base64.decode(SEND, whole, SEND);
    if (octets < 0 || (isPadded && whole)) return Status.BadFormat;
    isPadded = octets % 3 != 0;
    const err = write(SEND, octets);
    if (err) return err;
  }
  return 0;
}

function write(ptr: usize, octets: i32): i32 {
  byteCount += octets;
  return statusOf(writer.put(ptr, octets));
}

/** Writes the rest. @returns 0 or a Status */
export function finish(): i32 {
  return carried ? <i32>Status.BadFormat : statusOf(writer.flush());
}

function statusOf(err: i32): i32 {
  return err ? statusFor(err) : 0;
}

/** Records the bytes as those of a node; counts with the closer that follows. */
export function record(entry: i32): void {
  store_.add(entry, writer.slot, writer.written);
}
