import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export type Build = "debug" | "release";

/** Both builds of the core; every test of core code runs on each: `describe.each(BUILDS)`. */
export const BUILDS: readonly Build[] = ["debug", "release"];

type HostFunction = (...args: number[]) => number;

/**
 * What the module exports is what its source in test/modules says; a test knows it, the type does
 * not.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type ModuleExports = Record<string, any>;

export interface TestModule {
  readonly exports: ModuleExports;
  readonly memory: WebAssembly.Memory;
  /** A copy of `byteCount` bytes at `ptr`. */
  bytes(ptr: number, byteCount: number): Uint8Array;
  put(ptr: number, bytes: Uint8Array): void;
}

/** A trap of the debug build's `assert`, with the place in the source. */
export class CoreAbort extends Error {}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const compiled = new Map<string, Promise<WebAssembly.Module>>();

/**
 * A fresh instance of `test/modules/<name>.ts`, compiled again if one of its sources is newer.
 *
 * @param imports  functions of assembly/host.ts that the test answers; one that is not given throws
 *   when called
 */
export async function loadModule(
  name: string,
  build: Build,
  imports: Record<string, HostFunction> = {},
): Promise<TestModule> {
  const module = await compileOnce(name, build);
  const memoryOf: { current?: WebAssembly.Memory } = {};
  const instance = await WebAssembly.instantiate(module, resolve(module, imports, memoryOf));
  const memory = instance.exports["memory"] as WebAssembly.Memory;
  memoryOf.current = memory;
  return {
    exports: instance.exports,
    memory,
    bytes: (ptr, byteCount) => new Uint8Array(memory.buffer, ptr, byteCount).slice(),
    put: (ptr, bytes) => new Uint8Array(memory.buffer).set(bytes, ptr),
  };
}

function compileOnce(name: string, build: Build): Promise<WebAssembly.Module> {
  const key = `${name}.${build}`;
  let module = compiled.get(key);
  if (module === undefined) {
    module = compile(name, key);
    compiled.set(key, module);
  }
  return module;
}

async function compile(name: string, key: string): Promise<WebAssembly.Module> {
  await promisify(execFile)(process.execPath, ["build.mjs", "--module", name], { cwd: ROOT });
  return WebAssembly.compile(await readFile(`${ROOT}build/test/${key}.wasm`));
}

function resolve(
  module: WebAssembly.Module,
  given: Record<string, HostFunction>,
  memoryOf: { current?: WebAssembly.Memory },
): WebAssembly.Imports {
  const imports: Record<string, Record<string, CallableFunction>> = { env: {} };
  for (const { module: space, name } of WebAssembly.Module.imports(module)) {
    const missing = (): never => {
      throw new Error(`the module called ${space}.${name}, which the test does not answer`);
    };
    (imports[space] ??= {})[name] = given[name] ?? missing;
  }
  imports["env"]!["abort"] = (
    message: number,
    file: number,
    line: number,
    column: number,
  ): never => {
    const memory = memoryOf.current;
    throw new CoreAbort(`${text(memory, message)} at ${text(memory, file)}:${line}:${column}`);
  };
  return imports;
}

/** An AssemblyScript string: UTF-16, its byte count 4 bytes before it. */
function text(memory: WebAssembly.Memory | undefined, ptr: number): string {
  if (memory === undefined || ptr === 0) return "assertion failed";
  const byteCount = new DataView(memory.buffer).getUint32(ptr - 4, true);
  return Buffer.from(memory.buffer, ptr, byteCount).toString("utf16le");
}
