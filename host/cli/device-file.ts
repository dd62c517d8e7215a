import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DmError } from "../errors.ts";

/** What a device is started with each time and does not store itself: device.json. */
export interface DeviceFile {
  format: 1;
  deviceId: string;
  rootName: string;
  /** 16 bytes each, hex. */
  vendors: string[];
  classes: string[];
  atomicExec: "bind" | "refuse";
  components: "any" | "known";
  maxMsgBytes: number;
  maxObjBytes: number;
  regionBytes: number;
  slotCount: number;
  slotBytes: number;
  /** Plain http to other hosts than the loopback is allowed. */
  allowHttp: boolean;
}

export const DEVICE_FILE = "device.json";

export function hasDevice(directory: string): boolean {
  return existsSync(join(directory, DEVICE_FILE));
}

/**
 * Reads device.json.
 *
 * @fails DM_NO_DEVICE      there is none
 * @fails DM_STATE_DAMAGED  it is not what `provision` writes
 */
export function readDeviceFile(directory: string): DeviceFile {
  const path = join(directory, DEVICE_FILE);
  if (!existsSync(path)) throw new DmError("DM_NO_DEVICE", `there is no device in ${directory}`);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new DmError("DM_STATE_DAMAGED", `${path} cannot be read`, { cause });
  }
  const key = faultyKey(value);
  if (key === "") return value as DeviceFile;
  throw new DmError("DM_STATE_DAMAGED", `${path} is damaged: ${key} is missing or of a wrong kind`);
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string" && value !== "";
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isIds: Check = (value) => {
  return Array.isArray(value) && value.every((id) => /^[0-9a-f]{32}$/.test(String(id)));
};
const isOneOf = (...words: unknown[]): Check => (value) => words.includes(value);

const CHECKS: { readonly [key in keyof DeviceFile]: Check } = {
  format: isOneOf(1),
  deviceId: isText,
  rootName: isText,
  vendors: isIds,
  classes: isIds,
  atomicExec: isOneOf("bind", "refuse"),
  components: isOneOf("any", "known"),
  maxMsgBytes: isCount,
  maxObjBytes: isCount,
  regionBytes: isCount,
  slotCount: isCount,
  slotBytes: isCount,
  allowHttp: isOneOf(true, false),
};

function faultyKey(value: unknown): string {
  if (typeof value !== "object" || value === null) return "everything";
  const found = Object.entries(CHECKS).find(([key, isGood]) => {
    return !isGood((value as Record<string, unknown>)[key]);
  });
  return found?.[0] ?? "";
}
