import { describe, expect, it } from "vitest";
import type { ServerEvent } from "../../../host/demo/server/events.ts";
import { parsePolicy } from "../../../host/demo/server/policy.ts";
import { Endpoint } from "../../../host/demo/server/sessions.ts";
import {
  childOf, childrenOf, decode, element as e, type Element, elementsOf, encode, wordOf,
} from "../../../host/demo/server/wbxml.ts";
import { type ClientOptions, commandsNamed, FakeClient } from "./client.ts";

interface Bench {
  endpoint: Endpoint;
  events: ServerEvent[];
  exchange(body: Uint8Array): Uint8Array;
}

const ACCOUNT = { user: "u", password: "p", auth: "md5" };
const PACKAGE = {
  bind: "package", package: "scanner-77.suit", components: { jvm: "8.2.0", antivirus: "5.0.0" },
  urgent: true,
};
const ATOMIC = {
  bind: "atomic", packages: ["jvm-8.suit", "av-5.suit"],
  components: { jvm: "8.2.0", antivirus: "5.0.0" }, urgent: true,
};

function policyWith(more: object): object {
  return {
    serverId: "dms", accounts: { "IMEI:1": { auth: "none" } },
    server: { user: "dms", password: "s" }, wanted: [], ...more,
  };
}

function bench(policy: object, more: { isStrict?: boolean } = {}): Bench {
  const endpoint = new Endpoint({
    policy: parsePolicy(policyWith(policy)),
    isStrict: more.isStrict === true,
    urlOf: (path) => `http://127.0.0.1:1/packages/${path}`,
    bytesOf: (path) => Buffer.from(`bytes of ${path} `.repeat(80)),
  });
  const events: ServerEvent[] = [];
  endpoint.on((event) => events.push(event));
  return { endpoint, events, exchange: (body) => endpoint.receive(body).body };
}

function clientOf(more: Partial<ClientOptions> = {}): FakeClient {
  return new FakeClient({ id: "IMEI:1", ...more });
}

function deviations({ endpoint }: Bench): string[] {
  return endpoint.status().devices.flatMap((device) => device.deviations);
}

function orders({ endpoint }: Bench): { state: string; code: number | null }[] {
  return endpoint.status().devices[0]!.orders;
}

describe("authentication of the client", () => {
  it("md5: no credentials 407, a stale nonce 401, the right one 212, then no more", async () => {
    const server = bench({ accounts: { "IMEI:1": ACCOUNT } });
    const client = clientOf({ user: "u", password: "p" });
    const silent = clientOf();
    await expect(silent.run(server.exchange)).resolves.toBe(3);
    expect(silent.headerCodes).toEqual([407, 407, 407]);
    await client.run(server.exchange);
    expect(client.headerCodes.slice(0, 3)).toEqual([401, 212, 200]);
    const [silence, ...others] = server.endpoint.sessionReports();
    expect(silence!.deviations.map(({ check }) => check)).toEqual(["cred-missing", "cred-missing"]);
    expect(others.map(({ deviations: found }) => found)).toEqual([[]]);
  });

  it("md5: the nonce handed over with 212 opens the next session, and only once", async () => {
    const server = bench({ accounts: { "IMEI:1": ACCOUNT } });
    const client = clientOf({ user: "u", password: "p" });
    await client.run(server.exchange);
    const { nonce } = client;
    client.headerCodes.length = 0;
    await client.run(server.exchange);
    expect(client.headerCodes[0]).toBe(212);
    client.nonce = nonce;
    client.headerCodes.length = 0;
    await client.run(server.exchange);
    expect(client.headerCodes.slice(0, 2)).toEqual([401, 212]);
  });

  it("md5: a wrong password gets one more challenge, then the end; nothing is run", async () => {
    const server = bench({ accounts: { "IMEI:1": ACCOUNT }, wanted: [PACKAGE] });
    const client = clientOf({ user: "u", password: "wrong" });
    await expect(client.run(server.exchange)).resolves.toBe(2);
    expect(client.headerCodes).toEqual([401, 401]);
    const codes = commandsNamed(client.received, "Status").map((each) => wordOf(each, "Data"));
    expect(new Set(codes)).toEqual(new Set(["401"]));
    expect(commandsNamed(client.received, "Get")).toEqual([]);
    expect(server.endpoint.status().devices[0]!.inventory).toBeNull();
  });

  it("basic: right 212, for an md5 account 401", async () => {
    const account = { ...ACCOUNT, auth: "basic" };
    const server = bench({ accounts: { "IMEI:1": account, "IMEI:2": ACCOUNT } });
    const client = clientOf({ user: "u", password: "p", isBasic: true });
    await client.run(server.exchange);
    expect(client.headerCodes[0]).toBe(212);
    const other = clientOf({ id: "IMEI:2", user: "u", password: "p", isBasic: true });
    await other.run(server.exchange);
    expect(other.headerCodes).toEqual([401, 401]);
  });

  it("eachMessage: 200 with a new nonce every time, and credentials every time", async () => {
    const server = bench({ accounts: { "IMEI:1": { ...ACCOUNT, eachMessage: true } } });
    const client = clientOf({ user: "u", password: "p" });
    await client.run(server.exchange);
    expect(client.headerCodes).toEqual([401, 200, 200]);
    const nonces = commandsNamed(client.received, "NextNonce").map((each) => each.children[0]);
    expect(new Set(nonces).size).toBe(3);
  });

  it("a device without account is refused and leaves no record; `*` is for all", async () => {
    const stranger = clientOf({ id: "IMEI:9" });
    const closed = bench({});
    await stranger.run(closed.exchange);
    expect(stranger.headerCodes).toEqual([401]);
    expect(closed.endpoint.status().devices).toEqual([]);
    const open = bench({ accounts: { "*": { auth: "none" } } });
    await clientOf({ id: "IMEI:9" }).run(open.exchange);
    expect(open.endpoint.status().devices[0]!.id).toBe("IMEI:9");
  });
});

describe("authentication of the server", () => {
  const login = { user: "dms", password: "s" };

  it("asked for credentials, it sends the same commands with them; the nonce lasts", async () => {
    const server = bench({ wanted: [PACKAGE] });
    const client = clientOf({ server: login });
    await client.run(server.exchange);
    expect(client.isServerKnown).toBe(true);
    expect(client.jobs).toHaveLength(1);
    const gets = commandsNamed([client.received[1]!], "Get").length;
    expect(gets).toBe(commandsNamed([client.received[0]!], "Get").length);
    client.received.length = 0;
    client.sent.length = 0;
    await client.run(server.exchange);
    expect(commandsNamed([client.received[0]!], "Cred")).toHaveLength(1);
    expect(commandsNamed([decode(client.sent[1]!)], "Data")[0]!.children).toEqual(["212"]);
    expect(deviations(server)).toEqual([]);
  });

  it("both ask each other at once: the session goes on to the inventory", async () => {
    const server = bench({ accounts: { "IMEI:1": ACCOUNT }, wanted: [PACKAGE] });
    const client = clientOf({ user: "u", password: "p", server: login });
    await client.run(server.exchange);
    expect(client.isServerKnown).toBe(true);
    expect(client.jobs).toHaveLength(1);
    expect(deviations(server)).toEqual([]);
  });

  it("a stale nonce costs one challenge, a wrong password ends the session", async () => {
    const server = bench({});
    const client = clientOf({ server: login });
    await client.run(server.exchange);
    client.serverNonce = Buffer.from("changed");
    await client.run(server.exchange);
    expect(client.isServerKnown).toBe(true);
    const wrong = bench({ server: { user: "dms", password: "other" } });
    const strict = clientOf({ server: login });
    await strict.run(wrong.exchange);
    expect(strict.isServerKnown).toBe(false);
    expect(strict.sent).toHaveLength(4);
    const last = wrong.events.filter((event) => event.kind === "session").at(-1);
    expect(last).toMatchObject({ phase: "abort" });
  });
});

describe("a session", () => {
  it("reads the inventory and ends with Status and Final", async () => {
    const server = bench({});
    const client = clientOf();
    client.deploy("jvm", "8.1.0");
    client.deliver("p", "pkg-1");
    await client.run(server.exchange);
    expect(server.endpoint.status().devices[0]!.inventory).toEqual({
      downloads: [],
      delivered: [{ node: "p", pkgId: "pkg-1", state: 10 }],
      deployed: [{ node: "jvm", id: "jvm", version: "8.1.0", state: 20 }],
    });
    const last = elementsOf(childOf(client.received.at(-1)!, "SyncBody")!).map(({ name }) => name);
    expect(new Set(last)).toEqual(new Set(["Status", "Final"]));
    expect(deviations(server)).toEqual([]);
  });

  it("a SCOMO object that is not there is an empty inventory", async () => {
    const server = bench({});
    const client = clientOf();
    client.tree.clear();
    await client.run(server.exchange);
    expect(server.endpoint.status().devices[0]!.inventory)
      .toEqual({ downloads: [], delivered: [], deployed: [] });
  });

  it("keeps to the client's MaxMsgSize and goes on at its Next Message", async () => {
    const server = bench({ wanted: [{ ...PACKAGE, askUser: "Install the new scanner?" }] });
    const client = clientOf({ maxMsgSize: 512 });
    for (let i = 0; i < 12; i++) client.deploy(`component-${i}`, "1.0");
    await client.run(server.exchange);
    const sizes = server.events.flatMap((event) =>
      event.kind === "message" && event.direction === "out" ? [event.bytes.length] : []);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(512);
    expect(client.jobs).toHaveLength(1);
    expect(client.asked).toEqual(["Install the new scanner?"]);
    expect(client.tree.get("./SCOMO/Download/scanner-77/PkgID")).toBe("scanner-77");
    expect(server.endpoint.status().devices[0]!.inventory!.deployed).toHaveLength(12);
    expect(deviations(server)).toEqual([]);
  });

  it("asks for the rest of an answer that comes in several messages", async () => {
    const server = bench({ wanted: [PACKAGE] });
    const client = clientOf({ piecesMax: 5 });
    client.deploy("jvm", "8.1.0");
    await client.run(server.exchange);
    expect(client.jobs).toHaveLength(1);
    expect(commandsNamed(client.received, "Alert").map((each) => wordOf(each, "Data")))
      .toContain("1222");
    expect(deviations(server)).toEqual([]);
  });

  it("the same bytes again get the same answer, and nothing happens twice", async () => {
    const server = bench({ wanted: [PACKAGE] });
    const client = clientOf();
    const answers: Uint8Array[] = [];
    await client.run((body) => {
      const first = server.exchange(body);
      expect(server.exchange(body)).toBe(first);
      answers.push(first);
      return first;
    });
    expect(client.jobs).toHaveLength(1);
    expect(answers.length).toBe(client.sent.length);
    expect(deviations(server)).toEqual([]);
  });

  it("a session aborted by the client with 1223 is over", async () => {
    const server = bench({});
    const client = clientOf();
    const first = client.packageOne(1201);
    await client.exchange(server.exchange, client.message(first).message);
    const abort = e("Alert", e("CmdID", "0"), e("Data", 1223));
    await client.exchange(server.exchange, client.message([abort]).message);
    expect(server.events.filter((event) => event.kind === "session").at(-1))
      .toMatchObject({ phase: "abort" });
  });

  it("another protocol version gets 513 with ours, another DTD 505", () => {
    const server = bench({});
    const root = clientOf().message(clientOf().packageOne(1201)).message;
    const answerTo = (name: string, value: string): string[] => {
      const copy = structuredClone(root);
      childOf(childOf(copy, "SyncHdr"), name)!.children = [value];
      const reply = decode(server.exchange(encode(copy)));
      const status = childrenOf(childOf(reply, "SyncBody")!, "Status")[0]!;
      return [wordOf(status, "Data")!, wordOf(childOf(status, "Item"), "Data")!];
    };
    expect(answerTo("VerProto", "DM/2.0")).toEqual(["513", "DM/1.2"]);
    expect(answerTo("VerDTD", "2.0")).toEqual(["505", "1.2"]);
  });

  it("two devices at once do not touch each other", async () => {
    const accounts = { "*": { auth: "none" } };
    const server = bench({ accounts, wanted: [PACKAGE] });
    const clients = ["A", "B", "C"].map((id) => clientOf({ id }));
    clients[1]!.deploy("jvm", "8.2.0");
    clients[1]!.deploy("antivirus", "5.0.0");
    await Promise.all(clients.map((client) => client.run(async (body) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return server.exchange(body);
    })));
    expect(clients.map(({ jobs }) => jobs.length)).toEqual([1, 0, 1]);
    expect(deviations(server)).toEqual([]);
  });
});

describe("deviations", () => {
  /** A session in which the client's second message is changed by `change`. */
  async function deviationsAfter(change: (body: Element) => void): Promise<string[]> {
    const server = bench({});
    const client = clientOf();
    client.deploy("jvm", "1.0");
    let count = 0;
    await client.run((body) => {
      if (++count !== 2) return server.exchange(body);
      const root = decode(body);
      change(childOf(root, "SyncBody")!);
      return server.exchange(encode(root));
    }).catch(() => 0);
    return deviations(server);
  }

  it("a missing Status is named with its command", async () => {
    const found = await deviationsAfter((body) => {
      body.children = body.children.filter((child) =>
        !(typeof child === "object" && "name" in child && wordOf(child, "CmdRef") === "5"));
    });
    expect(found.join()).toMatch(/Get 5 of message 1 is not answered/);
  });

  it("Status elements in another order than the commands", async () => {
    const found = await deviationsAfter((body) => {
      const get = childrenOf(body, "Status").filter((each) => wordOf(each, "Cmd") === "Get");
      const [first, last] = [get[0]!, get.at(-1)!];
      [first.children, last.children] = [last.children, first.children];
    });
    expect(found.join()).toMatch(/comes late/);
  });

  it("a Status for a command that was never sent, or under another name", async () => {
    const unknown = await deviationsAfter((body) => {
      childOf(childrenOf(body, "Status")[1], "CmdRef")!.children = ["77"];
    });
    expect(unknown.join()).toMatch(/there is no such command/);
    const misnamed = await deviationsAfter((body) => {
      childOf(childrenOf(body, "Status")[1], "Cmd")!.children = ["Add"];
    });
    expect(misnamed.join()).toMatch(/the command is Get/);
  });

  it("no Status for SyncHdr, a command that no client sends, children out of order", async () => {
    expect((await deviationsAfter((body) => {
      body.children.shift();
    })).join()).toMatch(/no Status for SyncHdr/);
    expect((await deviationsAfter((body) => {
      body.children.unshift(e("Get", e("CmdID", "99"),
        e("Item", e("Target", e("LocURI", ".")))));
    })).join()).toMatch(/a client sends no Get/);
    expect((await deviationsAfter((body) => {
      childrenOf(body, "Status")[0]!.children.reverse();
    })).join()).toMatch(/comes too late/);
  });

  it("a first message without DevInfo, and 1200 without a notification", async () => {
    const server = bench({});
    const client = clientOf();
    const [alert] = client.packageOne(1200);
    await client.exchange(server.exchange, client.message([alert!]).message);
    expect(deviations(server).join()).toMatch(/DevInfo\/Man is missing/);
    expect(deviations(server).join()).toMatch(/was not notified/);
  });

  it("strict: a deviation that leaves no meaning ends the session with Alert 1223", async () => {
    const server = bench({}, { isStrict: true });
    const client = clientOf();
    const [alert] = client.packageOne(1201);
    const reply = await client.exchange(server.exchange, client.message([alert!]).message);
    expect(commandsNamed([reply], "Alert").map((each) => wordOf(each, "Data"))).toEqual(["1223"]);
  });

  it("strict: any other deviation is noted, and the session goes on to its end", async () => {
    const server = bench({}, { isStrict: true });
    const client = clientOf();
    await client.run((body) => {
      const root = decode(body);
      childOf(childOf(root, "SyncHdr"), "VerDTD")!.children = ["1.1"];
      return server.exchange(encode(root));
    });
    const [report] = server.endpoint.sessionReports();
    expect(report).toMatchObject({ sessionId: "2A", state: "ended", messages: client.sent.length });
    const checks = new Set(report!.deviations.map(({ check }) => check));
    expect(checks).toEqual(new Set(["header-verdtd"]));
    expect(report!.deviations).toHaveLength(client.sent.length);
  });

  it("a message after the end is answered with nothing to answer", async () => {
    const server = bench({});
    const client = clientOf();
    await client.run(server.exchange);
    const late = client.message([client.status(client.received.at(-1)!, "0", "SyncHdr", 200)]);
    const reply = await client.exchange(server.exchange, late.message);
    expect(commandsNamed([reply], "Get")).toEqual([]);
    expect(deviations(server).join()).toMatch(/after the end/);
  });
});

describe("notify", () => {
  it("without a nonce from the device the resynchronisation nonce is used and works", async () => {
    const server = bench({ accounts: { "IMEI:1": ACCOUNT } });
    const bytes = Buffer.from(server.endpoint.notify("IMEI:1")!);
    const sessionId = bytes.readUInt16BE(21).toString(16).toUpperCase();
    const client = clientOf({
      sessionId, user: "u", password: "p", server: { user: "dms", password: "s" },
    });
    client.nonce = Buffer.alloc(4);
    client.serverNonce = Buffer.alloc(4);
    await client.run(server.exchange, 1200);
    expect(client.headerCodes[0]).toBe(212);
    expect(client.isServerKnown).toBe(true);
    expect(client.sent).toHaveLength(2);
    expect(deviations(server)).toEqual([]);
  });

  it("with a nonce the session has a normal login; an unknown device gets none", async () => {
    const server = bench({ wanted: [{ ...PACKAGE, urgent: false }] });
    const client = clientOf({ server: { user: "dms", password: "s" } });
    await client.run(server.exchange);
    expect(orders(server)[0]!.state).toBe("available");
    expect(client.jobs).toEqual([]);
    const bytes = Buffer.from(server.endpoint.notify("IMEI:1")!);
    client.options.sessionId = bytes.readUInt16BE(21).toString(16).toUpperCase();
    await client.run(server.exchange, 1200);
    expect(client.jobs).toHaveLength(1);
    expect(server.endpoint.notify("IMEI:2")).toBeUndefined();
  });
});

describe("orders in an Atomic", () => {
  it("downloads first, then binds the Installs; one failure fails the order", async () => {
    const server = bench({ wanted: [ATOMIC] });
    const client = clientOf();
    await client.run(server.exchange);
    expect(client.jobs.map(({ uri }) => uri)).toEqual([
      "./SCOMO/Download/jvm-8/Operations/Download", "./SCOMO/Download/av-5/Operations/Download",
    ]);
    for (const [index, name] of ["jvm-8", "av-5"].entries()) {
      client.deliver(name, name);
      client.report(client.jobs[index]!, 1200, name, `./SCOMO/Inventory/Delivered/${name}`);
    }
    client.jobs.length = 0;
    client.received.length = 0;
    await client.run(server.exchange);
    const [atomic] = commandsNamed(client.received, "Atomic");
    expect(childrenOf(atomic!, "Exec")).toHaveLength(2);
    expect(client.jobs.map(({ uri }) => uri)).toEqual([
      "./SCOMO/Inventory/Delivered/jvm-8/Operations/Install",
      "./SCOMO/Inventory/Delivered/av-5/Operations/Install",
    ]);
    expect(new Set(client.jobs.map(({ correlator }) => correlator)).size).toBe(1);
    for (const job of client.jobs) client.report(job, 1405, "x", job.uri);
    client.jobs.length = 0;
    await client.run(server.exchange);
    expect(orders(server)).toMatchObject([{ state: "failed", code: 1405, verified: false }]);
    await client.run(server.exchange);
    expect(client.jobs).toEqual([]);
    expect(deviations(server)).toEqual([]);
  });
});
