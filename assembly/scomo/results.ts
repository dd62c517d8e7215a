// What becomes of a job group that has ended: Status leaves, Delivered entries, and the one
// outcome.
import { DeliveryState, Err, Format, Primitive } from "../abi/codes";
import * as bytes from "../base/bytes";
import { BLOCK, SHORT_TEXT } from "../base/buffers";
import { COMPONENTS_MAX, PKG_ID_BYTES_MAX } from "../base/limits";
import * as names from "../base/names";
import * as inventory from "../install/inventory";
import * as jobs from "../install/jobs";
import * as operation from "../install/operation";
import * as outbox from "../install/outbox";
import * as places from "../install/places";
import * as run from "../install/run";
import * as stage from "../install/stage";
import * as store_ from "../install/store";
import * as journal from "../journal/journal";
import * as tree from "../tree/node";
import { StatusValue } from "./object";

/** Final results of a Primitive. @spec SCOMO 1.0 §8.7 */
export const enum ResultCode {
  Successful = 1200,
  UserCancelled = 1401,
  DownloadFailed = 1402,
  AuthenticationFailed = 1403,
  DownloadNoMemory = 1404,
  InstallFailed = 1405,
  InstallNoMemory = 1406,
  ValidationFailed = 1407,
  RemoveFailed = 1408,
  ActivateFailed = 1409,
  DeactivateFailed = 1410,
  NotImplemented = 1411,
  Undefined = 1412,
  Environment = 1413,
  RollbackFailed = 1475,
  ServerError = 1500,
  ServerUnavailable = 1501,
}

/** Room that a region must have left for a Status leaf, and for a Delivered entry. */
const STATUS_ROOM: i32 = 1024;
const DELIVERED_ROOM: i32 = 3072;
const STATUS: usize = memory.data<u8>([0x53, 0x74, 0x61, 0x74, 0x75, 0x73]);
const SUIT: usize = memory.data<u8>([0x73, 0x75, 0x69, 0x74, 0x3a]); // suit:
const DIGITS: usize = memory.data(4);

/** The result code that tells the server why a Primitive ended so. */
export function resultFor(err: i32, primitive: i32): i32 {
  if (err == Err.NotImplemented) return ResultCode.NotImplemented;
  if (err && err != Err.Damaged && primitive >= Primitive.RemoveDelivered) {
    return changeFailed(primitive);
  }
  const isDownload = primitive == Primitive.Download;
  switch (err) {
    case Err.Ok:
      return ResultCode.Successful;
    case Err.Refused:
      return ResultCode.UserCancelled;
    case Err.Transport:
    case Err.HttpStatus:
      return ResultCode.DownloadFailed;
    case Err.HttpLogin:
      return ResultCode.AuthenticationFailed;
    case Err.NoSpace:
    case Err.Full:
    case Err.TooLarge:
      return isDownload ? ResultCode.DownloadNoMemory : ResultCode.InstallNoMemory;
    case Err.Inconsistent:
    case Err.NotAllowed:
      return ResultCode.InstallFailed;
    case Err.Storage:
      return isDownload ? ResultCode.DownloadFailed : ResultCode.InstallFailed;
    case Err.Untrusted:
      return ResultCode.ValidationFailed;
    case Err.NotForDevice:
      return ResultCode.Environment;
    case Err.Damaged:
      return ResultCode.RollbackFailed;
    case Err.ServerError:
      return ResultCode.ServerError;
    case Err.TimedOut:
      return ResultCode.ServerUnavailable;
    default:
      return ResultCode.Undefined;
  }
}

function changeFailed(primitive: i32): i32 {
  switch (primitive) {
    case Primitive.Activate:
      return ResultCode.ActivateFailed;
    case Primitive.Deactivate:
      return ResultCode.DeactivateFailed;
    default:
      return ResultCode.RemoveFailed;
  }
}

/**
 * Appends everything that the end of the group means, its outcome last: all of it counts with that
 * one record. The caller makes it durable before anybody hears of it.
 */
export function finish(): void {
  const first = run.firstJob();
  if (!first) return;
  let err = run.error();
  if (!operation.isOpen()) {
    journal.dropGroup();
    if (!run.wasSame()) inventory.clearPlanned();
  }
  if (!err && jobs.primitiveOf(first) == Primitive.Download) err = addDelivered(first);
  if (!err && jobs.primitiveOf(first) == Primitive.RemoveDelivered) err = removeDelivered(first);
  if (!err && jobs.primitiveOf(first) == Primitive.RemoveDeployed) releaseDelivered();
  const count = jobs.countOf(run.currentGroup());
  for (let i = 0; i < count; i++) finishJob(jobs.memberOf(run.currentGroup(), i), err);
  const result = resultFor(err, jobs.primitiveOf(first));
  if (err) setLastError(run.reason() & ~operation.INCONSISTENT, run.blamed());
  if (operation.isOpen()) {
    operation.finish(result, run.blamed(), run.reason());
    return;
  }
  outbox.write(outbox.add(run.currentGroup(), result, run.blamed(), run.reason()));
  inventory.clearPlanned();
}

function finishJob(job: usize, err: i32): void {
  const primitive = jobs.primitiveOf(job);
  const entry = entryOf(job);
  if (entry < 0) return;
  setStatus(entry, statusAfter(primitive, err));
  const at = store_.find(entry);
  if (!err && jobs.listOf(primitive) == 1 && at) store_.setState(at, DeliveryState.Installed);
}

/** The entry below Download or Delivered that a job is about, below 0 if there is none. */
function entryOf(job: usize): i32 {
  const list = jobs.listOf(jobs.primitiveOf(job));
  if (list > 1) return Err.NotFound;
  const parent = list ? places.delivered() : places.download();
  return places.below(parent, SHORT_TEXT, jobs.textInto(job, jobs.Text.Name, SHORT_TEXT));
}

/** Takes away a Delivery Package with its bytes. */
function removeDelivered(job: usize): i32 {
  const entry = entryOf(job);
  if (entry < 0) return entry;
  return tree.isPermanent(entry) ? <i32>Err.NotAllowed : tree.remove(entry);
}

/**
 * The package of the component that leaves is Delivered again when none of its components is left.
 *
 * @spec SCOMO 1.0 (open point 14)
 */
function releaseDelivered(): void {
  const leaving = inventory.planned(0);
  if (!inventory.plannedCount()) return;
  const idBytes = inventory.textInto(leaving, inventory.Text.PkgIdRef, SHORT_TEXT);
  for (let i = 0; i < COMPONENTS_MAX; i++) {
    if (i == load<u16>(leaving) || !inventory.isDeployed(i)) continue;
    const otherBytes = inventory.textInto(inventory.row(i), inventory.Text.PkgIdRef, BLOCK);
    if (bytes.equal(BLOCK, otherBytes, SHORT_TEXT, idBytes)) return;
  }
  const list = places.delivered();
  let entry = list < 0 ? list : tree.firstChild(list);
  for (; entry >= 0; entry = tree.nextSibling(entry)) {
    const otherBytes = places.valueBelow(entry, names.PKG_ID, 5, BLOCK, PKG_ID_BYTES_MAX);
    const at = store_.find(entry);
    if (!at || !bytes.equal(BLOCK, otherBytes, SHORT_TEXT, idBytes)) continue;
    store_.setState(at, DeliveryState.Delivered);
  }
}

/** The Status leaf behind a Primitive. @spec SCOMO 1.0 (Status values) */
function statusAfter(primitive: i32, err: i32): i32 {
  if (primitive == Primitive.Download) {
    return err ? StatusValue.DownloadFailed : StatusValue.DownloadComplete;
  }
  if (!err) return StatusValue.Idle;
  if (primitive == Primitive.RemoveDelivered) return StatusValue.RemoveFailed;
  if (primitive > Primitive.DownloadInstallInactive) return StatusValue.InstallFailed;
  const isBefore =
    err == Err.Transport ||
    err == Err.HttpStatus ||
    err == Err.HttpLogin ||
    err == Err.ServerError ||
    err == Err.TimedOut;
  return isBefore ? StatusValue.DownloadFailed : StatusValue.InstallFailedWithoutData;
}

/** A Status is for people only: where the region is short it stays as it was. */
function setStatus(entry: i32, value: i32): void {
  const leaf = tree.find(entry, STATUS, 6);
  if (leaf == Err.NotFound && value == StatusValue.Idle) return;
  if (leaf == Err.Damaged || journal.room() < STATUS_ROOM) return;
  writeLeaf(entry, STATUS, 6, DIGITS, bytes.writeDecimal(value, DIGITS));
}

/** Leaves for the operator why the last operation that failed did, and which component did it. */
function setLastError(reason: i32, component: i32): void {
  const ext = places.ext();
  if (ext < 0 || journal.room() < STATUS_ROOM) return;
  memory.copy(BLOCK, SUIT, 5);
  let byteCount = 5 + bytes.writeDecimal(reason, BLOCK + 5);
  if (component != outbox.NOBODY) {
    const at = inventory.plannedFor(component);
    const row = at ? at : inventory.row(component);
    store<u8>(BLOCK + byteCount++, 0x20);
    byteCount += inventory.textInto(row, inventory.Text.Id, BLOCK + byteCount);
  }
  writeLeaf(ext, names.LAST_ERROR, 9, BLOCK, byteCount);
}

/** Sets the value of a leaf below `parent`, made where it is missing. */
function writeLeaf(
  parent: i32,
  name: usize,
  nameBytes: i32,
  value: usize,
  valueBytes: i32,
): i32 {
  const leaf = tree.find(parent, name, nameBytes);
  if (leaf == Err.Damaged) return leaf;
  if (leaf >= 0) tree.edit(leaf);
  else {
    tree.draft(name == STATUS ? Format.Int : Format.Chr, false);
    tree.draftName(name, nameBytes);
  }
  tree.draftValue(value, valueBytes);
  const err = leaf >= 0 ? tree.store(leaf) : tree.create(parent);
  return min(err, 0);
}

/**
 * Adds the Delivered entry of a package that was fetched; after a failure nothing of it counts.
 *
 * @fails Err.NoSpace  tree or region have no room for it
 */
function addDelivered(job: usize): i32 {
  const mark = tree.undoMark();
  const err = journal.room() < DELIVERED_ROOM ? <i32>Err.NoSpace : createDelivered(job);
  if (!err) return Err.Ok;
  tree.undoTo(mark);
  journal.dropGroup();
  return err == Err.Damaged ? Err.Storage : err;
}

/** Makes the entry where it is missing: same name and ACL as the Download entry of the job. */
function createDelivered(job: usize): i32 {
  const list = places.delivered();
  const nameBytes = jobs.textInto(job, jobs.Text.Name, SHORT_TEXT);
  if (list < 0) return list;
  let entry = tree.find(list, SHORT_TEXT, nameBytes);
  if (entry == Err.NotFound) {
    const download = places.below(places.download(), SHORT_TEXT, nameBytes);
    const err = download < 0 ? download : tree.edit(download);
    if (err) return err;
    tree.draftName(SHORT_TEXT, nameBytes);
    entry = tree.create(list);
  }
  if (entry < 0) return entry;
  const idBytes = jobs.textInto(job, jobs.Text.Identifier, SHORT_TEXT);
  const err = writeLeaf(entry, names.PKG_ID, 5, SHORT_TEXT, idBytes);
  if (!err) store_.add(entry, stage.keptSlot(), stage.keptBytes());
  return err;
}
