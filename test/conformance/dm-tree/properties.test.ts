// DM TND 1.2 §7.7: properties of a node, and what a server may do with them.
import { describe, expect, it } from "vitest";
import { Block, Device, setNumber } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import { entry } from "../../helpers/packages.ts";
import {
  add, addLeaf, addNode, codes, del, exec, get, item, replace, results,
} from "../../helpers/syncml.ts";

const L = "./SCOMO/n/leaf";

describe.each(BUILDS)("properties, %s build", (build) => {
  const fresh = Device.provisioned(build);
  fresh.order(
    addNode("1", "./SCOMO/n", "urn:x:1.0"), addLeaf("2", L, "größe", { type: "text/x" }),
    addLeaf("3", "./SCOMO/i", "7", { format: "int" }),
    add("4", ...entry("p")), add("5", item("./SCOMO/z", undefined, { format: "null" })),
  );
  const start = (): Device => {
    const device = new Device(build, { medium: fresh.medium.copy() });
    device.connect();
    return device;
  };

  it.each([
    ["ACL of a node without one", `${L}?prop=ACL`, ""],
    ["Format of a leaf", `${L}?prop=Format`, "chr"],
    ["Format of an interior node", "./SCOMO/n?prop=Format", "node"],
    ["Format of an int", "./SCOMO/i?prop=Format", "int"],
    ["Name of a leaf", `${L}?prop=Name`, "leaf"], ["Name of the root", ".?prop=Name", "."],
    ["Type of a leaf", `${L}?prop=Type`, "text/x"],
    ["Type of an interior node", "./SCOMO/n?prop=Type", "urn:x:1.0"],
    ["Type that was not given", "./SCOMO/i?prop=Type", ""],
    ["Size: bytes, not characters", `${L}?prop=Size`, "7"],
    ["Size of null", "./SCOMO/z?prop=Size", "0"],
    ["Format of a computed leaf", "./SCOMO/Download/p/Status?prop=Format", "int"],
    ["Name of a computed node", "./SCOMO/Download/p/Operations?prop=Name", "Operations"],
    ["Format of a primitive", "./SCOMO/Download/p/Operations/Download?prop=Format", "null"],
    ["Size of a computed leaf", "./SCOMO/Download/p/Status?prop=Size", "2"],
    ["ACL of a computed node", "./SCOMO/Download/p/Status?prop=ACL", ""],
  ])("§3: Get of %s", (_, uri, value) => {
    const answer = start().reply([get("1", uri)]);
    expect(codes(answer)).toEqual({ 1: 200 });
    expect(results(answer)).toEqual({ [uri]: value });
  });

  it("§3: their values need no Meta", () => {
    expect(
      JSON.stringify(start().reply([get("1", "./SCOMO/i?prop=Format")])),
    ).not.toContain('"int"]}]}],"Meta"');
  });

  it.each(
    ["Value", "Struct", "Foo", "acl", "ACLs", ""],
  )("§3: property %o: 406 for any command", (name) => {
    const uri = `${L}?prop=${name}`;
    const answer = start().reply(
      [
        get("1", uri), replace("2", uri, "x"), del("3", uri), add("4", item(uri, "x")),
        exec("5", uri),
      ],
    );
    expect(codes(answer)).toEqual({ 1: 406, 2: 406, 3: 406, 4: 406, 5: 406 });
  });

  it("§3: Size of an interior node: 406", () => {
    expect(codes(start().reply([get("1", "./SCOMO/n?prop=Size")]))).toEqual({ 1: 406 });
  });

  it.each(["Format", "Type", "Size", "TStamp", "VerNo"])("§3: Replace of %s: 405", (name) => {
    expect(codes(start().reply([replace("1", `${L}?prop=${name}`, "x")]))).toEqual({ 1: 405 });
  });

  it.each(
    ["ACL", "Format", "Name", "Type", "Size", "Title", "TStamp", "VerNo"],
  )("§3: Add, Delete and Exec of %s: 405", (name) => {
    const uri = `${L}?prop=${name}`;
    expect(
      codes(start().reply([add("1", item(uri, "x")), del("2", uri), exec("3", uri)])),
    ).toEqual({ 1: 405, 2: 405, 3: 405 });
  });

  it("§3: a permanent node cannot be renamed: 405", () => {
    expect(
      codes(start().reply([replace("1", "./SCOMO/Download?prop=Name", "Other")])),
    ).toEqual({ 1: 405 });
  });

  it("§3: Title, TStamp and VerNo of a node that was changed twice", () => {
    const device = start();
    const order = [replace("1", L, "x"), replace("2", `${L}?prop=Title`, "A title & more")];
    expect(codes(device.reply(order))).toEqual({ 1: 200, 2: 200 });
    const uris = ["Title", "TStamp", "VerNo", "Name"].map((name) => `${L}?prop=${name}`);
    expect(Object.values(results(device.reply([get("3", ...uris)])))).toEqual([
      "A title & more", "20231114T221320Z", "3", "leaf",
    ]);
    device.close();
    device.boot();
    device.connect();
    expect(Object.values(results(device.reply([get("3", ...uris)])))[0]).toBe("A title & more");
  });

  it("§3: a computed node has no Title, TStamp and VerNo: empty", () => {
    const uris = ["Title", "TStamp", "VerNo"].map((name) =>
      `./SCOMO/Download/p/Status?prop=${name}`);
    const answer = start().reply([get("1", ...uris)]);
    expect(codes(answer)).toEqual({ 1: 200 });
    expect(Object.values(results(answer))).toEqual(["", "", ""]);
  });

  it.each([
    [0, ""], [951_782_399, "20000228T235959Z"], [951_782_400, "20000229T000000Z"],
    [951_868_800, "20000301T000000Z"], [994_869_497, "20010711T163817Z"],
    [1_735_689_599, "20241231T235959Z"], [1_735_689_600, "20250101T000000Z"],
    [4_107_542_399, "21000228T235959Z"], [4_107_542_400, "21000301T000000Z"],
    [0xffff_ffff, "21060207T062815Z"], [1, "19700101T000001Z"], [2_678_400, "19700201T000000Z"],
  ])("§3: TStamp of second %i is %s", (now, text) => {
    const device = start();
    setNumber(device.core, Block.Now, now);
    const answer = device.reply([replace("1", L, "x"), get("2", `${L}?prop=TStamp`)]);
    expect(results(answer)).toEqual({ [`${L}?prop=TStamp`]: text });
  });

  it("§3: a Title of 255 bytes is taken, one byte more not", () => {
    const uri = `${L}?prop=Title`;
    const titles = ["ü".repeat(127) + "x", "ü".repeat(128), ""];
    const order = titles.map((title, index) => replace(String(index), uri, title));
    expect(codes(start().reply(order))).toEqual({ 0: 200, 1: 413, 2: 200 });
    const bad = replace("1", uri, Uint8Array.of(0x61, 0xff));
    expect(codes(start().reply([bad]))).toEqual({ 1: 415 });
  });

  it("§3: a rename moves the whole sub-tree, and lasts", () => {
    const device = start();
    expect(codes(device.reply([replace("1", "./SCOMO/n?prop=Name", "new")]))).toEqual({ 1: 200 });
    device.close();
    device.boot();
    expect([device.has("./SCOMO/n"), device.value("./SCOMO/new/leaf")]).toEqual([false, "größe"]);
    expect(device.nodes().get("./SCOMO/new")!.type).toBe("urn:x:1.0");
  });

  it.each<[string, string, string | Uint8Array, number]>([
    ["the same name", L, "leaf", 200],
    ["a name of 64 characters", L, "ü".repeat(64), 200],
    ["a name of 65 characters", L, "x".repeat(65), 414],
    ["a name of a sibling", "./SCOMO/i", "z", 418],
    ["a name of a computed sibling", "./SCOMO/Download/p/PkgURL", "Operations", 418],
    ["a name with a slash", L, "a/b", 405], ["a name with ./ in front", L, "./b", 405],
    ["an empty name", L, "", 405], ["a dot", L, ".", 405], ["a dot at the end", L, "a.", 405],
    ["a blank", L, "a b", 405], ["a query", L, "a?prop=ACL", 405],
    ["bytes that are no text", L, Uint8Array.of(0xff), 415],
    ["the root", ".", "root", 425],
    ["a computed node", "./SCOMO/Download/p/Operations", "Others", 405],
    ["an entry with a name of 31 bytes", "./SCOMO/Download/p", "p".repeat(31), 200],
    ["an entry with a name of 32 bytes", "./SCOMO/Download/p", "p".repeat(32), 414],
    ["without the right", "./DevInfo/Man", "x", 425],
  ])("§3: renaming to %s", (_, uri, name, code) => {
    const device = start();
    const before = device.dump();
    expect(codes(device.reply([replace("1", `${uri}?prop=Name`, name)]))).toEqual({ 1: code });
    if (code !== 200) expect(device.dump()).toBe(before);
  });

  it("§3: a busy entry cannot be renamed: 403", () => {
    const device = start();
    const order = [
      exec("1", "./SCOMO/Download/p/Operations/Download", "c"),
      replace("2", "./SCOMO/Download/p?prop=Name", "q"),
      replace("3", "./SCOMO/Download/p/PkgURL?prop=Name", "q"),
    ];
    expect(codes(device.reply(order))).toEqual({ 1: 202, 2: 403, 3: 403 });
  });

  it("§3: a property of what is missing: 404", () => {
    expect(
      codes(
        start().reply(
          [get("1", "./SCOMO/none?prop=Name"), replace("2", "./SCOMO/none?prop=ACL", "")],
        ),
      ),
    ).toEqual({
      1: 404, 2: 404,
    });
  });

  it("§3: nothing may follow a property", () => {
    expect(
      codes(start().reply([get("1", `${L}?prop=Name&x`), get("2", `${L}?prop=Name/x`)])),
    ).toEqual({ 1: 406, 2: 406 });
  });

  it("§4.3: a property needs the Get right on the node", () => {
    const device = Device.provisioned(build, { acls: { "./SCOMO": "Add=srv&Replace=srv" } });
    device.connect();
    const uris = ["Format", "Name", "Type"].map((name) => `./SCOMO?prop=${name}`);
    expect(codes(device.reply([get("1", ...uris)]))).toEqual({ 1: 425 });
  });
});
