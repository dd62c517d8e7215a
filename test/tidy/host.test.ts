// Rules of the TypeScript host that the compiler does not know.
import ts from "typescript";
import { describe, expect, it } from "vitest";
import layers from "./layers.json" with { type: "json" };
import { finding, findingsOf, importsOf, isBelow, sourcesBelow } from "./sources.ts";

const host = sourcesBelow("host");

/** Members of the layers that a browser loads whatever adapters it takes. */
const PORTABLE = [...layers.host[0]!, ...layers.host[1]!, ...layers.host[3]!];

describe("host", () => {
  it("only host/core touches wasm memory", () => {
    const outside = host.filter(({ path }) => !path.startsWith("host/core/"));
    expect(outside.flatMap((source) => findingsOf(source, wasmMemory))).toEqual([]);
  });

  it("no any, no default export", () => {
    expect(host.flatMap((source) => findingsOf(source, looseness))).toEqual([]);
  });

  it("library: what every application loads imports nothing of Node and no package", () => {
    const findings = host
      .filter(({ path }) => PORTABLE.some((member) => isBelow(path, `host/${member}`)))
      .flatMap((source) =>
        importsOf(source)
          .filter(({ specifier }) => !specifier.startsWith("."))
          .map(({ specifier, node }) => finding(source, node, `imports ${specifier}`)),
      );
    expect(findings).toEqual([]);
  });

  it("adapters: import no package", () => {
    const findings = host
      .filter(({ path }) => layers.hostAdapters.some((folder) => isBelow(path, `host/${folder}`)))
      .flatMap((source) =>
        importsOf(source)
          .filter(({ specifier }) => !/^(\.|node:)/.test(specifier))
          .map(({ specifier, node }) => finding(source, node, `imports ${specifier}`)),
      );
    expect(findings).toEqual([]);
  });
});

function wasmMemory(node: ts.Node): string | undefined {
  const text = node.getText();
  const isType = ts.isTypeReferenceNode(node) && text === "WebAssembly.Memory";
  const isBuffer = ts.isPropertyAccessExpression(node) && /\bmemory\.buffer$/i.test(text);
  return isType || isBuffer ? `uses ${text}` : undefined;
}

function looseness(node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AnyKeyword) return "uses any";
  return node.kind === ts.SyntaxKind.DefaultKeyword && !ts.isDefaultClause(node.parent)
    ? "exports a default"
    : undefined;
}
