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
const NONCE: usize = memory.data(NONCE_CHARS_MAX);
const NONCE_BYTES: i32 = 16;
/** Requests with credentials before the login is given up. */
const LOGINS_MAX: i32 = 3;

let logins = 0;
let sendsCredential = false;
let isServerKnown = false;
let refusals = 0; // Ways in which the server has failed to prove itself: 1 no Cred, 2 a wrong one.
let isGivenUp = false;
let isAccepted = false; // The server's last word on the client's credentials was good.
let hasNonce = false; // The client has a nonce that is not stored yet.

/** Starts a session between strangers. */
export function open(): void {
  logins = 0;
  const scheme = load<i32>(dmAcc.CLIENT);
  sendsCredential = scheme == Scheme.Md5 || scheme == Scheme.Basic;
  isServerKnown = load<i32>(dmAcc.SERVER) == Scheme.None;
  refusals = 0;
  isGivenUp = false;
  isAccepted = false;
  hasNonce = false;
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
  const hasCred = parse.credTypeBytes != 0;
  const refusal = hasCred ? 2 : 1;
  isGivenUp = (refusals & refusal) != 0;
  refusals |= refusal;
  return hasCred ? Status.WrongCredentials : Status.MissingCredentials;
}

function isMd5(): bool {
  return bytes.equal(parse.credType, parse.credTypeBytes, MD5, 15);
}

/** True when the server has failed to prove itself twice in the same way. */
export function givesUpServer(): bool {
  return isGivenUp;
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
  const isRefused = code == Status.WrongCredentials || code == Status.MissingCredentials;
  if (!isRefused && (code < 200 || code >= 300)) return Err.ServerError;
  isAccepted = !isRefused;
  if (load<i32>(dmAcc.CLIENT) == Scheme.Md5) takeNonce();
  if (isRefused) return tryAgain();
  if (code == Status.Authenticated) sendsCredential = false;
  return Err.Ok;
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
  return Err.Later;
}

/** Takes the nonce of a Chal for the next credentials: base64, or its bytes where they are none. */
function takeNonce(): void {
  const byteCount = parse.chalNonceBytes;
  if (byteCount == 0 || byteCount > NONCE_CHARS_MAX) return;
  let nonceBytes = base64.decode(parse.chalNonce, byteCount, NONCE);
  if (nonceBytes < 0) {
    nonceBytes = byteCount;
    memory.copy(NONCE, parse.chalNonce, byteCount);
  }
  if (nonceBytes > NONCE_BYTES_MAX) return;
  memory.copy(dmAcc.CLIENT + Credential.Nonce, NONCE, nonceBytes);
  store<i32>(dmAcc.CLIENT, nonceBytes, Credential.NonceBytes);
  hasNonce = true;
}

/**
 * Records the client's nonce for the next session, once both sides know each other: an unknown peer
 * may not take away the one that works.
 *
 * @spec DM SEC 1.2 §5.3.4
 */
export function storeNonce(): i32 {
  if (!hasNonce || !isAccepted || !isServerKnown) return Err.Ok;
  hasNonce = false;
  const nonce = dmAcc.CLIENT + Credential.Nonce;
  return dmAcc.storeNonce(dmAcc.CLIENT, nonce, load<i32>(dmAcc.CLIENT, Credential.NonceBytes));
}
