// Messages of a server with one to four bytes changed, or cut short. The core never traps and every
// run comes to its end. Behind it the tree and the inventory are what whole commands have made of
// them, in memory as after a restart. A failure prints what repeats it:
//   SCOMO_FUZZ_SEED=<seed> SCOMO_FUZZ_ROUNDS=1 npx vitest run test/fuzz/session.test.ts
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Err, Look, Wait } from "../../assembly/abi/codes.ts";
import { BUILDS, type Build } from "../helpers/module.ts";
import type { Point, Rewind } from "../helpers/rewind.ts";
import { wordOf } from "../helpers/syncml.ts";
import { adopt } from "./adopt.ts";
import { keptBy } from "./check.ts";
import { drive, type End, type Script, SILENT } from "./drive.ts";
import { mutate, type Seed, seedOf } from "./mutate.ts";
import { type Random, randomFrom } from "./random.ts";
import { statusesOf, withoutFailed } from "./failed.ts";
import { enter, makeStates, OFFERED, outgoing, type StateName } from "./states.ts";

/** Cases of each build. */
const ROUNDS = Number(process.env["SCOMO_FUZZ_ROUNDS"] ?? 100_000);
const FIRST_SEED = Number(process.env["SCOMO_FUZZ_SEED"] ?? 1);
const STARTS: readonly StateName[] = ["plain", "plain", "strict", "guarded"];
/** One case in so many is looked at whole, in memory and after a restart. */
const WHOLE_LOOK = 16;
/** One case in so many of those that wrote something is repeated without what failed in it. */
const REPEAT = 16;

const seeds = JSON.parse(
  readFileSync("test/fuzz/seeds/session/messages.json", "utf8"),
) as string[];

/** A device at its first Exchange, and the seeds as messages of its session. */
interface Place {
  readonly device: Rewind;
  readonly point: Point;
  readonly messages: readonly Seed[];
  /** Everything that is kept. */
  readonly kept: string;
  readonly inventory: string;
}

interface Tally {
  cases: number;
  /** A command of the message was answered. */
  reached: number;
  /** Something was written. */
  changed: number;
  cuts: number;
  /** The whole state was compared. */
  looks: number;
  /** The failed commands were left out, and the same came of it. */
  repeats: number;
}

function deployedOn(device: Rewind): string {
  return Buffer.concat(device.look(Look.Deployed)).toString("latin1");
}

function place(build: Build, name: StateName): Place {
  const [device, wait] = enter(build, makeStates(build)[name]);
  expect(wait).toBe(Wait.Exchange);
  const own = outgoing(device);
  return {
    device, point: device.save(), kept: keptBy(device), inventory: deployedOn(device),
    messages: seeds.map((seed) => {
      return seedOf(adopt(new Uint8Array(Buffer.from(seed, "base64")), own, 1));
    }),
  };
}

function scriptOf(message: Uint8Array, draw: Random, cutAt: number): Script {
  return { ...SILENT, answers: [message], draw, object: OFFERED, elsewhere: OFFERED, cutAt };
}

function play({ device, point }: Place, message: Uint8Array, seed: number, cutAt: number): End {
  device.restore(point, false);
  return drive(device, Wait.Exchange, scriptOf(message, randomFrom(~seed), cutAt));
}

function hasReached(end: End): boolean {
  return statusesOf(end.sent[0]).some((status) => wordOf(status, "Cmd") !== "SyncHdr");
}

describe.each(BUILDS)("fuzz target session, %s build", (build) => {
  const places = new Map<StateName, Place>();
  for (const name of STARTS) if (!places.has(name)) places.set(name, place(build, name));
  const tally: Tally = { cases: 0, reached: 0, changed: 0, cuts: 0, looks: 0, repeats: 0 };

  const run = (seed: number): void => {
    const random = randomFrom(seed);
    const at = places.get(STARTS[random(STARTS.length)]!)!;
    const message = mutate(at.messages[random(at.messages.length)]!, random);
    const cutAt = random(8) === 0 ? 0 : -1;
    const isWhole = random(WHOLE_LOOK) === 0;
    const end = play(at, message, seed, cutAt);
    tally.cases++;
    if (end.isCut || hasReached(end)) tally.reached++;
    if (at.device.changed) tally.changed++;
    if (end.isCut) checkCut(at, isWhole);
    else if (isWhole) checkWhole(at);
    if (!end.isCut && at.device.changed && random(REPEAT) === 0) repeat(at, message, end, seed);
  };

  const checkCut = ({ device, kept, inventory }: Place, isWhole: boolean): void => {
    tally.cuts++;
    expect(device.cut()).toBe(Err.Ok);
    expect(deployedOn(device), "a cut before the barrier").toBe(inventory);
    if (isWhole) expect(keptBy(device), "a cut before the barrier").toBe(kept);
  };

  const checkWhole = ({ device, kept }: Place): void => {
    tally.looks++;
    const after = keptBy(device);
    if (!device.changed) expect(after, "nothing was written").toBe(kept);
    expect(device.cut()).toBe(Err.Ok);
    expect(keptBy(device), "what the restart finds is what was there").toBe(after);
  };

  /** Commands that failed have done nothing: without them the same comes of the message. */
  const repeat = (at: Place, message: Uint8Array, end: End, seed: number): void => {
    const [whole, without] = withoutFailed(message, end.sent[0]) ?? [];
    if (whole === undefined || without === undefined) return;
    play(at, whole, seed, -1);
    const kept = keptBy(at.device);
    play(at, without, seed, -1);
    expect(keptBy(at.device), "the message without what failed in it").toBe(kept);
    tally.repeats++;
  };

  it(`${ROUNDS} changed messages: no trap, an end, nothing half changed`, () => {
    const started = performance.now();
    for (let seed = FIRST_SEED; seed < FIRST_SEED + ROUNDS; seed++) {
      try {
        run(seed);
      } catch (error) {
        throw new Error(
          `seed ${seed}: ${error instanceof Error ? error.message : String(error)}`,
          { cause: error },
        );
      }
    }
    console.log(build, JSON.stringify(tally), ((performance.now() - started) / ROUNDS).toFixed(3));
    if (ROUNDS < 1000) return;
    expect(tally.reached / tally.cases, "share that reaches a command").toBeGreaterThan(0.5);
  }, 600_000);
});
