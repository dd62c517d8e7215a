// What the layers above know of the journal: records in order, never what a record means.
//
//   start    configure, scan, then next until it answers 0
//   opening  beginOpening, barrier, beginCheckpoint, owners append what they hold,
//            endCheckpoint, barrier, adopt
//   append   begin, put…, finish; groupEnd or dropGroup after content records; barrier
export {
  Type,
  bytesAt,
  check,
  configure,
  isDegraded,
  kind,
  read,
  recordBytes,
  setDegraded,
} from "./record";
export { error, fail, put, put16, put32, put8, putFrom } from "./writer";
export {
  adopt,
  begin,
  beginCheckpoint,
  beginOpening,
  dropGroup,
  endCheckpoint,
  finish,
  groupEnd,
  isDirty,
  isOpen,
  isUnproven,
  room,
  synced,
} from "./append";
export { flags, next, payloadBytes, place, scan } from "./replay";
import * as record from "./record";

/** Generation of the current region; 0 before the first. */
export function generation(): u32 {
  return record.generation;
}
