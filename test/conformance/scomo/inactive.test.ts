// SCOMO 1.0 §3: components that come as Inactive, by Install or Download.
import { describe, expect, it } from "vitest";
import { Device, Err } from "../../helpers/device.ts";
import { Medium } from "../../helpers/medium.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  deliver, entry, IDENTITY, install, makePackage, operation, TRUSTING,
} from "../../helpers/packages.ts";
import { add, exec, type Element } from "../../helpers/syncml.ts";

const activate = (id: string) => `./SCOMO/Inventory/Deployed/${id}/Operations/Activate`;
const NEW = makePackage("2.0.0", "lib", "gui");

describe.each(BUILDS)("a component that comes as Inactive, %s build", (build) => {
  const fresh = Device.provisioned(
    build, TRUSTING, { ...IDENTITY, medium: new Medium(32_768, Array<number>(8).fill(4096)) },
  );
  deliver(fresh, { old: makePackage("1.0.0", "lib", "gui"), new: NEW });
  fresh.order(add("1", ...entry("new")));
  const withOld = new Device(build, { ...IDENTITY, medium: fresh.medium.copy() });
  withOld.order(exec("1", install("old"), "old"));

  /** What the host is asked while these run. */
  const order = (device: Device, ...commands: Element[]): string[] => {
    const asked: string[] = [];
    const { verdict } = device;
    device.verdict = (wait, id) => {
      asked.push(`${wait} ${id} ${device.asked!.version} ${device.asked!.state}`);
      return verdict(wait, id);
    };
    device.fetch = () => NEW;
    device.order(...commands);
    device.verdict = verdict;
    return asked;
  };
  const start = (from = fresh): Device =>
    new Device(build, { ...IDENTITY, medium: from.medium.copy() });
  const shown = (device: Device) =>
    device.deployed().map(({ id, version, state }) => `${id} ${version} ${state}`);

  const WAYS = [
    ["InstallInactive", install("new", "InstallInactive")],
    ["DownloadInstallInactive", operation("new", "DownloadInstallInactive")],
  ] as const;

  it.each(WAYS)("SC-06: %s: prepared and ensured as Inactive, no health; after a boot too", (
    _, uri,
  ) => {
    const device = start();
    expect(order(device, exec("1", uri, "c"))).toEqual([
      "Prepare lib 2.0.0 10", "Prepare gui 2.0.0 10", "Ensure lib 2.0.0 10", "Ensure gui 2.0.0 10",
    ]);
    expect(shown(device)).toEqual(["lib 2.0.0 10", "gui 2.0.0 10"]);
    device.boot();
    expect(shown(device)).toEqual(["lib 2.0.0 10", "gui 2.0.0 10"]);
    expect(device.deployed().every(({ slot, floor }) => slot !== null && floor === 2)).toBe(true);
  });

  it.each(WAYS)("SC-06: %s, then Activate of one: the other stays Inactive", (_, uri) => {
    const device = start();
    order(device, exec("1", uri, "c"));
    expect(order(device, exec("2", activate("gui"), "d"))).toEqual(
      ["Ensure gui 2.0.0 20", "Health gui 2.0.0 20"],
    );
    expect(shown(device)).toEqual(["lib 2.0.0 10", "gui 2.0.0 20"]);
  });

  it.each(WAYS)("§10.18: %s over Active ones: they are new, and Inactive", (_, uri) => {
    const device = start(withOld);
    order(device, exec("1", uri, "c"));
    expect(shown(device)).toEqual(["lib 2.0.0 10", "gui 2.0.0 10"]);
  });

  it.each(WAYS)("§10.18: %s over Active ones that fails: they are old, and Active", (_, uri) => {
    const device = start(withOld);
    device.verdict = (wait, id) =>
      (wait === "Ensure" && id === "gui" && device.asked!.state === 10 ? Err.Refused : Err.Ok);
    const asked = order(device, exec("1", uri, "c"));
    expect(asked.slice(-2)).toEqual(["Ensure lib 1.0.0 20", "Ensure gui 1.0.0 20"]);
    expect(shown(device)).toEqual(["lib 1.0.0 20", "gui 1.0.0 20"]);
  });

  it("SC-18: Install of what is there as Inactive: 1200, and nothing is touched", () => {
    const device = start();
    order(device, exec("1", install("new", "InstallInactive"), "c"));
    expect(order(device, exec("2", install("new"), "d"))).toEqual([]);
    expect(shown(device)).toEqual(["lib 2.0.0 10", "gui 2.0.0 10"]);
  });
});
