// A server on loopback that answers as a test says, and notes what it was asked.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

export type Handler = (seen: Seen, response: ServerResponse, index: number) => void;

export interface TestServer {
  url: string;
  seen: Seen[];
  handler: Handler;
  close(): Promise<void>;
}

export async function serve(handler: Handler): Promise<TestServer> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const seen = { method, url, headers, body: Buffer.concat(parts) };
      const index = whole.seen.push(seen) - 1;
      whole.handler(seen, response, index);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const whole: TestServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    handler,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return whole;
}

export interface RangeOptions {
  etag?: string;
  contentType?: string;
}

/** Answers as a server with ranges does: 200, 206 or 416, and If-Range. */
export function sendObject(
  seen: Seen,
  response: ServerResponse,
  object: Uint8Array,
  options: RangeOptions = {},
): void {
  const { etag, contentType = "application/suit-envelope+cose" } = options;
  response.setHeader("content-type", contentType);
  if (etag) response.setHeader("etag", etag);
  const condition = seen.headers["if-range"];
  const wanted = /^bytes=(\d+)-$/.exec(seen.headers.range ?? "");
  if (!wanted || (condition !== undefined && condition !== etag)) {
    response.setHeader("content-length", object.length);
    response.end(object);
    return;
  }
  const first = Number(wanted[1]);
  if (first >= object.length) {
    response.writeHead(416, { "content-range": `bytes */${object.length}` });
    response.end();
    return;
  }
  const part = object.subarray(first);
  const range = `bytes ${first}-${object.length - 1}/${object.length}`;
  response.writeHead(206, { "content-range": range, "content-length": part.length });
  response.end(part);
}
