// DM TND 1.2 §6, §7 and DM RepPro 1.2 §6.6: what each command on the tree is answered, case by
// case.
import { describe, expect, it } from "vitest";
import { Device, Err } from "../../helpers/device.ts";
import { Medium } from "../../helpers/medium.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  add, addLeaf, addNode, atomic, codes, command, del, e, type Element, exec, get, item, lines,
  replace,
  results, to,
} from "../../helpers/syncml.ts";

const LONG = "s".repeat(64);

describe.each(BUILDS)("commands on the tree, %s build", (build) => {
  const fresh = Device.provisioned(build);
  fresh.order(
    addNode("1", "./SCOMO/n"), addLeaf("2", "./SCOMO/n/l", "value"),
    add(
      "3", item("./SCOMO/i", "7", { format: "int" }),
      item("./SCOMO/z", undefined, { format: "null" }),
    ),
  );
  const start = (): Device => {
    const device = new Device(build, { medium: fresh.medium.copy() });
    device.connect();
    return device;
  };
  const say = (...orders: Element[]) => codes(start().reply(orders));

  describe("URIs, §6.1", () => {
    it.each([
      [".", 200], ["./SCOMO", 200], ["SCOMO", 200], ["SCOMO/n", 200], ["./SCOMO/n/l", 200],
      ["./", 404], ["/", 404], ["/SCOMO", 404], ["./SCOMO/", 404], ["./SCOMO//n", 404],
      ["SCOMO/./n", 404],
      ["../SCOMO", 404], ["./SCOMO/../DevInfo", 404], ["./SCOMO/n.", 404], ["./a b", 404],
      ["./%4", 404],
      ["./SCOMO/*", 404], ["./scomo", 404], ["./SCOMO/N", 404], ["..", 404], ["./SCOMO/n/l/x", 404],
      [`./${LONG}s`, 414], [`./${Array(17).fill("a").join("/")}`, 414],
      [`./${"ab/".repeat(84)}abcd`, 414],
      [`./${LONG}`, 404], [`./${Array(16).fill("a").join("/")}`, 404],
    ])("Get of %s: %i", (uri, code) => {
      expect(say(get("1", uri))).toEqual({ 1: code });
    });

    it.each(
      [["./a b", 404], ["./SCOMO/x.", 404], [`./SCOMO/${LONG}s`, 414], ["./SCOMO/x/../y", 404]],
    )(
      "Add, Replace, Delete and Exec of %s: %i, nothing changes",
      (uri, code) => {
        const device = start();
        const before = device.dump();
        const answer = device.reply(
          [addLeaf("1", uri), replace("2", uri, "x"), del("3", uri), exec("4", uri)],
        );
        expect(codes(answer)).toEqual({ 1: code, 2: code, 3: code, 4: code });
        expect(device.dump()).toBe(before);
      },
    );

    it("characters, not bytes, are counted", () => {
      const name = "ü".repeat(64);
      const device = start();
      expect(
        codes(device.reply([addLeaf("1", `./SCOMO/${name}`), addLeaf("2", `./SCOMO/${name}ü`)])),
      ).toEqual({
        1: 200, 2: 414,
      });
      expect(device.has(`./SCOMO/${name}`)).toBe(true);
    });
  });

  describe("Add, §6.2.2", () => {
    it.each([
      ["a leaf", addLeaf("1", "./SCOMO/x"), 200],
      ["an interior node", addNode("1", "./SCOMO/x"), 200],
      ["a leaf without Data", add("1", item("./SCOMO/x")), 200],
      ["what is there", addLeaf("1", "./SCOMO/n/l"), 418],
      ["an interior node that is there", addNode("1", "./SCOMO/n"), 418],
      ["the root", addNode("1", "."), 418], ["below a leaf", addLeaf("1", "./SCOMO/n/l/x"), 405],
      ["deep below a leaf", addLeaf("1", "./SCOMO/n/l/x/y"), 405],
      ["without the right", addLeaf("1", "./DevInfo/x"), 425],
      ["an interior node with Data", add("1", item("./SCOMO/x", "v", { format: "node" })), 415],
      ["a Format that is none", add("1", item("./SCOMO/x", "v", { format: "word" })), 415],
      ["a Type of 65 bytes", addLeaf("1", "./SCOMO/x", "v", { type: "t".repeat(65) }), 415],
      ["a Type of 64 bytes", addLeaf("1", "./SCOMO/x", "v", { type: "t".repeat(64) }), 200],
      ["a value of 2,049 bytes", addLeaf("1", "./SCOMO/x", "v".repeat(2049)), 413],
      ["a value of 2,048 bytes", addLeaf("1", "./SCOMO/x", "v".repeat(2048)), 200],
      [
        "TNDS as XML",
        addLeaf("1", "./SCOMO/x", "<MgmtTree/>", { type: "application/vnd.syncml.dmtnds+xml" }),
        415,
      ],
      [
        "TNDS as WBXML",
        addLeaf("1", "./SCOMO/x", "v", { type: "application/vnd.syncml.dmtnds+wbxml" }), 415,
      ],
      ["?prop=Title", addLeaf("1", "./SCOMO/n?prop=Title"), 405],
      ["?prop=ACL", addLeaf("1", "./SCOMO/n?prop=ACL"), 405],
    ])("%s: its Status", (_, order, code) => {
      expect(say(order)).toEqual({ 1: code });
    });

    it("elements in Data: 415", () => {
      const inline = add(
        "1", e("Item", to("./SCOMO/x"), e("Data", e("MgmtTree", e("VerDTD", "1.2")))),
      );
      expect(say(inline)).toEqual({ 1: 415 });
    });

    it("missing interior nodes are made, and survive a restart", () => {
      const device = start();
      expect(codes(device.reply([addLeaf("1", "./SCOMO/a/b/c/d", "deep")]))).toEqual({ 1: 200 });
      device.close();
      device.boot();
      expect(device.value("./SCOMO/a/b/c/d")).toBe("deep");
      expect(device.nodes().get("./SCOMO/a/b")).toMatchObject({ format: "node", acl: "" });
    });

    it("missing interior nodes are not made where the Add fails", () => {
      const device = start();
      const before = device.dump();
      expect(codes(device.reply([
        addLeaf("1", "./SCOMO/a/b", "x", { format: "int" }), addLeaf("2", "./DevInfo/a/b"),
        addLeaf("3", `./SCOMO/a/${LONG}/c`, "v".repeat(2049)),
      ]))).toEqual({ 1: 415, 2: 425, 3: 413 });
      expect(device.dump()).toBe(before);
    });

    it("300 nodes: one more gets 420 and none of its parents is left", () => {
      const device = Device.provisioned(build, {}, { medium: new Medium(65_536) });
      let last = 200;
      for (let round = 0; last === 200; round++) {
        device.connect();
        const items = Array.from({ length: 20 }, (_, i) => item(`./SCOMO/m${round}-${i}`));
        last = Number(Object.values(codes(device.reply([add("1", ...items)]))).flat().at(-1));
        device.close();
      }
      expect(last).toBe(420);
      expect(device.nodes().size).toBe(300);
      const deep = [addLeaf("1", "./SCOMO/deep/er"), addNode("2", "./SCOMO/one")];
      expect(codes(device.order(...deep))).toEqual({ 1: 420, 2: 420 });
      expect(device.nodes().size).toBe(300);
      device.boot();
      expect(device.nodes().size).toBe(300);
      const again = [
        del("1", "./SCOMO/m0-0"), addLeaf("2", "./SCOMO/deep/er"), addLeaf("3", "./SCOMO/one"),
      ];
      expect(codes(device.order(...again))).toEqual({ 1: 200, 2: 420, 3: 200 });
    });

    it("storage full: 420, and a Delete makes room again", () => {
      const device = new Device(build, { medium: fresh.medium.copy() });
      const seen = new Set<number>();
      for (let i = 0; i < 20; i++) {
        const order = addLeaf("1", `./SCOMO/big${i}`, "v".repeat(2000));
        for (const code of Object.values(codes(device.order(order)))) seen.add(code as number);
      }
      expect(seen).toEqual(new Set([200, 420]));
      expect(device.err).toBe(Err.Ok);
      device.boot();
      expect(codes(device.order(del("1", "./SCOMO/big0")))).toEqual({ 1: 200 });
      expect(
        codes(device.order(addLeaf("1", "./SCOMO/bigger", "v".repeat(2000)))),
      ).toEqual({ 1: 200 });
    });
  });

  describe("Replace, §6.2.2.4", () => {
    it.each([
      ["a leaf", replace("1", "./SCOMO/n/l", "new"), 200],
      ["what is missing", replace("1", "./SCOMO/none", "x"), 404],
      ["an interior node", replace("1", "./SCOMO/n", "x"), 405],
      ["the root", replace("1", ".", "x"), 425],
      ["without the right", replace("1", "./DevInfo/Lang", "de"), 425],
      ["an int by text", replace("1", "./SCOMO/i", "seven"), 415],
      ["an int by an int", replace("1", "./SCOMO/i", "-8"), 200],
      ["an int by chr", replace("1", "./SCOMO/i", "8", { format: "chr" }), 415],
      ["null by a value", replace("1", "./SCOMO/z", "x"), 415],
      ["null by null", replace("1", "./SCOMO/z"), 200],
      ["2,049 bytes", replace("1", "./SCOMO/n/l", "v".repeat(2049)), 413],
      [
        "TNDS", replace("1", "./SCOMO/n/l", "x", { type: "application/vnd.syncml.dmtnds+xml" }),
        415,
      ],
      [
        "TNDS on an interior node",
        replace("1", "./SCOMO/n", "x", { type: "application/vnd.syncml.dmtnds+xml" }), 415,
      ],
      ["a leaf by node", replace("1", "./SCOMO/n/l", undefined, { format: "node" }), 415],
    ])("%s: its Status", (_, order, code) => {
      expect(say(order)).toEqual({ 1: code });
    });

    it("value and Type change, Format and place stay", () => {
      const device = start();
      device.reply([replace("1", "./SCOMO/n/l", "new", { type: "a/b" })]);
      device.close();
      device.boot();
      expect(device.nodes().get("./SCOMO/n/l")).toMatchObject(
        { value: "new", type: "a/b", format: "chr" },
      );
      device.order(replace("1", "./SCOMO/n/l", "newer"));
      expect(device.nodes().get("./SCOMO/n/l")).toMatchObject({ value: "newer", type: "a/b" });
    });

    it("no Data: the value is empty then", () => {
      const device = start();
      expect(codes(device.reply([replace("1", "./SCOMO/n/l")]))).toEqual({ 1: 200 });
      expect(device.value("./SCOMO/n/l")).toBe("");
    });
  });

  describe("Delete, §6.2.2.5", () => {
    it.each([
      ["a leaf", "./SCOMO/n/l", 200], ["a sub-tree", "./SCOMO/n", 200],
      ["what is missing", "./SCOMO/none", 404],
      ["the root", ".", 425], ["a permanent node", "./SCOMO/Download", 405],
      ["a node with permanent ones below", "./SCOMO", 405],
      ["without the right", "./DevInfo/Lang", 425],
      ["a property", "./SCOMO/n?prop=ACL", 405], ["an unknown property", "./SCOMO/n?prop=Foo", 406],
    ])("%s: its Status", (_, uri, code) => {
      const device = start();
      const before = device.dump();
      expect(codes(device.reply([del("1", uri)]))).toEqual({ 1: code });
      if (code !== 200) expect(device.dump()).toBe(before);
      device.close();
      device.boot();
      expect(device.has(uri)).toBe(
        code === 405 && !uri.includes("?") ? true : device.has(uri) && code !== 200,
      );
    });

    it("the root with every right: 405", () => {
      const device = Device.provisioned(build, { acls: { ".": "Add=*&Delete=*&Get=*&Replace=*" } });
      device.connect();
      expect(
        codes(device.reply([del("1", "."), replace("2", ".", "x")])),
      ).toEqual({ 1: 405, 2: 405 });
    });

    it("a name that is free again can be taken, by another kind of node", () => {
      expect(
        say(del("1", "./SCOMO/n"), addLeaf("2", "./SCOMO/n", "leaf now"), get("3", "./SCOMO/n/l")),
      ).toEqual({
        1: 200, 2: 200, 3: 404,
      });
    });

    it("the rights of descendants are not asked", () => {
      const device = start();
      device.reply(
        [
          replace("1", "./SCOMO/n?prop=ACL", "Get=*&Delete=srv&Replace=srv"),
          replace("2", "./SCOMO/n/l?prop=ACL", "Get=*"),
        ],
      );
      expect(
        codes(device.reply([del("1", "./SCOMO/n/l"), del("2", "./SCOMO/n")])),
      ).toEqual({ 1: 425, 2: 200 });
    });
  });

  describe("Get, §7", () => {
    it("a leaf: Source and Data, Meta only where it is not the default", () => {
      const device = start();
      device.reply([addLeaf("1", "./SCOMO/t", "v", { type: "text/xml" })]);
      const answer = device.reply(
        [get("1", "./SCOMO/n/l"), get("2", "./SCOMO/i"), get("3", "./SCOMO/t")],
      );
      const items = lines(answer).filter((line) => line.startsWith("Results"));
      expect(items).toEqual(
        ["Results 1 ./SCOMO/n/l = value", "Results 2 ./SCOMO/i = 7", "Results 3 ./SCOMO/t = v"],
      );
      const text = JSON.stringify(answer);
      expect(text).toContain('"Format","children":["int"]');
      expect(text).toContain('"Type","children":["text/xml"]');
      expect(text).not.toContain('"chr"');
    });

    it("an empty leaf and one of format null: empty Data, 200", () => {
      const device = start();
      device.reply([add("1", item("./SCOMO/e"))]);
      expect(
        results(device.reply([get("1", "./SCOMO/e", "./SCOMO/z")])),
      ).toEqual({ "./SCOMO/e": "", "./SCOMO/z": "" });
    });

    it("an interior node: names of its children joined by /, none: empty Data, 200", () => {
      const device = start();
      device.reply(
        [addNode("1", "./SCOMO/none"), addLeaf("2", "./SCOMO/n/m"), addNode("3", "./SCOMO/n/o")],
      );
      expect(results(device.reply([get("1", "./SCOMO/n", "./SCOMO/none")]))).toEqual({
        "./SCOMO/n": "l/m/o", "./SCOMO/none": "",
      });
    });

    it("octets come back as they were, zeros among them", () => {
      const octets = Uint8Array.from({ length: 256 }, (_, i) => i);
      const device = start();
      device.reply([add("1", item("./SCOMO/b", octets, { format: "bin" }))]);
      const answer = device.reply([get("1", "./SCOMO/b")]);
      const found = JSON.stringify(answer, (_key, value: unknown) =>
        value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value);
      expect(found).toContain(Buffer.from(octets).toString("hex"));
    });

    it("text with a NUL, with markup and beyond ASCII comes back as it was", () => {
      const device = start();
      const text = "<a&b>\u{1f600} ü\t\r\n\"";
      device.reply([addLeaf("1", "./SCOMO/x", text)]);
      expect(results(device.reply([get("1", "./SCOMO/x")]))).toEqual({ "./SCOMO/x": text });
    });

    it.each([
      ["./SCOMO/none", 404], ["./SCOMO/n?list=Struct", 200], ["./SCOMO/none?list=Struct", 404],
      ["./SCOMO/n?list=TNDS+Value", 200], ["./SCOMO/n?list=TNDS+Foo", 406],
      ["./SCOMO/n?list=Foo", 406],
      ["./SCOMO/n?prop=Foo", 406], ["./SCOMO/n?foo=bar", 404], ["./SCOMO/n?", 404],
      ["./SCOMO/n?prop", 404],
      ["./SCOMO/none?prop=ACL", 404],
    ])("%s: %i", (uri, code) => {
      expect(say(get("1", uri))).toEqual({ 1: code });
    });

    it("without the right: 425, and nothing of the node is told", () => {
      const device = Device.provisioned(build, { acls: { "./SCOMO": "Add=srv&Replace=srv" } });
      device.connect();
      const answer = device.reply([get("1", "./SCOMO", "./SCOMO/Download", "./SCOMO?prop=ACL")]);
      expect(lines(answer)).toEqual(["SyncHdr 200", "1 Get 425", "Final"]);
    });
  });

  describe("Exec and Copy", () => {
    it.each([
      ["a leaf", "./SCOMO/n/l", 405], ["an interior node", "./SCOMO/n", 405],
      ["what is missing", "./SCOMO/none", 404],
      ["without the right", "./DevInfo/Lang", 425], ["a list", "./SCOMO/n?list=Struct", 405],
    ])("Exec of %s: %i", (_, uri, code) => {
      expect(say(exec("1", uri, "c"))).toEqual({ 1: code });
    });

    it("Copy without an Item or a Source: 412", () => {
      expect(
        say(command("Copy", "1"), command("Copy", "2", item("./SCOMO/x"))),
      ).toEqual({ 1: 412, 2: 412 });
    });
  });

  describe("order of checks, §4.6", () => {
    it("existence before rights, rights before what the node allows, that before the value", () => {
      expect(say(
        replace("1", "./DevInfo/none", "x"),
        replace("2", "./DevInfo/Lang", "x", { format: "word" }),
        del("3", "./DevInfo"), replace("4", "./SCOMO/n", "v".repeat(2049)),
        addLeaf("5", "./DevInfo/Lang/x", "v"),
        addLeaf("6", "./DevInfo/Lang"),
      )).toEqual({ 1: 404, 2: 425, 3: 425, 4: 405, 5: 425, 6: 418 });
    });
  });

  describe("a value that has rotted", () => {
    it("architecture §4: Get, Replace and the rest of it get 500; others are not touched", () => {
      const medium = new Medium();
      const device = Device.provisioned(build, {}, { medium });
      device.order(addLeaf("1", "./SCOMO/rots", "UNIQUE-VALUE"), addLeaf("2", "./SCOMO/fine", "f"));
      device.connect();
      rot(medium, "UNIQUE-VALUE");
      const answer = device.reply([get("1", "./SCOMO/rots"), get("2", "./SCOMO/fine")]);
      expect(codes(answer)).toEqual({ 1: 500, 2: 200 });
    });
  });

  it("an Atomic of everything at once leaves the tree that the commands alone leave", () => {
    const orders = [
      addNode("2", "./SCOMO/a"), addLeaf("3", "./SCOMO/a/x", "1"), replace("4", "./SCOMO/n/l", "2"),
      del("5", "./SCOMO/i"),
      replace("6", "./SCOMO/a?prop=ACL", "Get=*"),
    ];
    const bound = start();
    bound.reply([atomic("1", ...orders)]);
    const single = start();
    single.reply(orders);
    expect(bound.dump()).toBe(single.dump());
  });
});

/** Flips a bit of what both regions hold of `text`. */
function rot(medium: Medium, text: string): void {
  for (const area of [0, 1]) {
    const bytes = medium.read(area, 0, medium.regionBytes);
    for (let at = 0; ; at++) {
      at = Buffer.from(bytes).indexOf(text, at);
      if (at < 0) break;
      bytes[at]! ^= 1;
    }
  }
}
