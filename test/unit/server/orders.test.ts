import { describe, expect, it } from "vitest";
import type { ServerEvent } from "../../../host/demo/server/events.ts";
import { compareVersions, outdatedIn } from "../../../host/demo/server/inventory.ts";
import { parsePolicy } from "../../../host/demo/server/policy.ts";
import { Endpoint } from "../../../host/demo/server/sessions.ts";
import {
  childOf, childrenOf, type Element, elementsOf, textOf, toXml, wordOf,
} from "../../../host/demo/server/wbxml.ts";
import { type ClientOptions, commandsNamed, FakeClient } from "./client.ts";

const WANTED = {
  bind: "package", package: "scanner-77.suit", components: { jvm: "8.2.0", antivirus: "5.0.0" },
  urgent: true,
};
const NODE = "./SCOMO/Download/scanner-77";
const EXEC = `${NODE}/Operations/DownloadInstall`;
const DEPLOYED = "./SCOMO/Inventory/Deployed";

class Bench {
  readonly events: ServerEvent[] = [];
  readonly endpoint: Endpoint;
  readonly client: FakeClient;

  constructor(wanted: object, options: Partial<ClientOptions> = {}) {
    this.endpoint = new Endpoint({
      policy: policyWith(wanted), isStrict: true,
      urlOf: (path) => `http://127.0.0.1:1/packages/${path}`,
      bytesOf: (path) => Buffer.from(`bytes of ${path} `.repeat(80)),
    });
    this.endpoint.on((event) => this.events.push(event));
    this.client = new FakeClient({ id: "IMEI:1", ...options });
  }

  /** @param deviations  ids of what the client does wrong on purpose */
  async session(deviations: string[] = []): Promise<void> {
    this.client.received.length = 0;
    await this.client.run((body) => this.endpoint.receive(body).body);
    const found = this.endpoint.sessionReports().flatMap((report) => report.deviations);
    expect(found.map(({ check }) => check)).toEqual(deviations);
  }

  get device(): ReturnType<Endpoint["status"]>["devices"][number] {
    return this.endpoint.status().devices[0]!;
  }

  texts(kind: ServerEvent["kind"]): string[] {
    return this.events.filter((event) => event.kind === kind).map(({ text }) => text);
  }
}

function policyWith(wanted: object): ReturnType<typeof parsePolicy> {
  const accounts = { "IMEI:1": { auth: "none" } };
  return parsePolicy({ serverId: "dms", accounts, wanted: [wanted] });
}

function namesIn(parent: Element): string[] {
  return elementsOf(parent).map(({ name }) => name);
}

/** The device installs both components and owes the alert. */
function install({ client }: Bench): void {
  const job = client.jobs.at(-1)!;
  for (const [id, version] of Object.entries(WANTED.components)) {
    client.deploy(id, version);
    client.report(job, 1200, id, `${DEPLOYED}/${id}`);
  }
}

describe("compareVersions", () => {
  it("compares number by number, not text by text", () => {
    expect(compareVersions("8.10", "8.9")).toBeGreaterThan(0);
    expect(compareVersions("8.2", "8.2.0")).toBe(0);
    expect(compareVersions("7.99.1", "8")).toBeLessThan(0);
  });

  it("outdatedIn: what is missing, older or without version", () => {
    const deployed = [
      { node: "a", id: "a", version: "1.0" }, { node: "b", id: "b", version: "2.0" },
      { node: "c", id: "c" },
    ];
    const wanted = { a: "1.0", b: "2.1", c: "1", d: "1" };
    expect(outdatedIn({ downloads: [], delivered: [], deployed }, wanted)).toEqual(["b", "c", "d"]);
  });
});

describe("an order of one package", () => {
  it("is a Sequence of the question, the Download node and the Exec", async () => {
    const bench = new Bench({ ...WANTED, askUser: "Install it?" });
    await bench.session();
    const [sequence] = commandsNamed(bench.client.received, "Sequence");
    expect(namesIn(sequence!)).toEqual(["CmdID", "Alert", "Add", "Exec"]);
    const [options, text] = childrenOf(childOf(sequence, "Alert")!, "Item");
    expect(textOf(childOf(options, "Data"))).toMatch(/^MAXDT=\d+&DR=0$/);
    expect(textOf(childOf(text, "Data"))).toBe("Install it?");
    expect(bench.client.tree.get(`${NODE}/PkgURL`))
      .toBe("http://127.0.0.1:1/packages/scanner-77.suit");
    expect(bench.client.jobs).toEqual([{ uri: EXEC, correlator: expect.any(String) }]);
    expect(bench.device.orders).toMatchObject([{ state: "installing", code: null }]);
  });

  it("is not made again while open; its success is verified and the node deleted", async () => {
    const bench = new Bench(WANTED);
    await bench.session();
    await bench.session();
    expect(bench.client.jobs).toHaveLength(1);
    install(bench);
    await bench.session();
    expect(bench.device.orders).toMatchObject([{ state: "done", code: 1200, verified: true }]);
    expect(bench.client.tree.has(NODE)).toBe(false);
    expect(bench.texts("order-done")).toHaveLength(1);
    await bench.session();
    expect(bench.client.jobs).toHaveLength(1);
  });

  it("the same alerts again are answered 200, recorded once and counted", async () => {
    const bench = new Bench(WANTED);
    await bench.session();
    install(bench);
    const alerts = [...bench.client.alerts];
    await bench.session();
    bench.client.alerts.push(...alerts);
    await bench.session();
    expect(bench.device.results).toMatchObject([
      { identifier: "jvm", code: 1200, count: 2, order: 1 },
      { identifier: "antivirus", code: 1200, count: 2, order: 1 },
    ]);
    const codes = commandsNamed(bench.client.received, "Status")
      .filter((status) => wordOf(status, "Cmd") === "Alert")
      .map((status) => wordOf(status, "Data"));
    expect(new Set(codes)).toEqual(new Set(["200"]));
  });

  it("success without effect: reported as such and not ordered for ever", async () => {
    const bench = new Bench(WANTED);
    await bench.session();
    bench.client.report(bench.client.jobs[0]!, 1200, "jvm", `${DEPLOYED}/jvm`);
    await bench.session();
    expect(bench.device.orders).toMatchObject([{ state: "done", verified: false }]);
    await bench.session();
    expect(bench.client.jobs).toHaveLength(1);
  });

  it("failed, it is repeated only under another policy", async () => {
    const bench = new Bench(WANTED);
    await bench.session();
    bench.client.report(bench.client.jobs[0]!, 1405, "scanner-77", NODE);
    await bench.session();
    await bench.session();
    expect(bench.device.orders).toMatchObject([{ state: "failed", code: 1405 }]);
    expect(bench.client.jobs).toHaveLength(1);
    bench.endpoint.setPolicy(policyWith({ ...WANTED, askUser: "Again?" }));
    bench.client.options.sessionId = "2B";
    await bench.session();
    expect(bench.client.jobs).toHaveLength(2);
    expect(bench.client.jobs[1]!.correlator).not.toBe(bench.client.jobs[0]!.correlator);
  });

  it.each([304, 214, 408])("the user's answer %i refuses it, once for all", async (code) => {
    const bench = new Bench({ ...WANTED, askUser: "Install it?" }, { answer: code });
    await bench.session();
    await bench.session();
    expect(bench.client.jobs).toEqual([]);
    expect(bench.client.asked).toHaveLength(1);
    expect(bench.device.orders).toMatchObject([{ state: "refused", code }]);
  });

  it("an Exec that is not accepted fails it with that code", async () => {
    const bench = new Bench(WANTED);
    bench.client.execCode = 425;
    await bench.session();
    expect(bench.device.orders).toMatchObject([{ state: "failed", code: 425 }]);
  });

  it("a Download node left from earlier is deleted in the same Sequence", async () => {
    const bench = new Bench(WANTED);
    bench.client.tree.set(NODE, undefined);
    bench.client.tree.set(`${NODE}/PkgID`, "old");
    await bench.session();
    const [sequence] = commandsNamed(bench.client.received, "Sequence");
    expect(namesIn(sequence!)).toEqual(["CmdID", "Delete", "Add", "Exec"]);
    expect(bench.client.tree.get(`${NODE}/PkgID`)).toBe("scanner-77");
  });

  it("a device that was set up anew does not know it: lost, and ordered once more", async () => {
    const bench = new Bench(WANTED);
    await bench.session();
    bench.client.tree.delete(NODE);
    await bench.session();
    expect(bench.device.orders.map(({ state }) => state)).toEqual(["lost", "installing"]);
  });

  it("a device with what is wanted, or newer, is left alone", async () => {
    const bench = new Bench(WANTED);
    bench.client.deploy("jvm", "8.10");
    bench.client.deploy("antivirus", "5.0.0");
    await bench.session();
    expect(bench.device.orders).toEqual([]);
  });

  it("an inventory that cannot be read is no empty one: nothing is ordered", async () => {
    const bench = new Bench(WANTED);
    await bench.session();
    const refused = { "./SCOMO/Download": 425, [`${DEPLOYED}/jvm/Version`]: 500 };
    for (const [uri, code] of Object.entries(refused)) {
      bench.client.deploy("jvm", "8.2.0");
      bench.client.getCodes.set(uri, code);
      bench.client.tree.delete(NODE);
      await bench.session();
      expect(bench.device.orders).toMatchObject([{ state: "installing" }]);
      bench.client.getCodes.clear();
    }
    expect(bench.texts("order").at(-1)).toBe("The inventory cannot be read: 500");
  });

  it("inactive: Execs DownloadInstallInactive", async () => {
    const bench = new Bench({ ...WANTED, inactive: true });
    await bench.session();
    expect(bench.client.jobs[0]!.uri).toBe(`${EXEC}Inactive`);
  });
});

describe("an alert", () => {
  it("of an unknown type gets 415, without Data 412", async () => {
    const bench = new Bench(WANTED);
    await bench.session();
    const job = bench.client.jobs[0]!;
    bench.client.report(job, 1200, "a", "./A");
    bench.client.report(job, 1200, "b", "./B");
    const [first, second] = bench.client.alerts;
    childOf(childOf(childOf(first, "Item"), "Meta"), "Type")!.children = ["org.example.other"];
    const item = childOf(second, "Item")!;
    item.children = item.children.filter((child) =>
      !(typeof child === "object" && "name" in child && child.name === "Data"));
    await bench.client.run((body) => bench.endpoint.receive(body).body);
    const codes = commandsNamed(bench.client.received, "Status")
      .filter((status) => wordOf(status, "Cmd") === "Alert")
      .map((status) => wordOf(status, "Data"));
    expect(codes).toContain("415");
    expect(codes).toContain("412");
  });

  it("without a correlator it is matched by its Source", async () => {
    const bench = new Bench(WANTED);
    await bench.session();
    bench.client.report(bench.client.jobs[0]!, 1401, "scanner-77", NODE);
    const alert = bench.client.alerts[0]!;
    alert.children = alert.children.filter((child) =>
      !(typeof child === "object" && "name" in child && child.name === "Correlator"));
    await bench.session(["generic-correlator"]);
    expect(bench.device.orders).toMatchObject([{ state: "failed", code: 1401 }]);
  });
});

describe("direct delivery", () => {
  it("writes the package into Delivered, in chunks where it must, then Execs Install", async () => {
    const direct = { ...WANTED, delivery: "direct" };
    for (const maxMsgSize of [700, 4096]) {
      const bench = new Bench(direct, { maxMsgSize });
      await bench.session();
      const node = "./SCOMO/Inventory/Delivered/scanner-77";
      expect(bench.client.tree.get(`${node}/Data`)).toBe("bytes of scanner-77.suit ".repeat(80));
      expect(bench.client.jobs.map(({ uri }) => uri)).toEqual([`${node}/Operations/Install`]);
      expect(bench.client.sent.length).toBeGreaterThan(maxMsgSize < 1000 ? 5 : 3);
      const [size] = commandsNamed(bench.client.received, "Size");
      expect(textOf(size)).toBe(maxMsgSize < 4096 ? "2000" : undefined);
    }
  });

  it.each([700, 4096])("refused data fails the order, MaxMsgSize %i", async (max) => {
    const bench = new Bench({ ...WANTED, delivery: "direct" }, { maxMsgSize: max });
    bench.client.dataCode = 413;
    await bench.session();
    expect(bench.device.orders).toMatchObject([{ state: "failed", code: 413 }]);
    expect(bench.client.jobs).toEqual([]);
  });
});

describe("an order that is bound by an Atomic", () => {
  const atomic = {
    bind: "atomic", packages: ["jvm-8.suit", "av-5.suit"], urgent: true,
    components: WANTED.components, correlator: "exec", askUser: "Install both?",
  };

  it("asks before each half, and gives each Exec a correlator where the policy wants", async () => {
    const bench = new Bench(atomic);
    await bench.session();
    expect(new Set(bench.client.jobs.map(({ correlator }) => correlator)).size).toBe(2);
    bench.client.deliver("jvm-8", "jvm-8");
    bench.client.deliver("av-5", "av-5");
    bench.client.jobs.length = 0;
    await bench.session();
    expect(bench.client.asked).toEqual(["Install both?", "Install both?"]);
    expect(bench.client.jobs).toHaveLength(2);
    for (const [index, id] of ["jvm", "antivirus"].entries()) {
      bench.client.deploy(id, index === 0 ? "8.2.0" : "5.0.0");
      bench.client.report(bench.client.jobs[index]!, 1200, id, `${DEPLOYED}/${id}`);
    }
    await bench.session();
    expect(bench.device.orders).toMatchObject([{ state: "done", code: 1200, verified: true }]);
    expect([...bench.client.tree.keys()].filter((uri) => /Download\/./.test(uri))).toEqual([]);
  });

  it("one half that comes to nothing fails the order; the other is not installed", async () => {
    const bench = new Bench(atomic);
    await bench.session();
    bench.client.deliver("jvm-8", "jvm-8");
    bench.client.report(bench.client.jobs[0]!, 1200, "jvm-8", "./SCOMO/Inventory/Delivered/jvm-8");
    bench.client.report(bench.client.jobs[1]!, 1402, "av-5", "./SCOMO/Download/av-5");
    bench.client.jobs.length = 0;
    await bench.session();
    expect(bench.device.orders).toMatchObject([{ state: "failed", code: 1402 }]);
    expect(bench.client.jobs).toEqual([]);
    expect(toXml(bench.client.received[0]!)).not.toContain("<Atomic>");
  });

  it("a refused Atomic fails with the code of the member that caused it", async () => {
    const bench = new Bench({ ...atomic, askUser: undefined, correlator: "order" });
    bench.client.deliver("jvm-8", "jvm-8");
    bench.client.deliver("av-5", "av-5");
    bench.client.execCode = 500;
    await bench.session();
    expect(bench.device.orders).toMatchObject([{ state: "failed", code: 500 }]);
  });
});

describe("an order for components that are there", () => {
  const CHANGES = { deactivate: ["jvm"], remove: ["antivirus"], activate: ["none"], urgent: true };
  const uri = (id: string, primitive: string) => `${DEPLOYED}/${id}/Operations/${primitive}`;
  const make = (change: object = {}): Bench => {
    const bench = new Bench({ ...CHANGES, ...change });
    bench.client.deploy("jvm", "8.1.0");
    bench.client.deploy("antivirus", "4.0.7");
    return bench;
  };
  const report = ({ client }: Bench, code: number): void => {
    for (const id of ["jvm", "antivirus"]) {
      const job = client.jobs.find((each) => each.uri.includes(id))!;
      client.report(job, code, id, `${DEPLOYED}/${id}`);
    }
  };

  it("is an Exec for each that is not so yet", async () => {
    const bench = make();
    await bench.session();
    expect(bench.client.jobs.map((job) => job.uri)).toEqual(
      [uri("jvm", "Deactivate"), uri("antivirus", "Remove")],
    );
    expect(bench.device.orders).toMatchObject([
      { state: "installing", changes: [{ primitive: "Activate", id: "none" }, {}, {}] },
    ]);
  });

  it("is done and verified when all is reported and so", async () => {
    const bench = make();
    await bench.session();
    const node = `${DEPLOYED}/antivirus`;
    for (const path of [...bench.client.tree.keys()]) {
      if (path.startsWith(node)) bench.client.tree.delete(path);
    }
    bench.client.tree.set(`${DEPLOYED}/jvm/State`, "10");
    report(bench, 1200);
    await bench.session();
    expect(bench.device.orders).toMatchObject([{ state: "done", code: 1200, verified: true }]);
    await bench.session();
    expect(bench.client.jobs).toHaveLength(2);
  });

  it("goes out again with the same correlator as long as nothing is reported", async () => {
    const bench = make();
    await bench.session();
    await bench.session();
    const [first, , again] = bench.client.jobs;
    expect(again).toEqual(first);
    expect(bench.device.orders).toHaveLength(1);
  });

  it("failed, it is not repeated", async () => {
    const bench = make();
    await bench.session();
    report(bench, 1410);
    await bench.session();
    await bench.session();
    expect(bench.device.orders).toMatchObject([{ state: "failed", code: 1410 }]);
    expect(bench.client.jobs).toHaveLength(2);
  });

  it("a device that is so already is left alone", async () => {
    const bench = make({ activate: ["jvm"], deactivate: [], remove: ["none"] });
    await bench.session();
    expect(bench.device.orders).toEqual([]);
  });

  it("the user is asked once, and may refuse", async () => {
    const bench = make({ askUser: "Stop it?" });
    bench.client.options.answer = 304;
    await bench.session();
    await bench.session();
    expect(bench.client.asked).toEqual(["Stop it?"]);
    expect(bench.client.jobs).toEqual([]);
    expect(bench.device.orders).toMatchObject([{ state: "refused", code: 304 }]);
  });
});
