// One cut at every operation, in every mode.
import { beforeAll, describe, expect, it } from "vitest";
import { crash, deviceOf, faultsAtEnd, worldOf } from "../helpers/world-crash.ts";
import { BUILDS } from "../helpers/module.ts";
import { loadCore } from "../helpers/world.ts";
import { SCENARIOS } from "./scenarios.ts";

/** Of cuts with the same remains, one in so many is recovered too; POWERCUT_ALL=1: all. */
const REPEATS = process.env["POWERCUT_ALL"] === "1" ? 1 : 16;
const TIME_MS = 120_000;

beforeAll(loadCore);

describe.each(BUILDS)("an install without a cut, %s build", (build) => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    "%s: ends all old or all new, and the server knows which",
    (_, scenario) => {
      const behaviour = scenario.behaviour?.() ?? {};
      const world = worldOf(scenario, deviceOf(scenario), { build, behaviour });
      const err = world.finish();
      expect(faultsAtEnd(scenario, world, err)).toEqual([]);
      const codes = new Set(world.server.state.results.map(({ code }) => code));
      const worst = Math.max(...scenario.codes);
      if (worst > 1200) expect([...codes].at(-1)).toBe(worst);
    },
  );
});

describe("an install with a cut at any point", () => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    "%s: is all old or all new afterwards, and the server hears one outcome",
    (_, scenario) => {
      const started = performance.now();
      const { cuts, recoveries, states, faults } = crash(scenario, { repeats: REPEATS });
      const seconds = (performance.now() - started) / 1000;
      console.log(
        `single cuts, ${scenario.name}: ${cuts} cuts, ${states} states, ${recoveries} recoveries, `
          + `${Math.round(cuts / seconds)} cuts a second`,
      );
      expect(faults).toEqual([]);
    },
    TIME_MS,
  );
});
