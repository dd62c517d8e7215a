// One bit of the journal changes in any state that cuts can leave: the device says the same, or
// knows that it does not, or says once more what it has said. A sample of what `npm run powercut`
// tries.
import { beforeAll, describe, expect, it } from "vitest";
import { Machine } from "../helpers/world-machine.ts";
import { loadCore } from "../helpers/world.ts";
import { check, effortOf } from "./proof.ts";

const TIME_MS = 240_000;
const EFFORT = effortOf(true);

beforeAll(loadCore);

describe("a bit of the journal changes", () => {
  it.each([["success"], ["health fails"]])(
    "%s: the same, or degraded, and never a mixture",
    (name) => {
      const { cases, faults } = check(new Machine("build/core.wasm"), name, "T4", EFFORT);
      expect(faults).toEqual([]);
      expect(cases).toBeGreaterThan(100);
    },
    TIME_MS,
  );
});
