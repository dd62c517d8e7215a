// The worker that is the device: core, client and storage. All of its RAM ends with it.
import type { Answer } from "../../../confirm/confirm.ts";
import type { Generation } from "../../setting.ts";
import { emit, type Port, serve } from "../rpc.ts";
import { Device, type RunOptions } from "./device.ts";
import { type MediumKind, openMedium } from "./medium.ts";

const scope = globalThis as unknown as Port;
let device: Device | undefined;

const handlers = {
  /**
   * Opens what this browser keeps under `name`.
   *
   * @fails DM_BUSY  another tab has it
   */
  async open(name: string, server: MessagePort): Promise<{ kind: MediumKind }> {
    const [{ kind, storage }, core, old, fresh, identity] = await Promise.all([
      openMedium(name), get("core.wasm").then((bytes) => WebAssembly.compile(bytes)),
      get("bootstrap-old.wbxml"), get("bootstrap-new.wbxml"), get("identity.bin"),
    ]);
    const facts = {
      core, bootstrap: { old, new: fresh },
      vendor: identity.slice(0, UUID_BYTES), deviceClass: identity.slice(UUID_BYTES),
    };
    device = new Device(storage, kind, facts, server, (event) => emit(scope, event));
    return { kind };
  },

  start: () => theDevice().start(),
  make: (story: string, generation: Generation) => theDevice().make(story, generation),
  run: (options: RunOptions) => theDevice().run(options),
  pull: () => theDevice().pull(),
  tree: () => theDevice().tree(),
  powerOn: () => theDevice().powerOn(),
  answer: (id: number, answer: Answer) => theDevice().answer(id, answer),

  setFullSpeed(isFull: boolean): void {
    theDevice().pace.isFull = isFull;
  },
};

export type DeviceHandlers = typeof handlers;

const UUID_BYTES = 16;

function theDevice(): Device {
  if (!device) throw new Error("the device is not open");
  return device;
}

async function get(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name} is not there: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

serve(scope, handlers);
