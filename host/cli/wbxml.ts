import { createReadStream, existsSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DmError } from "../errors.ts";
import { MESSAGE_BYTES_MAX, Wbxml, WbxmlError, XML_CHARS_MAX } from "../wbxml/index.ts";
import { Exit } from "./exit.ts";
import type { Io } from "./output.ts";
import { refuse } from "./values.ts";

export interface WbxmlFlags {
  out?: string;
  json?: boolean;
}

export interface DecodeFlags extends WbxmlFlags {
  type?: string;
  compact?: boolean;
}

export interface EncodeFlags extends WbxmlFlags {
  force?: boolean;
}

/** Beside the bundle, and where the sources run themselves in the build's folder. */
const FOLDERS = [".", join("..", "..", "build")];
const STDIN = "-";
/** A character takes at most so many bytes. */
const UTF8_BYTES_MAX = 4;

/** Prints a WBXML document as XML. */
export async function decode(file = STDIN, flags: DecodeFlags, io: Io): Promise<Exit> {
  const wbxml = await loadWbxml();
  const bytes = await read(file, MESSAGE_BYTES_MAX, io);
  const options = {
    maxBytes: MESSAGE_BYTES_MAX,
    ...(flags.type === undefined ? {} : { mediaType: flags.type }),
  };
  const indent = flags.compact === true ? "" : "  ";
  const xml = explain(file, () => wbxml.decode(bytes, { ...options, indent }));
  if (flags.json === true) io.print(describe(wbxml, bytes, options, io));
  if (flags.out !== undefined) write(flags.out, xml);
  else if (flags.json !== true) io.print(xml.trimEnd());
  return Exit.Done;
}

/** Writes an XML document as WBXML. */
export async function encode(file = STDIN, flags: EncodeFlags, io: Io): Promise<Exit> {
  const isShown = flags.out === undefined && flags.json !== true;
  if (isShown && io.isTerminal && flags.force !== true) {
    refuse("WBXML is no text for a terminal: use a pipe or --out FILE, or insist with --force");
  }
  const wbxml = await loadWbxml();
  const xml = textOf(file, await read(file, UTF8_BYTES_MAX * XML_CHARS_MAX, io));
  const options = { maxBytes: MESSAGE_BYTES_MAX };
  const bytes = explain(file, () => wbxml.encode(xml, options));
  if (flags.json === true) io.print(describe(wbxml, bytes, options, io));
  if (flags.out !== undefined) write(flags.out, bytes);
  else if (isShown) io.write(bytes);
  return Exit.Done;
}

/** The document for `--json`. */
function describe(
  wbxml: Wbxml, bytes: Uint8Array, options: { maxBytes: number; mediaType?: string }, io: Io,
): string {
  io.signal.throwIfAborted();
  const { documentType, parts } = wbxml.events(bytes, options);
  const hex = Buffer.from(bytes).toString("hex");
  const xml = wbxml.decode(bytes, options);
  return JSON.stringify({ documentType, bytes: bytes.length, hex, xml, parts });
}

/** Says which file it was, and the code of the failure. */
function explain<Value>(file: string, act: () => Value): Value {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof WbxmlError)) throw error;
    const sentence = `${nameOf(file)}: ${error.message} (${error.code}, ${error.fault})`;
    throw new DmError(error.code, sentence);
  }
}

function textOf(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    return refuse(`${nameOf(file)} is not UTF-8`, cause);
  }
}

/** All of a file or of stdin. */
async function read(file: string, bytesMax: number, io: Io): Promise<Uint8Array> {
  if (file === STDIN && io.canAsk) refuse("nothing comes by stdin: name a FILE or use a pipe");
  const source = file === STDIN ? io.input : createReadStream(file);
  const pieces: Uint8Array[] = [];
  let byteCount = 0;
  try {
    for await (const piece of source) {
      io.signal.throwIfAborted();
      pieces.push(piece);
      byteCount += piece.length;
      if (byteCount > bytesMax) break;
    }
  } catch (cause) {
    io.signal.throwIfAborted();
    return refuse(`${nameOf(file)} cannot be read: ${(cause as Error).message}`, cause);
  }
  if (byteCount > bytesMax) refuse(`${nameOf(file)} has more than ${bytesMax} bytes`);
  return new Uint8Array(Buffer.concat(pieces));
}

function write(path: string, content: string | Uint8Array): void {
  try {
    writeFileSync(path, content);
  } catch (cause) {
    refuse(`--out ${path} cannot be written: ${(cause as Error).message}`, cause);
  }
}

function nameOf(file: string): string {
  return file === STDIN ? "stdin" : file;
}

async function loadWbxml(): Promise<Wbxml> {
  const here = dirname(fileURLToPath(import.meta.url));
  const path = FOLDERS.map((folder) => join(here, folder, "wbxml.wasm")).find(existsSync);
  if (path === undefined) refuse("wbxml.wasm is missing beside the program; build it first");
  return Wbxml.load(new Uint8Array(await readFile(path)));
}
