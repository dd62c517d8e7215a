// The seeded bugs of test/mutants are edits of the source as it is.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { edit } from "../mutants/build.mjs";
import { MUTANTS } from "../mutants/list.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

describe("seeded bugs", () => {
  it.each(MUTANTS)("$name: what it changes stands there once", async ({ edits }) => {
    const texts = new Map<string, string>();
    for (const change of edits) {
      const [file] = change;
      const text = texts.get(file) ?? (await readFile(ROOT + file, "utf8"));
      texts.set(file, edit(text, change));
    }
    for (const [file, text] of texts) expect(text).not.toBe(await readFile(ROOT + file, "utf8"));
  });

  it("no two have one name", () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  });
});
