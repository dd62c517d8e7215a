// SCOMO 1.0 §3: Activate, Deactivate and Remove of a component that is installed.
import { describe, expect, it } from "vitest";
import { Primitive } from "../../../assembly/abi/codes.ts";
import { Device, Err } from "../../helpers/device.ts";
import { Medium } from "../../helpers/medium.ts";
import { BUILDS } from "../../helpers/module.ts";
import { deliver, IDENTITY, install, makePackage, TRUSTING } from "../../helpers/packages.ts";
import {
  add, addLeaf, at, atomic, childrenOf, codes, del, e, type Element, elementsOf, exec, get, item,
  partsOf, replace, results, sequence, textOf, wordOf,
} from "../../helpers/syncml.ts";

const DEPLOYED = "./SCOMO/Inventory/Deployed";
const C = `${DEPLOYED}/app`;
const change = (primitive: string, id = "app"): string =>
  `${DEPLOYED}/${id}/Operations/${primitive}`;

type Name = "Activate" | "Deactivate" | "Remove";

/** From the tables of §2.6, §1.2 and §4: what each is for, and what it leaves where it fails. */
const CHANGES: readonly [Name, { from: number; code: number; failed: number; going: number }][] = [
  ["Activate", { from: 10, code: 1409, failed: 40, going: 50 }],
  ["Deactivate", { from: 20, code: 1410, failed: 60, going: 70 }],
  ["Remove", { from: 20, code: 1408, failed: 20, going: 30 }],
];
const REFUSED = () => Err.Refused;

/** The Generic Alerts of a message: Correlator, then Target, Source and Data of each Item. */
const reports = (message: Element | undefined) =>
  partsOf(message, "Alert").filter((one) => wordOf(one, "Data") === "1226").map((one) => [
    wordOf(one, "Correlator"),
    ...childrenOf(one, "Item").map((each) => [
      at(each, "Target", "LocURI"), at(each, "Source", "LocURI"),
      textOf(elementsOf(each).at(-1)),
    ]),
  ]);
const outcome = (code: number, id = "app") =>
  `<ResultCode>${code}</ResultCode><Identifier>${id}</Identifier>`;

describe.each(BUILDS)("a component that is installed, %s build", (build) => {
  const fresh = Device.provisioned(
    build, TRUSTING, { ...IDENTITY, medium: new Medium(32_768, Array<number>(8).fill(4096)) },
  );
  deliver(fresh, { p: makePackage("1.0.0", "app"), q: makePackage("1.0.0", "lib", "gui") });
  const made = (primitive: string): Device => {
    const device = new Device(build, { ...IDENTITY, medium: fresh.medium.copy() });
    device.order(exec("1", install("p", primitive), "c"), exec("2", install("q"), "c"));
    return device;
  };
  const devices = { 10: made("InstallInactive"), 20: made("Install") };
  const start = (state: number): Device => {
    const { medium } = devices[state as 10 | 20];
    const device = new Device(build, { ...IDENTITY, medium: medium.copy() });
    device.connect();
    return device;
  };
  const shown = (device: Device) => [device.value(`${C}/State`), device.value(`${C}/Status`)];
  const entryOf = (device: Device, id = "app") =>
    device.deployed().find((entry) => entry.id === id)!;

  it("§2.5: Operations has three primitives, of format null, permanent", () => {
    const device = start(20);
    expect(results(device.reply([get("1", `${C}/Operations`)]))).toEqual({
      [`${C}/Operations`]: "Activate/Deactivate/Remove",
    });
    const nodes = CHANGES.map(([name]) => device.nodes().get(change(name))!);
    expect(nodes.map(({ format, isPermanent }) => [format, isPermanent])).toEqual(
      Array(3).fill(["null", true]),
    );
  });

  it.each(CHANGES)("§3: %s: 202 and a durable job", (name, { from }) => {
    const device = start(from);
    device.events = [];
    expect(codes(device.reply([exec("1", change(name), "job-1")]))).toEqual({ 1: 202 });
    expect(device.events.slice(-2)).toEqual(["Durable", "Exchange"]);
    expect(shown(device)).toEqual([String(from), "10"]);
    device.cut();
    const primitive = {
      Activate: Primitive.Activate, Deactivate: Primitive.Deactivate,
      Remove: Primitive.RemoveDeployed,
    }[name];
    expect(device.jobs()).toMatchObject(
      [{ primitive, uri: change(name), identifier: "app", correlator: "job-1" }],
    );
  });

  it.each(CHANGES)("SC-08, SC-09: %s: nobody is asked; 1200 with the component as Target", (
    name, { from },
  ) => {
    const device = start(from);
    device.reply([exec("1", change(name), "job-1")]);
    device.events = [];
    const message = device.reply();
    expect(reports(message)).toEqual([["job-1", [C, change(name), outcome(1200)]]]);
    expect(device.questions).toEqual([]);
    // docs/install.md: PLAN, the barrier before COMMIT, COMMIT, OUTCOME; then the session's own.
    const middle = name === "Activate" ? ["Ensure", "Health"] : ["Ensure"];
    expect(device.events).toEqual(
      ["Durable", "Durable", "Durable", ...middle, "Durable", "Exchange"],
    );
    device.close();
    expect([device.jobs(), device.outcomes()]).toEqual([[], []]);
  });

  it("SC-08: Activate, Deactivate, Activate: State follows, Status is 10; kept by a boot", () => {
    const device = start(10);
    for (const [index, name] of ["Activate", "Deactivate", "Activate"].entries()) {
      device.reply([exec("1", change(name), `job-${index}`)]);
      device.close();
      const state = name === "Activate" ? "20" : "10";
      expect(shown(device)).toEqual([state, "10"]);
      device.boot();
      expect(shown(device)).toEqual([state, "10"]);
      device.connect();
    }
  });

  it.each(CHANGES)("§3: %s without the Exec right: 425", (name, { from }) => {
    const device = start(from);
    const acl = "Add=srv&Delete=srv&Get=srv&Replace=srv";
    device.reply([replace("1", `${DEPLOYED}?prop=ACL`, acl)]);
    expect(codes(device.reply([exec("2", change(name), "c")]))).toEqual({ 2: 425 });
    expect(device.jobs()).toEqual([]);
  });

  it.each([
    ["Exec on a component that is not there", exec("1", change("Activate", "none")), 404],
    ["Exec on an unknown primitive", exec("1", change("Update")), 404],
    ["Exec on the misspelt primitive", exec("1", change("Deactive")), 404],
    ["Exec on Operations", exec("1", `${C}/Operations`), 405],
    ["Exec on the component", exec("1", C), 405],
    ["Exec on State", exec("1", `${C}/State`), 405],
    ["Get of a primitive", get("1", change("Remove")), 405],
    ["Replace of a primitive", replace("1", change("Remove"), ""), 405],
    ["Delete of a primitive", del("1", change("Remove")), 405],
    ["Delete of the component", del("1", C), 405],
    ["Add below Operations", add("1", item(`${C}/Operations/Foo`)), 405],
  ])("§3: %s: nothing changes", (_, order, code) => {
    const device = start(20);
    const before = device.dump();
    expect(codes(device.reply([order]))).toEqual({ 1: code });
    expect(device.dump()).toBe(before);
  });

  it.each(CHANGES)("§9.3: %s cannot be bound by an Atomic: 500", (name, { from }) => {
    const device = start(from);
    const before = device.dump();
    const answer = device.reply(
      [atomic("1", addLeaf("2", "./SCOMO/Download/x/PkgID", "x"), exec("3", change(name), "c"))],
    );
    expect(codes(answer)).toEqual({ 1: 507, 2: 215, 3: 500 });
    expect(device.dump()).toBe(before);
  });

  it("§3: in a Sequence each is a job of its own", () => {
    const device = start(20);
    const answer = device.reply([
      sequence("1", exec("2", change("Deactivate"), "a"), exec("3", change("Remove", "lib"), "b")),
    ]);
    expect(codes(answer)).toEqual({ 1: 200, 2: 202, 3: 202 });
    device.close();
    expect(shown(device)).toEqual(["10", "10"]);
    expect(device.has(`${DEPLOYED}/lib`)).toBe(false);
  });

  it.each(CHANGES)("§10.10: %s again: 202 and one job; anything else of it meanwhile: 403", (
    name, { from },
  ) => {
    const device = start(from);
    const other = name === "Remove" ? "Activate" : "Remove";
    const answer = device.reply([
      exec("1", change(name), "job-1"), exec("2", change(name), "job-1"),
      exec("3", change(name), "job-2"), exec("4", change(other), "job-1"),
      exec("5", change(name, "lib"), "job-1"), exec("6", install("p"), "job-1"),
    ]);
    expect(codes(answer)).toEqual({ 1: 202, 2: 202, 3: 403, 4: 403, 5: 202, 6: 202 });
    expect(device.jobs()).toHaveLength(3);
  });

  it.each(CHANGES)("§10.10: %s again while its report is not acknowledged: no second job", (
    name, { from },
  ) => {
    const device = start(from);
    const order = exec("1", change(name), "job-1");
    device.reply([order]);
    device.reply();
    // The node of a component that was removed is not there any more.
    const code = name === "Remove" ? 404 : 202;
    expect(codes(device.reply([order], { others: null }))).toEqual({ 1: code });
    expect(device.jobs()).toHaveLength(1);
  });

  it.each([["Activate", 20], ["Deactivate", 10]] as const)(
    "SC-18: %s where it is so already: 1200 and nothing is touched",
    (name, state) => {
      const device = start(state);
      const before = device.deployed();
      device.reply([exec("1", change(name), "job-1")]);
      device.events = [];
      expect(reports(device.reply())).toEqual([["job-1", [C, change(name), outcome(1200)]]]);
      expect(device.events).toEqual(["Durable", "Exchange"]);
      device.close();
      expect(device.deployed()).toEqual(before);
    },
  );

  it.each(CHANGES)("§2.6: %s that fails: its code, State as before, Status of the failure", (
    name, { from, code, failed },
  ) => {
    const device = start(from);
    const before = entryOf(device);
    let asked = 0;
    device.verdict = (wait) => (wait === "Ensure" && ++asked === 1 ? Err.Refused : Err.Ok);
    device.reply([exec("1", change(name), "job-1")]);
    expect(reports(device.reply())).toEqual([["job-1", [C, change(name), outcome(code)]]]);
    expect(device.outcomes()).toMatchObject([{ result: code, component: "app" }]);
    expect(asked).toBe(2); // The second brings the old State back.
    device.close();
    const after = { ...before, status: failed };
    expect(entryOf(device)).toEqual(after);
    expect(shown(device)).toEqual([String(from), String(failed)]);
    for (let boots = 0; boots < 2; boots++) {
      // A boot with a session opens a region: the second reads a checkpoint.
      device.boot();
      expect(entryOf(device)).toEqual(after);
      device.connect();
      device.close();
    }
    device.verdict = () => Err.Ok;
    device.order(exec("1", change(name), "job-2"));
    if (name === "Remove") expect(device.has(C)).toBe(false);
    else expect(shown(device)).toEqual([from === 10 ? "20" : "10", "10"]);
  });

  it("§2.6: Activate of a component that is not well: 1409, Inactive, Status 40", () => {
    const device = start(10);
    device.verdict = (wait) => (wait === "Health" ? Err.Refused : Err.Ok);
    device.order(exec("1", change("Activate"), "c"));
    expect(shown(device)).toEqual(["10", "40"]);
  });

  it.each(CHANGES)("§4: %s whose rollback fails as well: 1475, and each boot asks again", (
    name, { from, failed, going },
  ) => {
    const device = start(from);
    device.verdict = REFUSED;
    device.reply([exec("1", change(name), "job-1")]);
    expect(device.close()).toBe(Err.Later);
    // The old State is in force, the operation is not over.
    expect(shown(device)).toEqual([String(from), String(going)]);
    for (let boots = 0; boots < 2; boots++) {
      device.boot();
      device.connect();
      device.close();
    }
    device.boot();
    expect(entryOf(device)).toMatchObject({ state: from, status: failed, isDirty: true });
    device.events = [];
    device.verdict = () => Err.Ok;
    device.connect();
    expect(device.events[0]).toBe("Ensure");
    device.close();
    // What is flagged is not taken for what is wanted: it is done anew, and then it is so.
    const same = from === 20 ? "Activate" : "Deactivate";
    device.connect();
    device.reply([exec("2", change(same), "job-2")]);
    device.events = [];
    device.close();
    expect(device.events).toContain("Ensure");
    expect(entryOf(device)).toMatchObject({ state: from, status: 10, isDirty: false });
  });

  it.each(CHANGES)("SC-12: %s, the power goes at each wait: it ends well, and is told once", (
    name, { from },
  ) => {
    for (let waits = 0; ; waits++) {
      const device = start(from);
      device.reply([exec("1", change(name), "job-1")]);
      let left = waits;
      const lost = new Error("the power goes");
      const count = () => {
        if (left-- === 0) throw lost;
        return Err.Ok;
      };
      device.verdict = count;
      device.durable = count;
      try {
        device.reply();
      } catch (error) {
        if (error !== lost) throw error;
      }
      device.verdict = () => Err.Ok;
      device.durable = () => Err.Ok;
      if (left >= 0) break;
      device.cut();
      expect(device.jobs()).toHaveLength(1);
      device.connect();
      device.close();
      device.boot();
      expect([device.jobs(), device.outcomes()]).toEqual([[], []]);
      if (name === "Remove") expect(device.has(C)).toBe(false);
      else expect(shown(device)).toEqual([name === "Activate" ? "20" : "10", "10"]);
    }
  });

  it("§5.1: Execs without Correlator, and several Items of one Exec: an Alert each", () => {
    const device = start(20);
    const both = e(
      "Exec", e("CmdID", "1"), e("Item", e("Target", e("LocURI", change("Deactivate")))),
      e("Item", e("Target", e("LocURI", change("Deactivate", "lib")))),
    );
    expect(codes(device.reply([both]))).toEqual({ 1: 202 });
    expect(reports(device.reply())).toEqual([
      [undefined, [C, change("Deactivate"), outcome(1200)]],
      [undefined, [`${DEPLOYED}/lib`, change("Deactivate", "lib"), outcome(1200, "lib")]],
    ]);
  });
});
