import { createHash } from "node:crypto";
import { decodeCbor, encodeCbor, Tagged } from "./cbor.ts";
import { segmentsToId } from "./component-id.ts";
import { allowsAlgorithm, fingerprint, KID_BYTES_MAX, verifyBytes } from "./keys.ts";
import type { TrustKey } from "./keys.ts";
import { readManifest } from "./manifest.ts";
import type { ManifestTable } from "./manifest.ts";
import type { Entry } from "./sequence.ts";
import {
  BLOCKS_MAX, Comparison, Envelope, ENVELOPE_TAG, MANIFEST_BYTES_MAX, readDigest, SIGN1_TAG,
  sigStructure, Text, TEXT_BYTES_MAX, WRAPPER_BYTES_MAX,
} from "./suit.ts";

/** What a Delivery Package says and whether it holds. */
export interface Inspection {
  /** True where a trusted key signed it and nothing is wrong with it. */
  verified: boolean;
  /** kid, or else fingerprint, of the trusted key that signed it; null if none did. */
  key: string | null;
  sequence: number | null;
  components: InspectedComponent[];
  requires: { id: string; version: string }[];
  /** A sentence for everything that a device would refuse. */
  problems: string[];
}

export interface InspectedComponent {
  id: string;
  version: string | null;
  bytes: number | null;
  sha256: string | null;
  uri: string | null;
  name: string;
  description: string | null;
}

/**
 * Reads and verifies a Delivery Package as far as that is possible without a device: its inventory
 * and identity are not known here. Content outside of the package is not fetched.
 *
 * @param trust  keys of which one must have signed; with none nothing verifies, which is no problem
 */
export function inspectDelivery(bytes: Uint8Array, trust: readonly TrustKey[]): Inspection {
  const inspection: Inspection = {
    verified: false, key: null, sequence: null, components: [], requires: [], problems: [],
  };
  try {
    inspectEnvelope(bytes, trust, inspection);
  } catch (cause) {
    inspection.problems.push(cause instanceof Error ? cause.message : String(cause));
  }
  inspection.verified = inspection.key !== null && inspection.problems.length === 0;
  return inspection;
}

function inspectEnvelope(
  bytes: Uint8Array, trust: readonly TrustKey[], inspection: Inspection,
): void {
  const { problems } = inspection;
  const envelope = readEnvelope(bytes);
  const manifest = section(envelope, Envelope.Manifest, "manifest", MANIFEST_BYTES_MAX);
  const wrapper = section(envelope, Envelope.Authentication, "signature", WRAPPER_BYTES_MAX);
  try {
    inspection.key = findSigner(wrapper, manifest, trust);
    if (inspection.key === null && trust.length > 0) {
      problems.push("signature: none is by a trusted key");
    }
  } catch (cause) {
    problems.push(cause instanceof Error ? cause.message : String(cause));
  }
  const table = readManifest(manifest, problems);
  inspection.sequence = table.sequence;
  const texts = readTexts(envelope, table, problems);
  for (const entry of table.entries) {
    if (entry.fetches > 0) inspection.components.push(describe(entry, texts.get(entry.id)));
    else if (entry.version !== null) inspection.requires.push(describeNeed(entry));
  }
  checkContents(envelope, table.entries, problems);
}

function readEnvelope(bytes: Uint8Array): Map<unknown, unknown> {
  const tagged = decodeCbor(bytes, "envelope");
  if (tagged instanceof Tagged && tagged.tag === ENVELOPE_TAG && tagged.value instanceof Map) {
    return tagged.value as Map<unknown, unknown>;
  }
  throw new Error("envelope: is not a SUIT envelope (a map under tag 107)");
}

function section(
  envelope: Map<unknown, unknown>, key: Envelope, what: string, bytesMax: number,
): Uint8Array {
  const value = envelope.get(key);
  if (!(value instanceof Uint8Array)) throw new Error(`envelope: has no ${what} (key ${key})`);
  if (value.length > bytesMax) throw new Error(`${what}: is longer than ${bytesMax} bytes`);
  return value;
}

/** Name of the trusted key that signed the manifest, null if none. Skips blocks of other forms. */
function findSigner(
  wrapper: Uint8Array, manifest: Uint8Array, trust: readonly TrustKey[],
): string | null {
  const parts = decodeCbor(wrapper, "signature");
  const isList =
    Array.isArray(parts) && parts.length >= 2 && parts.length <= 1 + BLOCKS_MAX &&
    parts.every((part) => part instanceof Uint8Array);
  if (!isList) throw new Error(`signature: is not a digest with 1 to ${BLOCKS_MAX} blocks`);
  const [digest, ...blocks] = parts as [Uint8Array, ...Uint8Array[]];
  const expected = readDigest(decodeCbor(digest, "signature"), "signature");
  if (Buffer.compare(sha256(encodeCbor(manifest)), expected) !== 0) {
    throw new Error("manifest: its digest is not the one that was signed");
  }
  for (const bytes of blocks) {
    const signer = signerOf(bytes, digest, trust);
    if (signer !== null) return signer;
  }
  return null;
}

interface Block {
  header: Uint8Array;
  algorithm: number;
  kid: string;
  signature: Uint8Array;
}

function signerOf(
  bytes: Uint8Array, digest: Uint8Array, trust: readonly TrustKey[],
): string | null {
  const block = readBlock(bytes);
  if (block === null) return null;
  const message = sigStructure(block.header, digest);
  const signer = trust.find((key) => {
    const isTried = key.kid === "" || block.kid === "" || key.kid === block.kid;
    const isAllowed = isTried && allowsAlgorithm(key.class, block.algorithm);
    return isAllowed && verifyBytes(key, message, block.signature);
  });
  if (signer === undefined) return null;
  return signer.kid || block.kid || fingerprint(signer.key);
}

/** Reads a COSE_Sign1 of the one form that the profile knows; null where it is another. */
function readBlock(bytes: Uint8Array): Block | null {
  let block: unknown;
  try {
    block = decodeCbor(bytes, "signature");
  } catch {
    return null;
  }
  if (!(block instanceof Tagged) || block.tag !== SIGN1_TAG) return null;
  const parts: unknown = block.value;
  if (!Array.isArray(parts) || parts.length !== 4 || parts[2] !== null) return null;
  const [header, hints, , signature] = parts as unknown[];
  const isForm =
    header instanceof Uint8Array && header.length === 3 && header[0] === 0xa1 && header[1] === 1 &&
    hints instanceof Map && signature instanceof Uint8Array && signature.length === 64;
  if (!isForm) return null;
  const kid: unknown = hints.get(4) ?? new Uint8Array(0);
  if (!(kid instanceof Uint8Array) || hints.size !== (hints.has(4) ? 1 : 0)) return null;
  if (hints.has(4) && (kid.length === 0 || kid.length > KID_BYTES_MAX)) return null;
  // Third byte: major type 1, so the algorithm is -1 - (byte - 20 hex).
  const algorithm = 0x1f - (header[2] ?? 0);
  return { header, algorithm, kid: Buffer.from(kid).toString(), signature };
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

type Texts = Map<string, Map<unknown, unknown>>;

/** Texts of each component by its ID. Only for people, so what cannot be read has no effect. */
function readTexts(
  envelope: Map<unknown, unknown>, table: ManifestTable, problems: string[],
): Texts {
  const texts: Texts = new Map();
  const element = envelope.get(Envelope.Text);
  if (element === undefined) return texts;
  if (!(element instanceof Uint8Array) || element.length > TEXT_BYTES_MAX) {
    problems.push(`text: is not a byte string of up to ${TEXT_BYTES_MAX} bytes`);
    return texts;
  }
  if (table.textDigest === null) {
    problems.push("text: the manifest does not announce it");
  } else if (Buffer.compare(sha256(encodeCbor(element)), table.textDigest) !== 0) {
    problems.push("text: its digest is not the one in the manifest");
    return texts;
  }
  for (const [key, value] of languageIn(element)) {
    if (Array.isArray(key) && value instanceof Map) {
      texts.set(segmentsToId(key as Uint8Array[]), value as Map<unknown, unknown>);
    }
  }
  return texts;
}

function languageIn(element: Uint8Array): Map<unknown, unknown> {
  try {
    const languages = decodeCbor(element, "text");
    const first: unknown = languages instanceof Map ? [...languages.values()][0] : undefined;
    return first instanceof Map ? (first as Map<unknown, unknown>) : new Map<unknown, unknown>();
  } catch {
    return new Map();
  }
}

function describe(entry: Entry, texts: Map<unknown, unknown> | undefined): InspectedComponent {
  const name: unknown = texts?.get(Text.Name);
  const description: unknown = texts?.get(Text.ComponentDescription);
  return {
    id: entry.id,
    version: entry.version?.numbers.join(".") ?? null,
    bytes: entry.bytes ?? null,
    sha256: entry.digest === undefined ? null : Buffer.from(entry.digest).toString("hex"),
    uri: entry.uri ?? null,
    name: typeof name === "string" ? name : entry.id.slice(entry.id.lastIndexOf("/") + 1),
    description: typeof description === "string" ? description : null,
  };
}

function describeNeed(entry: Entry): { id: string; version: string } {
  const sign = entry.version?.comparison === Comparison.Equal ? "=" : ">=";
  return { id: entry.id, version: sign + (entry.version?.numbers.join(".") ?? "") };
}

const SECTIONS: readonly unknown[] = [Envelope.Authentication, Envelope.Manifest, Envelope.Text];

/** Compares the contents inside with what the manifest says of them. */
function checkContents(
  envelope: Map<unknown, unknown>, entries: readonly Entry[], problems: string[],
): void {
  for (const key of envelope.keys()) {
    const isContent = typeof key === "string" && entries.some(({ uri }) => uri === key);
    if (!SECTIONS.includes(key) && !isContent) {
      problems.push(`envelope: nobody asked for entry "${String(key)}"`);
    }
  }
  for (const entry of entries) {
    const content = envelope.get(entry.uri);
    if (content === undefined) {
      const isInside = entry.uri?.startsWith("#") === true;
      if (isInside) problems.push(`component "${entry.id}": its content is missing`);
      continue;
    }
    const fault = faultOfContent(entry, content);
    if (fault !== "") problems.push(`component "${entry.id}": ${fault}`);
  }
}

function faultOfContent(entry: Entry, content: unknown): string {
  if (!(content instanceof Uint8Array)) return "its content is not a byte string";
  if (entry.bytes !== undefined && content.length !== entry.bytes) {
    return `its content is ${content.length} bytes, the manifest says ${entry.bytes}`;
  }
  const isSame = entry.digest === undefined || Buffer.compare(sha256(content), entry.digest) === 0;
  return isSame ? "" : "the digest of its content is not the one in the manifest";
}
