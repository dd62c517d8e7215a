import { DmError } from "../errors.ts";
import { isLoopback } from "../transport/transport.ts";

/** Fails with a sentence about what was typed. */
export function refuse(sentence: string, cause?: unknown): never {
  throw new DmError("DM_BAD_CONFIG", sentence, { cause });
}

/** Reads a whole number of an option. */
export function wholeNumber(
  option: string, text: string, range: { min: number; max: number },
): number {
  const value = Number(text);
  const isGood = /^\d+$/.test(text) && value >= range.min && value <= range.max;
  if (isGood) return value;
  return refuse(`${option} takes a whole number from ${range.min} to ${range.max}, not "${text}"`);
}

/** Reads a choice of an option. */
export function choice<Word extends string>(
  option: string, text: string, words: readonly Word[],
): Word {
  const found = words.find((word) => word === text);
  return found ?? refuse(`${option} takes ${words.join(", ")}, not "${text}"`);
}

/** Reads an http or https URL; plain http elsewhere than on loopback only with leave. */
export function serverUrl(text: string, isHttpAllowed: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    return refuse(`--server takes an http or https URL, not "${text}"`);
  }
  if (url.protocol === "https:" || isHttpAllowed || isLoopback(url.hostname)) return url;
  return refuse(`${text} is plain http to another host: use https, or allow it with --allow-http`);
}
