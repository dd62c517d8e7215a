// What an install costs: the table of docs/install.md, printed and held.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Err } from "../../../assembly/abi/codes.ts";
import { readJournal } from "../../helpers/journal.ts";
import { BUILDS } from "../../helpers/module.ts";
import { NEW } from "../../helpers/world-content.ts";
import { download } from "../../helpers/world-server.ts";
import { loadCore, newDevice, World } from "../../helpers/world.ts";

/** Records of an operation besides its texts: PLAN, COMMIT, ROLLBACK, OUTCOME, ACK. */
const OPERATION_TYPES = [0x10, 0x11, 0x13, 0x14, 0x15];
const RECORD_FRAME_BYTES = 12;
const N = NEW.length;

interface Row {
  what: string;
  found: number;
  limit: number;
}

const rows: Row[] = [];

function hold(what: string, found: number, limit: number): void {
  rows.push({ what, found, limit });
  expect(found, what).toBeLessThanOrEqual(limit);
}

/** A world that has seen one install from its session on. */
function installed(build: (typeof BUILDS)[number]) {
  const world = new World(newDevice(), { script: [download("bundle")], build });
  let barriersOfRun = 0;
  let isRun = false;
  // The run lies between the session that orders it and the one that reports it.
  world.onPoint = (point) => {
    if (point === "fetch") isRun = true;
    if (point === "send") isRun = false;
    if (isRun && point === "sync") barriersOfRun++;
  };
  expect(world.finish()).toBe(Err.Ok);
  return { world, barriersOfRun };
}

beforeAll(loadCore);

afterAll(() => {
  const lines = rows.map(({ what, found, limit }) => {
    return `${what.padEnd(56)} ${String(found).padStart(6)} ${String(limit).padStart(6)}`;
  });
  console.log(["cost".padEnd(57) + " found  limit", ...lines].join("\n"));
});

describe.each(BUILDS)("the cost of an install, %s build", (build) => {
  it("journal bytes: an operation of N takes at most 96 + 48 N, texts not counted", () => {
    const { world } = installed(build);
    const journal = readJournal(world.medium.durable.slice(0, 2), 1)!;
    const own = journal.all.filter(({ type }) => OPERATION_TYPES.includes(type));
    const bytes = own.reduce((sum, { place, end }) => sum + end - place, 0);
    hold(`${build}: journal bytes of an operation of ${N}`, bytes, 96 + 48 * N);
    const commit = own.find(({ type }) => type === 0x11)!;
    hold(`${build}: bytes of COMMIT`, commit.end - commit.place, RECORD_FRAME_BYTES + 4);
  });

  it("barriers: plan, content, commit and outcome, besides the one that opens the region", () => {
    hold(`${build}: barriers of a run that ends well`, installed(build).barriersOfRun, 4);
  });

  it("content: each byte is written once, into a slot that was free", () => {
    const { world } = installed(build);
    const slotBytes = world.medium.writtenBytes.slice(2).reduce((sum, bytes) => sum + bytes, 0);
    const content = NEW.reduce((sum, { content: bytes }) => sum + bytes.length, 0);
    hold(`${build}: slot bytes written for ${content} of content`, slotBytes, content);
    expect(world.medium.writtenBytes.slice(2, 4)).toEqual([0, 0]);
  });

  it("erases: one region a boot, and one slot for each component", () => {
    const { erase } = installed(build).world.medium.counts;
    hold(`${build}: erases of a boot that installs ${N}`, erase, 1 + N);
  });

  it("a boot in IDLE: writes, erases and syncs nothing", () => {
    const { world } = installed(build);
    for (const image of [newDevice(), world.image()]) {
      const idle = new World(image, { build });
      expect(idle.recover()).toBe(Err.Ok);
      const { write, erase, sync } = idle.medium.counts;
      hold(`${build}: changes by a boot in IDLE`, write + erase + sync, 0);
      expect(idle.calls).toEqual([]);
    }
  });

  it("start and look: change nothing even where an operation is open", () => {
    const world = new World(newDevice(), { script: [download("bundle")], build });
    world.onPoint = (point) => {
      if (point === "health") throw new Error("cut");
    };
    expect(() => world.finish()).toThrow("cut");
    const reader = new World(world.image(), { build });
    expect(reader.boot()).toBe(Err.Ok);
    const { write, erase, sync } = reader.medium.counts;
    hold(`${build}: changes by start in COMMITTED`, write + erase + sync, 0);
  });

  it("recovery: one opening, then what is left of the operation", () => {
    const world = new World(newDevice(), { script: [download("bundle")], build });
    world.onPoint = (point) => {
      if (point === "health") throw new Error("cut");
    };
    expect(() => world.finish()).toThrow("cut");
    const next = new World(world.image(), { build });
    expect(next.recover()).toBe(Err.Ok);
    hold(`${build}: erases of a recovery`, next.medium.counts.erase, 1);
    hold(`${build}: barriers of a recovery`, next.medium.counts.sync, 4);
  });
});
