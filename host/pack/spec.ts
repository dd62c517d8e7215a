import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DmError } from "../errors.ts";
import { clashOf, faultOfId } from "./component-id.ts";
import { parseNeed, parseVersion } from "./version.ts";

export const COMPONENTS_MAX = 16;
export const NAME_BYTES_MAX = 128;
export const DESCRIPTION_BYTES_MAX = 512;
export const URI_BYTES_MAX = 127;
const SEQUENCE_MAX = 0xffff_ffff;

/** What a Delivery Package is made from. */
export interface DeliverySpec {
  /** 1 to 4294967295; a device refuses a number below the last one of each component. */
  readonly sequence: number;
  /** UUID or domain name. */
  readonly vendor: string;
  /** UUID or a name that the vendor gave. */
  readonly class: string;
  readonly description?: string;
  /** 1 to 16, together with `requires`. */
  readonly components: readonly ComponentSpec[];
  readonly requires?: readonly NeedSpec[];
}

export interface ComponentSpec {
  readonly id: string;
  /** "major.minor.patch" */
  readonly version: string;
  readonly content: Uint8Array;
  readonly name?: string;
  readonly description?: string;
  /** Where the content is fetched from; absent: it travels inside the Delivery Package. */
  readonly uri?: string;
}

export interface NeedSpec {
  readonly id: string;
  /** ">=" and 1 to 3 numbers. */
  readonly version: string;
}

/** Fails with a sentence that names the key at fault. */
function refuse(key: string, why: string): never {
  throw new DmError("DM_BAD_CONFIG", `${key}: ${why}`);
}

/**
 * Reads SPEC.json and the files that it names, relative to it.
 *
 * @fails DM_BAD_CONFIG  a sentence that names the key of SPEC.json at fault
 */
export function readSpec(path: string): DeliverySpec {
  const root = parseJson(path);
  checkKeys(root, "", ["sequence", "vendor", "class", "description", "components", "requires"]);
  if (!Array.isArray(root["components"])) refuse("components", "must be a list");
  const needs = root["requires"] ?? [];
  if (!Array.isArray(needs)) refuse("requires", "must be a list");
  const spec: DeliverySpec = {
    sequence: wholeNumber(root["sequence"], "sequence"),
    vendor: text(root["vendor"], "vendor"),
    class: text(root["class"], "class"),
    ...optional(root, "description", ""),
    components: root["components"].map((entry: unknown, index) => {
      return readComponent(entry, `components[${index}]`, dirname(path));
    }),
    requires: needs.map((entry: unknown, index) => readNeed(entry, `requires[${index}]`)),
  };
  checkSpec(spec);
  return spec;
}

function parseJson(path: string): Record<string, unknown> {
  let root: unknown;
  try {
    root = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    const why = cause instanceof SyntaxError ? "it is not JSON" : "it cannot be read";
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new DmError("DM_BAD_CONFIG", `${why} (${detail})`, { cause });
  }
  return record(root, "the file");
}

function readComponent(value: unknown, key: string, folder: string): ComponentSpec {
  const entry = record(value, key);
  checkKeys(entry, key, ["id", "version", "file", "uri", "name", "description"]);
  return {
    id: text(entry["id"], `${key}.id`),
    version: text(entry["version"], `${key}.version`),
    content: readContent(resolve(folder, text(entry["file"], `${key}.file`)), `${key}.file`),
    ...optional(entry, "uri", key),
    ...optional(entry, "name", key),
    ...optional(entry, "description", key),
  };
}

function readContent(path: string, key: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "there is no such file" : String(code ?? cause);
    throw new DmError("DM_BAD_CONFIG", `${key}: cannot read ${path}: ${why}`, { cause });
  }
}

function readNeed(value: unknown, key: string): NeedSpec {
  const entry = record(value, key);
  checkKeys(entry, key, ["id", "version"]);
  return {
    id: text(entry["id"], `${key}.id`),
    version: text(entry["version"], `${key}.version`),
  };
}

function record(value: unknown, key: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  return refuse(key, "must be an object");
}

function checkKeys(entry: object, key: string, known: readonly string[]): void {
  const unknown = Object.keys(entry).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  refuse(key === "" ? unknown : `${key}.${unknown}`, `unknown key; known are ${known.join(", ")}`);
}

function text(value: unknown, key: string): string {
  if (value === undefined) refuse(key, "is missing");
  if (typeof value !== "string") refuse(key, "must be a text");
  return value;
}

function wholeNumber(value: unknown, key: string): number {
  if (value === undefined) refuse(key, "is missing");
  if (typeof value !== "number") refuse(key, "must be a number");
  return value;
}

function optional<Name extends string>(
  entry: Record<string, unknown>, name: Name, key: string,
): { [name in Name]?: string } {
  if (entry[name] === undefined) return {};
  const value = text(entry[name], key === "" ? name : `${key}.${name}`);
  return { [name]: value } as { [name in Name]?: string };
}

/**
 * Checks everything that the profile bounds.
 *
 * @fails DM_BAD_CONFIG  a sentence that names the key at fault
 */
export function checkSpec(spec: DeliverySpec): void {
  const needs = spec.requires ?? [];
  if (!Number.isInteger(spec.sequence) || spec.sequence < 1 || spec.sequence > SEQUENCE_MAX) {
    refuse("sequence", `must be a whole number from 1 to ${SEQUENCE_MAX}`);
  }
  if (spec.vendor === "") refuse("vendor", "is empty");
  if (spec.class === "") refuse("class", "is empty");
  checkBytes(spec.description, "description", DESCRIPTION_BYTES_MAX);
  if (spec.components.length === 0) refuse("components", "needs at least one component");
  if (spec.components.length + needs.length > COMPONENTS_MAX) {
    refuse("components", `together with requires there are more than ${COMPONENTS_MAX}`);
  }
  for (const [index, component] of spec.components.entries()) {
    checkComponent(component, `components[${index}]`);
  }
  for (const [index, need] of needs.entries()) checkNeed(need, `requires[${index}]`);
  checkUnique(spec);
}

function checkComponent(component: ComponentSpec, key: string): void {
  const fault = faultOfId(component.id);
  if (fault !== "") refuse(`${key}.id`, `"${component.id}" ${fault}`);
  if (parseVersion(component.version) === null) {
    refuse(`${key}.version`,
      `"${component.version}" is not major.minor.patch with numbers up to 1023, 1023 and 4095`);
  }
  checkBytes(component.name, `${key}.name`, NAME_BYTES_MAX);
  checkBytes(component.description, `${key}.description`, DESCRIPTION_BYTES_MAX);
  if (component.uri === undefined) return;
  const why = faultOfUri(component.uri);
  if (why !== "") refuse(`${key}.uri`, `"${component.uri}" ${why}`);
}

function checkNeed(need: NeedSpec, key: string): void {
  const fault = faultOfId(need.id);
  if (fault !== "") refuse(`${key}.id`, `"${need.id}" ${fault}`);
  if (parseNeed(need.version) === null) {
    refuse(`${key}.version`, `"${need.version}" is not ">=" with one to three numbers`);
  }
}

function checkUnique(spec: DeliverySpec): void {
  const clash = clashOf(spec.components.map(({ id }) => id));
  if (clash !== null) {
    const [one, other] = clash;
    if (one === other) refuse("components", `"${one}" is there twice`);
    refuse("components", `"${one}" and "${other}": one is a folder of the other`);
  }
  const ids = [...spec.components, ...(spec.requires ?? [])].map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) refuse("requires", `"${twice}" is named twice`);
  const uris = spec.components.flatMap(({ uri }) => (uri === undefined ? [] : [uri]));
  const shared = uris.find((uri, index) => uris.indexOf(uri) !== index);
  if (shared !== undefined) refuse("components", `two of them have the uri "${shared}"`);
}

function checkBytes(value: string | undefined, key: string, bytesMax: number): void {
  if (Buffer.byteLength(value ?? "") > bytesMax) refuse(key, `is longer than ${bytesMax} bytes`);
}

/** Why `uri` cannot be the place of a content, as the rest of a sentence; empty where it can. */
export function faultOfUri(uri: string): string {
  if (uri === "") return "is empty";
  if (uri.length > URI_BYTES_MAX) return `is longer than ${URI_BYTES_MAX} bytes`;
  if (!/^[\x21-\x7e]+$/.test(uri)) return "has a character that is not printable ASCII";
  if (uri.startsWith("#")) return "begins with #, which names a content inside";
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase() ?? "https";
  if (scheme === "https" || scheme === "http") return "";
  return `has the scheme ${scheme}; only https and http are fetched`;
}
