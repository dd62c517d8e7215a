// What both sides of the session know of each other: identifiers, addresses, sizes, and how far
// each has logged in.
import { Block } from "../abi/codes";
import { RECEIVE_BYTES, SEND_BYTES, URL_BYTES_MAX } from "../base/limits";
import { URL } from "../base/buffers";
import * as dmAcc from "../mo/dm-acc";

const SESSION_ID_MAX: i32 = 8;

export const SESSION_ID: usize = memory.data(SESSION_ID_MAX);
const RESP_URI: usize = memory.data(URL_BYTES_MAX);

export let sessionIdBytes = 0;
/** MsgID of our last message. */
export let messageId: u32 = 0;
/** MsgID of the server's last message, 0 before the first. */
export let serverMessageId: u32 = 0;
let respUriBytes = 0;
let peerBytes = SEND_BYTES;
/** MaxObjSize of the server. */
export let objectBytes: i32 = i32.MAX_VALUE;

/** Starts a session with the identifier in `byteCount` bytes at `ptr`. */
export function open(ptr: usize, byteCount: i32): void {
  sessionIdBytes = min(byteCount, SESSION_ID_MAX);
  memory.copy(SESSION_ID, ptr, sessionIdBytes);
  messageId = 0;
  serverMessageId = 0;
  respUriBytes = 0;
  peerBytes = SEND_BYTES;
  objectBytes = i32.MAX_VALUE;
}

export function nextMessage(): void {
  messageId++;
}

export function setServerMessage(id: u32): void {
  serverMessageId = id;
}

/**
 * Takes over the address for the next requests of this session. @returns false if it is too long
 */
export function setRespUri(ptr: usize, byteCount: i32): bool {
  if (byteCount > URL_BYTES_MAX) return false;
  memory.copy(RESP_URI, ptr, byteCount);
  respUriBytes = byteCount;
  return true;
}

/** MaxMsgSize and MaxObjSize of the server, 0 where it names none. */
export function setPeerBytes(messageBytes: i32, itemBytes: i32): void {
  if (messageBytes) peerBytes = min(messageBytes, SEND_BYTES);
  if (itemBytes) objectBytes = itemBytes;
}

/** Size of the largest message that may be sent. */
export function capacity(): i32 {
  return peerBytes;
}

/** Where the next message goes. */
export function address(): usize {
  return respUriBytes ? RESP_URI : URL;
}

export function addressBytes(): i32 {
  return respUriBytes ? respUriBytes : dmAcc.urlBytes;
}

/** MaxMsgSize that is announced to the server. */
export function ownBytes(): i32 {
  return min(load<i32>(Block.MaxMsgBytes), RECEIVE_BYTES);
}
