import { execFileSync } from "node:child_process";
import {
  cpSync, existsSync, mkdirSync, readFileSync, renameSync, truncateSync, writeFileSync,
} from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { DeviceStatus } from "../../../host/index.ts";
import { document, scomo } from "./harness.ts";
import { makeStage, OLD, policyOf } from "./stage.ts";
import type { Stage } from "./stage.ts";

let stage: Stage;
let made = "";
beforeAll(async () => {
  stage = await makeStage(policyOf());
  expect((await stage.provision()).exit).toBe(0);
  made = stage.in("made");
  renameSync(stage.state, made);
});
afterAll(() => stage.close());
beforeEach(() => {
  execFileSync("rm", ["-rf", stage.state]);
  cpSync(made, stage.state, { recursive: true });
});

interface Node {
  uri: string;
  format: string;
  value: string | null;
  acl: string;
  encoding?: string;
}

async function tree(...args: string[]): Promise<Node[]> {
  const ran = await scomo(["tree", "--state", stage.state, "--json", ...args]);
  expect(ran).toMatchObject({ exit: 0, stderr: "" });
  return document<Node[]>(ran.stdout, "tree");
}

describe("a new device", () => {
  test("status: shows the factory components, Active and from no package", async () => {
    const ran = await scomo(["status", "--state", stage.state, "--json"]);
    const { inventory } = document<DeviceStatus>(ran.stdout, "status");
    expect(inventory.deployed.map(({ id, version, state, pkgIdRef }) => {
      return [id, version, state, pkgIdRef];
    })).toEqual([["jvm", "8.1.0", 20, "-1"], ["antivirus", "4.0.7", 20, "-1"]]);
    expect(stage.files()).toEqual(OLD);
  });

  test("tree: shows every object, its ACL, and no secret", async () => {
    const nodes = new Map((await tree()).map((node) => [node.uri, node]));
    const all = "Add=dms.example&Delete=dms.example&Exec=dms.example"
      + "&Get=dms.example&Replace=dms.example";
    expect(nodes.get(".")?.acl).toBe("Add=*&Get=*");
    expect(nodes.get("./SCOMO")?.acl).toBe(all);
    expect(nodes.get("./Inbox")?.acl).toBe(all);
    expect(nodes.get("./DevInfo")?.acl).toBe("Get=*");
    expect(nodes.get("./DevDetail")?.acl).toBe("Get=*");
    expect(nodes.get("./DMAcc")?.acl).toBe("Get=dms.example&Replace=dms.example");
    expect(nodes.get("./DevInfo/DevId")).toMatchObject({ format: "chr", value: "IMEI:1" });
    const secrets = [...nodes.values()].filter(({ uri }) => /AAuth(Secret|Data)$/.test(uri));
    expect(secrets.map(({ value }) => value)).toEqual([null, null, null, null]);
    const text = JSON.stringify([...nodes.values()]);
    expect(text).not.toContain("correct horse");
    expect(text).not.toContain("battery");
  });

  test("tree URI: begins there, with or without ./; an unknown one ends with 2", async () => {
    const uris = (await tree("./DevInfo")).map(({ uri }) => uri);
    expect(uris.slice(0, 2)).toEqual(["./DevInfo", "./DevInfo/DevId"]);
    expect((await tree("DevInfo")).map(({ uri }) => uri)).toEqual(uris);
    const ran = await scomo(["tree", "--state", stage.state, "./Nowhere", "--json"]);
    expect(ran).toMatchObject({ exit: 2, stdout: "" });
    expect(ran.stderr).toContain("no node ./Nowhere");
  });

  test("tree: without --json there is an indented line a node, at most 80 columns", async () => {
    const ran = await scomo(["tree", "--state", stage.state]);
    const lines = ran.stdout.trimEnd().split("\n");
    expect(lines).toContain("    DevId  = IMEI:1");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test("provision: does not overwrite a device", async () => {
    const before = readFileSync(`${stage.state}/j0`);
    const ran = await stage.provision();
    expect(ran).toMatchObject({ exit: 2, stdout: "" });
    expect(ran.stderr).toContain("there is a device");
    expect(readFileSync(`${stage.state}/j0`)).toEqual(before);
  });

  test.each([[44, 0], [45, 2]])("provision: ServerID of %i bytes: exit %i", async (bytes, exit) => {
    execFileSync("rm", ["-rf", stage.state]);
    const ran = await stage.provision("--server-id", "s".repeat(bytes));
    expect(ran.exit).toBe(exit);
    if (exit === 2) expect(ran.stderr).toContain("is too long");
    expect(existsSync(`${stage.state}/device.json`)).toBe(exit === 0);
  });

  test("provision: more nodes than the receive buffer takes end with 2, no device", async () => {
    execFileSync("rm", ["-rf", stage.state]);
    const components = Array.from({ length: 5 }, (_, n) => [
      "--component", `a-component-with-a-rather-long-name-${n}=1.0.0=${stage.in("jvm")}`,
    ]).flat();
    const keys = Array.from({ length: 3 }, (_, n) => [
      "--trust", `key-number-${n}=${stage.in("key.pem")}`,
    ]).flat();
    const large = await stage.provision("--slots", "20", ...components, ...components, ...keys);
    expect(large).toMatchObject({ exit: 2, stdout: "" });
    expect(existsSync(`${stage.state}/device.json`)).toBe(false);
  });
});

describe("a state directory that is not what it was", () => {
  test.each([
    ["a missing journal file", (state: string) => execFileSync("rm", [`${state}/j0`]), "j0"],
    ["a shorter journal file", (state: string) => truncateSync(`${state}/j1`, 100), "j1"],
    ["missing slots", (state: string) => execFileSync("rm", ["-rf", `${state}/slots`]), "slots"],
    ["a shorter slot", (state: string) => truncateSync(`${state}/slots/01`, 100), "slots/01"],
    ["a missing slot", (state: string) => execFileSync("rm", [`${state}/slots/00`]), "slots/00"],
    ["a damaged device.json", (state: string) => writeFileSync(`${state}/device.json`, "{"),
      "device.json"],
    ["another device.json", (state: string) => writeFileSync(`${state}/device.json`, "{}"),
      "device.json"],
    ["an empty journal", (state: string) => {
      const erased = Buffer.alloc(65_536, 0xff);
      for (const name of ["j0", "j1"]) writeFileSync(`${state}/${name}`, erased);
    }, ""],
  ])("status and connect: %s ends with 2 and is named", async (_, damage, name) => {
    damage(stage.state);
    for (const command of ["status", "connect"]) {
      const ran = await scomo([command, "--state", stage.state, "--json"]);
      expect(ran, command).toMatchObject({ exit: 2, stdout: "" });
      expect(ran.stderr).toContain(name);
    }
  });

  test("status: no directory and one without a device end with 2", async () => {
    const missing = await scomo(["status", "--state", stage.in("nowhere")]);
    expect(missing).toMatchObject({ exit: 2, stdout: "" });
    expect(missing.stderr).toContain("scomo provision");
    expect(existsSync(stage.in("nowhere"))).toBe(false);
  });

  test("status: a directory in use by another command ends with 2 and names it", async () => {
    const started = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ")[19] ?? "";
    const holder = { pid: process.pid, started, command: "connect" };
    writeFileSync(`${stage.state}/lock`, JSON.stringify(holder));
    for (const command of ["status", "tree", "connect"]) {
      const ran = await scomo([command, "--state", stage.state, "--json"]);
      expect(ran, command).toMatchObject({ exit: 2, stdout: "" });
      expect(ran.stderr).toContain(`process ${process.pid} (scomo connect)`);
    }
  });
});

const canMount = process.getuid?.() === 0 && mountWorks();
if (!canMount) console.warn("skipped: a full disk needs root and the right to mount a tmpfs");

function mountWorks(): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4k", "tmpfs", "/mnt"], { stdio: "ignore" });
    execFileSync("umount", ["/mnt"]);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!canMount)("a full disk", () => {
  // Journal, factory components and active/ take 156 KiB in blocks of 4, the lock another 4.
  test.each([
    ["the slots", "164k", 1406], ["the files in active/", "176k", 1405],
  ])("connect: without room for %s in %s the job fails with %i", async (_, size, result) => {
    // Another policy, since an order that failed is not repeated under the same one.
    stage.server.setPolicy({ ...policyOf(), maxMsgSize: 8000 + result });
    const small = stage.in("small");
    mkdirSync(small, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", small]);
    try {
      execFileSync("cp", ["-r", `${stage.state}/.`, small]);
      const ran = await scomo(["connect", "--state", small, "--confirm", "yes", "--json"]);
      expect(ran.exit).toBe(1);
      const { jobs } = document<{ jobs: { result: number }[] }>(ran.stdout, "run");
      expect(jobs.map(({ result }) => result)).toEqual([result]);
      expect(readFileSync(`${small}/active/jvm`, "utf8")).toBe(OLD.jvm);
      expect((await scomo(["status", "--state", small])).exit).toBe(0);
    } finally {
      execFileSync("umount", [small]);
    }
  });
});
