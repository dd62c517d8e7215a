import { type Deviation, lineOf } from "./checks.ts";

/** What one session came to, as the audit saw it. */
export interface SessionReport {
  device: string;
  sessionId: string;
  /** abandoned: the client began another session, or never came back. */
  state: "open" | "ended" | "aborted" | "abandoned";
  /** Messages of the client, repetitions left out. */
  messages: number;
  deviations: Deviation[];
}

/** `12 messages, 0 deviations`, and a line for each deviation below. */
export function linesOf({ sessionId, state, messages, deviations }: SessionReport): string[] {
  const counts = `${count(messages, "message")}, ${count(deviations.length, "deviation")}`;
  return [
    `Session ${sessionId} ${state}: ${counts}`, ...deviations.map((each) => `  ${lineOf(each)}`),
  ];
}

function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? "" : "s"}`;
}
