// Cut after cut: a recovery is cut at every operation too, and what comes of that again, until no
// state is new. This covers any number of cuts in a row.
import { beforeAll, describe, expect, it } from "vitest";
import { crash } from "../helpers/world-crash.ts";
import { loadCore } from "../helpers/world.ts";
import { HEALTH_FAILS, SUCCESS } from "./scenarios.ts";

const TIME_MS = 300_000;

beforeAll(loadCore);

/** A set that no boot in three has come to confirm is given up, and that is said. */
const NEVER_CONFIRMED = 1405;
const LIVES = [{ ...SUCCESS, codes: [1200, NEVER_CONFIRMED] }, HEALTH_FAILS];

describe("an install whose recovery is cut again and again", () => {
  it.each(LIVES.map((scenario) => [scenario.name, scenario] as const))(
    "%s: is all old or all new in the end, and the server hears one outcome",
    (_, scenario) => {
      const started = performance.now();
      const { cuts, recoveries, states, faults } = crash(scenario, { repeats: 200, closes: true });
      const seconds = (performance.now() - started) / 1000;
      console.log(
        `any number of cuts, ${scenario.name}: ${cuts} cuts, ${states} states, ${recoveries} `
          + `recoveries, ${Math.round(cuts / seconds)} cuts a second`,
      );
      expect(faults).toEqual([]);
    },
    TIME_MS,
  );
});
