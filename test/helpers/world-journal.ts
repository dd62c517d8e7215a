// What a journal says, put together from its records a second time: by docs/journal-format.md, not
// by the core.
import { readJournal } from "./journal.ts";
import { JOURNAL_AREAS } from "./world-medium.ts";

const HEADER_BYTES = 16;
const ENTRY_BYTES = 48;
const OF_PLAN = 0x8000;
/** Bits of an entry's flags that are kept when a plan comes into force. */
const IN_FORCE = 0x0f;

const DIRTY = 0x04;
const REMOVED = 0x08;
const NO_SLOT = 0xff;
/** Offset of the floor in an entry. */
const FLOOR = 8;
/** Bit of the reason of an OUTCOME: the old set could not be brought back. */
const INCONSISTENT = 0x80;

/** Payloads by the number that they begin with. */
type Table = Map<number, Uint8Array>;

export interface Told {
  nodes: Table;
  entries: Table;
  /** Those of a plan have bit 15 of the component set. */
  texts: Table;
  packages: Table;
  jobs: Uint8Array[];
  outcomes: Uint8Array[];
  /** Header and entries of the open operation. */
  operation: Uint8Array | null;
  /** The last PROGRESS of it. */
  progress: Uint8Array | null;
}

const u16 = (bytes: Uint8Array, offset = 0): number => bytes[offset]! | (bytes[offset + 1]! << 8);
const u32 = (bytes: Uint8Array, offset = 0): number =>
  (u16(bytes, offset) | (u16(bytes, offset + 2) << 16)) >>> 0;

export function entriesOf(operation: Uint8Array): Uint8Array[] {
  return Array.from({ length: operation[4]! }, (_, index) => {
    const start = HEADER_BYTES + index * ENTRY_BYTES;
    return operation.slice(start, start + ENTRY_BYTES);
  });
}

/** What the current region says; undefined where there is none. */
export function tellJournal(areas: readonly Uint8Array[], writeUnit = 1): Told | undefined {
  const journal = readJournal(areas.slice(0, JOURNAL_AREAS), writeUnit);
  return journal && tellRecords(journal.records);
}

/** What records that count say, in their order. */
export function tellRecords(records: readonly { type: number; payload: Uint8Array }[]): Told {
  const told: Told = {
    nodes: new Map(),
    entries: new Map(),
    texts: new Map(),
    packages: new Map(),
    jobs: [],
    outcomes: [],
    operation: null,
    progress: null,
  };
  for (const { type, payload } of records) take(told, type, payload);
  return told;
}

function take(told: Told, type: number, payload: Uint8Array): void {
  switch (type) {
    case 0x02:
      told.entries.set(u16(payload), payload);
      break;
    case 0x03:
    case 0x10:
      told.operation = payload.slice();
      told.progress = null;
      break;
    case 0x04:
      told.outcomes.push(payload);
      break;
    case 0x06:
      told.texts.set(u16(payload), payload.subarray(2));
      break;
    case 0x07:
      told.packages.set(u16(payload), payload);
      break;
    case 0x08:
      told.jobs.push(payload);
      break;
    case 0x15:
      told.outcomes = told.outcomes.filter((outcome) => u32(outcome) !== u32(payload));
      told.jobs = told.jobs.filter((job) => u32(job, 4) !== u32(payload));
      break;
    case 0x20:
      told.nodes.set(u16(payload), payload);
      break;
    case 0x21:
      removeNode(told.nodes, u16(payload));
      break;
    default:
      takeStep(told, type, payload);
  }
}

function removeNode(nodes: Table, node: number): void {
  for (const [child, payload] of nodes) if (u16(payload, 2) === node) removeNode(nodes, child);
  nodes.delete(node);
}

/** COMMIT, ROLLBACK, OUTCOME, PROGRESS. */
function takeStep(told: Told, type: number, payload: Uint8Array): void {
  const { operation } = told;
  if (!operation) throw new Error(`record ${type} without an operation`);
  told.progress = type === 0x16 ? payload : null;
  if (type === 0x11) operation.set([1, 0], 6);
  if (type === 0x13) operation.set([2, 0, ...payload], 6);
  if (type !== 0x14) return;
  const entries = entriesOf(operation);
  const named = entries.flatMap((entry) => [entry[0]!, entry[3]! >> 4]);
  const id = operation.subarray(0, 4);
  const ended = payload.subarray(0, 4);
  told.outcomes.push(Uint8Array.of(...id, ...id, ...ended, entries.length, ...named));
  for (const entry of entries) if (operation[6] === 1) enter(told, entry);
  if (payload[3]! & INCONSISTENT) for (const entry of entries) mark(told, entry);
  for (const key of told.texts.keys()) if (key & OF_PLAN) told.texts.delete(key);
  told.operation = null;
}

/** The outside may not be what the inventory says; what was not there before is gone from it. */
function mark(told: Told, entry: Uint8Array): void {
  const component = u16(entry);
  const inForce = told.entries.get(component)?.slice();
  if (inForce) {
    inForce[3]! |= DIRTY;
    told.entries.set(component, inForce);
    return;
  }
  const gone = entry.slice();
  gone.set([NO_SLOT, DIRTY | REMOVED], 2);
  gone.fill(0, FLOOR, FLOOR + 4);
  told.entries.set(component, gone);
  const text = told.texts.get(component | OF_PLAN);
  if (text) told.texts.set(component, text);
}

function enter(told: Told, entry: Uint8Array): void {
  const component = u16(entry);
  const inForce = entry.slice();
  inForce[3]! &= IN_FORCE;
  told.entries.set(component, inForce);
  const text = told.texts.get(component | OF_PLAN);
  if (text) told.texts.set(component, text);
}

/**
 * The same for two journals that say the same. Numbers of jobs and operations depend on the
 * generation, so they count by their order only.
 */
export function textOfTold(told: Told): string {
  const ranks = new Map<number, number>();
  const renumber = (payload: Uint8Array, offsets: readonly number[]): Uint8Array => {
    const copy = payload.slice();
    for (const offset of offsets) {
      const number = u32(copy, offset);
      if (!ranks.has(number)) ranks.set(number, ranks.size + 1);
      copy.set([ranks.get(number)!, 0, 0, 0], offset);
    }
    return copy;
  };
  const table = (entries: Table): string[] =>
    [...entries]
      .sort(([left], [right]) => left - right)
      .map(([key, payload]) => `${key}=${Buffer.from(payload).toString("base64")}`);
  const list = (payloads: readonly Uint8Array[]): string[] =>
    payloads.map((payload) => Buffer.from(payload).toString("base64"));
  const jobs = told.jobs.map((job) => renumber(job, [0, 4]));
  const outcomes = told.outcomes.map((outcome) => renumber(outcome, [0, 4]));
  const operation = told.operation ? [renumber(told.operation, [0])] : [];
  return JSON.stringify([
    table(told.nodes),
    table(told.entries),
    table(told.texts),
    table(told.packages),
    list(jobs),
    list(outcomes),
    list(operation),
    list(told.progress ? [told.progress] : []),
  ]);
}
