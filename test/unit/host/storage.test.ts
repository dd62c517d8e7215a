import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CuttableStorage, HALF_DONE, PowerCut } from "../../../host/storage/cuttable.ts";
import { MemoryStorage } from "../../../host/storage/memory.ts";
import { NodeFsStorage } from "../../../host/storage/node-fs.ts";
import { SLOT_AREA } from "../../../host/storage/storage.ts";
import { bytesFrom, codeOf, LAYOUT, read, storageSuite } from "../../suites/storage.ts";

const newFolder = () => mkdtempSync(join(tmpdir(), "scomo-storage-"));

storageSuite("memory", async () => {
  const storage = new MemoryStorage(LAYOUT);
  return { storage: () => storage, remove: async () => {} };
});

storageSuite("node-fs", async () => {
  const folder = newFolder();
  await NodeFsStorage.create(folder, LAYOUT);
  return {
    storage: () => new NodeFsStorage(folder, LAYOUT),
    remove: async () => rmSync(folder, { recursive: true }),
  };
});

storageSuite("cuttable over memory", async () => {
  const medium = new MemoryStorage(LAYOUT);
  return { storage: () => new CuttableStorage(medium), remove: async () => {} };
});

for (const holds of [true, false]) {
  const how = holds ? "holding" : "passing on";
  storageSuite(`cuttable over node-fs, ${how}`, async () => {
    const folder = newFolder();
    await NodeFsStorage.create(folder, LAYOUT);
    return {
      storage: () => new CuttableStorage(new NodeFsStorage(folder, LAYOUT), { holds }),
      remove: async () => rmSync(folder, { recursive: true }),
    };
  });
}

describe("NodeFsStorage", () => {
  let folder: string;
  const openNew = async () => {
    const storage = await NodeFsStorage.create(folder, LAYOUT);
    await storage.open();
    return storage;
  };

  beforeEach(() => {
    folder = newFolder();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("create: both journal files are written in full, and no slot is there yet", async () => {
    await NodeFsStorage.create(folder, LAYOUT);
    for (const name of ["j0", "j1"]) {
      const bytes = readFileSync(join(folder, name));
      expect(bytes.length).toBe(LAYOUT.regionBytes);
      expect(bytes.every((byte) => byte === 0xff)).toBe(true);
    }
    expect(readdirSync(join(folder, "slots"))).toEqual([]);
  });

  it("create: a device that is there already is left alone", async () => {
    const storage = await openNew();
    storage.write(0, 0, bytesFrom(1, 16));
    await storage.close();
    await expect(NodeFsStorage.create(folder, LAYOUT)).rejects.toMatchObject({
      code: "DM_STORAGE",
      cause: { code: "EEXIST" },
    });
    expect(readFileSync(join(folder, "j0")).subarray(0, 2)).toEqual(Buffer.from([1, 2]));
  });

  it.each(["j0", "j1"])("open: a missing %s is damage, named", async (name) => {
    await NodeFsStorage.create(folder, LAYOUT);
    rmSync(join(folder, name));
    const opening = new NodeFsStorage(folder, LAYOUT).open();
    await expect(opening).rejects.toMatchObject({
      code: "DM_STATE_DAMAGED",
      message: expect.stringContaining(join(folder, name)),
    });
  });

  it("open: a journal file one byte shorter or longer is damage", async () => {
    await NodeFsStorage.create(folder, LAYOUT);
    truncateSync(join(folder, "j1"), LAYOUT.regionBytes - 1);
    const shorter = new NodeFsStorage(folder, LAYOUT).open();
    await expect(shorter).rejects.toMatchObject({ code: "DM_STATE_DAMAGED" });
    appendFileSync(join(folder, "j1"), Buffer.from([255, 255]));
    const longer = new NodeFsStorage(folder, LAYOUT).open();
    await expect(longer).rejects.toMatchObject({ code: "DM_STATE_DAMAGED" });
  });

  it("open: a slot file above its capacity is damage, a missing folder too", async () => {
    const storage = await openNew();
    storage.write(SLOT_AREA, 0, bytesFrom(0, 4096));
    await storage.close();
    appendFileSync(storage.slotPath(0), "x");
    const opening = new NodeFsStorage(folder, LAYOUT).open();
    await expect(opening).rejects.toMatchObject({
      code: "DM_STATE_DAMAGED",
      message: expect.stringContaining(storage.slotPath(0)),
    });
    rmSync(join(folder, "slots"), { recursive: true });
    const without = new NodeFsStorage(folder, LAYOUT).open();
    await expect(without).rejects.toMatchObject({ code: "DM_STATE_DAMAGED" });
  });

  it("erase: a journal file keeps its size, a slot file becomes empty", async () => {
    const storage = await openNew();
    storage.write(0, 0, bytesFrom(1, 64));
    storage.write(SLOT_AREA + 2, 0, bytesFrom(1, 64));
    expect(storage.slotFileBytes(2)).toBe(64);
    storage.erase(0);
    storage.erase(SLOT_AREA + 2);
    expect(statSync(join(folder, "j0")).size).toBe(LAYOUT.regionBytes);
    expect(storage.slotFileBytes(2)).toBe(0);
    await storage.close();
  });

  it("erase from a place on: a slot file is cut off there, and never made longer", async () => {
    const storage = await openNew();
    storage.write(SLOT_AREA + 2, 0, bytesFrom(1, 64));
    storage.erase(SLOT_AREA + 2, 48);
    expect(storage.slotFileBytes(2)).toBe(48);
    storage.erase(SLOT_AREA + 2, 4096);
    expect(storage.slotFileBytes(2)).toBe(48);
    await storage.close();
  });

  it("erase: a slot that was never written gets no file", async () => {
    const storage = await openNew();
    storage.erase(SLOT_AREA);
    await storage.sync();
    expect(storage.slotFileBytes(0)).toBe(0);
    expect(readdirSync(join(folder, "slots"))).toEqual([]);
    await storage.close();
  });

  it("slot files: the number of the slot in two digits", async () => {
    const storage = await openNew();
    storage.write(SLOT_AREA + 1, 0, bytesFrom(5, 3));
    expect(readFileSync(join(folder, "slots", "01"))).toEqual(Buffer.from([5, 6, 7]));
    await storage.close();
  });

  it("closed: reads and writes are refused", async () => {
    const storage = await openNew();
    await storage.close();
    expect(codeOf(() => read(storage, 0, 0, 1))).toBe("DM_CLOSED");
    expect(codeOf(() => storage.write(0, 0, bytesFrom(0, 16)))).toBe("DM_CLOSED");
  });

  it("sync: a failed one is reported, and the file takes writes only after an erase", async () => {
    const storage = await openNew();
    storage.write(1, 0, bytesFrom(1, 16));
    storage.write(0, 0, bytesFrom(1, 16));
    // The descriptor is closed behind its back: fsync answers EBADF.
    const files = Reflect.get(storage, "files") as Map<number, { descriptor: number }>;
    const { descriptor } = files.get(1)!;
    files.get(1)!.descriptor = 999_999;
    await expect(storage.sync()).rejects.toMatchObject({
      code: "DM_STORAGE",
      message: expect.stringContaining("j1"),
      cause: { code: "EBADF" },
    });
    files.get(1)!.descriptor = descriptor;
    expect(codeOf(() => storage.write(1, 16, bytesFrom(1, 16)))).toBe("DM_STORAGE");
    storage.write(0, 16, bytesFrom(1, 16));
    await storage.sync();
    expect(codeOf(() => storage.write(1, 16, bytesFrom(1, 16)))).toBe("DM_STORAGE");
    storage.erase(1);
    storage.write(1, 16, bytesFrom(1, 16));
    await storage.sync();
    await storage.close();
  });

  it("write: a full disk is told apart from a broken one", async () => {
    const storage = await openNew();
    const files = Reflect.get(storage, "files") as Map<number, { descriptor: number }>;
    const { descriptor } = files.get(0)!;
    const { openSync, closeSync } = await import("node:fs");
    const full = openSync("/dev/full", "r+");
    files.get(0)!.descriptor = full;
    expect(codeOf(() => storage.write(0, 0, bytesFrom(1, 16)))).toBe("DM_NO_SPACE");
    closeSync(full);
    files.get(0)!.descriptor = 999_999;
    expect(codeOf(() => storage.write(0, 0, bytesFrom(1, 16)))).toBe("DM_STORAGE");
    files.get(0)!.descriptor = descriptor;
    await storage.close();
  });
});

describe("CuttableStorage", () => {
  const make = () => {
    const medium = new MemoryStorage(LAYOUT);
    return { medium, storage: new CuttableStorage(medium) };
  };
  const cutCode = async (act: () => unknown): Promise<string> => {
    try {
      await act();
    } catch (error) {
      if (error instanceof PowerCut) return `cut at ${error.operation}`;
      throw error;
    }
    return "no cut";
  };

  it("operations: writes, erases, syncs and counts, but no reads", async () => {
    const { storage } = make();
    storage.write(0, 0, bytesFrom(1, 16));
    storage.erase(1);
    read(storage, 0, 0, 16);
    await storage.sync();
    storage.count();
    expect(storage.operations).toBe(4);
  });

  it("write: the medium gets it with the sync, not before", async () => {
    const { medium, storage } = make();
    storage.write(0, 0, bytesFrom(1, 16));
    expect(read(medium, 0, 0, 1)[0]).toBe(0xff);
    expect(storage.pendingCount).toBe(1);
    await storage.sync();
    expect(read(medium, 0, 0, 16)).toEqual(bytesFrom(1, 16));
    expect(storage.pendingCount).toBe(0);
  });

  it("cut in a write: half of it is done, what was not synced is lost", async () => {
    const { storage } = make();
    storage.write(0, 0, bytesFrom(1, 16));
    await storage.sync();
    storage.write(0, 16, bytesFrom(1, 16));
    storage.cutAt = 4;
    expect(await cutCode(() => storage.write(0, 32, bytesFrom(1, 16)))).toBe("cut at 4");
    storage.powerOn();
    expect(read(storage, 0, 0, 64)).toEqual(
      Uint8Array.of(
        ...bytesFrom(1, 16),
        ...new Uint8Array(16).fill(0xff),
        ...bytesFrom(1, 8),
        ...new Uint8Array(24).fill(0xff),
      ),
    );
  });

  it("cut in an erase: the first half of the region is erased", async () => {
    const { storage } = make();
    storage.write(0, 0, new Uint8Array(LAYOUT.regionBytes));
    await storage.sync();
    storage.cutAt = 3;
    expect(await cutCode(() => storage.erase(0))).toBe("cut at 3");
    storage.powerOn();
    const half = LAYOUT.regionBytes / 2;
    expect(read(storage, 0, half - 1, 2)).toEqual(Uint8Array.of(0xff, 0));
  });

  it("cut in an erase from a place on: half of a block behind it is done", async () => {
    const { storage } = make();
    const area = SLOT_AREA + 2;
    storage.write(area, 0, new Uint8Array(8192));
    await storage.sync();
    storage.cutAt = 3;
    expect(await cutCode(() => storage.erase(area, 4096))).toBe("cut at 3");
    storage.powerOn();
    expect(read(storage, area, 4095, 2)).toEqual(Uint8Array.of(0, 0xff));
    expect(read(storage, area, 4096 + 511, 2)).toEqual(Uint8Array.of(0xff, 0));
  });

  it("erase from a place on: reads see it before the sync does", async () => {
    const { medium, storage } = make();
    const area = SLOT_AREA + 2;
    storage.write(area, 0, new Uint8Array(8192));
    await storage.sync();
    storage.erase(area, 4096);
    expect(read(storage, area, 4095, 2)).toEqual(Uint8Array.of(0, 0xff));
    expect(read(storage, area, 5000, 1)).toEqual(Uint8Array.of(0xff));
    expect(read(medium, area, 4096, 1)).toEqual(Uint8Array.of(0));
    await storage.sync();
    expect(read(medium, area, 4095, 2)).toEqual(Uint8Array.of(0, 0xff));
  });

  it("cut in a sync: the first half of what was held is done", async () => {
    const { storage } = make();
    for (let index = 0; index < 4; index++) storage.write(0, 16 * index, bytesFrom(index, 16));
    storage.cutAt = 5;
    expect(await cutCode(() => storage.sync())).toBe("cut at 5");
    storage.powerOn();
    const firsts = [0, 16, 32, 48].map((offset) => read(storage, 0, offset, 1)[0]);
    expect(firsts).toEqual([0, 1, 0xff, 0xff]);
  });

  it.each([
    ["before", 0xff],
    ["after", 9],
  ] as const)("cut %s a write: it is lost or done whole", async (inFlight, last) => {
    const { storage } = make();
    storage.cutAt = 1;
    storage.mode = { ...HALF_DONE, inFlight };
    expect(await cutCode(() => storage.write(0, 0, bytesFrom(9 - 15, 16)))).toBe("cut at 1");
    storage.powerOn();
    expect(read(storage, 0, 15, 1)[0]).toBe(last);
  });

  it("cut: any subset of what was not synced may have reached the medium", () => {
    const { storage } = make();
    for (let index = 0; index < 3; index++) storage.write(0, 16 * index, bytesFrom(index, 16));
    storage.cut({ ...HALF_DONE, keeps: (index, count) => count === 3 && index !== 1 });
    storage.powerOn();
    const firsts = [0, 16, 32].map((offset) => read(storage, 0, offset, 1)[0]);
    expect(firsts).toEqual([0, 0xff, 2]);
  });

  it("cut at a count: nothing but the count is lost", async () => {
    const { storage } = make();
    storage.cutAt = 1;
    expect(await cutCode(() => storage.count())).toBe("cut at 1");
  });

  it("without power: every call fails, and after powerOn every call works", async () => {
    const { storage } = make();
    storage.cut();
    expect(await cutCode(() => read(storage, 0, 0, 1))).toBe("cut at 0");
    expect(await cutCode(() => storage.write(0, 0, bytesFrom(0, 16)))).toBe("cut at 0");
    expect(await cutCode(() => storage.sync())).toBe("cut at 0");
    expect(await cutCode(() => storage.open())).toBe("cut at 0");
    storage.powerOn();
    await storage.open();
    storage.write(0, 0, bytesFrom(0, 16));
    await storage.sync();
  });

  it("passing on: operations are counted and reach the medium at once", () => {
    const medium = new MemoryStorage(LAYOUT);
    const storage = new CuttableStorage(medium, { holds: false });
    storage.write(SLOT_AREA, 0, bytesFrom(4, 16));
    expect(read(medium, SLOT_AREA, 0, 16)).toEqual(bytesFrom(4, 16));
    expect(storage.operations).toBe(1);
  });
});
