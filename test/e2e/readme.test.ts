// Runs what README.md tells a newcomer to type, in an empty folder where the package is installed.
//
//   ```sh          all of these are one script, run in order; `&` is allowed
//   ```text output lines that the script printed, in order; `…` stands for anything, alone for any
//   lines
//   ```ts          a program of its own, run by Node
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { transform } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Block, blocksOf } from "../helpers/markdown.ts";

const run = promisify(execFile);
const ROOT = resolve(".");
/** What a clone needs before anything runs; the test run itself is the proof of these. */
const FIRST = /^(git clone|cd |npm (ci|start|test|run|install)|npm ci)/;
const SHOWN = ["text", "text output", "json"];
const SCRIPT_MS_MAX = 60_000;

describe("README.md", async () => {
  const blocks = blocksOf(await readFile("README.md", "utf8"));
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "readme-"));
    await mkdir(join(folder, "node_modules/.bin"), { recursive: true });
    await symlink(ROOT, join(folder, "node_modules/scomo-wasm"));
    await symlink(join(ROOT, "build/cli.js"), join(folder, "node_modules/.bin/scomo"));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("blocks: each is a script, its output, a program or data", () => {
    const unknown = blocks.filter(({ info }) => !["sh", "ts", ...SHOWN].includes(info));
    expect(unknown.map(({ info, line }) => `line ${line}: ${info}`)).toEqual([]);
  });

  it("commands: run as they stand, and print what is shown", { timeout: 120_000 }, async () => {
    const commands = linesOf(blocks, "sh").filter((line) => !FIRST.test(line));
    const script = ["trap 'kill $(jobs -p) 2>/dev/null || true' EXIT", ...commands].join("\n");
    const path = `${join(folder, "node_modules/.bin")}:${process.env["PATH"]}`;
    const { stdout } = await run("bash", ["-euo", "pipefail", "-c", script], {
      cwd: folder,
      env: { ...process.env, PATH: path },
      timeout: SCRIPT_MS_MAX,
    });
    for (const block of blocks.filter(({ info }) => info === "text output")) {
      expect(stdout).toMatch(patternOf(block));
    }
  });

  it.each(blocks.filter(({ info }) => info === "ts"))(
    "program in line $line: runs",
    async ({ lines, line }) => {
      const { code } = await transform(lines.join("\n"), { loader: "ts", format: "esm" });
      const path = join(folder, `line-${line}.mjs`);
      await writeFile(path, code);
      await run(process.execPath, ["--preserve-symlinks", path], {
        cwd: folder,
        timeout: SCRIPT_MS_MAX,
      });
    },
  );
});

function linesOf(blocks: readonly Block[], info: string): string[] {
  return blocks.filter((block) => block.info === info).flatMap(({ lines }) => lines);
}

function patternOf({ lines }: Block): RegExp {
  const quoted = lines.map((line) =>
    line.trim() === "…"
      ? "[^]*?"
      : line
          .split("…")
          .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
          .join(".*?") + "\\n",
  );
  return new RegExp(quoted.join(""));
}
