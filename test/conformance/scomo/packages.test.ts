// SCOMO 1.0 §3: the six operations on packages, run, repeated, busy and interrupted. Those on
// components are in changes.test.ts.
import { describe, expect, it } from "vitest";
import { Device, Err } from "../../helpers/device.ts";
import { Medium } from "../../helpers/medium.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  deliver, entry, IDENTITY, install, makePackage, operation, TRUSTING,
} from "../../helpers/packages.ts";
import { add, codes, exec } from "../../helpers/syncml.ts";

const DEPLOYED = "./SCOMO/Inventory/Deployed";
const DELIVERED = "./SCOMO/Inventory/Delivered";
const DOWNLOAD = "./SCOMO/Download";
const PACKAGE = makePackage("1.0.0", "app", "lib");

interface Row {
  uri: string;
  /** Another operation of the same object. */
  other: string;
  /** Status and State of entry and components once it is done; null: the node is not there. */
  after: { [uri: string]: string | null };
  /** What the host is asked, barriers and messages left out, when it is ordered anew. */
  again: string[];
  /** Status of that Exec. */
  againCode?: number;
}

const components = (state: string) => ({
  [`${DEPLOYED}/app/State`]: state, [`${DEPLOYED}/lib/State`]: state,
  [`${DEPLOYED}/app/Status`]: "10",
});
const installed = (name: string) => ({
  [`${DELIVERED}/${name}/State`]: "20", [`${DELIVERED}/${name}/Status`]: "10",
});

/** From §1.2 (states), §2.6 (Status) and open points 3, 4 and 11. */
const ROWS: readonly [string, Row][] = [
  ["Download", {
    uri: operation("d", "Download"), other: operation("d", "DownloadInstall"),
    after: {
      [`${DOWNLOAD}/d/Status`]: "40", [`${DELIVERED}/d/State`]: "10",
      [`${DELIVERED}/d/Status`]: "10", [`${DELIVERED}/d/PkgID`]: "id-d", [`${DEPLOYED}/app`]: null,
    },
    again: ["Fetch", "Confirm", "Fetch"],
  }],
  ["DownloadInstall", {
    uri: operation("d", "DownloadInstall"), other: operation("d", "Download"),
    after: { [`${DOWNLOAD}/d/Status`]: "10", [`${DELIVERED}/d`]: null, ...components("20") },
    again: ["Fetch"],
  }],
  ["DownloadInstallInactive", {
    uri: operation("d", "DownloadInstallInactive"), other: operation("d", "Download"),
    after: { [`${DOWNLOAD}/d/Status`]: "10", [`${DELIVERED}/d`]: null, ...components("10") },
    again: ["Fetch"],
  }],
  ["Install", {
    uri: install("p"), other: install("p", "Remove"),
    after: { ...installed("p"), ...components("20") },
    again: [],
  }],
  ["InstallInactive", {
    uri: install("p", "InstallInactive"), other: install("p"),
    after: { ...installed("p"), ...components("10") },
    again: [],
  }],
  ["Remove", {
    uri: install("p", "Remove"), other: install("p"),
    after: { [`${DELIVERED}/p`]: null, [`${DEPLOYED}/app`]: null },
    again: [], againCode: 404,
  }],
];

describe.each(BUILDS)("a package, %s build", (build) => {
  const fresh = Device.provisioned(
    build, TRUSTING, { ...IDENTITY, medium: new Medium(32_768, Array<number>(8).fill(4096)) },
  );
  deliver(fresh, { p: PACKAGE });
  fresh.order(add("1", ...entry("d")));

  const start = (): Device => {
    const device = new Device(build, { ...IDENTITY, medium: fresh.medium.copy() });
    device.fetch = () => PACKAGE;
    device.connect();
    return device;
  };
  const stateOf = (device: Device, { after }: Row) => Object.fromEntries(Object.keys(after).map(
    (uri) => [uri, device.has(uri) ? (device.value(uri) ?? null) : null],
  ));
  const outside = (device: Device) =>
    device.events.filter((name) => !["Durable", "Exchange", "Done"].includes(name));

  it.each(ROWS)("§1.2, §2.6: %s: 202, one outcome 1200, State and Status", (_, row) => {
    const device = start();
    expect(codes(device.reply([exec("1", row.uri, "job-1")]))).toEqual({ 1: 202 });
    device.reply();
    expect(device.outcomes()).toMatchObject([{ result: 1200 }]);
    device.close();
    expect(stateOf(device, row)).toEqual(row.after);
    device.boot();
    expect(stateOf(device, row)).toEqual(row.after);
    expect([device.jobs(), device.outcomes()]).toEqual([[], []]);
  });

  it.each(ROWS)("§10.10: %s again: 202 and one job; anything else of it meanwhile: 403", (
    _, { uri, other },
  ) => {
    const device = start();
    const answer = device.reply([
      exec("1", uri, "job-1"), exec("2", uri, "job-1"), exec("3", uri, "job-2"), exec("4", uri),
      exec("5", other, "job-1"),
    ]);
    expect(codes(answer)).toEqual({ 1: 202, 2: 202, 3: 403, 4: 403, 5: 403 });
    expect(device.jobs()).toHaveLength(1);
  });

  it.each(ROWS)("SC-18: %s once it has ended: no more is done than it takes", (_, row) => {
    const device = start();
    device.reply([exec("1", row.uri, "job-1")]);
    device.close();
    const before = device.deployed();
    device.connect();
    const code = row.againCode ?? 202;
    expect(codes(device.reply([exec("2", row.uri, "job-2")]))).toEqual({ 2: code });
    device.events = [];
    device.reply();
    expect(device.outcomes().map(({ result }) => result)).toEqual(code === 202 ? [1200] : []);
    device.close();
    expect(outside(device)).toEqual(row.again);
    expect(device.deployed()).toEqual(before);
    expect(stateOf(device, row)).toEqual(row.after);
  });

  it.each(ROWS)("SC-12: %s, the power goes at each wait: it ends well, and is told once", (
    _, row,
  ) => {
    let waits = 0;
    for (let isCut = true; isCut; waits++) {
      const device = start();
      device.reply([exec("1", row.uri, "job-1")]);
      isCut = runUntil(device, waits);
      if (!isCut) continue;
      device.cut();
      expect(device.jobs()).toHaveLength(1);
      device.connect();
      device.close();
      expect([device.jobs(), device.outcomes(), device.err]).toEqual([[], [], Err.Ok]);
      device.boot();
      expect(stateOf(device, row)).toEqual(row.after);
    }
    expect(waits).toBeGreaterThan(1);
  });

  /** Runs the job up to the wait of that number. @returns false where there are not so many */
  function runUntil(device: Device, waits: number): boolean {
    const lost = new Error("the power goes");
    let left = waits;
    const count = <Value>(value: Value): Value => {
      if (left-- === 0) throw lost;
      return value;
    };
    device.verdict = () => count(Err.Ok);
    device.durable = () => count(Err.Ok);
    device.confirm = () => count(Err.Ok);
    device.fetch = () => count(PACKAGE);
    try {
      device.reply();
    } catch (error) {
      if (error !== lost) throw error;
    }
    device.verdict = device.durable = device.confirm = () => Err.Ok;
    device.fetch = () => PACKAGE;
    return left < 0;
  }
});
