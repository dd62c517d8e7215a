import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Media } from "../../../assembly/abi/codes.ts";
import { FetchTransport, type FetchOptions } from "../../../host/transport/fetch.ts";
import { checkUrl, isLoopback, mediaOf } from "../../../host/transport/transport.ts";
import { codeOf } from "../../suites/storage.ts";
import { serve, type Handler, type TestServer } from "./http.ts";

const DM_TYPE = "application/vnd.syncml.dm+wbxml";
const BODY = Uint8Array.of(2, 0xa4, 1, 0x6a, 0);

let server: TestServer;
const never = new AbortController().signal;

beforeEach(async () => {
  server = await serve((_, response) => response.end());
});
afterEach(() => server.close());

function exchange(
  handler: Handler,
  request: { answerBytesMax?: number; signal?: AbortSignal; path?: string } = {},
  options: FetchOptions = {},
) {
  server.handler = handler;
  const url = `${server.url}${request.path ?? "/dm"}`;
  const { answerBytesMax = 4096, signal = never } = request;
  const transport = new FetchTransport({ patienceMs: 3000, ...options });
  return transport.exchange({ url, body: BODY, answerBytesMax, session: 1 }, signal);
}

const answer: Handler = (_, response) => {
  response.writeHead(200, { "content-type": `${DM_TYPE}; charset=utf-8` });
  response.end(Buffer.from([1, 2, 3]));
};

describe("FetchTransport.exchange", () => {
  it("a message: is posted with the headers of the binding and answered", async () => {
    const got = await exchange(answer);
    expect(got).toEqual({ status: 200, media: Media.Message, body: Uint8Array.of(1, 2, 3) });
    const { method, url, headers, body } = server.seen[0]!;
    expect([method, url]).toEqual(["POST", "/dm"]);
    expect(new Uint8Array(body)).toEqual(BODY);
    expect(headers).toMatchObject({
      "content-type": DM_TYPE,
      accept: DM_TYPE,
      "cache-control": "no-store",
      "accept-charset": "utf-8",
      "user-agent": "scomo-wasm",
      "content-length": "5",
    });
  });

  it.each([401, 404, 500, 503, 302])("HTTP status %i: is passed on at once", async (status) => {
    const got = await exchange((_, response) => response.writeHead(status).end("no"));
    expect(got.status).toBe(status);
    expect(server.seen.length).toBe(1);
  });

  it("an answer of another type: says so", async () => {
    const got = await exchange((_, response) => {
      response.setHeader("content-type", "text/html").end("x");
    });
    expect(got.media).toBe(Media.Other);
  });

  it.each([true, false])("an answer at the limit: is taken (announced %s)", async (isAnnounced) => {
    const got = await exchange(
      (_, response) => {
        if (isAnnounced) response.setHeader("content-length", 16);
        response.end(Buffer.alloc(16, 7));
      },
      { answerBytesMax: 16 },
    );
    expect(got.body).toEqual(new Uint8Array(16).fill(7));
  });

  it("an answer one byte above the limit: is refused before its body comes", async () => {
    const tooLarge = exchange(
      (_, response) => {
        response.writeHead(200, { "content-length": 17 });
        response.write("x");
      },
      { answerBytesMax: 16 },
    );
    await expect(tooLarge).rejects.toMatchObject({ code: "DM_TOO_LARGE" });
    expect(server.seen.length).toBe(1);
  });

  it("an answer without end: is refused while it is read", async () => {
    const endless = exchange(
      (_, response) => {
        const more = () => void response.write(Buffer.alloc(64), () => setImmediate(more));
        more();
      },
      { answerBytesMax: 1000 },
    );
    await expect(endless).rejects.toMatchObject({ code: "DM_TOO_LARGE" });
  });

  it("no answer twice: the same bytes are sent again, and the third answer counts", async () => {
    const got = await exchange((seen, response, index) => {
      if (index < 2) response.destroy();
      else answer(seen, response, index);
    });
    expect(got.status).toBe(200);
    expect(server.seen.map(({ body }) => new Uint8Array(body))).toEqual([BODY, BODY, BODY]);
  });

  it("no answer at all: it is sent three times, not more", async () => {
    const lost = exchange((_, response) => response.destroy());
    await expect(lost).rejects.toMatchObject({
      code: "DM_TRANSPORT",
      message: expect.stringContaining(server.url),
      cause: expect.any(Error),
    });
    expect(server.seen.length).toBe(3);
  });

  it("an empty 200 and one that breaks off: count as lost", async () => {
    const got = await exchange((seen, response, index) => {
      if (index === 0) return response.end();
      if (index === 2) return answer(seen, response, index);
      response.writeHead(200, { "content-length": 9 });
      response.write("x", () => response.destroy());
    });
    expect(got.body.length).toBe(3);
    expect(server.seen.length).toBe(3);
  });

  it("silence: ends with the patience", async () => {
    const started = Date.now();
    const silent = exchange(() => {}, {}, { patienceMs: 300 });
    await expect(silent).rejects.toMatchObject({ code: "DM_TRANSPORT" });
    expect(Date.now() - started).toBeLessThan(2000);
  });

  it.each([429, 503])("%i with Retry-After: is asked again after it", async (status) => {
    const started = Date.now();
    const got = await exchange((seen, response, index) => {
      if (index === 0) response.writeHead(status, { "retry-after": "1" }).end();
      else answer(seen, response, index);
    });
    expect(got.status).toBe(200);
    expect(Date.now() - started).toBeGreaterThanOrEqual(990);
  });

  it("Retry-After beyond the patience: the status is passed on at once", async () => {
    const got = await exchange((_, response) => {
      response.writeHead(503, { "retry-after": "60" }).end();
    });
    expect(got.status).toBe(503);
    expect(server.seen.length).toBe(1);
  });

  it("a redirect over plain http: is not followed", async () => {
    const got = await exchange((_, response) => {
      response.writeHead(307, { location: "/other" }).end();
    });
    expect(got.status).toBe(307);
    expect(server.seen.length).toBe(1);
  });

  it("abort: ends a request that waits", async () => {
    const abort = new AbortController();
    const given = exchange(() => abort.abort(), { signal: abort.signal });
    await expect(given).rejects.toMatchObject({ code: "DM_ABORTED" });
  });

  it("abort: ends a wait for Retry-After", async () => {
    const abort = new AbortController();
    const given = exchange(
      (_, response) => {
        response.writeHead(503, { "retry-after": "2" }).end();
        setTimeout(() => abort.abort(), 50);
      },
      { signal: abort.signal },
    );
    await expect(given).rejects.toMatchObject({ code: "DM_ABORTED" });
  });

  it("x-syncml-hmac: goes out byte for byte where there is one, and comes back", async () => {
    const hmac = 'algorithm=MD5, username="\u00c3\u00a9", mac=AAAAAAAAAAAAAAAAAAAAAA==';
    const back = 'mac=BBBBBBBBBBBBBBBBBBBBBA==, username="\u00c3\u00a4"';
    server.handler = (_, response) => response.setHeader("x-syncml-hmac", back).end(BODY);
    const request = { url: `${server.url}/dm`, body: BODY, answerBytesMax: 99, session: 1 };
    const transport = new FetchTransport();
    expect((await transport.exchange({ ...request, hmac }, never)).hmac).toBe(back);
    await transport.exchange({ ...request, hmac: "" }, never);
    expect(server.seen.map(({ headers }) => headers["x-syncml-hmac"])).toEqual([hmac, undefined]);
  });

  describe("RespURI", () => {
    const send = (transport: FetchTransport, url: string, session = 1) =>
      transport.exchange({ url, body: BODY, answerBytesMax: 99, session }, never);
    /** The same server under another name of this machine. */
    const elsewhere = () => server.url.replace("127.0.0.1", "localhost");
    beforeEach(() => {
      server.handler = (_, response) => response.end("x");
    });

    it("another path or port of the account's host: is taken", async () => {
      const seen: string[] = [];
      const platform = (async (url: URL) => {
        seen.push(url.href);
        return new Response("x");
      }) as unknown as typeof fetch;
      const transport = new FetchTransport({ fetch: platform });
      const urls = [
        "https://dms.example/dm",
        "https://dms.example/dm/s?k=1",
        "https://dms.example:8443/",
      ];
      for (const url of urls) await send(transport, url);
      expect(seen).toEqual(urls);
    });

    it("another host: is refused before anything is sent, and the message says why", async () => {
      const transport = new FetchTransport();
      await send(transport, `${server.url}/dm`);
      await expect(send(transport, `${elsewhere()}/dm`)).rejects.toMatchObject({
        code: "DM_UNSUPPORTED",
        message: expect.stringMatching(/localhost.*127\.0\.0\.1.*another host/),
      });
      expect(server.seen.length).toBe(1);
      // The next session begins at its own account.
      await send(transport, `${elsewhere()}/dm`, 2);
      expect(server.seen.length).toBe(2);
      await expect(send(transport, `${server.url}/dm`, 2)).rejects.toMatchObject({
        code: "DM_UNSUPPORTED",
      });
    });

    it("another host: is for the application to allow", async () => {
      const asked: string[][] = [];
      const mayMove = (url: URL, account: URL) => {
        asked.push([url.hostname, account.hostname]);
        return true;
      };
      const transport = new FetchTransport({ mayMove });
      await send(transport, `${server.url}/dm`);
      await send(transport, `${elsewhere()}/dm`);
      expect(asked).toEqual([["localhost", "127.0.0.1"]]);
      expect(server.seen.length).toBe(2);
    });

    it.each(["http://dms.example/dm", "ftp://dms.example/dm", "dm", "https://u:p@dms.example/"])(
      "%s: is refused, whatever the application allows of hosts",
      async (url) => {
        const transport = new FetchTransport({ mayMove: () => true });
        await send(transport, `${server.url}/dm`);
        await expect(send(transport, url)).rejects.toMatchObject({ code: "DM_UNSUPPORTED" });
        expect(server.seen.length).toBe(1);
      },
    );
  });

  it("cookies: go back to the paths they are for, and end with the session", async () => {
    server.handler = (seen, response) => {
      if (seen.url === "/dm") {
        response.setHeader("set-cookie", [
          "JSESSIONID=abc; Path=/; HttpOnly",
          "only=dm; Path=/dm",
          "over=1; Max-Age=0",
          "secure=1; Secure",
        ]);
      }
      response.end("x");
    };
    const transport = new FetchTransport();
    const send = (path: string, session: number) =>
      transport.exchange(
        { url: `${server.url}${path}`, body: BODY, answerBytesMax: 99, session },
        never,
      );
    await send("/dm", 1);
    await send("/dm/next", 1);
    await send("/dmx", 1);
    await send("/dm", 2);
    const cookies = server.seen.map(({ headers }) => headers.cookie);
    expect(cookies).toEqual([undefined, "JSESSIONID=abc; only=dm", "JSESSIONID=abc", undefined]);
  });
});

describe("FetchTransport redirects over https", () => {
  const post = (answers: Record<string, Response>) => {
    const seen: string[] = [];
    const bodies: unknown[] = [];
    const fake = async (input: unknown, init?: RequestInit) => {
      seen.push(String(input));
      bodies.push(init?.body);
      return answers[String(input)] ?? new Response("not found", { status: 404 });
    };
    const transport = new FetchTransport({ fetch: fake as typeof fetch });
    const request = { url: "https://dms.example/dm", body: BODY, answerBytesMax: 99, session: 1 };
    return transport.exchange(request, never).then(({ status }) => ({ status, seen, bodies }));
  };
  const redirect = (status: number, location: string) =>
    new Response(null, { status, headers: { location } });

  it.each([307, 308])("%i to the same host: is followed with the same bytes", async (status) => {
    const { seen, bodies, ...got } = await post({
      "https://dms.example/dm": redirect(status, "/dm2"),
      "https://dms.example/dm2": new Response("x"),
    });
    expect(got.status).toBe(200);
    expect(seen).toEqual(["https://dms.example/dm", "https://dms.example/dm2"]);
    expect(bodies).toEqual([BODY, BODY]);
  });

  it("a second redirect: is passed on", async () => {
    const { seen, status } = await post({
      "https://dms.example/dm": redirect(307, "/dm2"),
      "https://dms.example/dm2": redirect(307, "/dm3"),
    });
    expect(status).toBe(307);
    expect(seen.length).toBe(2);
  });

  it.each([
    [307, "https://other.example/dm"],
    [307, "http://dms.example/dm"],
    [307, "https://u:p@dms.example/dm"],
    [307, "https://dms.example:8443/dm"],
    [302, "/dm2"],
    [301, "/dm2"],
  ])("%i to %s: is passed on", async (status, location) => {
    const got = await post({ "https://dms.example/dm": redirect(status, location) });
    expect(got.status).toBe(status);
    expect(got.seen.length).toBe(1);
  });
});

describe("checkUrl", () => {
  it.each(["https://dms.example/", "http://127.0.0.1:1/x", "http://localhost/", "http://[::1]:8/"])(
    "%s is taken",
    (url) => expect(checkUrl(url, false).href).toBe(url),
  );

  it.each([
    "http://dms.example/",
    "http://127.example/",
    "http://localhost.example/",
    "ftp://127.0.0.1/",
    "file:///etc/passwd",
    "https://u:p@dms.example/",
    "/relative",
    "",
  ])("%s is refused", (url) => expect(codeOf(() => checkUrl(url, false))).toBe("DM_UNSUPPORTED"));

  it("plain http elsewhere is taken with the host's leave", () => {
    expect(checkUrl("http://dms.example/", true).hostname).toBe("dms.example");
    expect(codeOf(() => checkUrl("ftp://dms.example/", true))).toBe("DM_UNSUPPORTED");
  });
});

describe("isLoopback and mediaOf", () => {
  it("isLoopback: names and addresses of this machine only", () => {
    expect(["localhost", "a.localhost", "127.1.2.3", "[::1]"].every(isLoopback)).toBe(true);
    expect(["127.0.0.1.example", "10.0.0.1", "[::2]", "mylocalhost"].some(isLoopback)).toBe(false);
  });

  it.each([
    ["application/vnd.syncml.dm+wbxml", Media.Message],
    ["Application/VND.syncml+WBXML ;charset=utf-8", Media.Message],
    ["application/vnd.oma.dd+xml", Media.Descriptor],
    ["application/suit-envelope+cose", Media.Delivery],
    ["application/vnd.syncml.dm+xml", Media.Other],
    [null, Media.Other],
  ])("mediaOf: %s is %i", (type, media) => expect(mediaOf(type)).toBe(media));
});
