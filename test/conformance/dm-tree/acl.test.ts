// DM TND 1.2 §7.7.1: access control, by commands of a server. Rows of dm-tree §4.7 among them.
import { describe, expect, it } from "vitest";
import { Device } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import { type Provision } from "../../helpers/provision.ts";
import {
  addLeaf, addNode, atomic, codes, del, type Element, exec, get, item, lines, replace, results,
} from "../../helpers/syncml.ts";

const NODES = [
  item("./A", undefined, { format: "node" }), item("./A/x", "v"),
  item("./A/I", undefined, { format: "node" }),
  item("./A/I/y", "w"),
];
const OWN = "Add=B&Delete=B&Get=*&Replace=B";

/** Own ACLs, what server B asks, and the answer. */
const TABLE: readonly [string, { readonly [uri: string]: string }, Element, number][] = [
  ["the default: Get", {}, get("1", "./A"), 200],
  ["the default: Replace", {}, replace("1", "./A/x", "n"), 425],
  ["the default: Add of an interior node", {}, addNode("1", "./A/n"), 200],
  ["the default: Add of a leaf", {}, addLeaf("1", "./A/leaf"), 200],
  ["the default: Delete", {}, del("1", "./A/x"), 425],
  ["the default: Exec", {}, exec("1", "./A/x"), 425],
  [
    "Replace on the parent is inherited", { "./A": "Get=*&Replace=B" }, replace("1", "./A/x", "n"),
    200,
  ],
  [
    "the leaf's own Get=* bars it", { "./A": "Get=*&Replace=B", "./A/x": "Get=*" },
    replace("1", "./A/x", "n"), 425,
  ],
  [
    "the leaf's ACL by the parent's right", { "./A": "Get=*&Replace=B", "./A/x": "Get=*" },
    replace("1", "./A/x?prop=ACL", "Get=*"), 200,
  ],
  [
    "an interior node's ACL by its own right", { "./A": "Get=*", "./A/I": "Get=*&Replace=B" },
    replace("1", "./A/I?prop=ACL", "Get=*"), 200,
  ],
  [
    "an interior node's ACL by its parent's right", { "./A": "Get=*&Replace=B", "./A/I": "Get=*" },
    replace("1", "./A/I?prop=ACL", "Get=*"), 200,
  ],
  [
    "a leaf's ACL not by its own right", { "./A": "Get=*", "./A/x": "Get=*&Replace=B" },
    replace("1", "./A/x?prop=ACL", "Get=*"), 425,
  ],
  [
    "a leaf's value by its own right", { "./A": "Get=*", "./A/x": "Get=*&Replace=B" },
    replace("1", "./A/x", "n"), 200,
  ],
  ["AB and BA are not B", { "./A/x": "Get=*&Replace=AB+BA" }, replace("1", "./A/x", "n"), 425],
  ["one of several names", { "./A/x": "Get=*&Replace=AB+B+BA" }, replace("1", "./A/x", "n"), 200],
  ["* in place of names", { "./A/x": "Get=*&Replace=*" }, replace("1", "./A/x", "n"), 200],
  ["* among names", { "./A/x": "Get=*&Replace=AB+*" }, replace("1", "./A/x", "n"), 200],
  ["Get taken away", { "./A/x": "Replace=B" }, get("1", "./A/x"), 425],
  ["Get taken away above", { "./A": "Replace=B" }, get("1", "./A/I/y"), 425],
  [
    "a nearer ACL holds, not the sum", { "./A": "Delete=B&Get=*", "./A/I": "Get=*" },
    del("1", "./A/I/y"), 425,
  ],
  // The right is there, but what came by bootstrap is permanent: 405, not 425.
  ["Delete by the node's own", { "./A": "Get=*", "./A/x": "Delete=B" }, del("1", "./A/x"), 405],
  ["Delete by the parent's", { "./A": "Delete=B&Get=*" }, del("1", "./A/x"), 405],
  ["Add taken away", { "./A": "Get=*" }, addLeaf("1", "./A/n"), 425],
  [
    "Add on the new node's parent", { "./A": "Get=*", "./A/I": "Add=B&Get=*" },
    addLeaf("1", "./A/I/n"), 200,
  ],
  [
    "Add deeper: on the first that is there", { "./A": "Get=*", "./A/I": "Add=B&Get=*" },
    addLeaf("1", "./A/I/n/m"), 200,
  ],
  ["Add deeper without it", { "./A": "Get=*" }, addLeaf("1", "./A/n/m"), 425],
  ["Exec granted on a leaf that is none", { "./A/x": "Exec=B" }, exec("1", "./A/x"), 405],
  ["the root's ACL by default", {}, replace("1", ".?prop=ACL", "Get=*"), 425],
  [
    "the root's ACL with the right", { ".": "Add=*&Get=*&Replace=B" },
    replace("1", ".?prop=ACL", "Add=*&Get=*"), 200,
  ],
  [
    "the root's ACL made empty", { ".": "Add=*&Get=*&Replace=B" }, replace("1", ".?prop=ACL", ""),
    405,
  ],
  [
    "Get of a leaf's ACL by its own right", { "./A": "Add=B", "./A/x": "Get=B" },
    get("1", "./A/x?prop=ACL"), 200,
  ],
  [
    "Get of a leaf's ACL by its parent's right", { "./A": "Get=B", "./A/x": "Replace=B" },
    get("1", "./A/x?prop=ACL"), 200,
  ],
  [
    "Get of a leaf's Name: not by its parent's", { "./A": "Get=B", "./A/x": "Replace=B" },
    get("1", "./A/x?prop=Name"), 425,
  ],
];

describe.each(BUILDS)("ACL, %s build", (build) => {
  const start = (acls: Provision["acls"] = {}): Device => {
    const device = Device.provisioned(build, { serverId: "B", items: NODES, acls });
    device.connect();
    return device;
  };
  const aclOf = (device: Device, uri: string) => device.nodes().get(uri)!.acl;

  it.each(TABLE)("§4.7: %s", (_, acls, order, code) => {
    const device = start(acls);
    const before = device.dump();
    expect(codes(device.reply([order]))).toEqual({ 1: code });
    if (code >= 300) expect(device.dump()).toBe(before);
  });

  it("§4.4: who adds an interior node without Replace on its parent owns it", () => {
    const device = start();
    device.reply([addNode("1", "./A/n")]);
    expect(aclOf(device, "./A/n")).toBe(OWN);
    expect(
      codes(
        device.reply(
          [replace("1", "./A/n?prop=ACL", "Get=*&Delete=B&Replace=B"), del("2", "./A/n")],
        ),
      ),
    ).toEqual({
      1: 200, 2: 200,
    });
  });

  it("§4.4: who adds one with Replace on its parent: it inherits", () => {
    const device = start({ "./A": OWN });
    device.reply([addNode("1", "./A/n")]);
    expect(aclOf(device, "./A/n")).toBe("");
  });

  it("§4.4: a leaf inherits: who added it cannot change it", () => {
    const device = start();
    expect(
      codes(device.reply([addLeaf("1", "./A/l"), replace("2", "./A/l", "n"), del("3", "./A/l")])),
    ).toEqual({
      1: 200, 2: 425, 3: 425,
    });
    expect(aclOf(device, "./A/l")).toBe("");
  });

  it("§4.4: implicit parents: the first gets the ACL, those below inherit", () => {
    const device = start();
    device.reply([addLeaf("1", "./A/n/m/l")]);
    expect(
      [aclOf(device, "./A/n"), aclOf(device, "./A/n/m"), aclOf(device, "./A/n/m/l")],
    ).toEqual([OWN, "", ""]);
    expect(codes(device.reply([replace("1", "./A/n/m/l", "mine")]))).toEqual({ 1: 200 });
  });

  it("§4.4: the creator's ACL is undone with its Atomic", () => {
    const device = start();
    const before = device.dump();
    device.reply([atomic("1", addNode("2", "./A/n"), del("3", "./A/none"))]);
    expect(device.dump()).toBe(before);
  });

  it("§4.2: ?prop=ACL tells the node's own; none: empty Data and 200", () => {
    const device = start({ "./A": "Get=*&Replace=B" });
    expect(
      results(device.reply([get("1", "./A?prop=ACL", "./A/x?prop=ACL", ".?prop=ACL")])),
    ).toEqual({
      "./A?prop=ACL": "Get=*&Replace=B", "./A/x?prop=ACL": "", ".?prop=ACL": "Add=*&Get=*",
    });
  });

  it("§4.2: an ACL that is made empty is inherited again", () => {
    const device = start({ "./A": "Get=*&Replace=B", "./A/x": "Get=*" });
    const answer = device.reply([
      replace("1", "./A/x", "n"), replace("2", "./A/x?prop=ACL", ""), replace("3", "./A/x", "n"),
    ]);
    expect(codes(answer)).toEqual({ 1: 425, 2: 200, 3: 200 });
  });

  it("§4.3: who owns the parent may take a leaf, in two commands and no other way", () => {
    const device = start({ "./A": "Get=*&Replace=B", "./A/x": "Get=other" });
    expect(lines(device.reply([
      get("1", "./A/x"), replace("2", "./A/x", "n"),
      replace("3", "./A/x?prop=ACL", "Get=B&Replace=B"),
      get("4", "./A/x"), replace("5", "./A/x", "n"),
    ]))).toEqual([
      "SyncHdr 200", "1 Get 425", "2 Replace 425", "3 Replace 200", "4 Get 200",
      "Results 4 ./A/x = n",
      "5 Replace 200", "Final",
    ]);
  });

  it.each([
    "Get", "Get=", "=B", "Get=*&", "&Get=*", "Get=*&Get=B", "Copy=B", "get=*", "Get=B+", "Get=+B",
    "Get=B++C", "Get=B C",
    "Get=B=C", "Get=*B", "Get=B&&Add=B", "Get=B\n",
  ])("§4.1: %o is no ACL: 500, the old one stays", (text) => {
    const device = start({ "./A": "Get=*&Replace=B" });
    expect(codes(device.reply([replace("1", "./A?prop=ACL", text)]))).toEqual({ 1: 500 });
    expect(aclOf(device, "./A")).toBe("Get=*&Replace=B");
  });

  it.each(
    [
      "Get=*", "Add=B&Delete=B&Exec=B&Get=B&Replace=B", "Replace=B&Get=*", "Get=a-b.c:d/e+B",
      "Get=ü",
    ],
  )(
    "§4.1: %o is one, and is kept as it was written",
    (text) => {
      const device = start({ "./A": "Get=*&Replace=B" });
      expect(codes(device.reply([replace("1", "./A?prop=ACL", text)]))).toEqual({ 1: 200 });
      device.close();
      device.boot();
      expect(aclOf(device, "./A")).toBe(text);
    },
  );

  it.each([[255, 200], [256, 420]])("§4.1: an ACL of %i bytes: %i", (byteCount, code) => {
    const device = start({ "./A": "Get=*&Replace=B" });
    const text = `Get=${"s".repeat(byteCount - 4)}`;
    expect(codes(device.reply([replace("1", "./A?prop=ACL", text)]))).toEqual({ 1: code });
  });

  it("a change of rights holds for the next command of the same message", () => {
    const device = start({ "./A": "Add=B&Delete=B&Get=B&Replace=B" });
    expect(codes(device.reply([
      get("1", "./A/x"), replace("2", "./A?prop=ACL", "Get=other&Replace=B"), get("3", "./A/x"),
      del("4", "./A/x"),
      addLeaf("5", "./A/n"),
    ]))).toEqual({ 1: 200, 2: 200, 3: 425, 4: 425, 5: 425 });
  });

  it("architecture §8: an ACL that is lost in an Atomic that fails is back", () => {
    const device = start({ "./A": OWN });
    device.reply(
      [atomic("1", replace("2", "./A?prop=ACL", "Get=*&Replace=B"), addLeaf("3", "./A/n"))],
    );
    expect(aclOf(device, "./A")).toBe(OWN);
    expect(codes(device.reply([addLeaf("1", "./A/n")]))).toEqual({ 1: 200 });
  });
});
