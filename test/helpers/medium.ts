// Storage of a device under test: in memory, with a plug, without promises.

const ERASED = 0xff;

/** Areas 0 and 1 are the journal, 2 and above the slots. */
export class Medium {
  private readonly areas = new Map<number, Uint8Array>();
  /** What areas that were touched since the last barrier held then. */
  private readonly before = new Map<number, Uint8Array>();

  constructor(
    readonly regionBytes = 32_768,
    readonly slotBytes: readonly number[] = [4096, 4096, 4096, 4096],
    readonly writeUnit = 1,
  ) {}

  read(area: number, offset: number, byteCount: number): Uint8Array {
    return this.area(area).subarray(offset, offset + byteCount);
  }

  write(area: number, offset: number, bytes: Uint8Array): void {
    const held = this.touched(area);
    const isErased = held.subarray(offset, offset + bytes.length).every((byte) => byte === ERASED);
    if (!isErased) throw new Error(`area ${area} is written twice at ${offset}`);
    if (offset + bytes.length > held.length) throw new Error(`area ${area} ends before ${offset}`);
    held.set(bytes, offset);
  }

  erase(area: number): void {
    this.touched(area).fill(ERASED);
  }

  barrier(): void {
    this.before.clear();
  }

  /** The power goes: nothing of what was done since the last barrier is left. */
  cut(): void {
    for (const [area, held] of this.before) this.areas.set(area, held);
    this.before.clear();
  }

  copy(): Medium {
    const copy = new Medium(this.regionBytes, this.slotBytes, this.writeUnit);
    for (const [area, held] of this.areas) copy.areas.set(area, held.slice());
    for (const [area, held] of this.before) copy.before.set(area, held.slice());
    return copy;
  }

  /** What each area holds. */
  contents(): Uint8Array[] {
    return Array.from({ length: 2 + this.slotBytes.length }, (_, area) => this.area(area).slice());
  }

  private area(area: number): Uint8Array {
    let held = this.areas.get(area);
    if (held === undefined) {
      const capacity = area < 2 ? this.regionBytes : this.slotBytes[area - 2];
      if (capacity === undefined) throw new Error(`there is no area ${area}`);
      held = new Uint8Array(capacity).fill(ERASED);
      this.areas.set(area, held);
    }
    return held;
  }

  private touched(area: number): Uint8Array {
    const held = this.area(area);
    if (!this.before.has(area)) this.before.set(area, held.slice());
    return held;
  }
}
