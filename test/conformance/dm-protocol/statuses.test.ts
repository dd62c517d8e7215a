// SyncML Common 1.2 §10, DM RepPro 1.2 §6.5: which Statuses there are, in which order, and what
// they hold.
import { describe, expect, it } from "vitest";
import { Device } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  add, addLeaf, addNode, alert, at, atomic, bodyOf, childOf, codes, command, del, e, type Element,
  exec,
  get, item, lines, namesOf, partsOf, replace, sequence, to, wordOf,
} from "../../helpers/syncml.ts";

describe.each(BUILDS)("Status, %s build", (build) => {
  const fresh = Device.provisioned(build);
  fresh.order(addLeaf("1", "./SCOMO/a", "1"), addLeaf("2", "./SCOMO/b", "2"));
  const start = (): Device => {
    const device = new Device(build, { medium: fresh.medium.copy() });
    device.connect();
    return device;
  };

  it("§4.4: the header's first, then one a command in order, containers first", () => {
    const answer = start().reply([
      get("z", "./SCOMO/a"), sequence("y", replace("x", "./SCOMO/a", "3"), get("w", "./SCOMO/a")),
      atomic("v", del("u", "./SCOMO/a"), addLeaf("t", "./SCOMO/c")), alert("s", 1222),
      get("r", "./SCOMO/none"),
      command("Put", "q", item("./x")), exec("p", "./SCOMO/b"),
    ]);
    expect(lines(answer)).toEqual([
      "SyncHdr 200", "s Alert 200", "z Get 200", "Results z ./SCOMO/a = -", "y Sequence 200",
      "x Replace 200", "w Get 200", "Results w ./SCOMO/a = -", "v Atomic 200", "u Delete 200",
      "t Add 200",
      "r Get 404", "q Put 501", "p Exec 405", "Final",
    ]);
  });

  it("§4.4: our CmdIDs count from 1; MsgRef is that of the server's message", () => {
    const device = start();
    for (const msgId of [1, 2, 9]) {
      const answer = device.reply([get("1", "./SCOMO/a"), get("2", "./SCOMO/b")], { msgId })!;
      const parts = bodyOf(answer).slice(0, -1);
      expect(parts.map((part) => wordOf(part, "CmdID"))).toEqual(["1", "2", "3", "4", "5"]);
      expect(
        new Set(parts.map((part) => wordOf(part, "MsgRef"))),
      ).toEqual(new Set([String(msgId)]));
    }
  });

  it("§2.2: the children of Status and Results come in the order of the DTD", () => {
    const answer = start().reply([get("1", "./SCOMO/a", "./SCOMO/none")]);
    const [header, first] = partsOf(answer, "Status");
    expect(namesOf(header)).toEqual(["CmdID", "MsgRef", "CmdRef", "Cmd", "Data"]);
    expect(namesOf(first)).toEqual(["CmdID", "MsgRef", "CmdRef", "Cmd", "TargetRef", "Data"]);
    const results = partsOf(answer, "Results")[0]!;
    expect(namesOf(results)).toEqual(["CmdID", "MsgRef", "CmdRef", "Item"]);
    expect(namesOf(childOf(results, "Item"))).toEqual(["Source", "Data"]);
  });

  it.each([
    ["Add", [item("./SCOMO/x"), item("./SCOMO/y")], ["1 Add 200"]],
    ["Add", [item("./SCOMO/a"), item("./SCOMO/b")], ["1 Add 418"]],
    ["Add", [item("./SCOMO/x"), item("./SCOMO/a")], ["1 Add 200 ./SCOMO/x", "1 Add 418 ./SCOMO/a"]],
    ["Replace", [item("./SCOMO/a", "8"), item("./SCOMO/b", "9")], ["1 Replace 200"]],
    [
      "Replace", [item("./SCOMO/a", "8"), item("./SCOMO/n", "9"), item("./SCOMO/b", "9")],
      ["1 Replace 200 ./SCOMO/a", "1 Replace 404 ./SCOMO/n", "1 Replace 200 ./SCOMO/b"],
    ],
    ["Delete", [item("./SCOMO/a"), item("./SCOMO/b")], ["1 Delete 200"]],
    [
      "Delete", [item("./SCOMO/a"), item("./SCOMO/a")],
      ["1 Delete 200 ./SCOMO/a", "1 Delete 404 ./SCOMO/a"],
    ],
    ["Get", [item("./SCOMO/n"), item("./SCOMO/m")], ["1 Get 404"]],
    [
      "Exec", [item("./SCOMO/a"), item("./SCOMO/n")],
      ["1 Exec 405 ./SCOMO/a", "1 Exec 404 ./SCOMO/n"],
    ],
    ["Add", [], ["1 Add 412"]],
    ["Add", [e("Item", e("Data", "x"))], ["1 Add 412"]],
    ["Add", [e("Item", e("Data", "x")), item("./SCOMO/x")], ["1 Add 412", "1 Add 200 ./SCOMO/x"]],
    ["Get", [e("Item", e("Source", e("LocURI", "./SCOMO/a")))], ["1 Get 412"]],
  ] as [string, Element[], string[]][])(
    "§4.4: %s of several Items: one Status for equal codes, else one an Item %#",
    (name, items, expected) => {
      const answer = start().reply([command(name, "1", ...items)]);
      expect(lines(answer).slice(1, -1)).toEqual(expected);
    },
  );

  it("§3.5: a Get of several Items: a Results for each that succeeded, behind the Statuses", () => {
    const answer = start().reply([get("1", "./SCOMO/a", "./SCOMO/n", "./SCOMO/b")]);
    expect(lines(answer)).toEqual([
      "SyncHdr 200", "1 Get 200 ./SCOMO/a", "1 Get 404 ./SCOMO/n", "1 Get 200 ./SCOMO/b",
      "Results 1 ./SCOMO/a = 1", "Results 1 ./SCOMO/b = 2", "Final",
    ]);
  });

  it("§3.5: equal codes of a Get: one Status, then all Results", () => {
    expect(lines(start().reply([get("1", "./SCOMO/a", "./SCOMO/b")]))).toEqual([
      "SyncHdr 200", "1 Get 200", "Results 1 ./SCOMO/a = 1", "Results 1 ./SCOMO/b = 2", "Final",
    ]);
  });

  it("§1.2: a CmdID is opaque: it comes back as it is", () => {
    const ids = ["6f1b0e0a-0042-4000-8000-0000000000aa", "αβγ", "007", "a b"];
    const answer = start().reply(ids.map((id) => get(id, "./SCOMO/a")));
    expect(Object.keys(codes(answer)).sort()).toEqual([...ids].sort());
  });

  it("§4.4: TargetRef repeats the URI as the server wrote it", () => {
    const answer = start().reply([del("1", "SCOMO/a", "./SCOMO/none")]);
    expect(lines(answer).slice(1, -1)).toEqual(
      ["1 Delete 200 SCOMO/a", "1 Delete 404 ./SCOMO/none"],
    );
  });

  it("§2.2: children in any order and unknown ones in between are understood", () => {
    const shuffled = e(
      "Add",
      e("Item", e("Data", "v"), e("Meta", e("Type", "a/b"), e("Format", "chr")), to("./SCOMO/x")),
      e(
        "Item", e("Meta", e("EMI", "z")), e("Data", "w"), e("Source", e("LocURI", "q")),
        to("./SCOMO/y"),
      ),
      e("Cred", e("Data", "ignored")), e("NoResp"), e("CmdID", "1"),
    );
    const device = start();
    expect(codes(device.reply([shuffled]))).toEqual({ 1: 200 });
    expect(device.value("./SCOMO/x")).toBe("v");
    expect(device.nodes().get("./SCOMO/x")!.type).toBe("a/b");
    expect(device.value("./SCOMO/y")).toBe("w");
  });

  it("§2.2: white space around identifiers and URIs is taken off, values keep theirs", () => {
    const device = start();
    const odd = e(
      "Add", e("CmdID", " 1\n"),
      e("Item", e("Target", e("LocURI", "\n ./SCOMO/x ")), e("Data", " v ")),
    );
    expect(codes(device.reply([odd]))).toEqual({ 1: 200 });
    expect(device.value("./SCOMO/x")).toBe(" v ");
  });

  it("§2.2: an Item's Meta overrides the command's element by element", () => {
    const device = start();
    const mixed = e(
      "Add", e("CmdID", "1"), e("Meta", e("Format", "int"), e("Type", "a/b")),
      item("./SCOMO/i", "7"),
      e("Item", to("./SCOMO/c"), e("Meta", e("Format", "chr")), e("Data", "x")),
      e("Item", to("./SCOMO/t"), e("Meta", e("Type", "c/d")), e("Data", "8")),
    );
    expect(codes(device.reply([mixed]))).toEqual({ 1: 200 });
    const seen = ["i", "c", "t"].map((name) => device.nodes().get(`./SCOMO/${name}`)!);
    expect(
      seen.map(({ format, type }) => `${format} ${type}`),
    ).toEqual(["int a/b", "chr a/b", "int c/d"]);
  });

  it.each(["Put", "Map", "Move", "Search", "Sync"])("§2.2: %s: 501, the rest goes on", (name) => {
    const answer = start().reply(
      [command(name, "1", item("./SCOMO/a", "x")), addLeaf("2", "./SCOMO/x")],
    );
    expect(lines(answer)).toEqual(["SyncHdr 200", `1 ${name} 501`, "2 Add 200", "Final"]);
  });

  it("§2.2: an element that is no command: 501, the rest goes on", () => {
    const device = start();
    const answer = device.reply(
      [command("Archive", "1"), e("LocName", "y"), addLeaf("2", "./SCOMO/x")],
    );
    expect(codes(answer)).toMatchObject({ 1: 501, 2: 200 });
  });

  it.each([
    ["Add", e("Add", item("./SCOMO/x"))], ["Get", e("Get", item("./SCOMO/a"))],
    ["Alert", e("Alert", e("Data", "1100"), e("Item"), e("Item", e("Data", "Hi")))],
    ["Copy", e("Copy", item("./SCOMO/x"))], ["Sequence", e("Sequence", addLeaf("2", "./SCOMO/x"))],
    ["Atomic", e("Atomic", addLeaf("2", "./SCOMO/x"))],
  ])("§13: %s without CmdID: 400, and nothing runs", (name, odd) => {
    const device = start();
    const answer = device.reply([odd, addLeaf("3", "./SCOMO/y")]);
    expect(lines(answer)[1]).toMatch(new RegExp(` ${name} 400$`));
    expect(codes(answer)).toMatchObject({ 3: 200 });
    expect(device.has("./SCOMO/x")).toBe(false);
    expect(device.questions).toEqual([]);
  });

  it("§13: without CmdID inside an Atomic: 400, Atomic 507, nothing runs", () => {
    const device = start();
    const bare = (name: string) => e("Add", item(`./SCOMO/${name}`));
    const answer = device.reply([atomic("1", addLeaf("2", "./SCOMO/x"), bare("y"), bare("z"))]);
    expect(lines(answer).slice(1, -1)).toEqual(
      ["1 Atomic 507", "2 Add 216", " Add 400", " Add 215"],
    );
    expect(["x", "y", "z"].filter((name) => device.has(`./SCOMO/${name}`))).toEqual([]);
  });

  it("§13: Get of the root lists its children", () => {
    const answer = start().reply([get("1", ".")]);
    expect(lines(answer)[2]).toBe("Results 1 . = DMAcc/DevInfo/SCOMO");
    expect(at(partsOf(answer, "Results")[0], "Item", "Meta", "Format")).toBe("node");
  });

  it("§2.1: a message that calls itself SyncML 1.1 is understood", () => {
    const device = start();
    const message = device.compose([addLeaf("1", "./SCOMO/x")]);
    message.xmlns = "SYNCML:SYNCML1.1";
    expect(codes(device.replyWith(message))).toEqual({ 1: 200 });
  });

  it("§6.5: Results of a server are ignored, they are no command", () => {
    const results = e("Results", e("CmdID", "1"), e("CmdRef", "1"), item("./SCOMO/a", "x"));
    const device = start();
    expect(device.reply([results])).toBeUndefined();
    expect(device.isDone).toBe(true);
  });

  it("§4.3: a Status that got into an Atomic does not count as a member", () => {
    const device = start();
    const status = e(
      "Status", e("CmdID", "9"), e("MsgRef", "1"), e("CmdRef", "1"), e("Cmd", "Alert"),
      e("Data", "200"),
    );
    const answer = device.reply(
      [atomic("1", addNode("2", "./SCOMO/x"), status, get("3", "."), add("4"))],
    );
    expect(codes(answer)).toEqual({ 1: 507, 2: 215, 3: 500, 4: 215 });
  });
});
