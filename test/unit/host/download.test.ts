import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Media } from "../../../assembly/abi/codes.ts";
import { FetchTransport, type FetchOptions } from "../../../host/transport/fetch.ts";
import type { RangeAnswer } from "../../../host/transport/transport.ts";
import { bytesFrom } from "../../suites/storage.ts";
import { sendObject, serve, type Handler, type TestServer } from "./http.ts";

const OBJECT = Uint8Array.from({ length: 200_000 }, (_, index) => (index * 7 + (index >> 8)) % 256);
const ETAG = '"v1"';

let server: TestServer;
let run: AbortController;

beforeEach(async () => {
  run = new AbortController();
  server = await serve((seen, response) => sendObject(seen, response, OBJECT, { etag: ETAG }));
});
afterEach(async () => {
  run.abort();
  await server.close();
});

function transport(options: FetchOptions = {}): FetchTransport {
  return new FetchTransport({ patienceMs: 3000, ...options });
}

function get(from: FetchTransport, firstOffset = 0, validator = ""): Promise<RangeAnswer> {
  return from.fetch({ url: `${server.url}/p`, firstOffset, validator }, run.signal);
}

/** Takes blocks until `bytesMin` are there. */
async function take(answer: RangeAnswer, bytesMin = Infinity): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let count = 0;
  for await (const block of answer.blocks) {
    expect(block.length).toBeLessThanOrEqual(1024);
    parts.push(block);
    if ((count += block.length) >= bytesMin) break;
  }
  return Buffer.concat(parts);
}

const equals = (bytes: Uint8Array, expected: Uint8Array) => Buffer.compare(bytes, expected) === 0;

describe("FetchTransport.fetch", () => {
  it("a whole object: comes in blocks of 1,024 with its length, type and validator", async () => {
    const answer = await get(transport());
    const { blocks, ...head } = answer;
    expect(head).toEqual({
      status: 200,
      url: `${server.url}/p`,
      firstOffset: 0,
      totalBytes: OBJECT.length,
      media: Media.Delivery,
      validator: ETAG,
    });
    expect(equals(await take({ ...head, blocks }), OBJECT)).toBe(true);
    expect(server.seen[0]!.headers.range).toBeUndefined();
  });

  it("from an offset with a validator: asks by Range and If-Range", async () => {
    const answer = await get(transport(), 150_000, ETAG);
    expect(answer).toMatchObject({ status: 206, firstOffset: 150_000, totalBytes: OBJECT.length });
    expect(equals(await take(answer), OBJECT.subarray(150_000))).toBe(true);
    expect(server.seen[0]!.headers).toMatchObject({ range: "bytes=150000-", "if-range": ETAG });
  });

  it("from an offset of an object that changed: the whole new one comes", async () => {
    const answer = await get(transport(), 150_000, '"v0"');
    expect(answer).toMatchObject({ status: 200, firstOffset: 0 });
    expect(equals(await take(answer), OBJECT)).toBe(true);
  });

  it("a weak validator: is not given out", async () => {
    server.handler = (seen, response) => sendObject(seen, response, OBJECT, { etag: 'W/"v1"' });
    expect((await get(transport())).validator).toBe("");
  });

  it("a length that is not announced: is -1, and the end of the body is the end", async () => {
    server.handler = (_, response) => {
      response.write(OBJECT.subarray(0, 1500));
      response.end(OBJECT.subarray(1500, 3000));
    };
    const answer = await get(transport());
    expect(answer.totalBytes).toBe(-1);
    expect(equals(await take(answer), OBJECT.subarray(0, 3000))).toBe(true);
  });

  it.each([404, 401, 500])("HTTP status %i: is passed on without a block", async (status) => {
    server.handler = (_, response) => response.writeHead(status).end("no");
    const answer = await get(transport());
    expect(answer.status).toBe(status);
    expect((await take(answer)).length).toBe(0);
  });

  it("a broken connection: goes on at the byte reached", async () => {
    server.handler = (seen, response, index) => {
      if (index > 0) return sendObject(seen, response, OBJECT, { etag: ETAG });
      response.writeHead(200, { "content-length": OBJECT.length, etag: ETAG });
      response.write(OBJECT.subarray(0, 70_000), () => setTimeout(() => response.destroy(), 50));
    };
    expect(equals(await take(await get(transport())), OBJECT)).toBe(true);
    expect(server.seen.length).toBe(2);
    const { range, "if-range": condition } = server.seen[1]!.headers;
    expect(condition).toBe(ETAG);
    expect(Number(/^bytes=(\d+)-$/.exec(range!)![1])).toBeLessThanOrEqual(70_000);
  });

  it("a connection that breaks again and again but brings bytes: arrives", async () => {
    server.handler = (seen, response) => {
      const first = Number(/\d+/.exec(seen.headers.range ?? "0")![0]);
      const total = 5000;
      response.writeHead(first > 0 ? 206 : 200, {
        "content-length": total - first,
        ...(first > 0 ? { "content-range": `bytes ${first}-${total - 1}/${total}` } : {}),
      });
      const part = OBJECT.subarray(first, Math.min(first + 1500, total));
      response.write(part, () => setTimeout(() => response.destroy(), 20));
    };
    const got = await take(await get(transport({ patienceMs: 1000 })));
    expect(equals(got, OBJECT.subarray(0, 5000))).toBe(true);
  });

  it("a server without ranges: what is there is read over", async () => {
    server.handler = (_, response, index) => {
      response.writeHead(200, { "content-length": OBJECT.length });
      if (index > 0) response.end(OBJECT);
      else response.write(OBJECT.subarray(0, 3000), () => setTimeout(() => response.destroy(), 50));
    };
    expect(equals(await take(await get(transport())), OBJECT)).toBe(true);
    expect(server.seen.length).toBe(2);
  });

  it("an object that changes on the way: fails, and mixes nothing", async () => {
    server.handler = (seen, response, index) => {
      if (index > 0) return sendObject(seen, response, bytesFrom(1, 5000), { etag: '"v2"' });
      response.writeHead(200, { "content-length": OBJECT.length, etag: ETAG });
      response.write(OBJECT.subarray(0, 3000), () => setTimeout(() => response.destroy(), 50));
    };
    await expect(take(await get(transport()))).rejects.toMatchObject({ code: "DM_HTTP_STATUS" });
  });

  it("a server that is gone for good: fails when the patience is over", async () => {
    server.handler = (_, response, index) => {
      if (index > 0) return response.destroy();
      response.writeHead(200, { "content-length": OBJECT.length });
      response.write(OBJECT.subarray(0, 3000), () => setTimeout(() => response.destroy(), 50));
    };
    const started = Date.now();
    const taking = take(await get(transport({ patienceMs: 900 })));
    await expect(taking).rejects.toMatchObject({ code: "DM_TRANSPORT" });
    expect(Date.now() - started).toBeLessThan(3000);
    expect(server.seen.length).toBeGreaterThan(1);
  });

  it("a connection that goes silent: is given up and asked again", async () => {
    server.handler = (_, response) => {
      response.writeHead(200, { "content-length": OBJECT.length });
      response.write(OBJECT.subarray(0, 3000));
    };
    const taking = take(await get(transport({ patienceMs: 400 })));
    await expect(taking).rejects.toMatchObject({ code: "DM_TRANSPORT" });
  });

  it("nobody there: is tried with back-off until the patience is over", async () => {
    const url = server.url;
    await server.close();
    const request = { url: `${url}/p`, firstOffset: 0, validator: "" };
    const fetching = transport({ patienceMs: 600 }).fetch(request, run.signal);
    const failure = { code: "DM_TRANSPORT", cause: expect.any(Error) };
    await expect(fetching).rejects.toMatchObject(failure);
    server = await serve(() => {});
  });

  it("503 with Retry-After: is asked again after it", async () => {
    server.handler = (seen, response, index) => {
      if (index > 0) return sendObject(seen, response, OBJECT);
      return response.writeHead(503, { "retry-after": "1" }).end();
    };
    expect((await get(transport())).status).toBe(200);
    expect(server.seen.length).toBe(2);
  });

  it("416 at the end of the object: nothing is left, and that is whole", async () => {
    const answer = await get(transport(), OBJECT.length, ETAG);
    expect(answer).toMatchObject({ status: 206, firstOffset: OBJECT.length });
    expect(answer.totalBytes).toBe(OBJECT.length);
    expect((await take(answer)).length).toBe(0);
  });

  it("416 past the end: the object is another one, and comes from its beginning", async () => {
    const answer = await get(transport(), OBJECT.length + 1, ETAG);
    expect(answer).toMatchObject({ status: 200, firstOffset: 0 });
    expect(equals(await take(answer), OBJECT)).toBe(true);
  });

  const badRanges = [
    "bytes 99-199999/200000",
    "bytes 101-199999/200000",
    "bytes 100-99/200000",
    "bytes 100-200000/200000",
    "bytes 100-199999",
    "bytes 100-199999/200000 ",
    "bytes=100-199999/200000",
    "items 100-199999/200000",
    "bytes -100-199999/200000",
    "",
  ];
  it.each(badRanges)("206 with Content-Range %j: the whole object is used", async (range) => {
    server.handler = (seen, response) => {
      if (seen.headers.range === undefined) return response.end(OBJECT);
      return response.writeHead(206, range ? { "content-range": range } : {}).end(OBJECT);
    };
    const answer = await get(transport(), 100);
    expect(answer).toMatchObject({ status: 200, firstOffset: 0 });
    // A trailing blank is no part of a header's value.
    expect(equals(await take(answer), OBJECT)).toBe(true);
  });

  it("206 with an unknown total: the range that was asked for is taken", async () => {
    server.handler = (_, response) => {
      response.writeHead(206, { "content-range": "bytes 100-199999/*" }).end(OBJECT.subarray(100));
    };
    const answer = await get(transport(), 100);
    expect(answer).toMatchObject({ status: 206, firstOffset: 100, totalBytes: -1 });
    expect(equals(await take(answer), OBJECT.subarray(100))).toBe(true);
  });

  it("206 with a shorter range than asked for: the rest is asked for", async () => {
    server.handler = (seen, response) => {
      const first = Number(/\d+/.exec(seen.headers.range ?? "0")![0]);
      const last = Math.min(first + 1999, 4999);
      const headers = { "content-range": `bytes ${first}-${last}/5000`, etag: ETAG };
      response.writeHead(206, headers).end(OBJECT.subarray(first, last + 1));
    };
    const got = await take(await get(transport(), 1000));
    expect(equals(got, OBJECT.subarray(1000, 5000))).toBe(true);
    expect(server.seen.length).toBe(2);
  });

  it("more bytes than the range announced: are refused", async () => {
    const handler: Handler = (_, response) => {
      response.writeHead(206, { "content-range": "bytes 100-109/200000" });
      response.end(OBJECT.subarray(100, 200));
    };
    server.handler = handler;
    const taking = take(await get(transport({ patienceMs: 400 }), 100));
    await expect(taking).rejects.toMatchObject({ code: "DM_TRANSPORT" });
  });

  it("other schemes and plain http elsewhere: are not fetched", async () => {
    for (const url of ["file:///etc/passwd", "http://dms.example/p", "data:,x"]) {
      const fetching = transport().fetch({ url, firstOffset: 0, validator: "" }, run.signal);
      await expect(fetching).rejects.toMatchObject({ code: "DM_UNSUPPORTED" });
    }
  });
});

describe("FetchTransport.fetch after a pause", () => {
  it("the first byte not taken: is served from the open connection", async () => {
    const from = transport();
    const first = await take(await get(from), 5000);
    const answer = await get(from, first.length, ETAG);
    expect(answer).toMatchObject({ status: 206, firstOffset: first.length, validator: ETAG });
    expect(answer.totalBytes).toBe(OBJECT.length);
    expect(equals(await take(answer), OBJECT.subarray(first.length))).toBe(true);
    expect(server.seen.length).toBe(1);
  });

  it("a byte inside the last block: is served from the open connection too", async () => {
    const from = transport();
    const first = await take(await get(from), 5000);
    const answer = await get(from, first.length - 700, ETAG);
    expect(equals(await take(answer), OBJECT.subarray(first.length - 700))).toBe(true);
    expect(server.seen.length).toBe(1);
  });

  it("another place, another object, another validator: a connection of its own", async () => {
    const from = transport();
    const first = await take(await get(from), 5000);
    await take(await get(from, first.length + 1, ETAG), 10);
    expect(server.seen.length).toBe(2);
    await take(await get(from, 0), 10);
    expect(server.seen.length).toBe(3);
    await take(await get(from, 1024, '"v0"'), 10);
    expect(server.seen.length).toBe(4);
    const request = { url: `${server.url}/q`, firstOffset: 0, validator: "" };
    await take(await from.fetch(request, run.signal), 10);
    expect(server.seen.length).toBe(5);
  });

  it("a connection that broke in the pause: goes on by Range", async () => {
    server.handler = (seen, response, index) => {
      if (index > 0) return sendObject(seen, response, OBJECT, { etag: ETAG });
      response.writeHead(200, { "content-length": OBJECT.length, etag: ETAG });
      response.write(OBJECT.subarray(0, 6000), () => setTimeout(() => response.destroy(), 30));
    };
    const from = transport();
    const first = await take(await get(from), 2000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const rest = await take(await get(from, first.length, ETAG));
    expect(equals(rest, OBJECT.subarray(first.length))).toBe(true);
    expect(server.seen.length).toBe(2);
  });

  it("the end of the run: closes what was left open", async () => {
    const closed = new Promise<void>((resolve) => {
      server.handler = (_, response) => {
        response.on("close", () => resolve());
        response.writeHead(200, { "content-length": OBJECT.length });
        response.write(OBJECT.subarray(0, 3000));
      };
    });
    await take(await get(transport()), 1000);
    run.abort();
    await closed;
  });

  it("abort: ends a download that waits", async () => {
    server.handler = (_, response) => {
      response.writeHead(200, { "content-length": OBJECT.length });
      response.write(OBJECT.subarray(0, 3000), () => setTimeout(() => run.abort(), 50));
    };
    await expect(take(await get(transport()))).rejects.toMatchObject({ code: "DM_ABORTED" });
  });
});
