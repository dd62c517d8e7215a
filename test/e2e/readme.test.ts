// Runs what README.md tells a newcomer to type, in an empty folder where the package is installed.
//
//   ```sh          all of these are one script, run in order; what it starts by `&` stays there for
//   the programs
//   ```ts          a program of its own, run by Node
//   ```ts browser  bundled for a browser, then run by Node with what a page has: `location`, files
//   beside it, and `confirm`
//   ```text output lines that the script printed, or the program if it stands behind one, in order;
//   `…` stands for anything, alone for any lines
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { build, transform } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accountNodes, bootstrapMessage } from "../../host/cli/bootstrap.ts";
import { readTrust } from "../../host/cli/keys.ts";
import { installPackage } from "../helpers/installed.ts";
import { type Block, blocksOf } from "../helpers/markdown.ts";
import { hasTool } from "../helpers/tools.ts";

const run = promisify(execFile);
const ROOT = resolve(".");
/** What a clone needs before anything runs; the test run itself is the proof of these. */
const FIRST = /^(git clone|cd |npm (ci|start|test|run|install)|npm ci)/;
const PROGRAMS = ["ts", "ts browser"];
const SHOWN = ["text", "text output", "json", "c"];
const SCRIPT_MS_MAX = 150_000;
const PROGRAM_MS_MAX = 60_000;
const END = "the script has ended";
/** Port of the README's server; the test takes a free one in its place. */
const PORT = /\b8642\b/g;

const hasOpenssl = hasTool("openssl");
const note = hasOpenssl ? "" : " (skipped: install the Debian package openssl)";

describe.skipIf(!hasOpenssl)(`README.md${note}`, async () => {
  const blocks = blocksOf(await readFile("README.md", "utf8"));
  let folder: string;
  let page: Server;
  let port: number;
  let script: ChildProcess | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "readme-"));
    await installPackage(folder);
    page = await servePage(folder);
    port = await freePort();
  });

  afterAll(async () => {
    // The whole group: the script and what it left running.
    if (script?.pid !== undefined && script.exitCode === null) process.kill(-script.pid);
    page.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("blocks: each is a script, its output, a program or data", () => {
    const unknown = blocks.filter(({ info }) => !["sh", ...PROGRAMS, ...SHOWN].includes(info));
    expect(unknown.map(({ info, line }) => `line ${line}: ${info}`)).toEqual([]);
  });

  it("commands: run as they stand, and print what is shown", async () => {
    const lines = blocks.filter(({ info }) => info === "sh").flatMap((block) => block.lines);
    const commands = lines.filter((line) => !FIRST.test(line));
    const path = `${join(folder, "node_modules/.bin")}:${process.env["PATH"]}`;
    const text = [...commands, `echo "${END}"`, "wait"].join("\n").replace(PORT, String(port));
    script = spawn("bash", ["-euo", "pipefail", "-c", text], {
      cwd: folder,
      env: { ...process.env, PATH: path },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const stdout = await outputUntilEnd(script);
    for (const block of outputsBehind(blocks, undefined)) expect(stdout).toMatch(patternOf(block));
  }, SCRIPT_MS_MAX);

  it.each(blocks.filter(({ info }) => PROGRAMS.includes(info)))(
    "program in line $line: runs, and prints what is shown",
    async (block) => {
      const path = join(folder, `line-${block.line}.mjs`);
      const source = block.lines.join("\n");
      if (block.info === "ts") {
        await writeFile(path, (await transform(source, { loader: "ts", format: "esm" })).code);
      } else {
        await provisionPage(folder, `http://127.0.0.1:${port}/dm`);
        await writeFile(path, pageHead(page) + (await bundleForBrowser(source, folder)));
      }
      const { stdout } = await run(process.execPath, ["--preserve-symlinks", path], {
        cwd: folder,
        timeout: PROGRAM_MS_MAX,
      });
      for (const shown of outputsBehind(blocks, block)) expect(stdout).toMatch(patternOf(shown));
    },
    PROGRAM_MS_MAX,
  );
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

/** What the script printed before its last line. */
function outputUntilEnd(child: ChildProcess): Promise<string> {
  let stdout = "";
  let stderr = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => void (stderr += text));
  return new Promise((end, fail) => {
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (stdout.includes(END)) end(stdout);
    });
    child.once("close", (exit) => fail(new Error(`exit ${exit}\n${stdout}\n${stderr}`)));
  });
}

/** Outputs shown behind a program, before the next one or script; without one: the script's. */
function outputsBehind(blocks: readonly Block[], program: Block | undefined): Block[] {
  let last: Block | undefined;
  return blocks.filter((block) => {
    if (PROGRAMS.includes(block.info)) last = block;
    else if (block.info === "sh") last = undefined;
    return block.info === "text output" && last === program;
  });
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

// A page and what lies beside it.

function servePage(folder: string): Promise<Server> {
  const files: Record<string, string> = {
    "/core.wasm": join(ROOT, "build/core.wasm"),
    "/bootstrap.wbxml": join(folder, "bootstrap.wbxml"),
  };
  const server = createServer((request, response) => {
    readFile(files[request.url ?? ""] ?? "").then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  return new Promise((listening) => {
    server.listen(0, "127.0.0.1", () => listening(server));
  });
}

function pageHead(page: Server): string {
  const { port } = page.address() as AddressInfo;
  return `globalThis.location = new URL("http://127.0.0.1:${port}/index.html");
globalThis.confirm = () => true;
`;
}

/** The message that provisions the page's device, for the server of the script. */
async function provisionPage(folder: string, url: string): Promise<void> {
  const { serverId, accounts, server } = JSON.parse(
    await readFile(join(folder, "policy.json"), "utf8"),
  ) as { serverId: string; accounts: Record<string, Login>; server: Login };
  const account = {
    serverId, url, auth: "md5", ...Object.values(accounts)[0]!,
    serverUser: server.user, serverPassword: server.password,
  } as const;
  const message = bootstrapMessage({
    deviceId: "IMEI:2", rootName: "SCOMO", moUrn: "urn:oma:mo:oma-scomo:1.0",
    accounts: accountNodes(account), serverIds: [serverId], clientVersion: "1", components: [],
    trust: [readTrust(join(folder, "public.pem"))],
  });
  await writeFile(join(folder, "bootstrap.wbxml"), message);
}

interface Login {
  user: string;
  password: string;
}

/** Fails where the program takes in a module of Node. */
async function bundleForBrowser(source: string, folder: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: source, loader: "ts", resolveDir: folder },
    bundle: true,
    write: false,
    platform: "browser",
    format: "esm",
    logLevel: "silent",
    preserveSymlinks: true,
  });
  return outputFiles[0]!.text;
}
