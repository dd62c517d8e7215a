import { beforeEach, describe, expect, it } from "vitest";
import { Block, Err, Look, Media, Wait } from "../../../assembly/abi/codes.ts";
import { DmClient, type DmClientOptions, type DmEvent } from "../../../host/client.ts";
import type { Component } from "../../../host/components/components.ts";
import { DmError } from "../../../host/errors.ts";
import { CuttableStorage } from "../../../host/storage/cuttable.ts";
import { MemoryStorage } from "../../../host/storage/memory.ts";
import type { Transport } from "../../../host/transport/transport.ts";
import { LAYOUT } from "../../suites/storage.ts";
import { boots, FakeCore, item, RECEIVE, RECEIVE_BYTES, type FakeStep } from "./fake-core.ts";

const DEVICE = {
  rootName: "SCOMO",
  vendors: [new Uint8Array(16).fill(1)],
  classes: [new Uint8Array(16).fill(2), new Uint8Array(16).fill(3)],
  atomicExec: "refuse",
  components: "known",
  maxMsgBytes: 4096,
  maxObjBytes: 8192,
} as const;

const EXCHANGE: FakeStep = {
  wait: Wait.Exchange,
  args: ["https://dms.example/dm", Uint8Array.of(1, 2), RECEIVE, RECEIVE_BYTES],
};
const fetchStep = (url: string, offset: number, isRelative = 0): FakeStep => ({
  wait: Wait.Fetch,
  args: [url, offset, '"v"', RECEIVE, RECEIVE_BYTES, isRelative],
});
const componentStep = (wait: Wait, slot: number): FakeStep => ({
  wait,
  args: ["jvm", "8.2.0", slot, 5, 20],
});
const DURABLE: FakeStep = { wait: Wait.Durable };
const device = (sessions: number) => item([0, 1], [sessions, 1], [0, 2], [1, 4], [1, 4], [1, 4]);
const outcome = (id: number, result: number) =>
  item([id, 4], [id, 4], [result, 2], [0, 1], [1, 1], "", "./S/Install", `pkg-${id}`, "c");
const operation = (state: number) => item([1, 4], [state, 1], [1, 1], [0, 1], [0, 1], "jvm");

interface Sent {
  url: string;
  session?: number;
  firstOffset?: number;
}

let sent: Sent[];
let transport: Transport;

beforeEach(() => {
  sent = [];
  transport = {
    async exchange({ url, session }) {
      sent.push({ url, session });
      return { status: 200, media: Media.Message, body: Uint8Array.of(7, 8, 9) };
    },
    async fetch({ url, firstOffset }) {
      sent.push({ url, firstOffset });
      async function* blocks() {
        yield new Uint8Array(600).fill(1);
        yield new Uint8Array(100).fill(2);
      }
      const head = { status: 206, totalBytes: 5000, media: Media.Delivery, validator: '"v"' };
      return { ...head, url: "https://cdn.example/a/p.suit", firstOffset, blocks: blocks() };
    },
  };
});

async function open(cores: FakeStep[][] | FakeCore, options: Partial<DmClientOptions> = {}) {
  const load = boots((boot) =>
    cores instanceof FakeCore ? cores : new FakeCore(cores[boot] ?? []),
  );
  const storage = new MemoryStorage(LAYOUT);
  const given = { core: load, storage, device: DEVICE, transport };
  const client = await DmClient.open({ ...given, ...options });
  return { client, cores: load.cores, core: load.cores[0]! };
}

describe("DmClient.open", () => {
  it("the block: has storage, options and identity before start", async () => {
    const { core } = await open([[]]);
    expect(core.number(Block.RegionBytes)).toBe(LAYOUT.regionBytes);
    expect(core.number(Block.WriteUnit)).toBe(16);
    expect(core.number(Block.ProgressBytes)).toBe(32_768);
    expect(core.number(Block.SlotCount)).toBe(3);
    expect(core.number(Block.SlotBytes + 8)).toBe(8192);
    expect(core.number(Block.Options)).toBe(3);
    expect(core.number(Block.MaxMsgBytes)).toBe(4096);
    expect(core.number(Block.MaxObjBytes)).toBe(8192);
    expect(core.number(Block.RootNameBytes)).toBe(5);
    expect(core.bytes(Block.RootName, 5)).toEqual(new TextEncoder().encode("SCOMO"));
    expect([core.number(Block.VendorCount), core.number(Block.ClassCount)]).toEqual([1, 2]);
    expect(core.bytes(Block.Classes + 16, 16)).toEqual(new Uint8Array(16).fill(3));
    expect(Math.abs(core.number(Block.Now) - Date.now() / 1000)).toBeLessThan(60);
    expect(core.calls).toEqual(["start"]);
  });

  it.each([
    [Err.Damaged, "DM_STATE_DAMAGED"],
    [Err.Storage, "DM_STORAGE"],
  ])("start answers %i: the storage is closed and the failure thrown", async (startErr, code) => {
    const core = Object.assign(new FakeCore(), { startErr });
    await expect(open(core)).rejects.toMatchObject({ code });
  });

  it("a configuration that the block cannot hold: is refused", async () => {
    for (const wrong of [
      { rootName: "" },
      { rootName: "x".repeat(32) },
      { vendors: [new Uint8Array(15)] },
      { classes: Array.from({ length: 5 }, () => new Uint8Array(16)) },
    ]) {
      const opening = open([[]], { device: { ...DEVICE, ...wrong } });
      await expect(opening).rejects.toMatchObject({ code: "DM_BAD_CONFIG" });
    }
  });

  it("bytes that are no core: are refused", async () => {
    const opening = open([[]], { core: Uint8Array.of(1, 2, 3) });
    await expect(opening).rejects.toMatchObject({ code: "DM_CORE", cause: expect.any(Error) });
    const empty = open([[]], { core: Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0) });
    await expect(empty).rejects.toMatchObject({ code: "DM_CORE" });
  });

  it("without a device: only bootstrap may run, and makes one", async () => {
    const core = Object.assign(new FakeCore([DURABLE]), { startErr: Err.NotFound });
    const { client } = await open(core);
    expect(client.hasDevice).toBe(false);
    await expect(client.connect()).rejects.toMatchObject({ code: "DM_NO_DEVICE" });
    await client.bootstrap(Uint8Array.of(1, 2, 3));
    expect(core.calls).toEqual(["start", "bootstrap 3", "done"]);
    expect(client.hasDevice).toBe(true);
    expect((await client.connect()).err).toBe(Err.Ok);
  });

  it("a bootstrap that is refused: throws why", async () => {
    const { client } = await open(Object.assign(new FakeCore(), { doneErr: Err.Exists }));
    await expect(client.bootstrap(new Uint8Array(1))).rejects.toMatchObject({ code: "DM_EXISTS" });
    const tooLong = client.bootstrap(new Uint8Array(RECEIVE_BYTES + 1));
    await expect(tooLong).rejects.toMatchObject({ code: "DM_TOO_LARGE" });
  });
});

describe("DmClient.connect", () => {
  it("a message: goes to the transport, and its answer to the core in one feed", async () => {
    const { client, core } = await open([[EXCHANGE]]);
    const events: DmEvent[] = [];
    client.on((event) => events.push(event));
    const report = await client.connect();
    expect(report).toEqual({
      err: 0, error: null, jobs: [], sessions: 0, inconsistent: false, reboot: [], event: null,
    });
    expect(core.fed).toEqual([Uint8Array.of(7, 8, 9)]);
    expect([core.number(Block.HttpStatus), core.number(Block.MediaType)]).toEqual([200, 0]);
    expect(core.resumed).toEqual([Err.Ok]);
    expect(events).toEqual([
      { type: "message", direction: "out", bytes: Uint8Array.of(1, 2), url: sent[0]!.url },
      { type: "message", direction: "in", bytes: Uint8Array.of(7, 8, 9), url: sent[0]!.url },
    ]);
  });

  it("a message without an answer: the core learns of it and the cause is kept", async () => {
    const core = Object.assign(new FakeCore([EXCHANGE]), { doneErr: Err.Transport });
    const cause = new DmError("DM_TRANSPORT", "refused");
    transport.exchange = () => Promise.reject(cause);
    const report = await (await open(core)).client.connect();
    expect(core.resumed).toEqual([Err.Transport]);
    expect(report.err).toBe(Err.Transport);
    expect(report.error).toMatchObject({ code: "DM_TRANSPORT", cause });
  });

  it("an answer that does not fit: is not fed", async () => {
    transport.exchange = async () => {
      return { status: 200, media: Media.Message, body: new Uint8Array(RECEIVE_BYTES + 1) };
    };
    const { client, core } = await open([[EXCHANGE]]);
    await client.connect();
    expect(core.resumed).toEqual([Err.TooLarge]);
    expect(core.fed).toEqual([]);
  });

  it("sessions: are counted, and each has a number of its own for the transport", async () => {
    const session = (count: number): FakeStep => ({
      ...EXCHANGE,
      before: (core) => core.items.set(Look.Device, [device(count)]),
    });
    const { client } = await open([[session(1), session(1), session(2)]]);
    expect((await client.connect()).sessions).toBe(2);
    expect(sent.map((request) => request.session)).toEqual([1, 1, 2]);
    expect((await client.connect()).sessions).toBe(0);
  });

  it("outcomes: are reported once each, also those that were accepted in between", async () => {
    const { client, core } = await open([
      [
        { ...EXCHANGE, before: (core) => core.items.set(Look.Outcome, [outcome(1, 1200)]) },
        { ...EXCHANGE, after: (core) => core.items.set(Look.Outcome, [outcome(2, 1475)]) },
      ],
    ]);
    const reported: unknown[] = [];
    client.on((event) => event.type === "outcome" && reported.push(event.jobs[0]?.identifier));
    const report = await client.connect();
    expect(report.jobs.map((job) => [job.identifier, job.result])).toEqual([
      ["pkg-1", 1200],
      ["pkg-2", 1475],
    ]);
    expect(report.inconsistent).toBe(true);
    expect(reported).toEqual(["pkg-1", "pkg-2"]);
    core.items.clear();
    expect((await client.connect()).jobs).toEqual([]);
  });

  it("now: is written before every resume", async () => {
    const { client, core } = await open([
      [{ ...EXCHANGE, before: (fake) => fake.put(Block.Now, 0) }],
    ]);
    await client.connect();
    expect(core.number(Block.Now)).toBeGreaterThan(1_700_000_000);
  });
});

describe("DmClient downloads", () => {
  it("a Fetch: writes the head, feeds blocks that fit, and reports progress", async () => {
    const { client, core } = await open([[fetchStep("https://dms.example/p", 1000)]]);
    const events: DmEvent[] = [];
    client.on((event) => events.push(event));
    await client.connect();
    expect(core.fed.map((block) => block.length)).toEqual([512, 88, 100]);
    expect(core.number(Block.HttpStatus)).toBe(206);
    expect(core.number(Block.FirstOffset)).toBe(1000);
    expect(core.number(Block.TotalBytes)).toBe(5000);
    expect(core.number(Block.MediaType)).toBe(Media.Delivery);
    expect(core.bytes(Block.Validator, core.number(Block.ValidatorBytes))).toEqual(
      new TextEncoder().encode('"v"'),
    );
    const progress = { type: "download", totalBytes: 5000, url: "https://dms.example/p" };
    expect(events).toEqual([
      { ...progress, bytes: 1600 },
      { ...progress, bytes: 1700 },
    ]);
  });

  it.each([1, -1])("a feed that answers %i: ends the Fetch without a failure", async (answer) => {
    const step = { ...fetchStep("https://dms.example/p", 0), feeds: [0, answer] };
    const { client, core } = await open([[step]]);
    await client.connect();
    expect(core.fed.length).toBe(2);
    expect(core.resumed).toEqual([Err.Ok]);
  });

  it("another HTTP status: one empty feed", async () => {
    const whole = transport.fetch;
    transport.fetch = async (...args) => ({ ...(await whole(...args)), status: 404 });
    const { client, core } = await open([[fetchStep("https://dms.example/p", 0)]]);
    await client.connect();
    expect(core.number(Block.HttpStatus)).toBe(404);
    expect(core.fed).toEqual([new Uint8Array(0)]);
  });

  it("a relative URL: is resolved against where the last absolute one ended", async () => {
    const { client } = await open([
      [
        fetchStep("https://dms.example/p", 0),
        fetchStep("av.bin", 0, 1),
        fetchStep("../b?c", 0, 1),
        fetchStep("//evil.example/x", 0, 1),
      ],
    ]);
    await client.connect();
    expect(sent.map(({ url }) => url)).toEqual([
      "https://dms.example/p",
      "https://cdn.example/a/av.bin",
      "https://cdn.example/b?c",
      "https://evil.example/x",
    ]);
  });

  it("a connection that breaks for good: Err.Transport after what arrived", async () => {
    const whole = transport.fetch;
    transport.fetch = async (...args) => {
      async function* blocks() {
        yield Uint8Array.of(1);
        throw new DmError("DM_TRANSPORT", "broke");
      }
      return { ...(await whole(...args)), blocks: blocks() };
    };
    const { client, core } = await open([[fetchStep("https://dms.example/p", 0)]]);
    await client.connect();
    expect(core.fed.length).toBe(1);
    expect(core.resumed).toEqual([Err.Transport]);
  });

  it.each([
    ["refuse", Err.Refused],
    ["postpone", Err.Later],
  ] as const)("a policy that says %s: nothing is fetched", async (verdict, err) => {
    const policy = (step: { kind: string }) => (step.kind === "download" ? verdict : "allow");
    const { client, core } = await open([[fetchStep("https://dms.example/p", 0)]], { policy });
    await client.connect();
    expect(sent).toEqual([]);
    expect(core.resumed).toEqual([err]);
  });
});

describe("DmClient storage", () => {
  it("imports: slots lie behind the journal, and a failure is told by its kind", async () => {
    const { client, core } = await open([[DURABLE]]);
    core.areas!.write(2, 0, Uint8Array.of(5));
    expect(client.deployed()).toEqual([]);
    expect(core.onFailure!(new DmError("DM_NO_SPACE", "full"))).toBe(Err.NoSpace);
    expect(core.onFailure!(new DmError("DM_STORAGE", "broken"))).toBe(Err.Storage);
    expect(core.onFailure!(new Error("anything"))).toBe(Err.Storage);
  });

  it("a failed barrier: the core learns of it and the cause is kept", async () => {
    const storage = new MemoryStorage(LAYOUT);
    const cause = new DmError("DM_STORAGE", "fsync failed");
    storage.sync = () => Promise.reject(cause);
    const core = Object.assign(new FakeCore([DURABLE]), { doneErr: Err.Storage });
    const report = await (await open(core, { storage })).client.connect();
    expect(core.resumed).toEqual([Err.Storage]);
    expect(report.error).toMatchObject({ code: "DM_STORAGE", cause });
  });

  it("a power cut: ends the run as it is, and the next run boots again", async () => {
    const storage = new CuttableStorage(new MemoryStorage(LAYOUT), { cutAt: 1 });
    const { client, cores } = await open([[DURABLE], [DURABLE]], { storage });
    await expect(client.connect()).rejects.toMatchObject({ code: "DM_POWER_CUT" });
    expect(cores[0]!.resumed).toEqual([]);
    expect(() => client.status()).toThrow(expect.objectContaining({ code: "DM_MISUSE" }));
    await expect(client.connect()).rejects.toMatchObject({ code: "DM_POWER_CUT" });
    storage.powerOn();
    expect((await client.connect()).err).toBe(Err.Ok);
    expect(cores.length).toBe(3);
  });

  it("a boot that ended over its storage: may be read, and the next run boots again", async () => {
    const { client, cores } = await open([[], []]);
    cores[0]!.doneErr = Err.Storage;
    expect((await client.connect()).err).toBe(Err.Storage);
    expect(client.status().outbox).toEqual([]);
    expect((await client.connect()).err).toBe(Err.Ok);
    expect(cores.length).toBe(2);
  });

  it("a trap in the core: is thrown with its cause, and the next run boots again", async () => {
    const { client, cores } = await open([[{ wait: Wait.Durable }], []]);
    cores[0]!.resume = () => {
      throw new WebAssembly.RuntimeError("unreachable");
    };
    await expect(client.connect()).rejects.toMatchObject({
      code: "DM_CORE",
      cause: expect.any(WebAssembly.RuntimeError),
    });
    expect((await client.connect()).err).toBe(Err.Ok);
    expect(cores.length).toBe(2);
  });

  it("a wait that this host does not know: is thrown", async () => {
    const { client } = await open([[{ wait: 10 as Wait }]]);
    await expect(client.connect()).rejects.toMatchObject({ code: "DM_CORE" });
  });
});

describe("DmClient components", () => {
  const record = () => {
    const calls: string[] = [];
    const note = (name: string) => async (component: Component) => {
      calls.push(`${name} ${component.id} ${component.state} ${component.slot}`);
      return "yes" as const;
    };
    const components = {
      prepare: note("prepare"),
      ensure: note("ensure"),
      remove: note("remove"),
      health: note("health"),
    };
    return { calls, components };
  };

  it("Prepare, Ensure, Health: reach the adapter; an Ensure with no slot is a remove", async () => {
    const { calls, components } = record();
    const script = [
      componentStep(Wait.Prepare, 1),
      componentStep(Wait.Ensure, 1),
      componentStep(Wait.Ensure, -1),
      componentStep(Wait.Health, 1),
    ];
    const { client, core } = await open([script], { components });
    await client.connect();
    expect(calls).toEqual([
      "prepare jvm active 1",
      "ensure jvm active 1",
      "remove jvm active -1",
      "health jvm active 1",
    ]);
    expect(core.resumed).toEqual([0, 0, 0, 0]);
  });

  it("no adapter: every answer is yes", async () => {
    const { client, core } = await open([[componentStep(Wait.Prepare, 0)]]);
    await client.connect();
    expect(core.resumed).toEqual([Err.Ok]);
  });

  it("content: is that of the slot, and none where the component leaves", async () => {
    const storage = new MemoryStorage(LAYOUT);
    storage.write(3, 0, Uint8Array.of(1, 2, 3, 4, 5));
    const { components } = record();
    const seen: number[][] = [];
    components.ensure = components.remove = async (component) => {
      const content = component.open();
      const bytes = new Uint8Array(content.bytes);
      if (bytes.length > 0) content.read(0, bytes);
      seen.push([...bytes]);
      return "yes" as const;
    };
    const script = [componentStep(Wait.Ensure, 1), componentStep(Wait.Ensure, -1)];
    const { client } = await open([script], { storage, components });
    await client.connect();
    expect(seen).toEqual([[1, 2, 3, 4, 5], []]);
  });

  it.each([
    ["no", Err.Refused],
    ["later", Err.Later],
  ] as const)("a verdict of %s: is %i for the core", async (verdict, err) => {
    const { components } = record();
    const prepare = async () => verdict;
    const { client, core } = await open([[componentStep(Wait.Prepare, 1)]], {
      components: { ...components, prepare },
    });
    await client.connect();
    expect(core.resumed).toEqual([err]);
  });

  it("an adapter that throws: is a no, its cause kept", async () => {
    const cause = new Error("disk is read-only");
    const { components } = record();
    const core = Object.assign(new FakeCore([componentStep(Wait.Ensure, 1)]), {
      doneErr: Err.Refused,
    });
    const ensure = () => Promise.reject(cause);
    const { client } = await open(core, { components: { ...components, ensure } });
    expect((await client.connect()).error).toMatchObject({ code: "DM_REFUSED", cause });
  });

  it("a rollback whose ensure failed: boots again until it is decided, then reports", async () => {
    const { components } = record();
    const failing: FakeStep = {
      ...componentStep(Wait.Ensure, 1),
      after: (core) => core.items.set(Look.Operation, [operation(2)]),
    };
    const deciding: FakeStep = {
      ...componentStep(Wait.Ensure, 1),
      after: (core) => core.items.set(Look.Outcome, [outcome(1, 1475)]),
    };
    const { client, cores } = await open([[failing], [failing], [deciding]], {
      components: { ...components, ensure: async () => "no" as const },
    });
    const report = await client.connect();
    expect(cores.map((core) => core.calls)).toEqual([
      ["start", "connect", "done"],
      ["start", "done"],
      ["start", "done", "connect", "done"],
    ]);
    expect(report.inconsistent).toBe(true);
    expect(report.jobs.length).toBe(1);
  });

  it("an operation left rolling by anything else: is for the next call", async () => {
    const { client, cores } = await open([
      [{ ...DURABLE, after: (core) => core.items.set(Look.Operation, [operation(2)]) }],
    ]);
    await client.connect();
    expect(cores.length).toBe(1);
    expect(client.status().operation?.state).toBe("rolling");
  });
});

describe("DmClient.notify", () => {
  it("a notification: is handed over and then driven", async () => {
    const { client, core } = await open([[EXCHANGE]]);
    await client.notify(Uint8Array.of(4, 5));
    expect(core.calls).toEqual(["start", "notify 2 4,5", "done"]);
  });

  it.each([
    [Err.Replayed, "DM_REPLAYED"],
    [Err.Malformed, "DM_MALFORMED"],
  ])("a notification that the core answers with %i: throws", async (mode, code) => {
    const { client } = await open(Object.assign(new FakeCore([EXCHANGE]), { notifyMode: mode }));
    await expect(client.notify(Uint8Array.of(1))).rejects.toMatchObject({ code });
    expect(sent).toEqual([]);
  });

  it("ui-mode 3 and a no: no session is held, and the core forgets it", async () => {
    const load = boots(() => Object.assign(new FakeCore([EXCHANGE]), { notifyMode: 3 }));
    const confirm = async () => "no" as const;
    const { client } = await open([[]], { core: load, confirm });
    expect(await client.notify(Uint8Array.of(1))).toMatchObject({ err: 0, sessions: 0, jobs: [] });
    expect(sent).toEqual([]);
    expect(load.cores.length).toBe(2);
  });

  it("ui-mode 3 and a yes: the session is held", async () => {
    const core = Object.assign(new FakeCore([EXCHANGE]), { notifyMode: 3 });
    const { client } = await open(core, { confirm: async () => "yes" as const });
    await client.notify(Uint8Array.of(1));
    expect(sent.length).toBe(1);
  });
});

describe("DmClient life cycle", () => {
  it("a second call while one runs: is refused, and one after it is not", async () => {
    const { client } = await open([[EXCHANGE]]);
    const first = client.connect();
    await expect(client.connect()).rejects.toMatchObject({ code: "DM_BUSY" });
    await expect(client.notify(Uint8Array.of(1))).rejects.toMatchObject({ code: "DM_BUSY" });
    await first;
    await client.connect();
  });

  it("status and tree: may be read while a call runs", async () => {
    const { client } = await open([[EXCHANGE]]);
    const running = client.connect();
    expect(client.status().inventory).toEqual({ delivered: [], deployed: [] });
    expect(client.tree()).toEqual([]);
    await running;
  });

  it("abort in a barrier: the barrier ends, then the run does", async () => {
    const abort = new AbortController();
    const storage = new MemoryStorage(LAYOUT);
    let isSynced = false;
    storage.sync = async () => {
      abort.abort(new Error("ctrl-C"));
      await new Promise((resolve) => setTimeout(resolve, 20));
      isSynced = true;
    };
    const { client, core } = await open([[DURABLE, EXCHANGE]], { storage, signal: abort.signal });
    await expect(client.connect()).rejects.toMatchObject({
      code: "DM_ABORTED",
      cause: new Error("ctrl-C"),
    });
    expect(isSynced).toBe(true);
    expect(core.resumed).toEqual([]);
    await expect(client.connect()).rejects.toMatchObject({ code: "DM_ABORTED" });
  });

  it("abort in an exchange: reaches the transport", async () => {
    const abort = new AbortController();
    transport.exchange = (_, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(new DmError("DM_ABORTED", "given up")));
        abort.abort();
      });
    const { client } = await open([[EXCHANGE]], { signal: abort.signal });
    await expect(client.connect()).rejects.toMatchObject({ code: "DM_ABORTED" });
  });

  it("abort in a pause: does not wait for its end", async () => {
    const abort = new AbortController();
    const pause = { wait: Wait.Pause, args: [60_000] };
    const { client } = await open([[pause]], { signal: abort.signal });
    const running = client.connect();
    setTimeout(() => abort.abort(), 20);
    await expect(running).rejects.toMatchObject({ code: "DM_ABORTED" });
  });

  it("a pause: ends after its time", async () => {
    const { client, core } = await open([[{ wait: Wait.Pause, args: [20] }]]);
    await client.connect();
    expect(core.resumed).toEqual([Err.Ok]);
  });

  it("the end of a run: is told to the transport by its signal", async () => {
    let signal: AbortSignal | undefined;
    const whole = transport.exchange;
    transport.exchange = (request, given) => whole(request, (signal = given));
    await (await open([[EXCHANGE]])).client.connect();
    expect(signal?.aborted).toBe(true);
  });

  it("close: ends what runs, may be called twice, and ends the client", async () => {
    let closed = 0;
    const storage = new MemoryStorage(LAYOUT);
    storage.close = async () => void closed++;
    const { client } = await open([[{ wait: Wait.Pause, args: [60_000] }]], { storage });
    const running = client.connect();
    await Promise.all([
      expect(running).rejects.toMatchObject({ code: "DM_ABORTED" }),
      client.close(),
    ]);
    await client.close();
    expect(closed).toBe(1);
    await expect(client.connect()).rejects.toMatchObject({ code: "DM_CLOSED" });
    expect(() => client.status()).toThrow(expect.objectContaining({ code: "DM_CLOSED" }));
  });

  it("a policy that refuses to connect: nothing is sent", async () => {
    const { client } = await open([[EXCHANGE]], { policy: () => "refuse" });
    await expect(client.connect()).rejects.toMatchObject({ code: "DM_REFUSED" });
    const later = await open([[EXCHANGE]], { policy: async () => "postpone" as const });
    await expect(later.client.connect()).rejects.toMatchObject({ code: "DM_LATER" });
    expect(sent).toEqual([]);
  });

  it("on: the function that it answers ends it", async () => {
    const { client } = await open([[EXCHANGE, EXCHANGE]]);
    let count = 0;
    const off = client.on(() => {
      count++;
      off();
    });
    await client.connect();
    expect(count).toBe(1);
  });
});
