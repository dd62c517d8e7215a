// A core that follows a script: each step of it writes arguments and answers why it waits.
import { Block, Err, type Look, Wait } from "../../../assembly/abi/codes.ts";
import type { Areas, CoreLoader, OnFailure } from "../../../host/core/load.ts";
import type { Core } from "../../../host/core/memory.ts";

export const RECEIVE = 8192;
export const RECEIVE_BYTES = 512;
const TEXTS = 16_384;

/** One step: what the core asks for, and what it does with the answer. */
export interface FakeStep {
  wait: Wait;
  /** Numbers, and texts or bytes: these take two arguments, address and length. */
  args?: (number | string | Uint8Array)[];
  /** What `feed` answers, in order; then 0. */
  feeds?: number[];
  before?: (core: FakeCore) => void;
  after?: (core: FakeCore, err: Err) => void;
}

export class FakeCore implements Core {
  readonly memory = { buffer: new ArrayBuffer(65_536) };
  readonly items = new Map<Look, Uint8Array[]>();
  readonly calls: string[] = [];
  readonly resumed: Err[] = [];
  readonly fed: Uint8Array[] = [];
  startErr: Err = Err.Ok;
  notifyMode = 0;
  doneErr: Err = Err.Ok;
  eventErr: Err = Err.Ok;
  private index = 0;
  private feedIndex = 0;

  constructor(
    readonly script: FakeStep[] = [],
    readonly areas?: Areas,
    readonly onFailure?: OnFailure,
  ) {}

  number(address: number): number {
    return new DataView(this.memory.buffer).getInt32(address, true);
  }

  put(address: number, value: number): void {
    new DataView(this.memory.buffer).setInt32(address, value, true);
  }

  bytes(ptr: number, count: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, ptr, count).slice();
  }

  start(): Err {
    this.calls.push("start");
    this.put(Block.Arg1, RECEIVE);
    this.put(Block.Arg2, RECEIVE_BYTES);
    return this.startErr;
  }

  step(): Wait {
    const step = this.script[this.index];
    if (!step) {
      this.calls.push("done");
      this.put(Block.Arg0, this.doneErr);
      this.put(Block.Arg1, RECEIVE);
      this.put(Block.Arg2, RECEIVE_BYTES);
      return Wait.Done;
    }
    this.feedIndex = 0;
    step.before?.(this);
    let address: number = Block.Arg0;
    let text = TEXTS;
    for (const arg of step.args ?? []) {
      if (typeof arg === "number") {
        this.put(address, arg);
        address += 4;
        continue;
      }
      const bytes = typeof arg === "string" ? new TextEncoder().encode(arg) : arg;
      new Uint8Array(this.memory.buffer).set(bytes, text);
      this.put(address, text);
      this.put(address + 4, bytes.length);
      address += 8;
      text += bytes.length;
    }
    return step.wait;
  }

  resume(err: Err): void {
    this.resumed.push(err);
    const step = this.script[this.index++];
    step?.after?.(this, err);
  }

  feed(count: number): number {
    this.fed.push(this.bytes(RECEIVE, count));
    return this.script[this.index]?.feeds?.[this.feedIndex++] ?? 0;
  }

  notify(count: number): number {
    this.calls.push(`notify ${count} ${this.bytes(RECEIVE, count).join()}`);
    return this.notifyMode;
  }

  connect(account: number): Err {
    this.calls.push(account === 0 ? "connect" : `connect ${account}`);
    return Err.Ok;
  }

  event(...sizes: [number, number, number]): Err {
    let at = RECEIVE;
    const texts = sizes.map((count) => {
      at += count;
      return new TextDecoder().decode(this.bytes(at - count, count));
    });
    this.calls.push(`event ${texts.join("|")}`);
    return this.eventErr;
  }

  bootstrap(count: number): Err {
    this.calls.push(`bootstrap ${count}`);
    return Err.Ok;
  }

  look(what: Look, index: number, offset: number): number {
    const part = this.items.get(what)?.[index]?.subarray(offset, offset + 256) ?? new Uint8Array(0);
    new Uint8Array(this.memory.buffer).set(part, Block.Look);
    return part.length;
  }
}

/** Serialises an item: numbers as [value, bytes], texts with their length. */
export function item(...fields: ([number, 1 | 2 | 4] | string | Uint8Array)[]): Uint8Array {
  const parts = fields.map((field) => {
    if (field instanceof Uint8Array) return field;
    if (typeof field === "string") {
      const text = new TextEncoder().encode(field);
      return Uint8Array.of(text.length & 0xff, text.length >> 8, ...text);
    }
    const [value, count] = field;
    return Uint8Array.from({ length: count }, (_, index) => (value >>> (8 * index)) & 0xff);
  });
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A loader that gives one fake core a boot. */
export function boots(make: (boot: number) => FakeCore): CoreLoader & { cores: FakeCore[] } {
  const cores: FakeCore[] = [];
  const load = async (areas: Areas, onFailure: OnFailure) => {
    const core = Object.assign(make(cores.length), { areas, onFailure });
    cores.push(core);
    return core;
  };
  return Object.assign(load, { cores });
}
