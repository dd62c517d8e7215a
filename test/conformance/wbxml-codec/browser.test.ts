// The subpath ./wbxml where there is no Node: bundled for a browser, in a realm that has only what
// browsers have.
import { readFile } from "node:fs/promises";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { Wbxml } from "../../../host/wbxml/index.ts";
import { loadCodec } from "../../helpers/codec.ts";
import { fromHex, samples, toHex } from "../../helpers/wbxml.ts";

const WEB = { WebAssembly, TextEncoder, TextDecoder, atob, btoa };
const MESSAGE = samples.find(({ id }) => id === "S12")!;

describe("./wbxml in a browser", () => {
  let bundled: typeof Wbxml;

  beforeAll(async () => {
    await loadCodec("release");
    const { outputFiles } = await build({
      entryPoints: ["host/wbxml/index.ts"],
      bundle: true, platform: "browser", format: "iife", globalName: "scomo", write: false,
    });
    const context = createContext({ ...WEB });
    bundled = runInContext(`${outputFiles[0]!.text}; scomo.Wbxml`, context) as typeof Wbxml;
  });

  it("bundle: decodes, encodes and annotates without anything of Node", async () => {
    const wbxml = await bundled.load(await readFile("build/wbxml.wasm"));
    const here = await loadCodec("release");
    const bytes = fromHex(MESSAGE.hex);
    expect(wbxml.decode(bytes)).toBe(here.decode(bytes));
    expect(toHex(wbxml.encode(MESSAGE.xml!))).toBe(MESSAGE.hex);
    expect(wbxml.events(bytes).parts.length).toBe(here.events(bytes).parts.length);
  });

  it("load: takes a compiled module as well, and nothing but wbxml.wasm", async () => {
    const module = await WebAssembly.compile(await readFile("build/wbxml.wasm"));
    expect((await Wbxml.load(module)).decode(fromHex(MESSAGE.hex))).toContain("<MgmtTree");
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    for (const source of [empty, new Uint8Array(4)]) {
      await expect(Wbxml.load(source)).rejects.toMatchObject({ code: "DM_CORE" });
    }
  });

  it("wbxml.wasm: imports nothing, and its memory never grows", async () => {
    const module = await WebAssembly.compile(await readFile("build/wbxml.wasm"));
    expect(WebAssembly.Module.imports(module)).toEqual([]);
    const { exports } = await WebAssembly.instantiate(module, {});
    expect(() => (exports["memory"] as WebAssembly.Memory).grow(1)).toThrow(RangeError);
  });
});
