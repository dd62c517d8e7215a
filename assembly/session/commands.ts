// One Item of a command on the tree, from its URI to its Status. The order of checks: URI,
// existence, rights, what the node allows, format and size, then the change; so a refused command
// has changed nothing.
import { Err, Format } from "../abi/codes";
import * as store_ from "../install/store";
import * as journal from "../journal/journal";
import * as object from "../scomo/object";
import * as primitives from "../scomo/primitives";
import { Kind } from "../syncml/command";
import * as parse from "../syncml/parse";
import { Status, statusFor } from "../syncml/status";
import { Right } from "../tree/acl";
import * as tree from "../tree/node";
import * as uri from "../tree/uri";
import * as alerts from "./alerts";
import * as deposit from "./deposit";
import * as largeObject from "./large-object";
import * as nodes from "./nodes";
import * as properties from "./properties";
import * as route from "./route";
import * as subtree from "./subtree";

/** Install group that Execs join, 0 where each is its own; set by the one who binds. */
export let group: u32 = 0;
/** Flags of the jobs that Execs record. */
let jobFlags = 0;

export function setGroup(number: u32): void {
  group = number;
}

export function setJobFlags(flags: i32): void {
  jobFlags = flags;
}

let isDeposit: bool = false; // The Item that ran last is for a content slot.
let isTrial: bool = false; // Such an Item is only checked.

/** Runs the Item that the parser stands at. @returns its Status */
export function runItem(kind: i32): i32 {
  if (parse.moreData) return runChunk(kind);
  const broken = largeObject.isOpen() ? largeObject.complete() : 0;
  return broken ? broken : runWhole(kind);
}

/** What may not be done is refused with the first chunk. */
function runChunk(kind: i32): i32 {
  let code = 0;
  if (kind != Kind.Add && kind != Kind.Replace) code = Status.NotSupported;
  else if (!largeObject.isOpen()) {
    isDeposit = false;
    code = runWhole(kind);
    if (code == Status.Chunk) code = largeObject.begin(kind, isDeposit);
  }
  if (!code) code = largeObject.append();
  if (!code) return Status.Chunk;
  largeObject.drop();
  return code;
}

/**
 * Writes what the command has for a content slot. @returns true if that must be durable before the
 * command runs, which is then asked for again
 */
export function deposits(kind: i32): bool {
  if ((kind != Kind.Add && kind != Kind.Replace) || deposit.isWhole()) return false;
  while (parse.nextItem()) {
    if (parse.moreData || !isForSlot()) continue;
    isTrial = true;
    let code = runWhole(kind);
    isTrial = false;
    if (code != Status.Chunk) continue;
    if (largeObject.isOpen()) code = largeObject.complete();
    else {
      code = deposit.open(parse.dataBytes);
      if (!code) code = deposit.put(parse.format);
      if (!code) code = deposit.finish();
    }
    deposit.settle(code);
    return code == 0;
  }
  return false;
}

function isForSlot(): bool {
  if (uri.parse(parse.itemTarget, parse.itemTargetBytes) || uri.query) return false;
  return isDataOf(route.resolve());
}

/** The node, or the one that is missing where `route.resolve` stopped, is Data of a package. */
function isDataOf(node: i32): bool {
  if (node >= 0) return object.isData(node);
  const isIt = object.isDataBelow(route.last);
  uri.rewindSegments();
  route.resolve();
  return isIt;
}

function runWhole(kind: i32): i32 {
  if (parse.itemTargetBytes == 0) return Status.Incomplete;
  const err = uri.parse(parse.itemTarget, parse.itemTargetBytes);
  if (err) return statusFor(err);
  // Provisioning makes the Inbox itself.
  const isForInbox = subtree.isInbox() && (!route.mayAll() || subtree.isSerialised());
  if (isForInbox) return statusFor(subtree.addToInbox(kind));
  if (uri.query) return parse.moreData ? Status.NotSupported : properties.run(kind);
  const node = route.resolve();
  if (node == Err.Damaged) return Status.Failed;
  if (kind == Kind.Add || kind == Kind.Replace) {
    if (isDataOf(node)) return putData(kind, node);
    if (subtree.isSerialised()) return statusFor(subtree.run(kind, node));
  }
  switch (kind) {
    case Kind.Add:
      if (node < 0) return statusFor(add());
      return nodes.isOwn(node) ? Status.Ok : Status.Exists;
    case Kind.Copy:
      return statusFor(copy(node));
    case Kind.Replace:
      return node < 0 ? Status.NotFound : statusFor(replace(node));
    case Kind.Delete:
      return node < 0 ? Status.NotFound : statusFor(nodes.remove(node));
    case Kind.Get:
      return node < 0 ? Status.NotFound : statusFor(get(node));
    case Kind.Exec:
      return node < 0 ? Status.NotFound : exec(node);
    default:
      return Status.NotSupported;
  }
}

/** Data of a package: its bytes are in a slot already. */
function putData(kind: i32, node: i32): i32 {
  isDeposit = true;
  if (kind == Kind.Add && node >= 0) return Status.Exists;
  let err = kind == Kind.Add ? nodes.mayAdd() : node;
  if (node >= 0) err = route.permits(node, Right.Replace);
  if (!err && node >= 0 && nodes.isBusy(object.ownerOf(node))) err = Err.Busy;
  if (!err && parse.format != Format.Bin && parse.format != Format.B64 && parse.hasFormat) {
    err = Err.BadFormat;
  }
  if (err) return statusFor(err);
  if (parse.moreData || isTrial) return Status.Chunk;
  const code = deposit.take();
  if (code) return code;
  if (node < 0) {
    err = nodes.create();
    uri.rewindSegments();
    route.resolve();
  }
  if (!err) deposit.record(node < 0 ? route.last : object.ownerOf(node));
  return statusFor(err);
}

// Add, Replace, Delete, Get, Copy, Exec.

function add(): i32 {
  const denied = nodes.mayAdd();
  if (denied) return denied;
  const err = nodes.takeItem(-1);
  return err ? err : nodes.create();
}

function replace(node: i32): i32 {
  const denied = nodes.mayReplace(node);
  if (denied) return denied;
  if (tree.isInterior(node)) return Err.NotAllowed;
  const err = nodes.takeItem(tree.formatOf(node));
  if (err) return err;
  return nodes.format == tree.formatOf(node) ? nodes.change(node) : Err.BadFormat;
}

function get(node: i32): i32 {
  const denied = route.permits(node, Right.Get);
  if (denied) return denied;
  if (route.isInterior(node)) return Err.Ok;
  const byteCount = route.valueBytes(node);
  return byteCount < 0 ? byteCount : Err.Ok;
}

/** Copies the leaf that Source names over `node`, or to where there is none. */
function copy(node: i32): i32 {
  const source = leafOfSource();
  if (source < 0) return source;
  uri.parse(parse.itemTarget, parse.itemTargetBytes);
  route.resolve();
  let err = node < 0 ? nodes.mayAdd() : nodes.mayReplace(node);
  if (err) return err;
  if (node >= 0 && tree.isInterior(node)) return Err.NotAllowed;
  err = nodes.takeNode(source);
  if (err) return err;
  return node < 0 ? nodes.create() : nodes.change(node);
}

function leafOfSource(): i32 {
  if (parse.itemSourceBytes == 0) return Err.Incomplete;
  const err = uri.parse(parse.itemSource, parse.itemSourceBytes);
  if (err) return err;
  const node = route.resolve();
  const denied = node < 0 ? node : route.permits(node, Right.Get);
  if (denied) return denied;
  return uri.query || route.isInterior(node) ? Err.NotAllowed : node;
}

function exec(node: i32): i32 {
  const denied = route.permits(node, Right.Exec);
  if (denied) return statusFor(denied);
  if (!object.isComputed(node) || object.primitiveOf(node) < 0) return Status.NotAllowed;
  primitives.open(account, parse.correlator, parse.correlatorBytes);
  const err = primitives.exec(node, group, jobFlags);
  return err ? statusFor(err) : Status.Accepted;
}

let account = 0;

/** The account that commands come from. */
export function setAccount(node: i32): void {
  account = node;
}

let isDeferred: bool = false;

/**
 * Makes changes count only with the region that is opened behind them: provisioning is one commit.
 */
export function defer(isOn: bool): void {
  isDeferred = isOn;
}

/**
 * Ends what one Item, or a whole Atomic, has changed: from here on it counts, after the next
 * barrier.
 */
export function endChange(): void {
  if (!isDeferred) {
    alerts.dropOrphans();
    journal.groupEnd();
  }
  tree.undoClear();
  store_.purge();
}
