import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DeviceStatus, JobReport } from "../../../host/index.ts";
import { document, scomo, scomoProcess } from "./harness.ts";
import type { Ran } from "./harness.ts";
import { DEVICE, makeHook, makeStage, NEW, OLD, policyOf } from "./stage.ts";
import type { Stage } from "./stage.ts";

type Run = DeviceStatus & { jobs: JobReport[]; sessions: number; storageOps: number };

let stage: Stage;
beforeEach(async () => {
  stage = await makeStage();
  expect(await stage.provision()).toMatchObject({ exit: 0, stderr: "" });
});
afterEach(() => stage.close());

function connect(...args: string[]): Promise<Ran> {
  return scomo(["connect", "--state", stage.state, "--json", ...args]);
}

async function status(): Promise<Run> {
  const ran = await scomo(["status", "--state", stage.state, "--json"]);
  expect(ran).toMatchObject({ exit: 0, stderr: "" });
  return document<Run>(ran.stdout, "status");
}

function versions(run: DeviceStatus): string[] {
  return run.inventory.deployed.map(({ id, version }) => `${id} ${version}`);
}

const OLD_VERSIONS = ["jvm 8.1.0", "antivirus 4.0.7"];
const NEW_VERSIONS = ["jvm 8.2.0", "antivirus 5.0.0"];

describe("connect", () => {
  test("connect --confirm yes: installs both, exit 0; a second one has nothing to do", async () => {
    const ran = await connect("--confirm", "yes");
    expect(ran.exit).toBe(0);
    const run = document<Run>(ran.stdout, "run");
    expect(run.jobs.map(({ identifier, result }) => [identifier, result]))
      .toEqual([["jvm", 1200], ["antivirus", 1200]]);
    expect(versions(run)).toEqual(NEW_VERSIONS);
    expect(run).toMatchObject({ operation: null, outbox: [], sessions: 2 });
    expect(stage.files()).toEqual(NEW);
    const again = await connect("--confirm", "yes");
    expect(again.exit).toBe(0);
    expect(document<Run>(again.stdout, "run")).toMatchObject({ jobs: [], sessions: 1 });
  });

  test("connect: off a terminal without --confirm nothing is installed: 1401, exit 1", async () => {
    const ran = await connect();
    expect(ran.exit).toBe(1);
    const run = document<Run>(ran.stdout, "run");
    expect(run.jobs.map(({ identifier, result }) => [identifier, result]))
      .toEqual([["bound", 1401]]);
    expect(versions(run)).toEqual(OLD_VERSIONS);
    expect(stage.files()).toEqual(OLD);
  });

  test("connect --hook: one call a component, a sick one takes both back: 1405", async () => {
    const hook = makeHook(stage, "[ \"$1 $2\" = \"health antivirus\" ] && exit 1; exit 0");
    const ran = await connect("--confirm", "yes", "--hook", hook);
    expect(ran.exit).toBe(1);
    const [job] = document<Run>(ran.stdout, "run").jobs;
    expect(job).toMatchObject({ identifier: "bound", result: 1405, component: "antivirus" });
    expect(stage.files()).toEqual(OLD);
    const calls = readFileSync(stage.in("hook.log"), "utf8").trim().split("\n")
      .map((line) => line.replace(/ \S+\/slots\//, " slot "));
    expect(calls).toEqual([
      "prepare jvm 8.2.0 slot 02 active", "prepare antivirus 5.0.0 slot 03 active",
      "ensure jvm 8.2.0 slot 02 active", "ensure antivirus 5.0.0 slot 03 active",
      "health jvm 8.2.0 slot 02 active", "health antivirus 5.0.0 slot 03 active",
      "ensure jvm 8.1.0 slot 00 active", "ensure antivirus 4.0.7 slot 01 active",
    ]);
  });

  test("connect --hook: a rollback that fails is inconsistent: 1475, exit 4", async () => {
    const hook = makeHook(stage, "[ \"$1 $2\" = \"ensure antivirus\" ] && exit 1; exit 0");
    const ran = await connect("--confirm", "yes", "--hook", hook);
    expect(ran.exit).toBe(4);
    expect(ran.stderr).toContain("a rollback failed");
    const { jobs, outbox } = document<Run>(ran.stdout, "run");
    expect(jobs.map(({ result }) => result)).toEqual([1475]);
    expect(outbox).toEqual([]);
    const [device] = stage.server.status().devices;
    expect(device?.results.map(({ code }) => code)).toEqual([1475]);
  });

  test("connect --trace: every message is a line, credentials are masked", async () => {
    const trace = stage.in("trace.jsonl");
    await connect("--confirm", "yes", "--trace", trace);
    const lines = readFileSync(trace, "utf8").trim().split("\n")
      .map((line) => document<{ direction: string; hex: string; xml: string }>(line, "traceLine"));
    expect(lines.map(({ direction }) => direction).slice(0, 4)).toEqual(["out", "in", "out", "in"]);
    expect(lines.every(({ xml }) => xml.startsWith("<SyncML"))).toBe(true);
    const credentials = lines.flatMap(({ xml }) => /<Cred>.*<Data>(.*?)<\/Data>.*<\/Cred>/.exec(xml)
      ?.[1] ?? []);
    expect(credentials.length).toBeGreaterThan(0);
    expect(credentials.every((data) => /^\*+$/.test(data))).toBe(true);
  });

  test("connect --cut-power-at: exit 77 without a document; the next one ends whole", async () => {
    const args = ["connect", "--state", stage.state, "--json", "--confirm", "yes"];
    const cut = await scomoProcess([...args, "--cut-power-at", "110"]);
    expect(cut).toMatchObject({ exit: 77, stdout: "" });
    const open = await status();
    const ran = await connect("--confirm", "yes");
    expect(ran.exit).toBe(0);
    const run = document<Run>(ran.stdout, "run");
    expect([OLD_VERSIONS, NEW_VERSIONS]).toContainEqual(versions(open));
    expect(versions(run)).toEqual(NEW_VERSIONS);
    expect(stage.files()).toEqual(NEW);
  });

  test("connect: an interrupt ends it with 130 and the next one goes on", async () => {
    const hook = makeHook(stage, "[ \"$1\" = prepare ] && sleep 3; exit 0");
    const args = ["connect", "--state", stage.state, "--json", "--confirm", "yes", "--hook", hook];
    const ran = await scomoProcess(args, (child) => {
      const look = setInterval(() => {
        if (!existsSync(stage.in("hook.log"))) return;
        clearInterval(look);
        child.kill("SIGINT");
      }, 20);
    });
    expect(ran).toMatchObject({ exit: 130, stdout: "" });
    expect(stage.files()).toEqual(OLD);
    const next = await connect("--confirm", "yes");
    expect(next.exit).toBeLessThanOrEqual(1);
    const run = document<Run>(next.stdout, "run");
    expect(run.operation).toBeNull();
    expect(stage.files()).toEqual(versions(run)[0] === "jvm 8.2.0" ? NEW : OLD);
  });
});

describe("a server that cannot be worked with", () => {
  async function expectServerFailure(ran: Ran, sentence: string): Promise<void> {
    expect(ran.exit).toBe(3);
    expect(ran.stderr).toContain(sentence);
    expect(document<Run>(ran.stdout, "run")).toMatchObject({ jobs: [] });
    expect(versions(await status())).toEqual(OLD_VERSIONS);
    expect(stage.files()).toEqual(OLD);
  }

  test("connect: a server that is not there ends with 3 and harms nothing", async () => {
    await stage.server.close();
    await expectServerFailure(await connect("--patience", "1"), "ECONNREFUSED");
  });

  test.each([
    ["a wrong password", ["--password", "wrong"], "refused our credentials"],
    ["a server with another password", ["--server-password", "wrong"], "did not prove who it is"],
  ])("connect: %s ends with 3", async (_, args, sentence) => {
    await stage.close();
    stage = await makeStage();
    await stage.provision(...args);
    await expectServerFailure(await connect(), sentence);
  });

  test("connect: an unknown path on the server ends with 3", async () => {
    await stage.close();
    stage = await makeStage();
    await stage.provision("--server", `${stage.server.url}/elsewhere`);
    await expectServerFailure(await connect(), "HTTP status");
  });
});

describe("provision --bootstrap", () => {
  test("provision: an account from a connectivity profile is good for an update", async () => {
    const parm = (name: string, value: string): string => `<parm name="${name}" value="${value}"/>`;
    const credential = (level: string, user: string, secret: string): string => {
      return `<characteristic type="APPAUTH">${parm("AAUTHLEVEL", level)}`
        + parm("AAUTHTYPE", "DIGEST") + parm("AAUTHNAME", user) + parm("AAUTHSECRET", secret)
        + "</characteristic>";
    };
    writeFileSync(stage.in("profile.xml"), "<wap-provisioningdoc>"
      + `<characteristic type="APPLICATION">${parm("APPID", "w7")}`
      + parm("PROVIDER-ID", "dms.example") + parm("ADDR", `${stage.server.url}/dm`)
      + credential("APPSRV", "u", "correct horse") + credential("CLIENT", "dms", "battery")
      + "</characteristic></wap-provisioningdoc>");
    const state = stage.in("other");
    const made = await scomo([
      "provision", "--state", state, "--device-id", DEVICE, "--trust", stage.in("key.pem"),
      "--bootstrap", stage.in("profile.xml"),
    ]);
    expect(made).toMatchObject({ exit: 0, stderr: "" });
    const ran = await scomo(["connect", "--state", state, "--json", "--confirm", "yes"]);
    expect(ran.exit).toBe(0);
    expect(versions(document<Run>(ran.stdout, "run"))).toEqual(NEW_VERSIONS);
  });
});

describe("notify", () => {
  test("notify: the notified session runs an order that is not urgent, once", async () => {
    await stage.close();
    stage = await makeStage(policyOf({ urgent: false }));
    await stage.provision();
    expect((await connect("--confirm", "yes")).exit).toBe(0);
    expect(stage.files()).toEqual(OLD);
    const file = stage.in("notification.bin");
    writeFileSync(file, stage.server.notify(DEVICE) ?? "");
    const args = ["notify", "--state", stage.state, file, "--confirm", "yes", "--json"];
    const ran = await scomo(args);
    expect(ran.exit).toBe(0);
    expect(versions(document<Run>(ran.stdout, "run"))).toEqual(NEW_VERSIONS);
    const again = await scomo(args);
    expect(again).toMatchObject({ exit: 2, stdout: "" });
  });

  test("notify --confirm no: where the user is asked first no session starts", async () => {
    await connect("--confirm", "yes");
    const file = stage.in("notification.bin");
    writeFileSync(file, stage.server.notify(DEVICE, { uiMode: 3 }) ?? "");
    const args = ["notify", "--state", stage.state, file, "--json", "--confirm"];
    const refused = await scomo([...args, "no"]);
    expect(refused.exit).toBe(0);
    expect(document<Run>(refused.stdout, "run")).toMatchObject({ jobs: [], sessions: 0 });
  });

  test.each([
    ["no bytes", ""], ["other bytes", "hello, this is no notification at all"],
  ])("notify: %s end with 2 and start nothing", async (_, bytes) => {
    const file = stage.in("notification.bin");
    writeFileSync(file, bytes);
    const ran = await scomo(["notify", "--state", stage.state, file, "--json"]);
    expect(ran).toMatchObject({ exit: 2, stdout: "" });
    expect(ran.stderr).toContain("notification");
  });
});
