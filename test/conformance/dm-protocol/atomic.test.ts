// DM RepPro 1.2 §6.6.3: Atomic, all or nothing. The numbers of the table are those of dm-protocol
// §4.3.
import { describe, expect, it } from "vitest";
import { Device, Err } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import { item } from "../../helpers/syncml.ts";
import {
  add, addLeaf, addNode, alert, ask, atomic, codes, command, del, e, type Element, exec, get, lines,
  replace, sequence,
} from "../../helpers/syncml.ts";

const ADDED = add(
  "1", item("./SCOMO/old", "before"), item("./SCOMO/gone", "g"), item("./SCOMO/keep", "k"),
);

/** Members that succeed, one of each kind that may be in an Atomic. */
const GOOD: readonly [string, (id: string) => Element][] = [
  ["Add", (id) => addLeaf(id, "./SCOMO/fresh")],
  ["Replace", (id) => replace(id, "./SCOMO/old", "after")],
  ["Replace of an ACL", (id) => replace(id, "./SCOMO/keep?prop=ACL", "Get=*&Replace=srv")],
  ["Delete", (id) => del(id, "./SCOMO/gone")],
  ["Alert", (id) => alert(id, 1100, "", "Hello")],
];

/** Members that fail, and with what. */
const BAD: readonly [string, number, (id: string) => Element][] = [
  ["Add of what is there", 418, (id) => addLeaf(id, "./SCOMO/keep")],
  ["Add below a leaf", 405, (id) => addLeaf(id, "./SCOMO/old/x")],
  ["Add without rights", 425, (id) => addLeaf(id, "./DevInfo/x")],
  ["Add with a wrong Format", 415, (id) => addLeaf(id, "./SCOMO/n", "x", { format: "int" })],
  ["Replace of what is missing", 404, (id) => replace(id, "./SCOMO/none", "x")],
  ["Replace of an interior node", 405, (id) => replace(id, "./SCOMO", "x")],
  ["Delete of what is missing", 404, (id) => del(id, "./SCOMO/none")],
  ["Delete of a permanent node", 405, (id) => del(id, "./SCOMO/Download")],
  ["Copy", 412, (id) => command("Copy", id, item("./SCOMO/c"))],
  ["a command without Item", 412, (id) => command("Add", id)],
  ["an Alert that no client takes", 406, (id) => alert(id, 1105, "", "Name?")],
  ["an Alert without Items", 412, (id) => alert(id, 1100)],
];

const ILLEGAL: readonly [string, number, (id: string) => Element[]][] = [
  ["Get", 500, (id) => [get(id, "./SCOMO/keep")]],
  ["Exec outside SCOMO", 500, (id) => [exec(id, "./SCOMO/keep")]],
  ["Put", 500, (id) => [command("Put", id, item("./SCOMO/keep", "x"))]],
];

describe.each(BUILDS)("Atomic, %s build", (build) => {
  const fresh = Device.provisioned(build);
  fresh.order(ADDED);
  /** A device whose state every test may change. */
  const start = (options = 0): Device => {
    const device = new Device(build, { medium: fresh.medium.copy(), options });
    device.connect();
    return device;
  };
  const stored = (device: Device): string => {
    device.boot();
    return device.dump();
  };
  const before = stored(new Device(build, { medium: fresh.medium.copy() }));

  it("§4.3: all succeed: 200, each its own code, in order, all there after a restart", () => {
    const device = start();
    const members = GOOD.map(([, make], index) => make(String(index + 2)));
    expect(lines(device.reply([atomic("1", ...members)]))).toEqual([
      "SyncHdr 200", "1 Atomic 200", "2 Add 200", "3 Replace 200", "4 Replace 200", "5 Delete 200",
      "6 Alert 200", "Final",
    ]);
    device.close();
    device.boot();
    expect(device.value("./SCOMO/fresh")).toBe("v");
    expect(device.value("./SCOMO/old")).toBe("after");
    expect(device.nodes().get("./SCOMO/keep")!.acl).toBe("Get=*&Replace=srv");
    expect(device.has("./SCOMO/gone")).toBe(false);
  });

  describe.each(BAD)("%s fails with %i", (_, code, makeBad) => {
    it.each(
      [0, 1, 2, 3, 4, 5],
    )("§4.3: at position %i: 507, before 216, behind 215, nothing done", (place) => {
      const device = start();
      const members = GOOD.map(([, make], index) => make(`g${index}`));
      members.splice(place, 0, makeBad("bad"));
      const expected: { [id: string]: number } = { 1: 507, bad: code };
      GOOD.forEach((_good, index) => (expected[`g${index}`] = index < place ? 216 : 215));
      const answer = device.reply([atomic("1", ...members)]);
      expect(codes(answer)).toEqual(expected);
      const names = lines(answer).slice(1, -1).map((line) => line.split(" ")[0]);
      const order = GOOD.map((_good, index) => `g${index}`);
      order.splice(place, 0, "bad");
      expect(names).toEqual(["1", ...order]);
      device.close();
      expect(device.dump()).toBe(before);
      expect(stored(device)).toBe(before);
    });
  });

  describe.each(ILLEGAL)("%s may not be in it", (_, code, makeIllegal) => {
    it.each([0, 2, 5])(`§4.3: at %i: ${code}, 507, all others 215, nothing runs`, (place) => {
      const device = start();
      const members = GOOD.map(([, make], index) => make(`g${index}`));
      members.splice(place, 0, ...makeIllegal("bad"));
      const expected: { [id: string]: number } = { 1: 507, bad: code };
      GOOD.forEach((_good, index) => (expected[`g${index}`] = 215));
      expect(codes(device.reply([atomic("1", ...members)]))).toEqual(expected);
      expect(device.questions).toEqual([]);
      device.close();
      expect(device.dump()).toBe(before);
      expect(stored(device)).toBe(before);
    });
  });

  it.each([["Atomic", atomic], ["Sequence", sequence]])(
    "§4.3: %s in an Atomic: 500, 507, its members and all others 215",
    (name, container) => {
      const device = start();
      const inner = container("3", addLeaf("4", "./SCOMO/x"), addLeaf("5", "./SCOMO/y"));
      const answer = device.reply([
        atomic("1", addLeaf("2", "./SCOMO/w"), inner, addLeaf("6", "./SCOMO/z")),
        addLeaf("7", "./SCOMO/after"),
      ]);
      expect(lines(answer)).toEqual([
        "SyncHdr 200", "1 Atomic 507", "2 Add 215", `3 ${name} 500`, "4 Add 215", "5 Add 215",
        "6 Add 215", "7 Add 200", "Final",
      ]);
      device.close();
      expect(device.has("./SCOMO/after")).toBe(true);
      expect(["w", "x", "y", "z"].filter((leaf) => device.has(`./SCOMO/${leaf}`))).toEqual([]);
    },
  );

  it("§4.3: a second illegal member gets 215 like the rest", () => {
    const device = start();
    const answer = device.reply(
      [atomic("1", get("2", "."), get("3", "."), addLeaf("4", "./SCOMO/x"))],
    );
    expect(codes(answer)).toEqual({ 1: 507, 2: 500, 3: 215, 4: 215 });
  });

  it("§4.3: a member with several Items: those before the failure 216, those behind it 215", () => {
    const device = start();
    const many = add(
      "3", item("./SCOMO/a", "1"), item("./SCOMO/keep", "2"), item("./SCOMO/c", "3"),
    );
    const answer = device.reply(
      [atomic("1", addLeaf("2", "./SCOMO/x"), many, del("4", "./SCOMO/gone"))],
    );
    expect(lines(answer)).toEqual([
      "SyncHdr 200", "1 Atomic 507", "2 Add 216", "3 Add 216 ./SCOMO/a", "3 Add 418 ./SCOMO/keep",
      "3 Add 215 ./SCOMO/c", "4 Delete 215", "Final",
    ]);
    device.close();
    expect(device.dump()).toBe(before);
    expect(stored(device)).toBe(before);
  });

  it("§4.3: Add, then Replace of the same node: both 200, the last value counts", () => {
    const device = start();
    const answer = device.reply([
      atomic("1", addLeaf("2", "./SCOMO/x", "1"), replace("3", "./SCOMO/x", "2")),
    ]);
    expect(codes(answer)).toEqual({ 1: 200, 2: 200, 3: 200 });
    device.close();
    device.boot();
    expect(device.value("./SCOMO/x")).toBe("2");
  });

  it("§4.3: Add, Replace, Delete of one node, then a failure: nothing is left", () => {
    const device = start();
    const answer = device.reply([
      atomic(
        "1", addNode("2", "./SCOMO/x"), addLeaf("3", "./SCOMO/x/y", "1"),
        replace("4", "./SCOMO/x/y", "2"),
        del("5", "./SCOMO/x"), del("6", "./SCOMO/none"),
      ),
    ]);
    expect(codes(answer)).toEqual({ 1: 507, 2: 216, 3: 216, 4: 216, 5: 216, 6: 404 });
    expect(device.dump()).toBe(before);
  });

  it("§4.3: Delete of a sub-tree and a failure: all of it is back with ACL, Type and value", () => {
    const device = start();
    device.reply([
      addNode("1", "./SCOMO/t", "urn:oma:mo:test:1.0"),
      addLeaf("2", "./SCOMO/t/l", "1", { type: "a/b" }),
      replace("3", "./SCOMO/t?prop=ACL", "Get=*&Delete=srv&Add=srv"),
    ]);
    const whole = device.dump();
    device.reply(
      [atomic("1", del("2", "./SCOMO/t"), addLeaf("3", "./SCOMO/t/m"), del("4", "./SCOMO/none"))],
    );
    expect(device.dump()).toBe(whole);
    device.close();
    expect(stored(device)).toBe(whole);
  });

  it.each([
    ["No", Err.Refused, 304], ["cancel", Err.Cancelled, 214], ["nobody", Err.TimedOut, 408],
  ])("§4.3: the person says %s: 215, before 216, the Alert %i", (_, err, code) => {
    const device = start();
    device.confirm = () => err as Err;
    const answer = device.reply([
      atomic("1", addLeaf("2", "./SCOMO/x"), ask("3"), addLeaf("4", "./SCOMO/y")),
      get("5", "./SCOMO/keep"),
    ]);
    const behind = code === 214 ? 215 : 200;
    expect(codes(answer)).toEqual({ 1: 215, 2: 216, 3: code, 4: 215, 5: behind });
    device.close();
    expect(device.dump()).toBe(before);
    expect(stored(device)).toBe(before);
  });

  it("§4.3: the person says yes: all 200, the wait in the middle changes nothing", () => {
    const device = start();
    device.looksAround = true;
    const answer = device.reply([
      atomic(
        "1", addLeaf("2", "./SCOMO/x", "1".repeat(300)), ask("3"), addLeaf("4", "./SCOMO/y", "2"),
      ),
    ]);
    expect(codes(answer)).toEqual({ 1: 200, 2: 200, 3: 200, 4: 200 });
    expect([device.value("./SCOMO/x"), device.value("./SCOMO/y")]).toEqual(["1".repeat(300), "2"]);
  });

  it("architecture §3: nothing of an Atomic is durable before its end", () => {
    const device = start();
    device.confirm = () => {
      device.medium.barrier(); // Even if all that was written so far reaches the medium.
      return Err.Ok;
    };
    let asked = "";
    const confirm = device.confirm;
    device.confirm = (question) => {
      const answer = confirm(question);
      asked = stored(new Device(build, { medium: device.medium.copy() }));
      return answer;
    };
    device.reply([atomic("1", addLeaf("2", "./SCOMO/x"), ask("3"), addLeaf("4", "./SCOMO/y"))]);
    expect(asked).toBe(before);
    device.close();
    device.boot();
    expect([device.has("./SCOMO/x"), device.has("./SCOMO/y")]).toEqual([true, true]);
  });

  it("architecture §4: cut before the barrier of an Atomic: nothing; behind it: all", () => {
    const commands = [atomic("1", addLeaf("2", "./SCOMO/x"), addLeaf("3", "./SCOMO/y"))];
    const device = start();
    device.durable = () => {
      throw new Error("the power is gone");
    };
    expect(() => device.reply(commands)).toThrow("the power is gone");
    device.cut();
    expect(device.dump()).toBe(before);
    const other = start();
    other.reply(commands); // Its answer waits: the barrier was before it.
    expect(other.events.slice(-2)).toEqual(["Durable", "Exchange"]);
    other.cut();
    expect([other.has("./SCOMO/x"), other.has("./SCOMO/y")]).toEqual([true, true]);
  });

  it("§4.3: an empty Atomic: 200; the commands behind it run", () => {
    const device = start();
    expect(
      codes(device.reply([atomic("1"), addLeaf("2", "./SCOMO/x")])),
    ).toEqual({ 1: 200, 2: 200 });
  });

  it("§4.3: two Atomics in one message: the failure of one is not that of the other", () => {
    const device = start();
    const answer = device.reply([
      atomic("1", addLeaf("2", "./SCOMO/a"), del("3", "./SCOMO/none")),
      atomic("4", addLeaf("5", "./SCOMO/b")),
    ]);
    expect(codes(answer)).toEqual({ 1: 507, 2: 216, 3: 404, 4: 200, 5: 200 });
    device.close();
    device.boot();
    expect([device.has("./SCOMO/a"), device.has("./SCOMO/b")]).toEqual([false, true]);
  });

  it("§4.3: more changes than can be undone: 420, 507, nothing done", () => {
    const device = start();
    const items = Array.from({ length: 85 }, (_, index) => item(`./SCOMO/n${index}`));
    const answer = device.reply([
      atomic("1", add("2", ...items), command("Delete", "3", ...items.map((one) => one))),
    ]);
    const all = Object.values(codes(answer)).flat();
    expect(all[0]).toBe(507);
    device.close();
    expect(device.dump()).toBe(before);
    expect(stored(device)).toBe(before);
  });

  it("Meta of the Atomic holds for its members", () => {
    const device = start();
    const group = e(
      "Atomic", e("CmdID", "1"), e("Meta", e("Format", "int")), addLeaf("2", "./SCOMO/i", "7"),
      addLeaf("3", "./SCOMO/c", "x", { format: "chr" }),
    );
    expect(codes(device.reply([group]))).toEqual({ 1: 200, 2: 200, 3: 200 });
    expect(device.nodes().get("./SCOMO/i")!.format).toBe("int");
    expect(device.nodes().get("./SCOMO/c")!.format).toBe("chr");
  });
});
