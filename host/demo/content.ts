import { generateKeyPairSync } from "node:crypto";
import { packDelivery, signingKey } from "../pack/index.ts";
import type { ComponentSpec, NeedSpec, SigningKey } from "../pack/index.ts";
import {
  ANTIVIRUS_ALONE, BROKEN_BUNDLE, BUNDLE, DEVICE_CLASS, JVM_ALONE, releasesOf, VENDOR,
} from "./setting.ts";
import type { Release } from "./setting.ts";

/** Keys that the demo's author signs with and its devices trust, made anew for each run. */
export interface DemoKeys {
  signing: SigningKey;
  publicPem: string;
}

/** Who signs. */
export type Author = Pick<DemoKeys, "signing">;

export function makeKeys(): DemoKeys {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  return {
    signing: signingKey(pem, "demo"),
    publicPem: publicKey.export({ format: "pem", type: "spki" }).toString(),
  };
}

const SEQUENCE = 1001;

/**
 * Makes the Delivery Packages: both components in one; the same with a bit of the second content
 * changed after signing; and each component alone, needing the other.
 */
export function makePackages(keys: Author): Map<string, Uint8Array> {
  const [jvm, antivirus] = releasesOf("new").map(specOf) as [ComponentSpec, ComponentSpec];
  const bundle = makePackage(keys, [jvm, antivirus], []);
  return new Map([
    [BUNDLE, bundle],
    [BROKEN_BUNDLE, withLastBitChanged(bundle)],
    [JVM_ALONE, makePackage(keys, [jvm], [{ id: "antivirus", version: ">=5.0.0" }])],
    [ANTIVIRUS_ALONE, makePackage(keys, [antivirus], [{ id: "jvm", version: ">=8.2" }])],
  ]);
}

function specOf({ id, version, name, content }: Release): ComponentSpec {
  return { id, version, name, content };
}

function makePackage(
  keys: Author, components: readonly ComponentSpec[], requires: readonly NeedSpec[],
): Uint8Array {
  const identity = { vendor: VENDOR, class: DEVICE_CLASS };
  return packDelivery({ sequence: SEQUENCE, ...identity, components, requires }, keys.signing);
}

/** The contents come last and in order, so the last byte is one of the second component. */
function withLastBitChanged(delivery: Uint8Array): Uint8Array {
  const copy = delivery.slice();
  copy[copy.length - 1] = (copy[copy.length - 1] ?? 0) ^ 1;
  return copy;
}
