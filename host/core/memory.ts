// Reads and writes the core's linear memory. A view is made where it is used and never outlives the
// call; what leaves this folder is a copy.
import type { Block, Err, Look, Wait } from "../../assembly/abi/codes.ts";

/** The exports of the core. */
export interface Core {
  readonly memory: { readonly buffer: ArrayBufferLike };
  /** Replays the journal. Ok, Err.NotFound (no device yet), Err.Damaged or Err.Storage. */
  start(): Err;
  step(): Wait;
  resume(err: Err): void;
  /** @returns 0 go on, 1 pause, below 0 give up */
  feed(byteCount: number): number;
  /** @returns the ui-mode, 0 to 3, or an `Err` */
  notify(byteCount: number): number;
  /** @param account  0 for the first account. Ok, or Err.NotFound where there are not so many */
  connect(account: number): Err;
  /** Takes a client event of three texts from the receive buffer. */
  event(formatBytes: number, typeBytes: number, dataBytes: number): Err;
  bootstrap(byteCount: number): Err;
  /** @returns bytes put at Block.Look, 0 past the end */
  look(what: Look, index: number, offset: number): number;
}

const decoder = new TextDecoder();

/** An i32 of the block. */
export function getNumber(core: Core, address: Block | number): number {
  return new DataView(core.memory.buffer).getInt32(address, true);
}

/** Writes an i32 or u32 of the block. */
export function setNumber(core: Core, address: Block | number, value: number): void {
  new DataView(core.memory.buffer).setUint32(address, value >>> 0, true);
}

/** A copy of `byteCount` bytes at `ptr`. */
export function copyBytes(core: Core, ptr: number, byteCount: number): Uint8Array {
  return new Uint8Array(core.memory.buffer, ptr, byteCount).slice();
}

/** The text at `ptr`; bytes that are not UTF-8 become U+FFFD. */
export function copyText(core: Core, ptr: number, byteCount: number): string {
  return decoder.decode(copyBytes(core, ptr, byteCount));
}

/** The bytes at `ptr` as a text with one character for each, as a header of HTTP has them. */
export function copyByteString(core: Core, ptr: number, byteCount: number): string {
  return String.fromCharCode(...copyBytes(core, ptr, byteCount));
}

/** Copies `bytes` to `ptr`. */
export function putBytes(core: Core, ptr: number, bytes: Uint8Array): void {
  new Uint8Array(core.memory.buffer, ptr, bytes.length).set(bytes);
}

/** The text whose address stands in `address` and whose length in the word behind it. */
export function textOf(core: Core, address: Block | number): string {
  return copyText(core, getNumber(core, address), getNumber(core, address + 4));
}
