import { createHash, createPublicKey, generateKeyPairSync } from "node:crypto";
import { signingKey, trustKey } from "../../../host/pack/index.ts";
import type { DeliverySpec, SigningKey, TrustKey } from "../../../host/pack/index.ts";

/** Key of RFC 6979 A.2.5 as PKCS #8: P-256, so its signatures are known. */
export const P256_PEM = createPem(
  "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721",
);

function createPem(scalar: string): string {
  const head = "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420";
  return toPem(Buffer.from(head + scalar, "hex"), "PRIVATE KEY");
}

export function toPem(der: Buffer, label: string): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** Key of RFC 8032 §7.1 test 1 as PKCS #8: Ed25519. */
export const ED25519_PEM = toPem(
  Buffer.from(
    "302e020100300506032b657004220420" +
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "hex",
  ),
  "PRIVATE KEY",
);

export function publicPem(pem: string): string {
  return createPublicKey(pem).export({ format: "pem", type: "spki" }).toString();
}

export const p256: SigningKey = signingKey(P256_PEM, "test-es");
export const p256Trust: TrustKey = trustKey(publicPem(P256_PEM), "test-es");
export const ed25519: SigningKey = signingKey(ED25519_PEM);
export const ed25519Trust: TrustKey = trustKey(publicPem(ED25519_PEM));

/** A key that nobody trusts. */
export function strangerPem(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ format: "pem", type: "pkcs8" }).toString();
}

export const jvmBytes = new Uint8Array(Buffer.from("java machine, not much of one".repeat(40)));
export const scannerBytes = new Uint8Array(Buffer.from("scanner"));

export const bound: DeliverySpec = {
  sequence: 1_732_000_000,
  vendor: "scomo.example",
  class: "edge-gw-1",
  description: "Scanner and its runtime",
  components: [
    { id: "jvm", version: "8.2.0", content: jvmBytes, name: "Java VM", description: "Runs" },
    { id: "antivirus", version: "5.0.0", content: scannerBytes, name: "Scanner" },
  ],
};

export const withNeeds: DeliverySpec = {
  sequence: 7,
  vendor: "scomo.example",
  class: "edge-gw-1",
  components: [
    { id: "apps/antivirus", version: "5.0.1", content: scannerBytes },
    { id: "apps/rules", version: "0.0.4095", content: jvmBytes, uri: "files/rules.bin" },
  ],
  requires: [{ id: "libc", version: ">=2.3" }],
};

export function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
