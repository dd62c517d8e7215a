// Makes an instance of wbxml.wasm and moves bytes in and out of its memory; what leaves is a copy.
import { Err } from "../../assembly/abi/codes.ts";
import { asDmError, DmError } from "../errors.ts";

/** What one step of the reader was. */
export const enum Step {
  /** A SWITCH_PAGE, a processing instruction, or a failure. */
  Other = 0,
  Start = 1,
  /** An END, or the end of an element without content, which takes no byte. */
  End = 2,
  Text = 3,
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBufferLike };
  input(): number;
  output(): number;
  capacity(): number;
  open(byteCount: number, reserved: number): Err;
  check(depthMax: number, elementsMax: number): Err;
  step(): Step;
  readerError(): Err;
  tokenAt(): number;
  position(): number;
  tag(): number;
  text(): number;
  textBytes(): number;
  isOpaque(): number;
  publicId(): number;
  begin(headerBytes: number): void;
  start(token: number): void;
  empty(token: number): void;
  put(byteCount: number, isOpaque: number): void;
  end(): void;
  written(): number;
  writerError(): Err;
}

const FUNCTIONS =
  "input output capacity open check step readerError tokenAt position tag text textBytes " +
  "isOpaque publicId begin start empty put end written writerError";

/** The codec of the core's sources on its own. Reading and writing do not disturb each other. */
export class WbxmlModule {
  private constructor(private readonly exports: Exports) {}

  /**
   * Compiles and instantiates wbxml.wasm.
   *
   * @fails DM_CORE  the bytes are no WebAssembly module, or another one
   */
  static async load(source: BufferSource | WebAssembly.Module): Promise<WbxmlModule> {
    // Only the debug build imports this: an `assert` that failed.
    const abort = (_message: number, _file: number, line: number, column: number) => {
      throw new DmError("DM_CORE", `an assertion of the codec failed at ${line}:${column}`);
    };
    try {
      const isModule = source instanceof WebAssembly.Module;
      const module = isModule ? source : await WebAssembly.compile(source);
      const { exports } = await WebAssembly.instantiate(module, { env: { abort } });
      const missing = FUNCTIONS.split(" ").filter((name) => typeof exports[name] !== "function");
      if (!exports["memory"] || missing.length > 0) {
        throw new DmError("DM_CORE", `this module is no codec: it lacks ${missing.join(", ")}`);
      }
      return new WbxmlModule(exports as unknown as Exports);
    } catch (error) {
      throw asDmError(error, "DM_CORE", "loading the WBXML codec");
    }
  }

  /** Bytes that a document may have, and what is made of it. */
  get capacity(): number {
    return this.exports.capacity();
  }

  // Reading.

  /**
   * Copies a document of at most `capacity` bytes and reads its header.
   *
   * @param reserved  the token of no element
   */
  open(bytes: Uint8Array, reserved: number): Err {
    this.putInput(bytes);
    return this.exports.open(bytes.length, reserved);
  }

  /** Walks the body that follows; the document must be opened again before `step`. */
  check(depthMax: number, elementsMax: number): Err {
    return this.exports.check(depthMax, elementsMax);
  }

  step(): Step {
    return this.exports.step();
  }

  get error(): Err {
    return this.exports.readerError();
  }

  /** Offset of the token that was read last, or of the first byte past the document's end. */
  get tokenAt(): number {
    return this.exports.tokenAt();
  }

  /** Offset of the next unread byte. */
  get position(): number {
    return this.exports.position();
  }

  /** Token of the element that was started last, `page << 8 | tag`. */
  get tag(): number {
    return this.exports.tag();
  }

  /** Registered number of the document's type; 0: after `open`, `text` is its identifier. */
  get publicId(): number {
    return this.exports.publicId() >>> 0;
  }

  text(): Uint8Array {
    const { memory, text, textBytes } = this.exports;
    return new Uint8Array(memory.buffer, text(), textBytes()).slice();
  }

  get isOpaque(): boolean {
    return this.exports.isOpaque() !== 0;
  }

  // Writing.

  /** Begins a document with its header. */
  begin(header: Uint8Array): void {
    this.putInput(header);
    this.exports.begin(header.length);
  }

  start(token: number): void {
    this.exports.start(token);
  }

  empty(token: number): void {
    this.exports.empty(token);
  }

  /** Writes text, at most `capacity` bytes, or bytes as OPAQUE. */
  put(bytes: Uint8Array, isOpaque: boolean): void {
    this.putInput(bytes);
    this.exports.put(bytes.length, isOpaque ? 1 : 0);
  }

  end(): void {
    this.exports.end();
  }

  /** @returns the document, undefined if it has not fitted into `capacity` bytes */
  finish(): Uint8Array | undefined {
    const { memory, output, written, writerError } = this.exports;
    if (writerError() !== Err.Ok) return undefined;
    return new Uint8Array(memory.buffer, output(), written()).slice();
  }

  private putInput(bytes: Uint8Array): void {
    new Uint8Array(this.exports.memory.buffer, this.exports.input(), this.capacity).set(bytes);
  }
}
