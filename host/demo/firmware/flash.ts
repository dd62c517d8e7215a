// The flash of the firmware demo as Node sees it: the same areas at the same places, and the
// configuration sector that the board reads. flash.h draws it.
import { Block, Option } from "../../../assembly/abi/codes.ts";
import type { DeviceConfig } from "../../core/config.ts";
import { checkRange, ERASED, type Storage } from "../../storage/storage.ts";

export const SECTOR_BYTES = 4096;
/** What one program step of the board's flash writes is a multiple of this. */
export const UNIT_BYTES = 4;
const MAGIC = Buffer.from("scomo\0\0\u0001", "latin1");
const FIRST = Block.RegionBytes;

/** The areas of a device in one image, for a device that is off. */
export class FlashStorage implements Storage {
  readonly regionBytes: number;
  readonly writeUnit: number;
  readonly slotBytes: readonly number[];
  readonly eraseUnit: number = SECTOR_BYTES;
  /** First byte of each area; behind the last one the end. */
  protected readonly starts: readonly number[];

  /** @param image  borrowed, and changed by each call */
  constructor(readonly image: Uint8Array) {
    const config = configOf(image);
    const number = (address: number) => config.getUint32(address - FIRST, true);
    this.regionBytes = number(Block.RegionBytes);
    this.writeUnit = number(Block.WriteUnit);
    this.slotBytes = Array.from({ length: number(Block.SlotCount) }, (_, slot) =>
      number(Block.SlotBytes + 4 * slot),
    );
    this.starts = startsOf(this.regionBytes, this.slotBytes);
  }

  async open(): Promise<void> {}

  read(area: number, offset: number, target: Uint8Array): void {
    checkRange(this, area, offset, target.length);
    const at = this.starts[area]! + offset;
    target.set(this.image.subarray(at, at + target.length));
  }

  /** Clears bits, as the chip does. */
  write(area: number, offset: number, bytes: Uint8Array): void {
    checkRange(this, area, offset, bytes.length);
    const at = this.starts[area]! + offset;
    for (let i = 0; i < bytes.length; i++) this.image[at + i]! &= bytes[i]!;
  }

  erase(area: number, from = 0): void {
    checkRange(this, area, from, 0);
    this.image.fill(ERASED, this.starts[area]! + from, this.starts[area + 1]);
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {}
}

/** What a board is made with. */
export interface BoardLayout {
  regionBytes: number;
  slotBytes: readonly number[];
}

/** An erased flash with the configuration in its first sector. */
export function makeImage(layout: BoardLayout, device: DeviceConfig): Uint8Array {
  const { regionBytes, slotBytes } = layout;
  const image = new Uint8Array(startsOf(regionBytes, slotBytes).at(-1)!).fill(ERASED);
  image.set(MAGIC);
  image.fill(0, MAGIC.length, MAGIC.length + Block.HmacBytes - FIRST);
  const config = configOf(image);
  const set = (address: number, value: number) => config.setUint32(address - FIRST, value, true);
  const put = (address: number, bytes: Uint8Array) =>
    image.set(bytes, MAGIC.length + address - FIRST);
  const name = Buffer.from(device.rootName);
  set(Block.RegionBytes, regionBytes);
  set(Block.WriteUnit, UNIT_BYTES);
  set(Block.SlotCount, slotBytes.length);
  const isRefuse = device.atomicExec === "refuse" ? Option.AtomicRefuse : 0;
  set(Block.Options, isRefuse | (device.components === "known" ? Option.KnownComponents : 0));
  set(Block.MaxMsgBytes, device.maxMsgBytes);
  set(Block.MaxObjBytes, device.maxObjBytes);
  set(Block.RootNameBytes, name.length);
  put(Block.RootName, name);
  set(Block.VendorCount, device.vendors.length);
  set(Block.ClassCount, device.classes.length);
  device.vendors.forEach((id, index) => put(Block.Vendors + 16 * index, id));
  device.classes.forEach((id, index) => put(Block.Classes + 16 * index, id));
  slotBytes.forEach((bytes, index) => set(Block.SlotBytes + 4 * index, bytes));
  return image;
}

function configOf(image: Uint8Array): DataView {
  if (!MAGIC.equals(image.subarray(0, MAGIC.length))) {
    throw new Error("the image has no configuration sector");
  }
  return new DataView(image.buffer, image.byteOffset + MAGIC.length, Block.HmacBytes - FIRST);
}

/** First byte of each area; behind the last one the end. Each area begins with a sector. */
function startsOf(regionBytes: number, slotBytes: readonly number[]): number[] {
  let at = SECTOR_BYTES;
  const starts = [regionBytes, regionBytes, ...slotBytes].map((bytes) => {
    const start = at;
    at += Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
    return start;
  });
  return [...starts, at];
}
