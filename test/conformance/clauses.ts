// The clauses of the documents as data, bound to the tests that hold them.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import ts from "typescript";
import { parse } from "yaml";
import { filesBelow, sourcesBelow, walk } from "../tidy/sources.ts";

export interface Clause {
  id: string;
  section: string;
  level: "MUST" | "SHOULD" | "MAY";
  says: string;
  /** `file › title`: the file by the end of its path, the title by its beginning. */
  tests?: string[];
  /** Why it is not there. */
  left?: string;
}

export interface Chapter {
  document: string;
  clauses: Clause[];
}

/** A test that a reference leads to. */
export interface TestTitle {
  path: string;
  title: string;
}

const FOLDER = "test/conformance/clauses";

/** Files of clauses, in the order in which they are printed. */
const FILES = ["dm-protocol", "dm-tree", "wbxml", "scomo", "delivery-package"];

export function readChapters(): Chapter[] {
  const known = filesBelow(FOLDER).map((path) => basename(path, ".yaml"));
  const unlisted = known.filter((name) => !FILES.includes(name));
  if (unlisted.length > 0) throw new Error(`${FOLDER}: ${unlisted.join(", ")} is printed nowhere`);
  const chapters = FILES.flatMap((name) =>
    parse(readFileSync(`${FOLDER}/${name}.yaml`, "utf8")) as Chapter[]);
  const byDocument = new Map<string, Clause[]>();
  for (const { document, clauses } of chapters) {
    byDocument.set(document, [...byDocument.get(document) ?? [], ...clauses]);
  }
  return [...byDocument].map(([document, clauses]) => ({ document, clauses }));
}

/** Titles of all tests, by the path of their file. */
export function readTitles(): Map<string, string[]> {
  const titles = new Map<string, string[]>();
  for (const { path, tree } of sourcesBelow("test")) {
    if (!path.endsWith(".test.ts")) continue;
    const found: string[] = [];
    walk(tree, (node) => {
      const isTitled = ts.isCallExpression(node) && isTest(node);
      const title = isTitled ? textOf(node.arguments[0]) : undefined;
      if (title !== undefined) found.push(title);
    });
    titles.set(path, found);
  }
  return titles;
}

/** `it("…")`, and `it.each(…)("…")`, whose first call has no title. */
function isTest({ expression }: ts.CallExpression): boolean {
  if (ts.isCallExpression(expression)) return /^(?:it|test)\.each$/.test(nameOf(expression));
  return /^(?:it|test)$/.test(expression.getText());
}

function nameOf({ expression }: ts.CallExpression): string {
  return expression.getText();
}

function textOf(node: ts.Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join("");
}

/** @throws Error  the reference leads to no test, or to more than one file */
export function findTest(reference: string, titles: Map<string, string[]>): TestTitle {
  const [file, start] = reference.split(" › ") as [string, string | undefined];
  const paths = [...titles.keys()].filter((path) => path.endsWith(`/${file}.test.ts`));
  if (paths.length !== 1) throw new Error(`${reference}: ${paths.length} files of this name`);
  const [path] = paths as [string];
  const title = titles.get(path)!.find((each) => start !== undefined && each.startsWith(start));
  if (title === undefined) throw new Error(`${reference}: there is no such test in ${path}`);
  return { path, title };
}

/** What is wrong with the clauses, a line each. */
export function faultsOf(chapters: Chapter[], titles: Map<string, string[]>): string[] {
  const faults: string[] = [];
  const ids = new Set<string>();
  for (const { id, level, tests = [], left } of chapters.flatMap(({ clauses }) => clauses)) {
    if (ids.has(id)) faults.push(`${id}: twice`);
    ids.add(id);
    if (!["MUST", "SHOULD", "MAY"].includes(level)) faults.push(`${id}: level ${level}`);
    if (tests.length === 0 && left === undefined) faults.push(`${id}: neither a test nor a reason`);
    if (tests.length > 0 && left !== undefined) faults.push(`${id}: tested and left out`);
    if (level === "MUST" && left !== undefined) faults.push(`${id}: a MUST is left out`);
    for (const reference of tests) {
      try {
        findTest(reference, titles);
      } catch (error) {
        faults.push(`${id}: ${(error as Error).message}`);
      }
    }
  }
  return faults;
}
