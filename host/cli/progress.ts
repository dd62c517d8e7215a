import type { DmClient, DmEvent } from "../client.ts";
import { printable } from "./output.ts";
import type { Io } from "./output.ts";
import type { Trace } from "./trace.ts";

/** Follows a run: messages into the trace, and on a terminal a line for what a person waits for. */
export function watch(client: DmClient, io: Io, trace: Trace | null): void {
  let shown = "";
  client.on((event) => {
    if (event.type === "message") trace?.message(event.direction, event.bytes);
    if (!io.isTerminal) return;
    const text = describe(event);
    if (text !== "" && text !== shown) io.complain(text);
    if (text !== "") shown = text;
  });
}

/** A line about an event, the same one until there is something new to say; empty: nothing. */
function describe(event: DmEvent): string {
  if (event.type === "step") return `${event.step} ${printable(event.id)}: ${event.verdict}`;
  if (event.type !== "download") return "";
  const { bytes, totalBytes, url } = event;
  if (totalBytes <= 0) return `downloading ${printable(url)}`;
  const quarters = Math.floor((4 * bytes) / totalBytes);
  return `downloading ${printable(url)}: ${25 * quarters} % of ${totalBytes} bytes`;
}
