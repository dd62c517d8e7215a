// Vectors of test/vectors/wbxml, and documents written by hand that read like the wire.
import { readFileSync } from "node:fs";
import type { TestModule } from "./module.ts";

const VECTORS = new URL("../vectors/wbxml/", import.meta.url);

/** Values of `Event` of the reader. */
const EVENT = { failed: 0, start: 1, end: 2, text: 3 } as const;
export const DEPTH_MAX = 32;
export const ELEMENTS_MAX = 4096;

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replace(/\s/g, ""), "hex"));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export interface Sample {
  readonly id: string;
  readonly title: string;
  readonly hex: string;
  /** The document it was encoded from, without prolog. */
  readonly xml?: string;
}

export interface Hostile {
  readonly what: string;
  readonly hex: string;
  readonly verdict: string;
}

export const samples = readJson<Sample[]>("samples.json");
export const hostile = readJson<Hostile[]>("hostile.json");

export function sample(id: string): Uint8Array {
  const found = samples.find((entry) => entry.id === id);
  if (found === undefined) throw new Error(`no sample ${id}`);
  return fromHex(found.hex);
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(file, VECTORS), "utf8")) as T;
}

const tagNames = new Map(
  readFileSync(new URL("tags.tsv", VECTORS), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [page = "", tag = "", name = ""] = line.split("\t");
      return [(Number(page) << 8) | Number.parseInt(tag, 16), name] as const;
    }),
);

/** Token of the element called `name` on `page`. */
export function tokenOf(page: number, name: string): number {
  for (const [token, known] of tagNames) if (token >> 8 === page && known === name) return token;
  throw new Error(`page ${page} has no ${name}`);
}

export function nameOf(token: number): string {
  return tagNames.get(token) ?? `?${token.toString(16)}`;
}

export const allTokens: readonly number[] = [...tagNames.keys()];

// --- Writing by hand ----------------------------------------------------------------------------

/** `02 A4 01 6A 00`, or with a string table. */
export function header(table = ""): string {
  const bytes = Buffer.from(table, "latin1");
  return `02a4016a${mb(bytes.length)}${bytes.toString("hex")}`;
}

/** A multi-byte integer. */
export function mb(value: number): string {
  const groups = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    groups.unshift((rest % 128) | 0x80);
  }
  return Buffer.from(groups).toString("hex");
}

export const strI = (text: string): string => `03${Buffer.from(text).toString("hex")}00`;
export const strT = (index: number): string => `83${mb(index)}`;
export const entity = (code: number): string => `02${mb(code)}`;
export function opaque(content: string | Uint8Array): string {
  const bytes = Buffer.from(content);
  return `c3${mb(bytes.length)}${bytes.toString("hex")}`;
}

/** An element of page 0; of page 1 with `turn` around it. Without content it is empty. */
export function element(name: string, ...content: string[]): string {
  return tagged(tokenOf(0, name), content);
}

/** Elements of page 1 between two SWITCH_PAGE. */
export function meta(values: Record<string, string>): string {
  const inside = Object.entries(values).map(([name, text]) =>
    tagged(tokenOf(1, name), text === "" ? [] : [strI(text)]),
  );
  return element("Meta", "0001", ...inside, "0000");
}

export function tagged(token: number, content: string[]): string {
  const tag = token & 0x3f;
  if (content.length === 0) return hexByte(tag);
  return `${hexByte(tag | 0x40)}${content.join("")}01`;
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}

/** A whole message with a usual header. */
export function message(...commands: string[]): Uint8Array {
  return fromHex(header() + element("SyncML", usualHeader(), element("SyncBody", ...commands)));
}

export function usualHeader(): string {
  return element(
    "SyncHdr",
    element("VerDTD", strI("1.2")),
    element("VerProto", strI("DM/1.2")),
    element("SessionID", strI("2A")),
    element("MsgID", strI("1")),
    element("Target", element("LocURI", strI("IMEI:1"))),
    element("Source", element("LocURI", strI("http://dm.example/dm"))),
  );
}

// --- Reading by the core -----------------------------------------------------------------------

/** Opens and checks a document as a DM message of a transport that names no type, or one. */
export function verdict(module: TestModule, bytes: Uint8Array, isTyped = false): number {
  const { exports } = module;
  const input: number = exports["input"]();
  module.put(input, bytes);
  const err: number = exports["open"](input, bytes.length, 0);
  if (err !== 0) return err;
  const isUnknown = exports["publicId"]() === 1;
  if (isUnknown ? !isTyped : exports["isSyncml"]() === 0) return -3;
  return exports["check"](DEPTH_MAX, ELEMENTS_MAX, 0);
}

/** The element that comes next, as XML without namespaces; bytes that are no text in braces. */
export function readXml(module: TestModule): string {
  const { exports } = module;
  const open: string[] = [];
  let xml = "";
  do {
    switch (exports["read"]()) {
      case EVENT.start:
        open.push(nameOf(exports["tag"]()));
        xml += `<${open.at(-1)}>`;
        break;
      case EVENT.end:
        xml += `</${open.pop()}>`;
        break;
      case EVENT.text:
        xml += readText(module.bytes(exports["text"](), exports["textBytes"]()));
        break;
      default:
        return `${xml} failed`;
    }
  } while (open.length > 0);
  return xml.replace(/<(\w+)><\/\1>/g, "<$1/>");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function readText(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      if (!/[\0-\x08]/.test(text)) return escape(text);
  } catch {
    // Not UTF-8.
  }
  return `{${toHex(bytes)}}`;
}

/** A xorshift generator: the same numbers for the same seed. */
export function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
