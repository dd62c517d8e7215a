// Strings for people: from the text section if it is there and readable, else made from the table. Nothing is decided
// by them. The section is read again for each string; only its first language counts.
// @spec draft-ietf-suit-manifest-37 §8.4.4
import { equal, writeDecimal } from "../base/bytes";
import {
  DESCRIPTION_BYTES_MAX,
  MANIFEST_BYTES_MAX,
  NAME_BYTES_MAX,
  VERSION_BYTES_MAX,
} from "../base/limits";
import * as cbor from "./cbor";
import { Major } from "./cbor";
import * as manifest from "./manifest";
import { MANIFEST } from "./manifest";

export const TEXT: usize = MANIFEST + MANIFEST_BYTES_MAX;

/** Keys of the manifest's own strings. @spec draft-ietf-suit-manifest-37 §11.6 */
const enum ManifestText {
  Description = 1,
  Update = 2,
}

/** Keys of a component's strings. @spec draft-ietf-suit-manifest-37 §11.7 */
const enum ComponentText {
  Name = 2,
  Description = 5,
  Version = 6,
}

const NO_ENTRY: i32 = -1;
const SLASH: u8 = 0x2f;
const DOT: u8 = 0x2e;
const SPACE: u8 = 0x20;

let textBytes: i32 = 0;

/** Sets how many bytes of text there are at TEXT; 0 if there is none. */
export function open(byteCount: i32): void {
  textBytes = byteCount;
}

/**
 * Writes the segments of a component's identifier, joined by "/".
 *
 * @param ptr  room for ID_BYTES_MAX bytes
 * @returns bytes written
 */
export function idInto(entry: i32, ptr: usize): i32 {
  cbor.open(manifest.idOf(entry), manifest.idBytesOf(entry));
  const segments = cbor.want(Major.Array);
  let to = ptr;
  for (let i: u32 = 0; i < segments; i++) {
    if (i > 0) store<u8>(to++, SLASH);
    cbor.readString(Major.Bytes);
    memory.copy(to, cbor.item, cbor.itemBytes);
    to += cbor.itemBytes;
  }
  return i32(to - ptr);
}

/**
 * Writes a component's name; if there is none, the last segment of its identifier.
 *
 * @param ptr  room for NAME_BYTES_MAX bytes
 * @returns bytes written
 */
export function nameInto(entry: i32, ptr: usize): i32 {
  const byteCount = stringInto(entry, ComponentText.Name, ptr, NAME_BYTES_MAX);
  if (byteCount > 0) return byteCount;
  idInto(entry, ptr);
  memory.copy(ptr, cbor.item, cbor.itemBytes);
  return cbor.itemBytes;
}

/**
 * Writes a component's description.
 *
 * @param ptr  room for DESCRIPTION_BYTES_MAX bytes
 * @returns bytes written, 0 if there is none
 */
export function descriptionInto(entry: i32, ptr: usize): i32 {
  return stringInto(entry, ComponentText.Description, ptr, DESCRIPTION_BYTES_MAX);
}

/**
 * Writes a component's version for people; if there is none, "major.minor.patch".
 *
 * @param ptr  room for VERSION_BYTES_MAX bytes
 * @returns bytes written
 */
export function versionTextInto(entry: i32, ptr: usize): i32 {
  const byteCount = stringInto(entry, ComponentText.Version, ptr, VERSION_BYTES_MAX);
  if (byteCount > 0) return byteCount;
  const packed = manifest.versionOf(entry);
  let to = ptr + writeDecimal(packed >> 22, ptr);
  store<u8>(to++, DOT);
  to += writeDecimal((packed >> 12) & 1023, to);
  store<u8>(to++, DOT);
  return i32(to - ptr) + writeDecimal(packed & 4095, to);
}

/**
 * Writes the description of the whole manifest, which serves as the name of the Delivery Package.
 *
 * @param ptr  room for NAME_BYTES_MAX bytes
 * @returns bytes written, 0 if there is none
 */
export function manifestDescriptionInto(ptr: usize): i32 {
  return stringInto(NO_ENTRY, ManifestText.Description, ptr, NAME_BYTES_MAX);
}

/**
 * Writes what the update is about, which serves as the description of the Delivery Package.
 *
 * @param ptr  room for DESCRIPTION_BYTES_MAX bytes
 * @returns bytes written, 0 if there is none
 */
export function updateDescriptionInto(ptr: usize): i32 {
  return stringInto(NO_ENTRY, ManifestText.Update, ptr, DESCRIPTION_BYTES_MAX);
}

/** Copies a string of at most `byteCountMax` bytes that is UTF-8, control bytes replaced. Returns 0 if there is none. */
function stringInto(entry: i32, key: u32, ptr: usize, byteCountMax: u32): i32 {
  if (!find(entry, key) || cbor.itemBytes > byteCountMax || !isUtf8()) return 0;
  const byteCount = cbor.itemBytes;
  for (let i: u32 = 0; i < byteCount; i++) {
    store<u8>(ptr + i, max<u8>(load<u8>(cbor.item + i), SPACE));
  }
  return byteCount;
}

/** Finds the string `key` of a component, or of the manifest itself. */
function find(entry: i32, key: u32): bool {
  cbor.open(TEXT, textBytes);
  if (cbor.want(Major.Map) == 0) return false;
  cbor.readString(Major.Text);
  const count = cbor.want(Major.Map);
  for (let i: u32 = 0; i < count && !cbor.isBroken; i++) {
    if (cbor.peek() == Major.Array) {
      const isOwn = readId(entry);
      if (findIn(cbor.want(Major.Map), isOwn ? key : 0)) return true;
    } else if (findIn(1, entry == NO_ENTRY ? key : 0)) {
      return true;
    }
  }
  return false;
}

/** Reads a component identifier and tells whether it is that of `entry`. */
function readId(entry: i32): bool {
  const start = cbor.next;
  const segments = cbor.want(Major.Array);
  for (let i: u32 = 0; i < segments && !cbor.isBroken; i++) cbor.readString(Major.Bytes);
  if (cbor.isBroken || entry == NO_ENTRY) return false;
  return equal(start, i32(cbor.next - start), manifest.idOf(entry), manifest.idBytesOf(entry));
}

/** Reads up to `count` pairs of a number and a string, and stops behind that with `key`. Key 0 is never used. */
function findIn(count: u32, key: u32): bool {
  for (let i: u32 = 0; i < count && !cbor.isBroken; i++) {
    cbor.head();
    const isWanted = cbor.major == Major.Unsigned && cbor.value == key;
    if (cbor.major > Major.Negative) cbor.fail();
    cbor.readString(Major.Text);
    if (isWanted && !cbor.isBroken) return key != 0;
  }
  return false;
}

/** The string that was just read is UTF-8: no overlong form, no surrogate, nothing above U+10FFFF. */
function isUtf8(): bool {
  let due = 0; // Continuation bytes that must follow.
  let least: u32 = 0x80;
  let most: u32 = 0xbf;
  for (let i: u32 = 0; i < cbor.itemBytes; i++) {
    const byte: u32 = load<u8>(cbor.item + i);
    if (due > 0) {
      if (byte < least || byte > most) return false;
      due--;
      least = 0x80;
      most = 0xbf;
    } else if (byte >= 0x80) {
      if (byte < 0xc2 || byte > 0xf4) return false;
      due = 1 + i32(byte >= 0xe0) + i32(byte >= 0xf0);
      if (byte == 0xe0) least = 0xa0;
      if (byte == 0xed) most = 0x9f;
      if (byte == 0xf0) least = 0x90;
      if (byte == 0xf4) most = 0x8f;
    }
  }
  return due == 0;
}
