import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { refuse } from "./values.ts";

/** Largest receive buffer of core.wasm; core-large.wasm has more. */
const MESSAGE_BYTES_MAX = 4096;

/** Beside the bundle, and where the sources run themselves in the build's folder. */
const FOLDERS = [".", join("..", "..", "build")];

/** Reads the core for a device that announces `maxMsgBytes`. */
export async function loadCore(maxMsgBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const name = maxMsgBytes <= MESSAGE_BYTES_MAX ? "core.wasm" : "core-large.wasm";
  const here = dirname(fileURLToPath(import.meta.url));
  const path = FOLDERS.map((folder) => join(here, folder, name)).find(existsSync);
  if (path !== undefined) return new Uint8Array(await readFile(path));
  if (name === "core.wasm") refuse("core.wasm is missing beside the program; build it first");
  return refuse(`--max-msg-size above ${MESSAGE_BYTES_MAX} needs ${name}, which is not built`);
}
