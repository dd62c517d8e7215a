/** Where a command writes, and what it knows of its surroundings. */
export interface Io {
  /** One or more whole lines, without the last line feed, for stdout. */
  print(text: string): void;
  /** Bytes for stdout, as they are. */
  write(bytes: Uint8Array): void;
  /** What comes by stdin. */
  readonly input: AsyncIterable<Uint8Array>;
  /** As `print`, for stderr. */
  complain(text: string): void;
  readonly env: { readonly [name: string]: string | undefined };
  /** True where a person reads stdout: progress and colours are for them. */
  readonly isTerminal: boolean;
  /** True where a person can be asked on stdin. */
  readonly canAsk: boolean;
  readonly signal: AbortSignal;
}

export const WIDTH = 80;

export type Colour = "red" | "green" | "yellow" | "grey" | "bold";

const CODES: { readonly [colour in Colour]: number } = {
  red: 31, green: 32, yellow: 33, grey: 90, bold: 1,
};

/** Text in a colour on a terminal that wants colours, else as it is. */
export function paint(io: Io, colour: Colour, text: string): string {
  const isPlain = !io.isTerminal || (io.env["NO_COLOR"] ?? "") !== "";
  return isPlain ? text : `\x1b[${CODES[colour]}m${text}\x1b[0m`;
}

/**
 * A table with a head line, at most `width` columns wide: the widest cells lose their end.
 *
 * @returns lines; "none" where there are no rows
 */
export function table(
  head: readonly string[], rows: readonly (readonly string[])[], width = WIDTH,
): string[] {
  if (rows.length === 0) return ["none"];
  const lines = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, column) => {
    return Math.max(...lines.map((row) => (row[column] ?? "").length));
  });
  shrink(widths, width - 2 * (widths.length - 1));
  return lines.map((row) => {
    const cells = widths.map((columns, index) => cut(row[index] ?? "", columns).padEnd(columns));
    return cells.join("  ").trimEnd();
  });
}

function shrink(widths: number[], available: number): void {
  for (let over = widths.reduce((sum, n) => sum + n, 0) - available; over > 0; over--) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = (widths[widest] ?? 1) - 1;
  }
}

/** At most `columns` characters of a text. */
export function cut(text: string, columns: number): string {
  return text.length <= columns ? text : `${text.slice(0, Math.max(columns - 1, 0))}…`;
}

/** Names come from the network: what could steer a terminal becomes a question mark. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, "?");
}

/** Folds a text at blanks. */
export function fold(text: string, width = WIDTH): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.length - 1;
    const line = lines[last] === "" ? word : `${lines[last]} ${word}`;
    if (line.length <= width || lines[last] === "") lines[last] = line;
    else lines.push(word);
  }
  return lines;
}
