// Turns a signed manifest into the table that the installer works from. Nothing of it is executed:
// every command that profile 1 allows is a condition, a setting or the fetch, so the three
// sequences are read once each, in the order shared, install, validate, and what must have been
// said is checked at the end.
//
// Table entry, 32 bytes, one for each listed component:
//
//   0        4       8        12     16    20        24   26      28        30         31
//   +--------+-------+--------+------+-----+---------+----+-------+---------+----------+----------+
//   | vendor | class | digest | size | uri | version | id | flags | idBytes | uriBytes |comparison|
//   +--------+-------+--------+------+-----+---------+----+-------+---------+----------+----------+
//   The first six are parameters, at 4 times their slot. vendor, class, digest and uri are
//   addresses in the manifest, id is an offset in it; the id is kept as it is encoded.
//
// Flags: bit `slot` says that the parameter was set, bit `slot + CHECKED` that its condition, or
// the fetch, was read.
import { Err } from "../abi/codes";
import { TABLE, TABLE_ENTRY_BYTES } from "../base/buffers";
import { equal } from "../base/bytes";
import {
  ID_BYTES_MAX,
  PAYLOAD_URI_BYTES_MAX,
  TARGETS_MAX,
  WRAPPER_BYTES_MAX,
} from "../base/limits";
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

/**
 * Labels of commands. A condition has the label of the parameter it looks at.
 *
 * @spec draft-ietf-suit-manifest-37 §11.4
 */
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

/** How a version is compared. @spec draft-ietf-suit-update-management-14 */
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
const EXTRA_OFFSET: usize = 26; // From here, at the slot: the two that follow.
const URI_BYTES_OFFSET: usize = 30;
const COMPARISON_OFFSET: usize = 31;

const CHECKED: u32 = 6;
const IS_TARGET: u32 = 1 << (Slot.Uri + CHECKED);
const VERSION_CHECKED: u32 = 1 << (Slot.Version + CHECKED);
const VERSION_SET: u32 = 1 << Slot.Version;
const ENVIRONMENT: u32 =
  (1 << Slot.Vendor) |
  (1 << Slot.Class) |
  (1 << (Slot.Vendor + CHECKED)) |
  (1 << (Slot.Class + CHECKED));
const TARGET_NEEDED: u32 =
  ENVIRONMENT |
  (1 << Slot.Digest) |
  (1 << Slot.Size) |
  (1 << Slot.Uri) |
  VERSION_SET |
  (1 << (Slot.Digest + CHECKED)) |
  IS_TARGET;
const CONTEXT_ALLOWED: u32 = ENVIRONMENT | VERSION_SET | VERSION_CHECKED;

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
let extra: u32 = 0; // Second result of `readParameter`: length of the URI, or comparison.

/**
 * Reads the manifest, `byteCount` bytes at MANIFEST, into the table. Addresses in the table stay
 * good while the manifest stays where it is.
 *
 * @fails Err.NotForDevice  something that profile 1 does not have; see `reason`
 * @fails Err.Inconsistent  malformed, or against a rule of profile 1
 * @spec draft-ietf-suit-manifest-37 §8.4
 */
export function parse(byteCount: i32): i32 {
  refusal = Err.Inconsistent;
  reason = Reason.Cbor;
  textDigest = 0;
  targetCount = 0;
  insideCount = 0;
  count = 0;
  memory.fill(TABLE, 0, TARGETS_MAX * TABLE_ENTRY_BYTES);
  readManifest(byteCount);
  checkTable();
  return cbor.isBroken ? refusal : Err.Ok;
}

/** Refuses what is well-formed and not of profile 1, unless it is or there was a failure before. */
function support(isSupported: bool, why: i32): void {
  if (isSupported || cbor.isBroken) return;
  refusal = Err.NotForDevice;
  reason = why;
  cbor.fail();
}

function readManifest(byteCount: i32): void {
  cbor.open(MANIFEST, byteCount);
  let seen: u32 = 0;
  let validate: usize = 0;
  const sections = cbor.want(Major.Map);
  for (let i: u32 = 0; i < sections; i++) {
    const section = readLabel(seen, SECTIONS, Reason.Command);
    seen |= 1 << section;
    if (section == Section.Validate) validate = cbor.next;
    readSection(section);
  }
  cbor.require(cbor.isAtEnd() && (seen & SECTIONS_NEEDED) == SECTIONS_NEEDED);
  if (cbor.isBroken) return;
  cbor.open(validate, byteCount - i32(validate - MANIFEST));
  readSequence(VALIDATE_COMMANDS);
}

function readSection(section: u32): void {
  switch (section) {
    case Section.Version:
      support(cbor.want(Major.Unsigned) == PROFILE_VERSION, Reason.Command);
      break;
    case Section.Sequence:
      serial = cbor.want(Major.Unsigned);
      cbor.require(serial != 0);
      break;
    case Section.Common:
      readCommon();
      break;
    case Section.ReferenceUri:
      cbor.readString(Major.Text);
      break;
    case Section.Install:
      support(cbor.peek() != Major.Array, Reason.Severing);
      readSequence(INSTALL_COMMANDS);
      break;
    case Section.Coswid:
    case Section.Text:
      support(cbor.peek() != Major.Bytes, Reason.Severing);
      readSha256();
      if (section == Section.Text) textDigest = cbor.item;
      break;
    default: // Set-version tells us nothing; validate has to wait for install.
      cbor.readString(Major.Bytes);
  }
}

/**
 * Reads a map key, or a command, that must be one of the bits of `allowed`. Keys ascend: `seen` has
 * those before.
 *
 * @returns the label; 0 after a failure
 */
function readLabel(seen: u32, allowed: u32, why: i32): u32 {
  cbor.head();
  const label = cbor.value;
  cbor.require(cbor.major <= Major.Negative);
  support(cbor.major == Major.Unsigned && label < 32, why);
  cbor.require(seen >> label == 0);
  support(((allowed >> label) & 1) != 0, why);
  return cbor.value;
}

function readCommon(): void {
  const outer = cbor.enter();
  const sections = cbor.want(Major.Map);
  cbor.require(readLabel(0, COMMON_SECTIONS, Reason.Command) == Section.Components);
  count = cbor.want(Major.Array);
  cbor.require(count - 1 < u32(TARGETS_MAX));
  for (let entry: u32 = 0; entry < count; entry++) readComponentId(entry);
  readLabel(1 << Section.Components, COMMON_SECTIONS, Reason.Command);
  readSequence(SHARED_COMMANDS);
  cbor.require(sections == 2);
  cbor.leave(outer);
}

function readComponentId(entry: u32): void {
  const start = cbor.next;
  const segments = cbor.want(Major.Array);
  cbor.require(segments - 1 < SEGMENTS_MAX);
  let joinedBytes = segments - 1;
  for (let i: u32 = 0; i < segments; i++) {
    readVisible(Major.Bytes, SEGMENT_BYTES_MAX, SLASH);
    joinedBytes += cbor.itemBytes;
  }
  cbor.require(joinedBytes <= u32(ID_BYTES_MAX));
  if (cbor.isBroken) return;

  store<u16>(at(entry), u16(start - MANIFEST), ID_OFFSET);
  store<u16>(at(entry), u16(cbor.next - start), ID_BYTES_OFFSET);
}

/** Reads a string of 1 to `byteCountMax` bytes, each 21 to 7E hex and not `barred`. */
function readVisible(type: i32, byteCountMax: u32, barred: u32): void {
  cbor.readString(type);
  cbor.require(cbor.itemBytes - 1 < byteCountMax);
  for (let i: u32 = 0; i < cbor.itemBytes; i++) {
    const byte: u32 = load<u8>(cbor.item + i);
    cbor.require(byte - VISIBLE_MIN < VISIBLE_COUNT && byte != barred);
  }
}

/** Reads one sequence, commands and arguments in turn; `allowed` has a bit for each command. */
function readSequence(allowed: u32): void {
  const outer = cbor.enter();
  const items = cbor.want(Major.Array);
  cbor.require(items != 0 && !(items & 1));
  // A component that is alone need not be named.
  current = u32(count == 1);
  for (let i: u32 = 0; i < items; i += 2) {
    const command = readLabel(0, allowed, Reason.Command);
    if (command == Command.SetIndex) {
      readIndex();
      continue;
    }
    cbor.require(current != 0);
    if (command == Command.Override) {
      readParameters();
    } else {
      cbor.require(cbor.want(Major.Unsigned) <= POLICY_MAX);
      check(slotOf(command));
    }
  }
  cbor.leave(outer);
}

/** Reads whom the next commands are about: an index, true for all, or an array of indices. */
function readIndex(): void {
  current = 0;
  if (cbor.peek() != Major.Array) return addIndex(true);
  let indices = cbor.want(Major.Array);
  cbor.require(indices != 0);
  for (; indices > 0; indices--) addIndex(false);
}

function addIndex(mayBeAll: bool): void {
  cbor.head();
  if (mayBeAll && cbor.isHead(Major.Simple, cbor.SIMPLE_TRUE)) {
    current = (1 << count) - 1;
  } else {
    cbor.require(cbor.major == Major.Unsigned && cbor.value < count);
    current |= 1 << cbor.value;
  }
}

function readParameters(): void {
  const settings = cbor.want(Major.Map);
  cbor.require(settings != 0);
  let seen: u32 = 0;
  for (let i: u32 = 0; i < settings; i++) {
    const label = readLabel(seen, PARAMETERS, Reason.Parameter);
    seen |= 1 << label;
    set(slotOf(label), readParameter(label));
  }
}

/** Reads the value of a parameter: a number, or the address of a string that `cbor.item` is. */
function readParameter(label: u32): u32 {
  let outer: usize = 0;
  switch (label) {
    case Parameter.Size:
      return cbor.want(Major.Unsigned);
    case Parameter.Version:
      return readVersion();
    case Parameter.Uri:
      readVisible(Major.Text, PAYLOAD_URI_BYTES_MAX, 0);
      extra = cbor.itemBytes;
      break;
    case Parameter.Digest:
      outer = cbor.enter();
      readSha256();
      cbor.leave(outer);
      break;
    default:
      cbor.readString(Major.Bytes);
      cbor.require(cbor.itemBytes == UUID_BYTES);
  }
  return u32(cbor.item);
}

/** Reads a digest of SHA-256 into `cbor.item`. */
function readSha256(): void {
  support(verify.readDigest(), Reason.Algorithm);
  cbor.require(cbor.itemBytes == DIGEST_BYTES);
}

/** Reads a version. Returns it packed, and how it is compared in `extra`. */
function readVersion(): u32 {
  const outer = cbor.enter();
  cbor.require(cbor.want(Major.Array) == 2);
  extra = cbor.want(Major.Unsigned);
  support((extra | 1) == Comparison.Equal, Reason.Parameter); // 2 or 3.
  const numbers = cbor.want(Major.Array);
  let packed: u32 = 0;
  for (let i: u32 = 0; i < numbers; i++) {
    cbor.head();
    support(cbor.major != Major.Negative, Reason.Parameter); // A pre-release.
    cbor.require(cbor.major == Major.Unsigned && i < VERSION_NUMBERS && cbor.value <= largestOf(i));
    packed |= cbor.value << shiftOf(i);
  }
  cbor.require(numbers == VERSION_NUMBERS || (numbers != 0 && extra != Comparison.Equal));
  cbor.leave(outer);
  return packed;
}

/** Place of the number `index` of a version when it is packed: major, minor, patch. */
export function shiftOf(index: u32): u32 {
  return (VERSION_SHIFTS >> (index << 3)) & 31;
}

/** Largest number `index` of a version. */
export function largestOf(index: u32): u32 {
  return index == 2 ? 4095 : 1023;
}

/** Rank of a label among the parameters that profile 1 has. */
function slotOf(label: u32): i32 {
  return popcnt<u32>(PARAMETERS & ((1 << label) - 1));
}

/** Sets a parameter of the current components, once: no later value replaces one that was used. */
function set(slot: i32, number: u32): void {
  const bit = 1 << slot;
  for (let entry: u32 = 0; entry < count; entry++) {
    if (!mark(entry, 0, bit, bit)) continue;
    store<u32>(at(entry) + (slot << 2), number);
    if (slot >= Slot.Uri) store<u8>(at(entry) + slot, extra, EXTRA_OFFSET);
  }
}

/** Notes a condition or the fetch. What it is about must be set; a component is fetched once. */
function check(slot: i32): void {
  const bit = 1 << (slot + CHECKED);
  for (let entry: u32 = 0; entry < count; entry++) mark(entry, 1 << slot, bit & IS_TARGET, bit);
}

/**
 * Adds flags to a component if it is a current one. It must have all of `needed` and none of
 * `barred`.
 */
function mark(entry: u32, needed: u32, barred: u32, added: u32): bool {
  if (!((current >> entry) & 1)) return false;
  const flags = flagsOf(entry);
  cbor.require((flags & (needed | barred)) == needed);
  store<u16>(at(entry), flags | added, FLAGS_OFFSET);
  return true;
}

/** What each component must have and may not have, once all sequences are read. */
function checkTable(): void {
  if (cbor.isBroken) return; // The count may be too large for the table.
  for (let entry: u32 = 0; entry < count; entry++) {
    const flags = flagsOf(entry);
    if (flags & IS_TARGET) {
      targetCount++;
      cbor.require((flags & TARGET_NEEDED) == TARGET_NEEDED);
      cbor.require(comparisonOf(entry) == Comparison.Equal);
    } else {
      cbor.require(!(flags & ~CONTEXT_ALLOWED) && comparisonOf(entry) != Comparison.Equal);
      // A need is set and checked, or there is none.
      cbor.require(!(flags & VERSION_SET) || (flags & VERSION_CHECKED) != 0);
    }
    checkNames(entry);
  }
  cbor.require(targetCount != 0);
}

/** No component is listed twice, no two targets share a URI; `#` is followed by the own index. */
function checkNames(entry: u32): void {
  const uri = uriOf(entry);
  const uriBytes = uriBytesOf(entry);
  if (isInside(entry)) {
    const digit: u32 = entry < 10 ? 0x30 + entry : 0x57 + entry;
    cbor.require(uriBytes == 2 && load<u8>(uri, 1) == digit);
    insideCount++;
  }
  for (let other: u32 = 0; other < entry; other++) {
    cbor.require(!equal(idOf(other), idBytesOf(other), idOf(entry), idBytesOf(entry)));
    cbor.require(!uriBytes || !equal(uriOf(other), uriBytesOf(other), uri, uriBytes));
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

/** Notes that the payload of `entry` was met. */
export function fill(entry: i32): void {
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

/**
 * Version of a target, or smallest version of a context component, 0 if nothing is asked:
 * major << 22 | minor << 12 | patch.
 */
export function versionOf(entry: i32): u32 {
  return load<u32>(at(entry), Slot.Version << 2);
}

/** Comparison.Equal for a target; AtLeast, or None if nothing is asked, for a context component. */
export function comparisonOf(entry: i32): i32 {
  return load<u8>(at(entry), COMPARISON_OFFSET);
}
