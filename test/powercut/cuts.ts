// Ways in which the power goes at one point of a life: which of the changes that wait for a barrier
// have happened, and how much of the one in flight. Each has a short name, from which it can be
// made again.
import { noiseOf, randomOf } from "../../host/storage/cuttable.ts";
import { type Change, JOURNAL_AREAS } from "../helpers/world-medium.ts";

const ERASED = 0xff;
/** How much of a slot's erase a torn one does at most: the first block of a device. */
const BLOCK_BYTES = 1024;

/** How many ways are tried. */
export interface Modes {
  /** Up to so many waiting changes every subset. */
  all: number;
  /** Above that, so many single omissions and prefixes at most, spread evenly. */
  singles: number;
  /** And so many subsets drawn by lot. */
  seeds: number;
  /** A journal record is torn at one byte in so many. */
  tears: number;
}

/** The fault model as it is written down. */
export const FULL: Modes = { all: 6, singles: Infinity, seeds: 64, tears: 1 };
/** For many lives. */
export const LEAN: Modes = { all: 3, singles: 12, seeds: 6, tears: 9 };

/** Which waiting changes: `n`one, `a`ll, all but one, first ones, by seed, by mask. */
export interface Subset {
  kind: "n" | "a" | "o" | "f" | "s" | "m";
  value: number;
}

/** The change in flight: not begun, done, or torn at a place, the rest untouched or noise. */
export interface Flight {
  kind: "-" | "+" | "t" | "x";
  value: number;
}

export interface Cut {
  subset: Subset;
  flight: Flight;
}

export const nameOf = ({ subset, flight }: Cut): string =>
  `${subset.kind}${"na".includes(subset.kind) ? "" : subset.value}`
  + `${flight.kind}${"-+".includes(flight.kind) ? "" : flight.value}`;

export function cutNamed(name: string): Cut {
  const found = /^([naofsm])(\d*)([-+tx])(\d*)$/.exec(name);
  if (!found) throw new Error(`there is no cut ${name}`);
  const [, kind, value, flight, place] = found;
  return {
    subset: { kind: kind as Subset["kind"], value: Number(value) },
    flight: { kind: flight as Flight["kind"], value: Number(place) },
  };
}

export function keeps({ kind, value }: Subset, index: number): boolean {
  switch (kind) {
    case "n":
      return false;
    case "a":
      return true;
    case "o":
      return index !== value;
    case "f":
      return index < value;
    case "m":
      return ((value >> index) & 1) === 1;
    default:
      return (randomOf(value * 7919 + index)() & 1) === 1;
  }
}

const spread = (count: number, most: number): number[] => {
  const step = Math.max(1, Math.ceil(count / most));
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => index * step);
};

const subsetsKnown = new Map<string, readonly Subset[]>();

/** Subsets of `count` waiting changes that are tried. */
export function subsetsOf(count: number, modes: Modes): readonly Subset[] {
  const key = `${count} ${modes.all} ${modes.singles} ${modes.seeds}`;
  let subsets = subsetsKnown.get(key);
  if (!subsets) subsetsKnown.set(key, (subsets = makeSubsets(count, modes)));
  return subsets;
}

function makeSubsets(count: number, { all, singles, seeds }: Modes): Subset[] {
  const subsets: Subset[] = [{ kind: "n", value: 0 }];
  if (count > 0) subsets.push({ kind: "a", value: 0 });
  if (count < 2) return subsets;
  if (count <= all) {
    for (let mask = 1; mask < (1 << count) - 1; mask++) subsets.push({ kind: "m", value: mask });
    return subsets;
  }
  for (const value of spread(count, singles)) subsets.push({ kind: "o", value });
  for (const value of spread(count, singles)) if (value > 0) subsets.push({ kind: "f", value });
  for (let value = 1; value <= seeds; value++) subsets.push({ kind: "s", value });
  return subsets;
}

/** Ways to tear a change. */
export function tearsOf({ area, bytes }: Change, modes: Modes): Flight[] {
  const kinds = ["t", "x"] as const;
  if (!bytes) {
    return [1, 2, 3, 4, 5, 6, 7].map((value) => ({ kind: value % 2 ? "x" : "t", value }));
  }
  const { length } = bytes;
  const part = (share: number) => Math.floor(length * share);
  const places = area < JOURNAL_AREAS
    ? Array.from({ length: Math.ceil((length - 1) / modes.tears) }, (_, i) => 1 + i * modes.tears)
    : [1, part(0.25), part(0.5), part(0.75), length - 1];
  const inside = [...new Set(places)].filter((value) => value > 0 && value < length);
  return kinds.flatMap((kind) => inside.map((value) => ({ kind, value })));
}

/**
 * What a torn change does to its area: noise is any mixture of old and new bits, the same for the
 * same place.
 */
export function partOf(change: Change, flight: Flight, held: Uint8Array): Change | undefined {
  if (flight.kind === "-") return undefined;
  if (flight.kind === "+") return change;
  const { area, offset, bytes } = change;
  const whole = bytes ?? erasedOf(area, held.length - offset);
  const done = bytes ? flight.value : Math.floor((whole.length * flight.value) / 8);
  if (flight.kind === "t") return { area, offset, bytes: whole.subarray(0, done) };
  return { area, offset, bytes: noiseOf(whole, held.subarray(offset), done, offset) };
}

function erasedOf(area: number, length: number): Uint8Array {
  const byteCount = area < JOURNAL_AREAS ? length : Math.min(length, BLOCK_BYTES);
  return new Uint8Array(byteCount).fill(ERASED);
}
