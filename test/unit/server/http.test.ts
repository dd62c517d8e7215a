import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rangeOf } from "../../../host/demo/server/packages.ts";
import {
  decode, PolicyError, type ReferenceServer, type ServerEvent, startServer,
} from "../../../host/demo/server/index.ts";
import { FakeClient } from "./client.ts";

const DM = "application/vnd.syncml.dm+wbxml";
const POLICY = {
  serverId: "dms",
  accounts: {
    "IMEI:1": { user: "u", password: "p" }, "IMEI:2": { auth: "none" },
    "IMEI:3": { user: "m", password: "q", auth: "mac" },
  },
  server: { user: "dms", password: "s" },
  wanted: [{
    bind: "package", package: "sub/scanner 77.suit", components: { jvm: "8" }, urgent: true,
  }],
};
const PACKAGE = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251));

let folder = "";
let server: ReferenceServer;
const events: ServerEvent[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "packages-"));
  mkdirSync(join(folder, "sub"));
  writeFileSync(join(folder, "sub/scanner 77.suit"), PACKAGE);
  writeFileSync(join(folder, "empty.bin"), "");
  symlinkSync("/etc/passwd", join(folder, "link.bin"));
  server = await startServer({ policy: POLICY, packages: folder });
  server.on((event) => events.push(event));
});

afterAll(async () => {
  await server.close();
  await server.close();
  rmSync(folder, { recursive: true });
});

type Headers = Record<string, string>;

function get(path: string, headers: Headers = {}, method = "GET"): Promise<Response> {
  return fetch(`${server.url}/packages/${path}`, { headers, method });
}

async function bytesIn(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}

async function post(body: Uint8Array<ArrayBuffer>, type = DM): Promise<Response> {
  return fetch(`${server.url}/dm`, { method: "POST", headers: { "Content-Type": type }, body });
}

describe("GET /packages", () => {
  const path = "sub/scanner%2077.suit";

  it("the whole package, with a strong ETag and its media type", async () => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/suit-envelope+cose");
    expect(response.headers.get("accept-ranges")).toBe("bytes");
    expect(response.headers.get("etag")).toMatch(/^"[0-9a-f]{32}"$/);
    expect((await bytesIn(response)).equals(PACKAGE)).toBe(true);
  });

  const ranges: [string, number, number][] = [
    ["bytes=0-0", 0, 0], ["bytes=10-19", 10, 19], ["bytes=990-", 990, 999],
    ["bytes=999-5000", 999, 999], ["bytes=-1", 999, 999], ["bytes=-5000", 0, 999],
  ];
  for (const [header, first, last] of ranges) {
    it(`Range ${header}: bytes ${first} to ${last}`, async () => {
      const response = await get(path, { Range: header });
      expect(response.status).toBe(206);
      expect(response.headers.get("content-range")).toBe(`bytes ${first}-${last}/1000`);
      expect((await bytesIn(response)).equals(PACKAGE.subarray(first, last + 1))).toBe(true);
    });
  }

  for (const header of ["bytes=1000-", "bytes=-0", "bytes=5000-6000"]) {
    it(`Range ${header}: 416 with the length`, async () => {
      const response = await get(path, { Range: header });
      expect(response.status).toBe(416);
      expect(response.headers.get("content-range")).toBe("bytes */1000");
    });
  }

  for (const header of ["bytes=5-1", "bytes=-", "bytes=a-b", "items=0-1", "bytes=0-1,5-6"]) {
    it(`Range ${header}: is ignored`, () => {
      expect(rangeOf(header, 1000)).toBe("whole");
    });
  }

  it("If-Range: counts while the validator holds, else the whole package comes", async () => {
    const etag = (await get(path)).headers.get("etag")!;
    const modified = (await get(path)).headers.get("last-modified")!;
    const part = { Range: "bytes=1-2" };
    expect((await get(path, { ...part, "If-Range": etag })).status).toBe(206);
    expect((await get(path, { ...part, "If-Range": modified })).status).toBe(206);
    expect((await get(path, { ...part, "If-Range": "\"other\"" })).status).toBe(200);
    expect((await get(path, { ...part, "If-Range": `W/${etag}` })).status).toBe(200);
  });

  it("a package that changes has another ETag", async () => {
    const file = join(folder, "changing.suit");
    writeFileSync(file, "one");
    const before = (await get("changing.suit")).headers.get("etag");
    writeFileSync(file, "two");
    utimesSync(file, 1, 1);
    const response = await get("changing.suit");
    expect(response.headers.get("etag")).not.toBe(before);
    expect(await response.text()).toBe("two");
  });

  it("HEAD: the same headers without the bytes, ranges not applied", async () => {
    const response = await get(path, { Range: "bytes=0-1" }, "HEAD");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe("1000");
    expect((await bytesIn(response)).length).toBe(0);
  });

  it("an empty file: 200 without a range, 416 with one", async () => {
    expect((await get("empty.bin")).status).toBe(200);
    expect((await get("empty.bin", { Range: "bytes=0-" })).status).toBe(416);
  });

  it("nothing outside of the folder, no folder, no unknown name", async () => {
    const outside = ["sub", "none.suit", "link.bin", "%2e%2e/x", "..%2fx", "sub%5cx", "a%00b", ""];
    for (const name of outside) expect((await get(name)).status, name).toBe(404);
    expect((await get("%zz")).status).toBe(400);
    expect((await get(path, {}, "DELETE")).status).toBe(405);
  });
});

describe("POST /dm", () => {
  it("a whole session over HTTP: the PkgURL that is ordered can be fetched", async () => {
    const client = new FakeClient({ id: "IMEI:2" });
    await client.run(async (body) => {
      const response = await post(Buffer.from(body));
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe(DM);
      expect(response.headers.get("cache-control")).toBe("private, no-store");
      return bytesIn(response);
    });
    const [, url] = [...client.tree].find(([uri]) => uri.endsWith("/PkgURL"))!;
    expect(url).toBe(`${server.url}/packages/sub/scanner%2077.suit`);
    expect((await bytesIn(await fetch(url!))).equals(PACKAGE)).toBe(true);
  });

  it("each message is an event with its bytes and what they say", () => {
    const messages = events.filter((event) => event.kind === "message");
    expect(messages.length).toBeGreaterThan(4);
    for (const { bytes, root } of messages) expect(decode(bytes)).toEqual(root);
    expect(messages.map(({ direction }) => direction).slice(0, 2)).toEqual(["in", "out"]);
  });

  it("other media types, methods, sizes and bytes that are no message are refused", async () => {
    expect((await post(Buffer.from("<SyncML/>"), "text/xml")).status).toBe(415);
    expect((await post(Buffer.from([2, 1]))).status).toBe(400);
    expect((await post(Buffer.from("02a4016a006b1201", "hex"))).status).toBe(400);
    expect((await post(Buffer.alloc(65_537))).status).toBe(413);
    const response = await fetch(`${server.url}/dm`);
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
    expect((await fetch(`${server.url}/other`)).status).toBe(404);
  });

  it("mac: 407 with a challenge, then 200 and a new nonce for each message", async () => {
    const client = new FakeClient({ id: "IMEI:3" });
    await client.run(async (body) => {
      const headers = client.headerCodes.length === 0 ? { "Content-Type": DM } : {
        "Content-Type": DM, "x-syncml-hmac": macOf("m", "q", client.nonce, body),
      };
      const answer = await fetch(`${server.url}/dm`, {
        method: "POST", headers, body: Buffer.from(body),
      });
      return bytesIn(answer);
    });
    expect(client.headerCodes[0]).toBe(407);
    expect(new Set(client.headerCodes.slice(1))).toEqual(new Set([200]));
    expect(client.jobs).toHaveLength(1);
  });
});

/** Value of x-syncml-hmac, by the formula of DM Security 1.2 §5.4. */
function macOf(user: string, password: string, nonce: Uint8Array, body: Uint8Array): string {
  const md5 = (...parts: (string | Uint8Array)[]): string => {
    const hash = createHash("md5");
    for (const part of parts) hash.update(part);
    return hash.digest("base64");
  };
  const mac = md5(md5(`${user}:${password}`), ":", nonce, ":", md5(body));
  return `algorithm=MD5, username="${user}", mac=${mac}`;
}

describe("GET /sessions", () => {
  it("reports of all sessions, or of the one with that SessionID", async () => {
    const client = new FakeClient({ id: "IMEI:2", sessionId: "BEEF" });
    await client.run(async (body) => new Uint8Array(
      await (await post(Uint8Array.from(body))).arrayBuffer(),
    ));
    const report = await (await fetch(`${server.url}/sessions/BEEF`)).json();
    expect(report).toMatchObject({
      device: "IMEI:2", sessionId: "BEEF", state: "ended", messages: client.sent.length,
    });
    // fetch says that it accepts anything.
    expect(report).toMatchObject({ deviations: [] });
    const { sessions } = await (await fetch(`${server.url}/sessions`)).json() as
      { sessions: object[] };
    expect(sessions).toEqual(JSON.parse(JSON.stringify(server.sessionReports())));
    expect(sessions).toContainEqual(report);
    expect((await fetch(`${server.url}/sessions/DEAD`)).status).toBe(404);
  });
});

describe("GET /status, POST /notify", () => {
  it("status: the documented keys for each device", async () => {
    const response = await fetch(`${server.url}/status`);
    const { devices } = await response.json() as { devices: object[] };
    expect(devices.length).toBeGreaterThan(0);
    for (const device of devices) {
      expect(Object.keys(device))
        .toEqual(["id", "inventory", "orders", "results", "deviations"]);
    }
    expect(devices).toEqual(JSON.parse(JSON.stringify(server.status().devices)));
  });

  it("notify: answers the Package #0 with the asked ui-mode", async () => {
    const post = (path: string): Promise<Response> =>
      fetch(`${server.url}/notify/${path}`, { method: "POST" });
    const response = await post("IMEI:1?ui-mode=3");
    expect(response.headers.get("content-type")).toBe("application/vnd.syncml.notification");
    const bytes = await bytesIn(response);
    expect(bytes.subarray(23).toString("latin1")).toBe("\u0003dms");
    expect(bytes[17]).toBe(0xf8);
    expect((await post("IMEI%3A9")).status).toBe(404);
    expect((await post("IMEI:1?ui-mode=4")).status).toBe(400);
  });

  it("notify: without server credentials 409", async () => {
    const { server: _, ...open } = POLICY;
    const other = await startServer({ policy: open });
    const response = await fetch(`${other.url}/notify/IMEI:1`, { method: "POST" });
    expect(response.status).toBe(409);
    await other.close();
  });
});

describe("startServer", () => {
  it("a wrong policy and a port in use are errors before anything runs", async () => {
    await expect(startServer({ policy: {} })).rejects.toThrow(PolicyError);
    const port = Number(new URL(server.url).port);
    const second = startServer({ policy: POLICY, port });
    await expect(second).rejects.toMatchObject({ code: "EADDRINUSE" });
  });

  it("allowOrigin: pages may use the server and see what a client needs", async () => {
    const open = await startServer({
      policy: POLICY, allowOrigin: "*", packages: new Map([["a.bin", PACKAGE]]),
    });
    const response = await fetch(`${open.url}/dm`, { method: "OPTIONS" });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-headers")).toContain("If-Range");
    const file = await fetch(`${open.url}/packages/a.bin`);
    expect(file.headers.get("access-control-allow-origin")).toBe("*");
    expect(file.headers.get("access-control-expose-headers")).toContain("Content-Range");
    expect((await bytesIn(file)).equals(PACKAGE)).toBe(true);
    await open.close();
    const { headers } = await fetch(`${server.url}/status`);
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });

  it("a client that breaks off does no harm", async () => {
    const url = new URL(`${server.url}/dm`);
    await new Promise<void>((resolve) => {
      const broken = request(url, {
        method: "POST", headers: { "Content-Type": DM, "Content-Length": 1000 },
      });
      broken.on("error", () => resolve());
      broken.write("half");
      setTimeout(() => broken.destroy(), 20);
    });
    expect((await fetch(`${server.url}/status`)).status).toBe(200);
  });
});
