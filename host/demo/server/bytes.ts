// What the server needs of bytes and digests: nothing here is of Node, so that it runs in a browser
// as well.
import { md5 as md5Hash } from "@noble/hashes/legacy";
import { sha256 } from "@noble/hashes/sha2";
import { bytesToHex } from "@noble/hashes/utils";
import { joinBytes } from "./element.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Text as UTF-8. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Bytes read as UTF-8; what is none becomes U+FFFD. */
export function textIn(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** One character for each byte. */
export function latin1In(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(latin1In(bytes));
}

/** Reads Base64 up to its padding, past every character that is none of its own. */
export function fromBase64(text: string): Uint8Array {
  const digits = text.replace(/=.*$/s, "").replace(/[^A-Za-z0-9+/]/g, "");
  // One digit alone is six bits, which are no byte.
  const whole = digits.length % 4 === 1 ? digits.slice(0, -1) : digits;
  return Uint8Array.from(atob(whole), (character) => character.charCodeAt(0));
}

/** Whether two are the same, in a time that does not depend on where they differ. */
export function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  return left.reduce((difference, byte, index) => difference | (byte ^ right[index]!), 0) === 0;
}

export function randomBytes(byteCount: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(byteCount));
}

export function md5(...parts: (string | Uint8Array)[]): Uint8Array {
  return md5Hash(joinBytes(parts.map((part) => (typeof part === "string" ? utf8(part) : part))));
}

/** SHA-256 in lower-case hex. */
export function sha256Hex(content: string | Uint8Array): string {
  return bytesToHex(sha256(content));
}
