// Exec inside Atomic: several Installs bound to one group. DM RepPro 1.2 §6.6.3 and §6.6.6 have
// none; what holds is
// docs/decisions, and `atomicExec: "refuse"` for the letter.
import { describe, expect, it } from "vitest";
import { Option } from "../../../assembly/abi/codes.ts";
import { Device, Err } from "../../helpers/device.ts";
import { Medium } from "../../helpers/medium.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  deliver, entry, IDENTITY, install, makePackage, operation, TRUSTING,
} from "../../helpers/packages.ts";
import {
  add, addLeaf, ask, atomic, codes, del, type Element, exec, get, replace, sequence,
} from "../../helpers/syncml.ts";

describe.each(BUILDS)("Exec in Atomic, %s build", (build) => {
  const medium = new Medium(32_768, Array<number>(8).fill(4096));
  const full = Device.provisioned(build, TRUSTING, { ...IDENTITY, medium });
  deliver(full, {
    p1: makePackage("1.0.0", "one"), p2: makePackage("1.0.0", "two"),
    p3: makePackage("1.0.0", "three"),
  });
  full.order(addLeaf("1", "./SCOMO/keep", "k"), del("2", "./SCOMO/Download/p1"));
  const start = (options = 0): Device => {
    const device = new Device(build, { ...IDENTITY, medium: full.medium.copy(), options });
    device.connect();
    return device;
  };
  const before = new Device(build, { ...IDENTITY, medium: full.medium.copy() }).dump();
  const both = (...more: Element[]) =>
    atomic(
      "1", exec("2", install("p1"), "c1"), exec("3", install("p2", "InstallInactive"), "c2"),
      ...more,
    );

  it("two Installs: Atomic 200, each 202, one group; all of it durable before the answer", () => {
    const device = start();
    expect(codes(device.reply([both()]))).toEqual({ 1: 200, 2: 202, 3: 202 });
    expect(device.events.slice(-2)).toEqual(["Durable", "Exchange"]);
    device.cut();
    const jobs = device.jobs();
    expect(jobs.map(({ uri, correlator }) => [uri, correlator])).toEqual([
      [install("p1"), "c1"], [install("p2", "InstallInactive"), "c2"],
    ]);
    expect(jobs[0]!.group).toBe(jobs[1]!.group);
  });

  it("with Add and Replace of nodes: all of it in the order of the message", () => {
    const device = start();
    const answer = device.reply([
      atomic(
        "1", addLeaf("2", "./SCOMO/x"), exec("3", install("p1"), "c"),
        replace("4", "./SCOMO/keep", "w"),
        exec("5", install("p2"), "c"), del("6", "./SCOMO/x"),
      ),
    ]);
    expect(codes(answer)).toEqual({ 1: 200, 2: 200, 3: 202, 4: 200, 5: 202, 6: 200 });
    expect(device.value("./SCOMO/keep")).toBe("w");
  });

  it("two Atomics are two groups", () => {
    const device = start();
    device.reply([
      atomic("1", exec("2", install("p1"), "c"), exec("3", install("p2"), "c")),
      atomic("4", exec("5", install("p3"), "c")),
    ]);
    const groups = device.jobs().map(({ group }) => group);
    expect(groups[0]).toBe(groups[1]);
    expect(groups[2]).not.toBe(groups[0]);
  });

  it.each([
    [404, exec("bad", install("none"), "c"), "of a package that is not there"],
    [403, exec("bad", install("p1"), "other"), "of one that is busy"],
    [404, replace("bad", "./SCOMO/none", "x"), "by another member"],
  ])("a failure with %i at the end: 507, the Execs 216, no job", (code, bad) => {
    const device = start();
    expect(codes(device.reply([both(bad, addLeaf("last", "./SCOMO/x"))]))).toEqual({
      1: 507, 2: 216, 3: 216, bad: code, last: 215,
    });
    expect(device.jobs()).toEqual([]);
    device.close();
    expect(device.dump()).toBe(before);
    device.boot();
    expect(device.dump()).toBe(before);
  });

  it.each([
    ["Exec outside SCOMO", exec("bad", "./SCOMO/keep", "c"), 500],
    ["Exec of a node that is nowhere", exec("bad", "./X/Y", "c"), 500],
    ["Exec of Remove", exec("bad", install("p3", "Remove"), "c"), 500],
    [
      "Exec of Activate", exec("bad", "./SCOMO/Inventory/Deployed/one/Operations/Activate", "c"),
      500,
    ],
    ["Download", exec("bad", operation("p2", "Download"), "c"), 406],
    ["DownloadInstall", exec("bad", operation("p2", "DownloadInstall"), "c"), 406],
    ["DownloadInstallInactive", exec("bad", operation("p2", "DownloadInstallInactive"), "c"), 406],
    [
      "Download of an entry that the Atomic adds", exec("bad", operation("new", "Download"), "c"),
      406,
    ],
    ["Get", get("bad", "./SCOMO/keep"), 500],
    ["Sequence", sequence("bad"), 500],
  ])("%s in it: found before anything runs, all others 215", (_, bad, code) => {
    const device = start();
    const answer = device.reply([
      atomic(
        "1", add("2", ...entry("new")), exec("3", install("p1"), "c"), bad,
        exec("4", install("p2"), "c"),
      ),
    ]);
    expect(codes(answer)).toEqual({ 1: 507, 2: 215, 3: 215, bad: code, 4: 215 });
    expect(device.jobs()).toEqual([]);
    device.close();
    expect(device.dump()).toBe(before);
  });

  it.each([
    ["Install", install("p1"), 500], ["Download", operation("p2", "Download"), 500],
    ["a leaf", "./SCOMO/keep", 500],
  ])("atomicExec refuse: %s: 500, Atomic 507, others 215", (_, uri, code) => {
    const device = start(Option.AtomicRefuse);
    const answer = device.reply(
      [atomic("1", addLeaf("2", "./SCOMO/x"), exec("3", uri, "c"), addLeaf("4", "./SCOMO/y"))],
    );
    expect(codes(answer)).toEqual({ 1: 507, 2: 215, 3: code, 4: 215 });
    device.close();
    expect(device.dump()).toBe(before);
  });

  it("atomicExec refuse: outside an Atomic an Exec is taken", () => {
    expect(
      codes(start(Option.AtomicRefuse).reply([exec("1", install("p1"), "c")])),
    ).toEqual({ 1: 202 });
  });

  it("a ninth job in an Atomic: 500, the whole Atomic 507, none of it recorded", () => {
    const device = start();
    device.fetch = () => makePackage("1.0.0", "four");
    device.confirm = () => Err.Later;
    const names = Array.from({ length: 7 }, (_, i) => `n${i}`);
    device.reply([add("1", ...names.flatMap((name) => entry(name)))]);
    device.reply(names.map((name) => exec(name, operation(name, "Download"), "c")));
    expect(device.jobs()).toHaveLength(7);
    expect(
      codes(device.reply([both(addLeaf("4", "./SCOMO/x"))])),
    ).toEqual({ 1: 507, 2: 216, 3: 500, 4: 215 });
    device.close();
    device.boot();
    expect(device.jobs()).toHaveLength(7);
    expect(device.has("./SCOMO/x")).toBe(false);
  });

  it("an Exec that is on record already: 202 and no second job, its group stays", () => {
    const device = start();
    device.reply([exec("1", install("p1"), "c1")]);
    const [old] = device.jobs();
    expect(codes(device.reply([both()]))).toEqual({ 1: 200, 2: 202, 3: 202 });
    expect(device.jobs()).toHaveLength(2);
    expect(device.jobs()[0]).toEqual(old);
  });

  it("the person's No inside: no job, and the next Atomic works", () => {
    const device = start();
    device.confirm = () => Err.Refused;
    const no = atomic("1", exec("2", install("p1"), "c"), ask("3"), exec("4", install("p2"), "c"));
    expect(codes(device.reply([no]))).toEqual({ 1: 215, 2: 216, 3: 304, 4: 215 });
    expect(device.jobs()).toEqual([]);
    device.confirm = () => Err.Ok;
    expect(codes(device.reply([no]))).toEqual({ 1: 200, 2: 202, 3: 200, 4: 202 });
    expect(device.jobs()).toHaveLength(2);
    expect(new Set(device.jobs().map(({ group }) => group)).size).toBe(1);
  });

  it("cut in the middle of the Atomic: no job; cut behind its barrier: both", () => {
    const device = start();
    device.durable = () => {
      throw new Error("the power is gone");
    };
    expect(() => device.reply([both()])).toThrow("the power is gone");
    device.cut();
    expect(device.jobs()).toEqual([]);
    const other = start();
    other.reply([both()]);
    other.cut();
    expect(other.jobs()).toHaveLength(2);
  });

  it("the bound group is installed as one: one outcome, an Alert for each correlator", () => {
    const device = start();
    device.reply([both()]);
    device.reply();
    expect(
      device.deployed().map(({ id, state }) => [id, state]),
    ).toEqual([["one", 20], ["two", 10]]);
    expect(device.outcomes()).toMatchObject(
      [{ result: 1200, items: [{ correlator: "c1" }, { correlator: "c2" }] }],
    );
  });

  it.each(
    ["Prepare", "Ensure", "Health"] as const,
  )("%s of one says no: both as before, one failure for both", (wait) => {
    const device = start();
    let isOver = false; // What was there before is brought back without trouble.
    device.verdict = (asked, id) => {
      const refuses = !isOver && asked === wait && id === (wait === "Health" ? "one" : "two");
      isOver ||= refuses;
      return refuses ? Err.Refused : Err.Ok;
    };
    device.reply([both()]);
    device.reply();
    expect(device.deployed().filter(({ isRemoved }) => !isRemoved)).toEqual([]);
    expect(device.outcomes()).toMatchObject([{
      result: 1405, items: [{ uri: install("p1"), identifier: "id-p1" }, { identifier: "id-p2" }],
    }]);
  });
});
