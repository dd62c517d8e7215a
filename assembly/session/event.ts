// The client event that the application has left for the next session. Nothing of it is durable.
import { Err } from "../abi/codes";
import { RECEIVE } from "../base/buffers";
import { EVENT_BYTES_MAX } from "../base/limits";
import { BYTE_MAX, isText } from "../wbxml/utf8";
import { MetaTag, Tag } from "../wbxml/tokens";
import * as writer from "../wbxml/writer";

/** Format, Type, Data. */
const EVENT: usize = memory.data(EVENT_BYTES_MAX);

let formatBytes = 0;
let typeBytes = 0;
let dataBytes = 0;
/** True until a server has answered it. */
export let isQueued: bool = false;
/** Status that a server has given it, 0 as long as none has. */
export let status = 0;

/** Takes an event from the receive buffer in place of the one before. */
export function queue(format: i32, type: i32, data: i32): i32 {
  // Each of them is small, none below 0, so their sum cannot be a wrong one.
  if (<u32>(format | type | data) > 0xffff) return Err.TooLarge;
  if (format + type + data > EVENT_BYTES_MAX) return Err.TooLarge;
  memory.copy(EVENT, RECEIVE, EVENT_BYTES_MAX);
  formatBytes = format;
  typeBytes = type;
  dataBytes = data;
  isQueued = true;
  status = 0;
  return Err.Ok;
}

/** Takes what a server says to it. */
export function take(code: i32): void {
  isQueued = false;
  status = code;
}

/** Writes its Item. @spec DM REP 1.2 §6.6.2 */
export function item(): void {
  writer.tag(Tag.Item);
  writer.tag(Tag.Meta);
  writer.leaf(MetaTag.Format, EVENT, formatBytes);
  writer.leaf(MetaTag.Type, EVENT + formatBytes, typeBytes);
  writer.end();
  const data = EVENT + formatBytes + typeBytes;
  if (isText(data, dataBytes, BYTE_MAX)) writer.leaf(Tag.Data, data, dataBytes);
  else {
    writer.tag(Tag.Data);
    writer.opaque(data, dataBytes);
    writer.end();
  }
  writer.end();
}
