import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { BUILDS, loadModule, type TestModule } from "../../helpers/module.ts";
import { hasTool } from "../../helpers/tools.ts";
import {
  allTokens,
  nameOf,
  numbers,
  opaque,
  sample,
  strI,
  tokenOf,
  toHex,
} from "../../helpers/wbxml.ts";

const DOES_NOT_FIT = -26;
const canDecode = hasTool("wbxml2xml");

/** A document as a test writes it; a text as `Buffer` is written as bytes. */
interface Node {
  token: number;
  content: (Node | string | Buffer | number)[];
}

describe.each(BUILDS)("wbxml/writer, %s build", (build) => {
  let module: TestModule;
  let source: number;
  let output: number;

  beforeAll(async () => {
    module = await loadModule("wbxml", build);
    source = module.exports["input"]();
    output = module.exports["output"]();
  });

  const call = (name: string, ...args: number[]): number => module.exports[name](...args);
  const page0 = (name: string): number => tokenOf(0, name);
  const page1 = (name: string): number => tokenOf(1, name);

  function openFor(capacityBytes: number): void {
    module.put(output, new Uint8Array(8192).fill(0xee));
    call("writerOpen", output, capacityBytes);
  }

  /** Calls `text`, `opaque` or `leaf` with bytes of ours. */
  function withBytes(name: string, text: string | Buffer, ...before: number[]): void {
    const bytes = Buffer.from(text);
    module.put(source, bytes);
    call(name, ...before, source, bytes.length);
  }

  const written = (): string => toHex(module.bytes(output, call("writerPosition")));

  function write(node: Node): void {
    if (node.content.length === 0) {
      call("empty", node.token);
      return;
    }
    call("writerTag", node.token);
    for (const part of node.content) {
      if (typeof part === "string") withBytes("writerText", part);
      else if (typeof part === "number") call("number", part);
      else if (Buffer.isBuffer(part)) withBytes("opaque", part);
      else write(part);
    }
    call("end");
  }

  it("writes S4 byte for byte", () => {
    const node = (name: string, ...content: Node["content"]): Node => ({
      token: page0(name),
      content,
    });
    openFor(4096);
    call("header");
    write(
      node(
        "SyncML",
        node(
          "SyncHdr",
          node("VerDTD", "1.2"),
          node("VerProto", "DM/1.2"),
          node("SessionID", "1"),
          node("MsgID", 1),
          node("Target", node("LocURI", "http://dm.example/dm")),
          node("Source", node("LocURI", "IMEI:493005100592800")),
          node("Meta", { token: page1("MaxMsgSize"), content: [4096] }),
        ),
        node("SyncBody", node("Alert", node("CmdID", 1), node("Data", 1201)), node("Final")),
      ),
    );
    expect(call("writerError")).toBe(0);
    expect(written()).toBe(toHex(sample("S4")));
  });

  it("text: a NUL makes it OPAQUE, nothing makes it nothing", () => {
    openFor(100);
    withBytes("writerText", "a\0b");
    withBytes("writerText", "");
    withBytes("writerText", "ab");
    expect(written()).toBe(opaque("a\0b") + strI("ab"));
  });

  it.each([0, 127, 128, 4000])("opaque: a length of %d takes the shortest form", (length) => {
    openFor(8192);
    withBytes("opaque", Buffer.alloc(length, 7));
    expect(written()).toBe(opaque(Buffer.alloc(length, 7)));
  });

  it("leaf: is empty where its text is", () => {
    openFor(100);
    withBytes("leaf", "x", page0("Data"));
    withBytes("leaf", "", page0("Data"));
    call("leafNumber", page0("Data"), 0);
    expect(written()).toBe(`4f${strI("x")}010f4f${strI("0")}01`);
  });

  it("raw: is copied on page 0", () => {
    openFor(100);
    call("empty", page1("Type"));
    withBytes("raw", Buffer.from("12", "hex"));
    withBytes("raw", Buffer.from("12", "hex"));
    expect(written()).toBe("00011300001212");
  });

  it("whatever does not fit fails and writes nothing past the end", () => {
    const parts: [string, () => void][] = [
      ["header", () => call("header")],
      ["text", () => withBytes("writerText", "abc")],
      ["opaque", () => withBytes("opaque", "abc")],
      ["leaf on page 1", () => withBytes("leaf", "abc", page1("Type"))],
      ["number", () => call("number", 4294967295)],
    ];
    for (const [what, part] of parts) {
      openFor(8192);
      part();
      const needed = call("writerPosition");
      for (let capacity = 0; capacity < needed; capacity++) {
        openFor(capacity);
        part();
        expect(call("writerError"), what).toBe(DOES_NOT_FIT);
        expect(module.bytes(output + capacity, 64)).toEqual(new Uint8Array(64).fill(0xee));
      }
      openFor(needed);
      part();
      expect(call("writerError"), what).toBe(0);
    }
  });

  it("after a failure nothing is written, not even what would fit", () => {
    openFor(4);
    withBytes("writerText", "abc");
    const position = call("writerPosition");
    call("end");
    expect(call("writerPosition")).toBe(position);
    expect(call("writerError")).toBe(DOES_NOT_FIT);
  });

  it("backToMark: takes an element back, its page and its failure", () => {
    openFor(12);
    call("writerTag", page0("Meta"));
    call("mark");
    withBytes("leaf", "too long to fit", page1("Type"));
    expect(call("writerError")).toBe(DOES_NOT_FIT);
    call("backToMark");
    expect(call("writerError")).toBe(0);
    withBytes("leaf", "t", page1("Type"));
    call("end");
    expect(written()).toBe(`5a000153${strI("t")}0101`);
  });

  it("openNested: a trial counts a document that starts on page 0, and is taken back", () => {
    openFor(100);
    call("writerTag", page0("Data"));
    call("writerTag", page1("Format"));
    for (const isTrial of [1, 0]) {
      call("openNested", isTrial);
      call("writerTag", page0("Data"));
      withBytes("writerText", "ab");
      call("end");
      const byteCount = call("closeNested", isTrial);
      expect(byteCount).toBe(6);
      if (isTrial) call("opaqueHead", byteCount);
    }
    call("end");
    call("empty", page1("Size"));
    expect(written()).toBe("4f000147c3064f036162000101" + "12");
  });

  it("openNested: a trial counts also what does not fit", () => {
    openFor(5);
    for (const [isTrial, error] of [[1, 0], [0, DOES_NOT_FIT]] as const) {
      call("openNested", isTrial);
      withBytes("writerText", "abcd");
      const byteCount = call("closeNested", isTrial);
      if (isTrial) expect(byteCount).toBe(6);
      expect(call("writerError")).toBe(error);
    }
  });

  it("openPart: the bytes from one place on, however they were given", () => {
    const whole = "0123456789";
    const check = (from: number, count: number, step: number): void => {
      openFor(100);
      call("openPart", from, count);
      for (let i = 0; i < 10; i += step) withBytes("put", whole.slice(i, i + step));
      expect(call("closeNested", 0)).toBe(count);
      expect(written()).toBe(Buffer.from(whole.slice(from, from + count)).toString("hex"));
    };
    for (let from = 0; from <= 10; from++) {
      for (let to = from; to <= 10; to++) [1, 3, 10].forEach((n) => check(from, to - from, n));
    }
    withBytes("put", "xyz");
    expect(written()).toBe("78797a");
  });

  it.each(["a", "ab", "ä", "aä", "€", "a€", "𝄞", "a𝄞", "äß", "€𝄞"])(
    "trimCharacter: %s, cut at each byte, loses what is no character", (text) => {
      const bytes = Buffer.from(`.${text}`);
      for (let cut = 1; cut <= bytes.length; cut++) {
        openFor(100);
        withBytes("put", bytes.subarray(0, cut));
        const trimmed = call("trimCharacter");
        const kept = bytes.subarray(0, cut - trimmed);
        expect(trimmed).toBeLessThan(4);
        expect(written()).toBe(kept.toString("hex"));
        expect(Buffer.from(kept.toString("utf8"))).toEqual(kept);
        const given = bytes.subarray(0, cut);
        const isWhole = Buffer.from(given.toString("utf8")).equals(given);
        expect(trimmed === 0).toBe(isWhole);
      }
    },
  );

  it("openCount: counts what open writes, and touches nothing", () => {
    const part = (): void => {
      call("header");
      withBytes("leaf", "abc", page1("Type"));
      withBytes("opaque", Buffer.alloc(300));
      call("number", 1201);
    };
    openFor(8192);
    part();
    const needed = call("writerPosition");
    const before = module.bytes(0, 1024);
    call("openCount");
    part();
    expect(call("writerPosition")).toBe(needed);
    expect(call("writerError")).toBe(0);
    expect(module.bytes(0, 1024)).toEqual(before);
  });

  describe.skipIf(!canDecode)("as wbxml2xml reads it (Debian package libwbxml2-utils)", () => {
    function decode(document: Buffer): string {
      const folder = mkdtempSync(join(tmpdir(), "wbxml-"));
      try {
        const file = join(folder, "document.wbxml");
        writeFileSync(file, document);
        const arguments_ = ["-k", "-m", "0", "-o", "-", file];
        const xml = execFileSync("wbxml2xml", arguments_, { stdio: ["ignore", "pipe", "ignore"] });
        const root = xml.toString().replace(/^<\?xml.*?\?>\s*<!DOCTYPE.*?>/s, "");
        return root.replace(/ xmlns="[^"]*"/g, "");
      } finally {
        rmSync(folder, { recursive: true });
      }
    }

    function toXml({ token, content }: Node): string {
      const name = nameOf(token);
      if (content.length === 0) return `<${name}/>`;
      const inside = content.map((part) => {
        if (typeof part === "object" && !Buffer.isBuffer(part)) return toXml(part);
        const text = String(part).replaceAll("&", "&amp;");
        return text.replaceAll("<", "&lt;").replaceAll(">", "&gt;");
      });
      return `<${name}>${inside.join("")}</${name}>`;
    }

    function writeDocument(root: Node): Buffer {
      openFor(8192);
      call("header");
      write(root);
      expect(call("writerError")).toBe(0);
      return Buffer.from(written(), "hex");
    }

    it("every element of pages 0 and 1, with and without content", () => {
      const known = allTokens.filter((token) => token >> 8 < 2);
      const content = known.flatMap((token): Node[] => [
        { token, content: ["x"] },
        { token, content: [] },
      ]);
      const root = { token: page0("SyncML"), content: [{ token: page0("SyncBody"), content }] };
      // Its NextNonce is decoded from Base64 and encoded again.
      const nonce = /<NextNonce>[^<]*<\/NextNonce>/;
      const expected = toXml(root).replace(nonce, "");
      expect(decode(writeDocument(root)).replace(nonce, "")).toBe(expected);
    });

    it("random documents with text, bytes and numbers", () => {
      const below = numbers(11);
      const names = ["Item", "Meta", "Data", "LocURI", "Target", "Status", "Cmd"];
      const types = ["Format", "Type", "Mark", "Size"];
      const texts = ["./a/b", "é€ & <x>", "chr", "0", " x "];
      const node = (depth: number): Node => {
        const isMeta = below(4) === 0;
        const token = isMeta ? page1(types[below(4)]!) : page0(names[below(names.length)]!);
        if (below(5) === 0) return { token, content: [] };
        if (depth === 0 || isMeta) {
          const text = texts[below(texts.length)]!;
          return { token, content: [[text, Buffer.from(text), below(2 ** 31)][below(3)]!] };
        }
        return { token, content: Array.from({ length: 1 + below(4) }, () => node(depth - 1)) };
      };
      for (let round = 0; round < 20; round++) {
        const root = { token: page0("SyncML"), content: [node(3), node(2)] };
        expect(decode(writeDocument(root)), `round ${round}`).toBe(toXml(root));
      }
    });
  });
});
