import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import budget from "./budget.json" with { type: "json" };
import { measure, type Sizes } from "./measure.ts";

const LIMITS = new Map<string, number>(Object.entries(budget.folders));

describe("size", () => {
  let sizes: Sizes;

  beforeAll(async () => {
    sizes = await measure("build/core.wasm", "build/core.names.wasm");
  });

  it("core.wasm: stays within its limit", () => {
    expect(sizes.raw).toBeLessThanOrEqual(budget.core.limit);
  });

  it.each([...LIMITS])("assembly/%s: its code stays within %d bytes", (folder, limit) => {
    expect(sizes.folders.get(folder) ?? 0).toBeLessThanOrEqual(limit);
  });

  it("budget.json: every folder of the core has a line", () => {
    const unlisted = [...sizes.folders.keys()].filter((folder) => !LIMITS.has(folder));
    expect(unlisted).toEqual([]);
  });

  it("static memory: stays within its limit", () => {
    expect(sizes.heapBase).toBeLessThanOrEqual(budget.staticMemory.limit);
  });

  it("measure: the parts add up to the file", async () => {
    const code = [...sizes.folders.values()].reduce((sum, bytes) => sum + bytes, 0);
    const file = await readFile("build/core.wasm");
    expect(code + sizes.dataBytes + sizes.otherBytes).toBe(file.length);
    expect(sizes.otherBytes).toBeGreaterThan(0);
  });
});
