// Reads a Delivery Package as it streams in. The window may be cut anywhere; what was read of the
// head is kept in HEAD:
//
//   0            512             4608          6656
//   +------------+---------------+-------------+
//   | wrapper    | manifest      | text        |   content of the envelope's keys 2, 3 and 23
//   +------------+---------------+-------------+
//   Behind the signature the wrapper has done its work: its room takes the keys of payloads.
//
// Nothing is used before it is bound: the manifest before a good signature, a payload's length and
// name before they agree with the manifest. Up to the signature every failure is Err.Untrusted.
import { Err } from "../abi/codes";
import {
  MANIFEST_BYTES_MAX,
  PAYLOAD_URI_BYTES_MAX,
  TARGETS_MAX,
  TEXT_BYTES_MAX,
  WRAPPER_BYTES_MAX,
} from "../base/limits";
import * as sha256 from "../crypto/sha256";
import * as cbor from "./cbor";
import { Major } from "./cbor";
import * as manifest from "./manifest";
import { MANIFEST } from "./manifest";
import { Reason } from "./reason";
import * as text from "./text";
import { TEXT } from "./text";
import * as verify from "./verify";
import { SIGNED_DIGEST, WRAPPER } from "./verify";

export { accept, ask, blockCount, Check, ES_KEY_BYTES, isSigned, verifyBlock } from "./verify";
export {
  classOf,
  Comparison,
  comparisonOf,
  digestOf,
  entryCount,
  isInside,
  isTarget,
  sequence,
  sizeOf,
  uriBytesOf,
  uriOf,
  vendorOf,
  versionOf,
} from "./manifest";
export {
  descriptionInto,
  idInto,
  manifestDescriptionInto,
  nameInto,
  updateDescriptionInto,
  versionTextInto,
} from "./text";
export { Reason } from "./reason";

/** What `next` met. */
export const enum Event {
  /** The window is used up. */
  More = 0,
  /** Wrapper and manifest are whole and agree. Try keys, then call `parseManifest`. */
  Manifest = 1,
  /** The text is whole and agrees. */
  Text = 2,
  /** Head of the payload of `entry`; its length is that of the manifest. */
  Payload = 3,
  /** `byteCount` bytes of a payload at `bytes`. */
  Bytes = 4,
  /** The payload's digest agrees. */
  PayloadEnd = 5,
  /** Every entry of the envelope was read. */
  End = 6,
}

/** What is read next. A phase that reads a head is followed by the next in this list. */
const enum Phase {
  Tag = 0,
  Map = 1,
  WrapperKey = 2,
  WrapperHead = 3,
  Wrapper = 4,
  ManifestKey = 5,
  ManifestHead = 6,
  Manifest = 7,
  /** The caller's turn: signature and `parseManifest`. */
  Unparsed = 8,
  Entry = 9,
  PayloadKey = 10,
  PayloadHead = 11,
  Payload = 12,
  TextHead = 13,
  Text = 14,
  End = 15,
  Done = 16,
}

/** Answer of a step that met nothing the caller wants to know. */
const GO_ON: i32 = 7;

const ENVELOPE_TAG: u32 = 107;
const WRAPPER_KEY: u32 = 2;
const MANIFEST_KEY: u32 = 3;
const TEXT_KEY: u32 = 23;
const HEAD_BYTES_MAX: i32 = 5;

const headCopy: usize = memory.data(HEAD_BYTES_MAX); // A head may be cut by the window.
let headCopied: u32 = 0;

let phase: i32 = Phase.Tag;
let failure: i32 = Err.Ok;
let why: i32 = Reason.None;
let culprit: i32 = -1;

let from: usize = 0; // Unread part of the window.
let to: usize = 0;
let position: u32 = 0; // Bytes of the object that were taken.
let target: usize = 0; // Where the content that is collected goes.
let left: u32 = 0; // Bytes that are missing from a content or payload.
let contentBytes: i32 = 0;
let remaining: i32 = 0; // Entries of the envelope that were not begun.
let hasEntry: bool = false; // An entry behind the manifest was begun.
let isHashing: bool = false; // The SHA-256 of the payload at hand was begun.
let isSkipping: bool = false;
let isExternal: bool = false;

/** Table index of the payload at hand; -1 before the first. */
export let entry: i32 = -1;
/** Payload bytes of Event.Bytes, in the window. */
export let bytes: usize = 0;
export let byteCount: i32 = 0;

/** Starts a new envelope. What was read of the last one is void. */
export function open(): void {
  verify.open();
  text.open(0);
  phase = Phase.Tag;
  to = 0;
  hasEntry = false;
  begin(-1);
}

/** Starts an object: an envelope, or the external payload of entry `which`. */
function begin(which: i32): void {
  failure = Err.Ok;
  why = Reason.None;
  culprit = -1;
  entry = which;
  isExternal = which >= 0;
  from = to;
  position = 0;
  headCopied = 0;
}

/**
 * Gives the next `count` bytes at `ptr`, borrowed until `next` answers Event.More or fails.
 *
 * They begin at `consumed`: what was not taken of the last window is dropped.
 */
export function input(ptr: usize, count: i32): void {
  from = ptr;
  to = ptr + count;
}

/**
 * Bytes taken of the envelope, or of the external payload that is being read: where the next input
 * must begin.
 */
export function consumed(): u32 {
  return position;
}

/** Detail of the failure, Reason.None without one. */
export function reason(): i32 {
  return why;
}

/** Table index of the payload that was refused, -1 if the failure is not about one. */
export function failedEntry(): i32 {
  return culprit;
}

/** The envelope, or the external payload, was read to its end, and nothing was behind it. */
export function isComplete(): bool {
  return phase == Phase.Done && failure == Err.Ok;
}

/**
 * Reads on until there is something to tell.
 *
 * @returns an Event; the first failure, which stays
 * @fails Err.Untrusted  no envelope of profile 1, or bytes that no signature or digest vouches for
 * @fails Err.Transport  an external payload goes on behind its length
 * @fails Err.Misuse     `parseManifest` did not succeed before; nothing was read
 */
export function next(): i32 {
  let event = GO_ON;
  while (event == GO_ON && failure == Err.Ok) event = step();
  return failure != Err.Ok ? failure : event;
}

function step(): i32 {
  switch (phase) {
    case Phase.Wrapper:
    case Phase.Manifest:
    case Phase.Text:
    case Phase.PayloadKey:
      return collect();
    case Phase.Unparsed:
      return Err.Misuse;
    case Phase.Payload:
      return readPayload();
    case Phase.End:
    case Phase.Done:
      return finish();
    default:
      return takeHead() ? afterHead() : Event.More;
  }
}

function fail(err: i32, detail: i32, which: i32): i32 {
  failure = err;
  why = detail;
  culprit = which;
  return err;
}

function refuse(detail: i32): i32 {
  return fail(Err.Untrusted, detail, -1);
}

/** Takes up to `count` bytes from the window. Returns how many. */
function take(count: u32): u32 {
  const taken = min<u32>(count, u32(to - from));
  from += taken;
  position += taken;
  return taken;
}

/** Takes one head, whose bytes begin a SHA-256. False while the window does not have all of it. */
function takeHead(): bool {
  do {
    const at = from;
    if (take(1) == 0) return false;
    store<u8>(headCopy + headCopied++, load<u8>(at));
  } while (headCopied < cbor.headBytes(load<u8>(headCopy)));
  cbor.open(headCopy, headCopied);
  cbor.head();
  sha256.open();
  sha256.update(headCopy, headCopied);
  headCopied = 0;
  return true;
}

function afterHead(): i32 {
  switch (phase) {
    case Phase.Tag:
      return expect(cbor.isHead(Major.Tag, ENVELOPE_TAG));
    case Phase.Map:
      remaining = cbor.value - 2;
      return expect(cbor.major == Major.Map && u32(remaining) <= u32(TARGETS_MAX + 1));
    case Phase.WrapperKey:
      return expect(cbor.isHead(Major.Unsigned, WRAPPER_KEY));
    case Phase.WrapperHead:
      return openContent(Major.Bytes, WRAPPER, WRAPPER_BYTES_MAX);
    case Phase.ManifestKey:
      return expect(cbor.isHead(Major.Unsigned, MANIFEST_KEY));
    case Phase.ManifestHead:
      return openContent(Major.Bytes, MANIFEST, MANIFEST_BYTES_MAX);
    case Phase.Entry:
      return openEntry();
    case Phase.TextHead:
      return openContent(Major.Bytes, TEXT, TEXT_BYTES_MAX);
    default:
      return openPayload();
  }
}

/** Goes to the next phase of the list if what was read is right. */
function expect(isRight: bool): i32 {
  if (!isRight) return refuse(Reason.Cbor);
  phase++;
  return GO_ON;
}

function openContent(type: i32, ptr: usize, byteCountMax: u32): i32 {
  target = ptr;
  left = cbor.value;
  contentBytes = left;
  return expect(cbor.major == type && left <= byteCountMax);
}

/** Copies a content into HEAD, hashed. */
function collect(): i32 {
  const at = from;
  const taken = take(left);
  memory.copy(target, at, taken);
  sha256.update(at, taken);
  target += taken;
  left -= taken;
  return left > 0 ? Event.More : afterContent();
}

function afterContent(): i32 {
  if (phase == Phase.PayloadKey) return findEntry();
  if (phase == Phase.Wrapper) {
    const detail = verify.checkWrapper(contentBytes);
    return detail != Reason.None ? refuse(detail) : expect(true);
  }
  const isText = phase == Phase.Text;
  const isGood = verify.agrees(isText ? manifest.textDigest : SIGNED_DIGEST);
  if (!isGood) return refuse(Reason.Unauthorised);
  phase = Phase.Unparsed;
  if (!isText) return Event.Manifest;
  text.open(contentBytes);
  nextEntry();
  return Event.Text;
}

/**
 * Reads the manifest into the table, once `verifyBlock` has succeeded.
 *
 * @fails Err.Untrusted     no good signature; too few or too many entries behind the manifest
 * @fails Err.NotForDevice  something that profile 1 does not have
 * @fails Err.Inconsistent  malformed, or against a rule of profile 1
 * @fails Err.Misuse        not after Event.Manifest; nothing has changed
 */
export function parseManifest(): i32 {
  if (failure != Err.Ok) return failure;
  if (phase != Phase.Unparsed) return Err.Misuse;
  if (!verify.isSigned()) return refuse(verify.unsignedReason());
  const err = manifest.parse(contentBytes);
  if (err != Err.Ok) return fail(err, manifest.reason, -1);
  checkRemaining(i32(manifest.textDigest != 0));
  nextEntry();
  return failure;
}

/** What is left must do for the payloads inside, and is no more than all targets and `texts`. */
function checkRemaining(texts: i32): void {
  if (remaining < manifest.insideCount) refuse(Reason.Operation);
  else if (remaining > manifest.targetCount + texts) refuse(Reason.Cbor);
}

function nextEntry(): void {
  phase = remaining == 0 ? Phase.End : Phase.Entry;
}

/** The key of an entry: 23 for the text, which comes first, or the URI of a payload. */
function openEntry(): i32 {
  const isText = cbor.isHead(Major.Unsigned, TEXT_KEY);
  if (isText) {
    if (hasEntry) return refuse(Reason.Cbor);
    if (manifest.textDigest == 0) return refuse(Reason.Severing);
    phase = Phase.TextHead;
    remaining--;
  }
  hasEntry = true;
  checkRemaining(0);
  if (isText) return GO_ON;
  remaining--;
  return openContent(Major.Text, WRAPPER, PAYLOAD_URI_BYTES_MAX);
}

/** Finds the target whose URI is the key. Keys ascend. */
function findEntry(): i32 {
  const isLater = entry < 0 || orderOf(entry) > 0;
  entry = -1;
  for (let i = 0; i < manifest.entryCount(); i++) {
    if (manifest.isTarget(i) && orderOf(i) == 0) entry = i;
  }
  return expect(isLater && entry >= 0);
}

/** Above 0 if the key comes behind the URI of `which`: if it is longer, else as bytes decide. */
function orderOf(which: i32): i32 {
  let order = contentBytes - manifest.uriBytesOf(which);
  for (let i = 0; order == 0 && i < contentBytes; i++) {
    order = i32(load<u8>(WRAPPER + i)) - i32(load<u8>(manifest.uriOf(which) + i));
  }
  return order;
}

function openPayload(): i32 {
  if (cbor.major != Major.Bytes) return refuse(Reason.Cbor);
  if (cbor.value != manifest.sizeOf(entry)) return fail(Err.Untrusted, Reason.Operation, entry);
  manifest.fill(entry);
  if (remaining < manifest.insideCount) return refuse(Reason.Operation);
  beginPayload();
  return Event.Payload;
}

function beginPayload(): void {
  left = manifest.sizeOf(entry);
  isHashing = false;
  isSkipping = false;
  phase = Phase.Payload;
}

function readPayload(): i32 {
  if (left == 0) return endPayload();
  bytes = from;
  byteCount = take(left);
  if (byteCount == 0) return Event.More;
  left -= byteCount;
  if (isSkipping) return GO_ON;
  rehash(bytes, byteCount);
  return Event.Bytes;
}

function endPayload(): i32 {
  nextEntry();
  if (isSkipping) return GO_ON;
  rehash(0, 0);
  if (verify.agrees(manifest.digestOf(entry))) return Event.PayloadEnd;
  return fail(Err.Untrusted, Reason.Condition, entry);
}

/** Nothing may follow the last entry. */
function finish(): i32 {
  if (from != to) {
    if (isExternal) return fail(Err.Transport, Reason.Operation, entry);
    return refuse(Reason.Cbor);
  }
  if (phase == Phase.Done) return Event.More;
  phase = Phase.Done;
  return Event.End;
}

/**
 * Passes over the payload of Event.Payload: its bytes are taken, not reported and not hashed, and
 * there is no Event.PayloadEnd.
 *
 * Followed by `resumePayload(sizeOf(entry))` the input goes on behind the payload.
 *
 * @fails Err.Misuse  no payload is being read
 */
export function skipPayload(): i32 {
  if (phase != Phase.Payload) return Err.Misuse;
  isSkipping = true;
  return Err.Ok;
}

/** Hashes payload bytes that are in the slot already, in order from the first. */
export function rehash(ptr: usize, count: i32): void {
  if (!isHashing) sha256.open();
  isHashing = true;
  sha256.update(ptr, count);
}

/**
 * Goes on `haveBytes` behind the begin of the payload of Event.Payload, after `rehash` of what is
 * in the slot.
 *
 * The rest of the window is dropped; `consumed` tells where the next input must begin.
 */
export function resumePayload(haveBytes: u32): void {
  assert(phase == Phase.Payload);
  const passed = min<u32>(haveBytes, left);
  left -= passed;
  position += passed;
  from = to;
}

/**
 * Starts the payload of entry `which` from a source of its own; the input begins at `haveBytes` of
 * it, after `rehash` of what is in the slot. Event.End follows Event.PayloadEnd.
 *
 * Allowed when the table is good, also again after a failed try; without a table the failure stays.
 */
export function openExternal(which: i32, haveBytes: u32): void {
  if (phase <= Phase.Unparsed) return;
  begin(which);
  remaining = 0;
  beginPayload();
  resumePayload(haveBytes);
}
