// Fingerprints of areas that follow a change at the cost of its own bytes: the exclusive or of a
// number for each place and byte. Erased places count as nothing.

export { randomOf } from "../../host/storage/cuttable.ts";

const ERASED = 0xff;
const LOW_BITS = 21;

/** Two lanes of 32 bits, side by side. */
export interface Lanes {
  a: number;
  b: number;
}

/** Both lanes as one number of 53 bits. */
export const printOf = ({ a, b }: Lanes): number =>
  (a >>> 0) * 2 ** LOW_BITS + (b & (2 ** LOW_BITS - 1));

/** Takes `byte` at `place` of `area` into the lanes, or out of them again. */
export function toggle(lanes: Lanes, area: number, place: number, byte: number): void {
  if (byte === ERASED) return;
  const seed = Math.imul(place + 1, 0x9e3779b1) ^ Math.imul(byte + 1 + (area << 8), 0x85ebca77);
  let a = Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d);
  a = Math.imul(a ^ (a >>> 12), 0x297a2d39);
  let b = Math.imul(seed ^ (place << 16) ^ (byte << 3) ^ (seed >>> 13), 0x7feb352d);
  b = Math.imul(b ^ (b >>> 15), 0x846ca68b);
  lanes.a ^= a ^ (a >>> 15);
  lanes.b ^= b ^ (b >>> 16);
}

export function lanesOf(area: number, bytes: Uint8Array): Lanes {
  const lanes = { a: 0, b: 0 };
  for (let place = 0; place < bytes.length; place++) {
    const byte = bytes[place]!;
    if (byte !== ERASED) toggle(lanes, area, place, byte);
  }
  return lanes;
}

/** What changes in the lanes when `bytes` are put at `offset` over `held`. */
export function lanesOfWrite(
  area: number, held: Uint8Array, offset: number, bytes: Uint8Array,
): Lanes {
  const lanes = { a: 0, b: 0 };
  for (let i = 0; i < bytes.length; i++) {
    toggle(lanes, area, offset + i, held[offset + i]!);
    toggle(lanes, area, offset + i, bytes[i]!);
  }
  return lanes;
}

/** Numbers by fingerprint, without an object for any of them. */
export class PrintTable {
  size = 0;
  private keys = new Float64Array(1024).fill(-1);
  private values = new Int32Array(1024);

  /** @returns -1 where there is none */
  get(print: number): number {
    const at = this.place(print);
    return this.keys[at] === print ? this.values[at]! : -1;
  }

  set(print: number, value: number): void {
    if (this.size * 2 > this.keys.length) this.grow();
    const at = this.place(print);
    if (this.keys[at] !== print) this.size++;
    this.keys[at] = print;
    this.values[at] = value;
  }

  private place(print: number): number {
    const mask = this.keys.length - 1;
    let at = (print / 2 ** LOW_BITS) & mask;
    while (this.keys[at] !== -1 && this.keys[at] !== print) at = (at + 1) & mask;
    return at;
  }

  private grow(): void {
    const { keys, values } = this;
    this.keys = new Float64Array(keys.length * 2).fill(-1);
    this.values = new Int32Array(keys.length * 2);
    this.size = 0;
    for (let i = 0; i < keys.length; i++) if (keys[i] !== -1) this.set(keys[i]!, values[i]!);
  }
}
