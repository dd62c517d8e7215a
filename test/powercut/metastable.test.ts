// Cells that a cut has left half written and that read otherwise at the next boot: a sample of what
// `npm run powercut -- --tier TM` tries.
import { beforeAll, describe, expect, it } from "vitest";
import { Machine } from "../helpers/world-machine.ts";
import { loadCore } from "../helpers/world.ts";
import { check, effortOf } from "./proof.ts";

const TIME_MS = 240_000;

beforeAll(loadCore);

describe("cells that read otherwise at the next boot", () => {
  it.each([["success"], ["tree in an Atomic"]])(
    "%s: is all old or all new, whatever stays of what no barrier has seen",
    (name) => {
      const { cases, faults } = check(new Machine("build/core.wasm"), name, "TM", effortOf(true));
      expect(faults).toEqual([]);
      expect(cases).toBeGreaterThan(1000);
    },
    TIME_MS,
  );
});
