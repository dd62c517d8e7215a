// What the application says of its device.
import { Bound } from "../../assembly/abi/codes.ts";
import { DmError } from "../errors.ts";

/** What a device is made with; given at each `open` and not stored by it. */
export interface DeviceConfig {
  /** Name of the SCOMO object's root below `.`, 1 to 31 bytes. */
  rootName: string;
  /** Vendor UUIDs of 16 bytes, up to 4. */
  vendors: readonly Uint8Array[];
  /** Class UUIDs of 16 bytes, up to 4. */
  classes: readonly Uint8Array[];
  /** Whether Execs inside Atomic are one install group, or refused. */
  atomicExec: "bind" | "refuse";
  /** Whether a Delivery Package may bring a component that has no inventory entry. */
  components: "any" | "known";
  /** Values of `EnvType` that an order may name, in any case; left out: any. */
  envTypes?: readonly string[];
  /** The same for `PkgType`. */
  pkgTypes?: readonly string[];
  maxMsgBytes: number;
  maxObjBytes: number;
}

/** What the block could not hold; everything else is the core's to judge. */
export function checkConfig(device: DeviceConfig, slotCount: number): void {
  const nameBytes = new TextEncoder().encode(device.rootName).length;
  const isWrong =
    (nameBytes < 1 || nameBytes > 31) && `rootName has ${nameBytes} bytes, not 1 to 31`;
  const ids = [device.vendors, device.classes];
  const isBadId =
    ids.some((list) => list.length > 4 || list.some((id) => id.length !== 16)) &&
    "vendors and classes are up to 4 UUIDs of 16 bytes each";
  const isManySlots =
    slotCount > Bound.SlotsMax && `more than ${Bound.SlotsMax} slots`;
  const why = isWrong || isBadId || isManySlots;
  if (why) throw new DmError("DM_BAD_CONFIG", `opening the device: ${why}`);
}
