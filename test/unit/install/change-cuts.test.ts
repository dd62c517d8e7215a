// Activate, Deactivate and Remove with the power cut at each storage operation, each question and
// each message, in every mode.
import { beforeAll, describe, expect, it } from "vitest";
import { Err } from "../../../assembly/abi/codes.ts";
import * as look from "../../../host/core/look.ts";
import { element } from "../../../host/demo/server/wbxml.ts";
import { type Change, remainsOf } from "../../helpers/world-medium.ts";
import type { Step } from "../../helpers/world-server.ts";
import {
  type Behaviour, type Image, loadCore, newDevice, sha256, World,
} from "../../helpers/world.ts";

beforeAll(loadCore);

const LIST = "./SCOMO/Inventory/Deployed/jvm/Operations";
const TIME_MS = 120_000;

function order(primitive: string): Step {
  const uri = `${LIST}/${primitive}`;
  const target = element("Item", element("Target", element("LocURI", uri)));
  const exec = element("Exec", element("Correlator", primitive), target);
  return { correlator: primitive, execs: [uri], commands: [exec] };
}

/** State of jvm before, after it went well, and the code of its failure. */
const CASES = [
  ["Activate", { before: 10, after: 20, code: 1409 }],
  ["Deactivate", { before: 20, after: 10, code: 1410 }],
  ["Remove", { before: 20, after: 0, code: 1408 }],
] as const;

type Case = (typeof CASES)[number];

/** A device with jvm in that State, whose server has asked for nothing yet. */
function deviceWith(state: number): Image {
  if (state === 20) return newDevice();
  const world = new World(newDevice(), { script: [order("Deactivate")] });
  expect(world.finish()).toBe(Err.Ok);
  const server = { results: [], accepted: [], refused: [] };
  return { ...world.image(), server };
}

/** State of jvm by the inventory; what is not so there, or of the other component, is a fault. */
function stateIn(world: World, faults: string[]): number {
  const [jvm, other] = ["jvm", "antivirus"].map((id) =>
    look.deployed(world.core).find((entry) => entry.id === id)!);
  for (const { id, slot, bytes, sha256: digest, isRemoved } of [jvm!, other!]) {
    const found = slot === null ? "" : sha256(world.slot(slot, bytes));
    if (!isRemoved && found !== digest) faults.push(`slot ${slot} of ${id} has other bytes`);
  }
  if (other!.state !== 20) faults.push(`antivirus has State ${other!.state}`);
  if (look.health(world.core).isDegraded) faults.push("the journal is degraded");
  return jvm!.state;
}

function faultsAfter([name, { before, after, code }]: Case, world: World): string[] {
  const faults: string[] = [];
  if (world.boot() !== Err.Ok) return ["there is no device any more"];
  const state = stateIn(world, faults);
  if (state !== before && state !== after) faults.push(`State ${state} after the cut`);
  const err = world.finish();
  if (err !== Err.Ok) faults.push(`the last run ended with ${err}`);
  if (!world.isQuiet) faults.push("something is left to do");
  const { results, refused } = world.server.state;
  if (refused.length > 0) faults.push(`refused: ${JSON.stringify(refused)}`);
  const told = results.filter(({ correlator }) => correlator === name);
  const isDone = told[0]?.code === 1200;
  if (told.length !== 1) faults.push(`${told.length} results`);
  if (!isDone && told[0]?.code !== code) faults.push(`reported ${told[0]?.code}`);
  const last = stateIn(world, faults);
  if (last !== (isDone ? after : before)) faults.push(`${told[0]?.code}, yet State ${last}`);
  if ((last === 20) !== ("jvm" in world.outside)) faults.push("outside is not the inventory");
  return faults;
}

const isWell = (): Behaviour => ({});

/** The first Ensure says no, and so does Health. */
function isNot(): Behaviour {
  let asked = 0;
  return {
    ensure: ({ id }) => (id === "jvm" && asked++ === 0 ? Err.Refused : Err.Ok),
    health: () => Err.Refused,
  };
}

/** How things are before the cut and behind it. */
const LIVES: readonly [string, () => Behaviour, () => Behaviour][] = [
  ["all well", isWell, isWell], ["a no", isNot, isWell], ["a no after the cut", isWell, isNot],
];
/** Which of several changes a cut keeps matters to the journal, not to what is in it. */
const MODES = new Set(["lost", "kept", "after", "torn"]);

describe.each(LIVES)("%s", (life, behaviour, afterwards) => {
  it.each(CASES)(
    "%s: a cut at any point leaves the old State or the new one, and one result",
    (name, states) => {
      const image = deviceWith(states.before);
      const script = [order(name)];
      const world = new World(image, { script, behaviour: behaviour() });
      const faults: string[] = [];
      const seen = new Set<string>();
      let cuts = 0;
      const cutAt = (point: string, change?: Change) => {
        for (const { label, areas } of remainsOf(world.medium, change)) {
          if (!MODES.has(label)) continue;
          cuts++;
          const left: Image = {
            areas, outside: { ...world.outside }, server: structuredClone(world.server.state),
          };
          const rest = JSON.stringify([left.server, left.outside]);
          const key = sha256(Buffer.concat([...areas, Buffer.from(rest)]));
          if (seen.has(key)) continue;
          seen.add(key);
          const next = new World(left, { script, behaviour: afterwards() });
          const found = faultsAfter([name, states] as Case, next);
          faults.push(...found.map((fault) => `${cuts} ${point} ${label}: ${fault}`));
        }
      };
      world.medium.onChange = cutAt;
      world.onPoint = cutAt;
      world.finish();
      expect(faults).toEqual([]);
      expect(seen.size).toBeGreaterThan(50);
      const code = life === "a no" ? states.code : 1200;
      expect(world.server.state.results).toMatchObject([{ code }]);
    },
    TIME_MS,
  );
});
