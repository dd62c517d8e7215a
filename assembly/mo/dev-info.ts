// DevInfo: what the client tells the server about itself at the start of each session.
import * as tree from "../tree/node";

const DEV_INFO: usize = memory.data<u8>([0x44, 0x65, 0x76, 0x49, 0x6e, 0x66, 0x6f]);
const DEV_ID: usize = memory.data<u8>([0x44, 0x65, 0x76, 0x49, 0x64]);
const DEV_ID_BYTES_MAX: i32 = 64;

/** `./DevInfo/DevId`, which is also the Source of every message. */
export const DEVICE_ID: usize = memory.data(DEV_ID_BYTES_MAX);
export let deviceIdBytes = 0;

/** The interior node, negative if the tree has none. */
export function root(): i32 {
  return tree.find(0, DEV_INFO, 7);
}

/** Reads the device's identity into RAM. @returns false if there is none that fits */
export function open(): bool {
  const all = root();
  const leaf = all < 0 ? all : tree.find(all, DEV_ID, 5);
  deviceIdBytes = leaf < 0 ? 0 : tree.valueBytes(leaf);
  if (deviceIdBytes <= 0 || deviceIdBytes > DEV_ID_BYTES_MAX) return false;
  return tree.readValue(leaf, 0, DEVICE_ID, deviceIdBytes) == 0;
}
