// What every stage of the demo has: who takes part, and the two components in two versions. Nothing
// here is of Node: the browser page plays the same cases.
import { sha256 } from "@noble/hashes/sha2";

export const DEVICE_ID = "IMEI:493005100592800";
export const ACCOUNT = { user: "gateway", password: "open sesame" };
export const SERVER_LOGIN = { user: "dms", password: "friend" };
export const SERVER_ID = "dms.example";
/** Vendor and class of the device, as Delivery Packages name them. */
export const VENDOR = "scomo.example";
export const DEVICE_CLASS = "edge-gw-1";

/** Packages of the demo by the name that the server knows them by. */
export const BUNDLE = "scanner-77.suit";
export const BROKEN_BUNDLE = "scanner-78.suit";
export const JVM_ALONE = "jvm-8.2.0.suit";
export const ANTIVIRUS_ALONE = "antivirus-5.0.0.suit";

/** What the server is started with, and told later. */
export function policyOf(wanted: readonly object[]): object {
  return {
    serverId: SERVER_ID, accounts: { [DEVICE_ID]: ACCOUNT }, server: SERVER_LOGIN, wanted,
  };
}

/** What one version of a component of the demo is called. */
export interface ReleaseName {
  id: string;
  version: string;
  name: string;
}

export interface Release extends ReleaseName {
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

/** Without the contents, which take a while to make. */
export function namesOf(generation: Generation): readonly ReleaseName[] {
  return VERSIONS[generation].map(([id, version]) => ({ id, version, name: NAMES[id] ?? id }));
}

export function releasesOf(generation: Generation): readonly Release[] {
  return VERSIONS[generation].map(([id, version, bytes]) => {
    return { id, version, name: NAMES[id] ?? id, content: fill(`${id}-${version}`, bytes) };
  });
}

const DIGEST_BYTES = 32;

/** Bytes that look like a program and are the same in every run. */
function fill(seed: string, bytes: number): Uint8Array {
  const content = new Uint8Array(Math.ceil(bytes / DIGEST_BYTES) * DIGEST_BYTES);
  for (let offset = 0; offset < content.length; offset += DIGEST_BYTES) {
    content.set(sha256(`${seed}|${offset / DIGEST_BYTES}`), offset);
  }
  return content.slice(0, bytes);
}
