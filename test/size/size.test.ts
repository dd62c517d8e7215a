import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import budget from "./budget.json" with { type: "json" };
import { compressed, measure, type Sizes } from "./measure.ts";

/**
 * How far the limit of the whole core may stand above what it is: the gate follows the code down.
 */
const SLACK_MAX = 1.05;

const LIMITS = new Map(Object.entries(budget.folders).map(([name, { limit }]) => [name, limit]));

describe("size", () => {
  let sizes: Sizes;

  beforeAll(async () => {
    sizes = await measure("build/core.wasm", "build/core.names.wasm");
  });

  it("core.wasm: stays within its limit", () => {
    expect(sizes.raw).toBeLessThanOrEqual(budget.core.limit);
  });

  it("wbxml.wasm: stays within its limit", async () => {
    const { raw } = await compressed("build/wbxml.wasm");
    expect(raw).toBeGreaterThan(0);
    expect(raw).toBeLessThanOrEqual(budget.codec.limit);
  });

  it("core.wasm: its limit stands at most 5 % above it", () => {
    expect(budget.core.limit).toBeLessThanOrEqual(Math.floor(sizes.raw * SLACK_MAX));
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
