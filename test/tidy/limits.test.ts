// Sizes of files, functions and lines. The numbers are those of the last column of the style page's
// table.
import ts from "typescript";
import { describe, expect, it } from "vitest";
import {
  type Finding,
  finding,
  lineOf,
  rootSources,
  type Source,
  sourcesBelow,
  walk,
} from "./sources.ts";

const FILE_LINES_MAX = 600;
const TEST_FILE_LINES_MAX = 800;
const FUNCTION_LINES_MAX = 70;
const PARAMETERS_MAX = 5;
const NESTING_MAX = 3;
const COLUMNS_MAX = 100;

/** Tables of numbers and vectors may be as long as what they list. */
const TABLES = /(^|\/)(tokens|vectors|tables)\.ts$/;
/** Calls whose callback is a list of tests, not a function with a job. */
const SUITES = /^(describe|beforeAll)|[sS]uite$/;

const all = [
  ...rootSources(),
  ...sourcesBelow("assembly"),
  ...sourcesBelow("host"),
  ...sourcesBelow("test"),
];

describe("limits", () => {
  it("a file: at most 600 lines, a test 800", () => {
    const findings = all
      .filter(({ path }) => !TABLES.test(path))
      .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
      .filter(({ path, lines }) => lines > fileLinesMax(path))
      .map(({ path, lines }) => `${path} has ${lines} lines`);
    expect(findings).toEqual([]);
  });

  it("a line: at most 100 columns", () => {
    const findings = all.flatMap(({ path, text }) =>
      text.split("\n").flatMap((line, index) => {
        const columns = [...line].length;
        return columns > COLUMNS_MAX ? [`${path}:${index + 1} has ${columns} columns`] : [];
      }),
    );
    expect(findings).toEqual([]);
  });

  it("a function: at most 70 lines", () => {
    const findings = all.flatMap((source) =>
      functionsOf(source).flatMap((node) => tooLong(source, node)),
    );
    expect(findings).toEqual([]);
  });

  it("a function: at most 5 parameters", () => {
    const findings = all.flatMap((source) =>
      functionsOf(source)
        .filter((node) => node.parameters.length > PARAMETERS_MAX)
        .map((node) => finding(source, node, `${nameOf(node)} takes ${node.parameters.length}`)),
    );
    expect(findings).toEqual([]);
  });

  it("a function: statements nest at most 3 deep", () => {
    const findings = all.flatMap((source) =>
      functionsOf(source)
        .map((node) => ({ node, depth: node.body ? nestingOf(node.body) : 0 }))
        .filter(({ depth }) => depth > NESTING_MAX)
        .map(({ node, depth }) => finding(source, node, `${nameOf(node)} nests ${depth} deep`)),
    );
    expect(findings).toEqual([]);
  });
});

function fileLinesMax(path: string): number {
  return path.startsWith("test/") ? TEST_FILE_LINES_MAX : FILE_LINES_MAX;
}

function functionsOf(source: Source): ts.FunctionLikeDeclaration[] {
  const found: ts.FunctionLikeDeclaration[] = [];
  walk(source.tree, (node) => {
    if (ts.isFunctionLike(node) && "body" in node) found.push(node as ts.FunctionLikeDeclaration);
  });
  return found;
}

function tooLong(source: Source, node: ts.FunctionLikeDeclaration): Finding[] {
  const { tree } = source;
  const lines = lineOf(tree, node.end) - lineOf(tree, node.getStart(tree)) + 1;
  if (lines <= FUNCTION_LINES_MAX || isSuite(node)) return [];
  return [finding(source, node, `${nameOf(node)} has ${lines} lines`)];
}

/** Whether the function is a callback of `describe`, or one that declares a suite of tests. */
function isSuite(node: ts.FunctionLikeDeclaration): boolean {
  if (node.name !== undefined) return SUITES.test(node.name.getText());
  return ts.isCallExpression(node.parent) && SUITES.test(node.parent.expression.getText());
}

function nameOf(node: ts.FunctionLikeDeclaration): string {
  if (node.name !== undefined) return node.name.getText();
  return ts.isVariableDeclaration(node.parent) ? node.parent.name.getText() : "a callback";
}

/**
 * How deep branching statements nest in `node`, functions inside it left out; `else if` is one
 * level.
 */
function nestingOf(node: ts.Node): number {
  let deepest = 0;
  ts.forEachChild(node, (child) => {
    if (ts.isFunctionLike(child)) return;
    const isElseIf =
      ts.isIfStatement(node) && child === node.elseStatement && ts.isIfStatement(child);
    const own = isBranching(child) && !isElseIf ? 1 : 0;
    deepest = Math.max(deepest, own + nestingOf(child));
  });
  return deepest;
}

function isBranching(node: ts.Node): boolean {
  return (
    ts.isIfStatement(node) ||
    ts.isIterationStatement(node, false) ||
    ts.isSwitchStatement(node) ||
    ts.isTryStatement(node)
  );
}
