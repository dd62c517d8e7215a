// The authentication wrapper: its digest, and the signatures over it. Patterns stand in for a COSE
// library.
//
//   wrapper   8n | 58 24 82 2F 58 20 digest | 58 4A block | 58 nn block ...
//             0    1                          39
//   block     D2 84 43 A1 | 01 xx | A0            | F6 58 40 | signature
//             D2 84 43 A1 | 01 xx | A1 04 4n kid  | F6 58 40 | signature
//             0             4       6   8    9      -67        -64
//   signed    84 6A "Signature1" | 43 A1 01 xx | 40 | 58 24 82 2F 58 20 digest
//             0                    12       15   16   17
//   xx        26 ES256, 28 ESP256; 27 EdDSA, 32 Ed25519, which only a host checks
import { Block, Wait } from "../abi/codes";
import { HEAD } from "../base/buffers";
import { equal } from "../base/bytes";
import { HOST_ES256 } from "../base/options";
import * as p256 from "../crypto/p256";
import * as sha256 from "../crypto/sha256";
import * as cbor from "./cbor";
import { Major } from "./cbor";
import { Reason } from "./reason";

export const WRAPPER: usize = HEAD;
export const DIGEST_BYTES: i32 = 32;

/** The digest that is signed, in a wrapper of the right form. */
export const SIGNED_DIGEST: usize = WRAPPER + 7;
const FIRST_BLOCK_OFFSET: i32 = 39;
const BLOCKS_MAX: u32 = 4;
/** Signature checks for one envelope, whatever blocks and keys it has: each takes long. */
const OPERATIONS_MAX: i32 = 4;
/** SHA-256 is algorithm -16, and CBOR carries -1 - n. */
const SHA256_ARGUMENT: u32 = 15;

const BLOCK_START: u32 = 0xa14384d2; // D2 84 43 A1
const ES256: u32 = 0x2601; // 01 26
const ESP256: u32 = 0x2801; // 01 28
const EDDSA: u32 = 0x2701; // 01 27
const ED25519: u32 = 0x3201; // 01 32
const SIGNATURE_HEAD: u32 = 0x4058f6; // F6 58 40
const KID_HEAD: u32 = 0x4004a1; // A1 04 40, plus the length
const TAIL_BYTES: u32 = 67;
const BARE_BLOCK_BYTES: u32 = 74;
const KID_BLOCK_BYTES: u32 = 76; // Without the identifier itself.
const KID_BYTES_MAX: u32 = 23;

// The Sig_structure with its two holes: the algorithm, and what begins with 58 24.
// @spec RFC 9052 §4.4
// prettier-ignore
const SIGNED: usize = memory.data<u8>([
  0x84, 0x6a, 0x53, 0x69, 0x67, 0x6e, 0x61, 0x74, 0x75, 0x72, 0x65, 0x31,
  0x43, 0xa1, 0x01, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);
const SIGNED_BYTES: i32 = 55;
const ALGORITHM_OFFSET: usize = 15;
const STRING_OFFSET: usize = 17;

/** x and y of a P-256 key. */
export const ES_KEY_BYTES: i32 = 64;
/** An Ed25519 key. */
export const ED_KEY_BYTES: i32 = 32;

/** What became of one block and one key. */
export const enum Check {
  No = 0,
  Good = 1,
  /** The host is to say: `ask` it, then `accept`. */
  Host = 2,
}

const DIGEST: usize = memory.data(32, 4);

let wrapperBytes: i32 = 0;
let operationCount: i32 = 0;
let hasUsableBlock: bool = false;
let blocks: i32 = 0;
let signed: bool = false;
let kidLength: i32 = 0; // Of the block that was matched last.
let signature: usize = 0; // Of the last check, and the key.
let keyAt: usize = 0;
let keyLength: i32 = 0;

/** Forgets the last wrapper and its signatures. */
export function open(): void {
  operationCount = 0;
  hasUsableBlock = false;
  blocks = 0;
  signed = false;
}

/**
 * Checks the form of the wrapper, `byteCount` bytes at WRAPPER. Only `verifyBlock` looks at blocks.
 *
 * @returns Reason.None; Reason.Cbor; Reason.Algorithm for another digest than SHA-256
 */
export function checkWrapper(byteCount: i32): i32 {
  wrapperBytes = byteCount;
  cbor.open(WRAPPER, byteCount);
  const count = cbor.want(Major.Array);
  cbor.require(count <= 1 + BLOCKS_MAX);
  const outer = cbor.enter();
  const hasDigest = readDigest() && cbor.itemBytes == DIGEST_BYTES;
  cbor.leave(outer);
  for (let i: u32 = 1; i < count; i++) cbor.readString(Major.Bytes);

  if (!cbor.isAtEnd()) return Reason.Cbor;
  blocks = count - 1;
  return hasDigest ? Reason.None : Reason.Algorithm;
}

/** Reads a SUIT_Digest; `cbor.item` is the digest, of any length. Returns whether it is SHA-256. */
export function readDigest(): bool {
  cbor.require(cbor.want(Major.Array) == 2);
  cbor.head();
  const isSha256 = cbor.isHead(Major.Negative, SHA256_ARGUMENT);
  cbor.require(cbor.major <= Major.Negative);
  cbor.readString(Major.Bytes);
  return isSha256;
}

/** Ends the SHA-256 in progress and compares it with the 32 bytes at `digest`. */
export function agrees(digest: usize): bool {
  sha256.close(DIGEST);
  return equal(DIGEST, DIGEST_BYTES, digest, DIGEST_BYTES);
}

/** Signature blocks of the wrapper, usable or not: 0 to 4. */
export function blockCount(): i32 {
  return blocks;
}

/** A block was verified with a key that the caller trusts. */
export function isSigned(): bool {
  return signed;
}

/** Why there is no good signature. */
export function unsignedReason(): i32 {
  return hasUsableBlock ? Reason.Unauthorised : Reason.Algorithm;
}

/**
 * Verifies one block with one key, between Event.Manifest and `parseManifest`. The first success
 * makes `isSigned` true. Its length says what a key is for: ES_KEY_BYTES or ED_KEY_BYTES.
 *
 * A block of another form, of an algorithm that is not the key's, or with the identifier of another
 * key, is passed over at no cost. The fifth signature check of an envelope fails without being
 * made.
 *
 * @param block     0 to blockCount() - 1
 * @param key       big-endian, borrowed until the host has said
 * @param kidBytes  0 if the key has no identifier
 * @spec RFC 9052 §4.4; RFC 9053 §2.1, §2.2; RFC 9864 §2
 */
export function verifyBlock(
  block: i32,
  key: usize,
  keyBytes: i32,
  kid: usize,
  kidBytes: i32,
): Check {
  assert(block >= 0 && block < blocks);
  cbor.open(WRAPPER + FIRST_BLOCK_OFFSET, wrapperBytes - FIRST_BLOCK_OFFSET);
  for (; block >= 0; block--) cbor.readString(Major.Bytes);
  const at = cbor.item;
  if (!isUsable(at, cbor.itemBytes, keyBytes)) return Check.No;
  hasUsableBlock = true;
  if (kidBytes && kidLength && !equal(at + 9, kidLength, kid, kidBytes)) return Check.No;
  if (operationCount == OPERATIONS_MAX) return Check.No;
  operationCount++;

  signature = cbor.next - 64;
  keyAt = key;
  keyLength = keyBytes;
  store<u8>(SIGNED, load<u8>(at, 5), ALGORITHM_OFFSET);
  memory.copy(SIGNED + STRING_OFFSET, WRAPPER + 1, FIRST_BLOCK_OFFSET - 1);
  if (HOST_ES256 || keyBytes == ED_KEY_BYTES) return Check.Host;
  sha256.open();
  sha256.update(SIGNED, SIGNED_BYTES);
  sha256.close(DIGEST);
  signed = p256.verify(key, DIGEST, signature);
  return signed ? Check.Good : Check.No;
}

/** Puts the check that `verifyBlock` left to the host into the arguments. */
export function ask(): Wait {
  store<i32>(Block.Arg0, 0x1f - i32(load<u8>(SIGNED, ALGORITHM_OFFSET)));
  store<usize>(Block.Arg1, keyAt);
  store<i32>(Block.Arg2, keyLength);
  store<usize>(Block.Arg3, SIGNED);
  store<i32>(Block.Arg4, SIGNED_BYTES);
  store<usize>(Block.Arg5, signature);
  return Wait.Verify;
}

/** The host has checked what `ask` named, and it is good. */
export function accept(): void {
  signed = true;
}

/** Matches a block with the pattern, which ends with the signature, and with the kind of key. */
function isUsable(at: usize, byteCount: u32, keyBytes: i32): bool {
  if (byteCount < BARE_BLOCK_BYTES) return false;
  const tail = at + byteCount - TAIL_BYTES;
  if (load<u32>(tail - 1) >> 8 != SIGNATURE_HEAD || load<u32>(at) != BLOCK_START) return false;
  const algorithm: u32 = load<u16>(at, 4);
  const isEs = algorithm == ES256 || algorithm == ESP256;
  const isEd = algorithm == EDDSA || algorithm == ED25519;
  if (keyBytes != (isEs ? ES_KEY_BYTES : isEd ? ED_KEY_BYTES : -1)) return false;

  const unprotected = load<u32>(at, 6) & 0xff_ffff;
  kidLength = 0;
  if (byteCount == BARE_BLOCK_BYTES) return (unprotected & 0xff) == 0xa0;
  kidLength = byteCount - KID_BLOCK_BYTES;
  return u32(kidLength - 1) < KID_BYTES_MAX && unprotected == KID_HEAD + (kidLength << 16);
}
