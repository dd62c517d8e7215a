// Every way for the two to prove themselves, through the command line and the reference server.
import { writeFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import type { DeviceStatus, JobReport } from "../../../host/index.ts";
import { document, scomo } from "./harness.ts";
import { DEVICE, makeStage, NEW, policyOf } from "./stage.ts";
import type { Stage } from "./stage.ts";

type Run = DeviceStatus & { jobs: JobReport[]; sessions: number };
type Auth = "md5" | "basic" | "mac";

let stage: Stage;
afterEach(() => stage.close());

const account = (auth: Auth, eachMessage: boolean) => ({
  accounts: { [DEVICE]: { user: "u", password: "correct horse", auth, eachMessage } },
});
const server = (auth: Auth) => ({ server: { user: "dms", password: "battery", auth } });

async function connect(...args: string[]) {
  return scomo([
    ...(args.length > 0 ? args : ["connect"]), "--state", stage.state, "--json", "--confirm", "yes",
  ]);
}

function expectInstalled(stdout: string): void {
  const run = document<Run>(stdout, "run");
  expect(run.jobs.map(({ result }) => result)).toEqual([1200, 1200]);
  expect(run.outbox).toEqual([]);
  expect(stage.files()).toEqual(NEW);
  expect(stage.server.status().devices.map(({ deviations }) => deviations)).toEqual([[]]);
}

describe("login", () => {
  test.each([
    { auth: "mac", presents: "mac", eachMessage: false, flags: ["--auth", "mac"] },
    { auth: "md5", presents: "md5", eachMessage: true, flags: [] },
    {
      auth: "basic", presents: "basic", eachMessage: true,
      flags: ["--auth", "basic", "--server-auth", "basic"],
    },
    {
      auth: "mac", presents: "md5", eachMessage: false,
      flags: ["--auth", "mac", "--server-auth", "md5"],
    },
  ] as const)("the client by $auth, the server by $presents: installs, in the next session too",
    async ({ auth, presents, eachMessage, flags }) => {
      const base = policyOf();
      stage = await makeStage({ ...base, ...account(auth, eachMessage), ...server(presents) });
      expect(await stage.provision(...flags)).toMatchObject({ exit: 0, stderr: "" });
      const ran = await connect();
      expect(ran).toMatchObject({ exit: 0 });
      expectInstalled(ran.stdout);
      const again = await connect();
      expect(again.exit).toBe(0);
      expect(document<Run>(again.stdout, "run")).toMatchObject({ jobs: [], sessions: 1 });
    });

  test("a client of --auth mac is asked for md5: it does not answer, exit 3", async () => {
    stage = await makeStage(policyOf());
    const flags = ["--auth", "mac", "--server-auth", "md5"];
    expect(await stage.provision(...flags)).toMatchObject({ exit: 0 });
    const ran = await connect();
    expect(ran.exit).toBe(3);
    expect(ran.stderr).toContain("refused");
  });

  test("a server that has lost its nonce notifies by resynchronisation, with MAC", async () => {
    stage = await makeStage({ ...policyOf(), ...account("mac", false), ...server("mac") });
    expect(await stage.provision("--auth", "mac")).toMatchObject({ exit: 0 });
    writeFileSync(stage.in("notice"), stage.server.notify(DEVICE, { isResync: true })!);
    const ran = await connect("notify", stage.in("notice"));
    expect(ran).toMatchObject({ exit: 0 });
    expectInstalled(ran.stdout);
  });

  test("connect --server-id: a server of which there is no account: exit 2", async () => {
    stage = await makeStage();
    expect(await stage.provision()).toMatchObject({ exit: 0 });
    const ran = await connect("connect", "--server-id", "other.example");
    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain("other.example");
    const right = await connect("connect", "--server-id", "dms.example");
    expect(right.exit).toBe(0);
  });
});
