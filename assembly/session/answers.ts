// What is still to be said to the server, in order. It lives outside the receive buffer, since the
// server may have to ask for the next message several times before all of it is out.
//
//   0       2      3      4      6          7       8         12         14
//   +-------+------+------+------+----------+-------+---------+----------+--------------+
//   | bytes | type | kind | code | ref bytes| extra | msg ref | text bytes| ref | text  |
//   +-------+------+------+------+----------+-------+---------+----------+--------------+
import { ANSWERS } from "../base/buffers";
import { ANSWER_BYTES } from "../base/limits";

export const enum Answer {
  /** Status of a command: kind, code, CmdRef, MsgRef; text is TargetRef. */
  Status,
  /** Status of an Alert with one Item: text is its Data. */
  StatusText,
  /** Status of an Alert with an Item for each number: text is the numbers, a byte each. */
  StatusNumbers,
  /** Status of an element that is no command of DM: text is its name. */
  StatusOther,
  /** Results of a Get: text is the URI with its query. */
  Results,
  /** An Alert without Items: code. */
  Alert,
  /** The Replace of DevInfo. */
  DevInfo,
  /** The client event. */
  Event,
  /** Status of the Alert that asks for our next message. */
  Next,
  /**
   * Generic Alert: msg ref is the operation, extra the member whose correlator it has, code the
   * next Item.
   */
  Generic,
}

export const HEADER_BYTES: i32 = 14;
/** A reference that is longer is cut: the server may then not know it again. */
export const REF_BYTES_MAX: i32 = 255;

let used = 0;
let isMuted: bool = false;
let ref: usize = 0;
let refBytes = 0;
let msgRef: u32 = 0;

/**
 * Forgets everything that was to be said; `mute` swallows what comes, for messages that are never
 * answered.
 */
export function reset(mute: bool): void {
  used = 0;
  isMuted = mute;
}

/** The command that the next answers are about; borrows the reference until the next call. */
export function refer(message: u32, ptr: usize, byteCount: i32): void {
  msgRef = message;
  ref = ptr;
  refBytes = min(byteCount, REF_BYTES_MAX);
}

export function room(): i32 {
  return isMuted ? ANSWER_BYTES * 16 : ANSWER_BYTES - used;
}

/** A point to truncate or patch from. */
export function position(): i32 {
  return used;
}

export function truncate(position: i32): void {
  used = position;
}

export function isEmpty(): bool {
  return used == 0;
}

/** Adds an answer. @returns false, and nothing is added, where it does not fit */
export function push(type: i32, kind: i32, code: i32, text: usize, textBytes: i32): bool {
  if (isMuted) return true;
  const total = HEADER_BYTES + refBytes + textBytes;
  if (total > ANSWER_BYTES - used) return false;
  const at = ANSWERS + used;
  store<u16>(at, total);
  store<u8>(at, type, 2);
  store<u8>(at, kind, 3);
  store<u16>(at, code, 4);
  store<u8>(at, refBytes, 6);
  store<u8>(at, 0, 7);
  store<u32>(at, msgRef, 8);
  store<u16>(at, textBytes, 12);
  memory.copy(at + HEADER_BYTES, ref, refBytes);
  memory.copy(at + HEADER_BYTES + refBytes, text, textBytes);
  used += total;
  return true;
}

/** Adds the Status of the Alert that asks for our next message, before all others. */
export function pushNext(kind: i32, code: i32): void {
  const total = HEADER_BYTES + refBytes;
  if (isMuted || total > ANSWER_BYTES - used) return;
  memory.copy(ANSWERS + total, ANSWERS, used);
  const rest = used;
  used = 0;
  push(Answer.Next, kind, code, 0, 0);
  used += rest;
}

/** Adds the alert of an operation whose correlator is that of the group's member `member`. */
export function pushGeneric(operation: u32, member: i32): bool {
  refer(operation, 0, 0);
  const at = ANSWERS + used;
  if (!push(Answer.Generic, 0, 0, 0, 0)) return false;
  store<u8>(at, member, 7);
  return true;
}

/** The oldest answer. */
export function first(): usize {
  return ANSWERS;
}

/** Takes the oldest answer away. */
export function pop(): void {
  remove(ANSWERS);
}

/** Takes the oldest Results away, if there is one. */
export function dropResults(): void {
  let at = ANSWERS;
  while (at < ANSWERS + used && typeOf(at) != Answer.Results) at += load<u16>(at);
  if (at < ANSWERS + used) remove(at);
}

function remove(at: usize): void {
  const total = <i32>load<u16>(at);
  used -= total;
  memory.copy(at, at + total, ANSWERS + used - at);
}

/** Gives the answer at `position` another code. */
export function patch(position: i32, code: i32): void {
  if (!isMuted) store<u16>(ANSWERS + position, code, 4);
}

/**
 * Gives every Status from `position` on that was a success the code `code`; 214 and 215 are none.
 */
export function patchSuccesses(position: i32, code: i32): void {
  while (position < used) {
    const at = ANSWERS + position;
    const isStatus = typeOf(at) <= Answer.StatusOther;
    if (isStatus && load<u16>(at, 4) < 214) store<u16>(at, code, 4);
    position += load<u16>(at);
  }
}

/** True while an alert of this operation is still to be sent. */
export function hasGeneric(operation: u32): bool {
  for (let position = 0; position < used; position += load<u16>(ANSWERS + position)) {
    const at = ANSWERS + position;
    if (load<u8>(at, 2) == Answer.Generic && load<u32>(at, 8) == operation) return true;
  }
  return false;
}

export function typeOf(at: usize): i32 {
  return load<u8>(at, 2);
}

export function kindOf(at: usize): i32 {
  return load<u8>(at, 3);
}

export function codeOf(at: usize): i32 {
  return load<u16>(at, 4);
}

export function setCode(at: usize, code: i32): void {
  store<u16>(at, code, 4);
}

export function memberOf(at: usize): i32 {
  return load<u8>(at, 7);
}

/** MsgRef of a Status or Results, the operation of a generic alert. */
export function numberOf(at: usize): u32 {
  return load<u32>(at, 8);
}

export function refOf(at: usize): usize {
  return at + HEADER_BYTES;
}

export function refBytesOf(at: usize): i32 {
  return load<u8>(at, 6);
}

export function textOf(at: usize): usize {
  return at + HEADER_BYTES + load<u8>(at, 6);
}

export function textBytesOf(at: usize): i32 {
  return load<u16>(at, 12);
}
