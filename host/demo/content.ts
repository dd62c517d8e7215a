import { createHash, generateKeyPairSync } from "node:crypto";
import { packDelivery, signingKey } from "../pack/index.ts";
import type { ComponentSpec, NeedSpec, SigningKey } from "../pack/index.ts";

/** One version of a component of the demo. */
export interface Release {
  id: string;
  version: string;
  name: string;
  content: Uint8Array;
}

/** Versions of the two components that need each other. */
export type Generation = "old" | "new";

const NAMES: { readonly [id: string]: string } = { jvm: "Java VM", antivirus: "Scanner" };

/** ID, version and size of each component. */
type Row = readonly [id: string, version: string, bytes: number];

const VERSIONS: { readonly [generation in Generation]: readonly Row[] } = {
  old: [["jvm", "8.1.0", 24_000], ["antivirus", "4.0.7", 9_000]],
  new: [["jvm", "8.2.0", 26_500], ["antivirus", "5.0.0", 9_700]],
};

export function releasesOf(generation: Generation): readonly Release[] {
  return VERSIONS[generation].map(([id, version, bytes]) => {
    return { id, version, name: NAMES[id] ?? id, content: fill(`${id}-${version}`, bytes) };
  });
}

/** Bytes that look like a program and are the same in every run. */
function fill(seed: string, bytes: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(bytes / 32) }, (_, index) => {
    return createHash("sha256").update(`${seed}|${index}`).digest();
  });
  return new Uint8Array(Buffer.concat(blocks).subarray(0, bytes));
}

/** Keys that the demo's author signs with and its devices trust, made anew for each run. */
export interface DemoKeys {
  signing: SigningKey;
  publicPem: string;
}

export function makeKeys(): DemoKeys {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  return {
    signing: signingKey(pem, "demo"),
    publicPem: publicKey.export({ format: "pem", type: "spki" }).toString(),
  };
}

/** Packages of the demo by the name that the server knows them by. */
export const BUNDLE = "scanner-77.suit";
export const BROKEN_BUNDLE = "scanner-78.suit";
export const JVM_ALONE = "jvm-8.2.0.suit";
export const ANTIVIRUS_ALONE = "antivirus-5.0.0.suit";

const SEQUENCE = 1001;

/**
 * Makes the Delivery Packages: both components in one; the same with a bit of the second content
 * changed after signing; and each component alone, needing the other.
 */
export function makePackages(keys: DemoKeys): Map<string, Uint8Array> {
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
  keys: DemoKeys, components: readonly ComponentSpec[], requires: readonly NeedSpec[],
): Uint8Array {
  const identity = { vendor: "scomo.example", class: "edge-gw-1" };
  return packDelivery({ sequence: SEQUENCE, ...identity, components, requires }, keys.signing);
}

/** The contents come last and in order, so the last byte is one of the second component. */
function withLastBitChanged(delivery: Uint8Array): Uint8Array {
  const copy = delivery.slice();
  copy[copy.length - 1] = (copy[copy.length - 1] ?? 0) ^ 1;
  return copy;
}
