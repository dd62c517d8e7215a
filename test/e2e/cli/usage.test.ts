import { describe, expect, test } from "vitest";
import { scomoProcess } from "./harness.ts";

describe("usage", () => {
  test.each([[], ["frobnicate"], ["pack", "a.json"]])(
    "scomo %j: the process ends with 2 and the usage line",
    async (...args) => {
      const ran = await scomoProcess(args);
      expect(ran).toMatchObject({ exit: 2, stdout: "" });
      expect(ran.stderr).toMatch(/^Usage: scomo /m);
    },
  );

  test("scomo --help: the process ends with 0 and lists every command", async () => {
    const ran = await scomoProcess(["--help"]);
    expect(ran).toMatchObject({ exit: 0, stderr: "" });
    for (const command of ["provision", "connect", "notify", "status", "tree", "serve", "demo"]) {
      expect(ran.stdout).toMatch(new RegExp(`^  ${command} `, "m"));
    }
  });
});
