import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { WbxmlError } from "./decoder.ts";
import { MessageError } from "./message.ts";
import { type PackageFile, type Packages, rangeOf } from "./packages.ts";
import type { Endpoint } from "./sessions.ts";

export const DM_MEDIA_TYPE = "application/vnd.syncml.dm+wbxml";
export const NOTIFICATION_MEDIA_TYPE = "application/vnd.syncml.notification";

const BODY_BYTES_MAX = 65_536;

export interface HttpOptions {
  endpoint: Endpoint;
  packages: Packages;
  /** Origin of pages that may use the server, or `*`; without it no page of another origin may. */
  allowOrigin?: string;
}

/** An answer that is not the one asked for. */
class HttpError extends Error {
  constructor(readonly status: number, message: string, readonly headers = {}) {
    super(message);
  }
}

/** The resources of the server: /dm, /packages/…, /status, /sessions/… and /notify/…. */
export function createHttpServer(options: HttpOptions): Server {
  return createServer((request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      if (response.headersSent) {
        response.destroy();
        return;
      }
      const status = error instanceof HttpError ? error.status : 500;
      const headers = error instanceof HttpError ? error.headers : {};
      const text = error instanceof HttpError ? error.message : "server error";
      response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", ...headers });
      response.end(`${text}\n`);
    });
  });
}

async function answer(
  options: HttpOptions, request: IncomingMessage, response: ServerResponse,
): Promise<void> {
  const { allowOrigin } = options;
  if (allowOrigin !== undefined) allow(response, allowOrigin);
  const url = new URL(request.url ?? "/", "http://localhost");
  const [, resource, ...rest] = url.pathname.split("/");
  if (request.method === "OPTIONS" && allowOrigin !== undefined) {
    response.writeHead(204).end();
    return;
  }
  const path = rest.map(decoded).join("/");
  switch (resource) {
    case "dm": return dm(options, request, response);
    case "packages": return servePackage(options, request, response, path);
    case "status": return status(options, request, response);
    case "sessions": return sessions(options, request, response, path);
    case "notify": return notify(options, request, response, path, url.searchParams);
    default: throw new HttpError(404, "not found");
  }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HttpError(400, "bad escape in the path");
  }
}

function allow(response: ServerResponse, origin: string): void {
  response.setHeader("Access-Control-Allow-Origin", origin);
  response.setHeader("Access-Control-Allow-Methods", "GET, HEAD, POST");
  response.setHeader(
    "Access-Control-Allow-Headers",
    "Content-Type, Accept, Cache-Control, Range, If-Range, x-syncml-hmac",
  );
  response.setHeader(
    "Access-Control-Expose-Headers", "ETag, Content-Range, Retry-After, x-syncml-hmac",
  );
}

async function dm(
  { endpoint }: HttpOptions, request: IncomingMessage, response: ServerResponse,
): Promise<void> {
  mustBe(request, "POST");
  const mediaType = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  // The type of data synchronisation is met in the field and let through.
  if (mediaType !== DM_MEDIA_TYPE && mediaType !== "application/vnd.syncml+wbxml") {
    throw new HttpError(415, `Content-Type ${DM_MEDIA_TYPE} expected`);
  }
  const body = await bodyOf(request);
  const hmac = request.headers["x-syncml-hmac"];
  try {
    const { "content-type": contentType, accept } = request.headers;
    const reply = endpoint.receive(body, {
      contentType, accept, ...(typeof hmac === "string" ? { hmac } : {}),
    });
    response.writeHead(200, {
      "Content-Type": DM_MEDIA_TYPE,
      "Content-Length": reply.body.length,
      "Cache-Control": "private, no-store",
      ...(reply.hmac === undefined ? {} : { "x-syncml-hmac": reply.hmac }),
    });
    response.end(reply.body);
  } catch (error) {
    if (error instanceof WbxmlError || error instanceof MessageError) {
      throw new HttpError(400, error.message);
    }
    throw error;
  }
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const blocks: Buffer[] = [];
  let byteCount = 0;
  for await (const block of request as AsyncIterable<Buffer>) {
    byteCount += block.length;
    // The rest is not read: the connection cannot be used again.
    if (byteCount > BODY_BYTES_MAX) {
      throw new HttpError(413, `more than ${BODY_BYTES_MAX} bytes`, { Connection: "close" });
    }
    blocks.push(block);
  }
  return Buffer.concat(blocks);
}

async function servePackage(
  { packages }: HttpOptions, request: IncomingMessage, response: ServerResponse, path: string,
): Promise<void> {
  mustBe(request, "GET", "HEAD");
  const file = packages.get(path);
  if (file === undefined) throw new HttpError(404, "no such package");
  const { bytes, etag } = file;
  const wanted = isRangeValid(request, file) ? request.headers.range : undefined;
  const range = rangeOf(wanted, bytes.length);
  if (range === "none") {
    const headers = { "Content-Range": `bytes */${bytes.length}`, "Accept-Ranges": "bytes" };
    throw new HttpError(416, "range outside of the package", headers);
  }
  const isPart = range !== "whole";
  const part = isPart ? bytes.subarray(range.first, range.last + 1) : bytes;
  response.writeHead(isPart ? 206 : 200, {
    "Content-Type": file.mediaType,
    "Content-Length": part.length,
    "Accept-Ranges": "bytes",
    ETag: etag,
    "Last-Modified": file.modified.toUTCString(),
    "Cache-Control": "no-cache",
    ...(isPart ? { "Content-Range": `bytes ${range.first}-${range.last}/${bytes.length}` } : {}),
  });
  response.end(request.method === "HEAD" ? undefined : part);
}

/** A range counts only with GET, and only while If-Range names the package as it is. */
function isRangeValid({ method, headers }: IncomingMessage, file: PackageFile): boolean {
  const condition = headers["if-range"];
  if (method !== "GET") return false;
  if (typeof condition !== "string") return true;
  return condition === file.etag || condition === file.modified.toUTCString();
}

async function status(
  { endpoint }: HttpOptions, request: IncomingMessage, response: ServerResponse,
): Promise<void> {
  mustBe(request, "GET", "HEAD");
  answerJson(request, response, endpoint.status());
}

/** All reports, or the newest one of a SessionID. */
async function sessions(
  { endpoint }: HttpOptions, request: IncomingMessage, response: ServerResponse, id: string,
): Promise<void> {
  mustBe(request, "GET", "HEAD");
  const reports = endpoint.sessionReports();
  if (id === "") {
    answerJson(request, response, { sessions: reports });
    return;
  }
  const report = reports.findLast(({ sessionId }) => sessionId === id);
  if (report === undefined) throw new HttpError(404, "no such session");
  answerJson(request, response, report);
}

function answerJson({ method }: IncomingMessage, response: ServerResponse, value: object): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(200, {
    "Content-Type": "application/json",
    "Content-Length": body.length,
    "Cache-Control": "no-store",
  });
  response.end(method === "HEAD" ? undefined : body);
}

async function notify(
  { endpoint }: HttpOptions, request: IncomingMessage, response: ServerResponse, device: string,
  query: URLSearchParams,
): Promise<void> {
  mustBe(request, "POST");
  const uiMode = Number(query.get("ui-mode") ?? 1);
  if (!Number.isInteger(uiMode) || uiMode < 0 || uiMode > 3) {
    throw new HttpError(400, "ui-mode: 0 to 3");
  }
  let bytes: Uint8Array | undefined;
  try {
    bytes = endpoint.notify(device, { uiMode, isResync: query.has("resync") });
  } catch (error) {
    throw new HttpError(409, error instanceof Error ? error.message : "cannot notify");
  }
  if (bytes === undefined) throw new HttpError(404, "no account for this device");
  response.writeHead(200, {
    "Content-Type": NOTIFICATION_MEDIA_TYPE,
    "Content-Length": bytes.length,
    "Cache-Control": "no-store",
  });
  response.end(bytes);
}

function mustBe({ method }: IncomingMessage, ...methods: string[]): void {
  if (method !== undefined && methods.includes(method)) return;
  throw new HttpError(405, `${methods.join(" or ")} expected`, { Allow: methods.join(", ") });
}
