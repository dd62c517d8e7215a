// A storage with a plug: it holds what was not synced yet, counts operations, and can lose power at
// any of them.
import { DmError } from "../errors.ts";
import { checkRange, ERASED, SLOT_AREA, type Storage } from "./storage.ts";

/** Thrown by the operation at which the power went, and by each one after it until `powerOn`. */
export class PowerCut extends DmError {
  constructor(readonly operation: number) {
    super("DM_POWER_CUT", `the power was cut at storage operation ${operation}`);
  }
}

/** One change that the medium need not hold before the next sync. */
export type Operation =
  | { kind: "write"; area: number; offset: number; bytes: Uint8Array }
  | { kind: "erase"; area: number };

/** What a power cut leaves behind. */
export interface CutMode {
  /** The operation in flight: not begun, done whole, or done to `share`. */
  inFlight: "before" | "after" | "torn";
  /** Part of a torn operation that was done, 0 to 1. */
  share: number;
  /**
   * Which of the operations since the last sync reached the medium: all lost, all kept, or any
   * subset.
   */
  keeps: (index: number, count: number) => boolean;
}

/** The harshest plain cut: half of the operation in flight, nothing of what was not synced. */
export const HALF_DONE: CutMode = { inFlight: "torn", share: 0.5, keeps: () => false };

export interface CuttableOptions {
  /** Number of the operation at which the power goes, counted from 1; 0 never. */
  cutAt?: number;
  mode?: CutMode;
  /** False passes every operation on at once: it is then counted, but cannot be lost. */
  holds?: boolean;
}

/** How much of a slot's erase a torn one does: the first block that a device would erase. */
const TORN_SLOT_BYTES = 1024;

/**
 * Wraps the storage that plays the medium. An operation is each write, erase and sync, and each
 * `count`. Reads see held operations, as a running device does.
 */
export class CuttableStorage implements Storage {
  /** Operations so far, cut ones included. */
  operations = 0;
  cutAt: number;
  mode: CutMode;
  private readonly holds: boolean;
  private pending: Operation[] = [];
  private isOff = false;

  constructor(
    private readonly medium: Storage,
    options: CuttableOptions = {},
  ) {
    this.cutAt = options.cutAt ?? 0;
    this.mode = options.mode ?? HALF_DONE;
    this.holds = options.holds ?? true;
  }

  get regionBytes(): number {
    return this.medium.regionBytes;
  }

  get writeUnit(): number {
    return this.medium.writeUnit;
  }

  get slotBytes(): readonly number[] {
    return this.medium.slotBytes;
  }

  /** Operations that a cut would put at risk. */
  get pendingCount(): number {
    return this.pending.length;
  }

  async open(): Promise<void> {
    this.demandPower();
    await this.medium.open();
  }

  read(area: number, offset: number, target: Uint8Array): void {
    this.demandPower();
    this.medium.read(area, offset, target);
    for (const operation of this.pending) {
      if (operation.area !== area) continue;
      if (operation.kind === "erase") target.fill(ERASED);
      else overlay(target, offset, operation);
    }
  }

  write(area: number, offset: number, bytes: Uint8Array): void {
    checkRange(this, area, offset, bytes.length);
    this.act({ kind: "write", area, offset, bytes: bytes.slice() });
  }

  erase(area: number): void {
    checkRange(this, area, 0, 0);
    this.act({ kind: "erase", area });
  }

  async sync(): Promise<void> {
    this.demandPower();
    this.operations++;
    if (this.operations === this.cutAt) this.cutInSync();
    const held = this.pending;
    this.pending = [];
    for (const operation of held) this.apply(operation);
    await this.medium.sync();
  }

  async close(): Promise<void> {
    this.pending = [];
    await this.medium.close();
  }

  /**
   * Counts an operation outside the areas, and cuts there if it is its turn. Call it before the
   * effect.
   */
  count(): void {
    this.demandPower();
    this.operations++;
    if (this.operations === this.cutAt) this.cutNow();
  }

  /** Pulls the plug between two operations; `inFlight` is the one that was being done, if any. */
  cut(mode: CutMode = this.mode, inFlight?: Operation): void {
    const held = this.pending;
    this.pending = [];
    this.isOff = true;
    held.forEach((operation, index) => {
      if (mode.keeps(index, held.length)) this.apply(operation);
    });
    if (!inFlight || mode.inFlight === "before") return;
    if (mode.inFlight === "after") this.apply(inFlight);
    else this.tear(inFlight, mode.share);
  }

  /**
   * Gives power back: the medium is as the cut left it. Cuts no more unless `cutAt` is set again.
   */
  powerOn(): void {
    this.isOff = false;
    this.cutAt = 0;
  }

  private act(operation: Operation): void {
    this.demandPower();
    this.operations++;
    if (this.operations === this.cutAt) this.cutNow(operation);
    if (this.holds) this.pending.push(operation);
    else this.apply(operation);
  }

  private cutNow(inFlight?: Operation): never {
    this.cut(this.mode, inFlight);
    throw new PowerCut(this.operations);
  }

  /**
   * A sync in flight has brought some operations to the medium: none, all, or the first ones up to
   * `share`.
   */
  private cutInSync(): never {
    const mode = this.mode;
    const done = { before: 0, torn: mode.share, after: 1 }[mode.inFlight] * this.pending.length;
    this.cut({ ...mode, keeps: (index, count) => index < done || mode.keeps(index, count) });
    throw new PowerCut(this.operations);
  }

  private apply(operation: Operation): void {
    if (operation.kind === "erase") this.medium.erase(operation.area);
    else this.medium.write(operation.area, operation.offset, operation.bytes);
  }

  private tear(operation: Operation, share: number): void {
    if (operation.kind === "write") {
      const done = operation.bytes.subarray(0, Math.floor(operation.bytes.length * share));
      this.medium.write(operation.area, operation.offset, done);
      return;
    }
    const isJournal = operation.area < SLOT_AREA;
    const slotBytes = this.slotBytes[operation.area - SLOT_AREA] ?? 0;
    const whole = isJournal ? this.regionBytes : Math.min(slotBytes, TORN_SLOT_BYTES);
    const erased = new Uint8Array(Math.floor(whole * share)).fill(ERASED);
    this.medium.write(operation.area, 0, erased);
  }

  private demandPower(): void {
    if (this.isOff) throw new PowerCut(this.operations);
  }
}

function overlay(target: Uint8Array, offset: number, write: { offset: number; bytes: Uint8Array }) {
  const start = Math.max(offset, write.offset);
  const end = Math.min(offset + target.length, write.offset + write.bytes.length);
  if (start >= end) return;
  target.set(write.bytes.subarray(start - write.offset, end - write.offset), start - offset);
}
