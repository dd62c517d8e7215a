import { readFileSync } from "node:fs";
import { inspectDelivery } from "../pack/index.ts";
import type { Inspection } from "../pack/index.ts";
import { Exit } from "./exit.ts";
import { paint, printable, table } from "./output.ts";
import type { Io } from "./output.ts";
import { readTrust } from "./keys.ts";
import { refuse } from "./values.ts";

export interface InspectFlags {
  trust: string[];
  json?: boolean;
}

/** Shows what a Delivery Package says and whether it verifies. */
export async function inspect(path: string, flags: InspectFlags, io: Io): Promise<Exit> {
  const trust = flags.trust.map(readTrust);
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(readFileSync(path));
  } catch (cause) {
    return refuse(`${path} cannot be read: ${(cause as Error).message}`, cause);
  }
  const inspection = inspectDelivery(bytes, trust);
  if (flags.json === true) io.print(JSON.stringify(inspection));
  else show(inspection, io);
  for (const problem of inspection.problems) io.complain(printable(problem));
  if (trust.length === 0) {
    io.complain("Not verified: name a key that may have signed it with --trust KEY.pem.");
  }
  return inspection.verified ? Exit.Done : Exit.Bad;
}

function show(inspection: Inspection, io: Io): void {
  const { verified, key, sequence, components, requires } = inspection;
  const verdict = verified ? paint(io, "green", "verified") : paint(io, "red", "not verified");
  const signer = key === null ? "" : `, signed by ${printable(key)}`;
  io.print(`${verdict}${signer}; sequence number ${sequence ?? "unknown"}`);
  const rows = components.map((component) => [
    component.id, component.version ?? "?", String(component.bytes ?? "?"), component.uri ?? "?",
    component.name,
  ]);
  io.print(table(["component", "version", "bytes", "content", "name"], rows).join("\n"));
  for (const { id, version } of requires) io.print(`needs ${printable(id)} ${version}`);
}
