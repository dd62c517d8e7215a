// assembly/delivery for test/unit/delivery and test/conformance/delivery.
import { HEAD, HEAD_BYTES, TABLE, TABLE_ENTRY_BYTES } from "../../assembly/base/buffers";
import { TARGETS_MAX } from "../../assembly/base/limits";
import * as delivery from "../../assembly/delivery/delivery";

export {
  accept,
  ask,
  blockCount,
  classOf,
  comparisonOf,
  consumed,
  descriptionInto,
  digestOf,
  entryCount,
  failedEntry,
  idInto,
  input,
  isComplete,
  isInside,
  isSigned,
  isTarget,
  manifestDescriptionInto,
  nameInto,
  next,
  open,
  openExternal,
  parseManifest,
  reason,
  rehash,
  resumePayload,
  sequence,
  sizeOf,
  skipPayload,
  updateDescriptionInto,
  uriBytesOf,
  uriOf,
  vendorOf,
  verifyBlock,
  versionOf,
  versionTextInto,
} from "../../assembly/delivery/delivery";

const WINDOW: usize = memory.data(16384);
const KEY: usize = memory.data(64);
const KID: usize = memory.data(32);
const STRING: usize = memory.data(1024);

/** Room for the input. */
export function window(): usize {
  return WINDOW;
}

export function key(): usize {
  return KEY;
}

export function kid(): usize {
  return KID;
}

/** Room for the strings that the reader writes. */
export function string(): usize {
  return STRING;
}

export function head(): usize {
  return HEAD;
}

/** Bytes of HEAD and TABLE together, which lie behind each other. */
export function headBytes(): i32 {
  return HEAD_BYTES + TARGETS_MAX * TABLE_ENTRY_BYTES;
}

export function table(): usize {
  return TABLE;
}

export function entryNow(): i32 {
  return delivery.entry;
}

export function bytesNow(): usize {
  return delivery.bytes;
}

export function byteCountNow(): i32 {
  return delivery.byteCount;
}
