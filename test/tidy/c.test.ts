// Rules of the C host that the compiler does not know.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { filesBelow } from "./sources.ts";

const COLUMNS_MAX = 100;
const FILE_LINES_MAX = 600;
const FUNCTION_LINES_MAX = 70;
const PARAMETERS_MAX = 5;
const FOLDER = "host/demo/firmware";

const sources = filesBelow(FOLDER)
  .filter((path) => /\.(c|h|ld|wat)$/.test(path))
  .map((path) => ({ path, lines: readFileSync(path, "utf8").trimEnd().split("\n") }));
const code = sources.filter(({ path }) => /\.[ch]$/.test(path));

interface CFunction {
  /** path:line of its first line. */
  place: string;
  lineCount: number;
  parameterCount: number;
}

/** Functions whose body has lines of its own: from the first column to a brace there. */
function functionsOf({ path, lines }: (typeof sources)[number]): CFunction[] {
  return lines.flatMap((line, start) => {
    if (!/^\w.*\(/.test(line)) return [];
    const opening = lines.findIndex((each, index) => index >= start && /[{};]$/.test(each));
    const head = lines.slice(start, opening + 1).join(" ");
    const parameters = /\((.*)\) \{$/.exec(head)?.[1];
    if (parameters === undefined) return [];
    const end = lines.indexOf("}", opening);
    const parameterCount = parameters.split(",").length;
    return [{ place: `${path}:${start + 1}`, lineCount: end - start + 1, parameterCount }];
  });
}

describe("c", () => {
  it("a line: at most 100 columns, no tab, no blank at its end", () => {
    const findings = sources.flatMap(({ path, lines }) =>
      lines.flatMap((line, index) => {
        const isBad = [...line].length > COLUMNS_MAX || /\t| $/.test(line);
        return isBad ? [`${path}:${index + 1}`] : [];
      }),
    );
    expect(sources.length).toBeGreaterThan(20);
    expect(findings).toEqual([]);
  });

  it("a file: at most 600 lines", () => {
    const long = sources.filter(({ lines }) => lines.length > FILE_LINES_MAX);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it("a function: at most 70 lines and 5 parameters", () => {
    const functions = code.flatMap(functionsOf);
    expect(functions.length).toBeGreaterThan(100);
    const findings = functions.filter(({ lineCount, parameterCount }) =>
      lineCount > FUNCTION_LINES_MAX || parameterCount > PARAMETERS_MAX);
    expect(findings).toEqual([]);
  });

  it("a header: has a guard of its own name", () => {
    const findings = code.filter(({ path, lines }) => {
      const name = path.slice(path.lastIndexOf("/") + 1);
      const guard = `${name.replace(/\W/g, "_").toUpperCase()}_`;
      return name.endsWith(".h") && !lines.includes(`#ifndef ${guard}`);
    });
    expect(findings.map(({ path }) => path)).toEqual([]);
  });

  it("nothing is allocated: no call of malloc and its like", () => {
    const findings = code.flatMap(({ path, lines }) =>
      lines.flatMap((line, index) =>
        /\b(malloc|calloc|realloc|alloca|free)\(/.test(line) ? [`${path}:${index + 1}`] : [],
      ),
    );
    expect(findings).toEqual([]);
  });

  it("firmware.md: has a row for each function that a port provides", () => {
    const page = readFileSync("docs/firmware.md", "utf8");
    const functions = ["port.h", "outside.h"].flatMap((name) => {
      const { lines } = code.find(({ path }) => path === `${FOLDER}/${name}`)!;
      return lines.flatMap((line) => /^\w.* \*?(\w+)\(/.exec(line)?.[1] ?? []);
    });
    expect(functions.length).toBeGreaterThan(15);
    expect(functions.filter((name) => !page.includes(`| \`${name}(`))).toEqual([]);
  });

  it("functionsOf: sees a long one and a short one", () => {
    const body = Array.from({ length: 80 }, () => "  x++;");
    const lines = ["int a(int b,", "      int c) {", ...body, "}", "", "int d(void) { return 1; }"];
    const [found] = functionsOf({ path: "x.c", lines });
    expect(found).toMatchObject({ lineCount: 83, parameterCount: 2 });
  });
});
