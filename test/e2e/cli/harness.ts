import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Ajv } from "ajv";
import { run } from "../../../host/cli/program.ts";

const CLI = resolve("build", "cli.js");

export interface Ran {
  exit: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs a command to its end within this process, as `host/cli.ts` does: a process of its own takes
 * a good part of a second to start. Nobody is at the terminal.
 */
export async function scomo(args: readonly string[]): Promise<Ran> {
  const output = { stdout: "", stderr: "" };
  const exit = await run(args, {
    print: (text) => void (output.stdout += `${text}\n`),
    write: (bytes) => void (output.stdout += Buffer.from(bytes).toString("latin1")),
    input: (async function* () {})(),
    complain: (text) => void (output.stderr += `${text}\n`),
    env: {},
    isTerminal: false,
    canAsk: false,
    signal: new AbortController().signal,
  });
  return { exit, ...output };
}

/** Runs the built command line as a process, to its end. `onStart` may keep it, to signal it. */
export function scomoProcess(
  args: readonly string[], onStart: (child: ChildProcess) => void = () => undefined,
): Promise<Ran> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  onStart(child);
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (output.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (output.stderr += text));
  return new Promise((end) => child.once("close", (exit) => end({ exit, ...output })));
}

const schema = JSON.parse(readFileSync("docs/cli.schema.json", "utf8")) as {
  $id: string;
  definitions: object;
};
const ajv = new Ajv({ allErrors: true, formats: { uri: true } });
ajv.addSchema(schema);

/** Parses text that must be exactly one document of a definition of docs/cli.schema.json. */
export function document<Value>(text: string, definition: string): Value {
  const value = JSON.parse(text) as Value;
  const validate = ajv.getSchema(`${schema.$id}#/definitions/${definition}`);
  if (validate === undefined) throw new Error(`the schema has no ${definition}`);
  if (!validate(value)) throw new Error(`no ${definition}: ${ajv.errorsText(validate.errors)}`);
  return value;
}

/** A folder that `remove` takes away. */
export function makeFolder(): { path: string; in: (name: string) => string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "scomo-e2e-"));
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  return { path, in: (name) => join(path, name), remove };
}
