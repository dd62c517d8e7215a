import { describe, expect, it } from "vitest";
import wabt from "wabt";
import { Err } from "../../../assembly/abi/codes.ts";
import { coreLoader } from "../../../host/core/load.ts";
import { DmError } from "../../../host/errors.ts";
import { MemoryStorage } from "../../../host/storage/memory.ts";
import { bytesFrom, LAYOUT, read } from "../../suites/storage.ts";

/** A module with the core's interface; `step` runs `body`. */
async function moduleWith(body: string, ...without: string[]): Promise<Uint8Array<ArrayBuffer>> {
  const signatures: Record<string, string> = {
    start: "(result i32) i32.const 0",
    step: `(result i32) ${body}`,
    resume: "(param i32)",
    feed: "(param i32) (result i32) i32.const 0",
    notify: "(param i32) (result i32) i32.const 0",
    connect: "",
    bootstrap: "(param i32) (result i32) i32.const 0",
    look: "(param i32 i32 i32) (result i32) i32.const 0",
  };
  const four = "(param i32 i32 i32 i32) (result i32)";
  const imports = ["jRead", "jWrite", "sRead", "sWrite"]
    .map((name) => `(import "host" "${name}" (func $${name} ${four}))`)
    .concat(
      '(import "host" "jErase" (func $jErase (param i32) (result i32)))',
      '(import "host" "sErase" (func $sErase (param i32 i32) (result i32)))',
      '(import "host" "random" (func $random (param i32 i32) (result i32)))',
      '(import "env" "abort" (func $abort (param i32 i32 i32 i32)))',
    );
  const exports = Object.entries(signatures)
    .filter(([name]) => !without.includes(name))
    .map(([name, code]) => `(func (export "${name}") ${code})`);
  const text = `(module ${imports.join("\n")} (memory (export "memory") 1) ${exports.join("\n")}
    (data (i32.const 1024) "\\01\\02\\03\\04\\05\\06\\07\\08"))`;
  const tool = await wabt();
  const parsed = tool.parseWat("core.wat", text);
  return new Uint8Array(parsed.toBinary({}).buffer);
}

const call = (name: string, ...args: number[]) =>
  `(call $${name} ${args.map((value) => `(i32.const ${value})`).join(" ")})`;

async function run(body: string, storage = new MemoryStorage(LAYOUT)) {
  const failures: unknown[] = [];
  const load = await coreLoader(await moduleWith(body));
  const core = await load(storage, (error) => {
    failures.push(error);
    return Err.Storage;
  });
  return { core, storage, failures, answer: core.step() as number };
}

describe("coreLoader", () => {
  it("jWrite and sWrite: reach journal and slots, with the bytes of the memory", async () => {
    const { storage, answer } = await run(
      `(i32.add ${call("jWrite", 1, 16, 1024, 4)} ${call("sWrite", 2, 0, 1026, 3)})`,
    );
    expect(answer).toBe(Err.Ok);
    expect(read(storage, 1, 16, 5)).toEqual(Uint8Array.of(1, 2, 3, 4, 0xff));
    expect(read(storage, 4, 0, 4)).toEqual(Uint8Array.of(3, 4, 5, 0xff));
  });

  it("jRead and sRead: fill the memory where the core says", async () => {
    const storage = new MemoryStorage(LAYOUT);
    storage.write(0, 0, bytesFrom(50, 16));
    storage.write(2, 0, bytesFrom(70, 16));
    const body = `(i32.add ${call("jRead", 0, 2, 2000, 3)} ${call("sRead", 0, 1, 2003, 2)})`;
    const { core } = await run(body, storage);
    expect(new Uint8Array(core.memory.buffer, 1999, 7)).toEqual(
      Uint8Array.of(0, 52, 53, 54, 71, 72, 0),
    );
  });

  it("jErase and sErase: reach their areas", async () => {
    const storage = new MemoryStorage(LAYOUT);
    for (const area of [0, 1, 2, 3]) storage.write(area, 0, bytesFrom(1, 16));
    await run(`(i32.add ${call("jErase", 1)} ${call("sErase", 0, 0)})`, storage);
    expect([0, 1, 2, 3].map((area) => read(storage, area, 0, 1)[0])).toEqual([1, 255, 255, 1]);
  });

  it("sErase: leaves what lies before the place", async () => {
    const storage = new MemoryStorage(LAYOUT);
    storage.write(3, 0, bytesFrom(1, 16));
    await run(call("sErase", 1, 8), storage);
    expect(read(storage, 3, 0, 9)).toEqual(Uint8Array.of(...bytesFrom(1, 8), 0xff));
  });

  it("random: fills exactly what was asked for", async () => {
    const { core } = await run(call("random", 3000, 64));
    const bytes = new Uint8Array(core.memory.buffer, 2999, 66);
    expect([bytes[0], bytes[65]]).toEqual([0, 0]);
    expect(new Set(bytes.subarray(1, 65)).size).toBeGreaterThan(16);
  });

  it("a storage call that fails: answers what the host makes of it", async () => {
    const { failures, answer } = await run(call("jWrite", 1, LAYOUT.regionBytes, 1024, 4));
    expect(answer).toBe(Err.Storage);
    expect(failures).toEqual([expect.objectContaining({ code: "DM_MISUSE" })]);
  });

  it("a failure that must end the run: passes through the core", async () => {
    const load = await coreLoader(await moduleWith(call("jErase", 9)));
    const core = await load(new MemoryStorage(LAYOUT), (error) => {
      throw error;
    });
    expect(() => core.step()).toThrow(DmError);
  });

  it("an assertion of the debug build: is thrown with its place", async () => {
    await expect(run(`${call("abort", 0, 0, 12, 3)} (i32.const 0)`)).rejects.toMatchObject({
      code: "DM_CORE",
      message: expect.stringContaining("12:3"),
    });
  });

  it("a compiled module: is taken as it is, and each load is an instance of its own", async () => {
    const module = await WebAssembly.compile(await moduleWith("(i32.const 0)"));
    const load = await coreLoader(module);
    const storage = new MemoryStorage(LAYOUT);
    const [first, second] = [await load(storage, () => 0), await load(storage, () => 0)];
    expect(first.memory).not.toBe(second.memory);
  });

  it("a module that lacks an export: is refused by its name", async () => {
    const load = await coreLoader(await moduleWith("(i32.const 0)", "look"));
    await expect(load(new MemoryStorage(LAYOUT), () => 0)).rejects.toMatchObject({
      code: "DM_CORE",
      message: expect.stringContaining("look"),
    });
  });
});
