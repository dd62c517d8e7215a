import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { document, scomo } from "./harness.ts";
import { DEVICE, makeStage, policyOf } from "./stage.ts";
import type { Stage } from "./stage.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await makeStage(policyOf(null));
});
afterEach(() => stage.close());

interface Served {
  lines: string[];
  url: string;
  stop: () => Promise<number | null>;
}

/** Starts `scomo serve` and waits for its first line. */
async function serve(...args: string[]): Promise<Served> {
  const child = spawn(process.execPath, [resolve("build/cli.js"), "serve", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  let rest = "";
  const ended = new Promise<number | null>((end) => child.once("close", end));
  const url = await new Promise<string>((first) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts);
      if (lines[0] !== undefined) first(lines[0]);
    });
  });
  const stop = (): Promise<number | null> => {
    child.kill("SIGINT");
    return ended;
  };
  return { lines, url, stop };
}

describe("serve", () => {
  test("serve --json: the URL first, then events; /status and /notify answer", async () => {
    mkdirSync(stage.in("other"));
    writeFileSync(stage.in("other/policy.json"), JSON.stringify(policyOf({ urgent: true })));
    const served = await serve(
      "--policy", stage.in("other/policy.json"), "--packages", stage.in("packages"),
      "--port", "0", "--json",
    );
    const { url } = document<{ url: string }>(served.url, "serveStart");
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    await stage.provision("--server", `${url}/dm`);
    const ran = await scomo(["connect", "--state", stage.state, "--confirm", "yes", "--json"]);
    expect(ran.exit).toBe(0);
    const status = (await (await fetch(`${url}/status`)).json()) as {
      devices: { id: string; results: { code: number }[]; deviations: string[] }[];
    };
    expect(status.devices.map(({ id }) => id)).toEqual([DEVICE]);
    expect(status.devices[0]?.results.map(({ code }) => code)).toEqual([1200, 1200]);
    expect(status.devices[0]?.deviations).toEqual([]);
    const { sessions } = (await (await fetch(`${url}/sessions`)).json()) as {
      sessions: { device: string; state: string; deviations: object[] }[];
    };
    expect(sessions.length).toBeGreaterThan(1);
    for (const session of sessions) {
      expect(session).toMatchObject({ device: DEVICE, state: "ended", deviations: [] });
    }
    const notified = await fetch(`${url}/notify/${encodeURIComponent(DEVICE)}`, { method: "POST" });
    expect((await notified.arrayBuffer()).byteLength).toBe(24 + "dms.example".length);
    expect(await served.stop()).toBe(130);
    const events = served.lines.slice(1)
      .map((line) => document<{ kind: string }>(line, "serveEvent").kind);
    for (const kind of ["auth", "session", "inventory", "order", "alert", "order-done", "report"]) {
      expect(events).toContain(kind);
    }
  });

  test("serve --strict: the URL alone in its line, then a report for each session", async () => {
    writeFileSync(stage.in("policy.json"), JSON.stringify(policyOf(null)));
    const served = await serve("--policy", stage.in("policy.json"), "--port", "0", "--strict");
    expect(served.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    await stage.provision("--server", `${served.url}/dm`);
    expect((await scomo(["connect", "--state", stage.state])).exit).toBe(0);
    expect(await served.stop()).toBe(130);
    const reports = served.lines.filter((line) => line.includes("deviation"));
    expect(reports.length).toBeGreaterThan(0);
    for (const line of reports) {
      expect(line).toMatch(/Session [0-9A-F]+ ended: \d+ messages, 0 deviations$/);
    }
  });
});
