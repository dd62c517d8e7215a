import { describe, expect, it } from "vitest";
import {
  nodeNameOf, packageIdOf, parsePolicy, PolicyError, readPolicy,
} from "../../../host/demo/server/policy.ts";

/** The example of the command line's page. */
function example(): Record<string, unknown> {
  return {
    serverId: "dms.example",
    accounts: { "IMEI:1": { user: "u", password: "p", auth: "md5" } },
    server: { user: "dms", password: "s" },
    wanted: [{
      bind: "package", package: "scanner-77.suit",
      components: { jvm: "8.2.0", antivirus: "5.0.0" }, urgent: true,
      askUser: "Install the new scanner?",
    }],
  };
}

function wanted(entry: object): unknown {
  return { ...example(), wanted: [entry] };
}

function withAccount(account: object): unknown {
  return { ...example(), accounts: { "IMEI:1": account } };
}

const ATOMIC = { bind: "atomic", packages: ["a/jvm.suit", "av.suit"], components: { jvm: "8" } };

function keyOf(value: unknown): string {
  try {
    parsePolicy(value);
  } catch (error) {
    if (error instanceof PolicyError) return error.key;
    throw error;
  }
  return "no error";
}

describe("parsePolicy", () => {
  it("reads the documented example and fills in the defaults", () => {
    const policy = parsePolicy(example());
    expect(policy).toMatchObject({
      serverId: "dms.example", root: "SCOMO", maxMsgSize: 16_384,
      server: { user: "dms", password: "s", auth: "md5" },
    });
    expect(policy.accounts.get("IMEI:1")).toEqual({
      user: "u", password: "p", auth: "md5", eachMessage: false,
    });
    expect(policy.wanted).toEqual([{
      bind: "package", delivery: "indirect", packages: ["scanner-77.suit"],
      components: { jvm: "8.2.0", antivirus: "5.0.0" }, urgent: true, retries: 0,
      askUser: "Install the new scanner?", correlator: "order", inactive: false, changes: [],
    }]);
  });

  it("reads an atomic entry with its list of packages", () => {
    const [entry] = parsePolicy(wanted(ATOMIC)).wanted;
    const packages = ["a/jvm.suit", "av.suit"];
    expect(entry).toMatchObject({ bind: "atomic", packages, urgent: false });
  });

  it("revision: is another for another policy, the same for the same", () => {
    const changed = { ...example(), serverId: "other" };
    expect(parsePolicy(example()).revision).toBe(parsePolicy(example()).revision);
    expect(parsePolicy(changed).revision).not.toBe(parsePolicy(example()).revision);
  });

  it("an account with auth none needs neither user nor password", () => {
    const policy = parsePolicy({ ...example(), accounts: { "*": { auth: "none" } } });
    expect(policy.accounts.get("*")?.auth).toBe("none");
  });

  const faults: [string, unknown, string][] = [
    ["serverId", { ...example(), serverId: undefined }, "no text"],
    ["serverId", { ...example(), serverId: 7 }, "a number"],
    ["accounts", { ...example(), accounts: [] }, "a list"],
    ["accounts.IMEI:1.auth", withAccount({ auth: "plain" }), "unknown"],
    ["accounts.IMEI:1.password", withAccount({ user: "u" }), "missing"],
    ["server.password", { ...example(), server: { user: "u" } }, "missing"],
    ["server.key", { ...example(), server: { user: "u", password: "p", key: 1 } }, "unknown"],
    ["maxMsgSize", { ...example(), maxMsgSize: 511 }, "too small"],
    ["root", { ...example(), root: "a/b" }, "a path"],
    ["extra", { ...example(), extra: 1 }, "unknown"],
    ["wanted", { ...example(), wanted: {} }, "an object"],
    ["wanted[0].bind", wanted({}), "missing"],
    ["wanted[0].bind", wanted({ bind: "both" }), "unknown"],
    ["wanted[0].package", wanted({ bind: "package" }), "missing"],
    ["wanted[0].package", wanted({ bind: "package", package: "../a.suit" }), "upward"],
    ["wanted[0].package", wanted({ bind: "package", package: "/a.suit" }), "absolute"],
    ["wanted[0].packages", wanted({ ...ATOMIC, packages: [] }), "empty"],
    ["wanted[0].packages[1]", wanted({ ...ATOMIC, packages: ["a", 1] }), "a number"],
    ["wanted[0].packages", wanted({ ...ATOMIC, packages: ["a/x", "x"] }), "one name twice"],
    ["wanted[0].package", wanted({ ...ATOMIC, package: "x.suit" }), "of the other kind"],
    ["wanted[0].components", wanted({ ...ATOMIC, components: {} }), "empty"],
    ["wanted[0].components.jvm", wanted({ ...ATOMIC, components: { jvm: "eight" } }), "no version"],
    ["wanted[0].urgent", wanted({ ...ATOMIC, urgent: "yes" }), "a text"],
    ["wanted[0].delivery", wanted({ ...ATOMIC, delivery: "push" }), "unknown"],
    ["wanted[0].urgnet", wanted({ ...ATOMIC, urgnet: true }), "misspelt"],
    ["wanted[0]", wanted({ remove: [] }), "without a component"],
    ["wanted[0]", wanted({ remove: ["a"], activate: ["a"] }), "one component twice"],
    ["wanted[0].remove", wanted({ remove: "a" }), "no list"],
    ["wanted[0].deactivate[1]", wanted({ deactivate: ["a", 1] }), "a number"],
    ["wanted[0].bind", wanted({ bind: "package", remove: ["a"] }), "with a package"],
  ];
  for (const [key, value, what] of faults) {
    it(`${key}, ${what}: the error names the key`, () => {
      expect(keyOf(value)).toBe(key);
    });
  }

  it("readPolicy: text that is no JSON is an error of its own", () => {
    expect(() => readPolicy("{")).toThrow(PolicyError);
    expect(readPolicy(JSON.stringify(example())).serverId).toBe("dms.example");
  });
});

describe("names of packages", () => {
  it("packageIdOf: the file name without folder and extension", () => {
    expect(packageIdOf("a/b/scanner-77.suit")).toBe("scanner-77");
    expect(packageIdOf("jvm-8.2.0.suit")).toBe("jvm-8.2.0");
  });

  it("nodeNameOf: at most 31 characters that a URI may hold", () => {
    expect(nodeNameOf("grün & blau.suit")).toBe("gr_n___blau");
    expect(nodeNameOf(`${"x".repeat(40)}.suit`)).toHaveLength(31);
  });
});
