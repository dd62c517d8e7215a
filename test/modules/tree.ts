// The tree on a journal, for its tests. An opening is one call here: its barriers are the host's
// business.
import * as journal from "../../assembly/journal/journal";
import { Type } from "../../assembly/journal/journal";
import * as node from "../../assembly/tree/node";
import * as uri from "../../assembly/tree/uri";

export {
  adopt,
  begin,
  beginCheckpoint,
  beginOpening,
  configure,
  dropGroup,
  endCheckpoint,
  error,
  finish,
  groupEnd,
  isDegraded,
  put32,
  recordBytes,
  room,
  scan,
  synced,
} from "../../assembly/journal/journal";
export {
  aclInto,
  applyDelete,
  applyRecord,
  checkpointBytes,
  count,
  create,
  draft,
  draftAcl,
  draftFormat,
  draftName,
  draftTitle,
  draftType,
  draftValue,
  edit,
  find,
  firstChild,
  formatOf,
  isAlive,
  isInterior,
  isPermanent,
  nameInto,
  nextSibling,
  parentOf,
  readValue,
  remove,
  reset,
  setBudget,
  stampOf,
  store,
  titleInto,
  typeInto,
  undoClear,
  undoMark,
  undoTo,
  valueBytes,
  versionOf,
  writeAll,
} from "../../assembly/tree/node";
export { depth, nextSegment, parse, rewindSegments } from "../../assembly/tree/uri";
export { allows, grants, isValid } from "../../assembly/tree/acl";

/** Bytes on their way between test and tree. */
export const SCRATCH: usize = memory.data(16384, 8);

export function segment(): usize {
  return uri.segment;
}

export function segmentBytes(): i32 {
  return uri.segmentBytes;
}

export function query(): usize {
  return uri.query;
}

export function queryBytes(): i32 {
  return uri.queryBytes;
}

/** Replays all that the journal hands out. Answers 0 or the first failure. */
export function replay(): i32 {
  node.reset();
  for (let type = journal.next(); type != 0; type = journal.next()) {
    if (type < 0) return type;
    const failure = applyOne(type);
    if (failure != 0) return failure;
  }
  return 0;
}

function applyOne(type: i32): i32 {
  if (type == Type.Node) return node.applyRecord(journal.place());
  return type == Type.Delete ? node.applyDelete(journal.place()) : 0;
}
