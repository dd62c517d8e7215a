import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { p256 } from "@noble/curves/nist.js";
import { DmError } from "../errors.ts";

/** Class of a key: which signature algorithms it may be used with. */
export type KeyClass = "ES" | "ED";

/** COSE algorithm numbers. @spec RFC 9053 §2, RFC 9864 §2 */
export const COSE_ES256 = -7;
export const COSE_EDDSA = -8;
export const COSE_ESP256 = -9;
export const COSE_ED25519 = -19;

export const KID_BYTES_MAX = 23;
const SIGNATURE_BYTES = 64;

/** A key that may sign Delivery Packages. */
export interface SigningKey {
  readonly class: KeyClass;
  readonly key: KeyObject;
  /** UTF-8, 1 to 23 bytes; empty: the signature names no key. */
  readonly kid: string;
}

/** A key that is trusted to have signed Delivery Packages. */
export interface TrustKey {
  readonly class: KeyClass;
  readonly key: KeyObject;
  /** UTF-8, 1 to 23 bytes; empty: any kid is tried with it. */
  readonly kid: string;
}

/**
 * Reads a private key, EC P-256 or Ed25519.
 *
 * @fails DM_BAD_CONFIG  the text is not such a key; the sentence says what it is
 */
export function signingKey(pem: string | Buffer, kid = ""): SigningKey {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new DmError("DM_BAD_CONFIG", "not a private key in PEM without a password", { cause });
  }
  checkKid(kid);
  return { class: keyClass(key), key, kid };
}

/**
 * Reads a public key, EC P-256 or Ed25519; of a private key its public half.
 *
 * @fails DM_BAD_CONFIG  the text is not such a key; the sentence says what it is
 */
export function trustKey(pem: string | Buffer, kid = ""): TrustKey {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (cause) {
    throw new DmError("DM_BAD_CONFIG", "not a public key in PEM", { cause });
  }
  checkKid(kid);
  return { class: keyClass(key), key, kid };
}

function checkKid(kid: string): void {
  if (Buffer.byteLength(kid) <= KID_BYTES_MAX) return;
  throw new DmError("DM_BAD_CONFIG", `the kid "${kid}" is longer than ${KID_BYTES_MAX} bytes`);
}

function keyClass(key: KeyObject): KeyClass {
  if (key.asymmetricKeyType === "ed25519") return "ED";
  const curve = key.asymmetricKeyDetails?.namedCurve ?? "";
  if (key.asymmetricKeyType === "ec" && curve === "prime256v1") return "ES";
  const found = [key.asymmetricKeyType ?? "unknown", curve].join(" ").trim();
  throw new DmError("DM_BAD_CONFIG", `a key of type ${found}, not EC P-256 or Ed25519`);
}

/** Public half as a device stores it: x then y for P-256 (64 bytes), the point for Ed25519 (32). */
export function publicBytes(key: KeyObject): Uint8Array {
  const { x = "", y = "" } = createPublicKey(exportPublic(key)).export({ format: "jwk" });
  return new Uint8Array(Buffer.concat([Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]));
}

/** SHA-256 of the public key's SubjectPublicKeyInfo, in hex. */
export function fingerprint(key: KeyObject): string {
  return createHash("sha256").update(exportPublic(key).key).digest("hex");
}

function exportPublic(key: KeyObject): { key: Buffer; format: "der"; type: "spki" } {
  const half = key.type === "private" ? createPublicKey(key) : key;
  return { key: half.export({ format: "der", type: "spki" }), format: "der", type: "spki" };
}

/** The fully specified algorithm of a key. */
export function algorithmOf(keyClassOf: KeyClass): number {
  return keyClassOf === "ES" ? COSE_ESP256 : COSE_ED25519;
}

/** True where a key of this class may be used with `algorithm`. */
export function allowsAlgorithm(keyClassOf: KeyClass, algorithm: number): boolean {
  const allowed = keyClassOf === "ES" ? [COSE_ES256, COSE_ESP256] : [COSE_EDDSA, COSE_ED25519];
  return allowed.includes(algorithm);
}

/**
 * Signs; the same message and key give the same 64 bytes.
 *
 * The platform draws ECDSA's k at random, so P-256 takes the curve library with k of RFC 6979.
 * Ed25519 is deterministic by itself.
 */
export function signBytes(key: SigningKey, message: Uint8Array): Uint8Array {
  if (key.class === "ED") return new Uint8Array(sign(null, message, key.key));
  const scalar = Buffer.from(key.key.export({ format: "jwk" }).d ?? "", "base64url");
  const digest = createHash("sha256").update(message).digest();
  return p256.sign(digest, scalar, { lowS: false, prehash: false }).toCompactRawBytes();
}

/** True where `signature` (64 bytes) is the key's over `message`. */
export function verifyBytes(key: TrustKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  if (key.class === "ED") return verify(null, message, key.key, signature);
  return verify("sha256", message, { key: key.key, dsaEncoding: "ieee-p1363" }, signature);
}
