// What an owed outcome says: one Item for each component that came into force, or one for each Exec
// that failed. Built from the outcome, its jobs and the texts they name; never from the tree.
import { Block, Primitive } from "../abi/codes";
import * as names from "../base/names";
import * as inventory from "../install/inventory";
import * as jobs from "../install/jobs";
import * as outbox from "../install/outbox";
import * as object from "./object";
import { ResultCode } from "./results";

const OPERATIONS: usize = memory.data<u8>([
  0x4f, 0x70, 0x65, 0x72, 0x61, 0x74, 0x69, 0x6f, 0x6e, 0x73, 0x2f, // Operations/
]);
let end: usize = 0;

function start(ptr: usize): void {
  store<u8>(ptr, 0x2e);
  end = ptr + 1;
  addSegment(Block.RootName, load<i32>(Block.RootNameBytes));
}

function add(ptr: usize, byteCount: i32): void {
  memory.copy(end, ptr, byteCount);
  end += byteCount;
}

function addSegment(ptr: usize, byteCount: i32): void {
  store<u8>(end++, 0x2f);
  add(ptr, byteCount);
}

function addObject(job: usize): void {
  const list = jobs.listOf(jobs.primitiveOf(job));
  if (list == 0) addSegment(names.DOWNLOAD, 8);
  else if (list == 1) addDelivered();
  else addDeployed();
  store<u8>(end++, 0x2f);
  const nameBytes = jobs.textInto(job, jobs.Text.Name, end);
  if (nameBytes > 0) end += nameBytes;
}

function addDeployed(): void {
  addSegment(names.INVENTORY, 9);
  addSegment(names.DEPLOYED, 8);
}

function addDelivered(): void {
  addSegment(names.INVENTORY, 9);
  addSegment(names.DELIVERED, 9);
}

/**
 * Writes the URI of the node that a job's Exec named; `ptr` has room for 256 bytes. @returns its
 * bytes
 */
export function sourceInto(job: usize, ptr: usize): i32 {
  start(ptr);
  addObject(job);
  addSegment(OPERATIONS, 11);
  end += object.primitiveNameInto(jobs.primitiveOf(job), end);
  return <i32>(end - ptr);
}

function isSuccess(outcome: usize): bool {
  return outbox.resultOf(outcome) == ResultCode.Successful;
}

/** How many Items the alerts of an outcome have in all. */
export function itemCount(outcome: usize): i32 {
  const named = outbox.namedCount(outcome);
  return isSuccess(outcome) && named ? named : jobs.countOf(outbox.groupOf(outcome));
}

/** The job that Item `index` is about. */
export function jobOf(outcome: usize, index: i32): usize {
  const isNamed = isSuccess(outcome) && outbox.namedCount(outcome) != 0;
  return jobs.memberOf(outbox.groupOf(outcome), isNamed ? outbox.jobAt(outcome, index) : index);
}

/** Writes the URI of the object that Item `index` reports on. @returns its bytes */
export function targetInto(outcome: usize, index: i32, ptr: usize): i32 {
  start(ptr);
  if (isSuccess(outcome) && outbox.namedCount(outcome)) {
    addDeployed();
    store<u8>(end++, 0x2f);
    end += object.componentNameInto(outbox.namedAt(outcome, index), end);
    return <i32>(end - ptr);
  }
  const job = jobOf(outcome, index);
  if (isSuccess(outcome) && jobs.primitiveOf(job) == Primitive.Download) {
    addDelivered();
    store<u8>(end++, 0x2f);
    end += max(0, jobs.textInto(job, jobs.Text.Name, end));
  } else addObject(job);
  return <i32>(end - ptr);
}

/**
 * Writes the Identifier of Item `index`: the component's ID, or the PkgID. @returns its bytes, or
 * Err
 */
export function identifierInto(outcome: usize, index: i32, ptr: usize): i32 {
  if (isSuccess(outcome) && outbox.namedCount(outcome)) {
    const row = inventory.row(outbox.namedAt(outcome, index));
    return inventory.textInto(row, inventory.Text.Id, ptr);
  }
  return jobs.textInto(jobOf(outcome, index), jobs.Text.Identifier, ptr);
}
