import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { BUILDS, loadModule, type TestModule } from "../../helpers/module.ts";

// RFC 3720 B.4; its bytes are the value's, the least first.
const COUNT_UP = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
const READ_COMMAND = Buffer.from(
  "01c00000000000000000000000000000" +
    "14000000000004000000001400000018" +
    "28000000000000000200000000000000",
  "hex",
);
const VECTORS = [
  ["32 zeros", Buffer.alloc(32), 0x8a9136aa],
  ["32 ones", Buffer.alloc(32, 0xff), 0x62a8ab43],
  ["32 rising", COUNT_UP, 0x46dd794e],
  ["32 falling", Buffer.from(COUNT_UP).reverse(), 0x113fdb5c],
  ["an iSCSI Read", READ_COMMAND, 0xd9963a56],
  ["the check of the catalogue, 123456789", Buffer.from("123456789"), 0xe3069283],
  ["nothing", Buffer.alloc(0), 0],
] as const;

/** Long division of polynomials by 0x11EDC6F41, each byte's least bit first, as §12.1 has it. */
function divide(bytes: Uint8Array): number {
  const bits = [...bytes].flatMap((byte) => Array.from({ length: 8 }, (_, i) => (byte >> i) & 1));
  const dividend = [...bits, ...Array<number>(32).fill(0)];
  for (let i = 0; i < 32; i++) dividend[i]! ^= 1;
  for (let i = 0; i < bits.length; i++) {
    if (dividend[i] === 0) continue;
    for (let j = 0; j <= 32; j++) dividend[i + j]! ^= Number((0x11edc6f41n >> BigInt(32 - j)) & 1n);
  }
  const remainder = dividend.slice(bits.length);
  return remainder.reduce((value, bit, i) => value + (bit ^ 1) * 2 ** i, 0);
}

describe.each(BUILDS)("journal/crc32c, %s build", (build) => {
  let module: TestModule;
  let scratch: number;

  beforeAll(async () => {
    module = await loadModule("crypto", build);
    scratch = module.exports["scratch"]();
  });

  function update(state: number, bytes: Uint8Array): number {
    module.put(scratch, bytes);
    return module.exports["crc32cUpdate"](state, scratch, bytes.length);
  }

  function crc(...pieces: readonly Uint8Array[]): number {
    return ~pieces.reduce(update, -1) >>> 0;
  }

  it.each(VECTORS)("update: %s has the published value", (_, bytes, value) => {
    expect(crc(bytes)).toBe(value);
  });

  it("update: random bytes of every length from 0 to 100 agree with long division", () => {
    for (let byteCount = 0; byteCount <= 100; byteCount++) {
      const bytes = randomBytes(byteCount);
      expect(crc(bytes), bytes.toString("hex")).toBe(divide(bytes));
    }
  });

  it("update: pieces give what the whole gives, wherever it is cut", () => {
    const bytes = randomBytes(80);
    const whole = crc(bytes);
    for (let cut = 0; cut <= 80; cut++) {
      expect(crc(bytes.subarray(0, cut), bytes.subarray(cut))).toBe(whole);
    }
  });

  it("update: the state is neither inverted before nor after", () => {
    expect(update(0, Buffer.alloc(16))).toBe(0);
    expect(update(0x12345678, Buffer.alloc(0))).toBe(0x12345678);
  });
});
