import { existsSync, readFileSync } from "node:fs";
import { trustKey } from "../pack/index.ts";
import type { TrustKey } from "../pack/index.ts";
import { refuse } from "./values.ts";

/** Reads KEY.pem or KID=KEY.pem. */
export function readTrust(text: string): TrustKey {
  const mark = text.indexOf("=");
  const isPath = mark < 0 || existsSync(text);
  const path = isPath ? text : text.slice(mark + 1);
  const kid = isPath ? "" : text.slice(0, mark);
  if (!isPath && kid === "") refuse(`--trust ${text} names an empty KID`);
  return readKey(`--trust ${path}`, () => trustKey(readFileSync(path), kid));
}

/** Reads a key file; a failure becomes a sentence about the option. */
export function readKey<Key>(what: string, read: () => Key): Key {
  try {
    return read();
  } catch (cause) {
    return refuse(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}
