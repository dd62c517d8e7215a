// docs/conformance.md and the clauses behind it.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type Chapter, faultsOf, findTest, readChapters, readTitles,
} from "../conformance/clauses.ts";
import { PAGE, printPage } from "../conformance/print.ts";
import { rowsOf } from "../helpers/markdown.ts";

const titles = readTitles();
const chapters = readChapters();

describe("conformance", () => {
  it("every clause has a test that exists or a reason, and no MUST is left out", () => {
    expect(faultsOf(chapters, titles)).toEqual([]);
  });

  it("docs/conformance.md is what npm run conformance prints", () => {
    expect(readFileSync(PAGE, "utf8")).toBe(printPage());
  });

  it("documents are those of the glossary", () => {
    const known = rowsOf(readFileSync("docs/glossary.md", "utf8")).map(([name]) => name);
    const unknown = chapters.filter(({ document }) => !known.includes(document));
    expect(unknown.map(({ document }) => document)).toEqual([]);
  });

  it("faultsOf: names a test that is not there, a clause without either, a MUST left out", () => {
    const bad: Chapter[] = [{ document: "X", clauses: [
      { id: "a", section: "1", level: "MAY", says: "", tests: ["tidy/conformance › no such"] },
      { id: "b", section: "1", level: "MAY", says: "" },
      { id: "c", section: "1", level: "MUST", says: "", left: "why" },
      { id: "c", section: "1", level: "MAY", says: "", left: "why", tests: ["nowhere › x"] },
    ] }];
    expect(faultsOf(bad, titles).map((fault) => fault.replace(/:.*: /, ": "))).toEqual([
      "a: there is no such test in test/tidy/conformance.test.ts",
      "b: neither a test nor a reason", "c: a MUST is left out", "c: twice",
      "c: tested and left out", "c: 0 files of this name",
    ]);
  });

  it("findTest: a title by its beginning, also of it.each", () => {
    expect(findTest("dm-protocol/package1 › §8.3: the body", titles).path)
      .toBe("test/conformance/dm-protocol/package1.test.ts");
    expect(findTest("dm-protocol/atomic › §4.3: at position %i", titles).title).toContain("507");
  });
});
