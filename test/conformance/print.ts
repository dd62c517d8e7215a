// Prints docs/conformance.md. `npm run conformance` writes it; a test compares it.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { sourcesBelow } from "../tidy/sources.ts";
import {
  type Chapter, type Clause, faultsOf, findTest, readChapters, readTitles,
} from "./clauses.ts";

export const PAGE = "docs/conformance.md";

const HEAD = `# Conformance

What the documents ask of a client, clause by clause in our own words, and the test that holds each.
This page is printed by \`npm run conformance\` from
[test/conformance/clauses](../test/conformance/clauses); a test compares it with what would be
printed, and fails where a clause has no test, where a test is not there, and where a MUST is left
out. Short names of the documents: [glossary.md](glossary.md#documents). Where a text is silent, the
row says what this client does.
`;

export function printPage(): string {
  const chapters = readChapters();
  const titles = readTitles();
  const faults = faultsOf(chapters, titles);
  if (faults.length > 0) throw new Error(`clauses:\n${faults.join("\n")}`);
  const where = readSpecTags();
  const sections = chapters.map((chapter) => printChapter(chapter, titles, where));
  return [HEAD, printCounts(chapters), ...sections].join("\n");
}

function printCounts(chapters: Chapter[]): string {
  const rows = chapters.map(({ document, clauses }) => {
    const left = clauses.filter((clause) => clause.left !== undefined).length;
    const counts = ["MUST", "SHOULD", "MAY"].map((level) =>
      clauses.filter((clause) => clause.level === level && clause.left === undefined).length);
    const anchor = document.toLowerCase().replace(/[^a-z0-9 -]/g, "").replaceAll(" ", "-");
    return `| [${document}](#${anchor}) | ${counts.join(" | ")} | ${left} |`;
  });
  const head = "| document | MUST | SHOULD | MAY | left out |\n| --- | ---: | ---: | ---: | ---: |";
  return `${head}\n${rows.join("\n")}\n`;
}

function printChapter(
  { document, clauses }: Chapter, titles: Map<string, string[]>, where: Map<string, Set<string>>,
): string {
  const rows = clauses.map((clause) => {
    const section = /^\d/.test(clause.section) ? `§${clause.section}` : clause.section;
    const files = [...where.get(`${document} §${clause.section}`) ?? []];
    const code = files.map((path) => `[${path}](../${path})`).join(", ");
    return `| ${section} | ${clause.level} | ${cell(clause.says)} | ${status(clause, titles)} `
      + `| ${code} |`;
  });
  const head = "| section | level | the client | status | where |\n| --- | --- | --- | --- | --- |";
  return `## ${document}\n\n${head}\n${rows.join("\n")}\n`;
}

function status({ tests = [], left }: Clause, titles: Map<string, string[]>): string {
  if (left !== undefined) return `left out: ${cell(left)}`;
  const links = tests.map((reference) => {
    const { path, title } = findTest(reference, titles);
    return `[${path.replace(/^test\/|\.test\.ts$/g, "")}](../${path}): ${cell(title)}`;
  });
  return `done: ${links.join("; ")}`;
}

/** Text for a cell: nothing in it ends the cell or begins markup. */
function cell(text: string): string {
  return text.replace(/[|<>*_[\]]/g, (character) => `\\${character}`);
}

/** Files whose \`@spec\` tags name a clause, by \`document §section\`. */
function readSpecTags(): Map<string, Set<string>> {
  const where = new Map<string, Set<string>>();
  for (const { path, text } of [...sourcesBelow("assembly"), ...sourcesBelow("host")]) {
    for (const key of [...text.matchAll(/@spec (.+)$/gm)].flatMap(([, tag]) => keysOf(tag!))) {
      where.set(key, (where.get(key) ?? new Set()).add(path));
    }
  }
  return where;
}

/** `DM PRO 1.2 §9, §9.1`: what has no document of its own is of the one before. */
function keysOf(tag: string): string[] {
  let document = "";
  return tag.replace("*/", "").split(/[,;] */).flatMap((part) => {
    document = /^(.*?) *§/.exec(part)?.[1] || document;
    const section = /§([\d.]+)/.exec(part)?.[1]?.replace(/\.$/, "");
    return section === undefined ? [] : [`${document} §${section}`];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, printPage());
