import type { Io } from "../../../host/cli/output.ts";

export interface RecordedIo extends Io {
  readonly out: string[];
  readonly err: string[];
}

/** Surroundings of a command that keep what it writes; nobody to ask, no terminal. */
export function recordIo(change: Partial<Io> = {}): RecordedIo {
  const out: string[] = [];
  const err: string[] = [];
  return {
    print: (text) => void out.push(...text.split("\n")),
    write: (bytes) => void out.push(Buffer.from(bytes).toString("hex")),
    input: (async function* () {})(),
    complain: (text) => void err.push(...text.split("\n")),
    env: {},
    isTerminal: false,
    canAsk: false,
    signal: new AbortController().signal,
    ...change,
    out,
    err,
  };
}
