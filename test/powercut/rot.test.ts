// One bit of the journal of a quiet device changes: the device says the same, or knows that it does
// not, and outside and inventory agree in the end.
import { beforeAll, describe, expect, it } from "vitest";
import { Err } from "../../assembly/abi/codes.ts";
import * as look from "../../host/core/look.ts";
import { BUILDS } from "../helpers/module.ts";
import { download } from "../helpers/world-server.ts";
import { type Image, loadCore, newDevice, World } from "../helpers/world.ts";

/** One bit in so many is tried; POWERCUT_ALL=1: every one. */
const EACH = process.env["POWERCUT_ALL"] === "1" ? 1 : 61;
const TIME_MS = 120_000;

beforeAll(loadCore);

const tellDevice = ({ core }: World): string =>
  JSON.stringify([look.deployed(core), look.delivered(core), look.operation(core)]);

/** Places of a region that were written. */
const placesInUse = (region: Uint8Array): number[] =>
  [...region.keys()].filter((at) => region[at] !== 0xff);

interface Tally {
  bits: number;
  same: number;
  degraded: number;
  refused: number;
  faults: string[];
}

function flipAll(image: Image, build: (typeof BUILDS)[number]): Tally {
  const tally: Tally = { bits: 0, same: 0, degraded: 0, refused: 0, faults: [] };
  const before = new World(image, { build });
  before.boot();
  const told = tellDevice(before);
  let count = 0;
  for (const area of [0, 1]) {
    for (const at of placesInUse(image.areas[area]!)) {
      count += 8;
      if (count % EACH >= 8) continue;
      const bit = count % EACH;
      const areas = image.areas.map((bytes) => bytes.slice());
      areas[area]![at]! ^= 1 << bit;
      tally.bits++;
      const where = `j${area}, byte ${at}, bit ${bit}`;
      const faults = flipOne({ ...image, areas }, told, tally, build);
      tally.faults.push(...faults.map((fault) => `${where}: ${fault}`));
    }
  }
  return tally;
}

function flipOne(
  image: Image,
  told: string,
  tally: Tally,
  build: (typeof BUILDS)[number],
): string[] {
  const world = new World(image, { build });
  const err = world.boot();
  if (err !== Err.Ok) {
    tally.refused++;
    return err === Err.Damaged ? [] : [`start answers ${err}`];
  }
  const { isDegraded } = look.health(world.core);
  const isSame = tellDevice(world) === told;
  if (isSame) tally.same++;
  else if (isDegraded) tally.degraded++;
  const faults = isSame || isDegraded ? [] : ["it says something else and does not know it"];
  const ran = new World(image, { build });
  const ended = ran.connect();
  if (ended === Err.Ok) return [...faults, ...faultsOutside(ran)];
  return ended === Err.Damaged && isDegraded ? faults : [...faults, `the run ends with ${ended}`];
}

function faultsOutside(world: World): string[] {
  const deployed = look.deployed(world.core).filter((entry) => !entry.isRemoved);
  const inForce = deployed.map(({ id, version }) => `${id} ${version}`).sort();
  const outside = Object.entries(world.outside)
    .map(([id, { version }]) => `${id} ${version}`)
    .sort();
  return inForce.join() === outside.join() ? [] : [`in force ${inForce}, outside ${outside}`];
}

describe.each(BUILDS)("a bit of the journal changes, %s build", (build) => {
  it("a device that has installed and is quiet: the same, or degraded, and never a mixture", () => {
    const world = new World(newDevice(), { script: [download("bundle")], build });
    world.finish();
    const started = performance.now();
    const { bits, same, degraded, refused, faults } = flipAll(world.image(), build);
    const seconds = Math.round((performance.now() - started) / 1000);
    console.log(
      `rot, ${build}: ${bits} bits, ${same} the same, ${degraded} degraded and other, `
        + `${refused} refused, ${seconds} s`,
    );
    expect(faults.slice(0, 10)).toEqual([]);
  }, TIME_MS);
});
