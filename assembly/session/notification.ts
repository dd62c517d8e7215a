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
import * as md5 from "../crypto/md5";
import * as dmAcc from "../mo/dm-acc";
import { Credential, Scheme } from "../mo/dm-acc";

const DIGEST_BYTES: i32 = 16;
const HEADER_BYTES: i32 = 24;
/** Message version 1.1, the one of DM 1.2. */
const VERSION: u32 = 11;
const TEXT: usize = memory.data(24);
const TRIGGER: usize = memory.data(24);
const DIGEST: usize = memory.data(DIGEST_BYTES);
const COLON: usize = memory.data<u8>([0x3a]);

/** SessionID that was asked for, as text. */
export const SESSION_ID: usize = memory.data(4);
export let sessionIdBytes = 0;
export let account = -1;

/**
 * Takes the notification of `byteCount` bytes in the receive buffer.
 *
 * @returns its ui-mode, 0 to 3; the SessionID and the account are in the variables above
 * @fails Err.Truncated    it ends inside its header or the server's identifier
 * @fails Err.Unsupported  another version
 * @fails Err.NotFound     no account has this server
 * @fails Err.Replayed     the digest does not match: forged, or the nonce has been used since
 * @spec DM NOT 1.2 §6
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
  if (load<i32>(dmAcc.SERVER) != Scheme.Md5 || !isGenuine(byteCount)) return Err.Replayed;
  writeSessionId(((<u32>load<u8>(RECEIVE, 21)) << 8) | load<u8>(RECEIVE, 22));
  return (load<u8>(RECEIVE, 17) >> 4) & 3;
}

/** The digest is over the server's identifier, in the field also over its name. */
function isGenuine(byteCount: i32): bool {
  dmAcc.hashInto(RECEIVE + DIGEST_BYTES, byteCount - DIGEST_BYTES, TRIGGER);
  dmAcc.serverIdHashInto(TEXT);
  return isDigest(TEXT) || isDigest(dmAcc.SERVER + Credential.Text);
}

/**
 * H(`text` ":" nonce ":" base64(H(trigger))), where `text` is base64(H(server ":" secret)).
 *
 * @spec DM NOT 1.2 §6.2.2
 */
function isDigest(text: usize): bool {
  md5.open();
  md5.update(text, 24);
  md5.update(COLON, 1);
  md5.update(dmAcc.SERVER + Credential.Nonce, load<i32>(dmAcc.SERVER, Credential.NonceBytes));
  md5.update(COLON, 1);
  md5.update(TRIGGER, 24);
  md5.close(DIGEST);
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
