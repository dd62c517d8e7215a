// Every limit of the core is bound to tests one step before it and one step after.
import { readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { findTest, readTitles } from "../conformance/clauses.ts";
import { sourcesBelow, walk } from "./sources.ts";

interface Bound {
  /** What is answered when the limit is passed. */
  passed?: string;
  tests?: string[];
  /** Why nothing passes it: no code knows the limit. */
  unused?: string;
}

const LIMITS = "assembly/base/limits.ts";
const PAGE = "test/conformance/limits/limits.yaml";
const bounds = parse(readFileSync(PAGE, "utf8")) as Record<string, Bound>;
const core = sourcesBelow("assembly");

/** Names of the exported constants. */
const limits: string[] = [];
walk(core.find(({ path }) => path === LIMITS)!.tree, (node) => {
  if (ts.isVariableDeclaration(node)) limits.push(node.name.getText());
});

const users = (limit: string): string[] => core
  .filter(({ path, text }) => path !== LIMITS && new RegExp(`\\b${limit}\\b`).test(text))
  .map(({ path }) => path);

describe("limits of the core", () => {
  it("each has its row, and no row is of another", () => {
    expect(limits.length).toBeGreaterThan(40);
    expect(Object.keys(bounds).sort()).toEqual([...limits].sort());
  });

  it("each row names what is answered and a test that is there; or nothing uses the limit", () => {
    const titles = readTitles();
    const faults = Object.entries(bounds).flatMap(([limit, { passed, tests = [], unused }]) => {
      if (unused !== undefined) {
        return users(limit).map((path) => `${limit} is used in ${path}`);
      }
      const isBound = passed !== undefined && tests.length > 0;
      return [...(isBound ? [] : [`${limit} is not bound`]), ...tests.flatMap(missing)];
    });
    expect(faults).toEqual([]);

    function missing(reference: string): string[] {
      try {
        findTest(reference, titles);
        return [];
      } catch (error) {
        return [(error as Error).message];
      }
    }
  });
});
