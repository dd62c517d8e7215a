// Storage that fails: each call once or for good, with its effect, without it, or with half of it.
import { beforeAll, describe, expect, it } from "vitest";
import { Err } from "../../assembly/abi/codes.ts";
import {
  deviceOf,
  faultsAtEnd,
  faultsOfInventory,
  type Scenario,
  worldOf,
} from "../helpers/world-crash.ts";
import * as look from "../../host/core/look.ts";
import type { Call, Fault } from "../helpers/world-medium.ts";
import { type Image, loadCore, type World } from "../helpers/world.ts";
import { HEALTH_FAILS, SCENARIOS, SUCCESS } from "./scenarios.ts";

const TIME_MS = 240_000;
/** Of the failures in lives other than the plain one, one in so many is tried. */
const EACH = process.env["POWERCUT_ALL"] === "1" ? 1 : 3;
/** How many of the reads of each kind fail; POWERCUT_ALL=1: every one. */
const READS = process.env["POWERCUT_ALL"] === "1" ? Infinity : 60;
const CALLS: readonly Call[] = ["read", "write", "erase", "sync"];
const EFFECTS: readonly Fault["effect"][] = ["none", "half", "done"];

beforeAll(loadCore);

/** Which calls fail: the `at`th of its kind, or all from there on. */
interface Plan {
  call: Call;
  isJournal: boolean;
  at: number;
  forGood: boolean;
  fault: Fault;
}

function arm(world: World, plan: Plan): void {
  let count = 0;
  world.medium.faultOf = (call, area) => {
    const isMeant = call === plan.call && (call === "sync" || area < 2 === plan.isJournal);
    if (!isMeant) return undefined;
    count++;
    return count === plan.at || (plan.forGood && count > plan.at) ? plan.fault : undefined;
  };
}

/** How often each call comes in a life without failures. */
function countCalls(scenario: Scenario, device: Image): Map<string, number> {
  const world = worldOf(scenario, device, { behaviour: scenario.behaviour?.() ?? {} });
  const counts = new Map<string, number>();
  world.medium.faultOf = (call, area) => {
    const key = `${call} ${area < 2}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    return undefined;
  };
  world.finish();
  return counts;
}

function plansFor(scenario: Scenario, device: Image): Plan[] {
  const counts = countCalls(scenario, device);
  const kinds = CALLS.flatMap((call) =>
    (call === "sync" ? [true] : [true, false]).map((isJournal) => ({ call, isJournal })));
  return kinds.flatMap(({ call, isJournal }) => {
    const total = counts.get(`${call} ${isJournal}`) ?? 0;
    const isRead = call === "read";
    // Reads are many, and much alike: a sample of them.
    const step = isRead ? Math.max(1, Math.floor(total / READS)) : 1;
    const places = Array.from({ length: Math.ceil(total / step) }, (_, i) => 1 + i * step);
    const effects = isRead ? (["none"] as const) : EFFECTS;
    return places.flatMap((at) =>
      effects.flatMap((effect) =>
        [false, true].map((forGood) => {
          return { call, isJournal, at, forGood, fault: { err: Err.Storage, effect } };
        })));
  });
}

/** The life until nothing more happens, with failures; then restarted on what is surely there. */
function faultsWith(scenario: Scenario, device: Image, plan: Plan): string[] {
  const world = worldOf(scenario, device, { behaviour: scenario.behaviour?.() ?? {} });
  arm(world, plan);
  const faults: string[] = [];
  let wasDegraded = false;
  for (let runs = 0; runs < 2; runs++) {
    world.connect();
    wasDegraded ||= look.health(world.core).isDegraded;
  }
  const before = structuredClone(world.server.state.results);
  // What was not synced may be there or not.
  for (const isKept of [false, true]) {
    const { outside, server } = world.image();
    const areas = isKept ? world.medium.live : world.medium.durable;
    const next = worldOf(scenario, { areas, outside, server });
    if (next.boot() !== Err.Ok) faults.push("there is no device any more");
    else faults.push(...faultsOfInventory(scenario, next));
    const err = next.finish();
    // What could not be read may have been refused, and then nothing was begun.
    if (next.server.state.refused.length > 0) faults.push(...faultsOfRefusal(next));
    else faults.push(...faultsAtEnd(scenario, next, err));
    for (const { code, ...result } of before) {
      const later = next.server.state.results.filter((each) =>
        each.source === result.source && each.correlator === result.correlator);
      if (later.some((each) => each.code !== code)) faults.push(`${code} was taken back`);
    }
  }
  // A region that could not be read is taken for lost: what it decided may be taken back, and the
  // device knows it.
  return wasDegraded ? faults.filter((text) => !/reported|taken back/.test(text)) : faults;
}

function faultsOfRefusal({ server }: World): string[] {
  const { results, refused } = server.state;
  const isBoth = refused.some(({ exec }) =>
    results.some(({ correlator, source }) => exec === `${correlator} ${source}`));
  return isBoth ? ["an Exec was refused and reported"] : [];
}

/** With a storage that fails an install may fail for many reasons; never as a rollback that did. */
const FAILURES = [1402, 1404, 1405, 1406, 1407, 1412];

function run(given: Scenario): { count: number; faults: string[] } {
  const scenario = { ...given, codes: [1200, ...FAILURES] };
  const device = deviceOf(scenario);
  const faults: string[] = [];
  let count = 0;
  for (const [index, plan] of plansFor(scenario, device).entries()) {
    // Other lives than the plain one share most of its calls.
    if (index % EACH !== 0 && given !== SUCCESS) continue;
    count++;
    const { call, isJournal, at, forGood, fault } = plan;
    const where = `${isJournal ? "journal" : "slot"} ${call} ${at}${forGood ? " and on" : ""}`;
    const found = (() => {
      try {
        return faultsWith(scenario, device, plan);
      } catch (error) {
        return [String(error)];
      }
    })();
    faults.push(...found.map((text) => `${where}, effect ${fault.effect}: ${text}`));
  }
  return { count, faults };
}

const LIVES = [SUCCESS, HEALTH_FAILS, ...SCENARIOS.slice(2, 4)];

describe("storage that fails", () => {
  it.each(LIVES.map((each) => [each.name, each] as const))(
    "%s: never mixes old and new, and tells the truth",
    (_, scenario) => {
      const started = performance.now();
      const { count, faults } = run(scenario);
      const seconds = (performance.now() - started) / 1000;
      const rate = Math.round(count / seconds);
      console.log(`errors, ${scenario.name}: ${count} cases, ${rate} a second`);
      expect(faults.slice(0, 20)).toEqual([]);
    },
    TIME_MS,
  );
});
