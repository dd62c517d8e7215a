import { decodeCbor } from "./cbor.ts";
import { clashOf, faultOfId, segmentsToId } from "./component-id.ts";
import { runSequence } from "./sequence.ts";
import type { Entry } from "./sequence.ts";
import { COMPONENTS_MAX, faultOfUri } from "./spec.ts";
import { Command, Comparison, Manifest, readDigest } from "./suit.ts";

/** What a manifest says. Entries in the order of the component list. */
export interface ManifestTable {
  sequence: number | null;
  entries: Entry[];
  /** SHA-256 over the text element with its head; null where no text is announced. */
  textDigest: Uint8Array | null;
}

const KNOWN_KEYS: readonly unknown[] = [
  Manifest.Version, Manifest.Sequence, Manifest.Common, Manifest.ReferenceUri, Manifest.SetVersion,
  Manifest.Validate, Manifest.Coswid, Manifest.Install, Manifest.Text,
];

/** Commands that each of the three sequences may hold. */
const SETTINGS = [Command.SetIndex, Command.Override];
const SHARED = [...SETTINGS, Command.VendorIdentifier, Command.ClassIdentifier];
const INSTALL = [...SETTINGS, Command.Fetch, Command.ImageMatch];
const VALIDATE = [...SETTINGS, Command.ImageMatch, Command.VersionCondition];

/**
 * Reads a manifest of profile 1. What cannot be read stays empty in the table.
 *
 * @param problems  gets a sentence for everything that a device would refuse
 */
export function readManifest(content: Uint8Array, problems: string[]): ManifestTable {
  const table: ManifestTable = { sequence: null, entries: [], textDigest: null };
  try {
    fillTable(table, content, problems);
  } catch (cause) {
    problems.push(cause instanceof Error ? cause.message : String(cause));
  }
  return table;
}

function fillTable(table: ManifestTable, content: Uint8Array, problems: string[]): void {
  const manifest = decodeCbor(content, "manifest");
  if (!(manifest instanceof Map)) throw new Error("manifest: is not a map");
  if (manifest.get(Manifest.Version) !== 1) {
    problems.push(`manifest: the version is ${String(manifest.get(Manifest.Version))}, not 1`);
  }
  const extra = [...manifest.keys()].find((key) => !KNOWN_KEYS.includes(key));
  if (extra !== undefined) problems.push(`manifest: key ${String(extra)} is not of the profile`);
  table.sequence = readSequence(manifest.get(Manifest.Sequence), problems);
  const textDigest: unknown = manifest.get(Manifest.Text);
  if (textDigest !== undefined) table.textDigest = readDigest(textDigest, "text");
  const common = readCommon(manifest.get(Manifest.Common));
  table.entries = common.ids.map((id) => emptyEntry(id));
  checkIds(common.ids, problems);
  runSequence({ name: "shared", commands: SHARED }, common.shared, table.entries);
  const install = byteString(manifest.get(Manifest.Install), "install");
  runSequence({ name: "install", commands: INSTALL }, install, table.entries);
  const validate = byteString(manifest.get(Manifest.Validate), "validate");
  runSequence({ name: "validate", commands: VALIDATE }, validate, table.entries);
  checkEntries(table.entries, problems);
}

function readSequence(value: unknown, problems: string[]): number | null {
  if (typeof value === "number" && value >= 1 && value <= 0xffff_ffff) return value;
  problems.push("manifest: the sequence number is not from 1 to 4294967295");
  return null;
}

function readCommon(value: unknown): { ids: string[]; shared: Uint8Array } {
  const common = decodeCbor(byteString(value, "common"), "common");
  if (!(common instanceof Map)) throw new Error("common: is not a map");
  const list: unknown = common.get(2);
  if (!Array.isArray(list) || list.length === 0 || list.length > COMPONENTS_MAX) {
    throw new Error(`common: does not list 1 to ${COMPONENTS_MAX} components`);
  }
  const extra = [...common.keys()].find((key) => key !== 2 && key !== 4);
  if (extra !== undefined) throw new Error(`common: key ${String(extra)} is not of the profile`);
  return { ids: list.map(readId), shared: byteString(common.get(4), "shared") };
}

function readId(value: unknown): string {
  const isId = Array.isArray(value) && value.every((segment) => segment instanceof Uint8Array);
  if (!isId) throw new Error("common: a component identifier is not a list of byte strings");
  return segmentsToId(value as Uint8Array[]);
}

function byteString(value: unknown, what: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new Error(`${what}: is missing or not a byte string`);
}

function emptyEntry(id: string): Entry {
  return { id, parameters: new Map(), checked: new Set(), fetches: 0, version: null };
}

function checkIds(ids: readonly string[], problems: string[]): void {
  for (const id of ids) {
    const fault = faultOfId(id);
    if (fault !== "") problems.push(`component "${id}": the ID ${fault}`);
  }
  const clash = clashOf(ids);
  if (clash === null) return;
  const [one, other] = clash;
  problems.push(one === other ? `component "${one}" is listed twice`
    : `components "${one}" and "${other}": one is a folder of the other`);
}

function checkEntries(entries: readonly Entry[], problems: string[]): void {
  if (!entries.some(({ fetches }) => fetches > 0)) problems.push("manifest: brings no component");
  for (const [index, entry] of entries.entries()) {
    const fault = entry.fetches > 0 ? faultOfTarget(entry, index) : faultOfNeed(entry);
    if (fault !== "") problems.push(`component "${entry.id}": ${fault}`);
  }
  const uris = entries.flatMap(({ uri }) => (uri === undefined ? [] : [uri]));
  const shared = uris.find((uri, index) => uris.indexOf(uri) !== index);
  if (shared !== undefined) problems.push(`manifest: two components have the URI "${shared}"`);
}

function faultOfTarget(entry: Entry, index: number): string {
  const { uri = "", version, checked } = entry;
  if (!checked.has(Command.VendorIdentifier)) return "its vendor is never compared";
  if (!checked.has(Command.ClassIdentifier)) return "its class is never compared";
  if (!checked.has(Command.ImageMatch)) return "its digest is never compared";
  if (entry.bytes === undefined) return "no size is given";
  if (version?.comparison !== Comparison.Equal || version.numbers.length !== 3) {
    return "no exact version is given";
  }
  if (entry.fetches > 1) return "is fetched more than once";
  if (uri.startsWith("#")) {
    return uri === `#${index.toString(16)}` ? "" : `the URI "${uri}" is not that of index ${index}`;
  }
  const fault = faultOfUri(uri);
  return fault === "" ? "" : `the URI "${uri}" ${fault}`;
}

function faultOfNeed(entry: Entry): string {
  const { digest, bytes, uri } = entry;
  if (digest !== undefined || bytes !== undefined || uri !== undefined) {
    return "is not fetched, but has a digest, size or URI";
  }
  if (entry.version === null) return "is neither brought nor required in a version";
  if (entry.version.comparison !== Comparison.AtLeast) return "is not required by >=";
  return entry.checked.has(Command.VersionCondition) ? "" : "its version is never compared";
}
