// `look` and the rest of the exports: whenever they may be called they change nothing and tell
// nobody.
import { describe, expect, it } from "vitest";
import { Look } from "../../../assembly/abi/codes.ts";
import { Device, Err } from "../../helpers/device.ts";
import { Medium } from "../../helpers/medium.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  deliver, entry, IDENTITY, install, makePackage, operation, TRUSTING,
} from "../../helpers/packages.ts";
import {
  add, addLeaf, ask, atomic, codes, exec, get, item, lines, results,
} from "../../helpers/syncml.ts";

describe.each(BUILDS)("look, %s build", (build) => {
  /** Everything that a device can do, its messages as lines. */
  const live = (looksAround: boolean): string[] => {
    const medium = new Medium(49_152, Array<number>(8).fill(4096));
    const device = Device.provisioned(build, TRUSTING, { ...IDENTITY, medium });
    device.looksAround = looksAround;
    deliver(device, { p: makePackage("1.0.0", "one"), q: makePackage("1.0.0", "two", "three") });
    device.connect();
    device.reply([
      add("1", ...entry("r")), ask("2", "Now?"), addLeaf("3", "./SCOMO/x", "y".repeat(500)),
      get("4", ".", "./SCOMO/x"),
      atomic("5", exec("6", install("p"), "a"), ask("7"), exec("8", install("q"), "b")),
      exec("9", operation("r", "DownloadInstall"), "c"),
    ]);
    device.fetch = () => makePackage("2.0.0", "one");
    device.close();
    return [
      ...device.sent.map((bytes) => Buffer.from(bytes).toString("hex")), device.events.join(" "),
      JSON.stringify(device.questions), device.dump(),
    ];
  };

  it("called at every wait: messages, questions and state are the same", () => {
    expect(live(true)).toEqual(live(false));
  });

  it("past the end, below 0 and for what it does not know: 0", () => {
    const { core } = Device.provisioned(build);
    for (const what of [
      Look.Node, Look.Delivered, Look.Deployed, Look.Job, Look.Outcome, Look.Device, Look.Operation,
    ]) {
      expect(core.look(what, 10_000, 0)).toBe(0);
      expect(core.look(what, -1, 0)).toBe(0);
      expect(core.look(what, 0, -1)).toBe(0);
      expect(core.look(what, 0, 1_000_000)).toBe(0);
    }
    expect(core.look(7 as Look, 0, 0)).toBe(0);
    expect(core.look(-1 as Look, 0, 0)).toBe(0);
  });

  it("a value of 2,048 bytes comes whole, in windows", () => {
    const device = Device.provisioned(build);
    const value = Array.from(
      { length: 2048 }, (_, i) => String.fromCharCode(97 + (i % 26)),
    ).join("");
    device.order(addLeaf("1", "./SCOMO/big", value));
    expect(device.value("./SCOMO/big")).toBe(value);
  });

  it("shows stored and computed nodes in the order that a Get has, and only those", () => {
    const device = Device.provisioned(build);
    device.order(add("1", ...entry("p")));
    device.connect();
    const uris = [...device.nodes().keys()];
    expect(new Set(uris).size).toBe(uris.length);
    const interior = [
      ...device.nodes().values(),
    ].filter((node) => node.isInterior).map(({ uri }) => uri);
    const listed = results(device.reply([get("1", ...interior)]));
    for (const uri of interior) {
      const children = uris.filter(
        (one) => one.startsWith(`${uri}/`) && !one.slice(uri.length + 1).includes("/"),
      );
      expect(listed[uri]).toBe(children.map((one) => one.slice(uri.length + 1)).join("/"));
    }
  });

  it("bootstrap where there is an account, or in a session: refused", () => {
    const device = Device.provisioned(build);
    expect(device.core.bootstrap(10)).toBe(Err.Exists);
    device.connect();
    expect(device.core.bootstrap(10)).toBe(Err.Misuse);
    expect(device.core.feed(-1)).toBe(Err.Misuse);
    expect(device.core.feed(5000)).toBe(Err.Misuse);
    expect(
      lines(device.reply([get("1", "./DevInfo/Lang")])),
    ).toContain("Results 1 ./DevInfo/Lang = en");
  });

  it("connect in the middle of a session: another one follows it", () => {
    const device = Device.provisioned(build);
    device.connect();
    device.core.connect(0);
    device.reply();
    expect(lines(device.message)).toEqual(["Alert 1201", "Replace", "Final"]);
    device.close();
    expect(device.err).toBe(Err.Ok);
  });

  it("a person who never answers: nothing of the Atomic is left", () => {
    const device = Device.provisioned(build);
    device.connect();
    const before = device.dump();
    device.confirm = () => {
      throw new Error("never");
    };
    const orders = [atomic("1", addLeaf("2", "./SCOMO/x"), ask("3"), add("4", item("./SCOMO/y")))];
    expect(() => device.reply(orders)).toThrow("never");
    device.cut();
    expect(device.dump()).toBe(before);
    device.confirm = () => Err.Ok;
    device.connect();
    expect(codes(device.reply(orders))).toEqual({ 1: 200, 2: 200, 3: 200, 4: 200 });
  });
});
