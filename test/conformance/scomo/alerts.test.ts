// SCOMO 1.0 §5, DM PRO 1.2 §8.7: the Generic Alert that reports the end of a Primitive.
import { describe, expect, it } from "vitest";
import { Device, Err } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import { Medium } from "../../helpers/medium.ts";
import { chal } from "../../helpers/provision.ts";
import {
  deliver, entry, IDENTITY, install, makePackage, operation, TRUSTING,
} from "../../helpers/packages.ts";
import {
  add, alert, at, atomic, childrenOf, command, type Element, elementsOf, exec, get, lines, namesOf,
  partsOf, textOf, wordOf,
} from "../../helpers/syncml.ts";

const TYPE = "urn:oma:at:scomo:1.0:OperationComplete";
const ACCOUNTS = { ...TRUSTING, other: { serverId: "two", url: "https://two.example/" } };
const GOOD = makePackage("1.0.0", "app");

/** The Generic Alerts of a message. */
const reports = (message: Element | undefined): Element[] =>
  partsOf(message, "Alert").filter((one) => wordOf(one, "Data") === "1226");
const dataOf = (one: Element): string => textOf(elementsOf(one).at(-1))!;
const itemsOf = (one: Element) =>
  childrenOf(one, "Item").map(
    (item) => [at(item, "Target", "LocURI"), at(item, "Source", "LocURI"), dataOf(item)],
  );

describe.each(BUILDS)("Generic Alert, %s build", (build) => {
  const fresh = Device.provisioned(
    build, ACCOUNTS, { ...IDENTITY, medium: new Medium(49_152, Array<number>(20).fill(8192)) },
  );
  fresh.order(add("1", ...entry("p"), ...entry("q"), ...entry("r"), ...entry("s"), ...entry("t")));
  const start = (options = {}): Device => {
    const device = new Device(build, { ...IDENTITY, medium: fresh.medium.copy(), ...options });
    device.fetch = () => GOOD;
    device.connect();
    return device;
  };
  /** Runs `orders` and stops at the message of the next session, which has the reports. */
  const reported = (device: Device, ...orders: Element[]): Element => {
    device.reply(orders);
    return device.reply()!;
  };

  it("§5.1: it comes in package #1, behind the Replace of DevInfo", () => {
    const message = reported(start(), exec("1", operation("p", "DownloadInstall"), "job-1"));
    expect(lines(message)).toEqual(["Alert 1201", "Replace", "Alert 1226", "Final"]);
  });

  it("§5.1: CmdID, Data, Correlator, Item; in the Item Target before Source, Meta, Data", () => {
    const [report] = reports(
      reported(start(), exec("1", operation("p", "DownloadInstall"), "job-1")),
    );
    expect(namesOf(report)).toEqual(["CmdID", "Data", "Correlator", "Item"]);
    expect(wordOf(report!, "Correlator")).toBe("job-1");
    const [item] = childrenOf(report!, "Item");
    expect(namesOf(item)).toEqual(["Target", "Source", "Meta", "Data"]);
    expect(at(item, "Target", "LocURI")).toBe("./SCOMO/Inventory/Deployed/app");
    expect(at(item, "Source", "LocURI")).toBe(operation("p", "DownloadInstall"));
    const about = childrenOf(item!, "Meta")[0];
    expect(namesOf(about)).toEqual(["Format", "Type", "Mark"]);
    expect(at(about, "Format")).toBe("text/plain");
    expect(at(about, "Type")).toBe(TYPE);
    expect(at(about, "Mark")).toBe("informational");
    expect(at(item, "Data")).toBe("<ResultCode>1200</ResultCode><Identifier>app</Identifier>");
  });

  it("§5.1: an Exec without Correlator: no element", () => {
    const [report] = reports(reported(start(), exec("1", operation("p", "DownloadInstall"))));
    expect(namesOf(report)).toEqual(["CmdID", "Data", "Item"]);
  });

  it("§5.1: an Identifier with markup is escaped", () => {
    const device = start();
    device.reply([add("0", ...entry("m", "a<b>&c"))]);
    const [report] = reports(reported(device, exec("1", operation("m", "Download"), "c")));
    expect(itemsOf(report!)[0]![2]).toBe(
      "<ResultCode>1200</ResultCode><Identifier>a&#60;b&#62;&#38;c</Identifier>",
    );
  });

  it.each([
    [
      "Download", "p", "./SCOMO/Inventory/Delivered/p",
      "<ResultCode>1200</ResultCode><Identifier>id-p</Identifier>",
    ],
    [
      "DownloadInstallInactive", "p", "./SCOMO/Inventory/Deployed/app",
      "<ResultCode>1200</ResultCode><Identifier>app</Identifier>",
    ],
  ])("§5.1: success of %s: what results and its identifier", (name, node, target, data) => {
    const [report] = reports(reported(start(), exec("1", operation(node, name), "c")));
    expect(itemsOf(report!)).toEqual([[target, operation(node, name), data]]);
  });

  it("§5.1: several components of one Exec: one Alert with an Item for each", () => {
    const device = start();
    device.fetch = () => makePackage("1.0.0", "jvm", "av");
    const found = reports(reported(device, exec("1", operation("p", "DownloadInstall"), "c")));
    expect(found).toHaveLength(1);
    const source = operation("p", "DownloadInstall");
    expect(itemsOf(found[0]!)).toEqual([
      [
        "./SCOMO/Inventory/Deployed/jvm", source,
        "<ResultCode>1200</ResultCode><Identifier>jvm</Identifier>",
      ],
      [
        "./SCOMO/Inventory/Deployed/av", source,
        "<ResultCode>1200</ResultCode><Identifier>av</Identifier>",
      ],
    ]);
  });

  it.each([
    ["no such object", (device: Device) => (device.fetch = () => null), 1402],
    ["the person says no", (device: Device) => (device.confirm = () => Err.Refused), 1401],
    [
      "a package of another signer",
      (device: Device) => (device.fetch = () => GOOD.map((byte, i) => byte ^ (i === 120 ? 1 : 0))),
      1407,
    ],
    [
      "a veto",
      (device: Device) => (device.verdict = (wait) => (wait === "Prepare" ? Err.Refused : Err.Ok)),
      1405,
    ],
  ])("§5.3: failure, %s: one Item about the package, Mark warning", (_, act, code) => {
    const device = start();
    act(device);
    const [report] = reports(reported(device, exec("1", operation("p", "DownloadInstall"), "c")));
    expect(itemsOf(report!)).toEqual([[
      "./SCOMO/Download/p", operation("p", "DownloadInstall"),
      `<ResultCode>${code}</ResultCode><Identifier>id-p</Identifier>`,
    ]]);
    expect(at(childrenOf(report!, "Item")[0], "Meta", "Mark")).toBe("warning");
  });

  it.each(
    [200, 202, 212, 299, 415],
  )("§5.1: Status %i ends it: it is never sent again", (others) => {
    const device = start();
    reported(device, exec("1", operation("p", "Download"), "c"));
    device.reply([], { others });
    expect(device.isDone).toBe(true);
    expect([device.err, device.jobs(), device.outcomes()]).toEqual([Err.Ok, [], []]);
    device.cut();
    expect(lines(device.connect())).toEqual(["Alert 1201", "Replace", "Final"]);
  });

  it.each(
    [101, 304, 400, 406, 412, 425, 500, 501],
  )("§5.1: Status %i: it is kept for the next run", (others) => {
    const device = start();
    reported(device, exec("1", operation("p", "Download"), "c"));
    device.reply([], { others });
    expect(device.isDone).toBe(true);
    expect(device.err).toBe(Err.ServerError);
    expect(device.outcomes()).toHaveLength(1);
    device.cut();
    expect(lines(device.connect())).toEqual(["Alert 1201", "Replace", "Alert 1226", "Final"]);
    device.reply();
    expect(device.outcomes()).toEqual([]);
  });

  it.each([
    ["no Status", (device: Device) => device.reply([], { others: null })],
    ["no answer", (device: Device) => device.fail(Err.Transport)],
    ["a cut", (device: Device) => device.cut()],
  ])("§5.1: %s: it is sent again in the next run", (_, act) => {
    const device = start();
    reported(device, exec("1", operation("p", "Download"), "c"));
    act(device);
    device.boot();
    expect(device.outcomes()).toHaveLength(1);
    expect(reports(device.connect())).toHaveLength(1);
  });

  it("§5.1: a Status in a later message counts, one of another command does not", () => {
    const device = start();
    reported(device, exec("1", operation("p", "Download"), "c"));
    device.reply([get("1", "./DevInfo/Lang")], { others: null });
    expect(device.outcomes()).toHaveLength(1);
    const late = (msgRef: string, cmdRef: string) => command("Status", "9",
      { name: "MsgRef", children: [msgRef] }, { name: "CmdRef", children: [cmdRef] },
      { name: "Cmd", children: ["Alert"] }, { name: "Data", children: ["200"] });
    device.reply([late("2", "3"), late("1", "4"), get("1", ".")], { others: null });
    expect(device.outcomes()).toHaveLength(1);
    device.reply([late("1", "3")], { others: null });
    expect(device.outcomes()).toEqual([]);
    expect(device.err).toBe(Err.Ok);
  });

  it("architecture §3: one Alert for each correlator of a group, its Items inside", () => {
    const device = start();
    deliver(
      device,
      {
        p: makePackage("1.0.0", "a"), q: makePackage("1.0.0", "b", "c"),
        r: makePackage("1.0.0", "d"),
      },
    );
    device.connect();
    const message = reported(device, atomic(
      "1", exec("2", install("p"), "x"), exec("3", install("q"), "y"), exec("4", install("r"), "x"),
    ));
    const found = reports(message);
    expect(found.map((one) => wordOf(one, "Correlator"))).toEqual(["x", "y"]);
    expect(
      found.map(
        (one) => itemsOf(one).map(([target, source]) => [target!.split("/").at(-1), source]),
      ),
    ).toEqual([
      [["a", install("p")], ["d", install("r")]], [["b", install("q")], ["c", install("q")]],
    ]);
  });

  it("architecture §3: a group is acknowledged when each of its Alerts is", () => {
    const device = start();
    deliver(device, { p: makePackage("1.0.0", "a"), q: makePackage("1.0.0", "b") });
    device.connect();
    const order = atomic("1", exec("2", install("p"), "x"), exec("3", install("q"), "y"));
    const message = reported(device, order);
    const ids = reports(message).map((one) => wordOf(one, "CmdID")!);
    const say = (cmdRef: string, code: string) => command("Status", `r${cmdRef}`,
      { name: "MsgRef", children: ["1"] }, { name: "CmdRef", children: [cmdRef] },
      { name: "Cmd", children: ["Alert"] }, { name: "Data", children: [code] });
    device.reply([say(ids[0]!, "200"), get("1", ".")], { others: null });
    expect(device.outcomes()).toHaveLength(1);
    device.reply([say(ids[1]!, "500")], { others: null });
    expect(device.outcomes()).toHaveLength(1);
    expect(reports(device.connect())).toHaveLength(2);
    device.reply();
    expect(device.outcomes()).toEqual([]);
  });

  it("architecture §3: failure of a group: an Item for each Exec with the first cause", () => {
    const device = start();
    deliver(device, { p: makePackage("1.0.0", "a"), q: makePackage("1.0.0", "b") });
    device.connect();
    device.verdict = (wait, id) => (wait === "Prepare" && id === "b" ? Err.Refused : Err.Ok);
    const message = reported(
      device, atomic("1", exec("2", install("p"), "x"), exec("3", install("q"), "x")),
    );
    const [report] = reports(message);
    expect(itemsOf(report!)).toEqual([
      [
        "./SCOMO/Inventory/Delivered/p", install("p"),
        "<ResultCode>1405</ResultCode><Identifier>id-p</Identifier>",
      ],
      [
        "./SCOMO/Inventory/Delivered/q", install("q"),
        "<ResultCode>1405</ResultCode><Identifier>id-q</Identifier>",
      ],
    ]);
  });

  it("§6 of DM PRO: Items that do not fit come in another Alert alike", () => {
    const ids = Array.from(
      { length: 16 }, (_, i) => `com.example/${"a-component-with-a-long-name".repeat(2)}-${i}`,
    );
    const device = start();
    device.fetch = () => makePackage("1.0.0", ...ids);
    const name = "n".repeat(31);
    device.reply([add("0", ...entry(name))]);
    reported(device, exec("1", operation(name, "DownloadInstall"), "job-1"));
    // The server's limit is known from its first message on; package #1 has all that fits 4,096
    // bytes.
    const found: Element[] = [];
    for (let next = 0; !device.isDone; next++) {
      found.push(...reports(device.message));
      if (lines(device.message).at(-1) === "Final") device.reply();
      else device.reply([alert(`${next}`, 1222)], { maxMsgSize: 1200 });
      expect(device.raw.length).toBeLessThanOrEqual(4096);
    }
    expect(found.length).toBeGreaterThan(1);
    expect(new Set(found.map((one) => wordOf(one, "Correlator")))).toEqual(new Set(["job-1"]));
    expect(
      found.flatMap(itemsOf).map(([, , data]) => /Identifier>(.*)</.exec(data!)![1]!.split("<")[0]),
    ).toEqual(ids);
    expect([device.err, device.outcomes()]).toEqual([Err.Ok, []]);
  });

  it("§6 of DM PRO: an Alert that no message can hold is kept", () => {
    const client = { type: "DIGEST", name: "dev", secret: "x" } as const;
    const device = Device.provisioned(build, { ...TRUSTING, client }, IDENTITY);
    device.fetch = () => GOOD;
    const pkgId = "i".repeat(200);
    device.order(add("1", ...entry("p", pkgId)));
    device.connect();
    reported(device, exec("1", operation("p", "Download"), "c"));
    const challenge = chal("syncml:auth-md5", Buffer.from("a fresh nonce 16"));
    device.reply([], { code: 401, chal: challenge, others: 401, maxMsgSize: 640 });
    expect(lines(device.message)).toEqual(["SyncHdr 200", "Alert 1201", "Replace"]);
    device.reply([alert("n", 1222), get("1", "./DevInfo/Lang")]);
    expect(lines(device.message)).toEqual([
      "SyncHdr 200", "n Alert 200", "1 Get 200", "Results 1 ./DevInfo/Lang = en", "Final",
    ]);
    device.reply();
    expect(device.err).toBe(Err.ServerError);
    expect(device.outcomes()).toHaveLength(1);
    expect(reports(device.connect())).toHaveLength(1);
  });

  it("architecture §3: at most four outcomes are owed: the fifth job waits for its turn", () => {
    const device = start();
    device.fetch = () => null;
    const names = ["p", "q", "r", "s", "t"];
    device.reply(names.map((name) => exec(name, operation(name, "Download"), name)));
    expect(
      reports(device.reply()).map((one) => wordOf(one, "Correlator")),
    ).toEqual(["p", "q", "r", "s"]);
    device.fail(Err.Transport);
    expect(device.outcomes()).toHaveLength(4);
    device.connect();
    device.reply();
    expect(reports(device.message).map((one) => wordOf(one, "Correlator"))).toEqual(["t"]);
    device.close();
    expect([device.jobs(), device.outcomes()]).toEqual([[], []]);
  });

  it("§10.25: the server that ordered gets the report", () => {
    const device = start();
    reported(device, exec("1", operation("p", "Download"), "c"));
    expect(device.url).toBe("https://dm.example.net/s");
    expect(reports(device.message)).toHaveLength(1);
  });
});
