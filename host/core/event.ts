// The client event, Alert 1224.
import { Bound, Err } from "../../assembly/abi/codes.ts";
import { errorFor } from "../errors.ts";
import type { FormatName } from "./look.ts";
import { putBytes, type Core } from "./memory.ts";
import { receiveBuffer } from "./requests.ts";

/** Something that happened on the device and that its server may want to know. */
export interface ClientEvent {
  /** Media type, or what the two sides have agreed on. */
  type: string;
  format: Exclude<FormatName, "node">;
  /** Together with type and format 256 bytes at most. */
  data: string | Uint8Array;
}

/** The event as the core takes it: Format, Type and Data. */
export type EventTexts = readonly [Uint8Array, Uint8Array, Uint8Array];

/**
 * Checks an event.
 *
 * @fails DM_BAD_FORMAT  the type is empty or no text
 * @fails DM_TOO_LARGE   more than 256 bytes
 */
export function eventTexts({ type, format, data }: ClientEvent, what: string): EventTexts {
  const encoder = new TextEncoder();
  if (type === "" || /[\0\p{Cs}]/u.test(type)) throw errorFor(Err.BadFormat, what);
  const bytes = typeof data === "string" ? encoder.encode(data) : data.slice();
  const texts: EventTexts = [encoder.encode(format), encoder.encode(type), bytes];
  const byteCount = texts.reduce((sum, { length }) => sum + length, 0);
  if (byteCount > Bound.EventBytesMax) throw errorFor(Err.TooLarge, what);
  return texts;
}

/** Leaves an event with the core, which is at rest, for the next session. */
export function queueEvent(core: Core, [format, type, data]: EventTexts): Err {
  let at = receiveBuffer(core).ptr;
  for (const text of [format, type, data]) {
    putBytes(core, at, text);
    at += text.length;
  }
  return core.event(format.length, type.length, data.length);
}
