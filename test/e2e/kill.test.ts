// Real processes: `connect` of a bound install is killed at a random moment, then run again until
// all is done. What it left is read with the second reader of the journal.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJournal } from "../helpers/journal.ts";
import { pack, type Release, release, TRUST } from "../helpers/world-content.ts";
import { sha256 } from "../helpers/world.ts";
import { makeFolder, scomo, scomoProcess } from "./cli/harness.ts";

const DEVICES = 50;
/** Devices that are busy at the same time. */
const LANES = 4;
/** Every so many of them, the new antivirus says that it is not well. */
const SICK_EACH = 4;
/** Kills that must have hit an open operation. */
const HITS_MIN = 40;
const TIME_MS = 400_000;

const OLD: readonly Release[] = [
  release("jvm", "8.1.0", 100_000),
  release("antivirus", "4.0.7", 90_000),
];
const NEW: readonly Release[] = [
  release("jvm", "8.2.0", 110_000),
  release("antivirus", "5.0.0", 95_000),
];

const folder = makeFolder();
let server: ChildProcess;
let url = "";
/** How long an install takes from PLAN to OUTCOME where nobody kills it. */
let windowMs = 0;

beforeAll(async () => {
  writeFileSync(folder.in("bundle.suit"), pack(NEW));
  writeFileSync(folder.in("key.pem"), TRUST.key.export({ format: "pem", type: "spki" }));
  for (const { id, content } of OLD) writeFileSync(folder.in(id), content);
  const components = Object.fromEntries(NEW.map(({ id, version }) => [id, version]));
  const wanted = [{ bind: "package", package: "bundle.suit", components, urgent: true }];
  const policy = { serverId: "dms.example", accounts: { "*": { auth: "none" } }, wanted };
  writeFileSync(folder.in("policy.json"), JSON.stringify(policy));
  const isSick = '[ "$1 $2 $3" = "health antivirus 5.0.0" ] && exit 1';
  writeHook("well", "");
  writeHook("sick", isSick);
  const args = ["serve", "--policy", folder.in("policy.json"), "--port", "0", "--json"];
  server = spawn(process.execPath, ["build/cli.js", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [first] = await once(createInterface({ input: server.stdout! }), "line");
  url = (JSON.parse(String(first)) as { url: string }).url;
});

afterAll(() => {
  server.kill("SIGKILL");
  folder.remove();
});

/** A hook that takes its time, so that there is a window to hit. */
function writeHook(name: string, line: string): void {
  writeFileSync(folder.in(name), `#!/bin/sh\nsleep 0.04\n${line}\nexit 0\n`);
  chmodSync(folder.in(name), 0o755);
}

const isSick = (device: number): boolean => device % SICK_EACH === SICK_EACH - 1;
const stateOf = (device: number): string => folder.in(`device-${device}`);

async function provision(device: number): Promise<void> {
  const components = OLD.flatMap(({ id, version }) => [
    "--component", `${id}=${version}=${folder.in(id)}`,
  ]);
  // One in a process of its own is proof enough: that takes longer to start than to work.
  const run = device === 0 ? scomoProcess : scomo;
  const { exit, stderr } = await run([
    "provision", "--state", stateOf(device), "--server", `${url}/dm`, "--device-id", `D:${device}`,
    "--server-id", "dms.example", "--trust", folder.in("key.pem"), "--journal-bytes", "24576",
    "--slots", "6", "--slot-bytes", "262144", ...components,
  ]);
  expect(exit, stderr).toBe(0);
}

function connect(device: number, onStart?: (child: ChildProcess) => void) {
  const hook = folder.in(isSick(device) ? "sick" : "well");
  const args = ["connect", "--state", stateOf(device), "--confirm", "yes", "--hook", hook];
  return scomoProcess([...args, "--json"], onStart);
}

type Progress = "before" | "planned" | "committed" | "rolling" | "after";

const lastSeen = new Map<number, { regions: Buffer[]; progress: Progress }>();

/** How far the journal of a device says that its install is. */
function progressOf(device: number): Progress {
  const regions = ["j0", "j1"].map((name) => readFileSync(join(stateOf(device), name)));
  const last = lastSeen.get(device);
  if (last && regions.every((bytes, i) => bytes.equals(last.regions[i]!))) return last.progress;
  const progress = readProgress(regions);
  lastSeen.set(device, { regions, progress });
  return progress;
}

function readProgress(regions: readonly Uint8Array[]): Progress {
  let progress: Progress = "before";
  for (const { type, payload } of readJournal(regions, 1)?.records ?? []) {
    if (type === 0x03) progress = (["planned", "committed", "rolling"] as const)[payload[6]!]!;
    if (type === 0x10) progress = "planned";
    if (type === 0x11) progress = "committed";
    if (type === 0x13) progress = "rolling";
    if (type === 0x04 || type === 0x14 || type === 0x15) progress = "after";
    // Without an operation and an outcome, a version that is new tells of one that was accepted.
    if (type === 0x02 && payload[2]! > 1 && progress === "before") progress = "after";
  }
  return progress;
}

const ORDER: readonly Progress[] = ["before", "planned", "committed", "rolling", "after"];

/** Waits until the journal says that the install has come so far, or the process has ended. */
async function until(progress: Progress, device: number, child: ChildProcess): Promise<void> {
  const isBefore = () => ORDER.indexOf(progressOf(device)) < ORDER.indexOf(progress);
  while (child.exitCode === null && isBefore()) await delay(5);
}

/** Devices take turns: one is killed while it is planned, one while committed or rolling. */
function targetOf(device: number): Progress {
  if (isSick(device) && device % (2 * SICK_EACH) < SICK_EACH) return "rolling";
  return device % 2 === 0 ? "planned" : "committed";
}

/** Kills `connect` a random time behind its target. @returns how far the install had come */
async function connectAndKill(device: number): Promise<Progress> {
  let killed: Promise<void> = Promise.resolve();
  const ran = connect(device, (child) => {
    killed = (async () => {
      await until(targetOf(device), device, child);
      await delay((Math.random() * windowMs) / 3);
      child.kill("SIGKILL");
    })();
  });
  await Promise.all([ran, killed]);
  return progressOf(device);
}

async function measureWindow(device: number): Promise<number> {
  let startedMs = 0;
  const ran = connect(device, (child) => {
    void until("planned", device, child).then(() => (startedMs = performance.now()));
  });
  let endedMs = 0;
  const watching = (async () => {
    while (progressOf(device) !== "after") await delay(5);
    endedMs = performance.now();
  })();
  const { exit, stderr } = await ran;
  expect(exit, stderr).toBe(0);
  await watching;
  return endedMs - startedMs;
}

interface Status {
  inventory: { deployed: { id: string; version: string; sha256: string }[] };
  operation: unknown;
  outbox: unknown[];
}

/** Connects until there is nothing left to do. */
async function finish(device: number): Promise<Status> {
  for (let runs = 0; runs < 4; runs++) {
    const { exit, stdout, stderr } = await connect(device);
    expect([0, 1], stderr).toContain(exit);
    const status = JSON.parse(stdout) as Status;
    const isOwed = status.operation !== null || status.outbox.length > 0;
    if (!isOwed && (await resultsOf(device)).length > 0) return status;
  }
  throw new Error(`device ${device} has something left to do after four runs`);
}

async function resultsOf(device: number): Promise<{ identifier: string; code: number }[]> {
  const { devices } = (await (await fetch(`${url}/status`)).json()) as {
    devices: { id: string; results: { identifier: string; code: number }[] }[];
  };
  return devices.find(({ id }) => id === `D:${device}`)?.results ?? [];
}

const labelOf = (list: readonly { id: string; version: string }[]): string =>
  list
    .map(({ id, version }) => `${id} ${version}`)
    .sort()
    .join(", ");

/** What is wrong with a device that is done. */
async function faultsOf(device: number, status: Status): Promise<string[]> {
  const faults: string[] = [];
  const wanted = isSick(device) ? OLD : NEW;
  const { deployed } = status.inventory;
  if (labelOf(deployed) !== labelOf(wanted)) faults.push(`in force: ${labelOf(deployed)}`);
  const active = join(stateOf(device), "active");
  for (const { id, content } of wanted) {
    const digest = sha256(readFileSync(join(active, id)));
    if (digest !== sha256(content)) faults.push(`active/${id} is another file`);
    const inForce = deployed.find((entry) => entry.id === id);
    if (digest !== inForce?.sha256) faults.push(`status of ${id}`);
  }
  if (readdirSync(active).length !== wanted.length) faults.push("active/ holds something else");
  const results = (await resultsOf(device)).map(({ identifier, code }) => `${identifier} ${code}`);
  const expected = isSick(device) ? ["bundle 1405"] : ["antivirus 1200", "jvm 1200"];
  if (results.sort().join() !== expected.join()) faults.push(`results: ${results.join()}`);
  return faults.map((fault) => `device ${device}: ${fault}`);
}

describe("connect, killed at any moment", () => {
  it(
    `${DEVICES} bound installs: each ends all old or all new, with one outcome at the server`,
    async () => {
      const startedMs = performance.now();
      await provision(0);
      windowMs = await measureWindow(0);
      const hits = new Map<Progress, number>();
      const faults: string[] = [];
      let next = 1;
      const lane = async (): Promise<void> => {
        for (let device = next++; device <= DEVICES; device = next++) {
          await provision(device);
          const progress = await connectAndKill(device);
          hits.set(progress, (hits.get(progress) ?? 0) + 1);
          faults.push(...(await faultsOf(device, await finish(device))));
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
      const seconds = Math.round((performance.now() - startedMs) / 1000);
      const where = [...hits].map(([progress, count]) => `${count} ${progress}`).join(", ");
      console.log(`killed where the operation was: ${where}; ${seconds} s`);
      expect(faults).toEqual([]);
      const open = ["planned", "committed", "rolling"] as const;
      const inside = open.reduce((sum, progress) => sum + (hits.get(progress) ?? 0), 0);
      expect(inside).toBeGreaterThanOrEqual(HITS_MIN);
    },
    TIME_MS,
  );
});
