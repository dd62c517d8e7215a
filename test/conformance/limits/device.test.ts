// Limits of assembly/base/limits.ts that no other page's test passes by one: what is taken at the
// limit, and with which code one more is refused. Other limits: see limits.yaml.
import { describe, expect, it } from "vitest";
import { Err } from "../../../assembly/abi/codes.ts";
import { Device } from "../../helpers/device.ts";
import { Medium } from "../../helpers/medium.ts";
import { BUILDS } from "../../helpers/module.ts";
import { entry, IDENTITY, makePackage, operation, TRUSTING } from "../../helpers/packages.ts";
import { add, codes, e, exec } from "../../helpers/syncml.ts";

describe.each(BUILDS)("limits of a device, %s build", (build) => {
  const make = (options: object = {}): Device =>
    Device.provisioned(build, TRUSTING, { ...IDENTITY, ...options });

  /** Orders a download with installation. @returns the result code that is reported */
  function run(device: Device, name: string, bytes: Uint8Array, primitive = "DownloadInstall") {
    device.fetch = () => bytes;
    device.connect();
    device.reply([add("1", ...entry(name)), exec("2", operation(name, primitive), `job-${name}`)]);
    device.close();
    const sent = device.sent.map((body) => Buffer.from(body).toString("latin1")).join("");
    return [...sent.matchAll(/<ResultCode>(\d+)<\/ResultCode>/g)].map(([, code]) => code).at(-1);
  }

  const manySlots = (): Medium => new Medium(32_768, Array.from({ length: 24 }, () => 4096));
  const many = (count: number, first = 0): string[] =>
    Array.from({ length: count }, (_, index) => `c${first + index}`);

  it("CORRELATOR_BYTES_MAX: 64 bytes are taken, 65 are 413", () => {
    const device = make();
    device.connect();
    device.reply([add("1", ...entry("p"), ...entry("q"))]);
    const answer = device.reply([
      exec("2", operation("p", "Download"), "c".repeat(64)),
      exec("3", operation("q", "Download"), "c".repeat(65)),
    ]);
    expect(codes(answer)).toEqual({ 2: 202, 3: 413 });
    expect(device.jobs().map(({ correlator }) => correlator.length)).toEqual([64]);
  });

  it("SERVER_ID_BYTES_MAX: an account with a name of 64 bytes opens a session, 65 none", () => {
    const acls = { "./SCOMO": "Get=*", "./DMAcc": "Get=*" };
    for (const [byteCount, opens] of [[64, true], [65, false]] as const) {
      const device = Device.provisioned(build, { serverId: "s".repeat(byteCount), acls });
      expect(device.connect() !== undefined).toBe(opens);
      if (!opens) expect(device.err).toBe(Err.NotFound);
    }
  });

  it("ID_BYTES_MAX: a component's ID of 128 bytes is installed", () => {
    const id = [60, 60, 4, 1].map((count) => "x".repeat(count)).join("/");
    expect(id).toHaveLength(128);
    const device = make();
    expect(run(device, "p", makePackage("1.0.0", id))).toBe("1200");
    expect(device.deployed().map((component) => component.id)).toEqual([id]);
  });

  it("COMPONENTS_MAX: sixteen components are in force, a seventeenth ends with 1406", () => {
    const device = make({ medium: manySlots() });
    expect(run(device, "p", makePackage("1.0.0", ...many(8)))).toBe("1200");
    expect(run(device, "q", makePackage("1.0.0", ...many(8, 8)))).toBe("1200");
    expect(device.deployed()).toHaveLength(16);
    expect(run(device, "r", makePackage("1.0.0", ...many(1, 16)))).toBe("1406");
    expect(device.deployed()).toHaveLength(16);
    expect(run(device, "s", makePackage("2.0.0", ...many(2)))).toBe("1200");
  });

  it("PACKAGES_MAX: eight packages are delivered, a ninth ends with 1404", () => {
    const device = make({ medium: manySlots() });
    for (let count = 1; count <= 8; count++) {
      expect(run(device, `p${count}`, makePackage("1.0.0", `c${count}`), "Download")).toBe("1200");
    }
    expect(run(device, "p9", makePackage("1.0.0", "c9"), "Download")).toBe("1404");
    expect(device.delivered().filter(({ state }) => state === 10)).toHaveLength(8);
  });

  it("OBJECT_URI_BYTES_MAX: a Target of 288 bytes may come in chunks, 289 are 414", () => {
    const chunk = (target: string) => add("1", e(
      "Item", e("Target", e("LocURI", target)), e("Meta", e("Size", 4)), e("Data", "ab"),
      e("MoreData"),
    ));
    for (const [byteCount, code] of [[288, 213], [289, 414]] as const) {
      const device = make();
      device.connect();
      const names = ["\u00e9".repeat(64), "\u00e9".repeat(64), "x".repeat(byteCount - 266)];
      const target = `./SCOMO/${names.join("/")}`;
      expect(Buffer.byteLength(target)).toBe(byteCount);
      expect(codes(device.reply([chunk(target)], { isFinal: false }))).toMatchObject({ 1: code });
    }
  });
});
