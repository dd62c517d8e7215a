// Fuzzes the core as C, guided by coverage: wasm2c, clang, libFuzzer. docs/testing.md says more.
//
//   npm run fuzz                        all targets, 30 s each
//   npm run fuzz -- --seconds 300 message
//   npm run fuzz -- --replay test/fuzz/findings/message/crash-...
//   npm run fuzz -- --minimise          what covers anything of all that was found into corpora/
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { cpus } from "node:os";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** What a target is made of, and the longest input that libFuzzer makes. */
const TARGETS = {
  wbxml: { parts: ["wbxml", "memory"], module: "syncml", bytesMax: 4096 },
  message: { parts: ["message", "drive", "host", "memory"], module: "core", bytesMax: 8192 },
  notification: {
    parts: ["notification", "drive", "host", "memory", "digest"], module: "core", bytesMax: 512,
  },
  bootstrap: { parts: ["bootstrap", "drive", "host", "memory"], module: "core", bytesMax: 4096 },
  package: {
    parts: ["package", "drive", "host", "memory", "digest"], module: "core", bytesMax: 4096,
  },
};
const MODULES = { core: "build/core.debug.wasm", syncml: "build/test/syncml.debug.wasm" };
const SOURCES = "test/fuzz/native";
const BUILT = "build/fuzz";
const SEED = 20260701;
/** One input that takes longer is a finding. */
const INPUT_SECONDS_MAX = 10;
const JOBS = Math.min(2, cpus().length);
const WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-function"];

process.chdir(fileURLToPath(new URL("../../..", import.meta.url)));
process.exitCode = await main(process.argv.slice(2));

async function main(argv) {
  const option = (name) => (argv.includes(name) ? argv[argv.indexOf(name) + 1] : undefined);
  const replayed = option("--replay");
  const seconds = Number(option("--seconds") ?? 30);
  const named = argv.filter((word) => word in TARGETS);
  const targets = named.length > 0 ? named : Object.keys(TARGETS);
  if (spawnSync("clang", ["--version"]).status !== 0) {
    console.log("There is no clang: apt-get install clang libclang-rt-14-dev");
    return 1;
  }
  await build();
  if (replayed !== undefined) return replay(basename(dirname(replayed)), replayed);
  if (argv.includes("--minimise")) return minimise(targets);
  const results = await inParallel(targets, (target) => fuzz(target, seconds));
  console.log(`\n${"target".padEnd(14)}    runs   runs/s    edges  inputs  outcome`);
  for (const result of results) console.log(rowOf(result));
  return results.every(({ isOk }) => isOk) ? 0 : 1;
}

// --- Building

async function build() {
  mkdirSync(`${BUILT}/seeds`, { recursive: true });
  must(process.execPath, ["build.mjs", "--core"]);
  must(process.execPath, ["build.mjs", "--module", "syncml"]);
  must("npx", [
    "esbuild", `${SOURCES}/images.ts`, "--bundle", "--platform=node", "--format=esm",
    "--packages=external", `--outfile=${BUILT}/images.mjs`, "--log-level=warning",
  ]);
  must(process.execPath, [`${BUILT}/images.mjs`]);
  await inParallel(Object.entries(MODULES), ([name, wasm]) => translate(name, wasm));
  const parts = [...new Set(Object.values(TARGETS).flatMap((target) => target.parts))];
  for (const part of parts) compile(`${SOURCES}/${part}.c`, part, WARNINGS);
  for (const [name, { parts: own, module }] of Object.entries(TARGETS)) {
    const objects = [...own, module].map((part) => `${BUILT}/${part}.o`);
    must("clang", ["-fsanitize=fuzzer", ...objects, "-lm", "-o", `${BUILT}/${name}`]);
  }
}

async function translate(name, wasm) {
  const output = `${BUILT}/${name}.c`;
  if (isNewer(`${BUILT}/${name}.o`, [wasm, `${SOURCES}/wasm-rt.h`])) return;
  must("npx", ["wasm2c", wasm, "-n", name, "-o", output]);
  compile(output, name, ["-w"]);
}

/** Only the core is to guide the fuzzer, not the host around it. */
function compile(source, name, flags) {
  const guides =
    name in MODULES
      ? ["-fsanitize=fuzzer-no-link", `-fsanitize-coverage-ignorelist=${SOURCES}/ignore.txt`]
      : [];
  must("clang", [
    "-std=gnu11", "-O2", "-g1", ...guides, ...flags, `-I${SOURCES}`, `-I${BUILT}`, "-c", source,
    "-o", `${BUILT}/${name}.o`,
  ]);
}

function isNewer(output, sources) {
  if (!existsSync(output)) return false;
  return sources.every((source) => statSync(source).mtimeMs < statSync(output).mtimeMs);
}

function must(command, args) {
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}`);
}

// --- Running

function foldersOf(target) {
  const found = `${BUILT}/corpus/${target}`;
  mkdirSync(found, { recursive: true });
  mkdirSync(`test/fuzz/corpora/${target}`, { recursive: true });
  return [found, `test/fuzz/corpora/${target}`, `${BUILT}/seeds/${target}`];
}

async function fuzz(target, seconds) {
  const findings = `test/fuzz/findings/${target}`;
  mkdirSync(findings, { recursive: true });
  const { code, output } = await run(`${BUILT}/${target}`, [
    `-seed=${SEED}`, `-max_total_time=${seconds}`, `-timeout=${INPUT_SECONDS_MAX}`,
    `-max_len=${TARGETS[target].bytesMax}`, `-artifact_prefix=${findings}/`,
    "-print_final_stats=1", "-verbosity=1", "-close_fd_mask=0", ...foldersOf(target),
  ]);
  const found = /Test unit written to (\S+)/.exec(output)?.[1];
  if (code !== 0) console.log(output.split("\n").slice(-60).join("\n"));
  const last = (pattern) => Number([...output.matchAll(pattern)].at(-1)?.[1] ?? 0);
  return {
    target, isOk: code === 0, found, seconds,
    runs: last(/number_of_executed_units: (\d+)/g), edges: last(/ cov: (\d+)/g),
    total: last(/Loaded \d+ modules\s+\((\d+) inline/g), inputs: last(/ corp: (\d+)/g),
  };
}

function rowOf({ target, isOk, found, seconds, runs, edges, total, inputs }) {
  const numbers = [runs, Math.round(runs / seconds), `${edges}/${total}`, inputs];
  const cells = numbers.map((number) => String(number).padStart(8)).join(" ");
  return `${target.padEnd(14)}${cells}  ${isOk ? "nothing found" : `FOUND ${found ?? "?"}`}`;
}

async function replay(target, file) {
  const { code, output } = await run(`${BUILT}/${target}`, [file]);
  console.log(output);
  return code === 0 ? 0 : 1;
}

/** Keeps the fewest inputs that cover all that any covers. */
async function minimise(targets) {
  for (const target of targets) {
    const [found, kept, seeds] = foldersOf(target);
    const fresh = `${BUILT}/fresh/${target}`;
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true });
    const { code, output } = await run(`${BUILT}/${target}`, [
      "-merge=1", `-max_len=${TARGETS[target].bytesMax}`, fresh, kept, found, seeds,
    ]);
    if (code !== 0) {
      console.log(output);
      return 1;
    }
    rmSync(kept, { recursive: true });
    must("cp", ["-r", fresh, kept]);
    console.log(`${target}: ${readdirSync(kept).length} inputs`);
  }
  return 0;
}

async function inParallel(items, work) {
  const queue = [...items.entries()];
  const results = [];
  const runOne = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      results[next[0]] = await work(next[1]);
    }
  };
  await Promise.all(Array.from({ length: JOBS }, runOne));
  return results;
}

function run(command, args) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const take = (chunk) => (output += chunk);
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ code: -1, output: String(error) }));
    child.on("close", (code) => resolve({ code, output }));
  });
}
