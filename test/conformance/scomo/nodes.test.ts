// SCOMO 1.0 §2: the nodes of the object, those that the client makes by itself among them.
import { describe, expect, it } from "vitest";
import { Device } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  deliver, entry, IDENTITY, install, makePackage, operation, TRUSTING,
} from "../../helpers/packages.ts";
import {
  add, addLeaf, addNode, atomic, codes, command, del, exec, get, item, lines, replace, results,
} from "../../helpers/syncml.ts";

const X = "./SCOMO/Download/p";
const D = "./SCOMO/Inventory/Delivered/p";
const OPERATIONS = "Activate/Deactivate/Remove";

describe.each(BUILDS)("nodes of SCOMO, %s build", (build) => {
  const fresh = Device.provisioned(build, TRUSTING, IDENTITY);
  fresh.order(add("1", ...entry("p")));
  const full = new Device(build, { ...IDENTITY, medium: fresh.medium.copy() });
  deliver(full, { p: makePackage("1.0.0", "app") });
  const start = (from = fresh): Device => {
    const device = new Device(build, { ...IDENTITY, medium: from.medium.copy() });
    device.connect();
    return device;
  };

  it("§2.3: a Download entry has Status and Operations with three primitives", () => {
    const answer = start().reply([get("1", X, `${X}/Operations`, `${X}/Status`)]);
    expect(results(answer)).toEqual({
      [X]: "PkgID/PkgURL/Status/Operations",
      [`${X}/Operations`]: "Download/DownloadInstall/DownloadInstallInactive",
      [`${X}/Status`]: "10",
    });
  });

  it("§2.3: Status is an int, Operations interior, primitives null; all of them permanent", () => {
    const nodes = start().nodes();
    const seen = [
      "Status", "Operations", "Operations/Download",
    ].map((name) => nodes.get(`${X}/${name}`)!);
    expect(seen.map(({ format }) => format)).toEqual(["int", "node", "null"]);
    expect(seen.map(({ isPermanent }) => isPermanent)).toEqual([true, true, true]);
  });

  it("§2.4: a Delivered entry without bytes has Status, Operations, no State", () => {
    const device = start();
    device.reply([addLeaf("1", `${D}/PkgID`, "q")]);
    const answer = device.reply(
      [get("1", D, `${D}/Operations`, `${D}/Status`), get("2", `${D}/State`)],
    );
    expect(results(answer)).toEqual({
      [D]: "PkgID/Status/Operations", [`${D}/Operations`]: "Install/InstallInactive/Remove",
      [`${D}/Status`]: "10",
    });
    expect(codes(answer)).toMatchObject({ 2: 404 });
  });

  it("§2.4: a delivered package: PkgID of its Download entry, State 10", () => {
    const answer = start(full).reply([get("1", D, `${D}/PkgID`, `${D}/State`, `${D}/Status`)]);
    expect(results(answer)).toEqual({
      [D]: "PkgID/Status/State/Data/Operations", [`${D}/PkgID`]: "id-p", [`${D}/State`]: "10",
      [`${D}/Status`]: "10",
    });
  });

  it("§2.6: after Download its Status is 40, and again after a restart", () => {
    const device = start(full);
    expect(results(device.reply([get("1", `${X}/Status`)]))[`${X}/Status`]).toBe("40");
  });

  it("§2.5: an installed component: ID, PkgIDRef, Name, Version, State 20, Status 10", () => {
    const device = start(full);
    device.reply([exec("1", install("p"), "c")]);
    device.close();
    device.connect();
    const C = "./SCOMO/Inventory/Deployed/app";
    const names = [
      "ID", "PkgIDRef", "Name", "Version", "State", "Status", "Operations",
    ].map((name) => `${C}/${name}`);
    const answer = device.reply(
      [get("1", "./SCOMO/Inventory/Deployed", C, ...names, `${D}/State`)],
    );
    expect(results(answer)).toEqual({
      "./SCOMO/Inventory/Deployed": "app",
      [C]: "ID/PkgIDRef/Name/Version/State/Status/Operations", [`${C}/Operations`]: OPERATIONS,
      [`${C}/ID`]: "app",
      [`${C}/PkgIDRef`]: "id-p", [`${C}/Name`]: "app", [`${C}/Version`]: "1.0.0",
      [`${C}/State`]: "20",
      [`${C}/Status`]: "10", [`${D}/State`]: "20",
    });
  });

  it("§2.5: InstallInactive: State 10", () => {
    const device = start(full);
    device.reply([exec("1", install("p", "InstallInactive"), "c")]);
    device.close();
    expect(device.value("./SCOMO/Inventory/Deployed/app/State")).toBe("10");
    expect(device.deployed()).toMatchObject([{ id: "app", state: 10, pkgIdRef: "id-p" }]);
  });

  it.each(["Status", "Operations", "Operations/Download", "Operations/DownloadInstall"])(
    "§10.2: a server's Add of %s is answered 200 and changes nothing",
    (name) => {
      const device = start();
      const before = device.dump();
      const format = name === "Status" ? "int" : name === "Operations" ? "node" : "null";
      const data = name === "Status" ? "40" : undefined;
      expect(
        codes(device.reply([add("1", item(`${X}/${name}`, data, { format }))])),
      ).toEqual({ 1: 200 });
      expect(device.dump()).toBe(before);
      device.close();
      device.boot();
      expect(device.dump()).toBe(before);
    },
  );

  it.each(["Status", "State", "Operations", "Operations/Install"])(
    "§10.2: a server's Add of a Delivered entry's %s is answered 200 and changes nothing",
    (name) => {
      const device = start();
      device.reply([addLeaf("1", `${D}/PkgID`, "q")]);
      const before = device.dump();
      expect(
        codes(device.reply([addLeaf("1", `${D}/${name}`, "20", { format: "chr" })])),
      ).toEqual({ 1: 200 });
      expect(device.dump()).toBe(before);
    },
  );

  it.each(["Status", "Operations", "Operations/DownloadInstall"])(
    "§10.2: an Add of %s that makes its entry makes only the entry",
    (name) => {
      const device = start();
      const added = add("1", item(`./SCOMO/Download/new/${name}`, undefined, { format: "null" }));
      expect(codes(device.reply([added]))).toEqual({ 1: 200 });
      expect(results(device.reply([get("1", "./SCOMO/Download/new")]))).toEqual({
        "./SCOMO/Download/new": "Status/Operations",
      });
      expect(device.nodes().get("./SCOMO/Download/new/Operations")!.isPermanent).toBe(true);
    },
  );

  it("§10.2: servers of the other habit, also inside Atomic", () => {
    const device = start();
    const uri = "./SCOMO/Download/q";
    const answer = device.reply([
      atomic(
        "1", addNode("2", uri), addLeaf("3", `${uri}/PkgID`, "q"),
        addLeaf("4", `${uri}/PkgURL`, "https://x/q"),
        addLeaf("5", `${uri}/Status`, "10", { format: "int" }), addNode("6", `${uri}/Operations`),
        add("7", item(`${uri}/Operations/Download`, undefined, { format: "null" })),
      ),
      exec("8", operation("q", "Download"), "c"),
    ]);
    expect(codes(answer)).toEqual(
      { 1: 200, 2: 200, 3: 200, 4: 200, 5: 200, 6: 200, 7: 200, 8: 202 },
    );
  });

  it.each([
    ["Add below Operations", add("1", item(`${X}/Operations/Foo`)), 405],
    ["Add below Status", add("1", item(`${X}/Status/Foo`)), 405],
    ["Add below State", add("1", item(`${D}/State/Foo`)), 405],
    ["Add below a primitive", add("1", item(`${X}/Operations/Download/Foo`)), 405],
    [
      "Add that makes an entry, below its Operations",
      add("1", item("./SCOMO/Download/n/Operations/Foo")), 405,
    ],
    [
      "Add that makes an entry, below its Status", add("1", item("./SCOMO/Download/n/Status/Foo")),
      405,
    ],
    ["Add below Deployed", addNode("1", "./SCOMO/Inventory/Deployed/x"), 405],
    ["Add deep below Deployed", addLeaf("1", "./SCOMO/Inventory/Deployed/x/ID"), 405],
    ["Replace of Status", replace("1", `${X}/Status`, "10"), 405],
    ["Replace of Operations", replace("1", `${X}/Operations`, "x"), 405],
    ["Replace of a primitive", replace("1", `${X}/Operations/Download`, ""), 405],
    ["Replace of a computed ACL", replace("1", `${X}/Status?prop=ACL`, "Get=*"), 405],
    ["Delete of Status", del("1", `${X}/Status`), 405],
    ["Delete of Operations", del("1", `${X}/Operations`), 405],
    ["Delete of a primitive", del("1", `${X}/Operations/Download`), 405],
    ["Delete of Download", del("1", "./SCOMO/Download"), 405],
    ["Delete of Deployed", del("1", "./SCOMO/Inventory/Deployed"), 405],
    ["Get of a primitive", get("1", `${X}/Operations/Download`), 405],
    ["Get of an unknown primitive", get("1", `${X}/Operations/Foo`), 404],
    ["Get of the misspelt primitive", get("1", `${X}/Operations/DownlaodInstallInactive`), 404],
    ["Get of an entry that is not there", get("1", "./SCOMO/Download/none/Status"), 404],
  ])("§2: %s: nothing changes", (_, order, code) => {
    const device = start();
    if (code === 405) device.reply([addLeaf("1", `${D}/PkgID`, "q")]);
    const before = device.dump();
    expect(codes(device.reply([order]))).toEqual({ 1: code });
    expect(device.dump()).toBe(before);
  });

  it("§2.6: a Status that was stored is read-only too", () => {
    const device = start(full);
    const before = device.dump();
    const answer = device.reply([
      replace("1", `${X}/Status`, "10"), del("2", `${X}/Status`), addLeaf("3", `${X}/Status`, "10"),
    ]);
    expect(codes(answer)).toEqual({ 1: 405, 2: 405, 3: 200 });
    expect(device.dump()).toBe(before);
  });

  it("§2.2: a name of an entry has at most 31 bytes: 414, and nothing is left of it", () => {
    const device = start();
    const before = device.dump();
    const answer = device.reply([
      addLeaf("1", `./SCOMO/Download/${"n".repeat(32)}/PkgID`),
      addNode("2", `./SCOMO/Download/${"n".repeat(32)}`),
    ]);
    expect(codes(answer)).toEqual({ 1: 414, 2: 414 });
    expect(device.dump()).toBe(before);
    expect(
      codes(device.reply([addNode("1", `./SCOMO/Download/${"n".repeat(31)}`)])),
    ).toEqual({ 1: 200 });
  });

  it("§6: Delete of an entry takes its bytes along; the slot is free for another", () => {
    const device = start(full);
    expect(device.delivered()).toMatchObject([{ node: "p", state: 10, pkgId: "id-p" }]);
    expect(codes(device.reply([command("Delete", "1", item(D))]))).toEqual({ 1: 200 });
    expect(device.delivered()).toEqual([]);
    device.close();
    device.boot();
    expect(device.delivered()).toEqual([]);
  });

  it("§6: Delete of an entry inside an Atomic that fails: its bytes stay", () => {
    const device = start(full);
    expect(codes(device.reply([atomic("1", del("2", D), del("3", "./SCOMO/none"))]))).toEqual({
      1: 507, 2: 216, 3: 404,
    });
    expect(device.delivered()).toMatchObject([{ node: "p", state: 10 }]);
    device.close();
    device.boot();
    expect(device.delivered()).toMatchObject([{ node: "p", state: 10 }]);
  });

  it("§2.1: the root tells its Type", () => {
    const type = "urn:oma:mo:oma-scomo:1.0";
    const device = start();
    device.reply([addNode("1", "./SCOMO/Ext2", type)]);
    expect(lines(device.reply([get("1", "./SCOMO/Ext2?prop=Type")]))[2]).toBe(
      `Results 1 ./SCOMO/Ext2?prop=Type = ${type}`,
    );
  });
});
