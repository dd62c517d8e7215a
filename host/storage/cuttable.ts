// A storage with a plug: it holds what was not synced yet, counts operations, and can lose power or
// fail at any of them, as the worst of media may (docs/storage.md).
import { DmError } from "../errors.ts";
import { areaName, checkRange, ERASED, SLOT_AREA, type Storage } from "./storage.ts";

/** Thrown by the operation at which the power went, and by each one after it until `powerOn`. */
export class PowerCut extends DmError {
  constructor(readonly operation: number) {
    super("DM_POWER_CUT", `the power was cut at storage operation ${operation}`);
  }
}

/** One change that the medium need not hold before the next sync. */
export type Operation =
  | { kind: "write"; area: number; offset: number; bytes: Uint8Array; weak?: Weak }
  | { kind: "erase"; area: number };

/** Cells that a torn operation has left half programmed. */
export interface Weak {
  /** What they would hold if it had been done, and what they held before. */
  whole: Uint8Array;
  held: Uint8Array;
  /** How many of the first bytes are firm. */
  done: number;
  seed: number;
}

/**
 * What a torn operation leaves in the rest of its range: what was there; any mixture of old and new
 * bits; or cells that read as another such mixture, or as all new or all old, after each
 * `powerOn`, until they are erased.
 */
export type Rest = "untouched" | "noise" | "metastable";

/** What a power cut leaves behind. */
export interface CutMode {
  /** The operation in flight: not begun, done whole, or half done. */
  inFlight: "before" | "after" | "torn";
  /** Part of a torn operation that was done, 0 to 1. */
  share: number;
  /** The same for a write in bytes, which then counts in place of `share`. */
  at?: number;
  /**
   * Which of the operations since the last sync reached the medium: all lost, all kept, or any
   * subset; one of them may be "torn".
   */
  keeps: (index: number, count: number) => boolean | "torn";
  /** "untouched" where it is left out. */
  rest?: Rest;
  /** True: cells of the journal only become metastable, those of slots get noise. */
  hasFirmSlots?: boolean;
  /** Another one gives other noise; 0 where it is left out. */
  seed?: number;
}

/** The harshest plain cut: half of the operation in flight, nothing of what was not synced. */
export const HALF_DONE: CutMode = { inFlight: "torn", share: 0.5, keeps: () => false };

export const CUT_KINDS = ["before", "after", "subset", "torn", "noise", "metastable"] as const;
export type CutKind = (typeof CUT_KINDS)[number];

/**
 * A cut of a kind: `before` loses all that was not synced, `after` nothing, `subset` any part of
 * it. The others do as `subset` and tear one operation, in flight or not, at any byte.
 *
 * @param seed  the same one makes the same cut
 */
export function cutOf(kind: CutKind, seed: number): CutMode {
  const random = randomOf(seed);
  const [chance, share, lot] = [random(), random() / 2 ** 32, random()];
  switch (kind) {
    case "before":
      return { inFlight: "before", share: 0, keeps: () => false };
    case "after":
      return { inFlight: "after", share: 1, keeps: () => true };
  }
  const keeps = (index: number) => (randomOf(lot + index)() & 1) === 1;
  if (kind === "subset") return { inFlight: chance & 1 ? "after" : "before", share, seed, keeps };
  const mode = { share, seed, rest: kind === "torn" ? REST : kind };
  if (chance & 1) return { ...mode, inFlight: "torn", keeps };
  return {
    ...mode, inFlight: "before",
    keeps: (index, count) => (index === lot % count ? "torn" : keeps(index)),
  };
}

/** A call that fails: that numbered `at` of those that fit, and those behind it if `isForGood`. */
export interface Failure {
  call: "read" | "write" | "erase" | "sync";
  /** Left out: in any area. Means nothing for a sync. */
  areas?: "journal" | "slots";
  /** Calls that fit are counted from 1, and from `fail` on. */
  at: number;
  isForGood?: boolean;
  /**
   * What it does although it fails; "none" where it is left out. "torn" goes by `mode`, in a sync
   * by its `share` and `keeps`. What a failed sync has lost is read until the power goes, and never
   * reaches the medium.
   */
  effect?: "none" | "done" | "torn";
  /** "DM_STORAGE" where it is left out. */
  code?: "DM_STORAGE" | "DM_NO_SPACE";
}

export interface CuttableOptions {
  /** Number of the operation at which the power goes, counted from 1; 0 never. */
  cutAt?: number;
  mode?: CutMode;
  /** False passes every operation on at once: it is then counted, but cannot be lost. */
  holds?: boolean;
}

const REST: Rest = "untouched";
/** How much of a slot's erase a torn one does: the first block that a device would erase. */
const TORN_SLOT_BYTES = 1024;

/** A failure and how many calls have fitted it. */
interface Armed {
  failure: Failure;
  calls: number;
}

/** A range that was left half programmed, and what it reads as until the power goes. */
interface WeakRange extends Weak {
  area: number;
  offset: number;
  bytes: Uint8Array;
}

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
  /** What a failed sync has lost. */
  private lost: Operation[] = [];
  private weak: WeakRange[] = [];
  private armed: Armed[] = [];
  private isOff = false;
  private starts = 0;

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
    const failure = this.failureOf("read", area);
    if (failure) throw errorOf(failure, area);
    this.readMedium(area, offset, target);
    for (const held of [this.lost, this.pending]) {
      for (const operation of held) {
        if (operation.area !== area) continue;
        if (operation.kind === "erase") target.fill(ERASED);
        else overlay(target, offset, operation);
      }
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
    this.settle();
    await this.medium.sync();
  }

  /** A sync where the medium below needs none: held operations reach it. Fails as `sync` does. */
  settle(): void {
    this.demandPower();
    this.operations++;
    if (this.operations === this.cutAt) this.cutInSync();
    const failure = this.failureOf("sync", 0);
    const held = this.pending;
    this.pending = [];
    if (!failure) {
      for (const operation of held) this.apply(operation);
      return;
    }
    held.forEach((operation, index) => {
      const fate = fateOf(failure.effect ?? "none", this.mode, index, held.length);
      this.meet(operation, fate, this.mode);
      if (fate !== true) this.lost.push(operation);
    });
    throw errorOf(failure);
  }

  async close(): Promise<void> {
    this.pending = [];
    this.lost = [];
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
    this.lost = [];
    this.isOff = true;
    held.forEach((operation, index) => this.meet(operation, mode.keeps(index, held.length), mode));
    if (!inFlight || mode.inFlight === "before") return;
    this.meet(inFlight, mode.inFlight === "after" || "torn", mode);
  }

  /**
   * Gives power back: the medium is as the cut left it. Cuts no more unless `cutAt` is set again.
   * A call that fails for good fails on.
   */
  powerOn(): void {
    this.isOff = false;
    this.cutAt = 0;
    this.starts++;
    for (const range of this.weak) range.bytes = readingOf(range, this.starts);
  }

  /** From here on a call fails, besides those that do already. */
  fail(failure: Failure): void {
    this.armed.push({ failure, calls: 0 });
  }

  /** No call fails any more. What failed ones have done stays. */
  heal(): void {
    this.armed = [];
  }

  /** Lets a bit of the medium rot. What waits for a sync is not touched. */
  rot(area: number, offset: number, bit: number): void {
    const byte = new Uint8Array(1);
    this.medium.read(area, offset, byte);
    byte[0]! ^= 1 << bit;
    this.medium.write(area, offset, byte);
  }

  private act(operation: Operation): void {
    this.demandPower();
    this.operations++;
    if (this.operations === this.cutAt) this.cutNow(operation);
    const { kind, area } = operation;
    const failure = this.failureOf(kind, area);
    const effect = failure ? (failure.effect ?? "none") : "done";
    if (effect === "done") this.hold(operation);
    if (effect === "torn") this.hold(this.partOf(operation, this.mode));
    if (failure) throw errorOf(failure, area);
  }

  private hold(operation: Operation): void {
    if (this.holds) this.pending.push(operation);
    else this.apply(operation);
  }

  private failureOf(call: Failure["call"], area: number): Failure | undefined {
    const isSlot = area >= SLOT_AREA;
    let found: Failure | undefined;
    for (const each of this.armed) {
      const { call: failing, areas, at, isForGood = false } = each.failure;
      if (failing !== call) continue;
      if (call !== "sync" && areas && isSlot !== (areas === "slots")) continue;
      each.calls++;
      if (each.calls === at || (isForGood && each.calls > at)) found ??= each.failure;
    }
    return found;
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
    const effect = ({ before: "none", torn: "torn", after: "done" } as const)[mode.inFlight];
    const isBefore = effect === "none";
    const keeps = (index: number, count: number) =>
      isBefore ? mode.keeps(index, count) : fateOf(effect, mode, index, count);
    this.cut({ ...mode, keeps });
    throw new PowerCut(this.operations);
  }

  /** Brings an operation to the medium: wholly, by half, or not at all. */
  private meet(operation: Operation, fate: boolean | "torn", mode: CutMode): void {
    if (fate === true) this.apply(operation);
    else if (fate === "torn") this.apply(this.partOf(operation, mode));
  }

  private apply(operation: Operation): void {
    const { area } = operation;
    if (operation.kind === "erase") {
      this.medium.erase(area);
      this.lost = this.lost.filter((each) => each.area !== area);
      this.weak = this.weak.filter((each) => each.area !== area);
      return;
    }
    const { offset, bytes, weak } = operation;
    this.medium.write(area, offset, bytes);
    if (weak) this.weak.push({ ...weak, area, offset, bytes });
  }

  /** What a torn operation does, as a write. */
  private partOf(operation: Operation, mode: CutMode): Operation {
    const { share, at, rest = REST, seed = 0, hasFirmSlots = false } = mode;
    const { area } = operation;
    const isWrite = operation.kind === "write";
    const offset = isWrite ? operation.offset : 0;
    const whole = isWrite ? operation.bytes : this.erasedOf(area, rest);
    const done = Math.min(whole.length, at !== undefined && isWrite ? at
      : Math.floor((isWrite ? whole.length : this.extentOf(area)) * share));
    const base = { kind: "write", area, offset } as const;
    if (rest === "untouched") return { ...base, bytes: whole.subarray(0, done) };
    const held = new Uint8Array(whole.length);
    this.readMedium(area, offset, held);
    const bytes = noiseOf(whole, held, done, seed + offset);
    if (rest === "noise" || (hasFirmSlots && area >= SLOT_AREA)) return { ...base, bytes };
    return { ...base, bytes, weak: { whole, held, done, seed: seed + offset } };
  }

  /** How much of an area an erase has done when it is torn at its end. */
  private extentOf(area: number): number {
    const { length } = this.erasedOf(area, "noise");
    return area < SLOT_AREA ? length : Math.min(length, TORN_SLOT_BYTES);
  }

  private erasedOf(area: number, rest: Rest): Uint8Array {
    const slotBytes = this.slotBytes[area - SLOT_AREA] ?? 0;
    const byteCount = area < SLOT_AREA ? this.regionBytes : slotBytes;
    const isShort = rest === "untouched" && area >= SLOT_AREA;
    return new Uint8Array(isShort ? Math.min(byteCount, TORN_SLOT_BYTES) : byteCount).fill(ERASED);
  }

  /** Without what waits for a sync. */
  private readMedium(area: number, offset: number, target: Uint8Array): void {
    this.medium.read(area, offset, target);
    for (const range of this.weak) if (range.area === area) overlay(target, offset, range);
  }

  private demandPower(): void {
    if (this.isOff) throw new PowerCut(this.operations);
  }
}

/** Of an operation that a sync, cut or failed, was to bring to the medium. */
function fateOf(
  effect: "none" | "done" | "torn", mode: CutMode, index: number, count: number,
): boolean | "torn" {
  if (effect !== "torn") return effect === "done";
  return index < mode.share * count || mode.keeps(index, count);
}

function errorOf({ call, code = "DM_STORAGE" }: Failure, area?: number): DmError {
  const where = area === undefined ? "" : ` of ${areaName(area)}`;
  return new DmError(code, `the ${call}${where} was made to fail`);
}

/** What weak cells read as after a start: in turn all new, a mixture, all old, another mixture. */
function readingOf({ whole, held, done, seed }: WeakRange, start: number): Uint8Array {
  const turn = (seed + start) % 4;
  if (turn === 0) return whole;
  if (turn !== 2) return noiseOf(whole, held, done, seed + start * 65_537);
  const bytes = held.slice();
  bytes.set(whole.subarray(0, done));
  return bytes;
}

/**
 * Bytes of which the first `done` are those of `whole`, and of the others each bit is that of
 * `whole` or of `held`: the same for the same seed.
 */
export function noiseOf(
  whole: Uint8Array, held: Uint8Array, done: number, seed: number,
): Uint8Array {
  const random = randomOf(done * 131 + seed);
  return whole.map((byte, index) => {
    if (index < done) return byte;
    const mask = random() & 0xff;
    return (byte & mask) | (held[index]! & ~mask);
  });
}

/** Numbers of 32 bits that look random and are the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return (value ^ (value >>> 14)) >>> 0;
  };
}

function overlay(target: Uint8Array, offset: number, write: { offset: number; bytes: Uint8Array }) {
  const start = Math.max(offset, write.offset);
  const end = Math.min(offset + target.length, write.offset + write.bytes.length);
  if (start >= end) return;
  target.set(write.bytes.subarray(start - write.offset, end - write.offset), start - offset);
}
