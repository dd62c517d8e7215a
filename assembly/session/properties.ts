// `?prop=` and `?list=`: the properties of a node, those that a server may replace, and which of
// them a list has.
import { Err, Format } from "../abi/codes";
import * as bytes from "../base/bytes";
import { ACL_BYTES_MAX, ENTRY_NAME_BYTES_MAX, TITLE_BYTES_MAX } from "../base/limits";
import * as object from "../scomo/object";
import { Kind } from "../syncml/command";
import * as parse from "../syncml/parse";
import { Status, statusFor } from "../syncml/status";
import * as acl from "../tree/acl";
import { Right } from "../tree/acl";
import * as tree from "../tree/node";
import * as uri from "../tree/uri";
import * as utf8 from "../wbxml/utf8";
import * as nodes from "./nodes";
import * as route from "./route";

const WORD_OFFSET: i32 = 5;
const PROP: usize = memory.data<u8>([0x70, 0x72, 0x6f, 0x70, 0x3d]); // prop=
const LIST: usize = memory.data<u8>([0x6c, 0x69, 0x73, 0x74, 0x3d]); // list=
/** Names in the order of `Property`, then those of lists, each behind its length. */
// prettier-ignore
const NAMES: usize = memory.data<u8>([
  3, 0x41, 0x43, 0x4c, // ACL
  6, 0x46, 0x6f, 0x72, 0x6d, 0x61, 0x74, // Format
  5, 0x54, 0x69, 0x74, 0x6c, 0x65, // Title
  6, 0x54, 0x53, 0x74, 0x61, 0x6d, 0x70, // TStamp
  4, 0x54, 0x79, 0x70, 0x65, // Type
  5, 0x56, 0x65, 0x72, 0x4e, 0x6f, // VerNo
  5, 0x56, 0x61, 0x6c, 0x75, 0x65, // Value
  4, 0x4e, 0x61, 0x6d, 0x65, // Name
  4, 0x53, 0x69, 0x7a, 0x65, // Size
  6, 0x53, 0x74, 0x72, 0x75, 0x63, 0x74, // Struct
  10, 0x53, 0x74, 0x72, 0x75, 0x63, 0x74, 0x44, 0x61, 0x74, 0x61, // StructData
  4, 0x54, 0x4e, 0x44, 0x53, // TNDS
  0,
]);

/** What can be named. A serialised tree has those up to Value, which is no property itself. */
export const enum Property {
  Acl,
  Format,
  Title,
  TStamp,
  Type,
  VerNo,
  Value,
  Name,
  Size,
  Struct,
  StructData,
  Tnds,
  Count,
}

/** What a list has: bits by `Property`, these among them. */
export const enum List {
  Properties = (1 << Property.Value) - 1,
  Value = 1 << Property.Value,
  All = (1 << Property.Name) - 1,
  Struct = 1 << Property.Struct,
  StructData = 1 << Property.StructData,
  Tnds = 1 << Property.Tnds,
}

/** Words of `Format` in its order, each filled up to WORD_BYTES. */
const WORDS: usize = memory.data<u8>([
  0x63, 0x68, 0x72, 0, 0, 0x6e, 0x6f, 0x64, 0x65, 0, 0x69, 0x6e, 0x74, 0, 0, 0x62, 0x69, 0x6e, 0, 0,
  0x62, 0x6f, 0x6f, 0x6c, 0, 0x62, 0x36, 0x34, 0, 0, 0x6e, 0x75, 0x6c, 0x6c, 0, 0x78, 0x6d, 0x6c, 0,
  0, 0x64, 0x61, 0x74, 0x65, 0, 0x74, 0x69, 0x6d, 0x65, 0, 0x66, 0x6c, 0x6f, 0x61, 0x74,
]);
const WORD_BYTES: i32 = 5;
const PLUS: i32 = 0x2b;
const MINUS: i32 = 0x2d;

/** The query of the URI begins so. */
function begins(word: usize): bool {
  return uri.queryBytes >= WORD_OFFSET && bytes.equal(uri.query, WORD_OFFSET, word, WORD_OFFSET);
}

/** The `Property` of that name, Count if there is none. */
function named(name: usize, nameBytes: i32): i32 {
  let at = NAMES;
  let property = 0;
  for (; property < Property.Count; property++) {
    const n = <i32>load<u8>(at);
    if (bytes.equal(name, nameBytes, at + 1, n)) break;
    at += n + 1;
  }
  return property;
}

/** Which property the query of the URI names, -1 if none that this client has. */
function find(): i32 {
  if (!begins(PROP)) return -1;
  const property = named(uri.query + WORD_OFFSET, uri.queryBytes - WORD_OFFSET);
  return property > Property.Size || property == Property.Value ? -1 : property;
}

/**
 * What the list has that the query of the URI names, as bits of `List`; 0 if it names none that
 * this client has.
 *
 * @spec DM TND 1.2 §7.6
 */
export function list(): i32 {
  if (!begins(LIST)) return 0;
  const end = uri.query + uri.queryBytes;
  let sign = 0;
  let kind = 0;
  let selected = 0;
  for (let at = uri.query + WORD_OFFSET; at <= end; at++) {
    const name = at;
    while (at < end && load<u8>(at) != PLUS && load<u8>(at) != MINUS) at++;
    const property = named(name, <i32>(at - name));
    if (sign == 0 ? property < Property.Struct : property > Property.Value) return 0;
    if (sign == 0) kind = property;
    else selected |= 1 << property;
    if (at == end) break;
    const next = <i32>load<u8>(at);
    if (kind != Property.Tnds || (sign != 0 && next != sign)) return 0;
    sign = next;
  }
  if (kind == Property.Count) return 0;
  return (1 << kind) | (sign == PLUS ? selected : List.All & ~selected);
}

/** Runs an Item whose URI has a query. @returns its Status */
export function run(kind: i32): i32 {
  const property = find();
  if (property < 0 && !list()) {
    return begins(PROP) || begins(LIST) ? Status.NotSupported : Status.NotFound;
  }
  const node = route.resolve();
  if (node < 0) return statusFor(node);
  if (kind == Kind.Get) return statusFor(get(node, property));
  return kind == Kind.Replace ? statusFor(replace(node, property)) : Status.NotAllowed;
}

function get(node: i32, property: i32): i32 {
  const denied = route.permits(node, Right.Get);
  // The owner of the parent may read the ACL of a leaf, since only he may replace it.
  if (denied == Err.Denied && property == Property.Acl && !route.isInterior(node)) {
    return route.permits(route.parentOf(node), Right.Get);
  }
  if (denied || property != Property.Size) return denied;
  if (route.isInterior(node)) return Err.NotImplemented;
  const byteCount = route.isSecret(node) ? Err.NotAllowed : sizeInto(node, route.SCRATCH);
  return byteCount < 0 ? byteCount : Err.Ok;
}

function replace(node: i32, property: i32): i32 {
  if (property == Property.Acl) return replaceAcl(node);
  if (property != Property.Title && property != Property.Name) return Err.NotAllowed;
  const denied = nodes.mayReplace(node);
  if (denied) return denied;
  if (parse.dataIsOpaque && !utf8.isText(parse.data, parse.dataBytes, utf8.BYTE_MAX)) {
    return Err.BadFormat;
  }
  if (property == Property.Name) return rename(node);
  if (parse.dataBytes > TITLE_BYTES_MAX) return Err.TooLarge;
  const err = tree.edit(node);
  if (err) return err;
  tree.draftTitle(parse.data, parse.dataBytes);
  return tree.store(node);
}

/** @spec DM TND 1.2 §7.7.3 */
function rename(node: i32): i32 {
  if (tree.isPermanent(node)) return Err.NotAllowed;
  const err = checkName(parse.data, parse.dataBytes);
  if (err) return err;
  if (object.isEntry(node) && parse.dataBytes > ENTRY_NAME_BYTES_MAX) return Err.UriTooLong;
  const other = route.child(tree.parentOf(node), parse.data, parse.dataBytes);
  if (other == Err.Damaged) return other;
  if (other >= 0 && other != node) return Err.Exists;
  nodes.note(node);
  const damaged = tree.edit(node);
  if (damaged) return damaged;
  tree.draftName(parse.data, parse.dataBytes);
  return tree.store(node);
}

/** A name is a URI of one segment, without `./` in front and a query behind. */
function checkName(name: usize, nameBytes: i32): i32 {
  for (let i = 0; i < nameBytes; i++) if (load<u8>(name + i) == 0x2f) return Err.NotAllowed;
  const err = uri.parse(name, nameBytes);
  if (err == Err.UriTooLong) return err;
  return err != 0 || uri.query != 0 || uri.depth() == 0 ? Err.NotAllowed : Err.Ok;
}

/** @spec DM TND 1.2 §7.7.1.3 */
function replaceAcl(node: i32): i32 {
  if (object.isComputed(node)) return Err.NotAllowed;
  const isLeaf = !tree.isInterior(node);
  let denied: i32 = isLeaf ? Err.Denied : route.permits(node, Right.Replace);
  if (denied == Err.Denied && node) denied = route.permits(tree.parentOf(node), Right.Replace);
  if (denied) return denied;
  if (node == 0 && parse.dataBytes == 0) return Err.NotAllowed;
  if (parse.dataBytes > ACL_BYTES_MAX) return Err.NoSpace;
  if (parse.dataBytes && !acl.isValid(parse.data, parse.dataBytes)) return Err.Misuse;
  const err = tree.edit(node);
  if (err) return err;
  tree.draftAcl(parse.data, parse.dataBytes);
  return tree.store(node);
}

/**
 * Writes the property that the query names to `ptr`, which has room for ACL_BYTES_MAX. @returns its
 * bytes or Err
 */
export function valueInto(node: i32, ptr: usize): i32 {
  return propertyInto(node, find(), ptr);
}

/** The same for any property. */
export function propertyInto(node: i32, property: i32, ptr: usize): i32 {
  switch (property) {
    case Property.Format:
      return formatInto(route.formatOf(node), ptr);
    case Property.Name:
      return route.nameInto(node, ptr);
    case Property.Type:
      return route.typeInto(node, ptr);
    case Property.Size:
      return sizeInto(node, ptr);
  }
  // A computed node has no others.
  if (object.isComputed(node)) return 0;
  switch (property) {
    case Property.Acl:
      return tree.aclInto(node, ptr);
    case Property.Title:
      return tree.titleInto(node, ptr);
    case Property.TStamp:
      return stampInto(tree.stampOf(node), ptr);
    default: {
      const version = tree.versionOf(node);
      return version < 0 ? version : bytes.writeDecimal(version, ptr);
    }
  }
}

function sizeInto(node: i32, ptr: usize): i32 {
  if (route.formatOf(node) == Format.Null) return bytes.writeDecimal(0, ptr);
  const byteCount = route.valueBytes(node);
  return byteCount < 0 ? byteCount : bytes.writeDecimal(byteCount, ptr);
}

/** Writes the word of a Format to `ptr`. @returns its bytes */
export function formatInto(format: i32, ptr: usize): i32 {
  let byteCount = 0;
  while (byteCount < WORD_BYTES && load<u8>(WORDS + format * WORD_BYTES + byteCount)) byteCount++;
  memory.copy(ptr, WORDS + format * WORD_BYTES, byteCount);
  return byteCount;
}

/**
 * Writes seconds since 1970 as `20010711T163817Z`; nothing where they are 0, unknown.
 *
 * @spec ISO 8601 §5.4.2.1
 */
function stampInto(stamp: u32, ptr: usize): i32 {
  if (stamp == 0) return 0;
  let days = stamp / 86400;
  let year: u32 = 1970;
  for (let n = yearDays(year); days >= n; n = yearDays(year)) {
    days -= n;
    year++;
  }
  let month: u32 = 1;
  for (let n = monthDays(year, month); days >= n; n = monthDays(year, month)) {
    days -= n;
    month++;
  }
  bytes.writeDecimal(year, ptr);
  twoDigits(month, ptr + 4);
  twoDigits(days + 1, ptr + 6);
  store<u8>(ptr, 0x54, 8);
  const seconds = stamp % 86400;
  twoDigits(seconds / 3600, ptr + 9);
  twoDigits((seconds / 60) % 60, ptr + 11);
  twoDigits(seconds % 60, ptr + 13);
  store<u8>(ptr, 0x5a, 15);
  return 16;
}

/** Until 2106, when the seconds end, one year in four is longer but 2100. */
function yearDays(year: u32): u32 {
  return year % 4 || year == 2100 ? 365 : 366;
}

function monthDays(year: u32, month: u32): u32 {
  return month == 2 ? yearDays(year) - 337 : 30 + ((month + (month >> 3)) & 1);
}

function twoDigits(value: u32, ptr: usize): void {
  store<u8>(ptr, 0x30 + value / 10);
  store<u8>(ptr, 0x30 + (value % 10), 1);
}
