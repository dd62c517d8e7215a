// What a recovery can see of an image, as a key: without what depends on generation and sequence,
// so two images with one key behave alike. And the same for the rules of `invariants.ts`.
import { textOfTold, entriesOf, type Told } from "../helpers/world-journal.ts";
import { JOURNAL_AREAS } from "../helpers/world-medium.ts";
import { type Image, sha256 } from "../helpers/world.ts";
import type { Entry, Heard, Open, Seen } from "./invariants.ts";
import { lanesOf, PrintTable, printOf } from "./prints.ts";
import { type Journal, Regions } from "./regions.ts";

const NO_SLOT = 0xff;
const OF_PLAN = 0x8000;

const u16 = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8);
const u32 = (bytes: Uint8Array, at: number): number =>
  (u16(bytes, at) | (u16(bytes, at + 2) << 16)) >>> 0;

/** Nodes that one command, or one Atomic, makes all at once. */
export interface Unit {
  name: string;
  /** Names of nodes below Download. */
  nodes: readonly string[];
}

/** What the records alone say. */
type Part = Pick<Seen, "inventory" | "open" | "owed" | "kept">;

export class States {
  private readonly regions: Regions;
  private readonly slots = new PrintTable();
  private readonly parts = new Map<string, Part>();
  private readonly digests = new Map<string, string>();
  private readonly texts = new Map<string, string>();

  /** @param whole  everything that a slot may hold whole */
  constructor(
    writeUnit: number,
    private readonly whole: readonly Uint8Array[],
    private readonly units: readonly Unit[] = [],
    /** First of those contents that are alike: only how many of them there are counts. */
    private readonly alikeFrom = Infinity,
  ) {
    this.regions = new Regions(writeUnit);
  }

  journal(areas: readonly Uint8Array[], prints = this.printsOf(areas)): Journal {
    return this.regions.read(areas, [prints[0]!, prints[1]!]);
  }

  printsOf(areas: readonly Uint8Array[]): number[] {
    return areas.map((bytes, area) => printOf(lanesOf(area, bytes)));
  }

  /** @param prints  of the areas, where they are known */
  key(
    { areas, outside, server }: Image, prints = this.printsOf(areas),
    context = contextOf({ outside, server }),
  ): string {
    const journal = this.journal(areas, prints);
    let text = this.texts.get(journal.signature);
    if (text === undefined) {
      text = journal.told ? textOfTold(journal.told) : journal.signature;
      this.texts.set(journal.signature, (text = sha256(Buffer.from(text))));
    }
    const marks = `${journal.isDegraded ? "d" : ""}${journal.hasPassedOver ? "p" : ""}`;
    let key = `${text} ${journal.flags}${marks}`;
    let alike = 0;
    for (let area = JOURNAL_AREAS; area < areas.length; area++) {
      const content = this.contentOf(areas[area]!, prints[area]!);
      if (content > this.alikeFrom) alike++;
      key += ` ${content > this.alikeFrom ? 0 : content}`;
    }
    return `${key} ${alike}${this.begunOf(journal.told, areas)} ${context}`;
  }

  /**
   * Of a payload that is recorded as begun: which content its first bytes are those of. Any other
   * are found to be wrong at its end.
   */
  private begunOf(told: Told | undefined, areas: readonly Uint8Array[]): string {
    if (!told?.progress || !told.operation) return "";
    const entry = entriesOf(told.operation)[told.progress[0]!]!;
    const offset = u32(told.progress, 1);
    const begun = areas[JOURNAL_AREAS + entry[2]!]!.subarray(0, offset);
    const found = this.whole.findIndex((bytes) =>
      bytes.length > offset && Buffer.compare(bytes.subarray(0, offset), begun) === 0);
    return ` begun ${found}`;
  }

  /** Which of all contents a slot holds; anything else is as good as nothing. */
  private contentOf(slot: Uint8Array, print: number): number {
    let found = this.slots.get(print);
    if (found < 0) {
      found = 1 + this.whole.findIndex((bytes) =>
        bytes.length <= slot.length
        && Buffer.compare(bytes, slot.subarray(0, bytes.length)) === 0);
      this.slots.set(print, found);
    }
    return found;
  }

  seen({ areas, server }: Pick<Image, "areas" | "server">, prints = this.printsOf(areas)): Seen {
    const { told, generation, isDegraded, flags, signature } = this.journal(areas, prints);
    const base = { generation, isDegraded, isDoubtful: (flags & 1) === 1 };
    const digestOf = (slot: number, byteCount: number): string => {
      const key = `${prints[JOURNAL_AREAS + slot]} ${byteCount}`;
      let digest = this.digests.get(key);
      if (digest === undefined) {
        digest = sha256(areas[JOURNAL_AREAS + slot]!.subarray(0, byteCount));
        this.digests.set(key, digest);
      }
      return digest;
    };
    return { ...base, digestOf, ...this.partOf(told, signature), ...this.unitsOf(told, server) };
  }

  private partOf(told: Told | undefined, signature: string): Part {
    let part = this.parts.get(signature);
    if (part) return part;
    part = !told ? { inventory: [], open: null, owed: [], kept: [] } : {
      inventory: [...told.entries.values()].map((bytes) => entryOf(bytes, told, false)),
      open: told.operation && openOf(told.operation, told),
      owed: told.outcomes.map((bytes) => ({ id: u32(bytes, 0), code: u16(bytes, 8) })),
      kept: [...told.packages.values()].map((bytes) => bytes[2]!),
    };
    this.parts.set(signature, part);
    return part;
  }

  private unitsOf(
    told: Told | undefined, { accepted }: Image["server"],
  ): Pick<Seen, "missing" | "halves"> {
    if (this.units.length === 0 || !told) return { missing: [], halves: [] };
    const names = new Set([...told.nodes.values()].map(nodeName));
    const counts = this.units.map(({ name, nodes }) =>
      ({ name, size: nodes.length, count: nodes.filter((node) => names.has(node)).length }));
    const isDone = (name: string) => accepted.includes(`${name} done`);
    return {
      halves: counts.filter(({ count, size }) => count > 0 && count < size).map(({ name }) => name),
      missing: counts.filter(({ name, count }) => count === 0 && isDone(name))
        .map(({ name }) => name),
    };
  }
}

/** What is around a device, as a text. */
export function contextOf({ outside, server }: Pick<Image, "outside" | "server">): string {
  const results = server.results.map(({ count: _, ...result }) => result);
  const sorted = Object.entries(outside).sort(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([sorted, results, server.accepted, server.refused]);
}

export const heardOf = ({ results }: Image["server"]): Heard[] =>
  results.map(({ source, correlator, code }) => ({ source, correlator, code }));

function nodeName(payload: Uint8Array): string {
  return Buffer.from(payload.subarray(16, 16 + payload[6]!)).toString();
}

function openOf(operation: Uint8Array, told: Told): Open {
  return {
    id: u32(operation, 0),
    state: (["planned", "committed", "rolling"] as const)[operation[6]!]!,
    attempts: operation[7]!,
    entries: entriesOf(operation).map((bytes) => entryOf(bytes, told, true)),
  };
}

function entryOf(bytes: Uint8Array, told: Told, isPlanned: boolean): Entry {
  const component = u16(bytes, 0);
  const text = (isPlanned ? told.texts.get(component | OF_PLAN) : undefined)
    ?? told.texts.get(component);
  return {
    component,
    name: text ? nameOf(text) : `component ${component}`,
    slot: bytes[2] === NO_SLOT ? -1 : bytes[2]!,
    isActive: (bytes[3]! & 1) !== 0,
    isDirty: (bytes[3]! & 4) !== 0,
    isRemoved: (bytes[3]! & 8) !== 0,
    floor: u32(bytes, 8),
    bytes: u32(bytes, 12),
    digest: Buffer.from(bytes.subarray(16, 48)).toString("hex"),
  };
}

/** ID and version of a TEXT without its first field. */
function nameOf(text: Uint8Array): string {
  const [id, name, version] = [u16(text, 0), u16(text, 2), u16(text, 4)];
  const take = (from: number, byteCount: number) =>
    Buffer.from(text.subarray(from, from + byteCount)).toString();
  return `${take(10, id)} ${take(10 + id + name, version)}`;
}

