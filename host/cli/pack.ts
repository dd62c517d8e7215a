import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { DmError } from "../errors.ts";
import { packDelivery, readSpec, signingKey } from "../pack/index.ts";
import { Exit } from "./exit.ts";
import type { Io } from "./output.ts";
import { readKey } from "./keys.ts";
import { refuse } from "./values.ts";

export interface PackFlags {
  key: string;
  kid?: string;
  out?: string;
  json?: boolean;
}

/** Makes a signed Delivery Package of SPEC.json. */
export async function pack(spec: string, flags: PackFlags, io: Io): Promise<Exit> {
  if (flags.kid === "") refuse("--kid is empty");
  const key = readKey(`--key ${flags.key}`, () => {
    return signingKey(readFileSync(flags.key), flags.kid ?? "");
  });
  const delivery = makeDelivery(spec, () => packDelivery(readSpec(spec), key));
  const out = flags.out ?? spec.replace(/(\.json)?$/i, ".suit");
  try {
    writeFileSync(out, delivery);
  } catch (cause) {
    refuse(`--out ${out} cannot be written: ${(cause as Error).message}`, cause);
  }
  const sha256 = createHash("sha256").update(delivery).digest("hex");
  if (flags.json === true) io.print(JSON.stringify({ file: out, bytes: delivery.length, sha256 }));
  else io.print(`${out}: ${delivery.length} bytes, SHA-256 ${sha256.slice(0, 16)}…`);
  return Exit.Done;
}

function makeDelivery(spec: string, make: () => Uint8Array): Uint8Array {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof DmError)) throw cause;
    return refuse(`${spec}: ${cause.message}`, cause);
  }
}
