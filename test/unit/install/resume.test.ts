// A download that goes on where a restart has left it: PROGRESS of docs/journal-format.md.
import { beforeAll, describe, expect, it } from "vitest";
import { readJournal } from "../../helpers/journal.ts";
import { SLOT_AREA } from "../../../host/storage/storage.ts";
import { CutDevice, type DeviceOptions } from "../../helpers/resume.ts";
import { pack, type Release, release } from "../../helpers/world-content.ts";
import { download } from "../../helpers/world-server.ts";
import { loadCore } from "../../helpers/world.ts";

const KIB = 1024;
const STEP_BYTES = 32 * KIB;
const PROGRESS = 0x16;
const PAGE_BYTES = 65_536;

/** Numbers in [0, 1) that are the same in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const objectsOf = (content: Release, isOutside: boolean): Map<string, Uint8Array> =>
  isOutside
    ? new Map([
      ["app", pack([{ ...content, uri: "files/app" }])],
      ["files/app", content.content],
    ])
    : new Map([["app", pack([content])]]);

function make(content: Release, isOutside: boolean, options: Partial<DeviceOptions> = {}) {
  return CutDevice.make({
    script: [download("app")],
    slotBytes: [content.content.length, 64 * KIB],
    objects: objectsOf(content, isOutside),
    ...options,
  });
}

/** Offsets of the PROGRESS records in the newest region. */
function progressOf(device: CutDevice, writeUnit = 1): number[] {
  const { records } = readJournal([device.region(0), device.region(1)], writeUnit)!;
  return records
    .filter(({ type }) => type === PROGRESS)
    .map(({ payload }) => Buffer.from(payload).readUInt32LE(1));
}

/** Runs until so many bytes of bodies were served, and no further. */
async function cutAt(device: CutDevice, servedBytes: number): Promise<void> {
  device.objects.onChunk = () => {
    if (device.objects.servedBytes >= servedBytes) device.storage.cut();
  };
  expect(await device.start()).toBeNull();
  device.objects.onChunk = () => {};
}

beforeAll(loadCore);

const PLACES = [
  ["inside the package", false],
  ["outside of the package", true],
] as const;

describe.each(PLACES)("a payload %s", (_, isOutside) => {
  const name = isOutside ? "files/app" : "app";

  const [size, cutCount] = [2 * KIB * KIB, 5];
  it(`${size} bytes, ${cutCount} power cuts: arrives, and at most 5 % come twice`, async () => {
    const app = release("app", "1.0.0", size);
    const device = await make(app, isOutside);
    const next = random(2);
    const cuts = Array.from({ length: cutCount }, () => Math.floor(next() * size));
    cuts.sort((left, right) => left - right);
    device.objects.onChunk = () => {
      if (device.objects.servedBytes < (cuts[0] ?? Infinity)) return;
      cuts.shift();
      device.storage.cut();
    };
    await device.finish();
    expect(device.cuts).toBe(cutCount);
    expect(device.codes).toEqual([1200]);
    expect(Buffer.compare(device.slot(0, size), app.content)).toBe(0);
    expect(device.medium.spoiltBytes).toBe(0);
    const share = device.objects.servedBytes / size;
    console.log(`${size} bytes, ${name}: ${share.toFixed(4)} times, ${device.barriers} barriers`);
    expect(share).toBeLessThanOrEqual(1.05);
    expect(new Set(device.memoryBytes)).toEqual(new Set([PAGE_BYTES]));
  }, 60_000);

  it("a restart: hashes what is recorded, asks for the rest by Range and If-Range", async () => {
    const app = release("app", "1.0.0", 100 * KIB);
    const device = await make(app, isOutside);
    await cutAt(device, 80 * KIB);
    expect(progressOf(device)).toEqual([STEP_BYTES, 2 * STEP_BYTES]);
    const before = device.objects.seen.length;
    const served = device.objects.servedBytes;
    await device.finish();
    const asked = device.objects.seen.slice(before).filter((got) => got.range !== null);
    const headBytes = isOutside ? 0 : device.objects.objects.get("app")!.length - 100 * KIB;
    const first = Number(/^bytes=(\d+)-$/.exec(asked[0]!.range!)![1]);
    expect(Math.abs(first - headBytes - 2 * STEP_BYTES)).toBeLessThan(8);
    expect(asked[0]).toMatchObject({ name, ifRange: `"${name}"`, status: 206 });
    expect(device.objects.servedBytes - served).toBeLessThan(36 * KIB + 6 * KIB);
    expect(device.codes).toEqual([1200]);
  });

  it.each([
    [64 * KIB, [64 * KIB, 128 * KIB]],
    [128 * KIB, [128 * KIB]],
    [0, []],
  ])("blocks of %i bytes: a place where one begins is recorded, else none", async (unit, marks) => {
    const app = release("app", "1.0.0", 200 * KIB);
    const device = await make(app, isOutside, { eraseUnit: unit });
    await cutAt(device, 150 * KIB);
    expect(progressOf(device)).toEqual(marks);
    await device.finish();
    expect(device.codes).toEqual([1200]);
    expect(device.medium.spoiltBytes).toBe(0);
    expect(Buffer.compare(device.slot(0, 200 * KIB), app.content)).toBe(0);
  });

  it("what is recorded reads no more: it is begun anew", async () => {
    const app = release("app", "1.0.0", 100 * KIB);
    const device = await make(app, isOutside);
    await cutAt(device, 80 * KIB);
    device.failReads(SLOT_AREA, 10 * KIB);
    await device.finish();
    expect(device.codes).toEqual([1200]);
    expect(device.medium.spoiltBytes).toBe(0);
    expect(Buffer.compare(device.slot(0, 100 * KIB), app.content)).toBe(0);
  });

  it("an erase that takes the whole slot: shows in the digest, and it is begun anew", async () => {
    const app = release("app", "1.0.0", 100 * KIB);
    const device = await make(app, isOutside);
    await cutAt(device, 80 * KIB);
    const erase = device.storage.erase.bind(device.storage);
    device.storage.erase = (area) => erase(area);
    await device.finish();
    expect(device.codes).toEqual([1200]);
    expect(Buffer.compare(device.slot(0, 100 * KIB), app.content)).toBe(0);
  });

  it("two cuts, and nothing arrives between them: what is recorded stays", async () => {
    const app = release("app", "1.0.0", 100 * KIB);
    const device = await make(app, isOutside);
    await cutAt(device, 80 * KIB);
    await cutAt(device, device.objects.servedBytes);
    expect(progressOf(device)).toEqual([2 * STEP_BYTES]);
    await device.finish();
    expect(device.objects.servedBytes).toBeLessThan(100 * KIB + 16 * KIB + 10 * KIB);
    expect(device.codes).toEqual([1200]);
  });

  it.each([
    ["a validator that is another", (device: CutDevice) => {
      device.objects.etagOf = () => '"other"';
    }],
    ["a validator that is gone", (device: CutDevice) => {
      device.objects.etagOf = () => null;
    }],
  ])("%s: it is begun anew", async (_what, change) => {
    const app = release("app", "1.0.0", 100 * KIB);
    const device = await make(app, isOutside);
    await cutAt(device, 80 * KIB);
    change(device);
    device.objects.servedBytes = 0;
    await device.finish();
    expect(device.objects.servedBytes).toBeGreaterThan(100 * KIB);
    expect(device.codes).toEqual([1200]);
    expect(Buffer.compare(device.slot(0, 100 * KIB), app.content)).toBe(0);
  });

  it("a server without ranges: sends it anew", async () => {
    const app = release("app", "1.0.0", 100 * KIB);
    const device = await make(app, isOutside);
    device.objects.hasRanges = false;
    await cutAt(device, 80 * KIB);
    await device.finish();
    expect(device.objects.seen.every(({ status }) => status === 200)).toBe(true);
    expect(device.codes).toEqual([1200]);
    expect(Buffer.compare(device.slot(0, 100 * KIB), app.content)).toBe(0);
  });

  it("bytes before the cut that were wrong: the digest says so, and it is begun anew", async () => {
    const app = release("app", "1.0.0", 100 * KIB);
    const device = await make(app, isOutside);
    const right = device.objects.objects.get(name)!;
    const wrong = right.slice();
    wrong[right.length - 90 * KIB]! ^= 1;
    device.objects.objects.set(name, wrong);
    await cutAt(device, 80 * KIB);
    expect(progressOf(device).at(-1)).toBe(2 * STEP_BYTES);
    device.objects.objects.set(name, right);
    await device.finish();
    expect(device.codes).toEqual([1200]);
    expect(Buffer.compare(device.slot(0, 100 * KIB), app.content)).toBe(0);
  });

  it.each([
    [STEP_BYTES - 1, 0], [STEP_BYTES, 0], [STEP_BYTES + 1025, 1], [2 * STEP_BYTES, 1],
  ])("%i bytes: %i records of how far it has come, two barriers each", async (size, count) => {
    const small = await make(release("app", "1.0.0", 100), isOutside);
    await small.finish();
    const app = release("app", "1.0.0", size);
    const device = await make(app, isOutside);
    await device.finish();
    expect(progressOf(device)).toHaveLength(count);
    expect(device.barriers).toBe(small.barriers + 2 * count);
    expect(device.codes).toEqual([1200]);
  });
});

describe("a payload that is recorded as begun", () => {
  const first = release("first", "1.0.0", 70 * KIB);
  const second = release("second", "1.0.0", 90 * KIB);
  const objects = new Map([["app", pack([first, second])]]);
  const slotBytes = [72 * KIB, 96 * KIB];

  it("the next payload: is not taken for it", async () => {
    const device = await CutDevice.make({ script: [download("app")], slotBytes, objects });
    await cutAt(device, 90 * KIB);
    expect(progressOf(device)).toEqual([STEP_BYTES, 2 * STEP_BYTES]);
    await device.finish();
    expect(device.codes).toEqual([1200, 1200]);
    expect(Buffer.compare(device.slot(1, 90 * KIB), second.content)).toBe(0);
  });

  it("a barrier of it that fails: ends the install, and the record is not written", async () => {
    const device = await CutDevice.make({ script: [download("app")], slotBytes, objects });
    const sync = device.storage.sync.bind(device.storage);
    let isFailing = false;
    device.objects.onChunk = () => {
      isFailing = device.objects.servedBytes >= 20 * KIB && device.objects.servedBytes < 40 * KIB;
    };
    device.storage.sync = async () => {
      if (!isFailing) return sync();
      isFailing = false;
      throw new Error("the drive is gone for a moment");
    };
    await device.start();
    expect(device.codes).toEqual([1405]);
    expect(progressOf(device)).toEqual([]);
  });

  it("more records than the journal has room for: the other region is opened", async () => {
    const app = release("app", "1.0.0", 5 * KIB * KIB);
    const device = await make(app, false, { writeUnit: 64 });
    device.objects.etagOf = () => `"${"v".repeat(62)}"`;
    await cutAt(device, app.content.length - 10 * KIB);
    const offsets = progressOf(device, 64);
    expect(offsets.at(-1)).toBe(app.content.length - STEP_BYTES);
    expect(offsets.length).toBeLessThan(app.content.length / STEP_BYTES - 1);
    await device.finish();
    expect(device.codes).toEqual([1200]);
    expect(device.objects.servedBytes).toBeLessThan(app.content.length + 60 * KIB);
  }, 20_000);

  it("a cut at any operation in between: ends well, with every byte right", async () => {
    const run = async (cutAtOperation: number, keepsAll: boolean) => {
      const mode = { inFlight: "torn", share: 0.5, keeps: () => keepsAll } as const;
      const device = await CutDevice.make({ script: [download("app")], slotBytes, objects, mode });
      const operations = device.storage.operations;
      const start = device.start.bind(device);
      device.start = async () => {
        if (device.cuts === 0) device.storage.cutAt = operations + cutAtOperation;
        return start();
      };
      await device.finish();
      expect(device.cuts).toBe(cutAtOperation ? 1 : 0);
      expect(device.codes, `cut at ${cutAtOperation}`).toEqual([1200, 1200]);
      expect(Buffer.compare(device.slot(0, 70 * KIB), first.content)).toBe(0);
      expect(Buffer.compare(device.slot(1, 90 * KIB), second.content)).toBe(0);
      expect(device.medium.spoiltBytes).toBe(0);
      return device;
    };
    const made = await CutDevice.make({ script: [download("app")], slotBytes, objects });
    const count = (await run(0, false)).storage.operations - made.storage.operations;
    for (let at = 1; at < count; at += 6) await run(at, at % 4 === 1);
  }, 60_000);
});
