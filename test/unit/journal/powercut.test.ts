import { beforeAll, describe, expect, it } from "vitest";
import { afterCut, Medium, type Operation } from "../../helpers/journal.ts";
import { type Build, BUILDS, loadModule } from "../../helpers/module.ts";
import { Boot, entry, Err, firstBoot, said, Type, type Entry } from "./fixtures.ts";

const REGION_BYTES = 512;

/**
 * What lay between two barriers: where it began, what was pending, and which states may be found
 * after a cut.
 */
interface Window {
  durable: Uint8Array[];
  pending: Operation[];
  states: Entry[][];
}

/** Runs a life of the device and cuts it into windows. */
class Life {
  readonly windows: Window[] = [];
  private states: Entry[][];

  constructor(
    readonly boot: Boot,
    private state: Entry[],
  ) {
    this.states = [state];
  }

  group(...entries: Entry[]): void {
    this.boot.group(...entries);
    this.reach([...this.state, ...entries]);
  }

  dropped(...entries: Entry[]): void {
    for (const each of entries) this.boot.append(each);
    this.boot.core["dropGroup"]();
  }

  alone(one: Entry): void {
    this.boot.append(one);
    this.reach([...this.state, one]);
  }

  open(entries: Entry[]): void {
    this.boot.core["beginOpening"]();
    this.sync();
    this.boot.core["beginCheckpoint"](0);
    for (const each of entries) this.boot.append(each);
    this.boot.core["endCheckpoint"]();
    this.sync();
    this.boot.core["adopt"]();
    // Whole, but nothing that is durable proves it yet.
    this.reach(entries);
  }

  sync(): void {
    const { durable, pending } = this.boot.medium;
    this.windows.push({ durable, pending, states: this.states });
    this.states = [this.state];
    this.boot.sync();
  }

  private reach(state: Entry[]): void {
    this.state = state;
    this.states.push(state);
  }
}

async function live(build: Build, writeUnit: number): Promise<Window[]> {
  const first = [entry(Type.Node, 1)];
  const life = new Life(
    await firstBoot({ build, writeUnit, regionBytes: REGION_BYTES, entries: first }),
    first,
  );
  life.group(entry(Type.Node, 2, 30));
  life.sync();
  life.group(entry(Type.Delete, 3, 2));
  life.alone(entry(Type.Commit, 4, 4));
  life.alone(entry(Type.Plan, 5, 20));
  life.sync();
  life.dropped(entry(Type.Node, 6, 6));
  life.group(entry(Type.Node, 7, 7));
  life.sync();
  life.open([entry(Type.Node, 8), entry(Type.Text, 9, 9)]);
  life.group(entry(Type.Text, 10, 3), entry(Type.Text, 11, 3), entry(Type.Text, 12, 3));
  life.sync();
  life.open([entry(Type.Out, 13)]);
  life.sync();
  life.alone(entry(Type.Commit, 14, 4));
  life.sync();
  expect(life.boot.core["error"]()).toBe(Err.Ok);
  return life.windows;
}

/** Every subset of up to 6 operations; above that all prefixes and all single omissions. */
function subsets(pending: Operation[]): Operation[][] {
  if (pending.length <= 6) {
    return Array.from({ length: 1 << pending.length }, (_, mask) =>
      pending.filter((_, i) => mask & (1 << i)),
    );
  }
  const prefixes = pending.map((_, i) => pending.slice(0, i + 1));
  return [[], ...prefixes, ...pending.map((_, i) => pending.filter((_, j) => j !== i))];
}

/**
 * Regions after each prefix of the operations with the next one torn, the rest of its range old or
 * noise.
 */
function* tears({ durable, pending }: Window): Generator<Uint8Array[]> {
  for (let index = 0; index < pending.length; index++) {
    const operation = pending[index]!;
    const before = afterCut(durable, pending.slice(0, index));
    const byteCount = operation.bytes?.length ?? REGION_BYTES;
    const step = operation.bytes === undefined ? REGION_BYTES / 8 : 1;
    for (let torn = 0; torn < byteCount; torn += step) {
      for (const rest of [0, 0x5a]) {
        const regions = before.map((bytes) => bytes.slice());
        const range = regions[operation.region]!.subarray(
          operation.offset,
          operation.offset + byteCount,
        );
        range.forEach((old, i) => {
          const written = operation.bytes?.[i] ?? 0xff;
          range[i] = i < torn ? written : rest === 0 ? old : old ^ ((old ^ written) & rest);
        });
        yield regions;
      }
    }
  }
}

const textOf = (state: readonly Entry[]): string =>
  state.map(({ type, payload }) => `${type}:${Buffer.from(payload).toString("hex")}`).join(" ");

describe.each(BUILDS)("journal after a power cut, %s build", (build) => {
  // Compiling may take longer than a test may.
  beforeAll(() => loadModule("journal", build));

  const expectOneOf = async (
    regions: Uint8Array[],
    writeUnit: number,
    states: Entry[][],
  ): Promise<void> => {
    const boot = await Boot.on(new Medium(REGION_BYTES, writeUnit, regions), build);
    const { end, records } = boot.replay();
    expect(end).toBe(0);
    expect(boot.core["isDegraded"]()).toBe(0);
    expect(states.map(textOf)).toContain(textOf(said(records)));
  };

  it.each([1, 4, 32])(
    "subsets, write unit %i: each is a state since the last barrier",
    async (writeUnit) => {
      for (const { durable, pending, states } of await live(build, writeUnit)) {
        for (const kept of subsets(pending))
          await expectOneOf(afterCut(durable, kept), writeUnit, states);
        await expectOneOf(afterCut(durable, pending), writeUnit, [states.at(-1)!]);
      }
    },
  );

  it.each([1, 32])(
    "tears, write unit %i: each byte leaves a state since the last barrier",
    async (writeUnit) => {
      for (const window of await live(build, writeUnit)) {
        for (const regions of tears(window)) await expectOneOf(regions, writeUnit, window.states);
      }
    },
  );

  it("opening: one after a cut at any point gives its own state and no other", async () => {
    const windows = await live(build, 4);
    for (const { durable, pending } of windows) {
      for (let count = 0; count <= pending.length; count++) {
        const regions = afterCut(durable, pending.slice(0, count));
        const boot = await Boot.on(new Medium(REGION_BYTES, 4, regions), build);
        boot.replay();
        boot.open([entry(Type.Plan, 99)]);
        boot.append(entry(Type.Commit, 100));
        expect(boot.core["error"]()).toBe(Err.Ok);
        await expectOneOf(boot.medium.regions, 4, [
          [entry(Type.Plan, 99), entry(Type.Commit, 100)],
        ]);
      }
    }
  });
});
