// What the server says where a script, not the policy, decides: large objects both ways, sizes,
// questions, trees, copies. The client's messages are written by the tests' own encoder.
import { describe, expect, it } from "vitest";
import {
  type Answer, type Command, decode, element as e, type Element, elementsOf, parsePolicy, textOf,
  wordOf,
} from "../../../host/demo/server/index.ts";
import { childOf, childrenOf } from "../../../host/demo/server/wbxml.ts";
import { Endpoint } from "../../../host/demo/server/sessions.ts";
import {
  alert, answer, command, DEVICE, from, type HeaderOf, messageOf, packageOne, type Part, to,
} from "../../helpers/dialogue.ts";
import { encodeTree, type Tree } from "../../helpers/encode.ts";

const FINAL = e("Final");

/** A server whose one package is `commands`, and the client's side of the session by hand. */
class Bench {
  readonly endpoint: Endpoint;
  /** Answers to the commands, once the package is over. */
  readonly answers: Answer[] = [];
  reply!: Element;
  replyBytes = 0;
  private msgId = 0;

  constructor(packages: Command[][], policy: object = {}) {
    const { answers } = this;
    this.endpoint = new Endpoint({
      policy: parsePolicy({
        serverId: "dms", accounts: { [DEVICE]: { auth: "none" } }, wanted: [], ...policy,
      }),
      isStrict: true, urlOf: (path) => path, bytesOf: () => undefined,
      *script() {
        for (const commands of packages) {
          const found = yield commands;
          answers.push(...commands.map((each) => structuredClone(found.answerOf(each))));
        }
      },
    });
  }

  /** Sends a message. @returns the elements of the server's answer but Status */
  say(parts: Part[], header: HeaderOf = {}): Element[] {
    const root = messageOf({ ...header, msgId: String(++this.msgId) }, parts);
    const bytes = this.endpoint.receive(encodeTree(root as Tree)).body;
    this.replyBytes = bytes.length;
    this.reply = decode(bytes);
    return elementsOf(childOf(this.reply, "SyncBody")!).filter(({ name }) => name !== "Status");
  }

  /** Status for the server's header, then what else is said to its last message. */
  answer(...parts: Part[]): Element[] {
    return this.say([this.statusOf("0", "SyncHdr", 200), ...parts]);
  }

  statusOf(cmdRef: string, name: string, code: number, ...more: Part[]): Element {
    return answer(this.serverId, cmdRef, name, code, ...more);
  }

  /** Status for the first command of the server's last message. */
  status(code: number): Element {
    const [first] = elementsOf(childOf(this.reply, "SyncBody")!)
      .filter(({ name }) => name !== "Status");
    return this.statusOf(wordOf(first, "CmdID")!, first!.name, code);
  }

  get serverId(): string {
    return wordOf(childOf(this.reply, "SyncHdr"), "MsgID")!;
  }

  get checks(): string[] {
    return this.endpoint.sessionReports()
      .flatMap(({ deviations }) => deviations.map(({ check }) => check));
  }
}

const itemOf = (part: Element): Element => childOf(part, "Item")!;
const dataOf = (part: Element): string => textOf(childOf(itemOf(part), "Data"))!;
const names = (parts: Element[]): string[] => parts.map(({ name }) => name);

describe("a large object to the client", () => {
  const MAX = 512;
  const values: [string, string | Uint8Array][] = [
    ["bytes", Buffer.from(Array.from({ length: 1500 }, (_, i) => i % 251))],
    ["text of two-byte characters", "é".repeat(700)],
  ];

  for (const [kind, data] of values) {
    it(`${kind}: Size in the first chunk, MoreData but in the last, no message too large`, () => {
      const add: Command = { kind: "Add", items: [{ target: "./A/n", data }] };
      const bench = new Bench([[add]]);
      const got: Buffer[] = [];
      let parts = bench.say(packageOne(), { maxMsgSize: MAX });
      for (let count = 0; childOf(itemOf(parts[0]!), "MoreData") !== undefined; count++) {
        expect(bench.replyBytes).toBeLessThanOrEqual(MAX);
        expect(names(parts)).toEqual(["Add"]);
        const size = wordOf(childOf(itemOf(parts[0]!), "Meta"), "Size");
        expect(size).toBe(count === 0 ? String(Buffer.from(data).length) : undefined);
        got.push(bytesIn(parts[0]!));
        parts = bench.answer(bench.status(213), alert(1222));
      }
      got.push(bytesIn(parts[0]!));
      expect(names(parts)).toEqual(["Add", "Final"]);
      expect(got.length).toBeGreaterThan(3);
      expect(Buffer.concat(got).equals(Buffer.from(data))).toBe(true);
      const isText = typeof data === "string";
      if (isText) expect(got.map(String).join("")).not.toContain("\ufffd");
      expect(names(bench.answer(bench.status(200), FINAL))).toEqual(["Final"]);
      expect(bench.answers).toMatchObject([{ code: 200 }]);
      expect(bench.checks).toEqual([]);
    });
  }

  it("above the client's MaxObjSize is not sent: 413, and the script goes on", () => {
    const add: Command = { kind: "Add", items: [{ target: "./A/n", data: "v".repeat(101) }] };
    const get: Command = { kind: "Get", items: [{ target: "./A" }] };
    const bench = new Bench([[add], [get]]);
    expect(names(bench.say(packageOne(), { maxObjSize: 100 }))).toEqual(["Get", "Final"]);
    expect(bench.answers).toMatchObject([{ code: 413 }]);
    const fits: Command = { kind: "Add", items: [{ target: "./A/n", data: "v".repeat(100) }] };
    expect(names(new Bench([[fits]]).say(packageOne(), { maxObjSize: 100 }))).toContain("Add");
  });

  it("a chunk that is refused ends the object", () => {
    const add: Command = { kind: "Add", items: [{ target: "./A/n", data: Buffer.alloc(1500) }] };
    const get: Command = { kind: "Get", items: [{ target: "./A" }] };
    const bench = new Bench([[add, get]]);
    bench.say(packageOne(), { maxMsgSize: MAX });
    expect(names(bench.answer(bench.status(420)))).toEqual(["Get", "Final"]);
  });

  it("Alert 1225 of the client ends the object: nothing more of it is sent", () => {
    const add: Command = { kind: "Add", items: [{ target: "./A/n", data: Buffer.alloc(1500) }] };
    const get: Command = { kind: "Get", items: [{ target: "./A" }] };
    const bench = new Bench([[add, get]]);
    bench.say(packageOne(), { maxMsgSize: MAX });
    const rest = bench.answer(alert(1225, to("./A/n")), alert(1222));
    expect(names(rest)).toEqual(["Get", "Final"]);
    bench.answer(bench.status(404), FINAL);
    expect(bench.answers).toMatchObject([{ code: 500 }, { code: 404 }]);
    expect(bench.checks).toEqual([]);
  });

  it("statuses that fill a message leave its commands to the next", () => {
    const get: Command = { kind: "Get", items: [{ target: `./${"a".repeat(150)}` }] };
    const bench = new Bench([[get]]);
    const events = [1, 2, 3, 4].map(() => alert(1224, e(
      "Item", e("Meta", e("Format", "chr"), e("Type", "text/plain")), e("Data", "x"),
    )));
    const parts = bench.say(packageOne(...events), { maxMsgSize: MAX });
    expect(bench.replyBytes).toBeLessThanOrEqual(MAX);
    expect(names(parts)).toEqual([]);
    expect(names(bench.answer(alert(1222)))).toEqual(["Get", "Final"]);
    expect(bench.replyBytes).toBeLessThanOrEqual(MAX);
  });
});

describe("a large object of the client", () => {
  const get: Command = { kind: "Get", items: [{ target: "./A/x" }] };
  const chunk = (data: string, more: { size?: number; isLast?: boolean }): Element =>
    command("Results", e("MsgRef", "1"), e("CmdRef", "4"), from(
      "./A/x", more.size === undefined ? undefined : e("Meta", e("Size", more.size)),
      e("Data", data), more.isLast === true ? undefined : e("MoreData"),
    ));
  const begin = (policy: object, data: string, size?: number): [Bench, Element[]] => {
    const bench = new Bench([[get]], policy);
    bench.say(packageOne());
    const meta = size === undefined ? {} : { size };
    return [bench, bench.answer(bench.status(200), chunk(data, meta))];
  };
  const codes = (bench: Bench): (string | undefined)[] =>
    childrenOf(childOf(bench.reply, "SyncBody")!, "Status")
      .filter((each) => wordOf(each, "Cmd") === "Results").map((each) => wordOf(each, "Data"));

  it("each chunk is answered 213 with Alert 1222; joined it is the answer", () => {
    const [bench, asked] = begin({}, "ab", 6);
    expect(codes(bench)).toEqual(["213"]);
    expect(asked.map((each) => wordOf(each, "Data"))).toEqual(["1222"]);
    bench.answer(bench.status(200), chunk("cd", {}));
    expect(codes(bench)).toEqual(["213"]);
    const end = bench.answer(bench.status(200), chunk("ef", { isLast: true }), FINAL);
    expect(names(end)).toEqual(["Final"]);
    expect(Buffer.from(bench.answers[0]!.results[0]!.data as Uint8Array).toString()).toBe("abcdef");
    expect(bench.checks).toEqual([]);
  });

  it("no Size is 411; more than Size 424; another sum 424; above MaxObjSize 413", () => {
    expect(codes(begin({}, "ab")[0])).toEqual(["411"]);
    expect(codes(begin({}, "abc", 2)[0])).toEqual(["424"]);
    expect(codes(begin({ maxObjSize: 5 }, "ab", 5)[0])).toEqual(["213"]);
    expect(codes(begin({ maxObjSize: 5 }, "ab", 6)[0])).toEqual(["413"]);
    const [bench] = begin({}, "ab", 5);
    bench.answer(bench.status(200), chunk("cd", { isLast: true }), FINAL);
    expect(codes(bench)).toEqual(["424"]);
    expect(bench.answers).toMatchObject([{ code: 424, results: [] }]);
    expect(bench.checks).toEqual(["large-sum"]);
  });

  it("Alert 1225 drops what had come", () => {
    const [bench] = begin({}, "ab", 6);
    bench.answer(bench.status(200), alert(1225, from("./A/x")), FINAL);
    expect(bench.answers).toMatchObject([{ code: 500, results: [] }]);
  });

  it("the header announces MaxMsgSize and MaxObjSize of the policy", () => {
    const bench = new Bench([[get]], { maxMsgSize: 2048, maxObjSize: 9999 });
    bench.say(packageOne());
    const meta = childOf(childOf(bench.reply, "SyncHdr"), "Meta");
    expect([wordOf(meta, "MaxMsgSize"), wordOf(meta, "MaxObjSize")]).toEqual(["2048", "9999"]);
  });
});

describe("a script", () => {
  it("user interaction: what was typed or chosen comes back in the Status", () => {
    const ask: Command = {
      kind: "Alert", code: 1102, items: [{ data: "MAXDT=30" }, { data: "Your name?" }],
    };
    const bench = new Bench([[ask]]);
    const [asked] = bench.say(packageOne());
    expect(childrenOf(asked!, "Item").map((each) => textOf(childOf(each, "Data"))))
      .toEqual(["MAXDT=30", "Your name?"]);
    bench.answer(e("Status", ...bench.status(200).children.filter((child) => child !== undefined),
      e("Item", e("Data", "Ann"))), FINAL);
    expect(bench.answers).toMatchObject([{ code: 200, items: [{ data: "Ann" }] }]);
    expect(bench.checks).toEqual([]);
  });

  it("Copy, a tree as elements, and groups go out as the DTD has them", () => {
    const tree = e("MgmtTree", e("VerDTD", "1.2"), e("Node", e("NodeName", "n")));
    const bench = new Bench([[
      { kind: "Copy", items: [{ target: "./A/y", source: "./A/x" }] },
      { kind: "Add", items: [{
        target: "./A/t", meta: { format: "xml", type: "application/vnd.syncml.dmtnds+wbxml" },
        data: tree,
      }] },
      { kind: "Sequence", members: [{ kind: "Delete", items: [{ target: "./A/z" }] }] },
    ]]);
    const [copy, add, sequence] = bench.say(packageOne());
    expect(names(elementsOf(itemOf(copy!)))).toEqual(["Target", "Source"]);
    expect(names(elementsOf(childOf(itemOf(add!), "Data")!))).toEqual(["MgmtTree"]);
    expect(names(elementsOf(sequence!))).toEqual(["CmdID", "Delete"]);
    expect(dataOf(add!)).toBe("");
  });
});

describe("reports", () => {
  const session = (bench: Bench, msgId: string, sessionId: string): void => {
    const root = messageOf({ msgId, sessionId }, packageOne());
    bench.endpoint.receive(encodeTree(root as Tree));
  };

  it("a session that is left open for another one is abandoned", () => {
    const bench = new Bench([[{ kind: "Get", items: [{ target: "./A" }] }]]);
    session(bench, "1", "2A");
    session(bench, "1", "2B");
    expect(bench.endpoint.sessionReports()).toMatchObject([
      { sessionId: "2A", state: "abandoned" }, { sessionId: "2B", state: "open" },
    ]);
    bench.endpoint.close();
    expect(bench.endpoint.sessionReports().at(-1)!.state).toBe("abandoned");
  });

  it("another SessionID in the middle of a session is named", () => {
    const bench = new Bench([[{ kind: "Get", items: [{ target: "./A" }] }]]);
    session(bench, "1", "2A");
    session(bench, "2", "2B");
    const [, stray] = bench.endpoint.sessionReports();
    expect(stray!.deviations.map(({ check }) => check)).toEqual(["header-session", "header-msgid"]);
  });
});

function bytesIn(part: Element): Buffer {
  const children = childOf(itemOf(part), "Data")?.children ?? [];
  return Buffer.concat(children.map((child) => typeof child === "string" ? Buffer.from(child)
    : Buffer.from(child as Uint8Array)));
}
