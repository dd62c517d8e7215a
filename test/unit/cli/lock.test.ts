import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lockState } from "../../../host/cli/lock.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "scomo-lock-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lockFile = (): string => join(folder, "lock");

describe("lockState", () => {
  test("lockState: a second lock fails and names the holder", () => {
    const unlock = lockState(folder, "connect");
    expect(() => lockState(folder, "status")).toThrow(
      new RegExp(`in use by process ${process.pid} \\(scomo connect\\)`),
    );
    unlock();
    lockState(folder, "status")();
    expect(existsSync(lockFile())).toBe(false);
  });

  test("lockState: the lock of a process that is gone is taken over", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await new Promise((resolve) => child.once("exit", resolve));
    writeFileSync(lockFile(), JSON.stringify({ pid: child.pid, started: "1", command: "connect" }));
    const unlock = lockState(folder, "status");
    expect(JSON.parse(readFileSync(lockFile(), "utf8"))).toMatchObject({ pid: process.pid });
    unlock();
  });

  test.runIf(existsSync("/proc/self/stat"))(
    "lockState: a process with the same id that started later is not the holder",
    () => {
      const holder = { pid: process.pid, started: "1", command: "connect" };
      writeFileSync(lockFile(), JSON.stringify(holder));
      lockState(folder, "status")();
    },
  );

  test.each(["", "{", "[]", "null", "{\"pid\":\"1\"}"])(
    "lockState: a lock that holds %j is nobody's",
    (text) => {
      writeFileSync(lockFile(), text);
      lockState(folder, "status")();
      expect(existsSync(lockFile())).toBe(false);
    },
  );
});
