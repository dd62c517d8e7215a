// What hosts ask of the built core: firmware, engines without floating point, engines that back
// less than a page.
import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import wabt from "wabt";
import { type FunctionType, I32, Kind, parseWasm, type WasmModule } from "../helpers/wasm.ts";

/** The interface of the core; a host that finds another name was built for another core. */
const EXPORTS = [
  ...["__data_end", "__heap_base", "bootstrap", "connect", "event", "feed", "look", "memory"],
  ...["notify", "resume", "start", "step"],
];
const IMPORTS = ["jErase", "jRead", "jWrite", "random", "sErase", "sRead", "sWrite"];

/** Functions that may stand on the stack at once; the C host stops the core at 40. */
const CALL_DEPTH_MAX = 32;

describe.each(["core.wasm", "core.debug.wasm"])("module %s", (file) => {
  let module: WasmModule;
  let functions: Map<string, string[]>;

  beforeAll(async () => {
    const bytes = await readFile(`build/${file}`);
    module = parseWasm(bytes);
    functions = await disassemble(bytes);
  });

  /** Instructions of the module that `pattern` matches, each with the function it stands in. */
  function instructions(pattern: RegExp): string[] {
    return [...functions].flatMap(([name, body]) =>
      body.filter((line) => pattern.test(line)).map((line) => `${name}: ${line}`),
    );
  }

  it("memory: one page, never more", () => {
    expect(module.memories).toEqual([{ min: 1, max: 1 }]);
    expect(instructions(/^memory\.(grow|size)/)).toEqual([]);
  });

  it("arithmetic: no floating point, no 64-bit division", () => {
    expect(instructions(/^(f32|f64)\.|\.trunc_f|^i64\.(div|rem)/)).toEqual([]);
    expect(module.globals.filter(({ type }) => type !== I32 && type !== 0x7e)).toEqual([]);
  });

  it("imports: functions of the host, i32 only", () => {
    const own = module.imports.filter((entry) => entry.module !== "env");
    expect(own.map((entry) => entry.module)).toEqual(own.map(() => "host"));
    expect(own.map((entry) => entry.name).sort()).toEqual(IMPORTS);
    expect(own.filter((entry) => entry.type === undefined || !isI32(entry.type))).toEqual([]);
  });

  it("exports: the names of the interface, i32 only", () => {
    expect(module.exports.map((entry) => entry.name).sort()).toEqual(EXPORTS);
    const wide = module.exports
      .filter((entry) => entry.kind === Kind.Function)
      .filter((entry) => {
        const defined = module.functions[entry.index - module.importedFunctionCount];
        return defined === undefined || !isI32(defined.type);
      });
    expect(wide).toEqual([]);
  });

  it("__heap_base, __data_end: immutable i32 constants", () => {
    for (const name of ["__heap_base", "__data_end"]) {
      const found = module.exports.find((entry) => entry.name === name);
      expect(found).toMatchObject({ kind: Kind.Global });
      expect(module.globals[found!.index]).toMatchObject({ type: I32, isMutable: false });
      expect(module.globals[found!.index]!.value).toBeGreaterThan(0);
    }
  });

  it("calls: no recursion, and the deepest chain stays below the C host's bound", () => {
    const depths = new Map<string, number>();
    const path: string[] = [];
    const depthOf = (name: string): number => {
      if (path.includes(name)) throw new Error(`recursion: ${[...path, name].join(" > ")}`);
      const known = depths.get(name);
      if (known !== undefined) return known;
      path.push(name);
      const callees = calleesOf(functions.get(name) ?? []);
      const depth = 1 + Math.max(0, ...callees.map(depthOf));
      path.pop();
      depths.set(name, depth);
      return depth;
    };
    const deepest = Math.max(...[...functions.keys()].map(depthOf));
    expect(deepest).toBeLessThanOrEqual(CALL_DEPTH_MAX);
  });
});

describe("module core.wasm", () => {
  let bytes: Buffer;

  beforeAll(async () => {
    bytes = await readFile("build/core.wasm");
  });

  it("tables: none, and no indirect call", async () => {
    const bodies = [...(await disassemble(bytes)).values()].flat();
    expect(bodies.filter((line) => line.startsWith("call_indirect"))).toEqual([]);
    expect(parseWasm(bytes).tableCount).toBe(0);
  });

  it("allocation: no allocator and no collector is in the module", async () => {
    const { names } = parseWasm(await readFile("build/core.names.wasm"));
    expect(names.size).toBeGreaterThan(0);
    expect([...names.values()].filter((name) => name.startsWith("~lib/rt"))).toEqual([]);
  });

  it("imports: nothing but the host's functions", () => {
    expect(parseWasm(bytes).imports.filter((entry) => entry.module !== "host")).toEqual([]);
  });
});

describe("rules", () => {
  it("disassemble: sees instructions, calls and the functions they stand in", async () => {
    const text = `(module (memory 1) (table 1 funcref) (elem (i32.const 0) $b) (type $t (func))
      (func $a (call $b))
      (func $b (drop (memory.grow (i32.trunc_f32_s (f32.load (i32.const 0))))) (call $a))
      (func $c (if (i64.eqz (i64.div_s (i64.const 1) (i64.const 1)))
        (then (call_indirect (type $t) (i32.const 0)))) (call $c)))`;
    const { parseWat } = await wabt();
    const binary = parseWat("rules.wat", text).toBinary({ write_debug_names: true });
    const functions = await disassemble(binary.buffer);
    expect(calleesOf(functions.get("$a")!)).toEqual(["$b"]);
    expect(calleesOf(functions.get("$b")!)).toEqual(["$a"]);
    expect(calleesOf(functions.get("$c")!)).toEqual(["$c"]);
    const words = [...functions.values()].flat().map((line) => line.split(" ")[0]);
    const expected = ["memory.grow", "f32.load", "i32.trunc_f32_s", "i64.div_s", "call_indirect"];
    expect(words).toEqual(expect.arrayContaining(expected));
  });
});

function isI32({ parameters, results }: FunctionType): boolean {
  return [...parameters, ...results].every((type) => type === I32);
}

/** The instructions of each function by its name, one line each, without indentation. */
async function disassemble(bytes: Uint8Array): Promise<Map<string, string[]>> {
  const { readWasm } = await wabt();
  const module = readWasm(bytes, { readDebugNames: true });
  module.generateNames();
  module.applyNames();
  const text = module.toText({ foldExprs: false, inlineExport: false });
  module.destroy();
  const functions = new Map<string, string[]>();
  let body: string[] = [];
  for (const line of text.split("\n")) {
    const name = /^ {2}\(func (\S+)/.exec(line)?.[1];
    if (name !== undefined) {
      body = [];
      functions.set(name, body);
    } else if (line.startsWith("    ")) {
      body.push(line.trim());
    }
  }
  return functions;
}

function calleesOf(body: readonly string[]): string[] {
  return body.flatMap((line) => /^call (\S+?)\)*$/.exec(line)?.[1] ?? []);
}
