// Turns a signed manifest into the table that the installer works from. Nothing of it is executed: every command that
// profile 1 allows is a condition, a setting or the fetch, so the three sequences are read once each, in the order
// shared, install, validate, and what must have been said is checked at the end.
//
// Table entry, 32 bytes, one for each listed component:
//
//   0        4        8        12       16       20        24    26     28        30     31
//   +--------+--------+--------+--------+--------+---------+-----+------+---------+------+------+
//   | vendor | class  | digest | size   | uri    | version | id  |flags | idBytes |uri   |compa-|
//   |        |        |        |        |        | packed  |     |      |         |Bytes |rison |
//   +--------+--------+--------+--------+--------+---------+-----+------+---------+------+------+
//   The first six are parameters, at 4 times their slot. vendor, class, digest and uri are addresses in the manifest,
//   id is an offset in it; the id is kept as it is encoded.
//
// Flags: bit `slot` says that the parameter was set, bit `slot + CHECKED` that its condition, or the fetch, was read,
// FILLED that its payload was in the envelope.
import { Err } from "../abi/codes";
import { TABLE, TABLE_ENTRY_BYTES } from "../base/buffers";
import { equal } from "../base/bytes";
import { ID_BYTES_MAX, PAYLOAD_URI_BYTES_MAX, TARGETS_MAX, WRAPPER_BYTES_MAX } from "../base/limits";
import * as cbor from "./cbor";
import { Major } from "./cbor";
import { Reason } from "./reason";
import * as verify from "./verify";
import { DIGEST_BYTES, WRAPPER } from "./verify";

export const MANIFEST: usize = WRAPPER + WRAPPER_BYTES_MAX;

/** Labels of the manifest and of common. @spec draft-ietf-suit-manifest-37 §11.2, §11.3 */
const enum Section {
  Version = 1,
  Sequence = 2,
  Components = 2,
  Common = 3,
  ReferenceUri = 4,
  Shared = 4,
  SetVersion = 6,
  Validate = 7,
  Coswid = 14,
  Install = 20,
  Text = 23,
}

/** Labels of commands. A condition has the label of the parameter it looks at. @spec draft-ietf-suit-manifest-37 §11.4 */
const enum Command {
  Vendor = 1,
  Class = 2,
  ImageMatch = 3,
  SetIndex = 12,
  Override = 20,
  Fetch = 21,
  Version = 28,
}

/** Labels of parameters. @spec draft-ietf-suit-manifest-37 §11.5 */
const enum Parameter {
  Vendor = 1,
  Class = 2,
  Digest = 3,
  Size = 14,
  Uri = 21,
  Version = 28,
}

/** @spec draft-ietf-suit-update-management-14, suit-parameter-version */
export const enum Comparison {
  None = 0,
  AtLeast = 2,
  Equal = 3,
}

/** Place of a parameter in a table entry, and its bit among the flags. */
const enum Slot {
  Vendor = 0,
  Class = 1,
  Digest = 2,
  Size = 3,
  Uri = 4,
  Version = 5,
}

const PROFILE_VERSION: u32 = 1;
const SECTIONS_NEEDED: u32 =
  (1 << Section.Version) |
  (1 << Section.Sequence) |
  (1 << Section.Common) |
  (1 << Section.Validate) |
  (1 << Section.Install);
const SECTIONS: u32 =
  SECTIONS_NEEDED |
  (1 << Section.ReferenceUri) |
  (1 << Section.SetVersion) |
  (1 << Section.Coswid) |
  (1 << Section.Text);
const COMMON_SECTIONS: u32 = (1 << Section.Components) | (1 << Section.Shared);
const SETTINGS: u32 = (1 << Command.SetIndex) | (1 << Command.Override);
const SHARED_COMMANDS: u32 = SETTINGS | (1 << Command.Vendor) | (1 << Command.Class);
const INSTALL_COMMANDS: u32 = SETTINGS | (1 << Command.Fetch) | (1 << Command.ImageMatch);
const VALIDATE_COMMANDS: u32 = SETTINGS | (1 << Command.ImageMatch) | (1 << Command.Version);
const PARAMETERS: u32 =
  (1 << Parameter.Vendor) |
  (1 << Parameter.Class) |
  (1 << Parameter.Digest) |
  (1 << Parameter.Size) |
  (1 << Parameter.Uri) |
  (1 << Parameter.Version);

/** A reporting policy has four bits and decides nothing. */
const POLICY_MAX: u32 = 15;
const SEGMENTS_MAX: u32 = 4;
const SEGMENT_BYTES_MAX: u32 = 64;
const UUID_BYTES: u32 = 16;
const VERSION_NUMBERS: u32 = 3;
/** Shifts of major, minor and patch in a packed version, one byte each. */
const VERSION_SHIFTS: u32 = 0x00_0c_16;
const VISIBLE_MIN: u32 = 0x21;
const VISIBLE_COUNT: u32 = 0x5e;
const SLASH: u32 = 0x2f;
const HASH: u32 = 0x23;

const ID_OFFSET: usize = 24;
const FLAGS_OFFSET: usize = 26;
const ID_BYTES_OFFSET: usize = 28;
const EXTRA_OFFSET: usize = 26; // + slot: the URI's length, the version's comparison.
const URI_BYTES_OFFSET: usize = 30;
const COMPARISON_OFFSET: usize = 31;

const CHECKED: u32 = 6;
const IS_TARGET: u32 = 1 << (Slot.Uri + CHECKED);
const VERSION_CHECKED: u32 = 1 << (Slot.Version + CHECKED);
const VERSION_SET: u32 = 1 << Slot.Version;
const ENVIRONMENT: u32 =
  (1 << Slot.Vendor) | (1 << Slot.Class) | (1 << (Slot.Vendor + CHECKED)) | (1 << (Slot.Class + CHECKED));
const TARGET_NEEDED: u32 =
  ENVIRONMENT |
  (1 << Slot.Digest) |
  (1 << Slot.Size) |
  (1 << Slot.Uri) |
  VERSION_SET |
  (1 << (Slot.Digest + CHECKED)) |
  IS_TARGET;
const CONTEXT_ALLOWED: u32 = ENVIRONMENT | VERSION_SET | VERSION_CHECKED;
const FILLED: u32 = 1 << 12;


/** Why the manifest was refused. */
export let reason: i32 = Reason.None;
/** Address of the digest of the text, 0 if no text is announced. */
export let textDigest: usize = 0;
/** Components with a fetch, and payloads that must be in the envelope and were not met. */
export let targetCount: i32 = 0;
export let insideCount: i32 = 0;

let refusal: i32 = Err.Ok;
let count: u32 = 0; // Listed components.
let current: u32 = 0; // Components that the next command is about, one bit each.
let serial: u32 = 0;
let extra: u32 = 0; // Second result of `readUri` and `readVersion`.

/**
 * Reads the manifest, `byteCount` bytes at MANIFEST, into the table. Addresses in the table stay good while the
 * manifest stays where it is.
 *
 * @fails Err.NotForDevice  something that profile 1 does not have; see `reason`
 * @fails Err.Inconsistent  malformed, or against a rule of profile 1
 * @spec draft-ietf-suit-manifest-37 §8.4
 */
export function parse(byteCount: i32): i32 {
  refusal = Err.Ok;
  reason = Reason.None;
  textDigest = 0;
  targetCount = 0;
  insideCount = 0;
  count = 0;
  memory.fill(TABLE, 0, TARGETS_MAX * TABLE_ENTRY_BYTES);
  readManifest(byteCount);
  checkTable();
  if (cbor.isBroken && refusal == Err.Ok) {
    refusal = Err.Inconsistent;
    reason = Reason.Cbor;
  }
  return refusal;
}

/** Refuses what is well-formed and not of profile 1, unless there was a failure before. */
function refuse(why: i32): void {
  if (cbor.isBroken) return;
  refusal = Err.NotForDevice;
  reason = why;
  cbor.fail();
}

function readManifest(byteCount: i32): void {
  cbor.open(MANIFEST, byteCount);
  let seen: u32 = 0;
  let validate: usize = 0;
  const sections = cbor.want(Major.Map);
  for (let i: u32 = 0; i < sections && !cbor.isBroken; i++) {
    const section = readLabel(seen, SECTIONS, Reason.Command);
    seen |= 1 << section;
    if (section == Section.Validate) validate = cbor.next;
    readSection(section);
  }
  if (!cbor.isAtEnd() || (seen & SECTIONS_NEEDED) != SECTIONS_NEEDED) return cbor.fail();
  cbor.open(validate, byteCount - i32(validate - MANIFEST));
  readSequence(VALIDATE_COMMANDS);
}

function readSection(section: u32): void {
  switch (section) {
    case Section.Version:
      if (cbor.want(Major.Unsigned) != PROFILE_VERSION) refuse(Reason.Command);
      break;
    case Section.Sequence:
      serial = cbor.want(Major.Unsigned);
      if (serial == 0) cbor.fail();
      break;
    case Section.Common:
      readCommon();
      break;
    case Section.ReferenceUri:
      cbor.readString(Major.Text);
      break;
    case Section.Install:
      if (cbor.peek() == Major.Array) refuse(Reason.Severing);
      readSequence(INSTALL_COMMANDS);
      break;
    case Section.Coswid:
    case Section.Text:
      if (cbor.peek() == Major.Bytes) refuse(Reason.Severing);
      textDigest = readSha256(); // Text comes last.
      if (section == Section.Coswid) textDigest = 0;
      break;
    default: // Set-version tells us nothing; validate has to wait for install.
      cbor.readString(Major.Bytes);
  }
}

/**
 * Reads a map key, or a command, that must be one of the bits of `allowed`. Keys ascend: `seen` has those before.
 *
 * @returns the label; 0 after a failure
 */
function readLabel(seen: u32, allowed: u32, why: i32): u32 {
  cbor.head();
  const label = cbor.value;
  if (cbor.major > Major.Negative) cbor.fail();
  if (cbor.major == Major.Negative || label > 31) refuse(why);
  else if (seen >> label) cbor.fail();
  else if (!((allowed >> label) & 1)) refuse(why);
  return cbor.value;
}

function readCommon(): void {
  const outer = cbor.enter();
  const sections = cbor.want(Major.Map);
  if (readLabel(0, COMMON_SECTIONS, Reason.Command) != Section.Components) cbor.fail();
  count = cbor.want(Major.Array);
  if (count - 1 >= u32(TARGETS_MAX)) cbor.fail();
  for (let entry: u32 = 0; entry < count && !cbor.isBroken; entry++) readComponentId(entry);
  readLabel(1 << Section.Components, COMMON_SECTIONS, Reason.Command);
  readSequence(SHARED_COMMANDS);
  if (sections != 2) cbor.fail();
  cbor.leave(outer);
}

function readComponentId(entry: u32): void {
  const start = cbor.next;
  const segments = cbor.want(Major.Array);
  if (segments - 1 >= SEGMENTS_MAX) cbor.fail();
  let joinedBytes = segments - 1;
  for (let i: u32 = 0; i < segments && !cbor.isBroken; i++) {
    cbor.readString(Major.Bytes);
    if (cbor.itemBytes - 1 >= SEGMENT_BYTES_MAX) cbor.fail();
    joinedBytes += cbor.itemBytes;
    checkVisible(SLASH);
  }
  if (joinedBytes > u32(ID_BYTES_MAX)) cbor.fail();
  if (cbor.isBroken) return;

  const idBytes = i32(cbor.next - start);
  for (let other: u32 = 0; other < entry; other++) {
    if (equal(idOf(other), idBytesOf(other), start, idBytes)) cbor.fail();
  }
  store<u16>(at(entry), u16(start - MANIFEST), ID_OFFSET);
  store<u16>(at(entry), u16(idBytes), ID_BYTES_OFFSET);
}

/** Fails if the string that was just read has another byte than 21 to 7E hex, or has `barred`. */
function checkVisible(barred: u32): void {
  for (let i: u32 = 0; i < cbor.itemBytes; i++) {
    const byte: u32 = load<u8>(cbor.item + i);
    if (byte - VISIBLE_MIN >= VISIBLE_COUNT || byte == barred) return cbor.fail();
  }
}

/** Reads one sequence, commands and arguments in turn, of which `allowed` has a bit for each command. */
function readSequence(allowed: u32): void {
  const outer = cbor.enter();
  const items = cbor.want(Major.Array);
  if (items == 0 || items & 1) cbor.fail();
  // A component that is alone need not be named.
  current = u32(count == 1);
  for (let i: u32 = 0; i < items && !cbor.isBroken; i += 2) {
    const command = readLabel(0, allowed, Reason.Command);
    if (command == Command.SetIndex) {
      readIndex();
    } else if (current == 0) {
      cbor.fail();
    } else if (command == Command.Override) {
      readParameters();
    } else {
      if (cbor.want(Major.Unsigned) > POLICY_MAX) cbor.fail();
      check(slotOf(command));
    }
  }
  cbor.leave(outer);
}

/** Reads which components the next commands are about: an index, true for all, or an array of indices. */
function readIndex(): void {
  current = 0;
  cbor.head();
  if (cbor.major == Major.Simple && cbor.value == cbor.SIMPLE_TRUE) {
    current = (1 << count) - 1;
  } else if (cbor.major == Major.Array) {
    const indices = cbor.value;
    if (indices == 0) cbor.fail();
    for (let i: u32 = 0; i < indices && !cbor.isBroken; i++) {
      cbor.head();
      addIndex();
    }
  } else {
    addIndex();
  }
}

function addIndex(): void {
  if (cbor.major != Major.Unsigned || cbor.value >= count) return cbor.fail();
  current |= 1 << cbor.value;
}

function readParameters(): void {
  const settings = cbor.want(Major.Map);
  if (settings == 0) cbor.fail();
  let seen: u32 = 0;
  for (let i: u32 = 0; i < settings && !cbor.isBroken; i++) {
    const label = readLabel(seen, PARAMETERS, Reason.Parameter);
    seen |= 1 << label;
    const number = readParameter(label);
    if (!cbor.isBroken) set(slotOf(label), number);
  }
}

function readParameter(label: u32): u32 {
  switch (label) {
    case Parameter.Digest: {
      const outer = cbor.enter();
      const digest = readSha256();
      cbor.leave(outer);
      return u32(digest);
    }
    case Parameter.Size:
      return cbor.want(Major.Unsigned);
    case Parameter.Uri:
      return u32(readUri());
    case Parameter.Version:
      return readVersion();
    default:
      cbor.readString(Major.Bytes);
      if (cbor.itemBytes != UUID_BYTES) cbor.fail();
      return u32(cbor.item);
  }
}

/** Reads a digest of SHA-256. Returns its address. */
function readSha256(): usize {
  if (!verify.readDigest()) refuse(Reason.Algorithm);
  if (cbor.itemBytes != DIGEST_BYTES) cbor.fail();
  return cbor.item;
}

/** Reads a URI. Returns its address, and its length in `extra`. */
function readUri(): usize {
  cbor.readString(Major.Text);
  extra = cbor.itemBytes;
  if (extra - 1 >= u32(PAYLOAD_URI_BYTES_MAX)) cbor.fail();
  checkVisible(0);
  return cbor.item;
}

/** Reads a version. Returns it packed, and its comparison in `extra`. */
function readVersion(): u32 {
  const outer = cbor.enter();
  if (cbor.want(Major.Array) != 2) cbor.fail();
  extra = cbor.want(Major.Unsigned);
  if (extra != Comparison.AtLeast && extra != Comparison.Equal) refuse(Reason.Parameter);
  const numbers = cbor.want(Major.Array);
  let packed: u32 = 0;
  for (let i: u32 = 0; i < numbers && !cbor.isBroken; i++) {
    cbor.head();
    if (cbor.major == Major.Negative) refuse(Reason.Parameter); // A pre-release.
    const largest: u32 = i == 2 ? 4095 : 1023;
    if (cbor.major != Major.Unsigned || i >= VERSION_NUMBERS || cbor.value > largest) cbor.fail();
    packed |= cbor.value << ((VERSION_SHIFTS >> (i << 3)) & 31);
  }
  if (numbers == 0 || (extra == Comparison.Equal && numbers != VERSION_NUMBERS)) cbor.fail();
  cbor.leave(outer);
  return packed;
}

/** Rank of a label among the parameters that profile 1 has. */
function slotOf(label: u32): i32 {
  return popcnt<u32>(PARAMETERS & ((1 << label) - 1));
}

/** Sets a parameter of the current components. Each may be set once: no later value replaces one that was used. */
function set(slot: i32, number: u32): void {
  mark(0, 1 << slot, 1 << slot);
  for (let entry: u32 = 0; entry < count; entry++) {
    if (!((current >> entry) & 1)) continue;
    store<u32>(at(entry) + (slot << 2), number);
    if (slot >= Slot.Uri) store<u8>(at(entry) + slot, u8(extra), EXTRA_OFFSET);
  }
}

/** Notes a condition or the fetch. What it is about must be set, and there is one fetch for each component. */
function check(slot: i32): void {
  const bit = 1 << (slot + CHECKED);
  mark(1 << slot, slot == Slot.Uri ? bit : 0, bit);
}

/** Adds flags to the current components, each of which must have all of `needed` and none of `barred`. */
function mark(needed: u32, barred: u32, added: u32): void {
  for (let entry: u32 = 0; entry < count; entry++) {
    if (!((current >> entry) & 1)) continue;
    const flags = flagsOf(entry);
    if (flags & barred || needed & ~flags) return cbor.fail();
    store<u16>(at(entry), u16(flags | added), FLAGS_OFFSET);
  }
}

/** What each component must have and may not have, once all sequences are read. */
function checkTable(): void {
  for (let entry: u32 = 0; entry < count && !cbor.isBroken; entry++) {
    const flags = flagsOf(entry);
    const comparison = comparisonOf(entry);
    if (flags & IS_TARGET) {
      targetCount++;
      if ((flags & TARGET_NEEDED) != TARGET_NEEDED || comparison != Comparison.Equal) return cbor.fail();
      checkUri(entry);
    } else {
      // A need is set and checked, or there is none.
      const isNeed = comparison == Comparison.AtLeast && flags & VERSION_CHECKED;
      if (flags & ~CONTEXT_ALLOWED || (flags & VERSION_SET && !isNeed)) return cbor.fail();
    }
  }
  if (targetCount == 0) cbor.fail();
}

/** `#` is followed by the own index, and no two targets share a URI. */
function checkUri(entry: u32): void {
  const uri = uriOf(entry);
  const uriBytes = uriBytesOf(entry);
  if (isInside(entry)) {
    const digit: u32 = entry < 10 ? 0x30 + entry : 0x57 + entry;
    if (uriBytes != 2 || load<u8>(uri, 1) != digit) return cbor.fail();
    insideCount++;
  }
  for (let other: u32 = 0; other < entry; other++) {
    if (equal(uriOf(other), uriBytesOf(other), uri, uriBytes)) return cbor.fail();
  }
}

function at(entry: u32): usize {
  return TABLE + entry * TABLE_ENTRY_BYTES;
}

function flagsOf(entry: u32): u32 {
  return load<u16>(at(entry), FLAGS_OFFSET);
}

/** Components that the manifest lists, targets and context: 1 to TARGETS_MAX. */
export function entryCount(): i32 {
  return count;
}

/** Sequence number of the manifest. */
export function sequence(): u32 {
  return serial;
}

/** The manifest brings this component; otherwise it is context, and only its version counts. */
export function isTarget(entry: i32): bool {
  return (flagsOf(entry) & IS_TARGET) != 0;
}

/** A payload for this target was met in the envelope. */
export function isFilled(entry: i32): bool {
  return (flagsOf(entry) & FILLED) != 0;
}

/** Notes that the payload of `entry` was met. */
export function fill(entry: i32): void {
  store<u16>(at(entry), u16(flagsOf(entry) | FILLED), FLAGS_OFFSET);
  insideCount -= i32(isInside(entry));
}

/** Encoded component identifier: a CBOR array of byte strings. */
export function idOf(entry: i32): usize {
  return MANIFEST + load<u16>(at(entry), ID_OFFSET);
}

export function idBytesOf(entry: i32): i32 {
  return load<u16>(at(entry), ID_BYTES_OFFSET);
}

/** Vendor and class, 16 bytes each; 0 for a context component without. */
export function vendorOf(entry: i32): usize {
  return load<u32>(at(entry), Slot.Vendor << 2);
}

export function classOf(entry: i32): usize {
  return load<u32>(at(entry), Slot.Class << 2);
}

/** SHA-256 of a target's payload, 32 bytes. */
export function digestOf(entry: i32): usize {
  return load<u32>(at(entry), Slot.Digest << 2);
}

/** Bytes of a target's payload. */
export function sizeOf(entry: i32): u32 {
  return load<u32>(at(entry), Slot.Size << 2);
}

/** Where a target's payload comes from: 1 to PAYLOAD_URI_BYTES_MAX bytes, 21 to 7E hex. */
export function uriOf(entry: i32): usize {
  return load<u32>(at(entry), Slot.Uri << 2);
}

export function uriBytesOf(entry: i32): i32 {
  return load<u8>(at(entry), URI_BYTES_OFFSET);
}

/** The payload of this target can be nowhere but in the envelope. */
export function isInside(entry: i32): bool {
  return uriBytesOf(entry) > 0 && load<u8>(uriOf(entry)) == HASH;
}

/** Version of a target, or smallest version of a context component: major << 22 | minor << 12 | patch. */
export function versionOf(entry: i32): u32 {
  return load<u32>(at(entry), Slot.Version << 2);
}

/** Comparison.Equal for a target; Comparison.AtLeast, or None if nothing is asked, for a context component. */
export function comparisonOf(entry: i32): i32 {
  return load<u8>(at(entry), COMPARISON_OFFSET);
}
