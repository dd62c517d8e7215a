import type { ExpectedResult } from "./cases.ts";
import type { Listener } from "./server/events.ts";
import { childOf, childrenOf, wordOf } from "./server/wbxml.ts";
import type { Element } from "./server/wbxml.ts";

/**
 * Collects what the device answered where the user said no within a session: the Status of the
 * Alert and of the Exec behind it. They are no results of an operation, so no record keeps them.
 */
export function collectStatuses(
  server: { on(listener: Listener): unknown },
): () => ExpectedResult[] {
  const found: ExpectedResult[] = [];
  server.on((event) => {
    if (event.kind === "message" && event.direction === "in") found.push(...refusalsIn(event.root));
  });
  return () => found;
}

function refusalsIn(root: Element): ExpectedResult[] {
  const body = childOf(root, "SyncBody");
  const statuses = body === undefined ? [] : childrenOf(body, "Status");
  return statuses.flatMap((status): ExpectedResult[] => {
    const command = wordOf(status, "Cmd");
    const result = Number(wordOf(status, "Data"));
    if (command === "Alert" && result === 304) return [{ identifier: "Alert 1101", result }];
    if (command === "Exec" && result === 215) return [{ identifier: "Exec", result }];
    return [];
  });
}
