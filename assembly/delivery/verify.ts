// The authentication wrapper: its digest, and the signatures over it. Patterns stand in for a COSE library.
//
//   wrapper   8n | 58 24 82 2F 58 20 digest | 58 4A block | 58 nn block ...
//             0    1                          39
//   block     D2 84 43 A1 | 01 xx | A0            | F6 58 40 | r s       xx: 26 ES256, 28 ESP256
//             D2 84 43 A1 | 01 xx | A1 04 4n kid  | F6 58 40 | r s
//             0             4       6
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

const DIGEST_OFFSET: usize = 7;
const FIRST_BLOCK_OFFSET: usize = 39;
const BLOCKS_MAX: u32 = 4;
/** Signature checks for one envelope, whatever the number of blocks and keys: each costs the device seconds. */
const OPERATIONS_MAX: i32 = 4;
/** SHA-256 is algorithm -16, and CBOR carries -1 - n. */
const SHA256_ARGUMENT: u32 = 15;

const BLOCK_BYTES_MIN: u32 = 74;
const BLOCK_START: u32 = 0xa14384d2; // D2 84 43 A1
const SIGNATURE_HEAD: u32 = 0x4058; // 58 40
const SIGNATURE_BYTES: u32 = 64;
const KID_BYTES_MAX: u32 = 23;
const ES256: u32 = 0x26;
const ESP256: u32 = 0x28;

// Head of Sig_structure up to the protected header, and the empty external_aad that follows it. @spec RFC 9052 §4.4
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
let kidAt: usize = 0; // Key identifier of the block that was matched last.
let kidLength: u32 = 0;

/** Forgets the last wrapper and its signatures. */
export function open(): void {
  operationCount = 0;
  hasUsableBlock = false;
  blocks = 0;
  signed = false;
}

/**
 * Checks the form of the wrapper, `byteCount` bytes at WRAPPER. Blocks are looked at by `verifyBlock` only.
 *
 * @returns Reason.None; Reason.Cbor; Reason.Algorithm for another digest than SHA-256, or no block at all
 */
export function checkWrapper(byteCount: i32): i32 {
  wrapperBytes = byteCount;
  cbor.open(WRAPPER, byteCount);
  const count = cbor.want(Major.Array);
  if (count > 1 + BLOCKS_MAX) cbor.fail();
  const outer = cbor.enter();
  const isSha256 = readDigest();
  const digestBytes = cbor.itemBytes;
  cbor.leave(outer);
  for (let i: u32 = 1; i < count && !cbor.isBroken; i++) cbor.readString(Major.Bytes);

  if (!cbor.isAtEnd()) return Reason.Cbor;
  blocks = count - 1;
  return isSha256 && digestBytes == DIGEST_BYTES && blocks != 0 ? Reason.None : Reason.Algorithm;
}

/** Reads a SUIT_Digest; `cbor.item` is the digest, of any length. Returns whether its algorithm is SHA-256. */
export function readDigest(): bool {
  if (cbor.want(Major.Array) != 2) cbor.fail();
  cbor.head();
  const isSha256 = cbor.major == Major.Negative && cbor.value == SHA256_ARGUMENT;
  if (cbor.major > Major.Negative) cbor.fail();
  cbor.readString(Major.Bytes);
  return isSha256;
}

/** Ends the SHA-256 in progress and compares it with the 32 bytes at `digest`. */
export function agrees(digest: usize): bool {
  sha256.close(DIGEST);
  return equal(DIGEST, DIGEST_BYTES, digest, DIGEST_BYTES);
}

/** Ends the SHA-256 in progress and compares it with the digest that is signed. */
export function agreesWithWrapper(): bool {
  return agrees(WRAPPER + DIGEST_OFFSET);
}

/** Signature blocks of the wrapper, usable or not: 1 to 4. */
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
 * Verifies one block with one P-256 key. The first success makes `isSigned` true.
 *
 * A block of another form or algorithm, or with the identifier of another key, is passed over at no cost.
 *
 * @param block     0 to blockCount() - 1
 * @param key64     x and y, big-endian
 * @param kidBytes  0 if the key has no identifier
 * @spec RFC 9052 §4.4, RFC 9053 §2.1, RFC 9864 §2.1
 */
export function verifyBlock(block: i32, key64: usize, kid: usize, kidBytes: i32): bool {
  assert(block >= 0 && block < blocks);
  cbor.open(WRAPPER + FIRST_BLOCK_OFFSET, wrapperBytes - i32(FIRST_BLOCK_OFFSET));
  for (let i = 0; i <= block; i++) cbor.readString(Major.Bytes);
  const at = cbor.item;
  const signature = findSignature(at, cbor.itemBytes);
  if (signature == 0) return false;
  hasUsableBlock = true;
  if (kidBytes > 0 && kidLength > 0 && !equal(kidAt, kidLength, kid, kidBytes)) return false;
  if (operationCount == OPERATIONS_MAX) return false;
  operationCount++;

  sha256.open();
  sha256.update(CONTEXT, CONTEXT_BYTES);
  sha256.update(at + 2, 4);
  sha256.update(CONTEXT + CONTEXT_BYTES, 1);
  sha256.update(WRAPPER + 1, i32(FIRST_BLOCK_OFFSET) - 1);
  sha256.close(DIGEST);
  if (!p256.verify(key64, DIGEST, signature)) return false;
  signed = true;
  return true;
}

/** Matches a block with the pattern. Returns the address of its signature, 0 if it does not match. */
function findSignature(at: usize, byteCount: u32): usize {
  if (byteCount < BLOCK_BYTES_MIN) return 0;
  if (load<u32>(at) != BLOCK_START || load<u8>(at, 4) != 1) return 0;
  const algorithm: u32 = load<u8>(at, 5);
  if (algorithm != ES256 && algorithm != ESP256) return 0;

  let offset: u32 = 7;
  kidLength = 0;
  const unprotected: u32 = load<u8>(at, 6);
  if (unprotected == 0xa1) {
    kidLength = load<u8>(at, 8) - 0x40;
    if (load<u8>(at, 7) != 4 || kidLength - 1 >= KID_BYTES_MAX) return 0;
    kidAt = at + 9;
    offset = 9 + kidLength;
  } else if (unprotected != 0xa0) {
    return 0;
  }
  if (offset + 3 + SIGNATURE_BYTES != byteCount) return 0;
  const tail = at + offset;
  return load<u8>(tail) == 0xf6 && load<u16>(tail, 1) == SIGNATURE_HEAD ? tail + 3 : 0;
}
