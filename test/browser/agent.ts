// What runs in the browser, as page and as worker: the shared suite, and calls of a storage one by
// one. A page passes calls for "opfs" on to a worker, which is the only place that has it.
import { DmError } from "../../host/errors.ts";
import { IndexedDbStorage } from "../../host/storage/indexed-db.ts";
import { OpfsStorage } from "../../host/storage/opfs.ts";
import type { Storage } from "../../host/storage/storage.ts";
import { bytesFrom, LAYOUT, read, storageSuite } from "../suites/storage.ts";
import { runTest, testNames } from "./registry.ts";

export type Kind = "opfs" | "indexed-db";

/** A failure as it crosses from the browser to the test. */
export interface Failure {
  code: string;
  message: string;
}

const MAKERS = { opfs: OpfsStorage, "indexed-db": IndexedDbStorage };
const DEVICE = "device";
const isWorker = !("document" in globalThis);
let suiteNumber = 0;
let storage: Storage | undefined;

for (const kind of ["opfs", "indexed-db"] as const) {
  storageSuite(kind, async () => {
    const name = `suite-${suiteNumber++}`;
    return {
      storage: () => new MAKERS[kind](name, LAYOUT),
      remove: () => remove(kind, name),
    };
  });
}

/** What a test may call; the kind of storage comes first, since it decides where. */
const calls = {
  names: async (_: Kind) => testNames(),
  test: (_: Kind, name: string) => runTest(name),
  open: async (kind: Kind, slotBytes = LAYOUT.slotBytes, regionBytes = LAYOUT.regionBytes) => {
    storage = new MAKERS[kind](DEVICE, { ...LAYOUT, slotBytes, regionBytes });
    await storage.open();
  },
  write: async (_: Kind, area: number, offset: number, first: number, count: number) =>
    storage!.write(area, offset, bytesFrom(first, count)),
  erase: async (_: Kind, area: number) => storage!.erase(area),
  read: async (_: Kind, area: number, offset: number, count: number) =>
    Array.from(read(storage!, area, offset, count)),
  sync: async (_: Kind) => storage!.sync(),
  close: async (_: Kind) => storage!.close(),
  remove: (kind: Kind) => remove(kind, DEVICE),
  /** Puts a file in place of one of an OPFS device. */
  putFile: async (_: Kind, name: string, bytes: number[]) => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(DEVICE, { create: true });
    const entry = await folder.getFileHandle(name, { create: true });
    const file = await entry.createWritable();
    await file.write(Uint8Array.from(bytes));
    await file.close();
  },
  fileBytes: async (_: Kind, name: string) => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(DEVICE);
    const file = await (await folder.getFileHandle(name)).getFile();
    return Array.from(new Uint8Array(await file.arrayBuffer()));
  },
};

export type Calls = typeof calls;

async function remove(kind: Kind, name: string): Promise<void> {
  if (kind === "opfs") {
    const root = await navigator.storage.getDirectory();
    return root.removeEntry(name, { recursive: true });
  }
  const request = indexedDB.deleteDatabase(name);
  await new Promise((resolve, reject) => {
    request.onsuccess = resolve;
    request.onerror = reject;
  });
}

interface Order {
  call: keyof Calls;
  args: unknown[];
}

async function perform({ call, args }: Order): Promise<{ result?: unknown; failure?: Failure }> {
  try {
    return { result: await (calls[call] as (...args: unknown[]) => unknown)(...args) };
  } catch (error) {
    const code = error instanceof DmError ? error.code : "none";
    return { failure: { code, message: String(error) } };
  }
}

function inWorker(worker: Worker, order: Order): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = reject;
    worker.postMessage(order);
  });
}

if (isWorker) {
  globalThis.onmessage = async ({ data }) => globalThis.postMessage(await perform(data as Order));
} else {
  const worker = new Worker("/agent.js");
  Object.assign(globalThis, {
    order: (order: Order, isPage = order.args[0] !== "opfs") =>
      isPage ? perform(order) : inWorker(worker, order),
  });
}
