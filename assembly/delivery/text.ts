// Strings for people: from the text section if it is there and readable, else made from the table.
// Nothing is decided by them. The section is read again for each string; only its first language
// counts.
// @spec draft-ietf-suit-manifest-37 §8.4.4
import { equal, writeDecimal } from "../base/bytes";
import {
  DESCRIPTION_BYTES_MAX,
  MANIFEST_BYTES_MAX,
  NAME_BYTES_MAX,
  VERSION_BYTES_MAX,
} from "../base/limits";
import * as utf8 from "../wbxml/utf8";
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
  let to = ptr;
  for (let segments = cbor.want(Major.Array); segments > 0; segments--) {
    if (to != ptr) store<u8>(to++, SLASH);
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
  let to = ptr;
  for (let i = 0; i < 3; i++) {
    if (i > 0) store<u8>(to++, DOT);
    to += writeDecimal((packed >> manifest.shiftOf(i)) & manifest.largestOf(i), to);
  }
  return i32(to - ptr);
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

/**
 * Copies a string of at most `byteCountMax` bytes of UTF-8 without NUL; other control bytes become
 * spaces. Returns 0 if there is no such string.
 */
function stringInto(entry: i32, key: u32, ptr: usize, byteCountMax: u32): i32 {
  if (!find(entry, key)) return 0;
  const byteCount = cbor.itemBytes;
  if (byteCount > byteCountMax || !utf8.isText(cbor.item, byteCount, utf8.BYTE_MAX)) return 0;
  for (let i: u32 = 0; i < byteCount; i++) {
    store<u8>(ptr + i, max<u8>(load<u8>(cbor.item + i), SPACE));
  }
  return byteCount;
}

/** Finds the string `key` of a component, or of the manifest itself. */
function find(entry: i32, key: u32): bool {
  cbor.open(TEXT, textBytes);
  cbor.require(cbor.want(Major.Map) != 0);
  cbor.readString(Major.Text);
  const count = cbor.want(Major.Map);
  for (let i: u32 = 0; i < count; i++) {
    let owner = NO_ENTRY;
    let strings: u32 = 1;
    if (cbor.peek() == Major.Array) {
      owner = readOwner(entry);
      strings = cbor.want(Major.Map);
    }
    for (; strings > 0; strings--) {
      cbor.head();
      const isWanted = owner == entry && cbor.isHead(Major.Unsigned, key);
      cbor.require(cbor.major <= Major.Negative);
      cbor.readString(Major.Text);
      if (isWanted && !cbor.isBroken) return true;
    }
  }
  return false;
}

/** Reads a component identifier. Returns `entry` if that is whose it is, else another number. */
function readOwner(entry: i32): i32 {
  const start = cbor.next;
  for (let segments = cbor.want(Major.Array); segments > 0; segments--) {
    cbor.readString(Major.Bytes);
  }
  if (entry == NO_ENTRY) return 0;
  const idBytes = manifest.idBytesOf(entry);
  return equal(start, i32(cbor.next - start), manifest.idOf(entry), idBytes) ? entry : NO_ENTRY;
}
