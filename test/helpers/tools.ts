// Programs of the machine that a test calls; test/run.mjs installs them, and in CI none may be
// missing.
import { spawnSync } from "node:child_process";

/** Whether `command` can be called: `describe.skipIf(!hasTool("tshark"))`. */
export function hasTool(command: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;
}
