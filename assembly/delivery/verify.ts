// The authentication wrapper: its digest, and the signatures over it. Patterns stand in for a COSE
// library.
//
//   wrapper   8n | 58 24 82 2F 58 20 digest | 58 4A block | 58 nn block ...
//             0    1                          39
//   block     D2 84 43 A1 | 01 xx | A0            | F6 58 40 | r s       xx: 26 ES256, 28 ESP256
//             D2 84 43 A1 | 01 xx | A1 04 4n kid  | F6 58 40 | r s
//             0             4       6   8    9      -67        -64
//   signed    84 6A "Signature1" | 43 A1 01 xx | 40 | 58 24 82 2F 58 20 digest
import { HEAD } from "../base/buffers";
import { equal } from "../base/bytes";
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
const SIGNATURE_HEAD: u32 = 0x4058f6; // F6 58 40
const KID_HEAD: u32 = 0x4004a1; // A1 04 40, plus the length
const TAIL_BYTES: u32 = 67;
const BARE_BLOCK_BYTES: u32 = 74;
const KID_BLOCK_BYTES: u32 = 76; // Without the identifier itself.
const KID_BYTES_MAX: u32 = 23;

// Head of Sig_structure up to the protected header, and the empty external_aad that follows it.
// @spec RFC 9052 §4.4
// prettier-ignore
const CONTEXT: usize = memory.data<u8>([
  0x84, 0x6a, 0x53, 0x69, 0x67, 0x6e, 0x61, 0x74, 0x75, 0x72, 0x65, 0x31, 0x40,
]);
const CONTEXT_BYTES: i32 = 12;
const DIGEST: usize = memory.data(32, 4);

let wrapperBytes: i32 = 0;
let operationCount: i32 = 0;
let hasUsableBlock: bool = false;
let blocks: i32 = 0;
let signed: bool = false;
let kidLength: i32 = 0; // Of the block that was matched last.

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
 * Verifies one block with one P-256 key, between Event.Manifest and `parseManifest`. The first
 * success makes `isSigned` true.
 *
 * A block of another form or algorithm, or with the identifier of another key, is passed over at no
 * cost. The fifth signature check of an envelope fails without being made.
 *
 * @param block     0 to blockCount() - 1
 * @param key64     x and y, big-endian
 * @param kidBytes  0 if the key has no identifier
 * @spec RFC 9052 §4.4; RFC 9053 §2.1; RFC 9864 §2.1
 */
export function verifyBlock(block: i32, key64: usize, kid: usize, kidBytes: i32): bool {
  assert(block >= 0 && block < blocks);
  cbor.open(WRAPPER + FIRST_BLOCK_OFFSET, wrapperBytes - FIRST_BLOCK_OFFSET);
  for (; block >= 0; block--) cbor.readString(Major.Bytes);
  const at = cbor.item;
  if (!isUsable(at, cbor.itemBytes)) return false;
  hasUsableBlock = true;
  if (kidBytes && kidLength && !equal(at + 9, kidLength, kid, kidBytes)) return false;
  if (operationCount == OPERATIONS_MAX) return false;
  operationCount++;

  sha256.open();
  sha256.update(CONTEXT, CONTEXT_BYTES);
  sha256.update(at + 2, 4);
  sha256.update(CONTEXT + CONTEXT_BYTES, 1);
  sha256.update(WRAPPER + 1, FIRST_BLOCK_OFFSET - 1);
  sha256.close(DIGEST);
  const isGood = p256.verify(key64, DIGEST, cbor.next - 64);
  if (isGood) signed = true;
  return isGood;
}

/** Matches a block with the pattern, which ends with the signature. */
function isUsable(at: usize, byteCount: u32): bool {
  if (byteCount < BARE_BLOCK_BYTES) return false;
  const tail = at + byteCount - TAIL_BYTES;
  if (load<u32>(tail - 1) >> 8 != SIGNATURE_HEAD || load<u32>(at) != BLOCK_START) return false;
  const algorithm: u32 = load<u16>(at, 4);
  if (algorithm != ES256 && algorithm != ESP256) return false;

  const unprotected = load<u32>(at, 6) & 0xff_ffff;
  kidLength = 0;
  if (byteCount == BARE_BLOCK_BYTES) return (unprotected & 0xff) == 0xa0;
  kidLength = byteCount - KID_BLOCK_BYTES;
  return u32(kidLength - 1) < KID_BYTES_MAX && unprotected == KID_HEAD + (kidLength << 16);
}
