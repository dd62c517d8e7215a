// The power-cut proof has a plug of its own, which is fast: it and CuttableStorage leave the same.
import { expect, it } from "vitest";
import { Err } from "../../../assembly/abi/codes.ts";
import {
  CuttableStorage, type CutMode, HALF_DONE, PowerCut, randomOf,
} from "../../../host/storage/cuttable.ts";
import { MemoryStorage } from "../../../host/storage/memory.ts";
import { type Change, emptyAreas, Medium } from "../../helpers/world-medium.ts";
import { type Cut, type Flight, FULL, keeps, subsetsOf, tearsOf } from "../../powercut/cuts.ts";
import { Plug } from "../../powercut/plug.ts";
import { read } from "../../suites/storage.ts";

const LAYOUT = { regionBytes: 96, slotBytes: [512], writeUnit: 1 };
const SIZES = [96, 96, 512];

/** The mode of CuttableStorage that is a cut of the proof. */
function modeOf({ subset, flight }: Cut, change: Change): CutMode {
  const { kind, value } = flight;
  return {
    inFlight: ({ "-": "before", "+": "after", t: "torn", x: "torn" } as const)[kind],
    share: value / 8,
    ...(change.bytes ? { at: value } : {}),
    keeps: (index) => keeps(subset, index),
    rest: kind === "x" ? "noise" : "untouched",
  };
}

/** A change at a place that no other one before it since a sync has met. */
function changesOf(seed: number, count: number): Change[] {
  const random = randomOf(seed);
  const tails = SIZES.map(() => 0);
  const fresh = new Set<number>();
  return Array.from({ length: count }, () => {
    const area = random() % 3;
    const offset = tails[area]!;
    const length = 1 + (random() % 24);
    const mustErase = offset + length > SIZES[area]! || (random() % 8 === 0 && !fresh.has(area));
    if (mustErase || (area === 2 && offset === 0 && !fresh.has(area))) {
      tails[area] = 0;
      fresh.add(area);
      return { area, offset: 0 };
    }
    tails[area] = offset + length;
    return { area, offset, bytes: Uint8Array.from({ length }, () => random() & 0xff) };
  });
}

function make() {
  const areas = emptyAreas({ ...LAYOUT, writeUnit: 1 });
  areas.forEach((bytes, area) => {
    bytes.forEach((_, at) => (bytes[at] = (area * 31 + at * 7) & 0xff));
  });
  const memory = new MemoryStorage(LAYOUT);
  areas.forEach((bytes, area) => memory.write(area, 0, bytes));
  return { medium: new Medium(areas), storage: new CuttableStorage(memory) };
}

type Both = ReturnType<typeof make>;

function act({ medium, storage }: Both, { area, offset, bytes }: Change): void {
  if (bytes) {
    medium.write(area, offset, bytes);
    storage.write(area, offset, bytes);
  } else {
    medium.erase(area);
    storage.erase(area);
  }
}

const allOf = (storage: CuttableStorage): Uint8Array[] =>
  SIZES.map((byteCount, area) => read(storage, area, 0, byteCount));

it("every cut of seeded changes: the proof's plug and CuttableStorage leave the same bytes", () => {
  let cases = 0;
  for (let seed = 1; seed <= 24; seed++) {
    const length = 2 + (seed % 9);
    const changes = changesOf(seed, length + 1);
    const last = changes.at(-1)!;
    const isSynced = seed % 3 === 0 ? length >> 1 : -1;
    const prepare = (): Both => {
      const both = make();
      changes.slice(0, -1).forEach((change, index) => {
        act(both, change);
        if (index !== isSynced) return;
        both.medium.sync();
        both.storage.settle();
      });
      return both;
    };
    const { medium } = prepare();
    const plug = new Plug(medium, FULL);
    plug.look(last);
    const flights: Flight[] = [
      { kind: "-", value: 0 }, { kind: "+", value: 0 }, ...tearsOf(last, FULL),
    ];
    const subsets = subsetsOf(medium.pending.length, FULL);
    for (const [index, flight] of flights.entries()) {
      const cut = { subset: subsets[(index * 7) % subsets.length]!, flight };
      const { storage } = prepare();
      storage.mode = modeOf(cut, last);
      storage.cutAt = storage.operations + 1;
      const { area, offset, bytes } = last;
      expect(() => (bytes ? storage.write(area, offset, bytes) : storage.erase(area)))
        .toThrow(PowerCut);
      storage.powerOn();
      expect(allOf(storage), `seed ${seed}, ${JSON.stringify(cut)}`)
        .toEqual(plug.build(cut).areas);
      cases++;
    }
  }
  expect(cases).toBeGreaterThan(400);
});

it.each(["none", "half", "done"] as const)(
  "a sync that fails with its effect %s: both leave the same",
  (effect) => {
    const both = make();
    const changes = changesOf(5, 6);
    changes.forEach((change) => act(both, change));
    both.medium.faultOf = () => ({ err: Err.Storage, effect });
    both.storage.mode = HALF_DONE;
    both.storage.fail({ call: "sync", at: 1, effect: effect === "half" ? "torn" : effect });
    both.medium.sync();
    expect(() => both.storage.settle()).toThrow("was made to fail");
    expect(allOf(both.storage)).toEqual(both.medium.live);
    both.storage.cut({ ...HALF_DONE, keeps: () => true });
    both.storage.powerOn();
    expect(allOf(both.storage)).toEqual(both.medium.durable);
  },
);
