// What a device needs: `bind: "auto"`, and orders that go out again.
import { describe, expect, it } from "vitest";
import type { ServerEvent } from "../../../host/demo/server/events.ts";
import { parsePolicy } from "../../../host/demo/server/policy.ts";
import { type PackageContents, resolve } from "../../../host/demo/server/resolve.ts";
import { Endpoint } from "../../../host/demo/server/sessions.ts";
import { FakeClient } from "./client.ts";

/** `jvm 8.2, antivirus 5 <- libc 2` is what it brings and needs. */
function contents(text: string): PackageContents {
  const [components = [], requires = []] = text.split("<-").map((side) =>
    side.split(",").map((each) => each.trim()).filter((each) => each !== "").map((each) => {
      const [id, version] = each.split(" ") as [string, string];
      return { id, version };
    }));
  return { components, requires };
}

const PACKAGES = {
  "jvm.suit": "jvm 8.2.0 <- antivirus 5.0.0",
  "av.suit": "antivirus 5.0.0 <- jvm 8.2.0",
  "radio.suit": "radio 2.0.0 <- libc 2.3.0",
  "libc.suit": "libc 2.4.0",
  "all.suit": "radio 2.0.0, libc 2.4.0",
  "old.suit": "antivirus 5.0.0, libc 1.0.0",
};
const from = (...names: (keyof typeof PACKAGES)[]) =>
  new Map(names.map((name) => [name, contents(PACKAGES[name])]));
const inventory = (deployed: Record<string, string>) => ({
  downloads: [], delivered: [],
  deployed: Object.entries(deployed).map(([id, version]) => ({ node: id, id, version })),
});
const OLD = { jvm: "8.1.0", antivirus: "4.0.7", libc: "2.0.0" };

describe("resolve", () => {
  it.each<[string, Record<string, string>, (keyof typeof PACKAGES)[], string[]]>([
    ["two that need each other", { antivirus: "5.0.0" }, ["jvm.suit", "av.suit"],
      ["av.suit", "jvm.suit"]],
    ["what a package needs besides", { radio: "2.0.0" }, ["radio.suit", "libc.suit"],
      ["radio.suit", "libc.suit"]],
    ["one package before two", { radio: "2.0.0" }, ["radio.suit", "libc.suit", "all.suit"],
      ["all.suit"]],
    ["nothing where it is there", { jvm: "8.1.0" }, ["jvm.suit", "av.suit"], []],
    ["no component twice", { radio: "2.0.0", libc: "2.4.0" },
      ["all.suit", "libc.suit", "radio.suit"], ["all.suit"]],
  ])("OSR-DMS-07: %s", (_, wanted, names, paths) => {
    const found = resolve(inventory(OLD), wanted, from(...names));
    expect(found.packages).toEqual(paths);
    expect(found.lacks).toBe(undefined);
  });

  it("what is on the device counts", () => {
    const found = resolve(
      inventory({ ...OLD, libc: "2.3.0" }), { radio: "2.0.0" }, from("radio.suit", "libc.suit"),
    );
    expect(found).toEqual({ packages: ["radio.suit"], components: { radio: "2.0.0" } });
  });

  it.each<[string, Record<string, string>, (keyof typeof PACKAGES)[], object]>([
    ["a need that nothing brings", { radio: "2.0.0" }, ["radio.suit"],
      { id: "libc", version: "2.3.0" }],
    ["a component that nothing brings", { gui: "1.0" }, ["radio.suit"],
      { id: "gui", version: "1.0" }],
    ["only with an older version of another", { antivirus: "5.0.0" }, ["old.suit"],
      { id: "antivirus", version: "5.0.0" }],
    ["no package at all", { jvm: "9" }, [], { id: "jvm", version: "9" }],
  ])("none: %s", (_, wanted, names, lacks) => {
    const found = resolve(inventory(OLD), wanted, from(...names));
    expect(found).toEqual({ packages: [], components: {}, lacks });
  });

  it("many that lead nowhere: is given up in the end", () => {
    const many = Array.from({ length: 60 }, (_, i) => (
      [`${i}`, contents(`c${i} 1 <- c${(i + 1) % 60} 1, none 1`)] as const));
    expect(resolve(inventory({}), { c0: "1" }, new Map(many)).lacks).toBeDefined();
  });
});

class Bench {
  readonly events: ServerEvent[] = [];
  readonly endpoint: Endpoint;
  readonly client = new FakeClient({ id: "IMEI:1" });

  constructor(wanted: object) {
    const policy = { serverId: "dms", accounts: { "IMEI:1": { auth: "none" } }, wanted: [wanted] };
    const known = from("jvm.suit", "av.suit");
    this.endpoint = new Endpoint({
      policy: parsePolicy(policy), isStrict: true, urlOf: (path) => `http://127.0.0.1:1/${path}`,
      bytesOf: () => undefined, contentsOf: (path) => known.get(path as keyof typeof PACKAGES),
    });
    this.endpoint.on((event) => this.events.push(event));
    this.client.deploy("jvm", "8.1.0");
    this.client.deploy("antivirus", "4.0.7");
  }

  async session(): Promise<void> {
    this.client.received.length = 0;
    await this.client.run((body) => this.endpoint.receive(body).body);
  }

  get orders() {
    return this.endpoint.status().devices[0]!.orders;
  }

  /** The last job failed, and the next session says so. */
  fail(code: number): void {
    this.client.report(this.client.jobs.at(-1)!, code, "p", this.client.jobs.at(-1)!.uri);
  }
}

describe("bind: auto", () => {
  const AUTO = {
    bind: "auto", packages: ["jvm.suit", "av.suit", "gone.suit"],
    components: { antivirus: "5.0.0" }, urgent: true,
  };

  it("two that need each other are one Atomic order", async () => {
    const bench = new Bench(AUTO);
    await bench.session();
    expect(bench.orders).toMatchObject([{
      bind: "atomic", packages: ["av.suit", "jvm.suit"], state: "downloading",
      components: { antivirus: "5.0.0", jvm: "8.2.0" },
    }]);
    expect(bench.client.jobs.map(({ uri }) => uri.split("/").at(-1))).toEqual(
      ["Download", "Download"],
    );
  });

  it("a device on which one is there gets the other alone", async () => {
    const bench = new Bench(AUTO);
    bench.client.deploy("jvm", "8.3.0");
    await bench.session();
    expect(bench.orders).toMatchObject([{ bind: "package", packages: ["av.suit"] }]);
  });

  it("nothing brings it: says what is lacking, and orders nothing", async () => {
    const bench = new Bench({ ...AUTO, packages: ["av.suit"] });
    await bench.session();
    expect(bench.orders).toEqual([]);
    expect(bench.events.map(({ text }) => text)).toContain(
      "Nothing of av.suit brings jvm 8.2.0 to what is there",
    );
  });
});

describe("retries", () => {
  const WANTED = {
    bind: "package", package: "a.suit", components: { antivirus: "5.0.0" }, urgent: true,
  };

  it("a failed download goes out again in a later session, so often and not more", async () => {
    const bench = new Bench({ ...WANTED, retries: 2 });
    await bench.session();
    for (const [code, jobs] of [[1501, 1], [1402, 2], [1500, 3]] as const) {
      expect(bench.client.jobs).toHaveLength(jobs);
      bench.fail(code);
      await bench.session();
      expect(bench.client.jobs).toHaveLength(jobs);
      await bench.session();
    }
    expect(bench.client.jobs).toHaveLength(3);
    expect(bench.orders.map(({ code }) => code)).toEqual([1501, 1402, 1500]);
    const correlators = bench.client.jobs.map(({ correlator }) => correlator);
    expect(new Set(correlators).size).toBe(3);
  });

  it.each([1401, 1405, 1406, 1407, 1413])("%i: is not repeated", async (code) => {
    const bench = new Bench({ ...WANTED, retries: 2 });
    await bench.session();
    bench.fail(code);
    await bench.session();
    await bench.session();
    expect(bench.orders).toMatchObject([{ state: "failed", code }]);
  });

  it("without the key nothing is repeated", async () => {
    const bench = new Bench(WANTED);
    await bench.session();
    bench.fail(1501);
    await bench.session();
    await bench.session();
    expect(bench.orders).toHaveLength(1);
  });

  it.each([-1, 11, 1.5, "2"])("%j is no number of retries", (retries) => {
    expect(() => new Bench({ ...WANTED, retries })).toThrow(/retries/);
  });
});
