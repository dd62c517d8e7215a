// How much is tried in each tier, in CI and in `npm run powercut`.
import type { Machine } from "../helpers/world-machine.ts";
import { FULL, LEAN, type Modes } from "./cuts.ts";
import { Explorer } from "./engine.ts";
import { tryErrors } from "./errors.ts";
import { rotAll } from "./rot.ts";
import { MetastableExplorer } from "./metastable.ts";
import { type Scenario, statesOf } from "./scenario.ts";
import { scenarioNamed } from "./scenarios.ts";

export const TIERS = ["T0", "T1", "T3", "T4", "TM"] as const;

export interface Effort {
  first: Modes;
  later: Modes;
  /** T0: one failure in so many, and so many places of reads. */
  errors: { each: number; reads: number };
  /** T3: pairs of images with one key. */
  pairs: number;
  /** TM: one point in so many. */
  doubt: number;
  /** T4: one bit in so many; of these, one in so many is lived on from. */
  rot: { each: number; ends: number };
}

export interface Report {
  tier: string;
  scenario: string;
  points: number;
  states: number;
  cases: number;
  images: number;
  lives: number;
  seconds: number;
  faults: string[];
}

/** The least that still goes through every point. */
const SPARE: Modes = { all: 2, singles: 4, seeds: 2, tears: 33 };

/** @param isQuick  the share of CI */
export function effortOf(isQuick: boolean): Effort {
  if (isQuick) {
    return {
      first: LEAN, later: SPARE, errors: { each: 37, reads: 8 }, pairs: 10, doubt: 3,
      rot: { each: 2003, ends: 11 },
    };
  }
  return {
    first: FULL, later: LEAN, errors: { each: 1, reads: 30 }, pairs: 100, doubt: 1,
    rot: { each: 97, ends: 101 },
  };
}

export function check(machine: Machine, name: string, tier: string, effort: Effort): Report {
  const scenario = scenarioNamed(name);
  const setting = { scenario, machine, states: statesOf(scenario) };
  const none = { tier, scenario: name, points: 0, states: 0, images: 0, lives: 0 };
  if (tier === "T0") return { ...none, ...tryErrors(setting, effort.errors) };
  if (tier === "T4") return { ...none, ...rot(machine, scenario, effort) };
  if (tier === "TM") return { tier, ...new MetastableExplorer(setting, effort.doubt).run() };
  const explorer = explore(machine, scenario, effort, tier === "T3");
  return { tier, ...explorer.run() };
}

function explore(
  machine: Machine, scenario: Scenario, effort: Effort, closes: boolean,
): Explorer {
  const setting = { scenario, machine, states: statesOf(scenario) };
  const isLong = scenario.isLong === true;
  const first = closes || isLong ? effort.later : effort.first;
  return new Explorer(setting, {
    first: isLong ? SPARE : first, later: isLong ? SPARE : effort.later, closes,
    pairs: 97, pairsMax: effort.pairs, faultsMax: 8,
  });
}

function rot(machine: Machine, scenario: Scenario, effort: Effort) {
  const setting = { scenario, machine, states: statesOf(scenario) };
  const explorer = explore(machine, scenario, { ...effort, first: SPARE, later: SPARE }, true);
  const images = explorer.collectImages();
  const found = rotAll(setting, images, effort.rot.each, effort.rot.ends);
  const faults = found.faults.map((text) => `${text}\n  scenario ${scenario.name}`);
  return {
    cases: found.bits, states: images.length, images: found.same, lives: found.degraded,
    seconds: found.seconds, faults,
  };
}
