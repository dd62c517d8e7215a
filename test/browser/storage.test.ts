// The storages of browsers, in a real one.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bytesFrom, LAYOUT } from "../suites/storage.ts";
import { Chromium, hasChromium, note, suiteNames, type Tab } from "./chromium.ts";

const KINDS = ["opfs", "indexed-db"] as const;
const SLOT = 2;
const names = hasChromium ? await suiteNames() : [];

describe.skipIf(!hasChromium)(`in Chromium${note}`, () => {
  let browser: Chromium;
  let tab: Tab;

  beforeAll(async () => {
    browser = await Chromium.start();
    tab = await browser.openTab();
  });
  afterAll(() => browser.stop());

  it("suite: the browser runs every test that there is for each storage", async () => {
    expect(names.length).toBeGreaterThan(40);
    expect(await tab.call("names", "opfs")).toEqual(names);
  });

  it.each(names)("%s", async (name) => {
    const kind = name.includes("opfs") ? "opfs" : "indexed-db";
    expect(await tab.call("test", kind, name)).toBe("");
  });

  it("suite: a test that fails is seen to fail", async () => {
    expect(await tab.call("test", "indexed-db", "none")).toBe("there is no test none");
  });

  describe.each(KINDS)("%s", (kind) => {
    const bytes = (first: number, count: number) => Array.from(bytesFrom(first, count));

    beforeEach(async () => {
      await tab.reload();
      await tab.call("open", kind);
      await tab.call("close", kind);
      await tab.call("remove", kind);
      await tab.call("open", kind);
    });

    it("reload: what was synced is there, erased areas are erased", async () => {
      await tab.call("write", kind, 0, 0, 1, 4112);
      await tab.call("write", kind, 1, 16, 5, 32);
      await tab.call("write", kind, SLOT + 2, 0, 9, 5000);
      await tab.call("sync", kind);
      await tab.call("erase", kind, 1);
      await tab.call("write", kind, 1, 0, 3, 16);
      await tab.call("sync", kind);
      await tab.reload();
      await tab.call("open", kind);
      expect(await tab.call("read", kind, 0, 0, 4113)).toEqual([...bytes(1, 4112), 0xff]);
      expect(await tab.call("read", kind, 1, 0, 17)).toEqual([...bytes(3, 16), 0xff]);
      expect(await tab.call("read", kind, SLOT + 2, 0, 5001)).toEqual([...bytes(9, 5000), 0xff]);
    });

    it("browser ends: what was synced is there in the next one", async () => {
      await tab.call("write", kind, SLOT, 0, 7, 1024);
      await tab.call("sync", kind);
      await browser.restart();
      tab = await browser.openTab();
      await tab.call("open", kind);
      expect(await tab.call("read", kind, SLOT, 0, 1025)).toEqual([...bytes(7, 1024), 0xff]);
    });

    it("second tab: is told so, changes nothing, and opens it when the first is gone", async () => {
      await tab.call("write", kind, 0, 0, 1, 16);
      await tab.call("sync", kind);
      const second = await browser.openTab();
      await expect(second.call("open", kind)).rejects.toMatchObject({
        code: "DM_BUSY",
        message: expect.stringContaining('"device" is open in another tab'),
      });
      await tab.call("write", kind, 0, 16, 17, 16);
      await tab.call("sync", kind);
      await tab.page.close();
      tab = second;
      await tab.call("open", kind);
      expect(await tab.call("read", kind, 0, 0, 33)).toEqual([...bytes(1, 32), 0xff]);
    });

    it("full quota: no space, what was synced before stays, and room makes it go on", async () => {
      // A profile of its own: what else the origin holds, and held, counts as well.
      const fresh = await Chromium.start();
      const own = await fresh.openTab();
      const slotBytes = [8_388_608];
      const fill = async () => {
        await own.call("write", kind, SLOT, 0, 5, 8_388_608);
        await own.call("sync", kind);
      };
      await own.withQuota(4_194_304, async () => {
        await own.call("open", kind, slotBytes);
        await own.call("write", kind, 0, 0, 1, 16);
        await own.call("sync", kind);
        await expect(fill()).rejects.toMatchObject({ code: "DM_NO_SPACE" });
      });
      await own.reload();
      await own.call("open", kind, slotBytes);
      expect(await own.call("read", kind, 0, 0, 17)).toEqual([...bytes(1, 16), 0xff]);
      await own.call("erase", kind, SLOT);
      await fill();
      expect(await own.call("read", kind, SLOT, 8_388_600, 8)).toEqual(bytes(253, 8));
      await fresh.stop();
    });
  });

  describe("opfs: what is no device of this adapter", () => {
    const { regionBytes } = LAYOUT;
    const region = (first: number, count: number) => [
      ...bytesFrom(first, 16),
      ...new Array<number>(count - 16).fill(0xff),
    ];

    beforeEach(async () => {
      await tab.reload();
      await tab.call("open", "opfs");
      await tab.call("close", "opfs");
    });

    it.each([
      ["j0", region(1, regionBytes), "j1", []],
      ["j1", region(1, regionBytes - 1), "j0", region(1, regionBytes)],
      ["j0", region(1, regionBytes), "j1", region(1, regionBytes + 1)],
      ["slot-00", region(1, 4097), "slot-01", []],
    ] as const)("open: damage, and nothing is changed (%#)", async (name, bytes, other, rest) => {
      await tab.call("putFile", "opfs", name, [...bytes]);
      await tab.call("putFile", "opfs", other, [...rest]);
      await expect(tab.call("open", "opfs")).rejects.toMatchObject({ code: "DM_STATE_DAMAGED" });
      expect(await tab.call("fileBytes", "opfs", name)).toEqual([...bytes]);
      expect(await tab.call("fileBytes", "opfs", other)).toEqual([...rest]);
      await tab.call("remove", "opfs");
    });

    it("open: a device that was not made to its end is made", async () => {
      await tab.call("putFile", "opfs", "j0", new Array<number>(1000).fill(0xff));
      await tab.call("putFile", "opfs", "j1", []);
      await tab.call("open", "opfs");
      const erased = new Array<number>(regionBytes).fill(0xff);
      expect(await tab.call("read", "opfs", 0, 0, regionBytes)).toEqual(erased);
      await tab.call("close", "opfs");
      expect(await tab.call("fileBytes", "opfs", "j1")).toEqual(erased);
    });

    it("open: in a page it is refused, since only a worker can", async () => {
      await expect(tab.callInPage("open", "opfs")).rejects.toMatchObject({
        code: "DM_MISUSE",
        message: expect.stringContaining("dedicated worker"),
      });
    });
  });

  it("indexed-db: a device of another region size is damage", async () => {
    await tab.reload();
    await tab.call("open", "indexed-db");
    await tab.call("close", "indexed-db");
    const opening = tab.call("open", "indexed-db", LAYOUT.slotBytes, 65_536);
    await expect(opening).rejects.toMatchObject({
      code: "DM_STATE_DAMAGED",
      message: expect.stringContaining("65536"),
    });
  });
});
