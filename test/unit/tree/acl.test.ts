import { beforeAll, describe, expect, it } from "vitest";
import { BUILDS, loadModule, type Build } from "../../helpers/module.ts";
import { Device, Err, Format } from "./fixtures.ts";

const Right = { Add: 0, Delete: 1, Exec: 2, Get: 3, Replace: 4 } as const;
type RightName = keyof typeof Right;

async function lists(build: Build): Promise<{
  isValid: (acl: string) => boolean;
  grants: (acl: string, right: RightName, server: string) => boolean;
}> {
  const module = await loadModule("tree", build);
  const scratch = module.exports["SCRATCH"].value as number;
  const put = (text: string, at: number): [number, number] => {
    const bytes = Buffer.from(text);
    module.put(at, bytes);
    // What follows must not be read as part of the text.
    module.put(at + bytes.length, Buffer.from("+*&Get=*"));
    return [at, bytes.length];
  };
  return {
    isValid: (acl) => module.exports["isValid"](...put(acl, scratch)) !== 0,
    grants: (acl, right, server) =>
      module.exports["grants"](
        ...put(acl, scratch),
        Right[right],
        ...put(server, scratch + 1024),
      ) !== 0,
  };
}

describe.each(BUILDS)("acl, %s build", (build) => {
  // Compiling may take longer than a test may.
  beforeAll(() => loadModule("tree", build));

  it.each([
    "",
    "Get=*",
    "Add=srv1&Get=*&Replace=srv1+srv2",
    "Replace=a&Delete=b&Exec=c&Add=d&Get=e",
    "Get=*+a",
    "Get=a+*+b",
    "Get=com.example.dm-1_~",
    "Exec=größe",
    "Get=Add&Add=Get",
  ])("isValid: %j is one", async (acl) => {
    expect((await lists(build)).isValid(acl)).toBe(true);
  });

  it.each([
    "Get",
    "Get=",
    "=*",
    "get=*",
    "GET=*",
    "Copy=*",
    "Gets=*",
    "Get=a&",
    "&Get=a",
    "Get=a&&Add=b",
    "Get=a+",
    "Get=+a",
    "Get=a++b",
    "Get=a*",
    "Get=*a",
    "Get=**",
    "Get=a b",
    "Get= a",
    "Get=a\tb",
    "Get=a=b",
    "Get=a&Get=b",
    "Get=a;Add=b",
    "Get=a&Add",
    "Get=a&Add=",
    "Get =a",
    " Get=a",
    "Get=a\u007f",
    "Get=\u0000",
    "Replac",
    "Replace",
    "Add=*&",
  ])("isValid: %j is none, and grants nothing", async (acl) => {
    const { isValid, grants } = await lists(build);
    expect(isValid(acl)).toBe(false);
    for (const right of Object.keys(Right) as RightName[])
      expect(grants(acl, right, "a")).toBe(false);
  });

  it("isValid: of all prefixes of a list those that end in an identifier are lists", async () => {
    const { isValid } = await lists(build);
    const acl = "Add=ab+c&Delete=*&Get=*+x";
    for (let n = 0; n <= acl.length; n++) {
      const prefix = acl.slice(0, n);
      expect([prefix, isValid(prefix)]).toEqual([
        prefix,
        /^$|^\w+=[\w*]+(\+[\w*]+)*(&\w+=[\w*]+(\+[\w*]+)*)*$/.test(prefix),
      ]);
    }
  });

  it.each<[acl: string, right: RightName, server: string, answer: boolean]>([
    ["Add=srv1&Get=*&Replace=srv1+srv2", "Add", "srv1", true],
    ["Add=srv1&Get=*&Replace=srv1+srv2", "Add", "srv2", false],
    ["Add=srv1&Get=*&Replace=srv1+srv2", "Get", "anybody", true],
    ["Add=srv1&Get=*&Replace=srv1+srv2", "Replace", "srv2", true],
    ["Add=srv1&Get=*&Replace=srv1+srv2", "Delete", "srv1", false],
    ["Add=srv1&Get=*&Replace=srv1+srv2", "Exec", "srv1", false],
    ["Replace=AB+BA", "Replace", "B", false],
    ["Replace=AB+BA", "Replace", "A", false],
    ["Replace=AB+BA", "Replace", "AB+BA", false],
    ["Replace=AB+BA", "Replace", "BA", true],
    ["Replace=a+*", "Replace", "z", true],
    ["Replace=a", "Replace", "A", false],
    ["", "Get", "a", false],
  ])("grants: %s gives %s to %s: %s", async (acl, right, server, answer) => {
    expect((await lists(build)).grants(acl, right, server)).toBe(answer);
  });

  describe("allows, DM TND 1.2 §7.7.1: the vectors", () => {
    /**
     * `./A`, interior, and below it the leaf `x` and the interior `I`, with the given ACLs of their
     * own.
     */
    async function device(own: { a?: string; x?: string; i?: string } = {}) {
      const one = await Device.first(build);
      const a = one.folder(0, "A", own.a ?? "");
      const x = one.create(a, { name: "x", acl: own.x ?? "" });
      const i = one.create(a, { name: "I", acl: own.i ?? "" }, Format.Node);
      one.close();
      return { one, a, x, i };
    }

    it("root `Add=*&Get=*`, nothing else: Get and Add everywhere, Replace nowhere", async () => {
      const { one, a, x } = await device();
      expect(one.allows(a, Right.Get, "B")).toBe(1);
      expect(one.allows(x, Right.Replace, "B")).toBe(0);
      expect(one.allows(a, Right.Add, "B")).toBe(1);
      expect(one.allows(0, Right.Add, "B")).toBe(1);
      expect(one.allows(0, Right.Replace, "B")).toBe(0);
    });

    it("./A `Get=*&Replace=B`, leaf without: Replace is inherited", async () => {
      const { one, x } = await device({ a: "Get=*&Replace=B" });
      expect(one.allows(x, Right.Replace, "B")).toBe(1);
      expect(one.allows(x, Right.Replace, "C")).toBe(0);
      // An own list is complete: what the root gives does not come on top.
      expect(one.allows(x, Right.Add, "B")).toBe(0);
    });

    it("./A `Get=*&Replace=B`, leaf `Get=*`: Replace on the parent only", async () => {
      const { one, a, x } = await device({ a: "Get=*&Replace=B", x: "Get=*" });
      expect(one.allows(x, Right.Replace, "B")).toBe(0);
      expect(one.allows(a, Right.Replace, "B")).toBe(1);
    });

    it("./A `Get=*`, ./A/I `Get=*&Replace=B`: Replace on the node, not on its parent", async () => {
      const { one, a, i } = await device({ a: "Get=*", i: "Get=*&Replace=B" });
      expect(one.allows(i, Right.Replace, "B")).toBe(1);
      expect(one.allows(a, Right.Replace, "B")).toBe(0);
    });

    it("leaf `Get=*&Replace=AB+BA`: nothing for B, no substring counts", async () => {
      const { one, x } = await device({ x: "Get=*&Replace=AB+BA" });
      expect(one.allows(x, Right.Replace, "B")).toBe(0);
      expect(one.allows(x, Right.Replace, "AB")).toBe(1);
    });

    it("the same after a restart and an opening", async () => {
      const { one, a, x } = await device({ a: "Get=*&Replace=B", x: "Get=C" });
      const next = await one.reboot(build);
      next.open();
      expect([next.allows(x, Right.Get, "B"), next.allows(x, Right.Get, "C")]).toEqual([0, 1]);
      expect([next.allows(a, Right.Replace, "B"), next.allows(0, Right.Add, "B")]).toEqual([1, 1]);
    });

    it("a root whose list was replaced: that list holds", async () => {
      const { one, x } = await device();
      one.edit(0, { acl: "Get=C" });
      expect([one.allows(x, Right.Get, "B"), one.allows(x, Right.Get, "C")]).toEqual([0, 1]);
    });

    it("an ACL emptied again is inherited, on the root it gives nothing", async () => {
      const { one, x } = await device({ x: "Get=C" });
      one.edit(x, { acl: "" });
      expect(one.allows(x, Right.Get, "B")).toBe(1);
      one.edit(0, { acl: "" });
      expect(one.allows(x, Right.Get, "B")).toBe(0);
    });

    it("a list that has rotted: Err.Damaged, and nobody is let in", async () => {
      const { one, x } = await device({ a: "Get=*" });
      const region = one.medium.regions[0]!;
      region[Buffer.from(region).indexOf("Get=*")]! ^= 1;
      expect(one.allows(x, Right.Get, "B")).toBe(Err.Damaged);
    });
  });
});
