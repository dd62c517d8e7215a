// `?prop=`: the properties of a node, and the one that a server may replace: its ACL.
import { Err, Format } from "../abi/codes";
import * as bytes from "../base/bytes";
import { ACL_BYTES_MAX } from "../base/limits";
import * as object from "../scomo/object";
import { Kind } from "../syncml/command";
import * as parse from "../syncml/parse";
import { Status, statusFor } from "../syncml/status";
import * as acl from "../tree/acl";
import { Right } from "../tree/acl";
import * as tree from "../tree/node";
import * as uri from "../tree/uri";
import * as route from "./route";

const PROP: usize = memory.data<u8>([0x70, 0x72, 0x6f, 0x70, 0x3d]); // prop=
const LIST: usize = memory.data<u8>([0x6c, 0x69, 0x73, 0x74, 0x3d]); // list=
/** Names in the order of `Property`, each behind its length. */
const NAMES: usize = memory.data<u8>([
  3, 0x41, 0x43, 0x4c, // ACL
  6, 0x46, 0x6f, 0x72, 0x6d, 0x61, 0x74, // Format
  4, 0x4e, 0x61, 0x6d, 0x65, // Name
  4, 0x54, 0x79, 0x70, 0x65, // Type
  4, 0x53, 0x69, 0x7a, 0x65, // Size
]);

const enum Property {
  Acl,
  Format,
  Name,
  Type,
  Size,
  Count,
}

/** Words of `Format` in its order, each filled up to WORD_BYTES. */
const WORDS: usize = memory.data<u8>([
  0x63, 0x68, 0x72, 0, 0, 0x6e, 0x6f, 0x64, 0x65, 0, 0x69, 0x6e, 0x74, 0, 0, 0x62, 0x69, 0x6e, 0, 0,
  0x62, 0x6f, 0x6f, 0x6c, 0, 0x62, 0x36, 0x34, 0, 0, 0x6e, 0x75, 0x6c, 0x6c, 0, 0x78, 0x6d, 0x6c, 0,
  0, 0x64, 0x61, 0x74, 0x65, 0, 0x74, 0x69, 0x6d, 0x65, 0, 0x66, 0x6c, 0x6f, 0x61, 0x74,
]);
const WORD_BYTES: i32 = 5;

/** Which property the query of the URI names, -1 if none that this client has. */
function find(): i32 {
  if (uri.queryBytes < 5 || memory.compare(uri.query, PROP, 5)) return -1;
  let at = NAMES;
  for (let property = 0; property < Property.Count; property++) {
    const nameBytes = <i32>load<u8>(at);
    if (bytes.equal(uri.query + 5, uri.queryBytes - 5, at + 1, nameBytes)) return property;
    at += nameBytes + 1;
  }
  return -1;
}

/** True for `?prop=` and `?list=` with a word that this client does not have. */
function isRequest(): bool {
  if (uri.queryBytes < 5) return false;
  return memory.compare(uri.query, PROP, 5) == 0 || memory.compare(uri.query, LIST, 5) == 0;
}

/** Runs an Item whose URI has a query. @returns its Status */
export function run(kind: i32): i32 {
  const property = find();
  if (property < 0) return isRequest() ? Status.NotSupported : Status.NotFound;
  const node = route.resolve();
  if (node < 0) return statusFor(node);
  if (kind == Kind.Get) return statusFor(get(node, property));
  if (kind != Kind.Replace || property != Property.Acl) return Status.NotAllowed;
  return statusFor(replaceAcl(node));
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
  switch (find()) {
    case Property.Acl:
      return object.isComputed(node) ? 0 : tree.aclInto(node, ptr);
    case Property.Format:
      return formatInto(route.formatOf(node), ptr);
    case Property.Name:
      return route.nameInto(node, ptr);
    case Property.Type:
      return route.typeInto(node, ptr);
    default:
      return sizeInto(node, ptr);
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
