// `npm run firmware -- --sizes`: what the core and its host take on a Cortex-M3, as tables.
import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import type { Program } from "./board.ts";
import { update } from "./update.ts";

const BUILT = "build/firmware";
const BOARD = "lm3s6965evb";
const BOARD_RAM = 65_536;
/** Text and read-only data of libdmclient for a Cortex-M3, the peer that the goal names. */
const PEER_BYTES = 37_055;
const RAM_GOAL_BYTES = 32_768;
const OPTIMISED = ["-Os", "-O2"] as const;

interface Symbol {
  name: string;
  kind: string;
  bytes: number;
}

function symbolsOf(file: string): Symbol[] {
  const text = execFileSync("arm-none-eabi-nm", ["-S", file], { encoding: "utf8" });
  return [...text.matchAll(/^[0-9a-f]+ ([0-9a-f]+) (\w) (.*)$/gm)].map(([, bytes, kind, name]) => {
    return { name: name!, kind: kind!.toLowerCase(), bytes: parseInt(bytes!, 16) };
  });
}

/** Bytes of each section. */
function sectionsOf(file: string): Map<string, number> {
  const text = execFileSync("arm-none-eabi-size", ["-A", file], { encoding: "utf8" });
  const rows = [...text.matchAll(/^(\.\S+)\s+(\d+)/gm)];
  return new Map(rows.map(([, name, bytes]) => [name!, Number(bytes)]));
}

/** `session` of w2c_core_assembly0x2Fsession0x2Fturn0x2Fstep_0. */
function folderOf({ name }: Symbol): string {
  const path = name.replace(/^w2c_core_/, "").replaceAll("0x2F", "/").replaceAll("0x3A", ":");
  const folder = /assembly\/([^/]+)\/[^/]+\//.exec(path)?.[1];
  if (folder === "abi" || folder === "base") return "abi+base";
  return folder ?? "index and wasm2c's own";
}

function sumOf(symbols: readonly Symbol[]): number {
  return symbols.reduce((sum, { bytes }) => sum + bytes, 0);
}

function row(name: string, ...cells: (number | string)[]): void {
  const shown = cells.map((cell) => String(cell).padStart(12));
  console.log(name.padEnd(36) + shown.join(""));
}

function printCode(): void {
  const all = OPTIMISED.map((level) => symbolsOf(`${BUILT}/core-names/core${level}.o`));
  const code = all.map((symbols) => symbols.filter(({ kind }) => kind === "t"));
  const data = OPTIMISED.map((level) => {
    const sections = [...sectionsOf(`${BUILT}/core-names/core${level}.o`)];
    return sections.reduce((sum, [name, bytes]) => sum + (/^\.rodata/.test(name) ? bytes : 0), 0);
  });
  const folders = [...new Set(code.flat().map(folderOf))].sort();
  row("Thumb code of the core, Cortex-M3", ...OPTIMISED);
  for (const folder of folders) {
    const own = code.map((list) => list.filter((each) => folderOf(each) === folder));
    row(`  ${folder}`, ...own.map(sumOf));
  }
  row("  data segments", ...data);
  const totals = code.map((list, index) => sumOf(list) + data[index]!);
  row("  in all", ...totals);
  const wasmBytes = statSync("build/core.wasm").size;
  row(`  to the ${wasmBytes} bytes of core.wasm`, ...totals.map((each) => ratio(each, wasmBytes)));
  row(`  to libdmclient's ${PEER_BYTES} (goal: below 1)`,
    ...totals.map((each) => ratio(each, PEER_BYTES)));
  row("  largest stack frame", ...OPTIMISED.map(largestFrame));
  console.log();
}

const ratio = (one: number, other: number): string => (one / other).toFixed(2);

function largestFrame(level: string): number {
  const lines = readFileSync(`${BUILT}/core-names/core${level}.su`, "utf8").trim().split("\n");
  return Math.max(...lines.map((line) => Number(line.split("\t")[1])));
}

function printFlash(): void {
  const sections = sectionsOf(`${BUILT}/${BOARD}-firmware`);
  const text = sections.get(".text") ?? 0;
  const symbols = symbolsOf(`${BUILT}/${BOARD}-firmware`);
  const core = symbols.filter(({ name, kind }) => kind === "t" && /w2c_core|wasm2c/.test(name));
  row(`flash of ${BOARD}, core at -O2`, "bytes");
  row("  code of the core that is linked", sumOf(core));
  row("  host, port, libc, data segments", text - sumOf(core));
  row("  in all, of 262,144", text + (sections.get(".data") ?? 0));
  console.log();
}

interface Ram {
  linear: number;
  instance: number;
  host: number;
  stack: number;
  total: number;
  lines: string[];
}

async function ramOf(program: Program): Promise<Ram> {
  const file = `${BUILT}/${BOARD}-${program}`;
  const sections = sectionsOf(file);
  const symbols = symbolsOf(file);
  const bytesOf = (name: string) => sumOf(symbols.filter((each) => each.name === name));
  const [linear, instance] = [bytesOf("linear"), bytesOf("core")];
  const fixed = (sections.get(".data") ?? 0) + (sections.get(".bss") ?? 0);
  const { isOk, lines } = await update(BOARD, program);
  if (!isOk) throw new Error(`the update of ${BOARD} failed:\n${lines.join("\n")}`);
  const stack = Math.max(...lines.map((line) => Number(/ stack=(\d+)/.exec(line)?.[1] ?? 0)));
  return { linear, instance, host: fixed - linear - instance, stack, total: fixed + stack, lines };
}

async function printRam(): Promise<void> {
  const [usual, small] = [await ramOf("firmware"), await ramOf("small")];
  row(`RAM of ${BOARD} in a bound update`, "16 comp.", "8 comp.");
  const show = (name: string, of: (ram: Ram) => number) => row(`  ${name}`, of(usual), of(small));
  show("linear memory", (ram) => ram.linear);
  show("instance (globals of the core)", (ram) => ram.instance);
  show("host, port, libc", (ram) => ram.host);
  show("stack, high-water", (ram) => ram.stack);
  show("in all", (ram) => ram.total);
  row(`  to the goal of ${RAM_GOAL_BYTES}`, ...[usual, small].map(({ total }) =>
    ratio(total, RAM_GOAL_BYTES)));
  row(`  of the ${BOARD_RAM} of the board`, ...[usual, small].map(({ total }) =>
    `${Math.round((100 * total) / BOARD_RAM)} %`));
}

printCode();
printFlash();
await printRam();
