// Package #0: a server asks for a session. What does not prove itself is dropped.
//
//   0        16          18..20      21         23        24
//   +--------+-----------+-----------+----------+---------+-----------+-------------+
//   | digest | version   | ui, init, | session  | length  | server id | vendor body |
//   |        | 10 bits   | reserved  | id       | n       | n bytes   |             |
//   +--------+-----------+-----------+----------+---------+-----------+-------------+
import { Err } from "../abi/codes";
import * as bytes from "../base/bytes";
import { RECEIVE } from "../base/buffers";
import * as dmAcc from "../mo/dm-acc";
import { Credential, Scheme } from "../mo/dm-acc";
import * as auth from "./auth";

const DIGEST_BYTES: i32 = 16;
const HEADER_BYTES: i32 = 24;
/** Message version 1.1, the one of DM 1.2. */
const VERSION: u32 = 11;
const TEXT: usize = memory.data(24);
const TRIGGER: usize = memory.data(24);
const DIGEST: usize = memory.data(DIGEST_BYTES);
/** Account and session id of those that were obeyed in this boot, the newest over the oldest. */
const OBEYED_MAX: i32 = 16;
const OBEYED: usize = memory.data(OBEYED_MAX << 2, 4);

/** SessionID that was asked for, as text. */
export const SESSION_ID: usize = memory.data(4);
export let sessionIdBytes = 0;
export let account = -1;
/** It was made with the nonce for resynchronisation: the session uses that as well. */
export let isResync = false;
let obeyed = 0;
/**
 * Accounts, by the low bits of their number, that may not resynchronise again. That nonce is the
 * same for ever, so whoever has seen one such notification, or the server's credentials in the
 * session that followed, could use them again at any time. One is enough to agree on fresh nonces;
 * the next one has to wait until a session has used them, or for the next boot.
 */
let barred: u32 = 0;

/**
 * Takes the notification of `byteCount` bytes in the receive buffer.
 *
 * @returns its ui-mode, 0 to 3; the SessionID and the account are in the variables above
 * @fails Err.Truncated    it ends inside its header or the server's identifier
 * @fails Err.Unsupported  another version
 * @fails Err.NotFound     no account has this server
 * @fails Err.Replayed     the digest does not match: forged, or the nonce has been used since; or
 *   this boot has held its session
 * @spec DM NOT 1.2 §5.1, §6
 */
export function take(byteCount: i32): i32 {
  if (byteCount < HEADER_BYTES) return Err.Truncated;
  const idBytes = <i32>load<u8>(RECEIVE, 23);
  if (idBytes > byteCount - HEADER_BYTES) return Err.Truncated;
  if (idBytes == 0) return Err.Malformed;
  const version = (<u32>load<u8>(RECEIVE, 16) << 2) | (load<u8>(RECEIVE, 17) >> 6);
  if (version != VERSION) return Err.Unsupported;
  account = dmAcc.find(RECEIVE + HEADER_BYTES, idBytes);
  if (account < 0 || dmAcc.open(account)) return Err.NotFound;
  const id = (<u32>load<u8>(RECEIVE, 21) << 8) | load<u8>(RECEIVE, 22);
  if (!isProven(byteCount) || wasObeyed(id)) return Err.Replayed;
  if (isResync) barred |= 1 << account;
  writeSessionId(id);
  return (load<u8>(RECEIVE, 17) >> 4) & 3;
}

function isProven(byteCount: i32): bool {
  const scheme = load<i32>(dmAcc.SERVER);
  if (scheme != Scheme.Md5 && scheme != Scheme.Mac) return false;
  isResync = false;
  if (isGenuine(byteCount)) return true;
  if ((barred >> account) & 1) return false;
  auth.resynchronise();
  isResync = true;
  return isGenuine(byteCount);
}

/** Notes a session that is about to be held. @returns true if it was held before */
function wasObeyed(id: u32): bool {
  const entry = (account << 16) | id;
  for (let i = 0; i < OBEYED_MAX; i++) if (load<u32>(OBEYED + (i << 2)) == entry) return true;
  store<u32>(OBEYED + ((obeyed++ % OBEYED_MAX) << 2), entry);
  return false;
}

/** A session with nonces of its own has succeeded: the account may resynchronise again. */
export function settle(node: i32): void {
  barred &= ~(1 << node);
}

/** The digest is over the server's identifier, in the field also over its name. */
function isGenuine(byteCount: i32): bool {
  dmAcc.hashInto(RECEIVE + DIGEST_BYTES, byteCount - DIGEST_BYTES, TRIGGER);
  dmAcc.serverIdHashInto(TEXT);
  return isDigest(TEXT) || isDigest(dmAcc.SERVER + Credential.Text);
}

/** `text` is base64(H(server ":" secret)). */
function isDigest(text: usize): bool {
  dmAcc.digestInto(text, dmAcc.SERVER, TRIGGER, DIGEST);
  return bytes.equalSecret(DIGEST, RECEIVE, DIGEST_BYTES);
}

/** Upper-case hexadecimal without leading zeros. */
function writeSessionId(id: u32): void {
  sessionIdBytes = 0;
  for (let shift = 12; shift >= 0; shift -= 4) {
    const digit = (id >> shift) & 0xf;
    if (digit == 0 && sessionIdBytes == 0 && shift > 0) continue;
    store<u8>(SESSION_ID + sessionIdBytes++, digit < 10 ? 0x30 + digit : 0x37 + digit);
  }
}
