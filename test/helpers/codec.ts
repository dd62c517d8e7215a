// The codec outside of the core for tests, on both builds, and documents that have every element.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Part, Wbxml, WbxmlError } from "../../host/wbxml/index.ts";
import { DOCUMENT_TYPES, type DocumentType, nameOf } from "../../host/wbxml/tables.ts";
import type { Build } from "./module.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const run = promisify(execFile);

/** A codec, compiled from the sources as they are. */
export async function loadCodec(build: Build): Promise<Wbxml> {
  await run(process.execPath, ["build.mjs", "--codec"], { cwd: ROOT });
  const name = build === "debug" ? "wbxml.debug.wasm" : "wbxml.wasm";
  return Wbxml.load(await readFile(`${ROOT}build/${name}`));
}

/** What was wrong; "accept" where nothing was. Anything but a WbxmlError is thrown. */
export function faultOf(act: () => unknown): string {
  return failureOf(act)?.fault ?? "accept";
}

export function failureOf(act: () => unknown): WbxmlError | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof WbxmlError) return error;
    throw error;
  }
}

/** XML with every element of a document type, once empty and once with a text. */
export function everyElement(type: DocumentType): string {
  const { root, version, pages, identifier, dtd } = type;
  const parts = pages.flatMap((words, page) => {
    const outer = pages.find((known) => known !== undefined)!;
    const xmlns = words === outer ? "" : ` xmlns="${words?.namespaces[version]}"`;
    const names = words === undefined || (page === 2 && root === "SyncML")
      ? []
      : words.names.map((_, index) => nameOf(words, index + 5, version));
    return names
      .filter((name) => name !== undefined && name !== root)
      .map((name) => `<${name}${xmlns}/><${name}${xmlns}>text</${name}>`);
  });
  const xmlns = pages.find((words) => words !== undefined)!.namespaces[version];
  return `<?xml version="1.0"?><!DOCTYPE ${root} PUBLIC "${identifier}" "${dtd}">` +
    `<${root} xmlns="${xmlns}">${parts.join("")}</${root}>`;
}

/** Names of the tags, those of nested documents left out, which are bytes to other readers. */
export function outerTags(parts: readonly Part[]): string[] {
  const names: string[] = [];
  let nestedDepth = Infinity;
  for (const { kind, offset, depth, name } of parts) {
    if (kind === "version" && offset > 0) nestedDepth = depth;
    if (depth < nestedDepth) nestedDepth = Infinity;
    if (kind === "tag" && nestedDepth === Infinity) names.push(name!);
  }
  return names;
}

export const documentTypes: readonly (readonly [string, DocumentType])[] = DOCUMENT_TYPES.map(
  (type) => [type.title, type],
);

/** What xml2wbxml of libwbxml makes of XML. @throws Error  it refuses */
export async function encodedByLibwbxml(
  xml: string, options: readonly string[] = [],
): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "wbxml-"));
  try {
    const [from, to] = [join(folder, "in.xml"), join(folder, "out.wbxml")];
    await writeFile(from, xml);
    await run("xml2wbxml", [...options, "-o", to, from]);
    return new Uint8Array(await readFile(to));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
