// The source files of the project, parsed: TypeScript and AssemblyScript alike, which share a
// syntax.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

export interface Source {
  /** Path from the root of the project, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

/** One broken rule, as a line that names the place. */
export type Finding = string;

const CODE = /\.(ts|mjs|js)$/;

/** Every file of source code below `folder`, in order of path. */
export function sourcesBelow(folder: string): Source[] {
  return filesBelow(folder)
    .filter((path) => CODE.test(path))
    .map(readSource);
}

/** Source files that lie in the root itself. */
export function rootSources(): Source[] {
  return readdirSync(".")
    .filter((name) => CODE.test(name))
    .sort()
    .map(readSource);
}

export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function readSource(path: string): Source {
  const text = readFileSync(path, "utf8");
  return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) };
}

/** Calls `visit` for `node` and everything below it, parents first. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

/** `path:line what` for a node that breaks a rule. */
export function finding({ path, tree }: Source, node: ts.Node, what: string): Finding {
  return `${path}:${lineOf(tree, node.getStart(tree)) + 1} ${what}`;
}

export function lineOf(tree: ts.SourceFile, position: number): number {
  return tree.getLineAndCharacterOfPosition(position).line;
}

/** Specifiers of all imports and re-exports, dynamic ones included. */
export function importsOf(source: Source): { specifier: string; node: ts.Node }[] {
  const found: { specifier: string; node: ts.Node }[] = [];
  walk(source.tree, (node) => {
    const specifier = specifierOf(node);
    if (specifier !== undefined && ts.isStringLiteral(specifier)) {
      found.push({ specifier: specifier.text, node });
    }
  });
  return found;
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  const isDynamic =
    ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isDynamic ? node.arguments[0] : undefined;
}

/** One finding for each node of `source` that `rule` says something about. */
export function findingsOf(source: Source, rule: (node: ts.Node) => string | undefined): Finding[] {
  const findings: Finding[] = [];
  walk(source.tree, (node) => {
    const what = rule(node);
    if (what !== undefined) findings.push(finding(source, node, what));
  });
  return findings;
}

/** Whether `path` is `part` itself or lies in the folder `part`. */
export function isBelow(path: string, part: string): boolean {
  return path === part || path.startsWith(`${part}/`);
}
