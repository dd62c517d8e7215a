// What a person pastes: WBXML as hex or Base64, in whatever shape it comes.
import { hex } from "../page/dom.ts";

export type Form = "hex" | "base64";

/** Text that is no WBXML in either form; `at` is the first character that is at fault. */
export class InputError extends Error {
  constructor(message: string, readonly at: number) {
    super(message);
  }
}

/** Says which form a text has: hex if it holds nothing else. */
export function formOf(text: string): Form {
  const bare = text.replace(/0x|[\s:,-]/gi, "");
  return /^[0-9a-f]*$/i.test(bare) ? "hex" : "base64";
}

/**
 * Reads bytes. Blanks, colons, commas, dashes and `0x` between them do not count.
 *
 * @throws InputError  a character that has no place, or half a byte
 */
export function readBytes(text: string): { bytes: Uint8Array; form: Form } {
  const form = formOf(text);
  return { bytes: form === "hex" ? readHex(text) : readBase64(text), form };
}

function readHex(text: string): Uint8Array {
  const digits = text.replace(/0x|[\s:,-]/gi, "");
  if (digits.length % 2 === 1) {
    throw new InputError("the last byte has one hex digit only", text.trimEnd().length - 1);
  }
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function readBase64(text: string): Uint8Array {
  const at = text.search(/[^A-Za-z0-9+/=_\s-]/);
  if (at >= 0) {
    const shown = JSON.stringify(String.fromCodePoint(text.codePointAt(at)!));
    throw new InputError(`${shown} is neither hex nor Base64`, at);
  }
  const bare = text.replace(/\s/g, "").replaceAll("-", "+").replaceAll("_", "/");
  try {
    return Uint8Array.from(atob(bare), (character) => character.charCodeAt(0));
  } catch {
    throw new InputError("this is no whole Base64: a digit is missing or too many", text.length);
  }
}

/** Shows bytes in a form. */
export function showBytes(bytes: Uint8Array, form: Form): string {
  if (form === "hex") return hex(bytes);
  let characters = "";
  for (const byte of bytes) characters += String.fromCharCode(byte);
  return btoa(characters);
}
