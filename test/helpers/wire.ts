// Keeps the messages that the tests send, for test/wire: with SCOMO_WIRE_DIR in the environment
// each one goes into that folder, once, under the name of its digest.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServerEvent } from "../../host/demo/server/index.ts";

const FOLDER = process.env["SCOMO_WIRE_DIR"] ?? "";
const known = new Set<string>();

if (FOLDER !== "") mkdirSync(FOLDER, { recursive: true });

/** Keeps a message of the client, or one that the reference server's encoder has made. */
export function keepMessage(bytes: Uint8Array): void {
  if (FOLDER === "") return;
  const name = createHash("sha256").update(bytes).digest("hex").slice(0, 32);
  if (known.has(name)) return;
  known.add(name);
  try {
    writeFileSync(join(FOLDER, `${name}.wbxml`), bytes, { flag: "wx" });
  } catch (error) {
    // Another process of the run has sent the same message.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** Keeps what a reference server receives and sends: its `onEvent`. */
export function keepEvents(event: ServerEvent): void {
  if (event.kind === "message") keepMessage(event.bytes);
}
