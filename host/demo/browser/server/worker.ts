// The worker that plays the server: the reference server's code, with a port in place of HTTP.
import type { ExpectedResult } from "../../cases.ts";
import { DEVICE_ID } from "../../setting.ts";
import { collectStatuses } from "../../statuses.ts";
import { sha256Hex } from "../../server/bytes.ts";
import type { ServerEvent } from "../../server/events.ts";
import { parsePolicy } from "../../server/policy.ts";
import { Endpoint } from "../../server/sessions.ts";
import { HMAC_HEADER, MESSAGE_TYPE } from "../../../transport/transport.ts";
import { emit, type Port, serve } from "../rpc.ts";
import { answerOver, ORIGIN, type WireReply, type WireRequest } from "../wire.ts";

interface PackageFile {
  bytes: Uint8Array;
  etag: string;
}

const scope = globalThis as unknown as Port;
const packages = new Map<string, PackageFile>();
let endpoint: Endpoint | undefined;
let statuses: () => ExpectedResult[] = () => [];

const handlers = {
  /** Waits for requests at `port`. */
  open(port: MessagePort): void {
    answerOver(port, answer);
  },

  /** Gets Delivery Packages, each once. */
  async stock(names: readonly string[]): Promise<void> {
    await Promise.all(names.map(async (name) => {
      if (packages.has(name)) return;
      const response = await fetch(`packages/${name}`);
      if (!response.ok) throw new Error(`the package ${name} is not there: ${response.status}`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      packages.set(name, { bytes, etag: `"${sha256Hex(bytes).slice(0, 32)}"` });
    }));
  },

  /** A server that knows nothing yet of any device. */
  start(policy: object): void {
    endpoint = new Endpoint({
      policy: parsePolicy(policy),
      isStrict: true,
      urlOf: (path) => `${ORIGIN}/packages/${path}`,
      bytesOf: (path) => packages.get(path)?.bytes,
    });
    endpoint.on((event) => {
      if (event.kind !== "message") emit(scope, event satisfies ServerEvent);
    });
    statuses = collectStatuses(endpoint);
  },

  setPolicy(policy: object): void {
    endpoint?.setPolicy(parsePolicy(policy));
  },

  /** Bytes of a Package #0 for the device. */
  notify(): Uint8Array {
    const bytes = endpoint?.notify(DEVICE_ID);
    if (bytes === undefined) throw new Error("the server has no account of the device");
    return bytes;
  },

  /** What the device reported; a result that came again counts again. */
  results(): ExpectedResult[] {
    const device = endpoint?.status().devices.find(({ id }) => id === DEVICE_ID);
    const results = (device?.results ?? []).flatMap(({ identifier, code, count }) => {
      return Array.from({ length: count }, () => ({ identifier, result: code }));
    });
    return [...statuses(), ...results];
  },

  /** Every rule of the documents that the device broke. */
  deviations(): string[] {
    return endpoint?.status().devices.flatMap(({ deviations }) => deviations) ?? [];
  },
};

export type ServerHandlers = typeof handlers;

async function answer(request: WireRequest): Promise<WireReply> {
  const [, resource, name = ""] = request.path.split("/");
  if (resource === "dm" && request.method === "POST") return receive(request);
  const file = packages.get(decodeURIComponent(name));
  return resource === "packages" && file ? part(request, file) : refusal(404, "not found");
}

function receive({ headers, body }: WireRequest): WireReply {
  const hmac = headers[HMAC_HEADER];
  try {
    const reply = endpoint!.receive(body ?? new Uint8Array(0), {
      contentType: headers["content-type"], accept: headers["accept"],
      ...(hmac === undefined ? {} : { hmac }),
    });
    return {
      status: 200,
      headers: {
        "content-type": MESSAGE_TYPE,
        ...(reply.hmac === undefined ? {} : { [HMAC_HEADER]: reply.hmac }),
      },
      body: reply.body,
    };
  } catch (error) {
    return refusal(400, String(error));
  }
}

/** A package, or its rest from the byte on that the device asks for. */
function part({ headers }: WireRequest, { bytes, etag }: PackageFile): WireReply {
  const isSame = headers["if-range"] === undefined || headers["if-range"] === etag;
  const first = isSame ? Number(/^bytes=(\d+)-$/.exec(headers["range"] ?? "")?.[1] ?? 0) : 0;
  const common = { "content-type": "application/suit-envelope+cose", etag };
  if (first >= bytes.length) return refusal(416, "beyond the end");
  if (first === 0) {
    const headers = { ...common, "content-length": `${bytes.length}` };
    return { status: 200, headers, body: bytes };
  }
  const range = `bytes ${first}-${bytes.length - 1}/${bytes.length}`;
  return {
    status: 206, headers: { ...common, "content-range": range }, body: bytes.slice(first),
  };
}

function refusal(status: number, text: string): WireReply {
  return {
    status, headers: { "content-type": "text/plain" }, body: new TextEncoder().encode(text),
  };
}

serve(scope, handlers);
