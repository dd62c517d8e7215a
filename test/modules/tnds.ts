// tree/tnds for test/unit/tree.
import * as parse from "../../assembly/syncml/parse";
import * as tnds from "../../assembly/tree/tnds";

export { at, bytesOf, has, next, open } from "../../assembly/tree/tnds";

const INPUT: usize = memory.data(16384, 8);
const BUFFER: usize = memory.data(4096, 8);

/** 16 KiB for a document or message. */
export function input(): usize {
  return INPUT;
}

/** Lets the texts have `capacityBytes`, at most 4,096. */
export function setCapacity(capacityBytes: i32): void {
  tnds.setBuffer(BUFFER, capacityBytes);
}

/** Opens what the first Item of the first command of a message holds. */
export function openMessage(byteCount: i32): i32 {
  const err = parse.open(INPUT, byteCount);
  if (err) return err;
  parse.nextCommand();
  parse.nextItem();
  if (!parse.dataIsInline) return tnds.open(parse.data, parse.dataBytes);
  parse.openInline();
  return tnds.openInline();
}

export function format(): i32 {
  return tnds.format;
}

export function isOpaque(): bool {
  return tnds.isOpaque;
}

export function hasChildren(): bool {
  return tnds.hasChildren;
}

export function depth(): i32 {
  return tnds.depth;
}
