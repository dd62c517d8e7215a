// `--max-msg-size`: each of its bounds, and the core that a device above 4,096 has.
import { readFileSync, rmSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DeviceStatus, JobReport } from "../../../host/index.ts";
import { document, scomo } from "./harness.ts";
import { makeStage, NEW } from "./stage.ts";
import type { Stage } from "./stage.ts";

type Run = DeviceStatus & { jobs: JobReport[] };

let stage: Stage;
beforeEach(async () => {
  stage = await makeStage();
});
afterEach(() => stage.close());

describe("--max-msg-size", () => {
  test.each([512, 4096, 4097, 16_384])("%i: announced, and the update runs", async (bytes) => {
    expect(
      await stage.provision("--max-msg-size", String(bytes)),
    ).toMatchObject({ exit: 0, stderr: "" });
    const trace = stage.in("trace.jsonl");
    const ran = await scomo([
      "connect", "--state", stage.state, "--confirm", "yes", "--json", "--trace", trace,
    ]);
    expect(ran.exit).toBe(0);
    const run = document<Run>(ran.stdout, "run");
    expect(run.jobs.map(({ result }) => result)).toEqual([1200, 1200]);
    expect(stage.files()).toEqual(NEW);
    const messages = readFileSync(trace, "utf8").trim().split("\n").map((line) => {
      return JSON.parse(line) as { direction: string; hex: string; xml: string };
    });
    for (const { direction, hex, xml } of messages) {
      if (direction === "in") expect(hex.length / 2).toBeLessThanOrEqual(bytes);
      else expect(xml).toMatch(new RegExp(`<MaxMsgSize[^>]*>${bytes}</MaxMsgSize>`));
    }
    const status = await scomo(["status", "--state", stage.state, "--json"]);
    expect(document<Run>(status.stdout, "status").operation).toBeNull();
  });

  test.each(["511", "16385", "4 KiB", "-1"])("%s: exit 2, nothing is made", async (bytes) => {
    expect(await stage.provision("--max-msg-size", bytes)).toMatchObject({ exit: 2, stdout: "" });
    rmSync(stage.state, { recursive: true, force: true });
    expect((await stage.provision()).exit).toBe(0);
  });
});
