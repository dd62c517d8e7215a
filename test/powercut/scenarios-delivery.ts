// Lives in which content comes in pieces: downloads that go on after a restart, and packages that
// a server writes chunk by chunk.
import {
  NEW, OLD, pack, PACKAGES, type Release,
} from "../helpers/world-content.ts";
import { entriesOf, tellJournal } from "../helpers/world-journal.ts";
import { JOURNAL_AREAS } from "../helpers/world-medium.ts";
import { deliver, download, install, type Step } from "../helpers/world-server.ts";
import type { Machine } from "../helpers/world-machine.ts";
import { type Image, LAYOUT, provision } from "../helpers/world.ts";
import { type Scenario, worldOf } from "./scenario.ts";

/** A set that no boot in three has come to confirm is given up, and that is said. */
const NOT_CONFIRMED = 1405;
const [jvm] = NEW as [Release];

/** The smallest step: the new jvm is recorded as begun twice, the new antivirus once. */
const STEPS = { ...LAYOUT, progressBytes: 1024 };

const DIRECT = pack([jvm]);
/** In three messages, so that a part of it lies in the slot and a part in memory. */
const CHUNK_BYTES = Math.ceil(DIRECT.length / 3);
const delivered: readonly Step[] = [deliver("direct", DIRECT, CHUNK_BYTES)];
const PIECES: ReadonlyMap<string, Uint8Array> = new Map([
  ...PACKAGES, ["direct", DIRECT], ["one", pack([jvm])],
  ["apart-one", pack([{ ...jvm, uri: "files/jvm" }])],
]);

/** A device that has recorded the new jvm as begun; then the power went, and a bit of it rotted. */
function spoilt(scenario: Scenario): (machine: Machine) => Image {
  return (machine) => {
    const world = worldOf(scenario, provision(STEPS, OLD, undefined, machine), machine);
    const { medium } = world;
    let left: Image | undefined;
    medium.onChange = (call) => {
      const told = tellJournal(medium.durable, STEPS.writeUnit);
      if (call !== "write" || !told?.progress || left) return;
      left = world.image();
      const entry = entriesOf(told.operation!)[told.progress[0]!]!;
      left.areas[JOURNAL_AREAS + entry[2]!]![0]! ^= 1;
    };
    world.finish();
    if (!left) throw new Error(`${scenario.name}: nothing was recorded as begun`);
    return left;
  };
}

const withSpoilt = (scenario: Scenario): Scenario => ({
  ...scenario, name: `${scenario.name}, of which a bit is wrong`, device: spoilt(scenario),
  isBegun: true,
});

const INSIDE: Scenario = {
  name: "resume of an interrupted download", script: [download("one")], packages: PIECES,
  makes: [[jvm]], codes: [1200, NOT_CONFIRMED], layout: STEPS,
};
const OUTSIDE: Scenario = {
  ...INSIDE, name: "resume of a payload outside the package", script: [download("apart-one")],
};

export const DELIVERIES: readonly Scenario[] = [
  INSIDE,
  OUTSIDE,
  withSpoilt(INSIDE),
  withSpoilt(OUTSIDE),
  {
    name: "resume of two payloads that are bound", script: [download("bundle")],
    codes: [1200, NOT_CONFIRMED], layout: STEPS,
  },
  {
    ...INSIDE, name: "resume on a medium with units of 32 bytes",
    layout: { ...STEPS, writeUnit: 32 },
  },
  {
    name: "direct delivery in chunks", script: delivered, packages: PIECES, makes: [null],
    codes: [],
  },
  {
    name: "direct delivery in chunks, then Install",
    script: [...delivered, install(["direct"])], packages: PIECES, makes: [null, [jvm]],
    codes: [1200, NOT_CONFIRMED],
  },
];
