// Drives the reader of Delivery Packages as the installer does: feeds it, tries keys, collects
// payloads.
import { loadModule, type Build, type TestModule } from "./module.ts";
import { Err } from "../../assembly/abi/codes.ts";
import { checkSignature } from "./signature.ts";

export const enum Event {
  More = 0,
  Manifest = 1,
  Text = 2,
  Payload = 3,
  Bytes = 4,
  PayloadEnd = 5,
  End = 6,
}

/** What `verifyBlock` answers. */
export const enum Check {
  No = 0,
  Good = 1,
  Host = 2,
}

/** What the caller of the reader trusts; an empty kid matches every block. */
export interface TrustedKey {
  readonly kid: string;
  /** 64 bytes: x and y of P-256; 32: Ed25519. */
  readonly point: Uint8Array;
}

export interface ReadOptions {
  readonly keys: readonly TrustedKey[];
  /** Length of each piece that is fed; the last is the rest. */
  readonly pieces?: readonly number[];
  /** All pieces have this length. */
  readonly pieceBytes?: number;
  /** Called at Event.Payload. */
  readonly onPayload?: (entry: number, reader: Reader) => void;
}

export interface Outcome {
  readonly err: number;
  readonly reason: number;
  readonly failedEntry: number;
  /** Events but More and Bytes, in order. */
  readonly events: number[];
  readonly payloads: Map<number, Uint8Array>;
  readonly isComplete: boolean;
  readonly isSigned: boolean;
}

export class Reader {
  readonly module: TestModule;
  private outcomeEvents: number[] = [];
  private payloads = new Map<number, Uint8Array>();

  constructor(module: TestModule) {
    this.module = module;
  }

  static async load(build: Build): Promise<Reader> {
    return new Reader(await loadModule("delivery", build));
  }

  call(name: string, ...args: number[]): number {
    return this.module.exports[name](...args);
  }

  /** Reads an envelope from its begin, up to its end or the first failure. */
  read(envelope: Uint8Array, options: ReadOptions): Outcome {
    this.begin();
    return this.feed(envelope, options);
  }

  begin(): void {
    this.outcomeEvents = [];
    this.payloads = new Map();
    this.call("open");
  }

  /** Feeds more of what is being read. */
  feed(bytes: Uint8Array, options: ReadOptions): Outcome {
    let err = Err.Ok;
    let at = 0;
    let pieceIndex = 0;
    while (err === Err.Ok && at < bytes.length) {
      const pieceBytes = options.pieceBytes ?? options.pieces?.[pieceIndex++] ?? bytes.length - at;
      const piece = bytes.subarray(at, at + pieceBytes);
      at += piece.length;
      this.module.put(this.call("window"), piece);
      this.call("input", this.call("window"), piece.length);
      err = this.drain(options);
    }
    return this.outcome(err);
  }

  outcome(err: number): Outcome {
    return {
      err,
      reason: this.call("reason"),
      failedEntry: this.call("failedEntry"),
      events: this.outcomeEvents,
      payloads: this.payloads,
      isComplete: this.call("isComplete") === 1,
      isSigned: this.call("isSigned") === 1,
    };
  }

  /** Calls `next` until the window is used up. */
  drain(options: ReadOptions): number {
    for (;;) {
      const event = this.call("next");
      if (event <= Event.More) return event;
      if (event !== Event.Bytes) this.outcomeEvents.push(event);
      const err = this.handle(event, options);
      if (err !== Err.Ok) return err;
    }
  }

  private handle(event: number, options: ReadOptions): number {
    const entry = this.call("entryNow");
    if (event === Event.Manifest) {
      this.tryKeys(options.keys);
      return this.call("parseManifest");
    }
    if (event === Event.Payload) {
      this.payloads.set(entry, new Uint8Array());
      options.onPayload?.(entry, this);
    }
    if (event === Event.Bytes) {
      const bytes = this.module.bytes(this.call("bytesNow"), this.call("byteCountNow"));
      this.payloads.set(
        entry,
        new Uint8Array(Buffer.concat([this.payloads.get(entry) ?? Buffer.of(), bytes])),
      );
    }
    return Err.Ok;
  }

  tryKeys(keys: readonly TrustedKey[]): boolean {
    for (let block = 0; block < this.call("blockCount"); block++) {
      if (keys.some((key) => this.verifyBlock(block, key))) return true;
    }
    return false;
  }

  /** What the core says of one key. */
  check(block: number, { point, kid }: TrustedKey): Check {
    this.module.put(this.call("key"), point);
    this.module.put(this.call("kid"), Buffer.from(kid));
    const [key, kidAt, kidBytes] = [this.call("key"), this.call("kid"), Buffer.byteLength(kid)];
    return this.call("verifyBlock", block, key, point.length, kidAt, kidBytes);
  }

  /** Tries one key; what the core leaves to its host is checked by node:crypto. */
  verifyBlock(block: number, key: TrustedKey): boolean {
    const check = this.check(block, key);
    if (check !== Check.Host) return check === Check.Good;
    this.call("ask");
    const { memory } = this.module.exports;
    if (checkSignature({ memory }) !== Err.Ok) return false;
    this.call("accept");
    return true;
  }

  /** A string that an `…Into` function writes. */
  string(name: string, ...args: number[]): string {
    const byteCount = this.call(name, ...args, this.call("string"));
    return new TextDecoder("utf-8", { fatal: true }).decode(
      this.module.bytes(this.call("string"), byteCount),
    );
  }

  /** `byteCount` bytes at the address that the function `name` answers. */
  bytesOf(name: string, entry: number, byteCount: number): Uint8Array {
    return this.module.bytes(this.call(name, entry), byteCount);
  }
}
