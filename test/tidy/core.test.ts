// What the core's sources may not use: everything that needs an allocator, a function table or
// floating point.
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { type Finding, finding, findingsOf, sourcesBelow } from "./sources.ts";

const core = sourcesBelow("assembly");

const MANAGED = new Set([
  ...["String", "Array", "StaticArray", "Map", "Set", "ArrayBuffer", "DataView", "Date", "Error"],
  ...["Int8Array", "Uint8Array", "Uint16Array", "Int32Array", "Uint32Array", "Uint64Array"],
]);
const FLOATS = new Set(["f32", "f64", "Math", "Mathf"]);

describe("constructs of the core", () => {
  it("nothing managed: no new, String, Array, Map, template or string literal, throw", () => {
    expect(core.flatMap((source) => findingsOf(source, managed))).toEqual([]);
  });

  it("no closures: functions are declared at the top of a file", () => {
    expect(core.flatMap((source) => findingsOf(source, closure))).toEqual([]);
  });

  it("no floating point", () => {
    expect(core.flatMap((source) => findingsOf(source, float))).toEqual([]);
  });

  it("no decorators but @unmanaged, no classes without it, none abstract", () => {
    expect(core.flatMap((source) => findingsOf(source, classOrDecorator))).toEqual([]);
  });

  it("only host.ts declares imports, and nothing else", () => {
    const declared = core
      .filter(({ path }) => path !== "assembly/host.ts")
      .flatMap((source) => findingsOf(source, importing));
    const others = statementsOf("assembly/host.ts", (node) => importing(node) !== undefined);
    expect([...declared, ...others]).toEqual([]);
  });

  it("index.ts exports, and nothing else", () => {
    const isExport = (node: ts.Node): boolean =>
      ts.isImportDeclaration(node) ||
      ts.isExportDeclaration(node) ||
      (ts.isFunctionDeclaration(node) && isExported(node));
    expect(statementsOf("assembly/index.ts", isExport)).toEqual([]);
  });
});

function statementsOf(path: string, isAllowed: (node: ts.Node) => boolean): Finding[] {
  return core
    .filter((source) => source.path === path)
    .flatMap((source) =>
      source.tree.statements
        .filter((statement) => !isAllowed(statement))
        .map((statement) => finding(source, statement, "does not belong here")),
    );
}

function managed(node: ts.Node): string | undefined {
  if (ts.isNewExpression(node)) return "uses new";
  if (ts.isThrowStatement(node) || ts.isTryStatement(node)) return "throws";
  if (ts.isTemplateLiteral(node)) return "uses a template string";
  if (ts.isRegularExpressionLiteral(node)) return "uses a regular expression";
  if (isUseOf(node, MANAGED)) return `uses ${node.getText()}`;
  if (node.kind === ts.SyntaxKind.StringKeyword) return "uses string";
  if (ts.isStringLiteral(node) && !isSpecifier(node)) return "uses a string";
  if (ts.isArrayLiteralExpression(node) && !isStaticData(node)) return "uses an array";
  if (ts.isObjectLiteralExpression(node)) return "uses an object";
  return undefined;
}

/** Whether `node` is one of the names and means the language's own, not a member of that name. */
function isUseOf(node: ts.Node, names: ReadonlySet<string>): boolean {
  if (!ts.isIdentifier(node) || !names.has(node.text)) return false;
  const { parent } = node;
  const isMember = ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent);
  return !ts.isEnumMember(parent) && !(isMember && parent.getLastToken() === node);
}

function isSpecifier(node: ts.StringLiteral): boolean {
  return ts.isImportDeclaration(node.parent) || ts.isExportDeclaration(node.parent);
}

/** `memory.data<u8>([...])` is a data segment, no array. */
function isStaticData(node: ts.Node): boolean {
  return ts.isCallExpression(node.parent) && node.parent.expression.getText() === "memory.data";
}

function closure(node: ts.Node): string | undefined {
  if (ts.isArrowFunction(node) || ts.isFunctionExpression(node)) return "uses a closure";
  if (ts.isFunctionDeclaration(node) && !ts.isSourceFile(node.parent))
    return "declares a function in a function";
  return undefined;
}

function float(node: ts.Node): string | undefined {
  if (isUseOf(node, FLOATS)) return `uses ${node.getText()}`;
  if (node.kind === ts.SyntaxKind.NumberKeyword) return "uses number";
  const isFraction = ts.isNumericLiteral(node) && /^[0-9_]*\.|^[0-9_.]+e/i.test(node.getText());
  return isFraction ? "uses a fraction" : undefined;
}

function classOrDecorator(node: ts.Node): string | undefined {
  if (ts.isDecorator(node) && node.getText() !== "@unmanaged") return `uses ${node.getText()}`;
  if (ts.isClassDeclaration(node) && !/@unmanaged/.test(node.getText()))
    return "declares a managed class";
  return node.kind === ts.SyntaxKind.AbstractKeyword ? "declares an abstract class" : undefined;
}

function importing(node: ts.Node): string | undefined {
  const isDeclared = ts.canHaveModifiers(node) && hasModifier(node, ts.SyntaxKind.DeclareKeyword);
  return isDeclared ? "declares an import" : undefined;
}

function isExported(node: ts.FunctionDeclaration): boolean {
  return hasModifier(node, ts.SyntaxKind.ExportKeyword);
}

function hasModifier(node: ts.HasModifiers, kind: ts.SyntaxKind): boolean {
  return ts.getModifiers(node)?.some((modifier) => modifier.kind === kind) ?? false;
}
