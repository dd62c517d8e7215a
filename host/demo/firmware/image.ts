// Makes the flash of a board, as `scomo provision` makes a directory: what the factory writes, and
// the message that the device is bootstrapped with.
import { bootstrapMessage } from "../../cli/bootstrap.ts";
import type { DevicePlan } from "../../cli/plan.ts";
import { configOf } from "../../cli/state.ts";
import { VERSION } from "../../cli/version.ts";
import { SLOT_AREA } from "../../storage/storage.ts";
import { FlashStorage, makeImage } from "./flash.ts";

export interface Factory {
  /** Configuration and contents; the journal is erased. */
  image: Uint8Array;
  /** What `bootstrap` takes, in Node or on the board. */
  message: Uint8Array;
}

export function factoryOf(plan: DevicePlan): Factory {
  const { deviceId, rootName, regionBytes, slotCount, slotBytes } = plan.file;
  const slots = Array.from({ length: slotCount }, () => slotBytes);
  const image = makeImage({ regionBytes, slotBytes: slots }, configOf(plan.file));
  const flash = new FlashStorage(image);
  for (const { slot, content } of plan.components) flash.write(SLOT_AREA + slot, 0, content);
  const { nodes: accounts, serverIds } = plan.profile;
  const message = bootstrapMessage({
    ...plan, deviceId, rootName, accounts, serverIds, clientVersion: VERSION,
  });
  return { image, message };
}
