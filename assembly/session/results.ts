// The Item of a Results, made from the tree when its turn comes.
import { Format } from "../abi/codes";
import { RECEIVE } from "../base/buffers";
import { RECEIVE_BYTES, SEGMENT_BYTES_MAX, VALUE_BYTES_MAX } from "../base/limits";
import { MetaTag, Tag } from "../wbxml/tokens";
import * as writer from "../wbxml/writer";
import * as uri from "../tree/uri";
import * as properties from "./properties";
import * as route from "./route";

/** Scratch while a message is composed. */
const VALUE: usize = RECEIVE;
const TYPE: usize = RECEIVE + VALUE_BYTES_MAX;
const NAME: usize = memory.data(SEGMENT_BYTES_MAX);
/** Bytes of a Results with one Item around CmdRef, URI, Type and value. */
const FRAME_BYTES: i32 = 56;

/** Writes the Item for a URI that a Get named; without Data if bare or if the node has gone. */
export function item(target: usize, targetBytes: i32, isBare: bool): void {
  writer.tag(Tag.Item);
  writer.tag(Tag.Source);
  writer.leaf(Tag.LocURI, target, targetBytes);
  writer.end();
  if (!isBare && !uri.parse(target, targetBytes)) {
    const node = route.resolve();
    if (node >= 0) {
      if (uri.query) property(node);
      else if (route.isInterior(node)) children(node);
      else leaf(node);
    }
  }
  writer.end();
}

function property(node: i32): void {
  const byteCount = properties.valueInto(node, VALUE);
  writer.leaf(Tag.Data, VALUE, byteCount < 0 ? 0 : byteCount);
}

function meta(format: i32, typeBytes: i32): void {
  if (format == Format.Chr && typeBytes == 0) return;
  writer.tag(Tag.Meta);
  if (format != Format.Chr) {
    writer.leaf(MetaTag.Format, VALUE, properties.formatInto(format, VALUE));
  }
  if (typeBytes) writer.leaf(MetaTag.Type, TYPE, typeBytes);
  writer.end();
}

function leaf(node: i32): void {
  const format = route.formatOf(node);
  meta(format, route.typeInto(node, TYPE));
  const byteCount = route.valueBytes(node);
  if (byteCount <= 0 || route.valueInto(node, VALUE, byteCount)) {
    writer.empty(Tag.Data);
    return;
  }
  writer.tag(Tag.Data);
  if (format == Format.Bin) writer.opaque(VALUE, byteCount);
  else writer.text(VALUE, byteCount);
  writer.end();
}

/** Names of the children joined by `/`. */
function children(node: i32): void {
  meta(Format.Node, 0);
  let end = VALUE;
  for (let child = route.firstChild(node); child >= 0; child = route.nextSibling(child)) {
    if (end > VALUE + RECEIVE_BYTES - SEGMENT_BYTES_MAX - 1) break;
    if (end != VALUE) store<u8>(end++, 0x2f);
    const nameBytes = route.nameInto(child, end);
    if (nameBytes > 0) end += nameBytes;
  }
  writer.leaf(Tag.Data, VALUE, <i32>(end - VALUE));
}

/** Bytes that the Item for a node takes at most; the URI of the Get has been parsed. */
export function itemBytes(node: i32, targetBytes: i32): i32 {
  let total = FRAME_BYTES + targetBytes;
  if (uri.query) return total + max(0, properties.valueInto(node, route.SCRATCH));
  if (!route.isInterior(node)) {
    return total + max(0, route.valueBytes(node)) + max(0, route.typeInto(node, NAME));
  }
  for (let child = route.firstChild(node); child >= 0; child = route.nextSibling(child)) {
    total += max(0, route.nameInto(child, NAME)) + 1;
  }
  return total;
}
