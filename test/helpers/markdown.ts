// Reads the few things of Markdown that tests look at: links, headings, table rows, fenced blocks.

export interface Block {
  /** What stands after the opening fence, as in "sh" or "text output". */
  readonly info: string;
  readonly lines: readonly string[];
  /** Line of the opening fence, counted from 1. */
  readonly line: number;
}

const FENCE = "```";

/** Fenced blocks, in order. */
export function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let open: { info: string; lines: string[]; line: number } | undefined;
  text.split("\n").forEach((line, index) => {
    if (!line.startsWith(FENCE)) open?.lines.push(line);
    else if (open === undefined) open = { info: line.slice(3).trim(), lines: [], line: index + 1 };
    else {
      blocks.push(open);
      open = undefined;
    }
  });
  return blocks;
}

/** The text with fenced blocks left out, line numbers kept. */
export function proseOf(text: string): string {
  let isCode = false;
  const lines = text.split("\n").map((line) => {
    const isFence = line.startsWith(FENCE);
    if (isFence) isCode = !isCode;
    return isFence || isCode ? "" : line;
  });
  return lines.join("\n");
}

/** Targets of inline links, with the line each stands on. */
export function linksOf(text: string): { target: string; line: number }[] {
  return proseOf(text)
    .split("\n")
    .flatMap((line, index) =>
      [...line.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => ({
        target: match[1]!,
        line: index + 1,
      })),
    );
}

/** Anchors of the headings, as GitHub makes them. */
export function anchorsOf(text: string): Set<string> {
  const headings = proseOf(text).matchAll(/^#+ (.*)$/gm);
  return new Set(
    [...headings].map((match) =>
      match[1]!
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

/** Cells of every table row, trimmed; header and rule rows are among them. */
export function rowsOf(text: string): string[][] {
  return proseOf(text)
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
}
