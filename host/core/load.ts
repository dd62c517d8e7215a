// Makes an instance of the core and gives it its imports.
import { Err } from "../../assembly/abi/codes.ts";
import { asDmError, DmError } from "../errors.ts";
import type { Core } from "./memory.ts";

/** What the imports of the core act on: areas 0 and 1 are the journal, 2 and above the slots. */
export interface Areas {
  read(area: number, offset: number, target: Uint8Array): void;
  write(area: number, offset: number, bytes: Uint8Array): void;
  erase(area: number, from?: number): void;
}

/** Turns what a storage call threw into an `Err`; throws what must end the run at once. */
export type OnFailure = (error: unknown) => Err;

/** Makes a fresh core on `areas`: one call is one boot. */
export type CoreLoader = (areas: Areas, onFailure: OnFailure) => Promise<Core>;

const SLOT_AREA = 2;
const EXPORTS = "start step resume feed notify connect bootstrap look".split(" ");

/**
 * Compiles the core once and answers the function that instantiates it.
 *
 * @fails DM_CORE  the bytes are no WebAssembly module
 */
export async function coreLoader(source: BufferSource | WebAssembly.Module): Promise<CoreLoader> {
  try {
    const isModule = source instanceof WebAssembly.Module;
    const module = isModule ? source : await WebAssembly.compile(source);
    return (areas, onFailure) => instantiate(module, areas, onFailure);
  } catch (error) {
    throw asDmError(error, "DM_CORE", "compiling the core");
  }
}

async function instantiate(
  module: WebAssembly.Module,
  areas: Areas,
  onFailure: OnFailure,
): Promise<Core> {
  let memory: { readonly buffer: ArrayBufferLike };
  const view = (ptr: number, byteCount: number) => new Uint8Array(memory.buffer, ptr, byteCount);
  const guard = (act: () => void): Err => {
    try {
      act();
      return Err.Ok;
    } catch (error) {
      return onFailure(error);
    }
  };
  const calls = (first: number) => ({
    // The storage gets copies, never memory of the core: an adapter may keep what it was given.
    read: (area: number, offset: number, ptr: number, byteCount: number) =>
      guard(() => {
        const target = new Uint8Array(byteCount);
        areas.read(first + area, offset, target);
        view(ptr, byteCount).set(target);
      }),
    write: (area: number, offset: number, ptr: number, byteCount: number) =>
      guard(() => areas.write(first + area, offset, view(ptr, byteCount).slice())),
    erase: (area: number, from?: number) => guard(() => areas.erase(first + area, from)),
  });
  const journal = calls(0);
  const slots = calls(SLOT_AREA);
  const host = {
    jRead: journal.read,
    jWrite: journal.write,
    jErase: journal.erase,
    sRead: slots.read,
    sWrite: slots.write,
    sErase: slots.erase,
    random: (ptr: number, byteCount: number) => {
      view(ptr, byteCount).set(crypto.getRandomValues(new Uint8Array(byteCount)));
      return Err.Ok;
    },
  };
  // Only the debug build of the core imports this: an `assert` that failed.
  const abort = (_message: number, _file: number, line: number, column: number) => {
    throw new DmError("DM_CORE", `an assertion of the core failed at ${line}:${column}`);
  };
  try {
    const instance = await WebAssembly.instantiate(module, { host, env: { abort } });
    const core = instance.exports as unknown as Core & Record<string, unknown>;
    const missing = EXPORTS.filter((name) => typeof core[name] !== "function");
    if (!core.memory || missing.length > 0) {
      throw new DmError("DM_CORE", `this module is no core: it lacks ${missing.join(", ")}`);
    }
    memory = core.memory;
    return core;
  } catch (error) {
    throw asDmError(error, "DM_CORE", "instantiating the core");
  }
}
