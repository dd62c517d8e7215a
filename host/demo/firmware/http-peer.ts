// A peer that uses the real network: what a board asks for goes through the transport of the host.
import { Err, type Media } from "../../../assembly/abi/codes.ts";
import { errOf } from "../../errors.ts";
import type { Transport } from "../../transport/transport.ts";
import type { MessageReply, ObjectReply, Peer, Posted, Wanted } from "./bridge.ts";

/** Options of a peer; what is left out is not there. */
export interface HttpPeerOptions {
  transport: Transport;
  /** What `bootstrap` (B) and `notify` (N) take. */
  inputs?: Readonly<Record<string, Uint8Array>>;
  onLine?: (line: string) => void;
}

export class HttpPeer implements Peer {
  /** Final URL of the last object that was not relative. */
  private baseUrl = "";
  private blocks: AsyncIterator<Uint8Array> | null = null;
  /** Of the block that came last, what the board has not read. */
  private rest: Uint8Array = new Uint8Array(0);
  private readonly abort = new AbortController();

  constructor(private readonly options: HttpPeerOptions) {}

  async post({ hmac, ...request }: Posted): Promise<MessageReply | Err> {
    try {
      const answer = await this.options.transport.exchange(
        { ...request, session: 1, hmac }, this.abort.signal,
      );
      return { ...answer, hmac: answer.hmac ?? "" };
    } catch (error) {
      return errOf(error, Err.Transport);
    }
  }

  async get({ url, isRelative, firstOffset, validator }: Wanted): Promise<ObjectReply | Err> {
    await this.blocks?.return?.();
    this.blocks = null;
    this.rest = new Uint8Array(0);
    try {
      const absolute = isRelative ? new URL(url, this.baseUrl).href : url;
      const answer = await this.options.transport.fetch(
        { url: absolute, firstOffset, validator }, this.abort.signal,
      );
      if (!isRelative) this.baseUrl = answer.url;
      this.blocks = answer.blocks[Symbol.asyncIterator]();
      const media: Media = answer.media;
      return { ...answer, media };
    } catch (error) {
      return errOf(error, Err.Transport);
    }
  }

  async read(bytesMax: number): Promise<Uint8Array | Err> {
    try {
      if (this.rest.length === 0) {
        const next = await this.blocks?.next();
        if (!next || next.done) return this.rest;
        this.rest = next.value;
      }
    } catch (error) {
      return errOf(error, Err.Transport);
    }
    const block = this.rest.subarray(0, bytesMax);
    this.rest = this.rest.subarray(block.length);
    return block;
  }

  input(kind: string): Uint8Array {
    const bytes = this.options.inputs?.[kind];
    if (!bytes) throw new Error(`the board asks for an input of kind ${kind}`);
    return bytes;
  }

  log(line: string): void {
    this.options.onLine?.(line);
  }

  /** Ends what is open. */
  close(): void {
    this.abort.abort();
  }
}
