// scomo wbxml: within this process where that shows the same, as one of its own where the streams
// matter.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { run } from "../../../host/cli/program.ts";
import { fromHex, header, samples, strI, toHex } from "../../helpers/wbxml.ts";
import { recordIo } from "../../unit/cli/io.ts";
import { document, makeFolder, scomo } from "./harness.ts";

const folder = makeFolder();
const bytes = fromHex(samples.find(({ id }) => id === "S5")!.hex);
writeFileSync(folder.in("message.wbxml"), bytes);
writeFileSync(folder.in("message.xml"), samples.find(({ id }) => id === "S6")!.xml!);
mkdirSync(folder.in("folder"));

afterAll(folder.remove);

interface Parts {
  documentType: string;
  bytes: number;
  hex: string;
  xml: string;
  parts: { offset: number; length: number; kind: string; name?: string; text?: string }[];
}

/** Runs the built command with `input` on its stdin. */
function piped(args: readonly string[], input: Uint8Array) {
  const child = spawn(process.execPath, [resolve("build/cli.js"), "wbxml", ...args]);
  const out: Buffer[] = [];
  let stderr = "";
  child.stdout.on("data", (piece: Buffer) => void out.push(piece));
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (stderr += text));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  return new Promise<{ exit: number | null; stdout: Buffer; stderr: string }>((end) =>
    child.once("close", (exit) => end({ exit, stdout: Buffer.concat(out), stderr })));
}

/** What a pipe would hand over, in pieces. */
async function* pieces(...content: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of content) yield Buffer.from(piece);
}

describe("scomo wbxml decode", () => {
  test("FILE: prints XML, indented or in one line", async () => {
    const indented = await scomo(["wbxml", "decode", folder.in("message.wbxml")]);
    expect(indented).toMatchObject({ exit: 0, stderr: "" });
    expect(indented.stdout.split("\n").map((line) => line.slice(0, 9))).toEqual(
      expect.arrayContaining(["<?xml ver", "<!DOCTYPE", "<SyncML x", "  <SyncBo", "    <Add>"]),
    );
    expect(indented.stdout).toMatch(/<Data><!\[CDATA\[hi\]\]><\/Data>/);
    const compact = await scomo(["wbxml", "decode", "--compact", folder.in("message.wbxml")]);
    expect(compact.stdout.split("\n").length).toBe(2);
  });

  test("--json: one document that says what each byte is", async () => {
    const { exit, stdout } = await scomo(["wbxml", "decode", "--json", folder.in("message.wbxml")]);
    expect(exit).toBe(0);
    const shown = document<Parts>(stdout, "wbxml");
    expect(shown).toMatchObject({ documentType: "SyncML 1.2", bytes: 63, hex: toHex(bytes) });
    expect(shown.parts.reduce((sum, { length }) => sum + length, 0)).toBe(63);
    expect(shown.parts.find(({ kind }) => kind === "opaque")).toMatchObject({
      offset: 53, length: 4, text: "hi",
    });
  });

  test("--out: writes the XML there and prints nothing", async () => {
    const out = folder.in("out.xml");
    const ran = await scomo(["wbxml", "decode", folder.in("message.wbxml"), "--out", out]);
    expect(ran).toEqual({ exit: 0, stdout: "", stderr: "" });
    expect(readFileSync(out, "utf8")).toContain("<CmdID>5</CmdID>");
    const lost = await scomo(["wbxml", "decode", folder.in("message.wbxml"), "--out", folder.path]);
    expect(lost).toMatchObject({ exit: 2, stdout: "" });
  });

  test("--type: says what a document is that does not say it", async () => {
    const unknown = folder.in("unknown.wbxml");
    writeFileSync(unknown, fromHex("02016a006d6b120101"));
    expect(await scomo(["wbxml", "decode", unknown])).toMatchObject({ exit: 2, stdout: "" });
    const type = ["--type", "application/vnd.syncml.dm+wbxml"];
    expect((await scomo(["wbxml", "decode", unknown, ...type])).exit).toBe(0);
  });

  test.each([
    ["cut", bytes.slice(0, 30), /at byte 30: .*\(DM_TRUNCATED, truncated\)/],
    ["of version 1.4", fromHex("04a4016a006d6b120101"), /at byte 0: .*\(DM_UNSUPPORTED, version/],
    ["with an unknown tag", fromHex("02a4016a006d7f0101"), /at byte 6: .*\(DM_MALFORMED, token/],
    ["that goes on", fromHex("02a4016a006d6b12010101"), /at byte 10: .*\(DM_MALFORMED, trailing/],
    ["of no bytes", new Uint8Array(0), /at byte 0: .*\(DM_TRUNCATED, truncated\)/],
  ])("a document %s: 2, nothing on stdout, code and offset on stderr", async (_what, bad, says) => {
    writeFileSync(folder.in("bad.wbxml"), bad);
    for (const flags of [[], ["--json"]]) {
      const ran = await scomo(["wbxml", "decode", folder.in("bad.wbxml"), ...flags]);
      expect(ran).toMatchObject({ exit: 2, stdout: "" });
      expect(ran.stderr).toMatch(says);
    }
  });

  test("FILE that is a folder, or not there: 2, and its name", async () => {
    for (const name of ["folder", "nothing"]) {
      const ran = await scomo(["wbxml", "decode", folder.in(name)]);
      expect(ran).toMatchObject({ exit: 2, stdout: "" });
      expect(ran.stderr).toContain(folder.in(name));
    }
  });

  test("stdin: what never ends is given up, an interrupt ends with 130", async () => {
    const endless = (async function* () {
      for (;;) yield new Uint8Array(65_536);
    })();
    const io = recordIo({ input: endless });
    expect(await run(["wbxml", "decode"], io)).toBe(2);
    expect(io.err.join(" ")).toMatch(/more than 1048576 bytes/);
    const interrupted = recordIo({ input: pieces(bytes), signal: AbortSignal.abort() });
    expect(await run(["wbxml", "decode"], interrupted)).toBe(130);
  });

  test("stdin that is a terminal: 2 instead of waiting", async () => {
    const io = recordIo({ canAsk: true });
    expect(await run(["wbxml", "decode"], io)).toBe(2);
    expect(io.out).toEqual([]);
  });
});

describe("scomo wbxml encode", () => {
  test("a pipe: the bytes and nothing else, and decode takes them", async () => {
    const xml = await piped(["decode"], bytes);
    expect(xml).toMatchObject({ exit: 0, stderr: "" });
    const back = await piped(["encode"], xml.stdout);
    expect(back).toMatchObject({ exit: 0, stderr: "" });
    expect(toHex(back.stdout)).toBe(toHex(bytes));
  });

  test("a pipe: a document of a megabyte comes whole", async () => {
    const content = strI("x".repeat(1_000_000));
    const large = fromHex(`${header()}6d6b4f${content}010101`);
    const xml = await piped(["decode"], large);
    expect(xml.stdout.length).toBeGreaterThan(1_000_000);
    expect((await piped(["encode"], xml.stdout)).stdout.equals(Buffer.from(large))).toBe(true);
  });

  test("--json: says what each byte is, instead of the bytes", async () => {
    const { stdout } = await scomo(["wbxml", "encode", "--json", folder.in("message.xml")]);
    const shown = document<Parts>(stdout, "wbxml");
    expect(shown.hex).toBe(samples.find(({ id }) => id === "S6")!.hex);
  });

  test("a terminal: refused unless --out or --force says otherwise", async () => {
    const args = ["wbxml", "encode", folder.in("message.xml")];
    const io = recordIo({ isTerminal: true });
    expect(await run(args, io)).toBe(2);
    expect(io.out).toEqual([]);
    expect(io.err.join(" ")).toContain("--out FILE");
    const forced = recordIo({ isTerminal: true });
    expect(await run([...args, "--force"], forced)).toBe(0);
    expect(forced.out).toEqual([samples.find(({ id }) => id === "S6")!.hex]);
    const out = folder.in("out.wbxml");
    expect(await run([...args, "--out", out], recordIo({ isTerminal: true }))).toBe(0);
    expect(toHex(readFileSync(out))).toBe(forced.out[0]);
  });

  test.each([
    ["nothing", [], /\(DM_MALFORMED, xml\)/],
    ["XML that is not closed", ["<SyncML>"], /character \d+: .*\(DM_MALFORMED, xml\)/],
    ["an unknown element", ["<SyncML><Foo/></SyncML>"], /no element Foo \(DM_MALFORMED, token/],
    ["another document", ["<html/>"], /html is no document of SyncML/],
    ["bytes that are no UTF-8", ["<SyncML>", Uint8Array.of(0xff)], /stdin is not UTF-8/],
  ])("%s: 2, nothing on stdout", async (_what, content, says) => {
    const io = recordIo({ input: pieces(...content) });
    expect(await run(["wbxml", "encode"], io)).toBe(2);
    expect(io.out).toEqual([]);
    expect(io.err.join(" ")).toMatch(says);
  });
});

test.each(["wbxml", "wbxml decode", "wbxml encode"])(
  "scomo %s --help: two examples, and no line of more than 80 columns",
  async (command) => {
    const { exit, stdout } = await scomo([...command.split(" "), "--help"]);
    expect(exit).toBe(0);
    expect(stdout.match(/^ {2}\$ scomo wbxml /gm)!.length).toBe(2);
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  },
);
