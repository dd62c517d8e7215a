// What the core costs: bytes of wasm by folder and file, read off a release build with function
// names, and memory.
import { readFile } from "node:fs/promises";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { parseWasm, type WasmModule } from "../helpers/wasm.ts";

export interface Sizes {
  readonly raw: number;
  readonly gzip: number;
  readonly brotli: number;
  /** Code of each row of the budget; a function that was inlined counts for its caller. */
  readonly folders: ReadonlyMap<string, number>;
  readonly files: ReadonlyMap<string, number>;
  readonly dataBytes: number;
  /** Everything that is neither code nor data: types, imports, exports, globals. */
  readonly otherBytes: number;
  readonly heapBase: number;
}

/** Rows of the budget that are more than one folder. */
const ROW_OF: Record<string, string> = { abi: "abi+base", base: "abi+base" };
const ROOT_FOLDER = "index";

/**
 * @param path       the core as it is shipped
 * @param namesPath  the same code with a name section
 */
export async function measure(path: string, namesPath: string): Promise<Sizes> {
  const [core, named] = await Promise.all([readFile(path), readFile(namesPath)]);
  const module = parseWasm(named);
  const files = bytesByFile(module);
  const folders = new Map<string, number>();
  for (const [file, bytes] of files) add(folders, rowOf(file), bytes);
  const codeBytes = module.functions.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0);
  return {
    ...sizesOf(core),
    folders,
    files,
    dataBytes: module.dataBytes,
    otherBytes: core.length - codeBytes - module.dataBytes,
    heapBase: globalValue(parseWasm(core), "__heap_base"),
  };
}

/** Size of a file, as it is and as it goes over a network. */
export async function compressed(path: string): Promise<Pick<Sizes, "raw" | "gzip" | "brotli">> {
  return sizesOf(await readFile(path));
}

function sizesOf(bytes: Uint8Array): Pick<Sizes, "raw" | "gzip" | "brotli"> {
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
}

/** Value of an exported constant. */
export function globalValue(module: WasmModule, name: string): number {
  const found = module.exports.find((entry) => entry.name === name);
  const value = found === undefined ? undefined : module.globals[found.index]?.value;
  if (value === undefined) throw new Error(`the core does not export the constant ${name}`);
  return value;
}

/**
 * Functions are named `assembly/<folder>/<file>/<function>`; what the compiler adds begins with
 * `~`.
 */
function bytesByFile(module: WasmModule): Map<string, number> {
  const files = new Map<string, number>();
  module.functions.forEach(({ bodyBytes }, index) => {
    const name = module.names.get(module.importedFunctionCount + index) ?? "~unnamed";
    const parts = name.replace(/^(start:)?assembly\//, "").split("/");
    const file = name.startsWith("~")
      ? "~"
      : parts.slice(0, name.startsWith("start:") ? 2 : -1).join("/");
    add(files, file, bodyBytes);
  });
  return files;
}

function rowOf(file: string): string {
  const folder = file.includes("/") ? file.slice(0, file.indexOf("/")) : file;
  return ROW_OF[folder] ?? (folder === "~" || folder === "" ? ROOT_FOLDER : folder);
}

function add(sums: Map<string, number>, key: string, bytes: number): void {
  sums.set(key, (sums.get(key) ?? 0) + bytes);
}
