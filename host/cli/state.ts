import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync } from "node:fs";
import { resolve } from "node:path";
import type { DmClient } from "../client.ts";
import type { DeviceConfig } from "../core/config.ts";
import { DmError } from "../errors.ts";
import { NodeFsStorage } from "../storage/node-fs.ts";
import { SLOT_AREA } from "../storage/storage.ts";
import type { StorageLayout } from "../storage/storage.ts";
import { hasDevice, readDeviceFile } from "./device-file.ts";
import type { DeviceFile } from "./device-file.ts";
import { lockState } from "./lock.ts";

/** A state directory in use by this process. */
export interface State {
  directory: string;
  file: DeviceFile;
  storage: NodeFsStorage;
  close(): Promise<void>;
}

/**
 * Locks and opens a state directory.
 *
 * @fails DM_NO_DEVICE      there is no device in it
 * @fails DM_BUSY           another command uses it
 * @fails DM_STATE_DAMAGED  a file is missing, shorter or not readable
 */
export async function openState(path: string, command: string): Promise<State> {
  const directory = resolve(path);
  if (!hasDevice(directory)) readDeviceFile(directory);
  const unlock = lockState(directory, command);
  try {
    const file = readDeviceFile(directory);
    const storage = new NodeFsStorage(directory, layoutOf(file));
    await storage.open();
    const close = async (): Promise<void> => {
      await storage.close();
      unlock();
    };
    return { directory, file, storage, close };
  } catch (error) {
    unlock();
    throw error;
  }
}

export function layoutOf(file: DeviceFile): StorageLayout {
  const slotBytes = Array.from({ length: file.slotCount }, () => file.slotBytes);
  return { regionBytes: file.regionBytes, slotBytes };
}

export function configOf(file: DeviceFile): DeviceConfig {
  const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));
  return {
    rootName: file.rootName,
    vendors: file.vendors.map(bytes),
    classes: file.classes.map(bytes),
    atomicExec: file.atomicExec,
    components: file.components,
    maxMsgBytes: file.maxMsgBytes,
    maxObjBytes: file.maxObjBytes,
  };
}

/** Makes the entries of a folder durable. Windows cannot open one: it writes them with the file. */
export function syncFolder(path: string): void {
  if (process.platform === "win32") return;
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Makes sure that the journal holds the device of device.json, and compares the sizes of the slots
 * in force with the inventory.
 *
 * @fails DM_STATE_DAMAGED  there is no device, or a content is missing or shorter
 */
export function checkState(client: DmClient, { directory, storage }: State): void {
  if (!client.hasDevice) {
    throw new DmError("DM_STATE_DAMAGED", `the journal in ${directory} holds no device any more`);
  }
  for (const { id, slot, bytes } of client.deployed()) {
    const found = slot === null ? bytes : storage.slotFileBytes(slot);
    if (found >= bytes) continue;
    const path = storage.slotPath(slot ?? 0);
    const what = `${path} has ${found} of the ${bytes} bytes of component ${id}`;
    throw new DmError("DM_STATE_DAMAGED", what);
  }
}

/**
 * Compares the digests of the slots in force with the inventory, where the journal shows rot.
 *
 * @fails DM_STATE_DAMAGED  a content is not what was installed
 */
export function checkDigests(client: DmClient, { storage }: State): void {
  if (!client.health().isDegraded) return;
  for (const { id, slot, bytes, sha256 } of client.deployed()) {
    if (slot === null) continue;
    const content = new Uint8Array(bytes);
    storage.read(SLOT_AREA + slot, 0, content);
    if (createHash("sha256").update(content).digest("hex") === sha256) continue;
    const what = `${storage.slotPath(slot)} is not what was installed as component ${id}`;
    throw new DmError("DM_STATE_DAMAGED", what);
  }
}
