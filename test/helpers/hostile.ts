// Inputs that must not pass, and neighbours of theirs that must, each with its class. Every class
// of rejection of the WBXML digest, section 13. The core and the codec outside of it answer alike.
import { element, fromHex, header, hostile, opaque } from "./wbxml.ts";

/** First words of a verdict that rejects. */
const CLASSES: readonly [RegExp, string][] = [
  [/at SyncML level/, "accept"],
  [/unterminated|tolerant|index/, "index"],
  [/transport/, "publicid"],
  [/version|any 1\.x/, "version"],
  [/truncated|length/, "truncated"],
  [/charset/, "charset"],
  [/integer|token|page|trailing/, "$&"],
  [/surrogate|range|not an XML/, "entity"],
];
/** Rows whose verdict names another class, or leaves a choice. */
const CHOICES: Record<string, string> = {
  "attribute list never closed": "budget", // 28 attributes: refused before its end is missed.
  "FF 80 FE in STR_I": "text",
};

export function classOf({ what, verdict }: { what: string; verdict: string }): string {
  const choice = CHOICES[what];
  if (choice !== undefined) return choice;
  if (verdict.startsWith("accept") && !verdict.startsWith("accept only")) return "accept";
  for (const [pattern, name] of CLASSES) {
    const found = pattern.exec(verdict);
    if (found !== null) return name === "$&" ? found[0] : name;
  }
  throw new Error(`no class for: ${verdict}`);
}

export const inBody = (content: string): string => `${header()}6d6b${content}0101`;
export const inData = (content: string): string => inBody(`4f${content}01`);
const namespace = "04000378 00";

export const generated: [string, string, string][] = [
  ["depth", "1,000 levels", `${header()}6d6b${"54".repeat(1000)}${"01".repeat(1002)}`],
  ["depth", "10,000 levels", `${header()}6d6b${"54".repeat(10_000)}${"01".repeat(10_002)}`],
  ["depth", "30,000 levels, truncated", `${header()}6d6b${"54".repeat(30_000)}`],
  ["budget", "amplification", amplified(2000, 2000)],
  ["budget", "10,000 attributes", `${header()}ed${"0400037800".repeat(5000)}016b120101`],
  ["truncated", "unclosed string", `${header()}6d6b4f03${"78".repeat(20_000)}`],
  ["accept", "4,000 empty siblings", inBody(`${"14".repeat(4000)}12`)],
  ["budget", "10,000 empty siblings", inBody(`${"14".repeat(10_000)}12`)],
  ["truncated", "two attributes, list not closed", `${header()}ed${namespace}${namespace}`],
  ["accept", "four attributes", `${header()}ed${namespace.repeat(4)}016b120101`],
  ["budget", "five attributes", `${header()}ed${namespace.repeat(5)}016b120101`],
  ["truncated", "processing instruction not closed", inBody("43").slice(0, -4)],
  ["budget", "processing instruction without end", inBody(`43${namespace.repeat(100)}0112`)],
  ["accept", "processing instruction before the root", `${header()}430400036100016d6b120101`],
  ["accept", "processing instruction after the root", `${inBody("12")}43040003610001`],
  ["truncated", "processing instruction after the root, cut", `${inBody("12")}4304000361`],
  ["trailing", "SWITCH_PAGE after the root", `${inBody("12")}0000`],
  ["length", "OPAQUE 2^31 - 1", inData("c387ffffff7f6869")],
  ["integer", "a length of five zero groups and a sixth", inData("c3808080808000")],
  ["accept", "a length padded to five bytes", inData("c380808080026869")],
  ["token", "a body that begins with an END", `${header()}01`],
  ["token", "a body that begins with a text", `${header()}036100`],
  ["truncated", "no body", header()],
  ["text", "a lone continuation byte", inData("038000")],
  ["text", "an overlong slash", inData("03c0af00")],
  ["text", "a surrogate in UTF-8", inData("03eda08000")],
  ["text", "a character above 10FFFF", inData("03f490808000")],
  ["text", "a character cut by the end of its string", inData("03e28200")],
  ["text", "a string table entry that is no UTF-8", `02a4016a02ff006d6b4f8300010101`],
  ["text", "a reference into the middle of a character", "02a4016a04e282ac006d6b4f8301010101"],
  ["text", "bytes that are no text in LocURI", inBody(element("LocURI", opaque(fromHex("ff"))))],
  ["text", "NUL inside OPAQUE in LocURI", inBody(element("LocURI", opaque(fromHex("610062"))))],
  ["accept", "text as OPAQUE in LocURI", inBody(element("LocURI", opaque("./é")))],
  ["text", "byte E9 under charset 3", `02a40103006d6b4f03e900010101`],
  ["text", "UTF-8 under charset 3", `02a40103006d6b4f03c3a900010101`],
  ["accept", "OPAQUE UTF-8 under charset 3", `02a40103006d6b57c302c3a9010101`],
  ["accept", "ENTITY above 7F under charset 3", `02a40103006d6b5702c12c010101`],
  ["accept", "ENTITY TAB, LF, CR", inData("0209020a020d")],
  ["entity", "ENTITY U+001F", inData("021f")],
  ["accept", "ENTITY U+10FFFF", inData("02c3ff7f")],
  ["entity", "ENTITY U+DFFF", inData("0283bf7f")],
  ["accept", "ENTITY U+E000", inData("0283c000")],
  ["token", "ATTRSTART in a processing instruction", inBody("43050112")],
  ["index", "an attribute LITERAL outside the table", `${header()}ed0405037800016b120101`],
  ["version", "version 1.0", "00a4016a006d6b120101"],
  ["accept", "version 1.1", "01a4016a006d6b120101"],
  ["accept", "version 1.3", "03a4016a006d6b120101"],
  ["publicid", "DevInf 1.2", "0292036a006d6b120101"],
];

/** A table string of `length` bytes that is referred to `count` times. */
function amplified(length: number, count: number): string {
  return `${header(`${"A".repeat(length)}\0`)}6d6b4f${"8300".repeat(count)}010101`;
}

/** The rows of the table: class, what it is, the bytes. */
export const tabled: readonly [string, string, string][] = hostile.map((row) => [
  classOf(row), row.what, row.hex,
]);
