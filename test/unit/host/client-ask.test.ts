// What DmClient asks a person, and the event that it brings to a server.
import { describe, expect, it } from "vitest";
import { Err, Look, Media, Wait } from "../../../assembly/abi/codes.ts";
import { DmClient, type DmClientOptions, type DmEvent } from "../../../host/client.ts";
import type { Answer, Question } from "../../../host/confirm/confirm.ts";
import { MemoryStorage } from "../../../host/storage/memory.ts";
import { LAYOUT } from "../../suites/storage.ts";
import { boots, FakeCore, item, RECEIVE, RECEIVE_BYTES, type FakeStep } from "./fake-core.ts";

const DEVICE = {
  rootName: "SCOMO", vendors: [], classes: [], atomicExec: "bind", components: "any",
  maxMsgBytes: 4096, maxObjBytes: 8192,
} as const;
const EXCHANGE: FakeStep = {
  wait: Wait.Exchange,
  args: ["https://dms.example:8443/dm", Uint8Array.of(1), RECEIVE, RECEIVE_BYTES],
};
const transport = {
  exchange: async () => ({ status: 200, media: Media.Message, body: Uint8Array.of(7) }),
  fetch: () => Promise.reject(new Error("nothing is fetched")),
};
/** Two texts as the core lists them. */
const CHOICES = item("a", "bé");

async function open(scripts: FakeStep[][], options: Partial<DmClientOptions> = {}) {
  const load = boots((boot) => new FakeCore(scripts[boot] ?? []));
  const storage = new MemoryStorage(LAYOUT);
  const given = { core: load, storage, device: DEVICE, transport };
  const client = await DmClient.open({ ...given, ...options });
  return { client, cores: load.cores, core: load.cores[0]! };
}

describe("DmClient questions", () => {
  /** A question; what is put in goes to the receive buffer, where the fake core reads it. */
  const ask = (code: number, options = "DR=1"): FakeStep => {
    return { wait: Wait.Confirm, args: [code, "Install?", options, CHOICES, RECEIVE] };
  };
  const answering = (answer: Answer) => {
    const questions: Question[] = [];
    const confirm = async (question: Question) => {
      questions.push(question);
      return answer;
    };
    return { questions, confirm };
  };

  it.each([
    ["yes", Err.Ok], ["no", Err.Refused], ["cancel", Err.Cancelled], ["timeout", Err.TimedOut],
    ["later", Err.Later], ["unsupported", Err.NotImplemented], ["unshowable", Err.TooLarge],
  ] as const)("an answer of %s: is %i for the core", async (answer, err) => {
    const { questions, confirm } = answering(answer);
    const { client, core } = await open([[ask(1101)]], { confirm });
    await client.connect();
    expect(core.resumed).toEqual([err]);
    expect(questions).toMatchObject([{ kind: "confirm", text: "Install?", default: true }]);
  });

  it("choices: are the texts of the core's list, for those that have them", async () => {
    const { questions, confirm } = answering("cancel");
    const { client } = await open([[ask(1102), ask(1103), ask(1104)]], { confirm });
    await client.connect();
    expect(questions).toMatchObject([
      { kind: "text", default: "1" },
      { kind: "choice", choices: ["a", "bé"], default: 1 },
      { kind: "choices", choices: ["a", "bé"], default: [1] },
    ]);
  });

  it.each<[number, Answer, number[]]>([
    [1102, { text: "ü" }, [0xc3, 0xbc]], [1103, { choice: 2 }, [2]],
    [1104, { choices: [2, 1] }, [1, 2]], [1104, { choices: [] }, []],
  ])("%i answered by %j: is fed as %j, then Ok", async (code, answer, fed) => {
    const { client, core } = await open([[ask(code)]], answering(answer));
    await client.connect();
    expect(core.fed.map((bytes) => [...bytes])).toEqual([fed]);
    expect(core.resumed).toEqual([Err.Ok]);
  });

  it.each<[number, Answer]>([
    [1102, { choice: 1 }], [1102, { text: "x".repeat(257) }], [1103, { choice: 3 }],
    [1104, { choices: [0] }], [1101, { text: "yes" }], [0, { text: "yes" }],
  ])("%i answered by %j: is Misuse, nothing is fed", async (code, answer) => {
    const { client, core } = await open([[ask(code)]], answering(answer));
    await client.connect();
    expect(core.fed).toEqual([]);
    expect(core.resumed).toEqual([Err.Misuse]);
  });

  it("a core that does not take it: is told so", async () => {
    const step = { ...ask(1103), feeds: [Err.Misuse] };
    const { client, core } = await open([[step]], answering({ choice: 1 }));
    await client.connect();
    expect(core.resumed).toEqual([Err.Misuse]);
  });

  it("the server: is the host that the session is with; of a job it is not known", async () => {
    const { questions, confirm } = answering("yes");
    const { client } = await open([[EXCHANGE, ask(1100), ask(0)]], { confirm });
    await client.connect();
    expect(questions.map(({ server }) => server)).toEqual(["dms.example:8443", ""]);
  });

  it("nobody to ask: a job is refused, anything else cannot be shown", async () => {
    const { client, core } = await open([[ask(0), ask(1100), ask(1101), ask(1102)]]);
    await client.connect();
    expect(core.resumed).toEqual([Err.Refused, ...new Array(3).fill(Err.NotImplemented)]);
  });

  it("nobody answers within MAXDT: is TimedOut, whatever DR says", async () => {
    const confirm = () => new Promise<Answer>(() => undefined);
    const { client, core } = await open([[ask(1101, "MAXDT=1&DR=1")]], { confirm });
    await client.connect();
    expect(core.resumed).toEqual([Err.TimedOut]);
  });

  it("a question that fails: is no", async () => {
    const confirm = () => Promise.reject(new Error("no window"));
    const { client, core } = await open([[ask(1101)]], { confirm });
    await client.connect();
    expect(core.resumed).toEqual([Err.Refused]);
  });

  it("a policy that postpones jobs: the person is not asked", async () => {
    const policy = (step: { kind: string }) => (step.kind === "job" ? "postpone" : "allow");
    const { confirm } = answering("yes");
    const { client, core } = await open([[ask(0), ask(1101)]], { confirm, policy });
    await client.connect();
    expect(core.resumed).toEqual([Err.Later, Err.Ok]);
  });

  it("a password: goes to the core, and to no listener", async () => {
    const events: DmEvent[] = [];
    const { client, core } = await open([[ask(1102, "ET=P")]], answering({ text: "pw" }));
    client.on((event) => events.push(event));
    await client.connect();
    expect(core.fed).toEqual([new Uint8Array(Buffer.from("pw"))]);
    expect(events).toMatchObject([{ type: "confirm", answer: { text: "" } }]);
  });
});

describe("DmClient event", () => {
  const EVENT = { type: "org.example.low", format: "chr", data: "5 %" } as const;
  const device = (status: number) => item([0, 1], [1, 1], [status, 2], [1, 4], [1, 4]);
  /** The server answers the event in the session of this run. */
  const answered = (status: number): FakeStep => ({
    ...EXCHANGE, after: (core) => void core.items.set(Look.Device, [device(status)]),
  });

  it.each([200, 406])("answered by %i: the core gets it once", async (status) => {
    const { client, core } = await open([[answered(status)]]);
    client.event(EVENT);
    expect((await client.connect()).event).toBe(status);
    expect((await client.connect()).event).toBe(null);
    expect(core.calls.filter((call) => call.startsWith("event"))).toEqual([
      "event chr|org.example.low|5 %",
    ]);
  });

  it("not answered: the next run of this client takes it along again", async () => {
    const { client, core } = await open([[EXCHANGE]]);
    client.event(EVENT);
    expect((await client.connect()).event).toBe(null);
    await client.connect();
    expect(core.calls.filter((call) => call.startsWith("event"))).toHaveLength(2);
  });

  it("a notification: its session brings the event too", async () => {
    const { client, core } = await open([[answered(200)]]);
    client.event(EVENT);
    expect((await client.notify(Uint8Array.of(1))).event).toBe(200);
    expect(core.calls.slice(1, 3)).toEqual(["notify 1 1", "event chr|org.example.low|5 %"]);
  });

  it("one that waits: the second is refused", async () => {
    const { client } = await open([[answered(200)]]);
    client.event(EVENT);
    expect(() => client.event(EVENT)).toThrow(expect.objectContaining({ code: "DM_BUSY" }));
    await client.connect();
    client.event(EVENT);
  });

  it.each([
    ["DM_TOO_LARGE", { ...EVENT, data: "x".repeat(256 - 18 + 1) }],
    ["DM_TOO_LARGE", { ...EVENT, type: "t", format: "bin", data: new Uint8Array(253) }],
    ["DM_BAD_FORMAT", { ...EVENT, type: "" }],
    ["DM_BAD_FORMAT", { ...EVENT, type: "a\0" }],
  ] as const)("%s: %j", async (code, event) => {
    const { client } = await open([]);
    expect(() => client.event(event)).toThrow(expect.objectContaining({ code }));
    client.event({ ...EVENT, data: "x".repeat(256 - 18) });
  });

  it("a core that does not take it: the run fails", async () => {
    const { client, core } = await open([]);
    core.eventErr = Err.Misuse;
    client.event(EVENT);
    await expect(client.connect()).rejects.toMatchObject({ code: "DM_MISUSE" });
  });
});
