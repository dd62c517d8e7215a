import { createHash, randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { BUILDS, CoreAbort, loadModule, type TestModule } from "../../helpers/module.ts";

const MESSAGE_BYTES_MAX = 300;

// FIPS 180-4 examples, as NIST publishes them with the standard.
const SHA256_VECTORS = [
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
] as const;

// RFC 1321 A.5.
const MD5_VECTORS = [
  ["", "d41d8cd98f00b204e9800998ecf8427e"],
  ["a", "0cc175b9c0f1b6a831c399e269772661"],
  ["abc", "900150983cd24fb0d6963f7d28e17f72"],
  ["message digest", "f96b697d7cb7938d525a2f31aaf161d0"],
  ["abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"],
  [
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    "d174ab98d277d9f5a5611c2c9f419d9f",
  ],
  [
    "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
    "57edf4a22be3c955ac49da2e2107b67a",
  ],
] as const;

const DIGESTS: readonly Digest[] = [
  { name: "sha256", digestBytes: 32, vectors: SHA256_VECTORS },
  { name: "md5", digestBytes: 16, vectors: MD5_VECTORS },
];

interface Digest {
  readonly name: "sha256" | "md5";
  readonly digestBytes: number;
  /** Message and digest. */
  readonly vectors: readonly (readonly [string, string])[];
}

describe.each(BUILDS)("crypto/sha256 and crypto/md5, %s build", (build) => {
  let module: TestModule;
  let scratch: number;

  beforeAll(async () => {
    module = await loadModule("crypto", build);
    scratch = module.exports["scratch"]();
  });

  describe.each(DIGESTS)("$name", ({ name, digestBytes, vectors }) => {
    function open(): void {
      module.exports[`${name}Open`]();
    }

    function update(bytes: Uint8Array): void {
      module.put(scratch, bytes);
      module.exports[`${name}Update`](scratch, bytes.length);
    }

    function close(): string {
      const out = scratch + 4096;
      module.put(out, new Uint8Array(digestBytes + 1).fill(0xee));
      module.exports[`${name}Close`](out);
      const written = module.bytes(out, digestBytes + 1);
      expect(written[digestBytes], "the byte after the digest").toBe(0xee);
      return Buffer.from(written.subarray(0, digestBytes)).toString("hex");
    }

    /** Feeds the message in pieces of these lengths, then the rest. */
    function digest(message: Uint8Array, pieces: readonly number[] = []): string {
      open();
      let fed = 0;
      for (const pieceBytes of [...pieces, message.length]) {
        update(message.subarray(fed, fed + pieceBytes));
        fed = Math.min(fed + pieceBytes, message.length);
      }
      return close();
    }

    const expected = (message: Uint8Array): string =>
      createHash(name).update(message).digest("hex");

    it.each(vectors)("close: '%s' has the published digest", (message, published) => {
      expect(digest(Buffer.from(message))).toBe(published);
    });

    it("close: a million times 'a' agrees with node:crypto", () => {
      open();
      for (let i = 0; i < 1000; i++) update(Buffer.alloc(1000, "a"));
      expect(close()).toBe(expected(Buffer.alloc(1_000_000, "a")));
    });

    it("close: every length from 0 to 300 agrees with node:crypto, paddings included", () => {
      for (let byteCount = 0; byteCount <= MESSAGE_BYTES_MAX; byteCount++) {
        const message = randomBytes(byteCount);
        expect(digest(message), `${byteCount} bytes`).toBe(expected(message));
      }
    });

    it("update: a message in two pieces has the same digest wherever it is cut", () => {
      for (const byteCount of [1, 55, 56, 63, 64, 65, 119, 120, 128, 129, 200]) {
        const message = randomBytes(byteCount);
        const whole = expected(message);
        for (let cut = 0; cut <= byteCount; cut++) {
          expect(digest(message, [cut]), `${byteCount} bytes cut at ${cut}`).toBe(whole);
        }
      }
    });

    it("update: a message fed byte by byte has the same digest", () => {
      for (const byteCount of [55, 56, 57, 64, 130, MESSAGE_BYTES_MAX]) {
        const message = randomBytes(byteCount);
        expect(digest(message, Array(byteCount).fill(1))).toBe(expected(message));
      }
    });

    it("update: pieces of random lengths give the same digest", () => {
      for (let round = 0; round < 200; round++) {
        const message = randomBytes(round * 7);
        const pieces = [...randomBytes(12)].map((byte) => byte >> 1);
        expect(digest(message, pieces), `pieces ${pieces.join()}`).toBe(expected(message));
      }
    });

    it("update: empty pieces change nothing", () => {
      const message = randomBytes(64);
      expect(digest(message, [0, 32, 0, 32, 0])).toBe(expected(message));
    });

    it("update: the message is only read", () => {
      const message = randomBytes(128);
      open();
      update(message);
      close();
      expect(module.bytes(scratch, 128)).toEqual(new Uint8Array(message));
    });

    it("open: a message that was not closed is forgotten", () => {
      open();
      update(randomBytes(100));
      const message = randomBytes(70);
      expect(digest(message)).toBe(expected(message));
    });

    it("open: ends a digest of the other kind", () => {
      module.exports[name === "md5" ? "sha256Open" : "md5Open"]();
      module.exports[name === "md5" ? "sha256Update" : "md5Update"](scratch, 30);
      expect(digest(Buffer.from("abc"))).toBe(expected(Buffer.from("abc")));
    });
  });

  if (build === "debug") {
    it("update and close: a digest that another `open` ended is a precondition broken", () => {
      module.exports["sha256Open"]();
      module.exports["md5Open"]();
      expect(() => module.exports["sha256Update"](scratch, 1)).toThrow(CoreAbort);
      expect(() => module.exports["sha256Close"](scratch)).toThrow(CoreAbort);
      module.exports["sha256Open"]();
      expect(() => module.exports["md5Update"](scratch, 1)).toThrow(CoreAbort);
      expect(() => module.exports["md5Close"](scratch)).toThrow(CoreAbort);
    });
  }
});
