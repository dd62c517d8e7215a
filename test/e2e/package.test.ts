// The package as npm packs it, installed in an empty folder: what is in it, its types, its size in
// a page. test/e2e/readme.test.ts runs the samples of README.md on the same.
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { installPackage } from "../helpers/installed.ts";
import { blocksOf } from "../helpers/markdown.ts";

const run = promisify(execFile);
/**
 * What a page loads beside the core at first, without what it loads when there is a download
 * descriptor: what it is and 2 %. The goal is 12,288.
 */
const GZIP_BYTES_MAX = 16_000;
/** The compiler reads all of the browser's and Node's types each time. */
const TYPES_MS_MAX = 120_000;
const OPTIONS: ts.CompilerOptions = {
  strict: true, noEmit: true, skipLibCheck: false, exactOptionalPropertyTypes: true,
  target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts", "lib.dom.asynciterable.d.ts"],
  types: ["node"],
};
const typed = Object.entries(manifest.exports).filter(([, entry]) => typeof entry !== "string");

describe("package, installed", { timeout: TYPES_MS_MAX }, () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "scomo-package-"));
    await run(process.execPath, ["build.mjs", "--types"]);
    await installPackage(folder);
    // Who uses the Node parts in TypeScript has the types of Node.
    await symlink(resolve("node_modules/@types"), join(folder, "node_modules/@types"));
    await symlink(resolve("node_modules/undici-types"), join(folder, "node_modules/undici-types"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("install: nothing else comes with it", async () => {
    const names = await readdir(join(folder, "node_modules"));
    const brought = names.filter((name) => !/^(\.|@types$|undici-types$)/.test(name));
    expect(brought).toEqual(["scomo-wasm"]);
    const { dependencies } = JSON.parse(
      await readFile(join(folder, "node_modules/scomo-wasm/package.json"), "utf8"),
    ) as { dependencies?: object };
    expect(dependencies).toBeUndefined();
  });

  it("exports: Node finds each of them", async () => {
    const specifiers = Object.keys(manifest.exports).map((path) => path.replace(".", "scomo-wasm"));
    const lines = specifiers.map((name) =>
      name.endsWith(".wasm")
        ? `await readFile(new URL(import.meta.resolve("${name}")));`
        : `if (Object.keys(await import("${name}")).length === 0) throw new Error("${name}");`,
    );
    const source = ['import { readFile } from "node:fs/promises";', ...lines].join("\n");
    await writeFile(join(folder, "exports.mjs"), source);
    await run(process.execPath, ["exports.mjs"], { cwd: folder });
  });

  it("types: every export has its own, and all of them hold", async () => {
    expect(typed.length).toBeGreaterThan(10);
    const lines = typed.map(([path], index) => {
      const name = path.replace(".", "scomo-wasm");
      return `import * as m${index} from "${name}";\nexport type T${index} = typeof m${index};`;
    });
    await writeFile(join(folder, "all.ts"), lines.join("\n"));
    expect(diagnose(join(folder, "all.ts"))).toEqual([]);
  });

  it("types: a mistake is found", async () => {
    const source = 'import { DmClient } from "scomo-wasm";\nDmClient.open({ core: 1 });\n';
    await writeFile(join(folder, "wrong.ts"), source);
    expect(diagnose(join(folder, "wrong.ts"))).not.toEqual([]);
  });

  it("README.md: its programs have no type error", async () => {
    const blocks = blocksOf(await readFile("README.md", "utf8"));
    const programs = blocks.filter(({ info }) => info === "ts" || info === "ts browser");
    expect(programs.length).toBeGreaterThan(1);
    for (const { line, lines } of programs) {
      const path = join(folder, `line-${line}.ts`);
      await writeFile(path, lines.join("\n"));
      expect(diagnose(path)).toEqual([]);
    }
  });

  it.each(["opfs", "indexed-db"])("size: client, %s and fetch, minified", async (storage) => {
    const contents = `export { DmClient } from "scomo-wasm";
      export * from "scomo-wasm/storage/${storage}";
      export { FetchTransport } from "scomo-wasm/transport/fetch";`;
    const { outputFiles, metafile } = await build({
      stdin: { contents, resolveDir: folder },
      bundle: true, minify: true, write: false, format: "esm", platform: "browser",
      target: "es2022", logLevel: "error", splitting: true, outdir: "out", metafile: true,
    });
    const outputs = Object.values(metafile.outputs);
    const late = outputs.flatMap(({ imports }) =>
      imports.filter(({ kind }) => kind === "dynamic-import").map((each) => basename(each.path)));
    const atFirst = outputFiles.filter(({ path }) => !late.includes(basename(path)));
    expect(late).toHaveLength(1);
    const byteCount = atFirst.reduce((sum, each) => sum + each.contents.length, 0);
    const gzipBytes = atFirst.reduce((sum, { contents }) =>
      sum + gzipSync(contents, { level: 9 }).length, 0);
    console.log(`client, ${storage}, fetch: ${byteCount} bytes, ${gzipBytes} in gzip`);
    expect(gzipBytes).toBeLessThanOrEqual(GZIP_BYTES_MAX);
  });
});

function diagnose(path: string): string[] {
  const program = ts.createProgram([path], {
    ...OPTIONS,
    typeRoots: [join(dirname(path), "node_modules/@types")],
  });
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName ?? ""} ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
}
