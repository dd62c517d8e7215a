import { beforeAll, describe, expect, it } from "vitest";
import { readJournal, recordBytes, Type } from "../../helpers/journal.ts";
import { BUILDS, loadModule } from "../../helpers/module.ts";
import { Device, Err, Format, planted } from "./fixtures.ts";

const NODES_MAX = 300;
const UNDO_ENTRIES = 170;

describe.each(BUILDS)("tree, %s build", (build) => {
  // Compiling may take longer than a test may.
  beforeAll(() => loadModule("tree", build));

  describe("reading", () => {
    it("reset: leaves a permanent root with its default ACL", async () => {
      const device = await Device.first(build);
      expect(device.describe()).toEqual(["0 /.|1|1|0|0|-1||Add=*&Get=*||"]);
      expect(device.core["count"]()).toBe(1);
    });

    it("create: all that was drafted can be read back", async () => {
      const device = await planted(build);
      expect(device.describe().map((line) => line.replace(/a{2048}/, "2048 a"))).toEqual([
        "0 /.|1|1|0|0|-1||Add=*&Get=*||",
        "1 /./A|1|0|1|1000|0||||",
        "2 /./A/x|2|0|1|1000|1|text/plain||An x|12",
        "3 /./A/B|1|1|1|1000|1|urn:oma:mo:x:1.0|Get=*||",
        "4 /./A/B/long|0|0|1|1000|3||Get=*&Replace=srv||2048 a",
        "5 /./A/B/void|0|0|1|1000|3||||",
        "6 /./C|1|0|1|1000|0||||",
      ]);
      expect(device.core["count"]()).toBe(7);
      expect([0, 1, 2].map((node) => device.core["isInterior"](node))).toEqual([1, 1, 0]);
    });

    it("find: tells similar names apart and finds nothing below a leaf", async () => {
      const device = await Device.first(build);
      // hash * 33 + byte: the second byte makes up for one in the first.
      const twins = ["Ab", "BA", "ab", "bA"].map((name) => device.folder(0, name));
      const leaf = device.create(0, { name: "leaf" });
      expect(["Ab", "BA", "ab", "bA"].map((name) => device.find(0, name))).toEqual(twins);
      expect(["AB", "A", "", "Abc"].map((name) => device.find(0, name))).toEqual(
        Array(4).fill(Err.NotFound),
      );
      expect(device.find(leaf, "Ab")).toBe(Err.NotFound);
    });

    it("readValue: gives any part of a value", async () => {
      const device = await Device.first(build);
      const value = Uint8Array.from({ length: 2048 }, (_, i) => i * 7);
      const node = device.create(0, { name: "v", value }, Format.Bin);
      for (const [offset, byteCount] of [
        [0, 1],
        [63, 130],
        [2047, 1],
        [2048, 0],
      ] as const) {
        expect(device.core["readValue"](node, offset, device.scratch, byteCount)).toBe(Err.Ok);
        const read = device.module.bytes(device.scratch, byteCount);
        expect([...read]).toEqual([...value.subarray(offset, offset + byteCount)]);
      }
    });

    it("reading: a flipped bit in a record is found by every reader of that node", async () => {
      const device = await planted(build);
      const { place } = readJournal(device.medium.regions, 4)!.records[1]!;
      device.medium.regions[0]![place + 9]! ^= 1;
      for (const which of ["name", "type", "acl", "title"] as const)
        expect(device.piece(which, 2)).toBe(Err.Damaged);
      expect(device.value(2)).toBe(Err.Damaged);
      expect(device.core["readValue"](2, 0, device.scratch, 1)).toBe(Err.Damaged);
      expect(device.core["versionOf"](2)).toBe(Err.Damaged);
      expect(device.core["stampOf"](2)).toBe(0);
      expect(device.find(1, "x")).toBe(Err.Damaged);
      expect(device.edit(2, {})).toBe(Err.Damaged);
      expect(device.core["isDegraded"]()).toBe(1);
      expect(device.piece("name", 3)).toBe("B");
    });
  });

  describe("changing", () => {
    it("store: keeps what is not drafted anew, counts the version and stamps", async () => {
      const device = await planted(build);
      device.now = 2000;
      expect(device.edit(4, { title: "T", acl: "" })).toBe(Err.Ok);
      expect(device.describe()[4]).toBe(`4 /./A/B/long|0|0|2|2000|3|||T|${"a".repeat(2048)}`);
      expect(device.edit(4, { value: "short", type: "a/b" })).toBe(Err.Ok);
      expect(device.describe()[4]).toBe("4 /./A/B/long|0|0|3|2000|3|a/b||T|short");
      device.core["edit"](4);
      device.core["draftFormat"](Format.Bin);
      device.core["store"](4);
      expect(device.describe()[4]).toBe("4 /./A/B/long|3|0|4|2000|3|a/b||T|short");
      expect(device.edit(3, {})).toBe(Err.Ok);
      expect(device.core["isPermanent"](3)).toBe(1);
    });

    it("store: the version after 65535 is 0", async () => {
      const device = await Device.first(build, 6 * 1024 * 1024);
      const node = device.create(0, { name: "n" });
      for (let version = 1; version < 65535; version++) {
        device.core["edit"](node);
        device.core["store"](node);
        if (version % 100 === 0) device.close();
      }
      expect(device.core["versionOf"](node)).toBe(65535);
      expect(device.edit(node, {})).toBe(Err.Ok);
      expect(device.core["versionOf"](node)).toBe(0);
    }, 120_000);

    it("store: renames a node with all below it, and not to the name of a sibling", async () => {
      const device = await planted(build);
      expect(device.edit(3, { name: "x" })).toBe(Err.Exists);
      expect(device.edit(3, { name: "B" })).toBe(Err.Ok);
      expect(device.edit(3, { name: "Bee" })).toBe(Err.Ok);
      expect(device.find(1, "B")).toBe(Err.NotFound);
      expect(device.find(1, "Bee")).toBe(3);
      device.close();
      const after = await device.reboot(build);
      expect(after.describe()).toEqual(device.describe());
      expect(after.describe()[4]).toContain("/./A/Bee/long|");
    });

    it("store: the root takes an ACL, and keeps its name and permanence", async () => {
      const device = await planted(build);
      expect(device.edit(0, { acl: "Add=*&Get=*&Replace=srv" })).toBe(Err.Ok);
      device.close();
      const expected = "0 /.|1|1|1|1000|-1||Add=*&Get=*&Replace=srv||";
      expect(device.describe()[0]).toBe(expected);
      expect(device.edit(0, {})).toBe(Err.Ok);
      device.close();
      expect((await device.reboot(build)).describe()).toEqual(device.describe());
    });

    it("edit and create: copy a leaf", async () => {
      const device = await planted(build);
      device.core["edit"](4);
      device.module.put(device.scratch, Buffer.from("copy"));
      device.core["draftName"](device.scratch, 4);
      device.core["draftAcl"](0, 0);
      const copy: number = device.core["create"](1);
      expect(device.value(copy)).toBe(device.value(4));
      expect([device.piece("name", copy), device.piece("acl", copy)]).toEqual(["copy", ""]);
    });

    it("create: children keep their order through restarts and openings", async () => {
      let device = await Device.first(build);
      const names = ["m", "a", "z", "b"];
      for (const name of names) device.folder(0, name);
      device.close();
      device.core["remove"](device.find(0, "a"));
      device.close();
      device.folder(0, "a");
      device.close();
      const namesOf = (one: Device): (string | number)[] =>
        one.children(0).map((node) => one.piece("name", node));
      for (let boot = 0; boot < 3; boot++) {
        expect(namesOf(device)).toEqual(["m", "z", "b", "a"]);
        device = await device.reboot(build);
        device.open();
      }
    });

    it("create: refuses a twin, a child of a leaf and a nameless node", async () => {
      const device = await planted(build);
      const before = device.describe();
      const { writes } = device.medium;
      expect(device.create(1, { name: "x" })).toBe(Err.Exists);
      expect(device.create(2, { name: "y" })).toBe(Err.NotAllowed);
      expect(device.create(1, { value: "y" })).toBe(Err.Malformed);
      expect(device.describe()).toEqual(before);
      expect(device.medium.writes).toBe(writes);
    });

    it.each([
      ["name", 128],
      ["type", 64],
      ["acl", 255],
      ["title", 255],
      ["value", 2048],
    ] as const)(
      "create: a %s of %i bytes is taken, one byte more is Err.TooLarge",
      async (piece, limit) => {
        const device = await Device.first(build);
        const text = (byteCount: number): object => ({ name: "n", [piece]: "p".repeat(byteCount) });
        expect(device.create(0, text(limit + 1))).toBe(Err.TooLarge);
        const node = device.create(0, text(limit));
        expect(node).toBe(1);
        expect(piece === "value" ? device.value(node) : device.piece(piece, node)).toBe(
          "p".repeat(limit),
        );
        expect(device.edit(node, { [piece]: "q".repeat(limit + 1) })).toBe(Err.TooLarge);
      },
    );

    it("create: a node with every piece at its limit is stored and replayed", async () => {
      const device = await Device.first(build);
      const text = {
        name: "n".repeat(128),
        type: "t".repeat(64),
        acl: "a".repeat(255),
        title: "u".repeat(255),
      };
      device.create(0, { ...text, value: "v".repeat(2048) });
      device.close();
      expect((await device.reboot(build)).describe()).toEqual(device.describe());
    });

    it("create: the last number is given, then Err.Full until one is free", async () => {
      const device = await Device.first(build, 262144);
      for (let node = 1; node < NODES_MAX; node++) {
        expect(device.folder(0, `n${node}`)).toBe(node);
        device.close();
      }
      expect(device.folder(0, "one-more")).toBe(Err.Full);
      expect(device.core["count"]()).toBe(NODES_MAX);
      device.core["remove"](150);
      expect(device.folder(0, "one-more")).toBe(Err.Full);
      device.close();
      expect(device.folder(0, "one-more")).toBe(150);
      device.close();
      expect((await device.reboot(build)).describe()).toEqual(device.describe());
    });

    it("remove: takes the sub-tree with it and not the root", async () => {
      const device = await planted(build);
      expect(device.core["remove"](0)).toBe(Err.NotAllowed);
      expect(device.core["remove"](3)).toBe(Err.Ok);
      expect(device.core["count"]()).toBe(4);
      expect([3, 4, 5].map((node) => device.core["isAlive"](node))).toEqual([1, 1, 1]);
      device.close();
      expect([3, 4, 5, 6].map((node) => device.core["isAlive"](node))).toEqual([0, 0, 0, 1]);
      expect((await device.reboot(build)).describe()).toEqual(device.describe());
    });

    it("isAlive: answers false for numbers that no node can have", async () => {
      const device = await planted(build);
      expect([-1, 7, 299, 300, 65535].map((node) => device.core["isAlive"](node))).toEqual([
        0, 0, 0, 0, 0,
      ]);
    });
  });

  describe("undo", () => {
    it("undoTo: brings back every kind of change exactly, and the journal agrees", async () => {
      const device = await planted(build);
      const before = device.describe();
      const mark: number = device.core["undoMark"]();
      const fresh = device.folder(0, "D");
      device.create(fresh, { name: "y", value: "1" });
      device.edit(fresh, { name: "DD", acl: "Get=*" });
      device.core["remove"](3);
      device.edit(2, { value: "other", name: "xx" });
      device.core["remove"](6);
      device.core["remove"](1);
      device.core["remove"](fresh);
      expect(device.core["count"]()).toBe(1);
      expect(device.describe()).not.toEqual(before);
      device.drop(mark);
      expect(device.describe()).toEqual(before);
      expect((await device.reboot(build)).describe()).toEqual(before);
      // The next change goes on as if nothing had been.
      expect(device.core["isAlive"](fresh)).toBe(0);
      expect(device.folder(0, "E")).toBe(fresh);
      device.close();
      expect((await device.reboot(build)).describe()).toEqual(device.describe());
    });

    it("undoTo: a later mark brings back only what came after it", async () => {
      const device = await planted(build);
      device.folder(0, "kept");
      const between = device.describe();
      const mark: number = device.core["undoMark"]();
      device.core["remove"](device.find(0, "kept"));
      device.folder(0, "gone");
      device.core["undoTo"](mark);
      expect(device.describe()).toEqual(between);
    });

    it("random changes: undone they leave no trace, closed they survive", async () => {
      let device = await planted(build);
      let random = 7;
      const below = (bound: number): number => {
        random = (Math.imul(random, 1103515245) + 12345) >>> 0;
        return Math.floor((random / 2 ** 32) * bound);
      };
      const changeOne = (): void => {
        const live = device.describe().map((line) => Number.parseInt(line, 10));
        const node = live[below(live.length)]!;
        const name = `n${below(20)}`;
        const choice = below(5);
        if (choice < 2) device.create(node, { name, value: "v".repeat(below(90)) }, below(2));
        else if (choice === 2) device.core["remove"](node);
        else if (node !== 0)
          device.edit(node, choice === 3 ? { name } : { acl: `Get=s${below(9)}` });
      };
      for (let round = 0; round < 60; round++) {
        const before = device.describe();
        const mark: number = device.core["undoMark"]();
        for (let change = below(8); change >= 0; change--) changeOne();
        if (below(3) === 0) {
          device.drop(mark);
          expect(device.describe()).toEqual(before);
        } else {
          device.close();
        }
        if (below(4) === 0) {
          const expected = device.describe();
          device = await device.reboot(build);
          expect(device.describe()).toEqual(expected);
          device.open();
          expect(device.describe()).toEqual(expected);
        }
      }
    });

    it("the log takes 170 changes, the next is Err.NoSpace and changes nothing", async () => {
      const device = await planted(build);
      for (let change = 0; change < UNDO_ENTRIES; change++) expect(device.edit(2, {})).toBe(Err.Ok);
      const { writes } = device.medium;
      expect(device.edit(2, {})).toBe(Err.NoSpace);
      expect(device.folder(0, "D")).toBe(Err.NoSpace);
      expect(device.core["remove"](1)).toBe(Err.NoSpace);
      expect(device.medium.writes).toBe(writes);
      device.close();
      expect(device.core["versionOf"](2)).toBe(1 + UNDO_ENTRIES);
    });
  });

  describe("checkpoint", () => {
    it.each([1, 4, 32, 64])(
      "checkpointBytes, write unit %i: is what writeAll takes",
      async (writeUnit) => {
        const device = await planted(build, 65536, writeUnit);
        device.edit(0, { acl: "Add=*&Get=*&Exec=srv" });
        device.close();
        const expected: number = device.core["checkpointBytes"]();
        device.core["beginOpening"]();
        device.sync();
        device.core["beginCheckpoint"](0);
        const before: number = device.core["room"]();
        expect(device.core["writeAll"]()).toBe(Err.Ok);
        expect(before - device.core["room"]()).toBe(expected);
        expect(expected).toBeGreaterThan(2048);
      },
    );

    it("writeAll: the tree is the same after an opening", async () => {
      const device = await planted(build);
      device.core["remove"](2);
      device.close();
      const before = device.describe();
      device.open();
      expect(device.describe()).toEqual(before);
      expect((await device.reboot(build)).describe()).toEqual(before);
    });

    it("writeAll: forgets what could be undone: its places are no more", async () => {
      const device = await planted(build);
      device.edit(2, { value: "13" });
      device.core["remove"](6);
      device.core["groupEnd"]();
      device.open();
      const before = device.describe();
      device.core["undoTo"](0);
      expect(device.describe()).toEqual(before);
      expect(device.core["isAlive"](6)).toBe(0);
    });

    it("writeAll: says parents before their children", async () => {
      const device = await planted(build);
      device.open();
      const said = new Set([0]);
      for (const { type, payload } of readJournal(device.medium.regions, 4)!.records) {
        expect(type).toBe(Type.Node);
        expect(said.has(payload[2]! | (payload[3]! << 8))).toBe(true);
        said.add(payload[0]! | (payload[1]! << 8));
      }
      expect(said.size).toBe(7);
    });

    it("writeAll: a record that rots during the opening ends writing", async () => {
      const device = await planted(build);
      const { place } = readJournal(device.medium.regions, 4)!.records[1]!;
      device.core["beginOpening"]();
      device.sync();
      device.core["beginCheckpoint"](0);
      device.medium.regions[0]![place + 9]! ^= 1;
      expect(device.core["writeAll"]()).toBe(Err.Damaged);
      device.core["endCheckpoint"]();
      expect(readJournal([device.medium.regions[1]!], 4)).toBeUndefined();
    });

    it("setBudget: a node that just fits is taken, one byte more is Err.NoSpace", async () => {
      const device = await planted(build);
      const bytes: number = device.core["checkpointBytes"]();
      const budget = bytes + recordBytes(4, 16 + 1 + 7);
      device.core["setBudget"](budget);
      expect(device.create(0, { name: "b", value: "12345678" })).toBe(Err.NoSpace);
      expect(device.create(0, { name: "b", value: "1234567" })).toBe(7);
      expect(device.core["checkpointBytes"]()).toBe(budget);
      expect(device.edit(7, { value: "12345678" })).toBe(Err.NoSpace);
      expect(device.edit(7, { value: "7654321" })).toBe(Err.Ok);
      expect(device.core["remove"](7)).toBe(Err.Ok);
      expect(device.core["checkpointBytes"]()).toBe(bytes);
    });

    it("setBudget: what was removed or undone does not count", async () => {
      const device = await planted(build);
      const bytes: number = device.core["checkpointBytes"]();
      device.create(0, { name: "b", value: "12345678" });
      device.drop(0);
      device.core["setBudget"](bytes);
      expect(device.folder(0, "b")).toBe(Err.NoSpace);
      device.core["remove"](6);
      device.close();
      expect(device.folder(0, "b")).toBe(6);
    });

    it("a region without room: Err.NoSpace, and the group can still be closed", async () => {
      const device = await planted(build, 4096);
      const room: number = device.core["room"]();
      const closer = recordBytes(4, 6);
      const fits = room - closer - 12 - 16 - 1;
      const value = (byteCount: number): Uint8Array => new Uint8Array(byteCount);
      expect(device.create(0, { name: "v", value: value(fits + 1) })).toBe(Err.NoSpace);
      expect(device.create(0, { name: "v", value: value(fits) })).toBe(7);
      expect(device.core["remove"](2)).toBe(Err.NoSpace);
      device.close();
      expect(device.core["error"]()).toBe(Err.Ok);
      expect((await device.reboot(build)).describe()).toEqual(device.describe());
    });
  });

  describe("replay", () => {
    it("a record that contradicts those before it is Err.Damaged", async () => {
      const record = (node: number, parent: number, nameBytes: number, size = 20): Uint8Array => {
        const payload = new Uint8Array(size);
        payload.set([node & 255, node >> 8, parent & 255, parent >> 8, 0, 0, nameBytes]);
        return payload;
      };
      const replayed = async (type: number, payload: Uint8Array): Promise<number> => {
        const device = await planted(build);
        device.module.put(device.scratch, payload);
        const core = device.core;
        core["begin"](type, payload.length);
        for (let i = 0; i < payload.length; i += 4) {
          core["put32"](new DataView(payload.buffer).getUint32(i, true));
        }
        const place: number = core["finish"]();
        return type === Type.Node ? core["applyRecord"](place) : core["applyDelete"](place);
      };
      expect(await replayed(Type.Node, record(7, 0, 1))).toBe(Err.Ok);
      expect(await replayed(Type.Node, record(299, 0, 4))).toBe(Err.Ok);
      expect(await replayed(Type.Node, record(300, 0, 1))).toBe(Err.Damaged);
      expect(await replayed(Type.Node, record(7, 299, 1))).toBe(Err.Damaged);
      expect(await replayed(Type.Node, record(7, 65535, 1))).toBe(Err.Damaged);
      expect(await replayed(Type.Node, record(7, 7, 1))).toBe(Err.Damaged);
      expect(await replayed(Type.Delete, new Uint8Array([6, 0, 0, 0]))).toBe(Err.Ok);
      expect(await replayed(Type.Delete, new Uint8Array([7, 0, 0, 0]))).toBe(Err.Damaged);
      expect(await replayed(Type.Delete, new Uint8Array([0, 0, 0, 0]))).toBe(Err.Damaged);
    });
  });
});
