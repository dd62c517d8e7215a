// A storage in memory: for tests, for the demo page, and below CuttableStorage.
import { checkRange, ERASED, type Storage, type StorageLayout } from "./storage.ts";

/** Keeps every area as bytes. Slots take room only as far as they were written. */
export class MemoryStorage implements Storage {
  readonly regionBytes: number;
  readonly writeUnit: number;
  readonly slotBytes: readonly number[];
  readonly eraseUnit: number = 1;
  private readonly areas = new Map<number, Uint8Array>();

  constructor(layout: StorageLayout) {
    this.regionBytes = layout.regionBytes;
    this.writeUnit = layout.writeUnit ?? 1;
    this.slotBytes = [...layout.slotBytes];
  }

  async open(): Promise<void> {}

  read(area: number, offset: number, target: Uint8Array): void {
    checkRange(this, area, offset, target.length);
    const written = this.areas.get(area)?.subarray(offset, offset + target.length);
    target.fill(ERASED);
    if (written) target.set(written);
  }

  write(area: number, offset: number, bytes: Uint8Array): void {
    const capacity = checkRange(this, area, offset, bytes.length);
    const end = offset + bytes.length;
    let held = this.areas.get(area) ?? new Uint8Array(0);
    if (held.length < end) {
      const grown = new Uint8Array(Math.min(capacity, Math.max(end, 2 * held.length))).fill(ERASED);
      grown.set(held);
      this.areas.set(area, (held = grown));
    }
    held.set(bytes, offset);
  }

  erase(area: number, from = 0): void {
    checkRange(this, area, from, 0);
    if (from === 0) this.areas.delete(area);
    else this.areas.get(area)?.fill(ERASED, from);
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {}
}
