// The medium of a world: journal regions and slots that hold what was not synced apart, and what a
// power cut may leave of it. Synchronous, and cheap to copy.
import { Err } from "../../assembly/abi/codes.ts";

export const JOURNAL_AREAS = 2;
const ERASED = 0xff;
/** How much of a slot's erase a torn one does. */
const TORN_SLOT_BYTES = 1024;

export interface Layout {
  regionBytes: number;
  writeUnit: number;
  slotBytes: readonly number[];
}

/** One change that the medium need not hold before the next sync; without bytes an erase. */
export interface Change {
  area: number;
  offset: number;
  bytes?: Uint8Array;
}

export type Call = "read" | "write" | "erase" | "sync";

/** How a call fails: with its effect, without it, or with half of it. */
export interface Fault {
  err: Err;
  effect: "done" | "none" | "half";
}

export function emptyAreas(layout: Layout): Uint8Array[] {
  const sizes = [layout.regionBytes, layout.regionBytes, ...layout.slotBytes];
  return sizes.map((byteCount) => new Uint8Array(byteCount).fill(ERASED));
}

export class Medium {
  /** What reads see. */
  readonly live: Uint8Array[];
  /** What survives a cut for sure. */
  readonly durable: Uint8Array[];
  pending: Change[] = [];
  /** Called before each write, erase and sync. */
  onChange: (call: Call, change?: Change) => void = () => {};
  /** Asked before each call. */
  faultOf: (call: Call, area: number) => Fault | undefined = () => undefined;
  /** Bytes written to each area since the medium was made. */
  readonly writtenBytes: number[];
  /** Calls so far. */
  readonly counts = { read: 0, write: 0, erase: 0, sync: 0 };
  /** Places of the slots that were written since the last erase: each only once. */
  private readonly tails: number[];

  constructor(areas: readonly Uint8Array[]) {
    this.live = areas.map((bytes) => bytes.slice());
    this.durable = areas.map((bytes) => bytes.slice());
    this.writtenBytes = areas.map(() => 0);
    this.tails = areas.map(() => -1);
  }

  read(area: number, offset: number, target: Uint8Array): Err {
    this.counts.read++;
    const fault = this.faultOf("read", area);
    if (fault) return fault.err;
    const bytes = this.live[area]!.subarray(offset, offset + target.length);
    if (bytes.length < target.length) throw new Error(`area ${area} has no ${offset}`);
    target.set(bytes);
    return Err.Ok;
  }

  /** A read into `memory` at `ptr`. */
  readInto(memory: Uint8Array, ptr: number, area: number, offset: number, byteCount: number): Err {
    return this.read(area, offset, memory.subarray(ptr, ptr + byteCount));
  }

  write(area: number, offset: number, bytes: Uint8Array): Err {
    if (offset + bytes.length > this.live[area]!.length) throw new Error(`${area} ends`);
    if (area >= JOURNAL_AREAS && offset !== this.tails[area]) {
      throw new Error(`slot ${area - JOURNAL_AREAS} is written at ${offset}, not upwards from 0`);
    }
    this.tails[area] = offset + bytes.length;
    this.writtenBytes[area]! += bytes.length;
    return this.change("write", { area, offset, bytes });
  }

  erase(area: number): Err {
    this.tails[area] = 0;
    return this.change("erase", { area, offset: 0 });
  }

  sync(): Err {
    this.onChange("sync");
    this.counts.sync++;
    const fault = this.faultOf("sync", -1);
    const held = this.pending;
    this.pending = [];
    const share = { done: 1, half: 0.5, none: 0 }[fault?.effect ?? "done"];
    for (const change of held.slice(0, held.length * share)) putChange(this.durable, change);
    return fault?.err ?? Err.Ok;
  }

  private change(call: "write" | "erase", change: Change): Err {
    this.onChange(call, change);
    this.counts[call]++;
    const fault = this.faultOf(call, change.area);
    const effect = fault?.effect ?? "done";
    const part = effect === "half" ? halfOf(change, this.live) : change;
    if (effect !== "none") {
      putChange(this.live, part);
      this.pending.push(part);
    }
    return fault?.err ?? Err.Ok;
  }
}

export function putChange(
  areas: readonly Uint8Array[], { area, offset, bytes }: Change,
): void {
  if (bytes) areas[area]!.set(bytes, offset);
  else areas[area]!.fill(ERASED);
}

/** The first half of a write; of an erase what a device would have erased by then. */
function halfOf({ area, offset, bytes }: Change, areas: readonly Uint8Array[]): Change {
  if (bytes) return { area, offset, bytes: bytes.subarray(0, bytes.length >> 1) };
  const { length } = areas[area]!;
  const whole = area < JOURNAL_AREAS ? length : Math.min(length, TORN_SLOT_BYTES);
  return { area, offset, bytes: new Uint8Array(whole >> 1).fill(ERASED) };
}

/** Areas that a cut left, and how it came to them. */
export interface Remains {
  label: string;
  areas: Uint8Array[];
}

/** Above so many pending changes, single ones are kept for a sample of them only. */
export const SINGLES_MAX = 12;

/**
 * What a cut may leave while `change` is in flight: that before, done or torn, with all or none of
 * what was not synced; and each single one of these alone.
 */
export function* remainsOf(medium: Medium, change?: Change): Generator<Remains> {
  const { durable, pending } = medium;
  const make = (label: string, kept: readonly Change[]): Remains => {
    const areas = [...durable];
    for (const area of new Set(kept.map((each) => each.area))) areas[area] = areas[area]!.slice();
    for (const each of kept) putChange(areas, each);
    return { label, areas };
  };
  yield make("lost", []);
  if (pending.length > 0) yield make("kept", pending);
  if (change) {
    yield make("after", [...pending, change]);
    yield make("torn", [...pending, halfOf(change, durable)]);
    if (pending.length > 0) yield make("only torn", [halfOf(change, durable)]);
    if (pending.length > 0) yield make("only after", [change]);
  }
  if (pending.length < 2) return;
  const step = Math.max(1, Math.ceil(pending.length / SINGLES_MAX));
  for (let i = 0; i < pending.length; i += step) yield make(`only ${i}`, [pending[i]!]);
  for (let i = 0; i < pending.length; i += step) {
    yield make(`all but ${i}`, pending.filter((_, index) => index !== i));
  }
}
