// DM TNDS 1.2: serialised sub-trees in Add and Replace.
import { describe, expect, it } from "vitest";
import { Device } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  add, addLeaf, addNode, atomic, codes, command, del, e, type Element, item, replace, to,
} from "../../helpers/syncml.ts";
import {
  object, type Shape, SHAPES, shaped, type TreeNode, WBXML_TYPE, XML_TYPE,
} from "../../helpers/tnds.ts";

const FULL: TreeNode = {
  name: "s", format: "node", type: "com.example/1.0/Set", acl: "Add=srv&Delete=srv&Get=*",
  title: "A set", children: [
    { name: "text", value: "<v> & w", type: "text/x" },
    { name: "number", format: "int", value: "-7" },
    { name: "octets", format: "bin", value: Uint8Array.of(0, 1, 255) },
    { name: "empty", format: "node" },
    { name: "deep", children: [{ name: "er", children: [{ name: "leaf", value: "z" }] }] },
  ],
};
const DMACC = "urn:oma:mo:oma-dm-dmacc:1.0";

function tnds(
  name: string, id: string, target: string, nodes: readonly TreeNode[], shape: Shape = "A",
): Element {
  return raw(name, id, target, object(...nodes), shape);
}

function raw(name: string, id: string, target: string, root: Element, shape: Shape = "A"): Element {
  const type = shape === "C" ? XML_TYPE : WBXML_TYPE;
  const meta = e("Meta", e("Format", shape === "C" ? "xml" : "bin"), e("Type", type));
  return command(name, id, e("Item", to(target), meta, e("Data", shaped(shape, root))));
}

const leaf = (name: string, value = "v"): TreeNode => ({ name, value });

describe.each(BUILDS)("TNDS, %s build", (build) => {
  const fresh = Device.provisioned(build, {
    acls: { "./Open": "Add=*&Get=*", "./DMAcc": "Add=srv&Get=srv&Replace=srv" },
    items: [item("./Open", undefined, { format: "node" }), item("./SCOMO/fixed/leaf", "p")],
  });
  fresh.order(
    addNode("1", "./SCOMO/t"), addLeaf("2", "./SCOMO/t/old", "1"), addNode("3", "./SCOMO/t/sub"),
    addLeaf("4", "./SCOMO/t/sub/x", "2"), addLeaf("5", "./SCOMO/leaf", "3"),
  );
  const start = (): Device => {
    const device = new Device(build, { medium: fresh.medium.copy() });
    device.connect();
    return device;
  };
  const below = (device: Device, uri: string): string[] =>
    [...device.nodes().keys()].filter((key) => key.startsWith(`${uri}/`))
      .map((key) => key.slice(uri.length));

  it.each(SHAPES)("§5 Add: shape %s creates every node with all that is said of it", (shape) => {
    const device = start();
    const sent = { ...FULL, children: FULL.children!.map((child) => ({ ...child })) };
    expect(codes(device.reply([tnds("Add", "1", "./SCOMO/t", [sent], shape)]))).toEqual({ 1: 200 });
    device.close();
    device.boot();
    const nodes = device.nodes();
    expect(below(device, "./SCOMO/t/s")).toEqual([
      "/text", "/number", "/octets", "/empty", "/deep", "/deep/er", "/deep/er/leaf",
    ]);
    expect(nodes.get("./SCOMO/t/s")).toMatchObject({ type: FULL.type, acl: FULL.acl });
    expect(nodes.get("./SCOMO/t/s/text")).toMatchObject({ type: "text/x", value: "<v> & w" });
    expect(nodes.get("./SCOMO/t/s/number")!.value).toBe("-7");
    const octets = nodes.get("./SCOMO/t/s/octets")!.value as Uint8Array;
    expect(Buffer.from(octets).toString("hex")).toBe("0001ff");
  });

  it("§5 Add: an empty NodeName is the last segment of the Target", () => {
    const device = start();
    const top: TreeNode = { name: "", children: [leaf("a")] };
    expect(codes(device.reply([tnds("Add", "1", "./SCOMO/n", [top])]))).toEqual({ 1: 200 });
    expect(device.value("./SCOMO/n/a")).toBe("v");
  });

  it("§5 Add: Path is relative to the Target, and missing nodes on it are created", () => {
    const device = start();
    const tops = [
      { ...leaf("a"), path: "p/q" }, { ...leaf("b"), path: "./p" }, { ...leaf("c"), path: "." },
    ];
    expect(codes(device.reply([tnds("Add", "1", "./SCOMO/t", tops)]))).toEqual({ 1: 200 });
    expect(below(device, "./SCOMO/t")).toEqual(
      expect.arrayContaining(["/p", "/p/q", "/p/q/a", "/p/b", "/c"]),
    );
  });

  it("§7.7.1: interior nodes get the creator's ACL where it could not replace them", () => {
    const device = start();
    const top: TreeNode = { name: "a", children: [{ name: "b", children: [leaf("c")] }] };
    expect(codes(device.reply([tnds("Add", "1", "./Open", [top])]))).toEqual({ 1: 200 });
    const uris = ["./Open/a", "./Open/a/b", "./Open/a/b/c"];
    const acls = uris.map((uri) => device.nodes().get(uri)!.acl);
    expect(acls).toEqual(["Add=srv&Delete=srv&Get=*&Replace=srv", "", ""]);
  });

  it.each<[string, readonly TreeNode[], number, string?]>([
    ["a node that is there", [leaf("n"), leaf("old")], 418],
    ["the same node twice", [leaf("n"), leaf("n")], 418],
    ["a node below a leaf", [{ name: "n", format: "chr", children: [leaf("a")] }], 405],
    ["a node below a leaf that was there", [leaf("n"), { ...leaf("a"), path: "old" }], 405],
    ["a value on an interior node", [{ name: "n", format: "node", value: "v" }], 405],
    ["a value and children", [{ name: "n", value: "v", children: [leaf("a")] }], 405],
    ["a value that its Format does not allow", [leaf("n"), { ...leaf("a"), format: "int" }], 415],
    ["a bin that is no Base64", [{ ...leaf("n", "*"), format: "bin" }], 415],
    ["a value above the limit", [leaf("n", "x".repeat(2049))], 413],
    ["a Title above the limit", [leaf("n"), { name: "t", title: "x".repeat(256) }], 413],
    ["a Type above the limit", [{ name: "t", type: "x".repeat(65) }], 415],
    ["an ACL that is none", [leaf("n"), { name: "a", format: "node", acl: "Get" }], 500],
    ["a name that is too long", [leaf("n"), leaf("x".repeat(65))], 414],
    ["a name with a slash", [leaf("n"), leaf("a/b")], 404],
    ["a name with a question mark", [leaf("n"), leaf("a?prop=ACL")], 404],
    ["a child without a name", [{ name: "n", children: [{ name: "", value: "v" }] }], 415],
    ["a child with a Path", [{ name: "n", children: [{ ...leaf("a"), path: "b" }] }], 415],
    ["no node at all", [], 415],
    ["a place where nothing may be added", [leaf("n")], 425, "./DevInfo"],
    ["an entry that only the client adds", [leaf("n")], 405, "./SCOMO/Inventory/Deployed"],
    ["the ACL of a leaf whose parent is not ours", [{ ...leaf("n"), acl: "Get=*" }], 425, "./Open"],
  ])("§5 Add: %s is refused, and nothing changes", (_, nodes, code, target = "./SCOMO/t") => {
    const device = start();
    const before = device.dump();
    expect(codes(device.reply([tnds("Add", "1", target, nodes)]))).toEqual({ 1: code });
    expect(device.dump()).toBe(before);
    device.close();
    device.boot();
    expect(device.dump()).toBe(before);
  });

  it("§5 Add: a value at the limit, and the deepest node, are taken", () => {
    const device = start();
    const chain = (depth: number): TreeNode =>
      depth === 0 ? leaf("z") : { name: "a", children: [chain(depth - 1)] };
    const order = [
      tnds("Add", "1", "./SCOMO/t", [leaf("n", "x".repeat(2048))]),
      tnds("Add", "2", "./SCOMO/t", [chain(13)]), tnds("Add", "3", "./SCOMO/t/sub", [chain(13)]),
    ];
    expect(codes(device.reply(order))).toEqual({ 1: 200, 2: 200, 3: 414 });
    expect(device.has(`./SCOMO/t${"/a".repeat(13)}/z`)).toBe(true);
    expect(device.has("./SCOMO/t/sub/a")).toBe(false);
  });

  it.each<[string, Element, number]>([
    ["another root", e("Node", e("NodeName", "a")), 415],
    ["another version", e("MgmtTree", e("VerDTD", "2.0"), e("Node", e("NodeName", "a"))), 415],
  ])("§6: %s is refused", (_, root, code) => {
    for (const shape of SHAPES) {
      const order = raw("Add", "1", "./SCOMO/t", root, shape);
      expect(codes(start().reply([order]))).toEqual({ 1: code });
    }
  });

  it("§6: a Format other than xml and bin is refused; none at all is not", () => {
    const data = e("Data", shaped("C", object(leaf("a"))));
    const order = ["chr", "node", undefined].map((format, index) => {
      const word = format === undefined ? undefined : e("Format", format);
      const meta = e("Meta", word, e("Type", XML_TYPE));
      return command("Add", String(index), e("Item", to("./SCOMO/t"), meta, data));
    });
    expect(codes(start().reply(order))).toEqual({ 0: 415, 1: 415, 2: 200 });
  });

  it("§6: whatever stands behind the object in the message is read as before", () => {
    const device = start();
    const order = SHAPES.flatMap((shape) => [
      tnds("Add", `a${shape}`, "./SCOMO/t", [{ ...leaf(shape), title: "&<>" }], shape),
      addLeaf(`b${shape}`, `./SCOMO/t/${shape}2`),
    ]);
    const answer = codes(device.reply(order));
    expect(Object.values(answer)).toEqual([200, 200, 200, 200, 200, 200]);
  });

  it("§5 Add: many nodes are one change, which the journal has room for", () => {
    const device = start();
    const many = Array.from({ length: 120 }, (_, index) => leaf(`n${index}`));
    expect(codes(device.reply([tnds("Add", "1", "./SCOMO/t", many)]))).toEqual({ 1: 200 });
    device.cut();
    const found = below(device, "./SCOMO/t").filter((uri) => /n\d+$/.test(uri));
    expect([0, 120]).toContain(found.length);
  });

  it("§5 Add: more nodes than can be undone are refused, 420", () => {
    const device = start();
    const many = Array.from({ length: 180 }, (_, index) => leaf(`n${index}`, ""));
    const before = device.dump();
    expect(codes(device.reply([tnds("Add", "1", "./SCOMO/t", many)]))).toEqual({ 1: 420 });
    expect(device.dump()).toBe(before);
  });

  it.each(SHAPES)("§5 Replace: shape %s, the sub-tree becomes the serialised one", (shape) => {
    const device = start();
    const top: TreeNode = {
      name: "", format: "node", type: "com.example/1.0/T",
      children: [leaf("old", "new"), leaf("other")],
    };
    const order = tnds("Replace", "1", "./SCOMO/t", [top], shape);
    expect(codes(device.reply([order]))).toEqual({ 1: 200 });
    device.close();
    device.boot();
    expect(below(device, "./SCOMO/t")).toEqual(["/old", "/other"]);
    expect(device.value("./SCOMO/t/old")).toBe("new");
    expect(device.nodes().get("./SCOMO/t")!.type).toBe("com.example/1.0/T");
  });

  it("§5 Replace: nodes by name are below the Target", () => {
    const device = start();
    const order = tnds("Replace", "1", "./SCOMO/t", [leaf("a")]);
    expect(codes(device.reply([order]))).toEqual({ 1: 200 });
    expect(below(device, "./SCOMO/t")).toEqual(["/a"]);
  });

  it("§5 Replace: a leaf can become an interior node, and the other way round", () => {
    const device = start();
    const order = [
      tnds("Replace", "1", "./SCOMO/leaf", [{ name: "", children: [leaf("a")] }]),
      tnds("Replace", "2", "./SCOMO/t", [leaf("", "value")]),
    ];
    expect(codes(device.reply(order))).toEqual({ 1: 200, 2: 200 });
    expect(device.value("./SCOMO/leaf/a")).toBe("v");
    expect([device.value("./SCOMO/t"), ...below(device, "./SCOMO/t")]).toEqual(["value"]);
  });

  it.each<[string, string, readonly TreeNode[], number]>([
    ["a Target that is missing", "./SCOMO/none", [leaf("a")], 404],
    ["a Target that may not be replaced", "./DevInfo", [leaf("a")], 425],
    ["a permanent node below the Target", "./SCOMO/fixed", [leaf("a")], 405],
    ["permanent nodes below the Target", "./SCOMO", [leaf("a")], 405],
    ["a computed Target", "./SCOMO/Download/p/Operations", [leaf("a")], 405],
    [
      "another Format of a permanent leaf", "./SCOMO/fixed/leaf",
      [{ name: "", children: [leaf("a")] }], 405,
    ],
    ["a bad value", "./SCOMO/t", [leaf("a"), { ...leaf("b", "x"), format: "bool" }], 415],
    ["a node twice", "./SCOMO/t", [leaf("a"), leaf("a")], 418],
  ])("§5 Replace: %s is refused, and nothing changes", (_, target, nodes, code) => {
    const device = start();
    device.reply([addNode("1", "./SCOMO/Download/p")]);
    const before = device.dump();
    expect(codes(device.reply([tnds("Replace", "1", target, nodes)]))).toEqual({ 1: code });
    expect(device.dump()).toBe(before);
    device.close();
    device.boot();
    expect(device.dump()).toBe(before);
  });

  it("§5 Replace: a child that the server may not delete stops it, 425", () => {
    const device = start();
    device.reply([replace("1", "./SCOMO/t/sub?prop=ACL", "Get=*")]);
    const before = device.dump();
    const order = tnds("Replace", "1", "./SCOMO/t", [leaf("a")]);
    expect(codes(device.reply([order]))).toEqual({ 1: 425 });
    expect(device.dump()).toBe(before);
  });

  it("§6.6.3: in an Atomic that fails behind it, all of it is undone", () => {
    const device = start();
    const before = device.dump();
    const members = [
      tnds("Add", "2", "./SCOMO/t", [FULL]), tnds("Replace", "3", "./SCOMO/t/sub", [leaf("a")]),
      del("4", "./SCOMO/none"),
    ];
    const answer = codes(device.reply([atomic("1", ...members)]));
    expect(answer).toEqual({ 1: 507, 2: 216, 3: 216, 4: 404 });
    expect(device.dump()).toBe(before);
  });

  it.each(SHAPES)("§5.3.4 Inbox: shape %s, an account gets a place and a name", (shape) => {
    const device = start();
    const account: TreeNode = {
      name: "", format: "node", type: DMACC, children: [leaf("ServerID", "s2")],
    };
    const { name: _, ...unnamed } = account;
    const order = [account, unnamed, { ...account, name: "mine" }].map((node, index) =>
      tnds("Add", String(index), "./Inbox", [node], shape));
    expect(codes(device.reply(order))).toEqual({ 0: 200, 1: 200, 2: 200 });
    for (const name of ["acc1", "acc2", "mine"]) {
      expect(device.value(`./DMAcc/${name}/ServerID`)).toBe("s2");
      expect(device.nodes().get(`./DMAcc/${name}`)!.type).toBe(DMACC);
    }
  });

  it("§5.3.4 Inbox: anything else is refused, 405", () => {
    const device = start();
    const before = device.dump();
    const account: TreeNode = { name: "x", format: "node", type: DMACC };
    const order = [
      tnds("Add", "1", "./Inbox", [{ ...account, type: "urn:oma:mo:other:1.0" }]),
      tnds("Add", "2", "./Inbox", [leaf("a")]), tnds("Add", "3", "./Inbox/a", [account]),
      tnds("Replace", "4", "./Inbox", [account]), tnds("Add", "5", "./Inbox", [account, leaf("b")]),
      addNode("6", "./Inbox"), addLeaf("7", "./Inbox/a"), command("Get", "8", "./Inbox"),
      command("Get", "9", "./Inbox/a?list=TNDS"), del("10", "./Inbox"),
      add("11", item("./Inbox?prop=ACL")),
    ];
    expect(new Set(Object.values(codes(device.reply(order))))).toEqual(new Set([405]));
    expect(device.dump()).toBe(before);
  });
});
