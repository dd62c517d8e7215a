// Every mode of CuttableStorage against what a medium may do (docs/storage.md), with bytes that
// were worked out by hand.
import { describe, expect, it } from "vitest";
import {
  CUT_KINDS, CuttableStorage, type CutMode, cutOf, type Failure, HALF_DONE, type Operation,
  PowerCut,
} from "../../../host/storage/cuttable.ts";
import { MemoryStorage } from "../../../host/storage/memory.ts";
import { SLOT_AREA } from "../../../host/storage/storage.ts";
import { codeOf, read } from "../../suites/storage.ts";

const LAYOUT = { regionBytes: 64, slotBytes: [2048, 32], writeUnit: 1 };
const SMALL_SLOT = SLOT_AREA + 1;
const NONE = () => false;
const ALL = () => true;

const make = (holds = true) => {
  const medium = new MemoryStorage(LAYOUT);
  return { medium, storage: new CuttableStorage(medium, { holds }) };
};
const put = (storage: CuttableStorage, area: number, offset: number, ...bytes: number[]) =>
  storage.write(area, offset, Uint8Array.from(bytes));
const filled = (count: number, byte: number) => Array.from({ length: count }, () => byte);
const bytesOf = (storage: CuttableStorage | MemoryStorage, area: number, from: number, n: number) =>
  [...read(storage as CuttableStorage, area, from, n)];

/** Cuts the power in `operation`, and gives it back. */
function cutIn(storage: CuttableStorage, mode: CutMode, operation: () => void): void {
  storage.mode = mode;
  storage.cutAt = storage.operations + 1;
  expect(operation).toThrow(PowerCut);
  storage.powerOn();
}

/** Bits that neither of both bytes has. */
const strange = (byte: number, held: number, whole: number): number =>
  (byte ^ held) & (byte ^ whole) & 0xff;

describe("A1: what was synced stays", () => {
  it.each(CUT_KINDS)("cut %s: bytes of before the sync are as they were, in any boot", (kind) => {
    for (let seed = 0; seed < 40; seed++) {
      const { storage } = make();
      put(storage, 0, 0, 1, 2, 3, 4);
      storage.settle();
      put(storage, 0, 4, 5, 6);
      put(storage, 1, 0, 7, 8);
      cutIn(storage, cutOf(kind, seed), () => put(storage, 0, 6, 9, 10));
      expect(bytesOf(storage, 0, 0, 4)).toEqual([1, 2, 3, 4]);
      storage.powerOn();
      expect(bytesOf(storage, 0, 0, 4)).toEqual([1, 2, 3, 4]);
      expect(bytesOf(storage, 0, 8, 8)).toEqual(filled(8, 0xff));
    }
  });

  it("settle: what is held reaches the medium; it counts as one operation, and can be cut", () => {
    const { medium, storage } = make();
    put(storage, 0, 0, 1);
    storage.settle();
    expect([bytesOf(medium, 0, 0, 1), storage.operations]).toEqual([[1], 2]);
    put(storage, 0, 1, 2);
    cutIn(storage, { ...HALF_DONE, inFlight: "before" }, () => storage.settle());
    expect(bytesOf(storage, 0, 0, 2)).toEqual([1, 0xff]);
  });
});

describe("A2: of what waits any subset has happened, and one by half", () => {
  it("subset: all sixteen subsets of four writes can be left", () => {
    for (let mask = 0; mask < 16; mask++) {
      const { storage } = make();
      for (let index = 0; index < 4; index++) put(storage, 0, index, index);
      storage.cut({ ...HALF_DONE, keeps: (index) => ((mask >> index) & 1) === 1 });
      storage.powerOn();
      const expected = [0, 1, 2, 3].map((index) => ((mask >> index) & 1 ? index : 0xff));
      expect(bytesOf(storage, 0, 0, 4)).toEqual(expected);
    }
  });

  it("subset: a write may happen and the erase before it not", () => {
    const { storage } = make();
    put(storage, 0, 0, 1, 2);
    storage.settle();
    storage.erase(0);
    put(storage, 0, 1, 9);
    storage.cut({ ...HALF_DONE, keeps: (index) => index === 1 });
    storage.powerOn();
    expect(bytesOf(storage, 0, 0, 2)).toEqual([1, 9]);
  });

  it("torn: one that waits is half done while the operation in flight was not begun", () => {
    const { storage } = make();
    put(storage, 0, 0, 1, 2, 3, 4);
    put(storage, 0, 4, 5, 6, 7, 8);
    const keeps = (index: number) => (index === 0 ? "torn" as const : true);
    cutIn(storage, { inFlight: "before", share: 0, at: 3, keeps }, () => put(storage, 0, 8, 9));
    expect(bytesOf(storage, 0, 0, 9)).toEqual([1, 2, 3, 0xff, 5, 6, 7, 8, 0xff]);
  });

  it("a sync in flight: of four writes the first half is done, and a kept one behind it", () => {
    const { storage } = make();
    for (let index = 0; index < 4; index++) put(storage, 0, index, index);
    const mode: CutMode = { inFlight: "torn", share: 0.5, keeps: (index) => index === 3 };
    cutIn(storage, mode, () => storage.settle());
    expect(bytesOf(storage, 0, 0, 4)).toEqual([0, 1, 0xff, 3]);
  });
});

describe("A3: a half-done operation", () => {
  it("write, untouched: torn at every byte leaves that many, and nothing behind them", () => {
    for (let at = 0; at <= 6; at++) {
      const { storage } = make();
      const mode: CutMode = { inFlight: "torn", share: 0, at, keeps: NONE };
      cutIn(storage, mode, () => put(storage, 0, 2, 1, 2, 3, 4, 5, 6));
      const expected = [1, 2, 3, 4, 5, 6].map((byte, index) => (index < at ? byte : 0xff));
      expect(bytesOf(storage, 0, 0, 10)).toEqual([0xff, 0xff, ...expected, 0xff, 0xff]);
    }
  });

  it("write, noise: behind the tear each bit is an old or a new one, any of both", () => {
    const bits = new Set<number>();
    for (let seed = 0; seed < 64; seed++) {
      const { storage } = make();
      const mode: CutMode = { ...HALF_DONE, at: 1, rest: "noise", seed };
      cutIn(storage, mode, () => put(storage, 0, 0, 0x0f, 0x0f));
      const [first, second, third] = bytesOf(storage, 0, 0, 3) as [number, number, number];
      expect([first, third]).toEqual([0x0f, 0xff]);
      expect(strange(second, 0xff, 0x0f)).toBe(0);
      expect(bytesOf(storage, 0, 1, 1)).toEqual([second]);
      bits.add(second);
    }
    // Of four bits any of 16 mixtures: with 64 seeds most of them.
    expect(bits.size).toBeGreaterThan(10);
  });

  it("erase, untouched: at each eighth the first bytes are erased", () => {
    for (let eighth = 0; eighth <= 8; eighth++) {
      const { storage } = make();
      put(storage, 0, 0, ...filled(64, 0));
      storage.settle();
      const mode: CutMode = { inFlight: "torn", share: eighth / 8, keeps: NONE };
      cutIn(storage, mode, () => storage.erase(0));
      const expected = [...filled(8 * eighth, 0xff), ...filled(64 - 8 * eighth, 0)];
      expect(bytesOf(storage, 0, 0, 64)).toEqual(expected);
    }
  });

  it("erase, noise: no more than the first part is surely erased, the region else anything", () => {
    const { storage } = make();
    put(storage, 0, 0, ...filled(64, 0x3c));
    put(storage, 1, 0, ...filled(64, 0x3c));
    storage.settle();
    const mode: CutMode = { inFlight: "torn", share: 0.25, keeps: NONE, rest: "noise", seed: 5 };
    cutIn(storage, mode, () => storage.erase(0));
    const bytes = bytesOf(storage, 0, 0, 64);
    expect(bytes.slice(0, 16)).toEqual(filled(16, 0xff));
    expect(bytes.every((byte) => strange(byte, 0x3c, 0xff) === 0)).toBe(true);
    expect(new Set(bytes.slice(16)).size).toBeGreaterThan(4);
    expect(bytesOf(storage, 1, 0, 64)).toEqual(filled(64, 0x3c));
  });

  it("erase of a slot: a tear erases some of its first block; noise may be anywhere in it", () => {
    const held = filled(2048, 0);
    const tornBy = (rest: "untouched" | "noise") => {
      const { storage } = make();
      put(storage, SLOT_AREA, 0, ...held);
      storage.settle();
      const mode: CutMode = { inFlight: "torn", share: 0.5, keeps: NONE, rest };
      cutIn(storage, mode, () => storage.erase(SLOT_AREA));
      return bytesOf(storage, SLOT_AREA, 0, 2048);
    };
    expect(tornBy("untouched")).toEqual([...filled(512, 0xff), ...filled(1536, 0)]);
    const noisy = tornBy("noise");
    expect(noisy.slice(0, 512)).toEqual(filled(512, 0xff));
    expect(noisy.slice(1600).some((byte) => byte !== 0)).toBe(true);
  });
});

describe("A4: metastable cells", () => {
  const WEAK: CutMode = {
    inFlight: "torn", share: 0, at: 2, keeps: NONE, rest: "metastable", seed: 0,
  };

  it("read otherwise in each boot, the same within one, and old or new in each bit", () => {
    const { storage } = make();
    cutIn(storage, WEAK, () => put(storage, 0, 0, ...filled(16, 0x55)));
    let last = "";
    const all = new Set<string>();
    for (let boot = 0; boot < 8; boot++) {
      const bytes = bytesOf(storage, 0, 0, 16);
      expect(bytesOf(storage, 0, 0, 16)).toEqual(bytes);
      expect(bytes.slice(0, 2)).toEqual([0x55, 0x55]);
      expect(bytes.every((byte) => strange(byte, 0xff, 0x55) === 0)).toBe(true);
      expect(bytes.join()).not.toBe(last);
      last = bytes.join();
      all.add(last);
      storage.cut();
      storage.powerOn();
    }
    // In turn whole, a mixture, nothing, a mixture: the worst reads well once, then not at all.
    expect(all).toContain(filled(16, 0x55).join());
    expect(all).toContain([0x55, 0x55, ...filled(14, 0xff)].join());
    expect(all.size).toBe(6);
  });

  it("a sync later does not make them firm; an erase that reaches the medium does", () => {
    const { storage } = make();
    cutIn(storage, WEAK, () => put(storage, 0, 0, ...filled(16, 0x55)));
    const reading = () => bytesOf(storage, 0, 0, 16).join();
    const powerCycle = () => {
      storage.cut();
      storage.powerOn();
    };
    storage.settle();
    let before = reading();
    powerCycle();
    expect(reading()).not.toBe(before);
    storage.erase(0);
    expect(reading()).toBe(filled(16, 0xff).join());
    before = filled(16, 0xff).join();
    // The erase was not synced: it is lost, and they are as weak as they were.
    powerCycle();
    powerCycle();
    expect(new Set([reading(), (powerCycle(), reading())]).size).toBe(2);
    storage.erase(0);
    storage.settle();
    for (let boot = 0; boot < 4; boot++) {
      expect(reading()).toBe(before);
      powerCycle();
    }
  });

  it("a torn erase leaves such cells as well, and those of other areas are firm", () => {
    const { storage } = make();
    put(storage, 0, 0, ...filled(64, 0));
    put(storage, 1, 0, ...filled(64, 0));
    storage.settle();
    cutIn(storage, { ...WEAK, share: 0.5 }, () => storage.erase(0));
    const first = bytesOf(storage, 0, 0, 64);
    storage.powerOn();
    const second = bytesOf(storage, 0, 0, 64);
    expect(second).not.toEqual(first);
    expect([...first.slice(0, 32), ...second.slice(0, 32)]).toEqual(filled(64, 0xff));
    expect(bytesOf(storage, 1, 0, 64)).toEqual(filled(64, 0));
  });
});

describe("A5: rot", () => {
  it("rot: one bit of the medium changes, and that only", () => {
    const { storage } = make();
    put(storage, 0, 0, 0b1010, 0b1010);
    storage.settle();
    storage.rot(0, 1, 2);
    expect(bytesOf(storage, 0, 0, 3)).toEqual([0b1010, 0b1110, 0xff]);
    storage.rot(0, 1, 2);
    expect(bytesOf(storage, 0, 0, 2)).toEqual([0b1010, 0b1010]);
  });
});

describe("A6: calls that fail", () => {
  const failing = (failure: Failure, holds = true) => {
    const both = make(holds);
    both.storage.fail(failure);
    return both;
  };
  const writeCodes = (storage: CuttableStorage, area: number, count: number) =>
    Array.from({ length: count }, (_, index) => codeOf(() => put(storage, area, index, index)));

  it("once: the call numbered so fails, counted from `fail` on, and none behind it", () => {
    const { storage } = failing({ call: "write", at: 2 });
    expect(writeCodes(storage, 0, 4))
      .toEqual(["no failure", "DM_STORAGE", "no failure", "no failure"]);
    expect(bytesOf(storage, 0, 0, 4)).toEqual([0, 0xff, 2, 3]);
  });

  it("for good: every one from there on fails, through a cut as well, until healed", () => {
    const { storage } = failing({ call: "write", at: 2, isForGood: true });
    expect(writeCodes(storage, 0, 3)).toEqual(["no failure", "DM_STORAGE", "DM_STORAGE"]);
    storage.cut({ ...HALF_DONE, keeps: ALL });
    storage.powerOn();
    expect(writeCodes(storage, 1, 1)).toEqual(["DM_STORAGE"]);
    storage.heal();
    expect(writeCodes(storage, 1, 1)).toEqual(["no failure"]);
  });

  it("no space: slots take no more, the journal does", () => {
    const { storage } = failing({
      call: "write", areas: "slots", at: 2, isForGood: true, code: "DM_NO_SPACE",
    });
    expect(writeCodes(storage, SMALL_SLOT, 3))
      .toEqual(["no failure", "DM_NO_SPACE", "DM_NO_SPACE"]);
    expect(writeCodes(storage, 0, 2)).toEqual(["no failure", "no failure"]);
  });

  it.each([["none", [0xff, 0xff]], ["done", [1, 2]], ["torn", [1, 0xff]]] as const)(
    "a write with its effect %s: read at once, and on the medium behind the next sync",
    (effect, expected) => {
      const { medium, storage } = failing({ call: "write", at: 1, effect });
      expect(codeOf(() => put(storage, 0, 0, 1, 2))).toBe("DM_STORAGE");
      expect(bytesOf(storage, 0, 0, 2)).toEqual(expected);
      storage.settle();
      expect(bytesOf(medium, 0, 0, 2)).toEqual(expected);
    },
  );

  it("an erase that fails torn has erased some", () => {
    const { storage } = make();
    put(storage, 0, 0, ...filled(64, 0));
    storage.settle();
    storage.fail({ call: "erase", at: 1, effect: "torn" });
    expect(codeOf(() => storage.erase(0))).toBe("DM_STORAGE");
    expect(bytesOf(storage, 0, 31, 2)).toEqual([0xff, 0]);
  });

  it("a write that fails torn may leave metastable cells, once it has reached the medium", () => {
    const { storage } = failing({ call: "write", at: 1, effect: "torn" });
    storage.mode = { ...HALF_DONE, rest: "metastable" };
    expect(codeOf(() => put(storage, 0, 0, ...filled(16, 0)))).toBe("DM_STORAGE");
    storage.settle();
    const readings = [0, 1, 2, 3].map(() => {
      storage.powerOn();
      return bytesOf(storage, 0, 8, 8).join();
    });
    expect(new Set(readings).size).toBe(4);
  });

  it.each([
    ["none", [], [0xff, 0xff, 0xff, 0xff]], ["done", [0, 1, 2, 3], [0, 1, 2, 3]],
    ["torn", [0, 1, 3], [0, 1, 0xff, 3]],
  ] as const)(
    "a sync with its effect %s: what it lost is read until the power goes, and never durable",
    (effect, _, left) => {
      const { storage } = failing({ call: "sync", at: 1, effect });
      storage.mode = { inFlight: "torn", share: 0.5, keeps: (index) => index === 3 };
      for (let index = 0; index < 4; index++) put(storage, 0, index, index);
      expect(codeOf(() => storage.settle())).toBe("DM_STORAGE");
      expect(bytesOf(storage, 0, 0, 4)).toEqual([0, 1, 2, 3]);
      // A later sync that succeeds proves nothing about what the first one lost.
      put(storage, 0, 4, 4);
      storage.settle();
      expect(bytesOf(storage, 0, 0, 5)).toEqual([0, 1, 2, 3, 4]);
      storage.cut({ ...HALF_DONE, keeps: ALL });
      storage.powerOn();
      expect(bytesOf(storage, 0, 0, 5)).toEqual([...left, 4]);
    },
  );

  it("an erase behind a failed sync: what was lost is not read any more", () => {
    const { storage } = failing({ call: "sync", at: 1 });
    put(storage, 0, 0, 1);
    expect(codeOf(() => storage.settle())).toBe("DM_STORAGE");
    storage.erase(0);
    storage.settle();
    expect(bytesOf(storage, 0, 0, 1)).toEqual([0xff]);
  });

  it("sync: a failure rejects the promise with its code", async () => {
    const { storage } = failing({ call: "sync", at: 1 });
    await expect(storage.sync()).rejects.toMatchObject({ code: "DM_STORAGE" });
  });

  it("read: fails with DM_STORAGE in the areas that were said", () => {
    const { storage } = failing({ call: "read", areas: "journal", at: 1, isForGood: true });
    expect(codeOf(() => read(storage, 1, 0, 1))).toBe("DM_STORAGE");
    expect(codeOf(() => read(storage, SLOT_AREA, 0, 1))).toBe("no failure");
  });

  it("passing on: a failed write reaches the medium as far as its effect says", () => {
    const { medium, storage } = failing({ call: "write", at: 1, effect: "torn" }, false);
    expect(codeOf(() => put(storage, 0, 0, 1, 2, 3, 4))).toBe("DM_STORAGE");
    expect(bytesOf(medium, 0, 0, 4)).toEqual([1, 2, 0xff, 0xff]);
  });
});

describe("cutOf", () => {
  const leave = (mode: CutMode): number[] => {
    const { storage } = make();
    for (let index = 0; index < 4; index++) put(storage, 0, 4 * index, ...filled(4, index));
    cutIn(storage, mode, () => put(storage, 0, 16, ...filled(4, 4)));
    return bytesOf(storage, 0, 0, 20);
  };

  it("the same seed makes the same cut, and seeds differ", () => {
    for (const kind of CUT_KINDS) {
      const all = Array.from({ length: 60 }, (_, seed) => leave(cutOf(kind, seed)).join());
      expect(all).toEqual(Array.from({ length: 60 }, (_, seed) => leave(cutOf(kind, seed)).join()));
      expect(new Set(all).size)[kind === "before" || kind === "after" ? "toBe" : "toBeGreaterThan"](
        kind === "before" || kind === "after" ? 1 : 20,
      );
    }
  });

  it("before: all is lost; after: nothing is", () => {
    expect(leave(cutOf("before", 3))).toEqual(filled(20, 0xff));
    expect(leave(cutOf("after", 3))).toEqual([0, 1, 2, 3, 4].flatMap((byte) => filled(4, byte)));
  });

  it("torn: one operation at most is half done, each of the others is whole or not there", () => {
    const torn = new Set<number>();
    for (let seed = 0; seed < 200; seed++) {
      const bytes = leave(cutOf("torn", seed));
      const halves = [0, 1, 2, 3, 4].filter((index) => {
        const part = bytes.slice(4 * index, 4 * index + 4).join();
        return part !== filled(4, 0xff).join() && part !== filled(4, index).join();
      });
      expect(halves.length).toBeLessThanOrEqual(1);
      halves.forEach((index) => torn.add(index));
    }
    expect([...torn].sort()).toEqual([0, 1, 2, 3, 4]);
  });
});

describe("cut, called by hand", () => {
  it("an operation that is told to be in flight is torn", () => {
    const { storage } = make();
    const operation: Operation = {
      kind: "write", area: 0, offset: 0, bytes: Uint8Array.of(1, 2, 3, 4),
    };
    storage.cut(HALF_DONE, operation);
    storage.powerOn();
    expect(bytesOf(storage, 0, 0, 4)).toEqual([1, 2, 0xff, 0xff]);
  });
});
