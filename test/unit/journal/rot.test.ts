import { beforeAll, describe, expect, it } from "vitest";
import { buildRegion, encodeRecord, Medium, readJournal } from "../../helpers/journal.ts";
import { type Build, BUILDS, loadModule } from "../../helpers/module.ts";
import { Boot, entry, Err, firstBoot, reboot, said, Type, type Entry } from "./fixtures.ts";

const REGION_BYTES = 384;
const CHECKPOINT = [entry(Type.Node, 1), entry(Type.Out, 2, 30)];
const FIRST_RUN = [entry(Type.Node, 3, 20), entry(Type.Delete, 4, 2)];
const LAST_RUN = [entry(Type.Commit, 5, 4), entry(Type.Plan, 6, 10)];
const OLDER = [entry(Type.Node, 9)];

/**
 * A device whose current region holds a checkpoint and two runs; `generations` openings lie behind
 * it.
 */
async function image(build: Build, generations: 1 | 2): Promise<Uint8Array[]> {
  let boot = await firstBoot({
    build,
    regionBytes: REGION_BYTES,
    entries: generations === 1 ? CHECKPOINT : OLDER,
  });
  if (generations === 2) {
    boot = await reboot(boot, build);
    boot.replay();
    boot.open(CHECKPOINT);
  }
  boot.group(...FIRST_RUN);
  boot.sync();
  for (const each of LAST_RUN) boot.append(each);
  boot.sync();
  expect(boot.core["error"]()).toBe(Err.Ok);
  return boot.medium.regions;
}

interface Found {
  scan: number;
  records: Entry[];
  isDegraded: boolean;
}

async function boot(build: Build, regions: Uint8Array[]): Promise<Found> {
  const device = await Boot.on(new Medium(REGION_BYTES, 4, regions), build);
  const { scan, end, records } = device.replay();
  expect(end).toBeLessThanOrEqual(0);
  return { scan, records: said(records), isDegraded: device.core["isDegraded"]() !== 0 };
}

const WHOLE = [...CHECKPOINT, ...FIRST_RUN, ...LAST_RUN];
const isSame = (a: Entry[], b: Entry[]): boolean =>
  a.length === b.length &&
  a.every(({ type, payload }, i) => type === b[i]!.type && equal(payload, b[i]!.payload));
const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** I14: the same, or known to be damaged, or without the end of the last run. Never a mixture. */
function verdict(found: Found): "same" | "degraded" | "last run" | "lost" | "WRONG" {
  if (found.scan === Err.Damaged) return "lost";
  const isPrefix = isSame(found.records, WHOLE.slice(0, found.records.length));
  if (found.isDegraded) return isPrefix || isSame(found.records, OLDER) ? "degraded" : "WRONG";
  if (!isPrefix) return "WRONG";
  if (found.records.length === WHOLE.length) return "same";
  return found.records.length >= CHECKPOINT.length + FIRST_RUN.length ? "last run" : "WRONG";
}

describe.each(BUILDS)("journal with rot, %s build", (build) => {
  // Compiling may take longer than a test may.
  beforeAll(() => loadModule("journal", build));

  it.each([1, 2] as const)(
    "%i generations: no flipped bit gives a mixture or hides a loss",
    async (generations) => {
      const whole = await image(build, generations);
      expect(verdict(await boot(build, whole))).toBe("same");
      const seen: Record<string, number> = {};
      for (let bit = 0; bit < 2 * REGION_BYTES * 8; bit++) {
        const regions = whole.map((bytes) => bytes.slice());
        const place = bit >> 3;
        regions[place < REGION_BYTES ? 0 : 1]![place % REGION_BYTES]! ^= 1 << (bit & 7);
        const outcome = verdict(await boot(build, regions));
        if (outcome === "WRONG") expect.fail(`bit ${bit & 7} of byte ${place}`);
        seen[outcome] = (seen[outcome] ?? 0) + 1;
      }
      expect(seen["degraded"]).toBeGreaterThan(0);
      expect(seen["last run"]).toBeGreaterThan(0);
      // Only a device that has nothing older can lose everything.
      expect((seen["lost"] ?? 0) > 0).toBe(generations === 1);
    },
  );

  it("a newer checkpoint that broke after it was whole: degraded", async () => {
    const regionOf = (generation: number, firstSequence: number): Uint8Array => {
      const runs = [CHECKPOINT, FIRST_RUN, LAST_RUN];
      return buildRegion({ regionBytes: 512, writeUnit: 4, generation, firstSequence, runs });
    };
    const older = regionOf(4, 1);
    for (const [generation, isDegraded] of [
      [3, 0],
      [5, 1],
    ] as const) {
      const broken = regionOf(generation, 50);
      broken[30]! ^= 1;
      const device = await Boot.on(new Medium(512, 4, [older, broken]), build);
      expect(device.replay().scan).toBe(Err.Ok);
      expect(device.core["generation"]()).toBe(4);
      expect(device.core["isDegraded"]()).toBe(isDegraded);
    }
  });

  it("a record behind the tail: rot only if it starts a run and was written later", async () => {
    const tailOf = async (sequence: number, isRunStart: boolean, gap: number) => {
      const region = buildRegion({ regionBytes: 512, writeUnit: 4, generation: 4, runs: [[]] });
      const { end, sequence: last } = readJournal([region], 4)!.all.at(-1)!;
      const record = { ...LAST_RUN[0]!, sequence: last + sequence, isRunStart };
      region.set(encodeRecord(record, 4, 4), end + gap);
      const device = await Boot.on(new Medium(512, 4, [region, new Uint8Array(512)]), build);
      return [device.replay().records.length, device.core["isDegraded"]()];
    };
    expect(await tailOf(1, true, 0)).toEqual([1, 0]);
    expect(await tailOf(2, false, 0)).toEqual([0, 0]);
    expect(await tailOf(1, true, 16)).toEqual([0, 0]);
    expect(await tailOf(2, false, 16)).toEqual([0, 0]);
    expect(await tailOf(2, true, 16)).toEqual([0, 1]);
    expect(await tailOf(9, true, 100)).toEqual([0, 1]);
  });

  it("1,000 double flips: no mixture", async () => {
    const whole = await image(build, 2);
    let random = 12345;
    const below = (bound: number): number => {
      random = (Math.imul(random, 1103515245) + 12345) >>> 0;
      return Math.floor((random / 2 ** 32) * bound);
    };
    for (let i = 0; i < 1000; i++) {
      const regions = whole.map((bytes) => bytes.slice());
      for (let flip = 0; flip < 2; flip++)
        regions[below(2)]![below(REGION_BYTES)]! ^= 1 << below(8);
      const { records } = await boot(build, regions);
      expect(isSame(records, OLDER) || isSame(records, WHOLE.slice(0, records.length))).toBe(true);
    }
  });
});
