// Node in the place of a board: the same flash with the same plug, the same peer, the same clock
// and the same random numbers.
import { readFileSync } from "node:fs";
import { vi } from "vitest";
import type { DmClientOptions } from "../../host/client.ts";
import { coreLoader, type CoreLoader } from "../../host/core/load.ts";
import type { Core } from "../../host/core/memory.ts";
import type {
  MessageReply, ObjectReply, Peer, Posted, Wanted,
} from "../../host/demo/firmware/bridge.ts";
import { FlashStorage, SECTOR_BYTES, UNIT_BYTES } from "../../host/demo/firmware/flash.ts";
import { PowerCut } from "../../host/storage/cuttable.ts";
import { checkRange, ERASED } from "../../host/storage/storage.ts";
import type {
  MessageAnswer, MessageRequest, RangeAnswer, RangeRequest, Transport,
} from "../../host/transport/transport.ts";

const PAGE_BYTES = 256;
export const NOW = 1_750_000_000;
export const SEED = 7;
/** Words that make a board as predictable as `predictable` makes Node. */
export const PREDICTABLE = [`now=${NOW}`, `seed=${SEED}`];

/**
 * Stops the clock, and makes the random numbers that a core draws those that a board has with these
 * words, anew at each boot. Who else draws some, as a server does, gets real ones.
 *
 * @returns what a client is to load its core with
 */
export function predictable(): CoreLoader {
  let last = SEED;
  let isInCore = false;
  const { crypto } = globalThis;
  const real = crypto.getRandomValues.bind(crypto);
  vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1000 });
  vi.spyOn(crypto, "getRandomValues").mockImplementation((target) => {
    if (!isInCore) return real(target);
    const bytes = target as unknown as Uint8Array;
    for (let i = 0; i < bytes.length; i++) bytes[i] = last = (last * 5 + 77) & 0xff;
    return target;
  });
  return async (areas, onFailure) => {
    const load = await coreLoader(readFileSync("build/core.wasm"));
    const core = await load(areas, onFailure);
    last = SEED;
    const call = ([name, value]: [string, unknown]): [string, unknown] => {
      if (typeof value !== "function") return [name, value];
      const inside = (...args: unknown[]): unknown => {
        isInCore = true;
        try {
          return value(...args);
        } finally {
          isInCore = false;
        }
      };
      return [name, inside];
    };
    return Object.fromEntries(Object.entries(core).map(call)) as unknown as Core;
  };
}

export function unpredictable(): void {
  vi.useRealTimers();
  vi.restoreAllMocks();
}

/** Counts program steps and erases of sectors as nor.c does, and loses power at one of them. */
export class PluggedFlash extends FlashStorage {
  operations = 0;

  constructor(image: Uint8Array, readonly cutAt = 0, readonly mode: "before" | "torn" = "torn") {
    super(image);
  }

  override write(area: number, offset: number, bytes: Uint8Array): void {
    checkRange(this, area, offset, bytes.length);
    let at = this.starts[area]! + offset;
    for (let done = 0; done < bytes.length; ) {
      const step = stepOf(at, bytes.length - done);
      // A part of a unit is programmed as a whole one.
      const [first, count] = step < UNIT_BYTES
        ? [at - (at % UNIT_BYTES), UNIT_BYTES]
        : [at, step];
      this.operate(() => this.clear(at, bytes.subarray(done, done + step), first + count / 3));
      this.clear(at, bytes.subarray(done, done + step), Infinity);
      at += step;
      done += step;
    }
  }

  override erase(area: number): void {
    for (let at = this.starts[area]!; at < this.starts[area + 1]!; at += SECTOR_BYTES) {
      this.operate(() => this.image.fill(ERASED, at, at + SECTOR_BYTES / 2));
      this.image.fill(ERASED, at, at + SECTOR_BYTES);
    }
  }

  private operate(tear: () => void): void {
    if (++this.operations !== this.cutAt) return;
    if (this.mode === "torn") tear();
    throw new PowerCut(this.operations);
  }

  private clear(at: number, bytes: Uint8Array, end: number): void {
    bytes.forEach((byte, index) => {
      if (at + index < Math.floor(end)) this.image[at + index]! &= byte;
    });
  }
}

/** How many bytes one program step takes: flash.c has the same. */
function stepOf(at: number, bytes: number): number {
  const inUnit = UNIT_BYTES - (at % UNIT_BYTES);
  if (inUnit < UNIT_BYTES || bytes < UNIT_BYTES) return Math.min(bytes, inUnit);
  return Math.min(bytes - (bytes % UNIT_BYTES), PAGE_BYTES - (at % PAGE_BYTES));
}

const BLOCK_BYTES = 1024;

/** A peer of a board as the transport of a client. */
export class PeerTransport implements Transport {
  constructor(private readonly peer: Peer) {}

  async exchange(request: MessageRequest): Promise<MessageAnswer> {
    const { hmac = "" } = request;
    const reply = await this.peer.post({ ...request, hmac });
    if (typeof reply === "number") throw new Error(`the peer answers ${reply}`);
    return reply;
  }

  async fetch(request: RangeRequest): Promise<RangeAnswer> {
    const reply = await this.peer.get({ ...request, isRelative: false });
    if (typeof reply === "number") throw new Error(`the peer answers ${reply}`);
    const { peer } = this;
    async function* blocks(): AsyncGenerator<Uint8Array> {
      for (;;) {
        const block = await peer.read(BLOCK_BYTES);
        if (typeof block === "number") throw new Error(`the peer answers ${block}`);
        if (block.length === 0) return;
        yield block;
      }
    }
    return { ...reply, url: request.url, blocks: blocks() };
  }
}

export const clientOf = (peer: Peer): Partial<DmClientOptions> => {
  return { transport: new PeerTransport(peer) };
};

/** Notes what a transport was asked and what it answered. */
export class Recorder implements Transport {
  readonly posts: { body: Uint8Array; hmac: string; answer: MessageAnswer }[] = [];
  readonly gets: { request: RangeRequest; answer: Omit<RangeAnswer, "blocks"> }[] = [];

  constructor(private readonly inner: Transport) {}

  async exchange(request: MessageRequest, signal: AbortSignal): Promise<MessageAnswer> {
    const answer = await this.inner.exchange(request, signal);
    this.posts.push({ body: request.body, hmac: request.hmac ?? "", answer });
    return answer;
  }

  async fetch(request: RangeRequest, signal: AbortSignal): Promise<RangeAnswer> {
    const answer = await this.inner.fetch(request, signal);
    const { blocks: _, ...head } = answer;
    this.gets.push({ request, answer: head });
    return answer;
  }
}

/** Answers a board as a transport answered Node, as long as it asks the same to the byte. */
export class Replayer implements Peer {
  private posted = 0;
  private got = 0;
  private offset = 0;

  constructor(
    private readonly record: Recorder, private readonly object: Uint8Array,
    readonly log: (line: string) => void = () => {},
  ) {}

  /** Everything that Node asked was asked. */
  get isOver(): boolean {
    return this.posted === this.record.posts.length && this.got === this.record.gets.length;
  }

  post({ body, hmac }: Posted): MessageReply {
    const number = this.posted++;
    const known = this.record.posts[number];
    if (!known) throw new Error(`the board sends a message more than ${number}`);
    const isSame = Buffer.compare(body, known.body) === 0 && hmac === known.hmac;
    if (!isSame) throw new Error(`message ${number} of the board is another one than Node's`);
    return { ...known.answer, hmac: known.answer.hmac ?? "" };
  }

  get({ url, firstOffset, validator }: Wanted): ObjectReply {
    const number = this.got++;
    const known = this.record.gets[number];
    if (!known) throw new Error(`the board gets an object more than ${number}`);
    const { request, answer } = known;
    const asked = [url, firstOffset, validator].join();
    if (asked !== [request.url, request.firstOffset, request.validator].join()) {
      throw new Error(`the board gets ${asked}, Node did not`);
    }
    this.offset = answer.firstOffset;
    return answer;
  }

  read(bytesMax: number): Uint8Array {
    const block = this.object.subarray(this.offset, this.offset + bytesMax);
    this.offset += block.length;
    return block;
  }
}
