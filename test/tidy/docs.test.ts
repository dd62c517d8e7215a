import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { anchorsOf, linksOf, rowsOf } from "../helpers/markdown.ts";
import { filesBelow, sourcesBelow, walk } from "./sources.ts";

const FOLDERS = ["assembly", "host", "test", "docs", ".ci"];
const PAGES = [
  ...["README.md", "ARCHITECTURE.md", "CHANGELOG.md"].filter((path) => existsSync(path)),
  ...FOLDERS.flatMap((folder) => filesBelow(folder)).filter((path) => path.endsWith(".md")),
];
/** Written in two parts so that this file does not find itself. */
const LEFTOVER = new RegExp(
  `\\b(${["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"].join("|")})\\b`,
);
const TEXT = /\.(ts|mjs|js|c|h|md|sh|json)$/;

describe("docs", () => {
  it("links: every relative link leads to a file and a heading that are there", () => {
    const broken = PAGES.flatMap((page) => {
      const text = readFileSync(page, "utf8");
      return linksOf(text)
        .filter(({ target }) => !/^[a-z]+:/.test(target))
        .filter(({ target }) => !leadsSomewhere(page, target))
        .map(({ target, line }) => `${page}:${line} ${target}`);
    });
    expect(broken).toEqual([]);
  });

  it("errors.md: every Err has its row, with its value", () => {
    const members = membersOf("assembly/abi/codes.ts", "Err");
    const rows = rowsOf(readFileSync("docs/errors.md", "utf8"));
    const listed = rows.map(([name, value]) => `${name} ${value}`);
    expect(members.size).toBeGreaterThan(30);
    const missing = [...members].filter(
      ([name, value]) => !listed.includes(`\`${name}\` ${value}`),
    );
    expect(missing).toEqual([]);
  });

  it("errors.md: every code that the host throws has its row", () => {
    const rows = readFileSync("docs/errors.md", "utf8");
    const thrown = sourcesBelow("host").flatMap(({ text }) => text.match(/"DM_[A-Z_]+"/g) ?? []);
    const missing = [...new Set(thrown)].filter(
      (code) => !rows.includes(code.replaceAll('"', "`")),
    );
    expect(missing).toEqual([]);
  });

  it("glossary.md: every document that an @spec tag names is listed", () => {
    const listed = rowsOf(readFileSync("docs/glossary.md", "utf8")).map(([name]) => name!);
    const unlisted = [...sourcesBelow("assembly"), ...sourcesBelow("host")].flatMap(
      ({ path, text }) =>
        specifiedBy(text)
          .filter((name) => !listed.some((known) => name.endsWith(known)) && !existsSync(name))
          .map((name) => `${path} ${name}`),
    );
    expect(unlisted).toEqual([]);
  });

  it("text: nothing is left to be done later", () => {
    const found = FOLDERS.flatMap(filesBelow)
      .filter((path) => TEXT.test(path))
      .filter((path) => LEFTOVER.test(readFileSync(path, "utf8")));
    expect(found).toEqual([]);
  });

  it("every folder of the core says what it does, in a README", () => {
    const folders = new Set(sourcesBelow("assembly").map(({ path }) => dirname(path)));
    folders.delete("assembly");
    const silent = [...folders].filter((folder) => !existsSync(join(folder, "README.md")));
    expect(silent).toEqual([]);
  });
});

/** Documents that `@spec` tags name; after a comma or semicolon, `§` alone is more of the same. */
function specifiedBy(text: string): string[] {
  return [...text.matchAll(/@spec (.+)$/gm)]
    .flatMap((match) => match[1]!.replace("*/", "").split(/[,;] */))
    .map((reference) => reference.replace(/ *[§(].*$| appendix .*$/, "").trim())
    .filter((name) => name !== "");
}

function leadsSomewhere(page: string, target: string): boolean {
  const [path, anchor] = target.split("#") as [string, string?];
  const file = path === "" ? page : join(dirname(page), path);
  if (!existsSync(file)) return false;
  if (anchor === undefined || !file.endsWith(".md")) return true;
  return anchorsOf(readFileSync(file, "utf8")).has(anchor);
}

/** Name and value of each member of a `const enum` whose members all have numbers. */
function membersOf(path: string, name: string): Map<string, string> {
  const members = new Map<string, string>();
  const source = sourcesBelow(dirname(path)).find((candidate) => candidate.path === path);
  walk(source!.tree, (node) => {
    if (!ts.isEnumDeclaration(node) || node.name.text !== name) return;
    for (const member of node.members) {
      members.set(member.name.getText(), member.initializer?.getText() ?? "");
    }
  });
  return members;
}
