// npm run size: prints what the core costs, against the budget and against the last commit.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { measure, type Sizes } from "./measure.ts";

interface Budget {
  readonly core: { limit: number; goal: number };
  readonly staticMemory: { limit: number; goal: number };
  readonly folders: Record<string, number>;
}

const HEAD = "build/head";
const budget = JSON.parse(readFileSync("test/size/budget.json", "utf8")) as Budget;
const now = await measure("build/core.wasm", "build/core.names.wasm");
const before = await measureHead();

row("core.wasm", "bytes", "change", "limit");
row(
  "raw",
  now.raw,
  change(now.raw, before?.raw),
  `${budget.core.limit} (goal ${budget.core.goal})`,
);
row("gzip", now.gzip, change(now.gzip, before?.gzip), "");
row("brotli", now.brotli, change(now.brotli, before?.brotli), "");
console.log();
row("code by folder", "bytes", "change", "limit");
for (const folder of new Set([...Object.keys(budget.folders), ...now.folders.keys()])) {
  const bytes = now.folders.get(folder) ?? 0;
  row(folder, bytes, change(bytes, before?.folders.get(folder)), budget.folders[folder] ?? "");
  if (process.argv.includes("--files")) printFiles(folder);
}
row("data segments", now.dataBytes, change(now.dataBytes, before?.dataBytes), "");
row("everything else", now.otherBytes, change(now.otherBytes, before?.otherBytes), "");
console.log();
row("linear memory", "bytes", "change", "limit");
const { limit, goal } = budget.staticMemory;
// The module holds no allocator (test/tidy/module.test.ts): nothing above static memory is ever in
// use.
row(
  "high-water mark",
  now.heapBase,
  change(now.heapBase, before?.heapBase),
  `${limit} (goal ${goal})`,
);
for (const [profile, title] of [
  ["core-small", "with 8 components"],
  ["core-large", "with 16 KiB messages"],
] as const) {
  const { heapBase } = await measure(`build/${profile}.wasm`, `build/${profile}.names.wasm`);
  row(title, heapBase, "", "");
}

function printFiles(folder: string): void {
  const files = [...now.files].filter(([file]) => file.startsWith(`${folder}/`));
  for (const [file, bytes] of files.sort(([, a], [, b]) => b - a)) {
    row(`  ${file.slice(folder.length + 1)}`, bytes, change(bytes, before?.files.get(file)), "");
  }
}

/**
 * The core of the last commit, or undefined outside a repository or where that does not compile.
 */
async function measureHead(): Promise<Sizes | undefined> {
  try {
    rmSync(HEAD, { recursive: true, force: true });
    mkdirSync(HEAD, { recursive: true });
    const archive = execFileSync("git", ["archive", "HEAD", "assembly", "asconfig.json"], {
      stdio: "pipe",
    });
    execFileSync("tar", ["-x", "-C", HEAD], { input: archive, stdio: "pipe" });
    compileHead("core.wasm");
    compileHead("core.names.wasm", "--debug");
    return await measure(`${HEAD}/core.wasm`, `${HEAD}/core.names.wasm`);
  } catch {
    return undefined;
  }
}

function compileHead(output: string, ...options: string[]): void {
  const asc = [
    "../../node_modules/assemblyscript/bin/asc.js",
    "assembly/index.ts",
    "--target",
    "release",
  ];
  execFileSync(process.execPath, [...asc, "-o", output, ...options], { cwd: HEAD, stdio: "pipe" });
}

function change(bytes: number, bytesBefore: number | undefined): string {
  if (bytesBefore === undefined || bytesBefore === bytes) return "";
  return bytes > bytesBefore ? `+${bytes - bytesBefore}` : String(bytes - bytesBefore);
}

function row(
  name: string,
  bytes: number | string,
  difference: string,
  limit: number | string,
): void {
  console.log(
    `${name.padEnd(24)}${String(bytes).padStart(8)}${difference.padStart(8)}  ${limit}`.trimEnd(),
  );
}
