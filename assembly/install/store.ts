// Delivery Packages on the device: which node below Inventory/Delivered has its bytes in which
// slot.
import { Block, DeliveryState, Err } from "../abi/codes";
import { PACKAGES_MAX } from "../base/limits";
import * as journal from "../journal/journal";
import * as tree from "../tree/node";
import * as inventory from "./inventory";

//   0      2      3       4
//   +------+------+-------+------+
//   | node | slot | state | size |    a row in RAM and the payload of a PACKAGE record
//   +------+------+-------+------+
const ROW_BYTES: i32 = 8;
const ROWS: usize = memory.data((PACKAGES_MAX + 1) * ROW_BYTES, 4);
const END: usize = ROWS + PACKAGES_MAX * ROW_BYTES;
const NO_NODE: i32 = 0xffff;

/** Forgets everything. */
export function reset(): void {
  memory.fill(ROWS, 0xff, PACKAGES_MAX * ROW_BYTES);
}

/** The row of a node below Delivered, 0 if it has no bytes on the device. */
export function find(node: i32): usize {
  for (let at = ROWS; at < END; at += ROW_BYTES) {
    if (load<u16>(at) == node) return at;
  }
  return 0;
}

export function slotOf(at: usize): i32 {
  return load<u8>(at, 2);
}

export function stateOf(at: usize): i32 {
  return load<u8>(at, 3);
}

export function sizeOf(at: usize): u32 {
  return load<u32>(at, 4);
}

/** True when one more package fits the table. */
export function hasRoom(): bool {
  return find(NO_NODE) != 0;
}

/**
 * Records a package whose bytes are whole, in place of what the node had; counts with the closer
 * that follows.
 */
export function add(node: i32, slot: i32, byteCount: u32): void {
  let at = find(node);
  if (!at) at = find(NO_NODE);
  if (!at) return;
  store<u16>(at, node);
  store<u8>(at, slot, 2);
  store<u8>(at, DeliveryState.Delivered, 3);
  store<u32>(at, byteCount, 4);
  write(at);
}

/** Records a new State of a package; counts with the closer that follows. */
export function setState(at: usize, state: i32): void {
  store<u8>(at, state, 3);
  write(at);
}

function write(at: usize): void {
  journal.begin(inventory.Type.Package, ROW_BYTES);
  journal.put(at, ROW_BYTES);
  journal.finish();
}

/** Replays a PACKAGE record. */
export function apply(place: u32): i32 {
  if (journal.read(place, 0, END, ROW_BYTES)) return Err.Damaged;
  let at = find(load<u16>(END));
  if (!at) at = find(NO_NODE);
  if (!at) return Err.Damaged;
  memory.copy(at, END, ROW_BYTES);
  return Err.Ok;
}

/** Drops the rows whose node is gone; their slots are free from here on. */
export function purge(): void {
  for (let at = ROWS; at < END; at += ROW_BYTES) {
    if (load<u16>(at) != NO_NODE && !tree.isAlive(load<u16>(at))) store<u16>(at, NO_NODE);
  }
}

/** Appends all rows to a checkpoint. */
export function writeAll(): void {
  for (let at = ROWS; at < END; at += ROW_BYTES) {
    if (load<u16>(at) != NO_NODE) write(at);
  }
}

/** True when no entry, no plan and no package names the slot. */
export function isFree(slot: i32): bool {
  if (inventory.usesSlot(slot)) return false;
  for (let at = ROWS; at < END; at += ROW_BYTES) {
    if (load<u16>(at) != NO_NODE && slotOf(at) == slot) return false;
  }
  return true;
}

/** A free slot of at least `byteCount` bytes, the smallest that fits; -1 when there is none. */
export function findFree(byteCount: u32): i32 {
  let best = -1;
  const slots = load<i32>(Block.SlotCount);
  for (let slot = 0; slot < slots; slot++) {
    const capacity = inventory.capacityOf(slot);
    if (capacity < byteCount || !isFree(slot)) continue;
    if (best < 0 || capacity < inventory.capacityOf(best)) best = slot;
  }
  return best;
}
