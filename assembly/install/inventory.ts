// Which component is in which slot: the entries in force, and beside them the wanted end state of
// the open plan.
//
// A row in RAM is the 48-byte entry of docs/journal-format.md and what belongs to it in this boot:
//
//   0           2      3       4       8       12     16        48     52       53
//   +-----------+------+-------+-------+-------+------+---------+------+--------+-------+
//   | component | slot | flags | order | floor | size | sha-256 | text | staged | entry |
//   +-----------+------+-------+-------+-------+------+---------+------+--------+-------+
//   `flags` of a planned row hold the place of its job in the group in bits 4 to 6; those of a row
//   in force the change that failed last (`jobs.changeOf`) in bits 4 and 5.
import { Block, Err } from "../abi/codes";
import { COMPONENTS_MAX, TARGETS_MAX } from "../base/limits";
import * as journal from "../journal/journal";

export const enum Row {
  Component = 0,
  Slot = 2,
  Flags = 3,
  Order = 4,
  Floor = 8,
  Size = 12,
  Digest = 16,
  Text = 48,
  Staged = 52,
  Entry = 53,
  Bytes = 56,
}

export const enum Flag {
  Active = 1,
  External = 2,
  Dirty = 4,
  Removed = 8,
  InForce = 15,
  JobShift = 4,
  FailedShift = 4,
}

/** Texts of a component, in the order in which a TEXT record holds them. */
export const enum Text {
  Id = 0,
  Name = 1,
  Version = 2,
  Description = 3,
  PkgIdRef = 4,
  Count = 5,
}

/** Record types of this folder. */
export const enum Type {
  Inv = 0x02,
  Txn = 0x03,
  Out = 0x04,
  Text = 0x06,
  Package = 0x07,
  Job = 0x08,
  Plan = 0x10,
  Commit = 0x11,
  Trial = 0x12,
  Rollback = 0x13,
  Outcome = 0x14,
  Ack = 0x15,
  Progress = 0x16,
}

export const ENTRY_BYTES: i32 = 48;
export const NO_SLOT: i32 = 0xff;
export const NO_COMPONENT: i32 = 0xffff;
const NO_TEXT: u32 = 0xffffffff;
/** Bit of the component number in a TEXT record that belongs to a plan. */
const OF_PLAN: i32 = 0x8000;
const TEXT_HEADER_BYTES: i32 = 2 + 2 * Text.Count;

const ROWS: usize = memory.data((COMPONENTS_MAX + TARGETS_MAX) * Row.Bytes, 4);
const PLANNED: usize = ROWS + COMPONENTS_MAX * Row.Bytes;
const HEADER: usize = memory.data(TEXT_HEADER_BYTES, 4);
const PENDING: usize = memory.data(COMPONENTS_MAX * 4, 4);

let plannedRows = 0;

/** Forgets everything. */
export function reset(): void {
  memory.fill(ROWS, 0xff, (COMPONENTS_MAX + TARGETS_MAX) * Row.Bytes);
  memory.fill(PENDING, 0xff, COMPONENTS_MAX * 4);
  plannedRows = 0;
}

/** The row in force of a component number, whether or not it is present. */
export function row(component: i32): usize {
  return ROWS + component * Row.Bytes;
}

/** The row of the open plan at `index`, 0 to `plannedCount() - 1`. */
export function planned(index: i32): usize {
  return PLANNED + index * Row.Bytes;
}

/** Place in the plan of a planned row. */
export function indexOf(at: usize): i32 {
  return <i32>(at - PLANNED) / Row.Bytes;
}

export function plannedCount(): i32 {
  return plannedRows;
}

/** True when the component has an entry, a removed one included. */
export function isPresent(component: i32): bool {
  return load<u16>(row(component)) == component;
}

/** True when the component has an entry that is not removed. */
export function isDeployed(component: i32): bool {
  return isPresent(component) && !(load<u8>(row(component), Row.Flags) & Flag.Removed);
}

/** The row of the plan for a component, 0 if the plan does not have it. */
export function plannedFor(component: i32): usize {
  for (let i = 0; i < plannedRows; i++) {
    if (load<u16>(planned(i)) == component) return planned(i);
  }
  return 0;
}

/** Takes the next free row of the plan, cleared; 0 when the plan is full. */
export function addPlanned(component: i32): usize {
  if (plannedRows == TARGETS_MAX) return 0;
  const at = planned(plannedRows++);
  memory.fill(at, 0, Row.Bytes);
  store<u16>(at, component);
  store<u32>(at, NO_TEXT, Row.Text);
  return at;
}

/** Forgets the plan. */
export function clearPlanned(): void {
  plannedRows = 0;
}

/** Makes the plan the inventory: its end is well. Floors rise here and nowhere else. */
export function acceptPlanned(): void {
  for (let i = 0; i < plannedRows; i++) {
    const at = planned(i);
    const target = row(load<u16>(at));
    memory.copy(target, at, Row.Bytes);
    store<u8>(target, load<u8>(at, Row.Flags) & Flag.InForce, Row.Flags);
  }
  plannedRows = 0;
}

/**
 * Flags the entries in force of the plan's components: the outside may not be what they say. One
 * that never came into force gets an entry as removed, for it may still be there.
 */
export function markDirty(): void {
  for (let i = 0; i < plannedRows; i++) {
    const at = row(load<u16>(planned(i)));
    if (load<u16>(at) == NO_COMPONENT) {
      memory.copy(at, planned(i), Row.Bytes);
      store<u8>(at, NO_SLOT, Row.Slot);
      store<u8>(at, Flag.Removed, Row.Flags);
      store<u32>(at, 0, Row.Floor);
    }
    store<u8>(at, load<u8>(at, Row.Flags) | Flag.Dirty, Row.Flags);
  }
}

/** Notes in the row in force that the change which is planned has failed. */
export function markFailed(change: i32): void {
  const at = row(load<u16>(PLANNED));
  const inForce = load<u8>(at, Row.Flags) & Flag.InForce;
  store<u8>(at, inForce | (change << Flag.FailedShift), Row.Flags);
}

/** The change of a component that failed last, 0 if none has since its last success. */
export function failedChange(component: i32): i32 {
  if (!isPresent(component)) return 0;
  return load<u8>(row(component), Row.Flags) >> Flag.FailedShift;
}

/** The place in its group of the job that brought a planned row. */
export function jobOf(at: usize): i32 {
  return load<u8>(at, Row.Flags) >> Flag.JobShift;
}

/** Takes a number for a component that has none: what was said of an earlier one is void. */
export function take(component: i32): void {
  store<u32>(row(component), NO_TEXT, Row.Text);
}

/** Keeps the text of a component that never came into force, for the report that names it. */
export function keepText(component: i32): void {
  const at = plannedFor(component);
  if (at && !isPresent(component)) store<u32>(row(component), load<u32>(at, Row.Text), Row.Text);
}

/** Appends one 48-byte entry to the record that is being written. */
export function putEntry(at: usize): void {
  journal.put(at, ENTRY_BYTES);
}

/** Replays an INV record. */
export function applyEntry(place: u32): i32 {
  const component = readComponent(place);
  if (component < 0) return Err.Damaged;
  store<u32>(row(component), NO_TEXT, Row.Text);
  return journal.read(place, 0, row(component), ENTRY_BYTES);
}

/** Replays the entry at `offset` of a PLAN or TXN record into the next row of the plan. */
export function applyPlanned(place: u32, offset: i32): i32 {
  const at = addPlanned(0);
  if (!at) return Err.Damaged;
  const err = journal.read(place, offset, at, ENTRY_BYTES);
  if (err) return err;
  const component = <i32>load<u16>(at);
  if (component >= COMPONENTS_MAX) return Err.Damaged;
  store<u32>(at, load<u32>(PENDING + component * 4), Row.Text);
  return Err.Ok;
}

/** Replays a TEXT record. */
export function applyText(place: u32): i32 {
  let component: i32 = readNumber(place);
  if (component < 0) return Err.Damaged;
  const isOfPlan = (component & OF_PLAN) != 0;
  component &= ~OF_PLAN;
  if (component >= COMPONENTS_MAX) return Err.Damaged;
  if (isOfPlan) store<u32>(PENDING + component * 4, place);
  else store<u32>(row(component), place, Row.Text);
  return Err.Ok;
}

function readNumber(place: u32): i32 {
  if (journal.read(place, 0, HEADER, 2)) return -1;
  return load<u16>(HEADER);
}

function readComponent(place: u32): i32 {
  const component = readNumber(place);
  return component < COMPONENTS_MAX ? component : -1;
}

/**
 * Starts a TEXT record of the plan; `put` the five texts behind it, then `endText`. `bytes` holds
 * their lengths as u16.
 */
export function beginText(component: i32, bytes: usize): void {
  let total = TEXT_HEADER_BYTES;
  for (let i = 0; i < Text.Count; i++) total += load<u16>(bytes + i * 2);
  journal.begin(Type.Text, total);
  journal.put16(component | OF_PLAN);
  journal.put(bytes, 2 * Text.Count);
}

export function endText(at: usize): void {
  store<u32>(at, journal.finish(), Row.Text);
}

/**
 * Copies one text of a row to `ptr`, which has room for the largest of its kind.
 *
 * A text that cannot be read ends the boot before anything rests on it: the journal has failed.
 *
 * @returns its bytes, 0 when there is none
 */
export function textInto(at: usize, which: i32, ptr: usize): i32 {
  const place = load<u32>(at, Row.Text);
  if (place == NO_TEXT) return 0;
  // Behind a write that failed a place may be that of another record.
  if (journal.check(place) || journal.kind != Type.Text) return lose();
  if (journal.read(place, 0, HEADER, TEXT_HEADER_BYTES)) return lose();
  let offset = TEXT_HEADER_BYTES;
  for (let i = 0; i < which; i++) offset += load<u16>(HEADER + 2 + i * 2);
  const byteCount = <i32>load<u16>(HEADER + 2 + which * 2);
  return journal.read(place, offset, ptr, byteCount) ? lose() : byteCount;
}

/** Ends the writing of this boot, and with it the boot. */
function lose(): i32 {
  journal.fail(Err.Damaged);
  return 0;
}

/** True when a slot belongs to an entry in force or to the open plan. */
export function usesSlot(slot: i32): bool {
  for (let i = 0; i < COMPONENTS_MAX; i++) {
    if (isPresent(i) && load<u8>(row(i), Row.Slot) == slot) return true;
  }
  for (let i = 0; i < plannedRows; i++) {
    if (load<u8>(planned(i), Row.Slot) == slot) return true;
  }
  return false;
}

/** Capacity of a slot in bytes. */
export function capacityOf(slot: i32): u32 {
  return load<u32>(Block.SlotBytes + slot * 4);
}

/**
 * Appends all entries and texts in force to a checkpoint. `isNamed` rows keep their text for an
 * outcome.
 */
export function writeAll(namedByOutcome: u32): void {
  for (let i = 0; i < COMPONENTS_MAX; i++) {
    if (!isPresent(i)) continue;
    journal.begin(Type.Inv, ENTRY_BYTES);
    putEntry(row(i));
    journal.finish();
  }
  for (let i = 0; i < COMPONENTS_MAX; i++) {
    if (isPresent(i) || (namedByOutcome >> i) & 1) copyText(row(i), i);
    else store<u32>(row(i), NO_TEXT, Row.Text);
  }
}

/** Appends the texts of the open plan; they stand before its TXN. */
export function writePlannedTexts(): void {
  for (let i = 0; i < plannedRows; i++) copyText(planned(i), load<u16>(planned(i)) | OF_PLAN);
}

function copyText(at: usize, component: i32): void {
  const place = load<u32>(at, Row.Text);
  if (place == NO_TEXT) return;
  const byteCount = journal.bytesAt(place);
  journal.begin(Type.Text, byteCount);
  journal.put16(component);
  journal.putFrom(place, 2, byteCount - 2);
  store<u32>(at, journal.finish(), Row.Text);
}

/** Bytes that `writeAll` and `writePlannedTexts` would append. */
export function checkpointBytes(): i32 {
  let total = 0;
  for (let i = 0; i < COMPONENTS_MAX; i++) {
    if (isPresent(i)) total += journal.recordBytes(ENTRY_BYTES);
    total += textBytes(row(i));
  }
  for (let i = 0; i < plannedRows; i++) total += textBytes(planned(i));
  return total;
}

/** Bytes of the TEXT record of a row. */
export function textBytes(at: usize): i32 {
  const place = load<u32>(at, Row.Text);
  return place == NO_TEXT ? 0 : journal.recordBytes(journal.bytesAt(place));
}

/**
 * Finds a component by its ID among the entries, removed ones included.
 *
 * @returns its number, -1 unknown
 */
export function findId(id: usize, idBytes: i32, scratch: usize): i32 {
  const rows = COMPONENTS_MAX + plannedRows;
  for (let i = 0; i < rows; i++) {
    if (i < COMPONENTS_MAX && !isPresent(i)) continue;
    const at = row(i); // The planned rows stand behind those in force.
    const ownBytes = textInto(at, Text.Id, scratch);
    if (ownBytes == idBytes && memory.compare(scratch, id, idBytes) == 0) return load<u16>(at);
  }
  return -1;
}
