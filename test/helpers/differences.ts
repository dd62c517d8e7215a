// Where the codec and another source see a document of the corpus differently, who is right, and
// why: the list of test/conformance/wbxml-codec/differences.json.
import { readFileSync } from "node:fs";

export interface Expected {
  readonly comparison:
    | "decoded / XML twin"
    | "decoded / libwbxml"
    | "encoded and decoded / source"
    | "encoded / libwbxml";
  readonly sample: string;
  readonly path: string;
  readonly ours: string;
  readonly theirs: string;
  /** Key of `reasons`. */
  readonly reason: string;
}

interface List {
  readonly reasons: Readonly<Record<string, { readonly right: string; readonly why: string }>>;
  readonly differences: readonly Expected[];
}

const LIST = new URL("../conformance/wbxml-codec/differences.json", import.meta.url);

export const { reasons, differences: expected } = JSON.parse(readFileSync(LIST, "utf8")) as List;

/** Name of a sample: its file without its ending. */
export function nameOf(file: string): string {
  return file.replace(/\.\w+$/, "");
}

/** The list as the rows of the table of docs/wbxml.md; samples that differ alike share a row. */
export function differenceRows(): string[] {
  const groups = new Map<string, string[]>();
  for (const { comparison, sample, path, ours, theirs, reason } of expected) {
    const cells = [comparison, path, ours, theirs].map(cellOf);
    const key = [...cells, reasons[reason]!.right, reasons[reason]!.why].join(" | ");
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  return [...groups].map(([key, samples]) => `| ${samples.join(", ")} | ${key} |`);
}

function cellOf(text: string): string {
  const shown = text.replace(/(\\n| {2,})+/g, "…");
  return shown === "" ? "nothing" : `\`${shown}\``;
}
