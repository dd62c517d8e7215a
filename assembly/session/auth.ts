// Who each side is. The client answers challenges within three requests; the server is asked until
// it proves itself, and nothing it orders runs before. With MAC both prove each message by itself.
import { Block, Bound, Err } from "../abi/codes";
import * as bytes from "../base/bytes";
import * as base64 from "../crypto/base64";
import * as host from "../host";
import * as dmAcc from "../mo/dm-acc";
import { Credential, Scheme } from "../mo/dm-acc";
import * as parse from "../syncml/parse";
import { Status } from "../syncml/status";

/** `syncml:auth-basic`, `syncml:auth-md5`, `syncml:auth-MAC` */
const BASIC: usize = memory.data<u8>([
  0x73, 0x79, 0x6e, 0x63, 0x6d, 0x6c, 0x3a, 0x61, 0x75, 0x74, 0x68, 0x2d, 0x62, 0x61, 0x73, 0x69,
  0x63,
]);
const MD5: usize = memory.data<u8>([
  0x73, 0x79, 0x6e, 0x63, 0x6d, 0x6c, 0x3a, 0x61, 0x75, 0x74, 0x68, 0x2d, 0x6d, 0x64, 0x35,
]);
const MAC: usize = memory.data<u8>([
  0x73, 0x79, 0x6e, 0x63, 0x6d, 0x6c, 0x3a, 0x61, 0x75, 0x74, 0x68, 0x2d, 0x4d, 0x41, 0x43,
]);
/** `algorithm=MD5, username="`, the name, `", mac=`, the digest. */
const HEADER: usize = memory.data<u8>([
  0x61, 0x6c, 0x67, 0x6f, 0x72, 0x69, 0x74, 0x68, 0x6d, 0x3d, 0x4d, 0x44, 0x35, 0x2c, 0x20, 0x75,
  0x73, 0x65, 0x72, 0x6e, 0x61, 0x6d, 0x65, 0x3d, 0x22, 0x22, 0x2c, 0x20, 0x6d, 0x61, 0x63, 0x3d,
]);
const NAME_OFFSET: i32 = 25;
const BEHIND_NAME_BYTES: i32 = 7;
/** `mac=` */
const MAC_WORD: u32 = 0x3d63616d;
const MAC_WORD_BYTES: i32 = 4;
const DIGEST: usize = memory.data(16);
const DIGEST_CHARS: i32 = 24;
/** base64(H(message)), of the one that is signed or that has come. */
const BODY: usize = memory.data(DIGEST_CHARS);
const EXPECTED: usize = memory.data(DIGEST_CHARS);
const NONCE_BYTES_MAX: i32 = 32;
const NONCE_CHARS_MAX: i32 = 44;
const NONCE: usize = memory.data(NONCE_CHARS_MAX);
const NONCE_BYTES: i32 = 16;
/** Octets of the nonce for resynchronisation, all 0. */
const RESYNC_BYTES: i32 = 4;
/** Requests with credentials before the login is given up. */
const LOGINS_MAX: i32 = 3;

let logins = 0;
let sendsCredential = false;
let isServerKnown: bool = false;
let refusals = 0; // Ways in which the server has failed to prove itself: 1 no Cred, 2 a wrong one.
let isGivenUp = false;
let isAccepted = false; // The server's last word on the client's credentials was good.
let hasNonce = false; // The client has a nonce that is not stored yet.
/** The session began with the nonce for resynchronisation. */
export let isResync = false;

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
  isResync = false;
}

/**
 * Makes four zero octets the nonce of both sides until fresh ones are agreed; what is stored stays.
 *
 * @spec DM NOT 1.2 §5.1
 */
export function resynchronise(): void {
  isResync = true;
  memory.fill(NONCE, 0, RESYNC_BYTES);
  dmAcc.setNonce(dmAcc.CLIENT, NONCE, RESYNC_BYTES);
  dmAcc.setNonce(dmAcc.SERVER, NONCE, RESYNC_BYTES);
}

/** True when the next message carries the client's credentials in its header. */
export function presents(): bool {
  return sendsCredential;
}

/** Type of the credentials of one side, `typeBytes` long; md5 where it is none that is spoken. */
export function type(credential: usize): usize {
  const scheme = load<i32>(credential);
  if (scheme == Scheme.Basic) return BASIC;
  return scheme == Scheme.Mac ? MAC : MD5;
}

export function typeBytes(credential: usize): i32 {
  return load<i32>(credential) == Scheme.Basic ? 17 : 15;
}

/** Writes the client's credentials to `out`. @returns their bytes */
export function credentialInto(out: usize): i32 {
  if (load<i32>(dmAcc.CLIENT) == Scheme.Basic) {
    const byteCount = load<i32>(dmAcc.CLIENT, Credential.TextBytes);
    memory.copy(out, dmAcc.CLIENT + Credential.Text, byteCount);
    return byteCount;
  }
  digestInto(dmAcc.CLIENT, 0, out);
  return DIGEST_CHARS;
}

function digestInto(credential: usize, body: usize, out: usize): void {
  dmAcc.digestInto(credential + Credential.Text, credential, body, DIGEST);
  base64.encode(DIGEST, 16, out);
}

// MAC. It is over the exact bytes of a message, so it stands outside.

/** Signs the message that is about to be sent, where the client proves itself by MAC. */
export function sign(message: usize, byteCount: i32): void {
  let headerBytes = 0;
  if (load<i32>(dmAcc.CLIENT) == Scheme.Mac) {
    const nameBytes = load<i32>(dmAcc.CLIENT, Credential.NameBytes);
    memory.copy(Block.Hmac, HEADER, NAME_OFFSET);
    memory.copy(Block.Hmac + NAME_OFFSET, dmAcc.CLIENT + Credential.Name, nameBytes);
    headerBytes = NAME_OFFSET + nameBytes;
    memory.copy(Block.Hmac + headerBytes, HEADER + NAME_OFFSET, BEHIND_NAME_BYTES);
    headerBytes += BEHIND_NAME_BYTES;
    dmAcc.hashInto(message, byteCount, BODY);
    digestInto(dmAcc.CLIENT, BODY, Block.Hmac + headerBytes);
    headerBytes += DIGEST_CHARS;
  }
  store<i32>(Block.Arg6, Block.Hmac);
  store<i32>(Block.Arg7, headerBytes);
  store<i32>(Block.HmacBytes, 0);
}

/** Takes the digest of the server's message, before the parser writes into it. */
export function hear(message: usize, byteCount: i32): void {
  if (load<i32>(dmAcc.SERVER) == Scheme.Mac) dmAcc.hashInto(message, byteCount, BODY);
}

/** Address of the value of `mac` in the header that came, 0 if it has none. */
function findMac(): usize {
  const headerBytes = min(load<u32>(Block.HmacBytes), Bound.HmacBytesMax);
  const end = <usize>Block.Hmac + headerBytes;
  let isQuoted = false;
  for (let at: usize = Block.Hmac; at + MAC_WORD_BYTES + DIGEST_CHARS <= end; at++) {
    if (load<u8>(at) == 0x22) isQuoted = !isQuoted;
    // In front of a word stands a comma, a blank, or the high byte of the length, which is 0.
    const isWord = load<u32>(at) == MAC_WORD && load<u8>(at - 1) <= 0x2c;
    if (isWord && !isQuoted) return at + MAC_WORD_BYTES;
  }
  return 0;
}

// The server.

export function knowsServer(): bool {
  return isServerKnown;
}

/**
 * Looks at the credentials of the server's message.
 *
 * @returns the Status of its SyncHdr: 200, 212, 401 or 407
 * @spec DM SEC 1.2 §5.3, §5.4
 */
export function checkServer(): i32 {
  const isMac = load<i32>(dmAcc.SERVER) == Scheme.Mac;
  if (isServerKnown && !isMac) return Status.Ok;
  isServerKnown = isProven();
  if (isServerKnown) return isMac ? Status.Ok : Status.Authenticated;
  const hasCred = isMac ? load<i32>(Block.HmacBytes) != 0 : parse.credTypeBytes != 0;
  const refusal = hasCred ? 2 : 1;
  isGivenUp = (refusals & refusal) != 0;
  refusals |= refusal;
  return hasCred ? Status.WrongCredentials : Status.MissingCredentials;
}

function isProven(): bool {
  const scheme = load<i32>(dmAcc.SERVER);
  let given = parse.cred;
  let givenBytes = parse.credBytes;
  let body: usize = 0;
  if (scheme == Scheme.Other) return false;
  if (scheme == Scheme.Mac) {
    given = findMac();
    givenBytes = given ? DIGEST_CHARS : 0;
    body = BODY;
  } else if (!isType(dmAcc.SERVER, parse.credType, parse.credTypeBytes)) return false;
  let wanted = dmAcc.SERVER + Credential.Text;
  let wantedBytes = load<i32>(dmAcc.SERVER, Credential.TextBytes);
  if (scheme != Scheme.Basic) {
    digestInto(dmAcc.SERVER, body, EXPECTED);
    wanted = EXPECTED;
    wantedBytes = DIGEST_CHARS;
  }
  return givenBytes == wantedBytes && bytes.equalSecret(wanted, given, wantedBytes);
}

function isType(credential: usize, name: usize, nameBytes: i32): bool {
  return bytes.equal(name, nameBytes, type(credential), typeBytes(credential));
}

/** True when the server has failed to prove itself twice in the same way. */
export function givesUpServer(): bool {
  return isGivenUp;
}

/** True when the Status of the server's SyncHdr carries a challenge or its next nonce. */
export function owesChallenge(code: i32): bool {
  const scheme = load<i32>(dmAcc.SERVER);
  if (scheme == Scheme.Basic) return code > Status.Authenticated;
  return scheme == Scheme.Mac || code >= Status.Authenticated;
}

/**
 * Draws the nonce that the server must use next. That of a server which has proved itself is
 * recorded and may be announced after the barrier; one that has not may not take away what works.
 */
export function renewServerNonce(): i32 {
  const err = host.random(NONCE, NONCE_BYTES);
  if (err) return err;
  dmAcc.setNonce(dmAcc.SERVER, NONCE, NONCE_BYTES);
  return isServerKnown ? dmAcc.storeNonce(dmAcc.SERVER) : Err.Ok;
}

/** Writes the nonce for a Chal to `out` in base64. @returns its bytes, 0 for basic */
export function nonceInto(out: usize): i32 {
  if (load<i32>(dmAcc.SERVER) == Scheme.Basic) return 0;
  const nonce = dmAcc.SERVER + Credential.Nonce;
  return base64.encode(nonce, load<i32>(dmAcc.SERVER, Credential.NonceBytes), out);
}

// The client.

/**
 * Takes what the server says to our SyncHdr, from the Status that the parser stands at.
 *
 * @returns Err.Ok logged in; Err.Later present again and repeat the package
 * @fails Err.LoginRefused  the credentials, or every scheme we have, are refused; or they were
 *   accepted before: what a later message said would be lost with a repeated package
 * @fails Err.ServerError   any other failure
 * @spec DM PRO 1.2 §9, DM SEC 1.2 §5.3
 */
export function takeVerdict(): i32 {
  const code = parse.code;
  const isRefused = code == Status.WrongCredentials || code == Status.MissingCredentials;
  if (!isRefused && (code < 200 || code >= 300)) return Err.ServerError;
  const wasAccepted = isAccepted;
  isAccepted = !isRefused;
  const scheme = load<i32>(dmAcc.CLIENT);
  if (scheme == Scheme.Md5 || scheme == Scheme.Mac) takeNonce();
  if (isRefused) return wasAccepted ? Err.LoginRefused : tryAgain();
  if (code == Status.Authenticated) sendsCredential = false;
  return Err.Ok;
}

function tryAgain(): i32 {
  const scheme = load<i32>(dmAcc.CLIENT);
  const isOurs = scheme != Scheme.None && scheme != Scheme.Other;
  const isSame = isOurs && isType(dmAcc.CLIENT, parse.chalType, parse.chalTypeBytes);
  if (!isSame || ++logins >= LOGINS_MAX) return Err.LoginRefused;
  // Basic has no nonce: what was refused once is refused for good.
  if (scheme == Scheme.Basic && logins > 1) return Err.LoginRefused;
  sendsCredential = scheme != Scheme.Mac;
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
  dmAcc.setNonce(dmAcc.CLIENT, NONCE, nonceBytes);
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
  return dmAcc.storeNonce(dmAcc.CLIENT);
}
