import { decodeCbor } from "./cbor.ts";
import { Command, Comparison, Parameter, readDigest } from "./suit.ts";
import { isInRange } from "./version.ts";

/** What the sequences of a manifest say about one component. */
export interface Entry {
  readonly id: string;
  /** Parameters set so far: each at most once for a component. */
  readonly parameters: Map<number, unknown>;
  /** Conditions that were written for it. */
  readonly checked: Set<number>;
  fetches: number;
  version: { comparison: number; numbers: number[] } | null;
  vendor?: Uint8Array;
  class?: Uint8Array;
  digest?: Uint8Array;
  bytes?: number;
  uri?: string;
}

/** Parameter that each condition compares with, and that fetch needs. */
const NEEDED: { readonly [command: number]: Parameter } = {
  [Command.VendorIdentifier]: Parameter.Vendor,
  [Command.ClassIdentifier]: Parameter.Class,
  [Command.ImageMatch]: Parameter.ImageDigest,
  [Command.VersionCondition]: Parameter.Version,
  [Command.Fetch]: Parameter.Uri,
};

/**
 * Reads one sequence into the entries. Nothing is executed: the profile allows only settings,
 * conditions and the fetch, so their effect is what they say.
 *
 * @fails Error  a sentence; the entries hold what was read until then
 */
export function runSequence(
  kind: { readonly name: string; readonly commands: readonly number[] },
  content: Uint8Array,
  entries: readonly Entry[],
): void {
  const items = decodeCbor(content, kind.name);
  if (!Array.isArray(items) || items.length === 0 || items.length % 2 !== 0) {
    throw new Error(`${kind.name}: is not a list of command and argument pairs`);
  }
  // A single component is current without being selected.
  let selected = entries.length === 1 ? [...entries] : [];
  for (let index = 0; index < items.length; index += 2) {
    const command: unknown = items[index];
    if (typeof command !== "number" || !kind.commands.includes(command)) {
      throw new Error(`${kind.name}: command ${String(command)} is not of the profile`);
    }
    if (command === Command.SetIndex) selected = select(items[index + 1], entries, kind.name);
    else runCommand(command, items[index + 1], selected, kind.name);
  }
}

function select(index: unknown, entries: readonly Entry[], name: string): Entry[] {
  if (index === true) return [...entries];
  const indexes: unknown[] = Array.isArray(index) ? index : [index];
  if (indexes.length === 0) throw new Error(`${name}: selects no component`);
  return indexes.map((number) => {
    const entry = typeof number === "number" ? entries[number] : undefined;
    if (entry === undefined) throw new Error(`${name}: there is no component ${String(number)}`);
    return entry;
  });
}

function runCommand(
  command: number, argument: unknown, selected: readonly Entry[], name: string,
): void {
  if (selected.length === 0) throw new Error(`${name}: a command before any component is selected`);
  if (command === Command.Override) {
    for (const entry of selected) setParameters(entry, argument, name);
    return;
  }
  if (typeof argument !== "number" || argument < 0 || argument > 15) {
    throw new Error(`${name}: command ${command} has no reporting policy`);
  }
  const needed = NEEDED[command] ?? 0;
  for (const entry of selected) {
    if (!entry.parameters.has(needed)) {
      throw new Error(`${name}: "${entry.id}" has command ${command} before parameter ${needed}`);
    }
    entry.checked.add(command);
    if (command === Command.Fetch) entry.fetches += 1;
  }
}

function setParameters(entry: Entry, argument: unknown, name: string): void {
  if (!(argument instanceof Map) || argument.size === 0) {
    throw new Error(`${name}: parameters are not a map`);
  }
  for (const [key, value] of argument as Map<unknown, unknown>) {
    if (typeof key !== "number") throw new Error(`${name}: a parameter's key is not a number`);
    if (entry.parameters.has(key)) {
      throw new Error(`${name}: parameter ${key} of "${entry.id}" is set twice`);
    }
    entry.parameters.set(key, value);
    setParameter(entry, key, value);
  }
}

function setParameter(entry: Entry, key: Parameter, value: unknown): void {
  const what = `parameter ${key} of "${entry.id}"`;
  switch (key) {
    case Parameter.Vendor:
      entry.vendor = uuid(value, what);
      return;
    case Parameter.Class:
      entry.class = uuid(value, what);
      return;
    case Parameter.ImageDigest:
      entry.digest = readDigest(decodeCbor(bytes(value, what), what), what);
      return;
    case Parameter.ImageSize:
      if (typeof value !== "number" || value < 0) throw new Error(`${what} is not a size`);
      entry.bytes = value;
      return;
    case Parameter.Uri:
      if (typeof value !== "string") throw new Error(`${what} is not a text`);
      entry.uri = value;
      return;
    case Parameter.Version:
      entry.version = readVersion(decodeCbor(bytes(value, what), what), what);
      return;
    default:
      throw new Error(`${what} is not of the profile`);
  }
}

function bytes(value: unknown, what: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new Error(`${what} is not a byte string`);
}

function uuid(value: unknown, what: string): Uint8Array {
  if (value instanceof Uint8Array && value.length === 16) return value;
  throw new Error(`${what} is not a UUID`);
}

function readVersion(value: unknown, what: string): { comparison: number; numbers: number[] } {
  const pair: unknown[] = Array.isArray(value) && value.length === 2 ? value : [];
  const [comparison, numbers] = pair;
  if (comparison !== Comparison.Equal && comparison !== Comparison.AtLeast) {
    throw new Error(`${what} compares in a way that is not of the profile`);
  }
  const isList = Array.isArray(numbers) && numbers.length >= 1 && numbers.length <= 3;
  if (!isList || !isInRange(numbers as number[])) {
    throw new Error(`${what} is not one to three numbers in range`);
  }
  return { comparison, numbers: numbers as number[] };
}
