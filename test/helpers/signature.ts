// Answers Wait.Verify at once: node:crypto in the place of the host's WebCrypto.
import { createPublicKey, verify } from "node:crypto";
import { Err } from "../../assembly/abi/codes.ts";
import type { Core } from "../../host/core/memory.ts";
import { type SignatureCheck, takeCheck } from "../../host/core/verify.ts";

const b64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

/** Says whether the signature that the core asks about is good. */
export function checkSignature(core: Pick<Core, "memory">): Err {
  return isGood(takeCheck(core as Core)) ? Err.Ok : Err.Refused;
}

/** What node:crypto says of a signature. */
export function isGood({ key, message, signature }: SignatureCheck): boolean {
  const isEd = key.length === 32;
  const jwk = isEd
    ? { kty: "OKP", crv: "Ed25519", x: b64(key) }
    : { kty: "EC", crv: "P-256", x: b64(key.subarray(0, 32)), y: b64(key.subarray(32)) };
  try {
    const publicKey = createPublicKey({ key: jwk, format: "jwk" });
    if (isEd) return verify(null, message, publicKey, signature);
    return verify("sha256", message, { key: publicKey, dsaEncoding: "ieee-p1363" }, signature);
  } catch {
    return false; // A point that is not on the curve is no key.
  }
}
