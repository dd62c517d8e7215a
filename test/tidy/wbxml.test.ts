// docs/wbxml.md against the list of differences and the limits.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as codec from "../../host/wbxml/index.ts";
import { differenceRows, expected, reasons } from "../helpers/differences.ts";
import { rowsOf } from "../helpers/markdown.ts";

const page = readFileSync("docs/wbxml.md", "utf8");

describe("wbxml.md", () => {
  it("differences: the table has the rows of differences.json, and no others", () => {
    const rows = page.slice(page.indexOf("| sample |")).trimEnd().split("\n").slice(2);
    expect(rows).toEqual(differenceRows());
  });

  it("differences: every reason is one of some difference", () => {
    const used = new Set(expected.map(({ reason }) => reason));
    expect([...used].sort()).toEqual(Object.keys(reasons).sort());
  });

  it("limits: every one has its value", () => {
    const listed = new Map(rowsOf(page).flatMap(([names = "", values = ""]) => {
      const [first = ""] = names.split(": ");
      const found = [...first.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name!);
      const numbers = values.split(", ").map((text) => Number(text.replaceAll(",", "")));
      return found.map((name, index): [string, number | undefined] => [
        name, numbers[index] ?? numbers[0],
      ]);
    }));
    const limits = Object.entries(codec).filter(([, value]) => typeof value === "number");
    expect(limits.length).toBe(10);
    expect(limits.map(([name]) => [name, listed.get(name)])).toEqual(limits);
  });
});
