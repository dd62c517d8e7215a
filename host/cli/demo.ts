import { FLOWS } from "../demo/cases.ts";
import { runDemo } from "../demo/run.ts";
import type { CaseReport, Inventory } from "../demo/run.ts";
import { Exit } from "./exit.ts";
import { fold, paint, printable, table, WIDTH } from "./output.ts";
import type { Io } from "./output.ts";
import { choice } from "./values.ts";

export interface DemoFlags {
  flow: string;
  json?: boolean;
}

/** Runs server and device through the flows of the use case. */
export async function demo(flags: DemoFlags, io: Io): Promise<Exit> {
  const flow = choice("--flow", flags.flow, [...FLOWS, "all"]);
  const reports = await runDemo({
    flow,
    signal: io.signal,
    ...(flags.json === true ? {} : { onCase: (report: CaseReport) => show(report, io) }),
  });
  const failed = reports.filter(({ ok }) => !ok);
  for (const { flow: name, case: title, failures } of failed) {
    for (const failure of failures) io.complain(`scomo: ${name}, ${title}: ${failure}`);
  }
  if (flags.json === true) {
    io.print(JSON.stringify({ ok: failed.length === 0, flows: reports }));
  } else {
    io.print(`\n${reports.length - failed.length} of ${reports.length} cases ended as expected.`);
  }
  return failed.length === 0 ? Exit.Done : Exit.JobFailed;
}

const COLUMN_BYTES = "8765 ms  server  ".length;

function show(report: CaseReport, io: Io): void {
  io.print(`\n${paint(io, "bold", `${report.flow}: ${report.case}`)}`);
  for (const line of fold(report.story)) io.print(line);
  io.print("");
  for (const { at, who, what } of report.timeline) {
    const [first = "", ...rest] = fold(printable(what), WIDTH - COLUMN_BYTES);
    io.print(`${String(at).padStart(4)} ms  ${who.padEnd(6)}  ${first}`);
    for (const line of rest) io.print(" ".repeat(COLUMN_BYTES) + line);
  }
  io.print("");
  const rows = rowsOf(report.before, report.after);
  io.print(table(["component", "before", "after"], rows).join("\n"));
  const codes = report.results.map(({ identifier, result }) => `${result} ${identifier}`);
  io.print(`\nThe server received: ${codes.join(", ") || "no result"}`);
  const verdict = `Files in active/: ${report.files}`;
  io.print(report.ok ? paint(io, "green", `${verdict} - as expected`) : paint(io, "red", verdict));
}

function rowsOf(before: Inventory, after: Inventory): string[][] {
  const ids = [...new Set([...before.deployed, ...after.deployed].map(({ id }) => id))];
  return ids.map((id) => [id, versionIn(before, id), versionIn(after, id)]);
}

function versionIn({ deployed }: Inventory, id: string): string {
  const entry = deployed.find((candidate) => candidate.id === id);
  return entry === undefined ? "-" : `${entry.version} (${entry.sha256.slice(0, 8)})`;
}
