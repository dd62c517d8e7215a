import { encode } from "../demo/server/wbxml.ts";
import type { Element } from "../demo/server/wbxml.ts";

// How the encoder begins: WBXML 1.2, public identifier of DM 1.2, UTF-8; then the string table.
const HEAD = Buffer.from("02a4016a", "hex");
const STR_I = 0x03;
const STR_T = 0x83;

/** What a reference into the string table costs: its token, an index and the token of the rest. */
const REFERENCE_BYTES = 4;

/** A message in which the beginnings that many URIs share stand once, in the string table. */
export class CompactMessage {
  private readonly prefixes: string[];

  /** @param uris  all URIs of the message */
  constructor(uris: readonly string[]) {
    this.prefixes = choosePrefixes(uris);
  }

  /** The text of a URI as the pieces that `encode` turns into reference and rest. */
  piecesOf(uri: string): string[] {
    const prefix = longestPrefix(uri, this.prefixes);
    return prefix === "" ? [uri] : [prefix, uri.slice(prefix.length)];
  }

  /**
   * Encodes a message whose URIs are made of `piecesOf`.
   *
   * @spec WBXML 1.3 §5.8.4.1
   */
  encode(root: Element): Uint8Array {
    const plain = Buffer.from(encode(root));
    if (!plain.subarray(0, HEAD.length).equals(HEAD)) throw new Error("not a DM 1.2 message");
    let body = plain.subarray(HEAD.length + 1).toString("latin1");
    let table = "";
    for (const prefix of this.prefixes) {
      // A text that ends and is followed by another: nothing else in the message looks like this.
      const piece = latin1(STR_I, ...Buffer.from(prefix), 0, STR_I);
      body = body.replaceAll(piece, latin1(STR_T, ...mbUint(table.length), STR_I));
      table += `${Buffer.from(prefix).toString("latin1")}\0`;
    }
    const parts = [latin1(...HEAD, ...mbUint(table.length)), table, body];
    return new Uint8Array(Buffer.from(parts.join(""), "latin1"));
  }
}

function latin1(...bytes: number[]): string {
  return Buffer.from(bytes).toString("latin1");
}

function mbUint(value: number): number[] {
  return value < 128 ? [value] : [...mbUint(value >> 7).map((byte) => byte | 0x80), value & 0x7f];
}

function longestPrefix(uri: string, prefixes: readonly string[]): string {
  const found = prefixes.filter((prefix) => uri.startsWith(prefix));
  return found.reduce((best, prefix) => (prefix.length > best.length ? prefix : best), "");
}

/** Takes the beginning that saves most, again and again, until none saves a byte. */
function choosePrefixes(uris: readonly string[]): string[] {
  const candidates = new Set(uris.flatMap(beginningsOf));
  const chosen: string[] = [];
  for (;;) {
    const savings = [...candidates].map((prefix) => ({
      prefix, bytes: savedBy(prefix, chosen, uris),
    }));
    const best = savings.reduce((one, other) => (other.bytes > one.bytes ? other : one), {
      prefix: "", bytes: 0,
    });
    if (best.bytes <= 0) return chosen;
    chosen.push(best.prefix);
    candidates.delete(best.prefix);
  }
}

/** All beginnings of a URI that end in a slash and leave something. */
function beginningsOf(uri: string): string[] {
  const segments = uri.split("/");
  return segments.slice(1).map((_, index) => `${segments.slice(0, index + 1).join("/")}/`);
}

function savedBy(prefix: string, chosen: readonly string[], uris: readonly string[]): number {
  const cost = prefix.length + 1;
  return uris.filter((uri) => uri.startsWith(prefix)).reduce((sum, uri) => {
    const now = longestPrefix(uri, chosen).length;
    const before = now === 0 ? REFERENCE_BYTES : 0;
    return sum + Math.max(0, prefix.length - now - before);
  }, -cost);
}
