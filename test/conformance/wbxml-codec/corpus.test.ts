// Messages that nobody on this project wrote, through the codec and through libwbxml. They are not
// in the repository: the folder shared/vectors/corpus beside the checkout holds them. Each
// difference stands in differences.json, and so in docs/wbxml.md; none may be missing, none stale.
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Wbxml } from "../../../host/wbxml/index.ts";
import { faultOf, loadCodec, outerTags } from "../../helpers/codec.ts";
import { type Expected, expected, nameOf } from "../../helpers/differences.ts";
import { readByLibwbxml } from "../../helpers/libwbxml.ts";
import { BUILDS } from "../../helpers/module.ts";
import { hasTool } from "../../helpers/tools.ts";
import { captureOf, dissect } from "../../helpers/tshark.ts";
import { differencesOf, parseTree } from "../../helpers/xml-tree.ts";

const FOLDER = new URL("../../../../shared/vectors/corpus/", import.meta.url);
const files = readdirSync(FOLDER);
const documents = files.filter((file) => file.endsWith(".wbxml"));
const sources = files.filter((file) => file.endsWith(".xml"));
const crashers = files.filter((file) => file.endsWith(".bin"));

let wbxml: Wbxml;
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "corpus-"));
  wbxml = await loadCodec("release");
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const bytesOf = (file: string): Uint8Array => new Uint8Array(readFileSync(new URL(file, FOLDER)));
const textOf = (file: string): string => readFileSync(new URL(file, FOLDER), "utf8");

/** Expects the differences of two documents to be those that the list has for this comparison. */
function expectListed(comparison: Expected["comparison"], file: string, xml: [string, string]) {
  const found = differencesOf(parseTree(xml[0]), parseTree(xml[1]));
  const listed = expected.filter((row) =>
    row.comparison === comparison && row.sample === nameOf(file));
  expect(found).toEqual(listed.map(({ path, ours, theirs }) => ({ path, ours, theirs })));
}

describe.each(BUILDS)("WBXML codec, corpus, %s build", (build) => {
  let codec: Wbxml;

  beforeAll(async () => {
    codec = await loadCodec(build);
  });

  it("has its files", () => {
    expect([documents.length, sources.length, crashers.length]).toEqual([17, 32, 3]);
  });

  it.each(documents)("%s is decoded to its XML twin", (file) => {
    const xml = codec.decode(bytesOf(file));
    expectListed("decoded / XML twin", file, [xml, textOf(file.replace(/wbxml$/, "xml"))]);
  });

  it.each(documents)("%s decoded, encoded and decoded is the same XML", (file) => {
    const xml = codec.decode(bytesOf(file));
    expect(codec.decode(codec.encode(xml))).toBe(xml);
  });

  it.each(documents)("%s cut anywhere is refused", (file) => {
    const bytes = bytesOf(file);
    const faults = Array.from(bytes, (_, length) =>
      faultOf(() => codec.decode(bytes.slice(0, length))));
    expect(faults.filter((fault) => !["truncated", "length"].includes(fault))).toEqual([]);
  });

  it.each(sources)("%s encoded and decoded is the same document", (file) => {
    const xml = codec.decode(codec.encode(textOf(file)));
    expectListed("encoded and decoded / source", file, [xml, textOf(file)]);
  });

  it.each(crashers)("%s, which crashes libwbxml 0.11.8, is refused", (file) => {
    expect(faultOf(() => codec.decode(bytesOf(file)))).toMatch(/^(version|publicid)$/);
  });
});

describe.skipIf(!hasTool("wbxml2xml"))("WBXML codec, corpus, libwbxml", () => {
  it("wbxml2xml and we see the same in every document", async () => {
    const outputs = await readByLibwbxml(documents.map(bytesOf), folder);
    outputs.forEach(({ xml, fault }, index) => {
      const file = documents[index]!;
      expect(fault, file).toBe("");
      expectListed("decoded / libwbxml", file, [wbxml.decode(bytesOf(file)), xml]);
    });
  });

  it("wbxml2xml sees what we have encoded", async () => {
    const outputs = await readByLibwbxml(sources.map((file) => wbxml.encode(textOf(file))), folder);
    outputs.forEach(({ xml, fault }, index) => {
      const file = sources[index]!;
      expect(fault, file).toBe("");
      // Ours is what we have encoded, which is the source but for what is listed above.
      const ours = wbxml.decode(wbxml.encode(textOf(file)));
      expectListed("encoded / libwbxml", file, [ours, xml]);
    });
  });
});

describe.skipIf(!hasTool("tshark"))("WBXML codec, corpus, tshark", () => {
  it("it sees the elements of every message that we encode, and no fault", async () => {
    // One source is a DevInf 1.1, of which tshark knows neither the number nor the names.
    const known = sources.filter((file) => textOf(file).includes("<SyncML"));
    expect(known.length).toBe(sources.length - 1);
    const messages = known.map((file) => wbxml.encode(textOf(file)));
    const path = join(folder, "corpus.pcap");
    await writeFile(path, captureOf(messages.map((body, exchange) => {
      return { exchange, direction: "request", body };
    })));
    (await dissect(path)).forEach(({ isMalformed, elements }, index) => {
      const label = known[index]!;
      expect(isMalformed, label).toBe(false);
      expect(elements, label).toEqual(outerTags(wbxml.events(messages[index]!).parts));
    });
  });
});

it("differences.json: lists only files that are there", () => {
  const known = new Set(files.map(nameOf));
  expect(expected.filter(({ sample }) => !known.has(sample))).toEqual([]);
});
