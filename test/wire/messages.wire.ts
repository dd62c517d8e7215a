// Every message that the tests of a run have sent (test/helpers/wire.ts), as programs read it that
// others wrote: the dissector of tshark, and one of each shape by wbxml2xml.
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decode, elementsOf, type Element } from "../../host/demo/server/wbxml.ts";
import type { Part, Wbxml } from "../../host/wbxml/index.ts";
import { loadCodec, outerTags } from "../helpers/codec.ts";
import { hasTool } from "../helpers/tools.ts";
import { captureOf, dissect, type Dissection } from "../helpers/tshark.ts";
import { type Difference, differencesOf, parseTree } from "../helpers/xml-tree.ts";

const FOLDER = process.env["SCOMO_WIRE_DIR"] ?? "build/wire";
/** Each is a connection with a port of its own; one of each shape comes first. */
const CAPTURE_MESSAGES = 40_000;
/** Above so many elements the dissector leaves out lines that are too wide, or gives up. */
const DISSECTED_MIN = 200;
const GIVES_UP = "Too much recursion";
/** A few messages are of another version, on purpose. */
const PUBLIC_IDS: Record<string, number> = {
  "SyncML 1.0": 0x0fd1, "SyncML 1.1": 0x0fd3, "SyncML 1.2": 0x1201,
};
const run = promisify(execFile);

const files = readdirSync(FOLDER).filter((file) => file.endsWith(".wbxml")).sort();
const messages = files.map((file) => new Uint8Array(readFileSync(join(FOLDER, file))));
const folder = mkdtempSync(join(tmpdir(), "wire-"));
let wbxml: Wbxml;

beforeAll(async () => {
  wbxml = await loadCodec("release");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("messages", () => {
  it("there are many, and the codec sees in each what the server's own sees", () => {
    expect(messages.length).toBeGreaterThan(100);
    const apart = files.filter((_, index) => {
      const { parts, fault } = wbxml.events(messages[index]!);
      const seen = namesIn(decode(messages[index]!, { typeIsKnown: true }));
      return fault !== undefined || outerTags(parts).join(" ") !== seen.join(" ");
    });
    expect(apart).toEqual([]);
  });
});

describe.skipIf(!hasTool("tshark"))("messages, tshark", () => {
  it("each is SyncML to it, with the elements that were written and no fault", async () => {
    const first = new Set(shapes().values());
    const others = messages.map((_, index) => index).filter((index) => !first.has(index));
    const chosen = [...first, ...others].slice(0, CAPTURE_MESSAGES);
    const path = join(folder, "messages.pcap");
    await writeFile(path, captureOf(chosen.map((index, exchange) => {
      return { exchange, direction: "request", body: messages[index]! };
    })));
    const dissections = await dissect(path);
    const wrong = chosen.filter((index, at) => !isRight(dissections[at]!, messages[index]!));
    expect(dissections.length).toBe(chosen.length);
    expect(wrong.map((index) => files[index])).toEqual([]);
    console.log(`tshark: ${chosen.length} of ${messages.length} messages`);
  });
});

describe.skipIf(!hasTool("wbxml2xml"))("messages, libwbxml", () => {
  it("one of each shape: it sees the elements, attributes and texts that we see", async () => {
    const chosen = [...shapes().values()].filter((index) =>
      canBeXml(wbxml.events(messages[index]!).parts));
    await Promise.all([0, 1].map((half) => convert(chosen.filter((_, at) => at % 2 === half))));
    const found = chosen.flatMap((index) => differences(index));
    expect(found).toEqual([]);
    console.log(`libwbxml: one of each of ${chosen.length} shapes`);
  });
});

/** A message of each shape. */
function shapes(): Map<string, number> {
  return new Map(messages.map((message, index) => [shapeOf(wbxml.events(message).parts), index]));
}

function isRight({ publicId, isMalformed, complaints, elements }: Dissection, bytes: Uint8Array) {
  const { documentType = "" } = wbxml.events(bytes);
  const tags = namesOutsideData(decode(bytes, { typeIsKnown: true }));
  const isLong = tags.length > DISSECTED_MIN;
  const shown = (names: readonly string[]) =>
    (isLong ? names.slice(0, DISSECTED_MIN) : names).join(" ");
  return publicId === PUBLIC_IDS[documentType] && !isMalformed && shown(elements) === shown(tags) &&
    complaints.every((complaint) => isLong && complaint === GIVES_UP);
}

/** Makes XML of messages, all in one process that calls wbxml2xml for each. */
async function convert(indices: readonly number[]): Promise<void> {
  const script = 'to=$1; shift; for f; do wbxml2xml -k -m 0 -o "$to/${f##*/}.xml" "$f"; done';
  const paths = indices.map((index) => join(FOLDER, files[index]!));
  for (let start = 0; start < paths.length; start += 1000) {
    await run("sh", ["-c", script, "sh", folder, ...paths.slice(start, start + 1000)]);
  }
}

function differences(index: number): string[] {
  const file = files[index]!;
  const theirs = parseTree(readFileSync(join(folder, `${file}.xml`), "utf8"));
  return differencesOf(parseTree(wbxml.decode(messages[index]!)), theirs)
    .filter((difference) => !isRewrittenType(difference) && !isLineEnd(difference))
    .map(({ path, ours, theirs: other }) => `${file} ${path}: ${ours} | ${other}`);
}

/** libwbxml rewrites such a Type wherever it stands, also where there is no nested document. */
function isRewrittenType({ path, ours, theirs }: Difference): boolean {
  return path.endsWith("/Meta/Type") && ours.includes("+wbxml") &&
    theirs === ours.replace("+wbxml", "+xml");
}

/** It writes CR and LF as they are, of which who reads XML makes one LF. */
function isLineEnd({ ours, theirs }: Difference): boolean {
  return ours !== theirs && ours.replaceAll("\\r\\n", "\\n") === theirs;
}

/** What an encoder may get wrong: tags, kinds of text, and lengths that take more bytes. */
function shapeOf(parts: readonly Part[]): string {
  return parts.map(({ kind, name, length, text, encoding }) => {
    if (kind !== "string" && kind !== "opaque") return `${kind} ${name}`;
    const isAscii = /^[ -~]*$/.test(text ?? "");
    return [kind, encoding, isAscii, length > 127].join(" ");
  }).join("\n");
}

/**
 * Whether wbxml2xml can make XML of a message. It prints bytes that are no text as they are, and
 * does not know page 2 inside SyncML, which DM TNDS §7 defines.
 */
function canBeXml(parts: readonly Part[]): boolean {
  const hasTree = outerTags(parts).some((name) => name === "MgmtTree" || name === "Node");
  return !hasTree && parts.every(({ encoding }) => !encoding);
}

/** The dissector does not know page 2 and leaves out what is on it: elements inside Data. */
function namesOutsideData(root: Element): string[] {
  const inside = root.name === "Data" ? [] : elementsOf(root);
  return [root.name, ...inside.flatMap(namesOutsideData)];
}

function namesIn(root: Element): string[] {
  return [root.name, ...elementsOf(root).flatMap(namesIn)];
}
