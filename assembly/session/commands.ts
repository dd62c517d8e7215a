// One Item of a command on the tree, from its URI to its Status. The order of checks: URI,
// existence, rights, what the node allows, format and size, then the change; so a refused command
// has changed nothing.
import { Err, Format } from "../abi/codes";
import {
  ACL_BYTES_MAX,
  ENTRY_NAME_BYTES_MAX,
  SEND_BYTES,
  TYPE_BYTES_MAX,
  VALUE_BYTES_MAX,
} from "../base/limits";
import * as bytes from "../base/bytes";
import { SEND } from "../base/buffers";
import * as base64 from "../crypto/base64";
import * as store_ from "../install/store";
import * as journal from "../journal/journal";
import * as dmAcc from "../mo/dm-acc";
import * as object from "../scomo/object";
import * as primitives from "../scomo/primitives";
import { Kind } from "../syncml/command";
import * as parse from "../syncml/parse";
import { Status, statusFor } from "../syncml/status";
import { Right } from "../tree/acl";
import * as tree from "../tree/node";
import * as uri from "../tree/uri";
import * as utf8 from "../wbxml/utf8";
import * as properties from "./properties";
import * as route from "./route";

/** Text of `Add=<id>&Delete=<id>&Get=*&Replace=<id>` in its four parts. */
const CREATOR: usize = memory.data<u8>([
  0x41, 0x64, 0x64, 0x3d, // Add=
  0x26, 0x44, 0x65, 0x6c, 0x65, 0x74, 0x65, 0x3d, // &Delete=
  0x26, 0x47, 0x65, 0x74, 0x3d, 0x2a, 0x26, 0x52, 0x65, 0x70, 0x6c, 0x61, 0x63, 0x65, 0x3d,
]);
const ACL: usize = memory.data(ACL_BYTES_MAX + 1);

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

/** Runs the Item that the parser stands at. @returns its Status */
export function runItem(kind: i32): i32 {
  if (parse.itemTargetBytes == 0) return Status.Incomplete;
  if (parse.moreData) return Status.NotSupported;
  const err = uri.parse(parse.itemTarget, parse.itemTargetBytes);
  if (err) return statusFor(err);
  if (uri.query) return properties.run(kind);
  const node = route.resolve();
  if (node == Err.Damaged) return Status.Failed;
  switch (kind) {
    case Kind.Add:
      return node >= 0 ? addAgain(node) : statusFor(add());
    case Kind.Replace:
      return node < 0 ? Status.NotFound : statusFor(replace(node));
    case Kind.Delete:
      return node < 0 ? Status.NotFound : statusFor(remove(node));
    case Kind.Get:
      return node < 0 ? Status.NotFound : statusFor(get(node));
    case Kind.Exec:
      return node < 0 ? Status.NotFound : exec(node);
    default:
      return Status.NotSupported;
  }
}

// Add.

/** The client supplies these nodes itself; a server that adds them as well changes nothing. */
function addAgain(node: i32): i32 {
  if (object.isComputed(node)) return Status.Ok;
  return object.isReadOnly(node) ? Status.Ok : Status.Exists;
}

function add(): i32 {
  const parent = route.last;
  const denied = route.permits(parent, Right.Add);
  if (denied) return denied;
  if (!route.isInterior(parent)) return Err.NotAllowed;
  const err = checkValue(-1);
  if (err) return err;
  return create(parent);
}

/** Creates the missing interior nodes and then the node itself; all of them or none. */
function create(parent: i32): i32 {
  const mark = tree.undoMark();
  let node = parent;
  let isLast = false;
  while (!isLast && node >= 0) {
    const name = uri.segment;
    const nameBytes = uri.segmentBytes;
    isLast = !uri.nextSegment();
    node = descend(node, name, nameBytes, isLast);
  }
  if (node >= 0) return Err.Ok;
  tree.undoTo(mark);
  return node;
}

/** The child of that name: a new one, or one that a new entry has by itself. */
function descend(parent: i32, name: usize, nameBytes: i32, isLast: bool): i32 {
  const own = route.child(parent, name, nameBytes);
  if (own != Err.NotFound) return own;
  if (object.isOwnName(parent, name, nameBytes)) return isLast ? parent : Err.NotAllowed;
  if (object.isComputed(parent) || object.isDeployed(parent)) return Err.NotAllowed;
  return createOne(parent, name, nameBytes, isLast);
}

function createOne(parent: i32, name: usize, nameBytes: i32, isLast: bool): i32 {
  const isInterior = !isLast || parse.format == Format.Node;
  tree.draft(isLast ? valueFormat : Format.Node, route.mayAll());
  tree.draftName(name, nameBytes);
  if (isLast) {
    if (parse.typeBytes) tree.draftType(parse.type, parse.typeBytes);
    if (!isInterior) tree.draftValue(value, valueBytes);
  }
  if (isInterior && !route.mayAll()) {
    const err = route.permits(parent, Right.Replace);
    if (err == Err.Damaged) return err;
    if (err) tree.draftAcl(ACL, creatorAcl());
  }
  const node = tree.create(parent);
  if (node >= 0 && object.isEntry(node) && nameBytes > ENTRY_NAME_BYTES_MAX) return Err.UriTooLong;
  // To a server it is all the same what there is too little of.
  return node == Err.Full ? Err.NoSpace : node;
}

/** @spec DM TND 1.2 §7.7.1 */
function creatorAcl(): i32 {
  let end = ACL;
  end = copy(end, CREATOR, 4);
  end = copy(end, dmAcc.SERVER_ID, dmAcc.serverIdBytes);
  end = copy(end, CREATOR + 4, 8);
  end = copy(end, dmAcc.SERVER_ID, dmAcc.serverIdBytes);
  end = copy(end, CREATOR + 12, 15);
  end = copy(end, dmAcc.SERVER_ID, dmAcc.serverIdBytes);
  return <i32>(end - ACL);
}

function copy(to: usize, from: usize, byteCount: i32): usize {
  memory.copy(to, from, byteCount);
  return to + byteCount;
}

// Values.

let value: usize = 0;
let valueBytes = 0;
let valueFormat = 0;

/**
 * Checks type, format and size of the Item's value and takes its transport encoding off.
 *
 * @param known  Format of the leaf that is there, -1 for a new one
 * @spec DM TND 1.2 §7.7.2
 */
function checkValue(known: i32): i32 {
  value = parse.data;
  valueBytes = parse.dataBytes;
  // A Replace without Meta keeps the leaf's Format.
  valueFormat = parse.hasFormat || known < 0 ? parse.format : known;
  if (valueFormat < 0 || parse.typeBytes > TYPE_BYTES_MAX || parse.dataIsInline) {
    return Err.BadFormat;
  }
  if (isTnds()) return Err.BadFormat;
  if (valueFormat == Format.Node) return valueBytes ? Err.BadFormat : Err.Ok;
  if (valueFormat == Format.B64) {
    const err = decode(known < 0 ? !isText() : known == Format.Bin);
    if (err) return err;
  }
  if (valueBytes > VALUE_BYTES_MAX) return Err.TooLarge;
  return isLegal() ? Err.Ok : Err.BadFormat;
}

/** Checks that the value is base64; as a transport encoding it stands for octets. */
function decode(isTransport: bool): i32 {
  // Not in place: the message is walked again. What we sent last has been answered.
  if (valueBytes > SEND_BYTES) return Err.TooLarge;
  const byteCount = base64.decode(value, valueBytes, SEND);
  if (byteCount < 0) return Err.BadFormat;
  if (!isTransport) return Err.Ok;
  value = SEND;
  valueBytes = byteCount;
  valueFormat = Format.Bin;
  return Err.Ok;
}

const TEXT: usize = memory.data<u8>([0x74, 0x65, 0x78, 0x74, 0x2f]); // text/
const TNDS: usize = memory.data<u8>([
  // application/vnd.syncml.dmtnds
  0x61, 0x70, 0x70, 0x6c, 0x69, 0x63, 0x61, 0x74, 0x69, 0x6f, 0x6e, 0x2f, 0x76, 0x6e, 0x64, 0x2e,
  0x73, 0x79, 0x6e, 0x63, 0x6d, 0x6c, 0x2e, 0x64, 0x6d, 0x74, 0x6e, 0x64, 0x73,
]);

function isText(): bool {
  // text/plain where there is no Type.
  if (parse.typeBytes == 0) return true;
  return parse.typeBytes >= 5 && memory.compare(parse.type, TEXT, 5) == 0;
}

function isTnds(): bool {
  return parse.typeBytes >= 29 && memory.compare(parse.type, TNDS, 29) == 0;
}

function isLegal(): bool {
  switch (valueFormat) {
    case Format.Bin:
      return true;
    case Format.Null:
      return valueBytes == 0;
    case Format.Bool:
      return isBoolean();
    case Format.Int:
      return isInteger();
    default:
      // A string is text by the rules of WBXML, bytes may be anything.
      return !parse.dataIsOpaque || utf8.isText(value, valueBytes, utf8.BYTE_MAX);
  }
}

/** -2^31 to 2^31 - 1. */
function isInteger(): bool {
  const sign = valueBytes > 0 && load<u8>(value) == 0x2d ? 1 : 0;
  let number: u64 = 0;
  for (let i = sign; i < valueBytes; i++) {
    const digit: u32 = load<u8>(value + i) - 0x30;
    number = number * 10 + digit;
    if (digit > 9 || number > <u64>0x7fffffff + sign) return false;
  }
  return valueBytes > sign;
}

/** `true` or `false`, in any case. */
function isBoolean(): bool {
  const word = load<u32>(value) | 0x20202020;
  if (valueBytes == 4) return word == 0x65757274;
  return valueBytes == 5 && word == 0x736c6166 && (load<u8>(value, 4) | 0x20) == 0x65;
}

// Replace, Delete, Get, Exec.

function replace(node: i32): i32 {
  const denied = route.permits(node, Right.Replace);
  if (denied) return denied;
  if (object.isComputed(node) || tree.isInterior(node) || object.isReadOnly(node)) {
    return Err.NotAllowed;
  }
  if (primitives.isBusy(tree.parentOf(node))) return Err.Busy;
  let err = checkValue(tree.formatOf(node));
  if (err) return err;
  if (valueFormat != tree.formatOf(node)) return Err.BadFormat;
  err = tree.edit(node);
  if (err) return err;
  if (parse.typeBytes) tree.draftType(parse.type, parse.typeBytes);
  tree.draftValue(value, valueBytes);
  return tree.store(node);
}

function remove(node: i32): i32 {
  const denied = route.permits(node, Right.Delete);
  if (denied) return denied;
  if (object.isComputed(node) || object.isReadOnly(node)) return Err.NotAllowed;
  if (primitives.isBusy(node) || primitives.isBusy(tree.parentOf(node))) return Err.Busy;
  if (hasPermanent(node)) return Err.NotAllowed;
  return tree.remove(node);
}

/** True when the node or one below it is permanent: a complete delete is impossible then. */
function hasPermanent(top: i32): bool {
  let node = top;
  while (!tree.isPermanent(node)) {
    let next = tree.firstChild(node);
    while (next < 0) {
      if (node == top) return false;
      next = tree.nextSibling(node);
      if (next < 0) node = tree.parentOf(node);
    }
    node = next;
  }
  return true;
}

function get(node: i32): i32 {
  const denied = route.permits(node, Right.Get);
  if (denied) return denied;
  if (route.isInterior(node)) return Err.Ok;
  const byteCount = route.valueBytes(node);
  return byteCount < 0 ? byteCount : Err.Ok;
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
  if (!isDeferred) journal.groupEnd();
  tree.undoClear();
  store_.purge();
}
