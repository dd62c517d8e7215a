// Reads the sections of a WebAssembly module that the size table and the module rules look at.
// WebAssembly Core 1.0 §5 (binary format); the name section is its appendix.

export interface WasmModule {
  readonly types: readonly FunctionType[];
  readonly imports: readonly Import[];
  readonly exports: readonly Export[];
  /** Globals defined in the module, imported ones not among them. */
  readonly globals: readonly Global[];
  readonly memories: readonly { min: number; max: number | undefined }[];
  /** Functions defined in the module, in order; the first has the index `importedFunctionCount`. */
  readonly functions: readonly { type: FunctionType; bodyBytes: number }[];
  readonly importedFunctionCount: number;
  /** Functions that tables hold, or a start function: 0 in a module without. */
  readonly tableCount: number;
  readonly hasStart: boolean;
  readonly dataBytes: number;
  /** Function index to name; empty without a name section. */
  readonly names: ReadonlyMap<number, string>;
  readonly sectionBytes: ReadonlyMap<number, number>;
}

export interface FunctionType {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly kind: number;
  readonly type: FunctionType | undefined;
}

export interface Export {
  readonly name: string;
  readonly kind: number;
  readonly index: number;
}

export interface Global {
  readonly type: number;
  readonly isMutable: boolean;
  /** Value of an `i32.const` initialiser. */
  readonly value: number | undefined;
}

export const I32 = 0x7f;
export const enum Kind {
  Function = 0,
  Table = 1,
  Memory = 2,
  Global = 3,
}
export const enum Section {
  Custom = 0,
  Type = 1,
  Import = 2,
  Function = 3,
  Table = 4,
  Memory = 5,
  Global = 6,
  Export = 7,
  Start = 8,
  Element = 9,
  Code = 10,
  Data = 11,
  DataCount = 12,
}

const HEADER_BYTES = 8;
const I32_CONST = 0x41;
const END = 0x0b;
const FUNCTION_NAMES = 1;

class Reader {
  offset = 0;
  constructor(readonly bytes: Uint8Array) {}

  get isAtEnd(): boolean {
    return this.offset >= this.bytes.length;
  }

  u8(): number {
    const byte = this.bytes[this.offset++];
    if (byte === undefined) throw new Error(`the module ends at ${this.offset}`);
    return byte;
  }

  u32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  i32(): number {
    let value = 0;
    let shift = 0;
    for (;;) {
      const byte = this.u8();
      value |= (byte & 0x7f) << shift;
      shift += 7;
      if (byte < 0x80) return shift < 32 && byte & 0x40 ? value | (-1 << shift) : value;
    }
  }

  take(byteCount: number): Reader {
    this.offset += byteCount;
    return new Reader(this.bytes.subarray(this.offset - byteCount, this.offset));
  }

  text(): string {
    return new TextDecoder().decode(this.take(this.u32()).bytes);
  }

  list<T>(item: () => T): T[] {
    return Array.from({ length: this.u32() }, item);
  }
}

export function parseWasm(bytes: Uint8Array): WasmModule {
  const sections = splitSections(bytes);
  const section = <T,>(id: Section, item: (reader: Reader) => T): T[] => {
    const reader = new Reader(sections.get(id) ?? Uint8Array.of(0));
    return reader.list(() => item(reader));
  };

  const types = section(Section.Type, readFunctionType);
  const imports = section(Section.Import, (reader) => readImport(reader, types));
  const functionTypes = section(Section.Function, (reader) => types[reader.u32()]!);
  const bodies = section(Section.Code, (reader) => reader.take(reader.u32()).bytes.length);
  return {
    types,
    imports,
    exports: section(Section.Export, (reader) => ({
      name: reader.text(),
      kind: reader.u8(),
      index: reader.u32(),
    })),
    globals: section(Section.Global, readGlobal),
    memories: section(Section.Memory, readLimits),
    functions: functionTypes.map((type, index) => ({ type, bodyBytes: bodies[index]! })),
    importedFunctionCount: imports.filter((entry) => entry.kind === Kind.Function).length,
    tableCount: section(Section.Table, (reader) => (reader.u8(), readLimits(reader))).length,
    hasStart: sections.has(Section.Start),
    dataBytes: section(Section.Data, readDataBytes).reduce((sum, count) => sum + count, 0),
    names: readNames(bytes),
    sectionBytes: new Map([...sections].map(([id, content]) => [id, content.length])),
  };
}

function splitSections(bytes: Uint8Array): Map<number, Uint8Array> {
  const sections = new Map<number, Uint8Array>();
  const reader = new Reader(bytes);
  reader.take(HEADER_BYTES);
  while (!reader.isAtEnd) {
    const id = reader.u8();
    const content = reader.take(reader.u32()).bytes;
    if (id !== Section.Custom) sections.set(id, content);
  }
  return sections;
}

function readFunctionType(reader: Reader): FunctionType {
  reader.u8(); // 0x60, the only form
  return { parameters: reader.list(() => reader.u8()), results: reader.list(() => reader.u8()) };
}

function readImport(reader: Reader, types: readonly FunctionType[]): Import {
  const [module, name, kind] = [reader.text(), reader.text(), reader.u8()];
  let type: FunctionType | undefined;
  if (kind === Kind.Function) type = types[reader.u32()];
  if (kind === Kind.Table) reader.u8();
  if (kind === Kind.Table || kind === Kind.Memory) readLimits(reader);
  if (kind === Kind.Global) reader.take(2);
  return { module, name, kind, type };
}

function readLimits(reader: Reader): { min: number; max: number | undefined } {
  const hasMax = (reader.u8() & 1) === 1;
  return { min: reader.u32(), max: hasMax ? reader.u32() : undefined };
}

function readGlobal(reader: Reader): Global {
  const [type, isMutable] = [reader.u8(), reader.u8() === 1];
  return { type, isMutable, value: readConstant(reader) };
}

/** A constant expression; only `i32.const` has a value here, any other is skipped to its end. */
function readConstant(reader: Reader): number | undefined {
  if (reader.u8() !== I32_CONST) {
    while (reader.u8() !== END);
    return undefined;
  }
  const value = reader.i32();
  reader.u8(); // END
  return value;
}

function readDataBytes(reader: Reader): number {
  const flags = reader.u32();
  if (flags === 2) reader.u32();
  if (flags !== 1) readConstant(reader);
  return reader.take(reader.u32()).bytes.length;
}

function readNames(bytes: Uint8Array): Map<number, string> {
  const reader = new Reader(bytes);
  reader.take(HEADER_BYTES);
  while (!reader.isAtEnd) {
    const id = reader.u8();
    const content = reader.take(reader.u32());
    if (id !== Section.Custom || content.text() !== "name") continue;
    while (!content.isAtEnd) {
      const kind = content.u8();
      const part = content.take(content.u32());
      if (kind === FUNCTION_NAMES) return new Map(part.list(() => [part.u32(), part.text()]));
    }
  }
  return new Map();
}
