// DM TND 1.2 §6.2, DM RepPro 1.2 §6.6.4: Copy.
import { describe, expect, it } from "vitest";
import { Device } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import { bootstrap } from "../../helpers/provision.ts";
import {
  addLeaf, addNode, atomic, codes, e, type Element, get, item, replace, results, to,
} from "../../helpers/syncml.ts";

const BYTES = Uint8Array.of(0, 1, 254, 255);

function copy(id: string, source: string, target: string): Element {
  return e("Copy", e("CmdID", id), from(source, target));
}

function from(source: string, target: string): Element {
  return e("Item", to(target), e("Source", e("LocURI", source)));
}

describe.each(BUILDS)("Copy, %s build", (build) => {
  const fresh = Device.provisioned(build, {
    acls: { "./DevDetail": "Get=*", "./DMAcc": "Get=srv&Replace=srv" },
    items: [item("./DevDetail/SwV", "1.0"), item("./SCOMO/fixed", "p")],
  });
  fresh.order(
    addNode("1", "./SCOMO/d"),
    addLeaf("2", "./SCOMO/d/a", "one", { type: "text/x" }),
    addLeaf("3", "./SCOMO/d/b", BYTES, { format: "bin" }),
    addLeaf("4", "./SCOMO/d/hidden", "h"),
    replace("5", "./SCOMO/d/hidden?prop=ACL", "Replace=srv"),
    replace("6", "./SCOMO/d/a?prop=Title", "The first"),
  );
  const start = (): Device => {
    const device = new Device(build, { medium: fresh.medium.copy() });
    device.connect();
    return device;
  };

  it("§6.2: a leaf that is not there is created with value, Format and Type of the source", () => {
    const device = start();
    const answer = device.reply([copy("1", "./SCOMO/d/a", "./SCOMO/d/c"), get("2", "./SCOMO/d/c")]);
    expect(codes(answer)).toEqual({ 1: 200, 2: 200 });
    const node = device.nodes().get("./SCOMO/d/c");
    expect(node).toMatchObject({ value: "one", type: "text/x", acl: "" });
    device.close();
    device.boot();
    expect(device.value("./SCOMO/d/c")).toBe("one");
  });

  it("§6.2: a leaf that is there is overwritten, Format and Type too, but not its Title", () => {
    const device = start();
    expect(codes(device.reply([copy("1", "./SCOMO/d/b", "./SCOMO/d/a")]))).toEqual({ 1: 200 });
    const { format, value } = device.nodes().get("./SCOMO/d/a")!;
    expect([format, Buffer.from(value as Uint8Array)]).toEqual([
      device.nodes().get("./SCOMO/d/b")!.format, Buffer.from(BYTES),
    ]);
    const answer = device.reply([get("1", "./SCOMO/d/a?prop=Title", "./SCOMO/d/a?prop=VerNo")]);
    expect(Object.values(results(answer))).toEqual(["The first", "3"]);
  });

  it("§6.2: a source without a Type leaves none at the target", () => {
    const device = start();
    expect(codes(device.reply([copy("1", "./SCOMO/d/hidden", "./SCOMO/d/a")]))).toEqual({ 1: 425 });
    expect(codes(device.reply([copy("1", "./DevInfo/Man", "./SCOMO/d/a")]))).toEqual({ 1: 200 });
    expect(device.nodes().get("./SCOMO/d/a")).toMatchObject({ value: "Example Works", type: "" });
  });

  it("§6.2: missing interior nodes above the target are created", () => {
    const device = start();
    expect(codes(device.reply([copy("1", "./SCOMO/d/a", "./SCOMO/x/y")]))).toEqual({ 1: 200 });
    expect(device.value("./SCOMO/x/y")).toBe("one");
  });

  it("§6.2: a value that the client computes can be copied", () => {
    const device = start();
    device.reply([addNode("1", "./SCOMO/Download/p")]);
    const source = "./SCOMO/Download/p/Status";
    expect(codes(device.reply([copy("1", source, "./SCOMO/d/s")]))).toEqual({ 1: 200 });
    expect(device.value("./SCOMO/d/s")).toBe(device.value(source));
  });

  it("§6.2: over itself it changes nothing but the version", () => {
    const device = start();
    expect(codes(device.reply([copy("1", "./SCOMO/d/a", "./SCOMO/d/a")]))).toEqual({ 1: 200 });
    expect(device.value("./SCOMO/d/a")).toBe("one");
  });

  it.each<[string, string, string, number]>([
    ["a source that is missing", "./SCOMO/none", "./SCOMO/d/c", 404],
    ["a source that is no URI", "./SCOMO//x", "./SCOMO/d/c", 404],
    ["a source that is too long", `./SCOMO/${"x".repeat(65)}`, "./SCOMO/d/c", 414],
    ["a target that is too long", "./SCOMO/d/a", `./SCOMO/${"x".repeat(65)}`, 414],
    ["an interior source", "./SCOMO/d", "./SCOMO/c", 405],
    ["an interior target", "./SCOMO/d/a", "./SCOMO/d", 405],
    ["a target below a leaf", "./SCOMO/d/a", "./SCOMO/d/b/c", 405],
    ["a property as source", "./SCOMO/d/a?prop=Name", "./SCOMO/d/c", 405],
    ["a property as target", "./SCOMO/d/a", "./SCOMO/d/b?prop=Name", 405],
    ["a secret", "./SCOMO/Ext/Trust/k1/Key", "./SCOMO/d/c", 405],
    ["the Inbox", "./SCOMO/d/a", "./Inbox", 405],
    ["a leaf that the client computes as target", "./SCOMO/d/a", "./SCOMO/Download/p/Status", 405],
    ["another Format over a permanent leaf", "./SCOMO/d/b", "./SCOMO/fixed", 405],
    ["a source that may not be read", "./SCOMO/d/hidden", "./SCOMO/d/c", 425],
    ["a target that may not be replaced", "./SCOMO/d/a", "./DevDetail/SwV", 425],
    ["a place where nothing may be added", "./SCOMO/d/a", "./DevDetail/x", 425],
  ])("§6.6.4: %s is refused, and nothing changes", (_, source, target, code) => {
    const trusted = new Device(build);
    const message = bootstrap({
      acls: { "./DevDetail": "Get=*" }, trust: new Uint8Array(64),
      items: [item("./DevDetail/SwV", "1.0"), item("./SCOMO/fixed", "p")],
    });
    trusted.bootstrap(message);
    trusted.boot();
    trusted.order(
      addNode("1", "./SCOMO/d"), addLeaf("2", "./SCOMO/d/a"), addNode("6", "./SCOMO/Download/p"),
      addLeaf("3", "./SCOMO/d/b", BYTES, { format: "bin" }),
      addLeaf("4", "./SCOMO/d/hidden"), replace("5", "./SCOMO/d/hidden?prop=ACL", "Replace=srv"),
    );
    const before = trusted.dump();
    expect(codes(trusted.order(copy("1", source, target)))).toEqual({ 1: code });
    expect(trusted.dump()).toBe(before);
  });

  it("§6.6.4: without a Source it is incomplete, 412", () => {
    const answer = start().reply([e("Copy", e("CmdID", "1"), item("./SCOMO/d/c"))]);
    expect(codes(answer)).toEqual({ 1: 412 });
  });

  it("§6.6.4: two Items have a Status each where they differ", () => {
    const device = start();
    const two = e(
      "Copy", e("CmdID", "1"), from("./SCOMO/d/a", "./SCOMO/d/c"), from("./SCOMO/n", "./SCOMO/m"),
    );
    expect(codes(device.reply([two]))).toEqual({ 1: [200, 404] });
    expect(device.value("./SCOMO/d/c")).toBe("one");
  });

  it("§6.6.3: one in an Atomic that fails is undone", () => {
    const device = start();
    const before = device.dump();
    const members = [
      copy("2", "./SCOMO/d/a", "./SCOMO/d/c"), copy("3", "./SCOMO/n", "./SCOMO/d/e"),
    ];
    expect(codes(device.reply([atomic("1", ...members)]))).toEqual({ 1: 507, 2: 216, 3: 404 });
    expect(device.dump()).toBe(before);
  });
});
