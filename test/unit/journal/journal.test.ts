import { beforeAll, describe, expect, it } from "vitest";
import {
  buildRegion,
  crc32c,
  encodeRecord,
  isRetired,
  limitOf,
  Medium,
  numbers,
  readJournal,
  recordBytes,
} from "../../helpers/journal.ts";
import { BUILDS, loadModule } from "../../helpers/module.ts";
import { Boot, entry, Err, firstBoot, reboot, said, Type } from "./fixtures.ts";

const WRITE_UNITS = [1, 4, 32, 64];
const NOTHING = new Uint8Array(0);

describe("the second reader", () => {
  it("crc32c: the digits 1 to 9 give the check value of the catalogue", () => {
    expect(crc32c(0, Buffer.from("123456789"))).toBe(0xe3069283);
  });
});

describe.each(BUILDS)("journal, %s build", (build) => {
  // Compiling may take longer than a test may.
  beforeAll(() => loadModule("journal", build));

  describe.each(WRITE_UNITS)("on a medium with a write unit of %i", (writeUnit) => {
    it("recordBytes: is the length that the format page gives, around each unit", async () => {
      const { core } = await firstBoot({ build, writeUnit });
      for (let n = 0; n <= 200; n++) expect(core["recordBytes"](n)).toBe(recordBytes(writeUnit, n));
    });

    it("append: the second reader reads every length of payload from 0 to 150", async () => {
      const boot = await firstBoot({ build, writeUnit, regionBytes: 65536 });
      const entries = Array.from({ length: 151 }, (_, n) => entry(Type.Commit, n, n));
      const places = entries.map((each) => boot.append(each));
      expect(boot.core["error"]()).toBe(Err.Ok);
      const read = readJournal(boot.medium.regions, writeUnit)!;
      expect(said(read.records)).toEqual(entries);
      expect(read.records.map(({ place }) => place)).toEqual(places);
    });

    it("scan: hands out what the second writer wrote", async () => {
      const runs = [
        [entry(Type.Out, 1, 0), entry(Type.Text, 2, 400), entry(Type.Node, 3, 70)],
        [
          entry(Type.Node, 4, 2766),
          entry(Type.Delete, 5, 2),
          { type: Type.GroupEnd, payload: NOTHING },
        ],
        [entry(Type.Text, 6, 50), entry(Type.Plan, 7, 64), entry(Type.Commit, 8, 4)],
      ];
      const regionBytes = 8192;
      const region = buildRegion({
        regionBytes,
        writeUnit,
        generation: 9,
        flags: 3,
        firstSequence: 77,
        runs,
      });
      const empty = new Uint8Array(regionBytes).fill(0xff);
      const boot = await Boot.on(new Medium(regionBytes, writeUnit, [empty, region]), build);
      const { end, records } = boot.replay();
      expect(end).toBe(0);
      expect(said(records)).toEqual(runs.flat().filter(({ type }) => type !== Type.GroupEnd));
      expect(boot.core["generation"]()).toBe(9);
      expect(boot.core["flags"]()).toBe(3);
      expect(boot.core["isDegraded"]()).toBe(0);
    });

    it("open: the first boot makes region 0, generation 1; the next take turns", async () => {
      let boot = await firstBoot({ build, writeUnit, entries: [entry(Type.Node, 1)] });
      for (let generation = 1; generation < 5; generation++) {
        boot.append(entry(Type.Commit, generation));
        const read = readJournal(boot.medium.regions, writeUnit)!;
        expect([read.region, read.generation]).toEqual([(generation - 1) % 2, generation]);
        boot = await reboot(boot, build);
        const { records } = boot.replay();
        expect(said(records)).toEqual([entry(Type.Node, 1), entry(Type.Commit, generation)]);
        boot.open([entry(Type.Node, 1)], generation);
        expect(isRetired(boot.medium.regions[(generation - 1) % 2]!, writeUnit)).toBe(true);
        expect(boot.core["error"]()).toBe(Err.Ok);
      }
    });

    it("sequence: rises by one through two openings and is not used by RETIRE", async () => {
      const boot = await firstBoot({ build, writeUnit });
      boot.append(entry(Type.Commit, 1));
      const before = readJournal(boot.medium.regions, writeUnit)!.all.at(-1)!.sequence;
      boot.open([entry(Type.Node, 1)]);
      boot.append(entry(Type.Commit, 2));
      const { all } = readJournal(boot.medium.regions, writeUnit)!;
      expect(all.map(({ sequence }) => sequence)).toEqual(
        [1, 2, 3, 4].map((step) => before + step),
      );
    });

    it("room: the last record ends where RETIRE begins, one byte more is refused", async () => {
      const boot = await firstBoot({ build, writeUnit, regionBytes: 2048 });
      const room: number = boot.core["room"]();
      expect(room).toBe(
        limitOf(2048, writeUnit) - readJournal(boot.medium.regions, writeUnit)!.all.at(-1)!.end,
      );
      boot.core["begin"](Type.Commit, room - 12 + 1);
      expect(boot.core["error"]()).toBe(Err.NoSpace);

      const other = await firstBoot({ build, writeUnit, regionBytes: 2048 });
      other.append(entry(Type.Commit, 1, room - 12));
      expect(other.core["error"]()).toBe(Err.Ok);
      expect(other.core["room"]()).toBe(0);
      const { records } = (await reboot(other, build)).replay();
      expect(said(records)).toEqual([entry(Type.Commit, 1, room - 12)]);
      other.open();
      expect(other.core["error"]()).toBe(Err.Ok);
      expect(isRetired(other.medium.regions[0]!, writeUnit)).toBe(true);
    });

    it("putFrom: copies a payload from the old region into a checkpoint", async () => {
      const boot = await firstBoot({ build, writeUnit });
      const source = entry(Type.Node, 5, 300);
      const place = boot.append(source);
      boot.core["groupEnd"]();
      boot.sync();
      boot.core["beginOpening"]();
      boot.sync();
      boot.core["beginCheckpoint"](0);
      boot.core["begin"](Type.Node, 304);
      boot.core["putFrom"](place, 0, 100);
      boot.core["put32"](0x01020304);
      boot.core["putFrom"](place, 100, 200);
      boot.core["finish"]();
      boot.core["endCheckpoint"]();
      boot.sync();
      boot.core["adopt"]();
      const expected = [
        ...source.payload.subarray(0, 100),
        4,
        3,
        2,
        1,
        ...source.payload.subarray(100),
      ];
      expect([...readJournal(boot.medium.regions, writeUnit)!.records[0]!.payload]).toEqual(
        expected,
      );
    });
  });

  it("configure: a region that is no multiple of the write unit is cut down to one", async () => {
    const boot = await firstBoot({ build, writeUnit: 64, regionBytes: 1100 });
    boot.open();
    expect(boot.core["error"]()).toBe(Err.Ok);
    expect(isRetired(boot.medium.regions[0]!.subarray(0, 1088), 64)).toBe(true);
  });

  describe("runs", () => {
    it("magic: the first record after each barrier starts a run, the others do not", async () => {
      const boot = await firstBoot({ build });
      const startsOf = (): boolean[] =>
        readJournal(boot.medium.regions, 4)!
          .all.slice(2)
          .map(({ isRunStart }) => isRunStart);
      boot.append(entry(Type.Commit, 1));
      boot.append(entry(Type.Commit, 2));
      boot.sync();
      boot.sync();
      boot.group(entry(Type.Node, 3));
      expect(startsOf()).toEqual([true, false, true, false]);
      expect(readJournal(boot.medium.regions, 4)!.all[0]!.isRunStart).toBe(true);
      expect(readJournal(boot.medium.regions, 4)!.all[1]!.isRunStart).toBe(false);
    });

    it("isDirty: from a record or an erase to the barrier", async () => {
      const boot = await firstBoot({ build });
      const isDirty = (): boolean => boot.core["isDirty"]() !== 0;
      expect(isDirty()).toBe(false);
      boot.append(entry(Type.Commit, 1));
      expect(isDirty()).toBe(true);
      boot.sync();
      expect(isDirty()).toBe(false);
      boot.core["beginOpening"]();
      expect(isDirty()).toBe(true);
    });

    it.each([
      ["a GROUP_END", { type: Type.GroupEnd, payload: NOTHING }, true],
      ["another record", entry(Type.Plan, 2), true],
      ["nothing", undefined, false],
    ])("content: a run closed by %s counts accordingly", async (_, closer, counts) => {
      const boot = await firstBoot({ build });
      const content = [6, 7, 8, 9, 0x20, 0x21, 0x25, 0x2d].map((type) => entry(type, type));
      for (const each of content) boot.append(each);
      if (closer?.type === Type.GroupEnd) boot.core["groupEnd"]();
      else if (closer !== undefined) boot.append(closer);
      const expected = counts ? [...content, ...(closer?.type === Type.Plan ? [closer] : [])] : [];
      expect(said((await reboot(boot, build)).replay().records)).toEqual(expected);
      expect(said(readJournal(boot.medium.regions, 4)!.records)).toEqual(expected);
    });

    it("other records: 04, 10 to 16 and unknown types count alone", async () => {
      const boot = await firstBoot({ build });
      const alone = [4, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x0a, 0x1f, 0x2f, 0x30, 0xff];
      for (const type of alone) boot.append(entry(type, type));
      boot.append(entry(Type.Node, 1));
      const { records } = (await reboot(boot, build)).replay();
      expect(records.map(({ type }) => type)).toEqual(alone);
    });

    it("dropGroup: the run is void, those before and behind it count", async () => {
      const boot = await firstBoot({ build });
      boot.group(entry(Type.Node, 1));
      boot.append(entry(Type.Node, 2));
      boot.append(entry(Type.Delete, 3));
      boot.core["dropGroup"]();
      boot.group(entry(Type.Node, 4));
      const expected = [entry(Type.Node, 1), entry(Type.Node, 4)];
      expect(said((await reboot(boot, build)).replay().records)).toEqual(expected);
      expect(said(readJournal(boot.medium.regions, 4)!.records)).toEqual(expected);
    });

    it("groupEnd, dropGroup: write nothing when no content is open", async () => {
      const boot = await firstBoot({ build });
      boot.append(entry(Type.Node, 1));
      boot.append(entry(Type.Plan, 2));
      const { writes } = boot.medium;
      boot.core["groupEnd"]();
      boot.core["dropGroup"]();
      expect(boot.medium.writes).toBe(writes);
    });

    it("GROUP_END: one that does not agree with its records ends the tail", async () => {
      const run = [entry(Type.Node, 1), entry(Type.Node, 2)];
      for (const sum of [
        numbers([2, 1], [4, 0]),
        numbers([2, 2], [4, 0]),
        numbers([2, 3], [4, 0]),
      ]) {
        const runs = [[], [entry(Type.Plan, 9)], [...run, { type: Type.GroupEnd, payload: sum }]];
        const regions = [
          buildRegion({ regionBytes: 1024, writeUnit: 4, generation: 1, runs }),
          new Uint8Array(1024),
        ];
        const boot = await Boot.on(new Medium(1024, 4, regions), build);
        expect(said(boot.replay().records)).toEqual([entry(Type.Plan, 9)]);
      }
    });

    it("checkpoint: counts whole or not at all, whatever types it holds", async () => {
      const first = [entry(Type.Node, 1)];
      const boot = await firstBoot({ build, entries: first });
      boot.core["beginOpening"]();
      boot.sync();
      boot.core["beginCheckpoint"](0);
      boot.append(entry(Type.Out, 2));
      boot.append(entry(Type.Node, 3));
      expect(said((await reboot(boot, build)).replay().records)).toEqual(first);
      boot.core["endCheckpoint"]();
      boot.sync();
      boot.core["adopt"]();
      const expected = [entry(Type.Out, 2), entry(Type.Node, 3)];
      expect(said((await reboot(boot, build)).replay().records)).toEqual(expected);
    });
  });

  describe("use out of order", () => {
    it("begin: before this boot opened a region fails for good with Err.Misuse", async () => {
      const boot = await reboot(await firstBoot({ build }), build);
      boot.replay();
      expect(boot.core["room"]()).toBe(0);
      boot.append(entry(Type.Commit, 1));
      expect(boot.core["error"]()).toBe(Err.Misuse);
      expect(boot.medium.writes).toBe(0);
      boot.open();
      expect(boot.core["isOpen"]()).toBe(0);
      expect(boot.medium.writes + boot.medium.erases).toBe(0);
    });

    it("a boot that only replays writes and erases nothing", async () => {
      const boot = await reboot(await firstBoot({ build, entries: [entry(Type.Node, 1)] }), build);
      boot.replay();
      expect(boot.medium.writes + boot.medium.erases).toBe(0);
    });

    it.each<[string, (boot: Boot) => void]>([
      [
        "a checkpoint without the barrier behind the erase",
        (boot) => boot.core["beginCheckpoint"](0),
      ],
      ["a second erase", (boot) => boot.core["beginOpening"]()],
      ["an end without a checkpoint", (boot) => boot.core["endCheckpoint"]()],
      ["an adoption without a checkpoint", (boot) => boot.core["adopt"]()],
    ])("opening: %s fails with Err.Misuse", async (_, step) => {
      const boot = await reboot(await firstBoot({ build }), build);
      boot.replay();
      boot.core["beginOpening"]();
      step(boot);
      expect(boot.core["error"]()).toBe(Err.Misuse);
      expect(boot.medium.writes).toBe(0);
    });

    it("opening: between checkpoint and barrier neither records nor adoption work", async () => {
      for (const step of [
        (boot: Boot) => boot.core["adopt"](),
        (boot: Boot) => boot.append(entry(Type.Commit, 1)),
      ]) {
        const boot = await firstBoot({ build });
        boot.core["beginOpening"]();
        boot.sync();
        boot.core["beginCheckpoint"](0);
        boot.core["endCheckpoint"]();
        step(boot);
        expect(boot.core["error"]()).toBe(Err.Misuse);
      }
    });

    it("opening: is refused while a run of content records is open", async () => {
      const boot = await firstBoot({ build });
      boot.append(entry(Type.Node, 1));
      boot.sync();
      boot.core["beginOpening"]();
      boot.sync();
      boot.core["beginCheckpoint"](0);
      expect(boot.core["error"]()).toBe(Err.Misuse);
    });

    it("opening: records before the checkpoint still go to the old region", async () => {
      const boot = await firstBoot({ build });
      boot.core["beginOpening"]();
      boot.append(entry(Type.Commit, 1));
      expect(said((await reboot(boot, build)).replay().records)).toEqual([entry(Type.Commit, 1)]);
      boot.sync();
      boot.core["beginCheckpoint"](0);
      boot.core["endCheckpoint"]();
      boot.sync();
      boot.core["adopt"]();
      expect(boot.core["error"]()).toBe(Err.Ok);
    });

    it.each([4, 6])("put: %i bytes of a payload of 5 fail with Err.Misuse", async (byteCount) => {
      const boot = await firstBoot({ build });
      boot.core["begin"](Type.Commit, 5);
      boot.core["put"](boot.core["SCRATCH"].value, byteCount);
      boot.core["finish"]();
      expect(boot.core["error"]()).toBe(Err.Misuse);
    });

    it("sequence: the last number is not passed", async () => {
      const last = buildRegion({
        regionBytes: 512,
        writeUnit: 4,
        generation: 1,
        firstSequence: 0xfffffffc,
        runs: [],
      });
      const boot = await Boot.on(new Medium(512, 4, [last, new Uint8Array(512)]), build);
      boot.replay();
      boot.open();
      expect(boot.core["isOpen"]()).toBe(1);
      boot.append(entry(Type.Commit, 1));
      expect(boot.core["error"]()).toBe(Err.NoSpace);
    });
  });

  describe("failures of the medium", () => {
    it("append: after a write that failed nothing more is written", async () => {
      const boot = await firstBoot({ build });
      boot.medium.failWrite = () => true;
      boot.append(entry(Type.Commit, 1));
      boot.medium.failWrite = () => false;
      const { writes } = boot.medium;
      expect(boot.core["error"]()).toBe(Err.Storage);
      boot.append(entry(Type.Commit, 2));
      boot.core["groupEnd"]();
      boot.open();
      expect([boot.medium.writes, boot.medium.erases]).toEqual([writes, 1]);
      expect(boot.core["error"]()).toBe(Err.Storage);
    });

    it("fail: a barrier that failed ends writing, the first failure is kept", async () => {
      const boot = await firstBoot({ build });
      const { writes } = boot.medium;
      boot.core["fail"](Err.Storage);
      boot.core["fail"](Err.Damaged);
      boot.append(entry(Type.Commit, 1));
      expect(boot.medium.writes).toBe(writes);
      expect(boot.core["error"]()).toBe(Err.Storage);
    });

    it("adopt: a failed write of RETIRE ends writing, the next boot does without it", async () => {
      const boot = await firstBoot({ build, entries: [entry(Type.Node, 1)] });
      boot.medium.failWrite = (_, offset) => offset === limitOf(4096, 4);
      boot.open([entry(Type.Node, 2)]);
      boot.append(entry(Type.Commit, 3));
      expect(boot.core["error"]()).toBe(Err.Storage);
      const next = await reboot(boot, build);
      expect(said(next.replay().records)).toEqual([entry(Type.Node, 1)]);
      expect(next.core["isDegraded"]()).toBe(0);
      next.medium.failWrite = boot.medium.failWrite;
      next.open([entry(Type.Node, 2)]);
      expect(next.core["error"]()).toBe(Err.Ok);
      expect(isRetired(next.medium.regions[0]!, 4)).toBe(false);
      const last = await reboot(next, build);
      expect(said(last.replay().records)).toEqual([entry(Type.Node, 2)]);
    });

    it("putFrom: a source that cannot be read ends writing and degrades", async () => {
      const boot = await firstBoot({ build, entries: [entry(Type.Node, 1, 200)] });
      boot.medium.failRead = () => true;
      boot.core["begin"](Type.Node, 200);
      boot.core["putFrom"](20, 0, 200);
      boot.core["finish"]();
      expect(boot.core["error"]()).toBe(Err.Damaged);
      expect(boot.core["isDegraded"]()).toBe(1);
    });

    it("scan: with no readable byte fails with Err.Storage", async () => {
      const boot = await reboot(await firstBoot({ build }), build);
      boot.medium.failRead = () => true;
      expect(boot.replay().scan).toBe(Err.Storage);
    });

    it("scan: what cannot be read outside the current records does not matter", async () => {
      const boot = await firstBoot({ build, entries: [entry(Type.Node, 1, 100)] });
      boot.append(entry(Type.Commit, 2));
      const { end } = readJournal(boot.medium.regions, 4)!.all.at(-1)!;
      const next = await reboot(boot, build);
      next.medium.failRead = (region, offset, byteCount) =>
        region === 1 || offset + byteCount > end;
      expect(said(next.replay().records)).toEqual([
        entry(Type.Node, 1, 100),
        entry(Type.Commit, 2),
      ]);
      expect(next.core["isDegraded"]()).toBe(0);
    });

    it("scan: an unreadable record with a later run behind it degrades", async () => {
      const boot = await firstBoot({ build });
      const lost = boot.append(entry(Type.Commit, 1, 90));
      boot.sync();
      boot.append(entry(Type.Commit, 2));
      const next = await reboot(boot, build);
      next.medium.failRead = (_, offset, byteCount) =>
        offset < lost + 64 && offset + byteCount > lost + 60;
      expect(next.replay().records).toEqual([]);
      expect(next.core["isDegraded"]()).toBe(1);
    });

    it("check: a record that has changed fails with Err.Damaged and degrades", async () => {
      const boot = await firstBoot({ build });
      const place = boot.append(entry(Type.Commit, 1, 100));
      expect(boot.core["check"](place)).toBe(Err.Ok);
      expect(boot.core["bytesAt"](place)).toBe(100);
      expect(boot.core["isDegraded"]()).toBe(0);
      boot.medium.regions[0]![place + 80]! ^= 1;
      expect(boot.core["check"](place)).toBe(Err.Damaged);
      expect(boot.core["isDegraded"]()).toBe(1);
    });

    it("beginOpening: over a region that has rotted fails, the older one stays", async () => {
      const boot = await reboot(await firstBoot({ build, entries: [entry(Type.Node, 1)] }), build);
      boot.replay();
      boot.open([entry(Type.Node, 2)]);
      const next = await reboot(boot, build);
      next.replay();
      next.medium.regions[1]![30]! ^= 1;
      expect(next.core["beginOpening"]()).toBe(Err.Damaged);
      expect(next.medium.erases).toBe(0);
      const last = await reboot(next, build);
      expect(said(last.replay().records)).toEqual([entry(Type.Node, 1)]);
      expect(last.core["isDegraded"]()).toBe(1);
      // RETIRE is in its place already and must not be written again.
      last.open([entry(Type.Node, 3)]);
      expect(last.core["error"]()).toBe(Err.Ok);
      const { records } = (await reboot(last, build)).replay();
      expect(said(records)).toEqual([entry(Type.Node, 3)]);
    });
  });

  describe("a checkpoint whose barrier may not have passed", () => {
    /** A boot that lost power in the barrier behind its checkpoint, which reads whole. */
    const unproven = async (): Promise<Boot> => {
      const boot = await reboot(await firstBoot({ build, entries: [entry(Type.Node, 1)] }), build);
      boot.replay();
      boot.core["beginOpening"]();
      boot.sync();
      boot.core["beginCheckpoint"](0);
      boot.append(entry(Type.Node, 2));
      boot.core["endCheckpoint"]();
      return boot;
    };

    it("is passed over, and the next opening erases it and not the older one", async () => {
      const next = await reboot(await unproven(), build);
      expect(said(next.replay().records)).toEqual([entry(Type.Node, 1)]);
      expect(next.core["isDegraded"]()).toBe(0);
      const older = next.medium.regions[0]!.slice();
      next.core["beginOpening"]();
      expect(next.medium.regions[0]).toEqual(older);
      expect(next.medium.regions[1]!.every((byte) => byte === 0xff)).toBe(true);
    });

    it("is taken where it reads whole and the older one does not", async () => {
      const boot = await unproven();
      boot.medium.regions[0]!.fill(0x55);
      expect(said((await reboot(boot, build)).replay().records)).toEqual([entry(Type.Node, 2)]);
    });

    it.each([0x00, 0xfe])("is taken where RETIRE was begun, by a byte %i", async (value) => {
      const boot = await unproven();
      boot.medium.regions[0]![limitOf(4096, 4) + 5] = value;
      const next = await reboot(boot, build);
      expect(said(next.replay().records)).toEqual([entry(Type.Node, 2)]);
      expect(next.core["isDegraded"]()).toBe(0);
    });

    it("is taken where RETIRE cannot be read", async () => {
      const next = await reboot(await unproven(), build);
      next.medium.failRead = (region, offset) => region === 0 && offset === limitOf(4096, 4);
      expect(said(next.replay().records)).toEqual([entry(Type.Node, 2)]);
    });

    it("adopt: unproven until the next barrier, and RETIRE alone proves it", async () => {
      const boot = await unproven();
      boot.sync();
      expect(boot.core["isUnproven"]()).toBe(0);
      boot.core["adopt"]();
      expect([boot.core["isUnproven"](), boot.core["isDirty"]()]).toEqual([1, 1]);
      boot.sync();
      expect([boot.core["isUnproven"](), boot.core["isDirty"]()]).toEqual([0, 0]);
      expect(isRetired(boot.medium.regions[0]!, 4)).toBe(true);
      expect(said((await reboot(boot, build)).replay().records)).toEqual([entry(Type.Node, 2)]);
    });

    it("adopt: after one was passed over a run proves the next, not RETIRE", async () => {
      const next = await reboot(await unproven(), build);
      next.replay();
      next.open([entry(Type.Node, 3)]);
      expect(isRetired(next.medium.regions[0]!, 4)).toBe(false);
      const last = readJournal(next.medium.regions, 4)!.all.at(-1)!;
      expect([last.type, last.isRunStart]).toEqual([Type.GroupEnd, true]);
      next.append(entry(Type.Commit, 4));
      const { records } = (await reboot(next, build)).replay();
      expect(said(records)).toEqual([entry(Type.Node, 3), entry(Type.Commit, 4)]);
    });

    it("is taken where the first run behind it has rotted and a later one has not", async () => {
      const next = await reboot(await unproven(), build);
      next.replay();
      next.open([entry(Type.Node, 3)]);
      const { place } = readJournal(next.medium.regions, 4)!.all.at(-1)!;
      next.sync();
      next.append(entry(Type.Commit, 4));
      next.medium.regions[1]![place + 9]! ^= 1;
      const last = await reboot(next, build);
      expect(said(last.replay().records)).toEqual([entry(Type.Node, 3)]);
      expect(last.core["isDegraded"]()).toBe(1);
    });
  });

  describe("nothing to go by", () => {
    const regionBytes = 512;
    const erased = (): Uint8Array => new Uint8Array(regionBytes).fill(0xff);
    const region = (generation: number): Uint8Array =>
      buildRegion({
        regionBytes,
        writeUnit: 4,
        generation,
        runs: [[entry(Type.Node, 1)], [entry(Type.Plan, 2)]],
      });
    const scanOf = async (regions: Uint8Array[]): Promise<number> =>
      (await Boot.on(new Medium(regionBytes, 4, regions), build)).replay().scan;

    it.each([0x00, 0xff, 0xd5, 0xd4])(
      "scan: regions full of %i are a new device",
      async (value) => {
        const regions = [0, 1].map(() => new Uint8Array(regionBytes).fill(value));
        expect(await scanOf(regions)).toBe(Err.NotFound);
      },
    );

    it("scan: a first checkpoint that was cut short at any byte is a new device", async () => {
      const whole = buildRegion({
        regionBytes,
        writeUnit: 4,
        generation: 1,
        runs: [[entry(Type.Node, 1)]],
      });
      const { end } = readJournal([whole, erased()], 4)!.all.at(-1)!;
      for (let cut = 0; cut < end; cut++) {
        const torn = erased();
        torn.set(whole.subarray(0, cut));
        expect(await scanOf([torn, erased()])).toBe(Err.NotFound);
      }
    });

    it("scan: a broken checkpoint that was whole or not the first is a loss", async () => {
      for (const generation of [1, 2]) {
        const broken = region(generation);
        broken[30]! ^= 1;
        expect(await scanOf([broken, erased()])).toBe(Err.Damaged);
        expect(await scanOf([erased(), broken])).toBe(Err.Damaged);
      }
    });

    it("scan: a checkpoint in a format of the future is a loss, not a new device", async () => {
      const future = erased();
      const payload = numbers([4, 1], [1, 2], [1, 0]);
      future.set(
        encodeRecord({ type: Type.CheckpointBegin, sequence: 1, payload, isRunStart: true }, 4, 1),
      );
      expect(await scanOf([future, erased()])).toBe(Err.Damaged);
    });

    it("opening after a loss: takes a generation above those of all remains", async () => {
      const broken = region(7);
      broken[30]! ^= 1;
      const boot = await Boot.on(new Medium(regionBytes, 4, [erased(), broken]), build);
      boot.replay();
      boot.open([entry(Type.Node, 3)]);
      expect(boot.core["generation"]()).toBe(8);
      expect(said((await reboot(boot, build)).replay().records)).toEqual([entry(Type.Node, 3)]);
    });
  });
});
