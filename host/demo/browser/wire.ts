// HTTP without a network: requests of the device's worker to the server's, over a port.
import type { Pace } from "./pace.ts";

export interface WireRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Uint8Array | null;
}

export interface WireReply {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** Where the server is, for the device; nobody outside of the page is ever asked. */
export const ORIGIN = "https://dms.example";

/** Bytes that the network brings at once. */
const CHUNK_BYTES = 1024;

/** A `fetch` that asks the other end of `port`. */
export function fetchOver(port: MessagePort, pace: Pace): typeof fetch {
  const waiting = new Map<number, (reply: WireReply) => void>();
  let lastId = 0;
  port.onmessage = ({ data }: MessageEvent<{ id: number; reply: WireReply }>) => {
    waiting.get(data.id)?.(data.reply);
    waiting.delete(data.id);
  };
  const ask = (request: WireRequest, signal: AbortSignal | null | undefined) =>
    new Promise<WireReply>((resolve, reject) => {
      const id = ++lastId;
      waiting.set(id, resolve);
      signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      port.postMessage({ id, request });
    });
  return async (input, init = {}) => {
    const url = new URL(String(input));
    const { method = "GET", signal } = init;
    await pace.wait("message");
    signal?.throwIfAborted();
    const headers = Object.fromEntries(new Headers(init.headers).entries());
    const body = init.body instanceof Uint8Array ? init.body : null;
    const request = { method, path: url.pathname, headers, body };
    const reply = await ask(request, signal);
    const isDownload = method === "GET";
    const stream = isDownload ? chunks(reply.body, pace, signal) : new Uint8Array(reply.body);
    return new Response(stream, { status: reply.status, headers: reply.headers });
  };
}

function chunks(
  bytes: Uint8Array, pace: Pace, signal: AbortSignal | null | undefined,
): ReadableStream<Uint8Array> {
  let offset = 0;
  return new ReadableStream({
    async pull(controller) {
      await pace.wait("block");
      if (signal?.aborted) {
        controller.error(signal.reason);
      } else if (offset >= bytes.length) {
        controller.close();
      } else {
        controller.enqueue(bytes.slice(offset, offset + CHUNK_BYTES));
        offset += CHUNK_BYTES;
      }
    },
  }, { highWaterMark: 0 });
}

/** Answers the requests that come to `port`. */
export function answerOver(
  port: MessagePort, answer: (request: WireRequest) => Promise<WireReply>,
): void {
  port.onmessage = ({ data }: MessageEvent<{ id: number; request: WireRequest }>) => {
    void answer(data.request).then((reply) => port.postMessage({ id: data.id, reply }));
  };
}
