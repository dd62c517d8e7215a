import { describe, expect, test } from "vitest";
import type { CaseReport } from "../../../host/demo/run.ts";
import { document, scomo, scomoProcess } from "./harness.ts";

interface Demo {
  ok: boolean;
  flows: CaseReport[];
}

// What the server must have received in each case, and what the files must be at its end.
const EXPECTED: readonly [flow: string, name: string, codes: number[], files: string][] = [
  ["normal", "normal", [1200, 1200], "all new"],
  ["alternative-1", "outdated device", [1200, 1200], "all new"],
  ["alternative-1", "current device", [], "all new"],
  ["alternative-2", "one package", [1200, 1200], "all new"],
  ["alternative-2", "atomic of two", [1200, 1200, 1200, 1200], "all new"],
  ["alternative-2", "second digest wrong", [1407], "all old"],
  ["alternative-2", "health fails", [1405], "all old"],
  ["alternative-2", "user refuses in session", [304, 215], "all old"],
  ["alternative-2", "user refuses the job", [1401], "all old"],
  ["alternative-2", "power cut", [1200, 1200], "all new"],
];

describe("demo", () => {
  test("demo --flow all --json: every case ends as the use case asks", async () => {
    const ran = await scomoProcess(["demo", "--flow", "all", "--json"]);
    expect(ran).toMatchObject({ exit: 0, stderr: "" });
    const { ok, flows } = document<Demo>(ran.stdout, "demo");
    expect(ok).toBe(true);
    expect(flows.map((report) => {
      return [report.flow, report.case, report.results.map(({ result }) => result), report.files];
    })).toEqual(EXPECTED);
    for (const report of flows) {
      const isCut = report.case === "power cut";
      expect(typeof report.cutAt, report.case).toBe(isCut ? "number" : "object");
      const [before, after] = [report.before, report.after].map(({ deployed }) => deployed);
      const isSame = JSON.stringify(before) === JSON.stringify(after);
      expect(isSame, report.case).toBe(report.files === "all old" || report.results.length === 0);
    }
  }, 120_000);

  test("demo --flow normal: a timeline, both inventories, the codes and the verdict", async () => {
    const ran = await scomoProcess(["demo", "--flow", "normal"]);
    expect(ran).toMatchObject({ exit: 0, stderr: "" });
    const lines = ran.stdout.split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    for (const who of ["server", "device", "user  "]) {
      expect(ran.stdout).toMatch(new RegExp(`^ *\\d+ ms  ${who}  \\S`, "m"));
    }
    expect(ran.stdout).toMatch(/^jvm +8\.1\.0 .* +8\.2\.0 /m);
    expect(ran.stdout).toContain("The server received: 1200 jvm, 1200 antivirus");
    expect(ran.stdout).toContain("Files in active/: all new");
  }, 60_000);

  test("demo: an unknown flow ends with 2", async () => {
    const ran = await scomo(["demo", "--flow", "sideways", "--json"]);
    expect(ran).toMatchObject({ exit: 2, stdout: "" });
  });
});
