// Who each side is. The client answers challenges within three requests; the server is asked until
// it proves itself, and nothing it orders runs before.
import { Err } from "../abi/codes";
import * as bytes from "../base/bytes";
import * as base64 from "../crypto/base64";
import * as md5 from "../crypto/md5";
import * as host from "../host";
import * as dmAcc from "../mo/dm-acc";
import { Credential, Scheme } from "../mo/dm-acc";
import * as parse from "../syncml/parse";
import { Status } from "../syncml/status";

const MD5: usize = memory.data<u8>([
  0x73, 0x79, 0x6e, 0x63, 0x6d, 0x6c, 0x3a, 0x61, 0x75, 0x74, 0x68, 0x2d, 0x6d, 0x64, 0x35,
]);
const BASIC: usize = memory.data<u8>([
  0x73, 0x79, 0x6e, 0x63, 0x6d, 0x6c, 0x3a, 0x61, 0x75, 0x74, 0x68, 0x2d, 0x62, 0x61, 0x73, 0x69,
  0x63,
]);
const COLON: usize = memory.data<u8>([0x3a]);
const DIGEST: usize = memory.data(16);
const EXPECTED: usize = memory.data(24);
const NONCE_BYTES_MAX: i32 = 32;
const NONCE_CHARS_MAX: i32 = 44;
const NONCE: usize = memory.data(36);
const NONCE_BYTES: i32 = 16;
/** Requests with credentials before the login is given up. */
const LOGINS_MAX: i32 = 3;
/** Messages of the server without valid credentials before it is given up. */
const REFUSALS_MAX: i32 = 2;

let logins = 0;
let sendsCredential = false;
let isServerKnown = false;
let refusals = 0;

/** Starts a session between strangers. */
export function open(): void {
  logins = 0;
  const scheme = load<i32>(dmAcc.CLIENT);
  sendsCredential = scheme == Scheme.Md5 || scheme == Scheme.Basic;
  isServerKnown = load<i32>(dmAcc.SERVER) == Scheme.None;
  refusals = 0;
}

/** True when the next message carries the client's credentials. */
export function presents(): bool {
  return sendsCredential;
}

/** Type of the client's credentials, `typeBytes` long. */
export function type(): usize {
  return load<i32>(dmAcc.CLIENT) == Scheme.Md5 ? MD5 : BASIC;
}

export function typeBytes(): i32 {
  return load<i32>(dmAcc.CLIENT) == Scheme.Md5 ? 15 : 17;
}

/** The type that the server is challenged for: always md5. */
export function challengeType(): usize {
  return MD5;
}

/** Writes the client's credentials to `out`. @returns their bytes */
export function credentialInto(out: usize): i32 {
  if (load<i32>(dmAcc.CLIENT) == Scheme.Basic) {
    const byteCount = load<i32>(dmAcc.CLIENT, Credential.TextBytes);
    memory.copy(out, dmAcc.CLIENT + Credential.Text, byteCount);
    return byteCount;
  }
  digestInto(dmAcc.CLIENT, out);
  return 24;
}

/** base64(H(base64(H(name ":" secret)) ":" nonce)). @spec DM SEC 1.2 §5.3.2 */
function digestInto(at: usize, out: usize): void {
  md5.open();
  md5.update(at + Credential.Text, 24);
  md5.update(COLON, 1);
  md5.update(at + Credential.Nonce, load<i32>(at, Credential.NonceBytes));
  md5.close(DIGEST);
  base64.encode(DIGEST, 16, out);
}

export function knowsServer(): bool {
  return isServerKnown;
}

/**
 * Looks at the credentials in the header of the server's message.
 *
 * @returns the Status of its SyncHdr: 200, 212, 401 or 407
 */
export function checkServer(): i32 {
  if (isServerKnown) return Status.Ok;
  if (load<i32>(dmAcc.SERVER) == Scheme.Md5 && isMd5() && parse.credBytes == 24) {
    digestInto(dmAcc.SERVER, EXPECTED);
    if (bytes.equalSecret(EXPECTED, parse.cred, 24)) {
      isServerKnown = true;
      return Status.Authenticated;
    }
  }
  refusals++;
  return parse.credTypeBytes ? Status.WrongCredentials : Status.MissingCredentials;
}

function isMd5(): bool {
  return bytes.equal(parse.credType, parse.credTypeBytes, MD5, 15);
}

/** True when the server has failed to prove itself too often. */
export function givesUpServer(): bool {
  return refusals > REFUSALS_MAX;
}

/**
 * Draws the nonce that the server must use next and records it; it may be announced after the
 * barrier.
 */
export function renewServerNonce(): i32 {
  const err = host.random(NONCE, NONCE_BYTES);
  return err ? err : dmAcc.storeNonce(dmAcc.SERVER, NONCE, NONCE_BYTES);
}

/** Writes the nonce for a Chal to `out` in base64. @returns its bytes */
export function nonceInto(out: usize): i32 {
  const nonce = dmAcc.SERVER + Credential.Nonce;
  return base64.encode(nonce, load<i32>(dmAcc.SERVER, Credential.NonceBytes), out);
}

/**
 * Takes what the server says to our SyncHdr, from the Status that the parser stands at.
 *
 * @returns Err.Ok logged in; Err.Later present again and repeat the package
 * @fails Err.LoginRefused  the credentials, or every scheme we have, are refused
 * @fails Err.ServerError   any other failure
 * @spec DM PRO 1.2 §9, DM SEC 1.2 §5.3
 */
export function takeVerdict(): i32 {
  const code = parse.code;
  if (code == Status.WrongCredentials || code == Status.MissingCredentials) return tryAgain();
  if (code < 200 || code >= 300) return Err.ServerError;
  const scheme = load<i32>(dmAcc.CLIENT);
  if (code == Status.Authenticated) sendsCredential = false;
  if (!isServerKnown || scheme != Scheme.Md5) return Err.Ok;
  const nonceBytes = takeNonce();
  return nonceBytes > 0 ? dmAcc.storeNonce(dmAcc.CLIENT, NONCE, nonceBytes) : Err.Ok;
}

function tryAgain(): i32 {
  const scheme = load<i32>(dmAcc.CLIENT);
  const isSame =
    scheme == Scheme.Md5 || scheme == Scheme.Basic
      ? bytes.equal(parse.chalType, parse.chalTypeBytes, type(), typeBytes())
      : false;
  if (!isSame || ++logins >= LOGINS_MAX) return Err.LoginRefused;
  // Basic has no nonce: what was refused once is refused for good.
  if (scheme == Scheme.Basic && logins > 1) return Err.LoginRefused;
  sendsCredential = true;
  const nonceBytes = takeNonce();
  if (scheme == Scheme.Md5 && nonceBytes > 0) {
    // Not stored: the peer is not known yet.
    memory.copy(dmAcc.CLIENT + Credential.Nonce, NONCE, nonceBytes);
    store<i32>(dmAcc.CLIENT, nonceBytes, Credential.NonceBytes);
  }
  return Err.Later;
}

/**
 * Brings the nonce of the Chal to NONCE: base64, or its bytes where they are none. @returns its
 * bytes, 0 if it has none
 */
function takeNonce(): i32 {
  const byteCount = parse.chalNonceBytes;
  if (byteCount == 0 || byteCount > NONCE_CHARS_MAX) return 0;
  const decoded = base64.decode(parse.chalNonce, byteCount, NONCE);
  if (decoded >= 0) return decoded > NONCE_BYTES_MAX ? 0 : decoded;
  if (byteCount > NONCE_BYTES_MAX) return 0;
  memory.copy(NONCE, parse.chalNonce, byteCount);
  return byteCount;
}
