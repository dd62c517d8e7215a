// A device that goes back to a point: memory, globals and storage as they were then. An instance
// costs more than most messages, so tests with very many cases make one and rewind it.
import { readFileSync } from "node:fs";
import binaryen from "assemblyscript/binaryen";
import { Block, Bound, Err, Look } from "../../assembly/abi/codes.ts";
import { type Core, getNumber } from "../../host/core/memory.ts";
import { type StartBlock, writeStart } from "../../host/core/requests.ts";
import type { Build } from "./module.ts";
import { coreFile } from "./device.ts";

const ERASED = 0xff;
const REGIONS = 2;

/** Contents of a storage: journal regions 0 and 1, then the slots. */
export type Areas = readonly Uint8Array[];

/** What a device was at one time. */
export interface Point {
  readonly memory: Uint8Array;
  readonly globals: readonly (number | bigint)[];
  readonly areas: Areas;
  readonly durable: Areas;
  readonly randoms: number;
}

interface Global {
  value: number | bigint;
}

const modules = new Map<Build, WebAssembly.Module>();

/** The core, its globals exported as well: nothing else differs. */
function compiled(build: Build): WebAssembly.Module {
  const known = modules.get(build);
  if (known !== undefined) return known;
  const source = binaryen.readBinary(readFileSync(coreFile(build)));
  for (let index = 0; index < source.getNumGlobals(); index++) {
    const { name, mutable } = binaryen.getGlobalInfo(source.getGlobalByIndex(index));
    if (mutable) source.addGlobalExport(name, `global ${index}`);
  }
  const module = new WebAssembly.Module(source.emitBinary() as Uint8Array<ArrayBuffer>);
  source.dispose();
  modules.set(build, module);
  return module;
}

export class Rewind {
  readonly core: Core;
  /** Areas that were written or erased since the last `restore`, a bit each. */
  changed = 0;
  /** Octets for the core: the same ones after the same `restore`. */
  randoms = 0;
  private readonly areas: Uint8Array[];
  private readonly durable: Uint8Array[];
  /** Areas that differ from what is durable. */
  private loose = 0;
  private readonly memory: Uint8Array;
  private readonly globals: Global[];
  /** The instance before its `start`. */
  private readonly off: Point;

  constructor(build: Build, start: StartBlock, areas: Areas) {
    this.areas = areas.map((area) => area.slice());
    this.durable = areas.map((area) => area.slice());
    const { exports } = new WebAssembly.Instance(compiled(build), this.imports());
    this.core = exports as unknown as Core;
    this.memory = new Uint8Array(this.core.memory.buffer as ArrayBuffer);
    this.globals = Object.entries(exports)
      .filter(([name]) => name.startsWith("global "))
      .map(([, global]) => global as unknown as Global);
    writeStart(this.core, start);
    this.off = this.save();
  }

  // Power.

  /** Starts again on what is there, as a new instance would. */
  boot(): Err {
    this.memory.set(this.off.memory);
    this.setGlobals(this.off.globals);
    return this.core.start();
  }

  /** Everything up to here survives a `cut`. */
  barrier(): void {
    for (let area = 0; this.loose >> area !== 0; area++) {
      if ((this.loose >> area) & 1) this.durable[area]!.set(this.areas[area]!);
    }
    this.loose = 0;
  }

  /** Loses what was not durable and starts again. */
  cut(): Err {
    for (let area = 0; this.loose >> area !== 0; area++) {
      if ((this.loose >> area) & 1) this.areas[area]!.set(this.durable[area]!);
    }
    this.loose = 0;
    return this.boot();
  }

  // Points.

  save(): Point {
    return {
      memory: this.memory.slice(), globals: this.globals.map(({ value }) => value),
      areas: this.areas.map((area) => area.slice()),
      durable: this.durable.map((area) => area.slice()),
      randoms: this.randoms,
    };
  }

  /** @param isOther  another point than that of the last `restore` */
  restore(point: Point, isOther = true): void {
    this.memory.set(point.memory);
    this.setGlobals(point.globals);
    for (const [area, held] of this.areas.entries()) {
      if (!isOther && !((this.changed >> area) & 1)) continue;
      held.set(point.areas[area]!);
      this.durable[area]!.set(point.durable[area]!);
    }
    this.changed = 0;
    this.loose = 0;
    this.randoms = point.randoms;
  }

  // What is seen.

  /** All items of a kind as `look` shows them. */
  look(what: Look): Buffer[] {
    const items: Buffer[] = [];
    for (;;) {
      const item = this.lookAt(what, items.length);
      if (item.length === 0) return items;
      items.push(item);
    }
  }

  private lookAt(what: Look, index: number): Buffer {
    const windows: Uint8Array[] = [];
    let bytes = 0;
    for (let count: number = Bound.LookBytes; count === Bound.LookBytes; bytes += count) {
      count = this.core.look(what, index, bytes);
      if (count < 0) throw new Error(`look(${what}, ${index}, ${bytes}) answers ${count}`);
      windows.push(this.memory.slice(Block.Look, Block.Look + count));
    }
    return Buffer.concat(windows);
  }

  /** An argument of the last reason. */
  argument(index: number): number {
    return getNumber(this.core, Block.Arg0 + 4 * index);
  }

  private setGlobals(values: readonly (number | bigint)[]): void {
    for (const [index, global] of this.globals.entries()) {
      const value = values[index]!;
      if (global.value !== value) global.value = value;
    }
  }

  // Storage.

  private imports(): WebAssembly.Imports {
    const calls = (first: number) => ({
      read: (area: number, offset: number, ptr: number, byteCount: number) => {
        const held = this.area(first + area, offset, byteCount);
        const { memory } = this;
        for (let i = 0; i < byteCount; i++) memory[ptr + i] = held[offset + i]!;
        return Err.Ok;
      },
      write: (area: number, offset: number, ptr: number, byteCount: number) => {
        const held = this.area(first + area, offset, byteCount);
        this.touch(first + area);
        for (let i = 0; i < byteCount; i++) {
          if (held[offset + i] !== ERASED) throw new Error(`area ${area} written twice`);
          held[offset + i] = this.memory[ptr + i]!;
        }
        return Err.Ok;
      },
      erase: (area: number) => {
        this.area(first + area, 0, 0).fill(ERASED);
        this.touch(first + area);
        return Err.Ok;
      },
    });
    const [journal, slots] = [calls(0), calls(REGIONS)];
    const random = (ptr: number, byteCount: number) => {
      for (let i = 0; i < byteCount; i++) this.memory[ptr + i] = Math.imul(++this.randoms, 37);
      return Err.Ok;
    };
    const abort = (_text: number, _file: number, line: number, column: number): never => {
      throw new Error(`an assertion of the core failed at ${line}:${column}`);
    };
    return {
      host: {
        jRead: journal.read, jWrite: journal.write, jErase: journal.erase,
        sRead: slots.read, sWrite: slots.write, sErase: slots.erase, random,
      },
      env: { abort },
    };
  }

  private area(area: number, offset: number, byteCount: number): Uint8Array {
    const held = this.areas[area];
    if (held !== undefined && offset >= 0 && offset + byteCount <= held.length) return held;
    throw new Error(`${byteCount} bytes at ${offset} of area ${area}: there is no such place`);
  }

  private touch(area: number): void {
    this.changed |= 1 << area;
    this.loose |= 1 << area;
  }
}
