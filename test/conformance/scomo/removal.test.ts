// SCOMO 1.0 §3: what is left of a component, and of a Delivery Package, that was removed.
import { describe, expect, it } from "vitest";
import { Primitive } from "../../../assembly/abi/codes.ts";
import { Device, Err } from "../../helpers/device.ts";
import { Medium } from "../../helpers/medium.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  deliver, entry, IDENTITY, install, makePackage, operation, TRUSTING,
} from "../../helpers/packages.ts";
import { node as nodeItem } from "../../helpers/provision.ts";
import {
  add, addLeaf, at, atomic, childrenOf, codes, del, type Element, elementsOf, exec, get, partsOf,
  replace, results, textOf, wordOf,
} from "../../helpers/syncml.ts";

const DEPLOYED = "./SCOMO/Inventory/Deployed";
const D = "./SCOMO/Inventory/Delivered/p";
const removed = (id: string): string => `${DEPLOYED}/${id}/Operations/Remove`;
const layout = (slots: number) => new Medium(32_768, Array<number>(slots).fill(4096));

/** Target, Source and Data of each Item of the Generic Alerts. */
const reports = (message: Element | undefined) =>
  partsOf(message, "Alert").filter((one) => wordOf(one, "Data") === "1226").flatMap((one) =>
    childrenOf(one, "Item").map((each) => [
      at(each, "Target", "LocURI"), at(each, "Source", "LocURI"),
      textOf(elementsOf(each).at(-1)),
    ]));
const said = (code: number, id: string) =>
  `<ResultCode>${code}</ResultCode><Identifier>${id}</Identifier>`;

describe.each(BUILDS)("Remove of a component, %s build", (build) => {
  const fresh = Device.provisioned(build, TRUSTING, { ...IDENTITY, medium: layout(5) });
  deliver(fresh, { p: makePackage("2.0.0", "lib", "gui") });
  fresh.order(exec("1", install("p"), "c"));
  const start = (): Device => {
    const device = new Device(build, { ...IDENTITY, medium: fresh.medium.copy() });
    device.connect();
    return device;
  };
  const remove = (device: Device, ...ids: string[]): void => {
    device.reply(ids.map((id, index) => exec(`${index}`, removed(id), `job-${id}`)));
    device.close();
    device.connect();
  };
  /** Orders a package under a name of its own. @returns the result code */
  const update = (device: Device, version: string, ...ids: string[]): number | undefined => {
    device.fetch = () => makePackage(version, ...ids);
    const name = `n${version}`;
    device.reply([add("1", ...entry(name)), exec("2", operation(name, "DownloadInstall"), name)]);
    const [report] = reports(device.reply());
    device.close();
    return Number(/<ResultCode>(\d+)/.exec(report?.[2] ?? "")?.[1]);
  };

  it("SC-09: its node is gone, the other one is as before; after a restart too", () => {
    const device = start();
    const other = device.deployed().find(({ id }) => id === "gui");
    remove(device, "lib");
    for (let boots = 0; boots < 3; boots++) {
      const answer = device.reply(
        [get("1", DEPLOYED), get("2", `${DEPLOYED}/lib`), exec("3", removed("lib"), "c")],
      );
      expect(results(answer)).toEqual({ [DEPLOYED]: "gui" });
      expect(codes(answer)).toEqual({ 1: 200, 2: 404, 3: 404 });
      expect(device.deployed().find(({ id }) => id === "gui")).toEqual(other);
      device.close();
      device.boot();
      device.connect();
    }
  });

  it("docs/install.md: it keeps an entry for its floor, without a slot", () => {
    const device = start();
    remove(device, "lib");
    expect(device.deployed()).toMatchObject([
      { id: "lib", state: 0, status: 10, slot: null, floor: 2, isRemoved: true, isDirty: false },
      { id: "gui", state: 20, isRemoved: false },
    ]);
  });

  it("docs/install.md: what was removed may come back above its floor, and only so", () => {
    const device = start();
    remove(device, "lib");
    expect(update(device, "1.0.0", "lib")).toBe(1405);
    device.connect();
    expect(update(device, "2.0.0", "lib")).toBe(1405);
    device.connect();
    expect(update(device, "3.0.0", "lib")).toBe(1200);
    expect(device.deployed()).toMatchObject([
      { node: "lib", id: "lib", version: "3.0.0", state: 20, floor: 3, isRemoved: false },
      { node: "gui" },
    ]);
    expect(device.value(`${DEPLOYED}/lib/Version`)).toBe("3.0.0");
  });

  it("docs/install.md: its slot is free for another one", () => {
    const device = start();
    // Three of the five slots are in use: package, lib, gui.
    expect(update(device, "3.0.0", "a", "b", "c")).toBe(1406);
    device.connect();
    remove(device, "lib");
    expect(update(device, "4.0.0", "a", "b", "c")).toBe(1200);
  });

  it("§10.12: an Active one leaves as Active; one that does not leave is brought back so", () => {
    const device = start();
    const states: string[] = [];
    device.verdict = (wait, id) => {
      states.push(`${wait} ${id} ${device.asked!.slot} ${device.asked!.state}`);
      return states.length === 1 ? Err.Refused : Err.Ok;
    };
    remove(device, "lib");
    expect(states).toEqual(["Ensure lib -1 20", expect.stringMatching(/^Ensure lib \d 20$/)]);
    expect(device.value(`${DEPLOYED}/lib/State`)).toBe("20");
  });

  it("docs/decisions/0009: one may be removed whatever else is there", () => {
    const device = start();
    remove(device, "lib", "gui");
    expect(device.deployed().map(({ isRemoved }) => isRemoved)).toEqual([true, true]);
  });

  it("§10.13, §10.14: its package stays, Installed until its last component leaves", () => {
    const device = start();
    const state = () => device.delivered().map((each) => each.state);
    remove(device, "lib");
    expect(state()).toEqual([20]);
    remove(device, "gui");
    expect(state()).toEqual([10]);
    device.close();
    device.boot();
    expect(state()).toEqual([10]);
    expect(device.value(`${D}/State`)).toBe("10");
  });

  it("§10.14: a Remove that fails leaves its package Installed", () => {
    const device = start();
    remove(device, "lib");
    device.verdict = (wait) => (wait === "Ensure" ? Err.Refused : Err.Ok);
    device.reply([exec("1", removed("gui"), "c")]);
    device.close();
    expect(device.delivered().map((each) => each.state)).toEqual([20]);
  });
});

describe.each(BUILDS)("Remove of a Delivery Package, %s build", (build) => {
  const permanent = [nodeItem("./SCOMO/Inventory/Delivered/fixed")];
  const fresh = Device.provisioned(
    build, { ...TRUSTING, items: permanent }, { ...IDENTITY, medium: layout(3) },
  );
  deliver(fresh, { p: makePackage("1.0.0", "app") });
  const start = (): Device => {
    const device = new Device(build, { ...IDENTITY, medium: fresh.medium.copy() });
    device.connect();
    return device;
  };
  const remove = install("p", "Remove");

  it("§3: 202 and a durable job of its own kind", () => {
    const device = start();
    expect(codes(device.reply([exec("1", remove, "job-1")]))).toEqual({ 1: 202 });
    device.cut();
    expect(device.jobs()).toMatchObject([
      { primitive: Primitive.RemoveDelivered, uri: remove, identifier: "id-p" },
    ]);
  });

  it("SC-09: nobody is asked; 1200 with the PkgID; node and bytes are gone", () => {
    const device = start();
    device.reply([exec("1", remove, "job-1")]);
    device.events = [];
    expect(reports(device.reply())).toEqual([[D, remove, said(1200, "id-p")]]);
    expect(device.events).toEqual(["Durable", "Exchange"]);
    expect(device.questions).toEqual([]);
    device.close();
    for (let boots = 0; boots < 2; boots++) {
      expect(device.delivered().map(({ node }) => node)).toEqual(["fixed"]);
      expect(device.has(D)).toBe(false);
      device.boot();
      device.connect();
      device.close();
    }
  });

  it("§3: its slot is free for another one", () => {
    const device = start();
    deliver(device, { q: makePackage("1.0.0", "app"), r: makePackage("1.0.0", "app") });
    device.connect();
    device.reply([exec("1", remove, "c")]);
    device.close();
    deliver(device, { s: makePackage("1.0.0", "app") });
    const states = device.delivered().map(({ node, state }) => [node, state]);
    expect(states).toContainEqual(["s", 10]);
    expect(new Set(device.delivered().map(({ slot }) => slot)).size).toBe(4);
  });

  it("§10.13: one that is Installed leaves its components as they are", () => {
    const device = start();
    device.reply([exec("1", install("p"), "a")]);
    device.close();
    device.connect();
    device.reply([exec("1", remove, "b")]);
    device.close();
    expect(device.deployed()).toMatchObject([{ id: "app", state: 20, pkgIdRef: "id-p" }]);
    expect(device.has(D)).toBe(false);
  });

  it("§3: an entry without bytes may be removed, one without PkgID not: 404", () => {
    const device = start();
    device.reply([addLeaf("1", "./SCOMO/Inventory/Delivered/x/PkgID", "id-x")]);
    const answer = device.reply(
      [exec("2", install("x", "Remove"), "a"), exec("3", install("fixed", "Remove"), "b")],
    );
    expect(codes(answer)).toEqual({ 2: 202, 3: 404 });
    device.close();
    expect(device.has("./SCOMO/Inventory/Delivered/x")).toBe(false);
  });

  it("§2.6: one that is permanent: 1408, Status 20, and it is still there", () => {
    const device = start();
    const uri = "./SCOMO/Inventory/Delivered/fixed";
    device.reply([addLeaf("1", `${uri}/PkgID`, "id-f")]);
    device.reply([exec("2", install("fixed", "Remove"), "a")]);
    expect(reports(device.reply())).toEqual(
      [[uri, install("fixed", "Remove"), said(1408, "id-f")]],
    );
    device.close();
    device.boot();
    expect(device.value(`${uri}/Status`)).toBe("20");
  });

  it("§10.9: while a job of it has not ended: 403 for Exec, Replace and Delete", () => {
    const device = start();
    const answer = device.reply([
      exec("1", remove, "a"), exec("2", install("p"), "b"), del("3", D),
      replace("4", `${D}/PkgID`, "n"), exec("5", remove, "a"),
    ]);
    expect(codes(answer)).toEqual({ 1: 202, 2: 403, 3: 403, 4: 403, 5: 202 });
    expect(device.jobs()).toHaveLength(1);
  });

  it("§9.3: in an Atomic: 500, of an entry that the Atomic adds too", () => {
    const device = start();
    const added = addLeaf("2", "./SCOMO/Inventory/Delivered/x/PkgID", "x");
    for (const uri of [remove, install("x", "Remove")]) {
      const answer = device.reply([atomic("1", added, exec("3", uri, "c"))]);
      expect(codes(answer)).toEqual({ 1: 507, 2: 215, 3: 500 });
    }
    expect(device.jobs()).toEqual([]);
  });

  it("SC-12: the power goes before its outcome is durable: it runs again", () => {
    const device = start();
    device.reply([exec("1", remove, "job-1")]);
    device.durable = () => {
      throw new Error("the power goes");
    };
    expect(() => device.reply()).toThrow("the power goes");
    device.durable = () => Err.Ok;
    device.cut();
    expect(device.has(D)).toBe(true);
    device.connect();
    expect(reports(device.reply())).toEqual([[D, remove, said(1200, "id-p")]]);
    device.close();
    expect(device.has(D)).toBe(false);
  });
});
