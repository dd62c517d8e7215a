import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
} from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { BUILDS, loadModule, type TestModule } from "../../helpers/module.ts";
import * as curve from "./curve.ts";
import { BASE, N, P, type Point, type Signature } from "./curve.ts";

const SIGNATURES = 200;
const SECRET = 0xc9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721n;
const DIGEST = curve.numberOf(sha256("sample"));

/** A point of the curve whose y + p still has 256 bits. */
const LOW: Point = {
  x: 0xd7325d7646cd60d80a92738ceb345f844cffaf35841022cab176f692de8de1d7n,
  y: 5n,
};

// RFC 6979 A.2.5. A digest longer than the order counts with its leftmost 256 bits.
const RFC6979_KEY: Point = {
  x: 0x60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6n,
  y: 0x7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299n,
};
const RFC6979 = [
  {
    hash: "sha256",
    message: "sample",
    r: 0xefd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716n,
    s: 0xf7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8n,
  },
  {
    hash: "sha384",
    message: "sample",
    r: 0x0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719n,
    s: 0x4861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954n,
  },
  {
    hash: "sha512",
    message: "sample",
    r: 0x8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00n,
    s: 0x2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fen,
  },
  {
    hash: "sha256",
    message: "test",
    r: 0xf1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367n,
    s: 0x019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083n,
  },
  {
    hash: "sha512",
    message: "test",
    r: 0x461d93f31b6540894788fd206c07cfa0cc35f46fa3c91816fff1040ad1581a04n,
    s: 0x39af9f15de0db8d97e72719c74820d304ce5226e32dedae67519e840d1194e55n,
  },
];

function sha256(message: string | Uint8Array): Buffer {
  return createHash("sha256").update(message).digest();
}

function flipBit(bytes: Uint8Array, bit: number): Buffer {
  const other = Buffer.from(bytes);
  other[bit >> 3]! ^= 1 << (bit & 7);
  return other;
}

/** A signature that node:crypto made, with what it was made from. */
function signRandomly() {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x, y } = publicKey.export({ format: "jwk" });
  const message = randomBytes(40);
  return {
    key: Buffer.concat([Buffer.from(x!, "base64url"), Buffer.from(y!, "base64url")]),
    digest: sha256(message),
    signature: sign("sha256", message, { key: privateKey, dsaEncoding: "ieee-p1363" }),
  };
}

describe.each(BUILDS)("crypto/p256, %s build", (build) => {
  let module: TestModule;
  let scratch: number;

  beforeAll(async () => {
    module = await loadModule("crypto", build);
    scratch = module.exports["scratch"]();
  });

  /** At odd addresses: the core's callers have these bytes wherever a message has them. */
  function verifyBytes(key: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
    module.put(scratch + 1, key);
    module.put(scratch + 101, digest);
    module.put(scratch + 203, signature);
    return module.exports["p256Verify"](scratch + 1, scratch + 101, scratch + 203) === 1;
  }

  function verifyNumbers(key: Point, digest: bigint, signature: Signature): boolean {
    return verifyBytes(curve.keyBytes(key), curve.bytesOf(digest), curve.signatureBytes(signature));
  }

  function isOnCurve(x: bigint, y: bigint): boolean {
    module.put(scratch, curve.keyBytes({ x, y }));
    return module.exports["p256IsOnCurve"](scratch) === 1;
  }

  /** Expects the verdict of the core and that of the BigInt reference. */
  function expectVerdict(key: Point, digest: bigint, signature: Signature, verdict: boolean): void {
    expect(curve.verifies(key, digest, signature), "reference").toBe(verdict);
    expect(verifyNumbers(key, digest, signature), "core").toBe(verdict);
  }

  it.each(RFC6979)("verify: RFC 6979 A.2.5, $hash of $message, is accepted", (row) => {
    const digest = createHash(row.hash).update(row.message).digest().subarray(0, 32);
    expectVerdict(RFC6979_KEY, curve.numberOf(digest), row, true);
    expectVerdict(RFC6979_KEY, curve.numberOf(sha256("other")), row, false);
  });

  it("verify: signatures of node:crypto are accepted, and not with any bit changed", () => {
    for (let i = 0; i < SIGNATURES; i++) {
      const { key, digest, signature } = signRandomly();
      expect(verifyBytes(key, digest, signature)).toBe(true);
      const bit = (i * 7) % 256;
      expect(verifyBytes(key, digest, flipBit(signature, bit)), "r").toBe(false);
      expect(verifyBytes(key, digest, flipBit(signature, 256 + bit)), "s").toBe(false);
      expect(verifyBytes(key, flipBit(digest, bit), signature), "digest").toBe(false);
      expect(verifyBytes(flipBit(key, bit), digest, signature), "x").toBe(false);
      expect(verifyBytes(flipBit(key, 256 + bit), digest, signature), "y").toBe(false);
    }
  });

  it("verify: another key's signature is refused", () => {
    const { digest, signature } = signRandomly();
    for (let i = 0; i < 10; i++) {
      expect(verifyBytes(signRandomly().key, digest, signature)).toBe(false);
    }
  });

  it("verify: a refused signature leaves nothing behind that changes the next verdict", () => {
    const good = signRandomly();
    const zeros = new Uint8Array(64);
    expect(verifyBytes(zeros, good.digest, good.signature)).toBe(false);
    expect(verifyBytes(good.key, good.digest, good.signature)).toBe(true);
    expect(verifyBytes(good.key, good.digest, zeros)).toBe(false);
    expect(verifyBytes(good.key, good.digest, good.signature)).toBe(true);
  });

  it("verify: r and s of 0, n and above are refused", () => {
    const good = curve.sign(SECRET, DIGEST, 12345n);
    expectVerdict(RFC6979_KEY, DIGEST, good, true);
    for (const bad of [0n, N, N + 1n, P, 2n ** 256n - 1n]) {
      expectVerdict(RFC6979_KEY, DIGEST, { r: bad, s: good.s }, false);
      expectVerdict(RFC6979_KEY, DIGEST, { r: good.r, s: bad }, false);
      expectVerdict(RFC6979_KEY, DIGEST, { r: bad, s: bad }, false);
    }
  });

  it("verify: n added to a good r or s that is small enough is refused", () => {
    const x = xFrom(1n, 1n);
    const small = { r: x, s: 0x1234567n };
    const key = keyFor(curve.pointAt(x)!, DIGEST, small);
    expectVerdict(key, DIGEST, small, true);
    expectVerdict(key, DIGEST, { r: x + N, s: small.s }, false);
    // s = 1: with u1 = digest and u2 = r.
    const nonce = 99n;
    const r = curve.mod(curve.times(nonce, BASE)!.x, N);
    const digestForOne = curve.mod(nonce - r * SECRET, N);
    expectVerdict(RFC6979_KEY, digestForOne, { r, s: 1n }, true);
    expectVerdict(RFC6979_KEY, digestForOne, { r, s: N + 1n }, false);
  });

  it("verify: both s and n - s are accepted, as the standard has it", () => {
    const { r, s } = curve.sign(SECRET, DIGEST, 777n);
    expectVerdict(RFC6979_KEY, DIGEST, { r, s: N - s }, true);
    expectVerdict(RFC6979_KEY, DIGEST, { r: N - r, s }, false);
  });

  it("verify: the smallest and largest r and s are handled", () => {
    const edges = [1n, 2n, N - 1n, N - 2n, N >> 1n];
    for (const r of edges) {
      for (const s of edges) expectVerdict(RFC6979_KEY, DIGEST, { r, s }, false);
    }
  });

  it("verify: s of 1 and of n - 1 are accepted where they are right", () => {
    for (const s of [1n, 2n, N - 1n, N - 2n]) {
      const nonce = 31337n;
      const r = curve.mod(curve.times(nonce, BASE)!.x, N);
      expectVerdict(RFC6979_KEY, curve.mod(s * nonce - r * SECRET, N), { r, s }, true);
    }
  });

  it("verify: an x between n and p is compared as x - n", () => {
    const [least, greatest] = [xFrom(N + 1n, 1n), xFrom(P - 1n, -1n)];
    for (const x of [least, greatest]) {
      const signature = { r: x - N, s: 0xabcdefn };
      const key = keyFor(curve.pointAt(x)!, DIGEST, signature);
      expectVerdict(key, DIGEST, signature, true);
      expectVerdict(key, DIGEST, { r: signature.r + 1n, s: signature.s }, false);
      expect(nodeVerifies(key, "sample", signature)).toBe(true);
    }
  });

  it("verify: an r that lacks n but whose r + n is p or more is refused", () => {
    // r + n - p is the x of a point; without the test against p it would pass for r.
    const x = xFrom(1n, 1n);
    const signature = { r: x + P - N, s: 0x777n };
    expectVerdict(keyFor(curve.pointAt(x)!, DIGEST, signature), DIGEST, signature, false);
    // The same for 2^256, where r + n does not fit.
    const carried = { r: x + 2n ** 256n - N, s: 0x777n };
    expectVerdict(keyFor(curve.pointAt(x)!, DIGEST, carried), DIGEST, carried, false);
  });

  it("verify: digests of 0, 1, n and the largest are handled", () => {
    for (const digest of [0n, 1n, N - 1n, N, N + 1n, P, 2n ** 256n - 1n]) {
      const signature = curve.sign(SECRET, digest, 4242n);
      expectVerdict(RFC6979_KEY, digest, signature, true);
      expectVerdict(RFC6979_KEY, digest ^ 2n, signature, false);
    }
  });

  it("verify: keys next to the base point, which make equal and opposite sums, are handled", () => {
    for (const secret of [1n, 2n, 3n, N - 1n, N - 2n, (N + 1n) / 2n]) {
      const key = curve.times(secret, BASE)!;
      for (const nonce of [1n, 2n, 5n, N - 1n]) {
        expectVerdict(key, DIGEST, curve.sign(secret, DIGEST, nonce), true);
      }
    }
  });

  it("verify: equal factors, and a factor of 0, of base point and key are handled", () => {
    const opposite = curve.negate(BASE);
    for (const key of [RFC6979_KEY, BASE, opposite, curve.times(2n, BASE)!]) {
      for (const [baseTimes, keyTimes] of [
        [1n, 2n],
        [5n, key === opposite ? 6n : 5n],
        [0n, 1n],
        [0n, N - 1n],
        [N - 1n, N - 2n],
        [2n ** 255n, 2n ** 255n - 1n],
      ] as const) {
        const { digest, signature } = curve.forge(key, baseTimes, keyTimes);
        expectVerdict(key, digest, signature, true);
      }
    }
  });

  it("verify: a sum that is the point at infinity is refused", () => {
    // digest + r·secret = 0: whatever s is, the sum is no point.
    for (const r of [1n, 2n, DIGEST, N - 1n]) {
      for (const s of [1n, 5n, N - 1n]) {
        expectVerdict(RFC6979_KEY, curve.mod(-r * SECRET, N), { r, s }, false);
      }
    }
  });

  it("verify: a key with an x of 0 is a key like any other", () => {
    const key = curve.pointAt(0n)!;
    for (const point of [key, curve.negate(key)]) {
      const { digest, signature } = curve.forge(point, 0x123456789abcdefn, 0xfedcba987n);
      expectVerdict(point, digest, signature, true);
      expectVerdict(point, digest + 1n, signature, false);
    }
  });

  it("verify: numbers with long runs of equal bits agree with the reference", () => {
    const runs = [2n ** 32n, 2n ** 64n - 1n, 2n ** 96n, 2n ** 128n - 1n, 2n ** 224n, 2n ** 255n];
    for (const baseTimes of runs) {
      for (const keyTimes of runs) {
        const { digest, signature } = curve.forge(RFC6979_KEY, baseTimes, keyTimes);
        expectVerdict(RFC6979_KEY, digest, signature, true);
      }
    }
  });

  it("isOnCurve: points of the curve are accepted", () => {
    let point: Point | undefined;
    for (let i = 0; i < 50; i++) {
      point = curve.add(point, BASE);
      expect(isOnCurve(point!.x, point!.y)).toBe(true);
      expect(isOnCurve(point!.x, P - point!.y)).toBe(true);
    }
    const zero = curve.pointAt(0n)!;
    expect(isOnCurve(0n, zero.y)).toBe(true);
  });

  it("isOnCurve: (0, 0), a changed coordinate and exchanged coordinates are refused", () => {
    expect(isOnCurve(0n, 0n)).toBe(false);
    expect(isOnCurve(BASE.x, 0n)).toBe(false);
    expect(isOnCurve(0n, BASE.y)).toBe(false);
    expect(isOnCurve(BASE.y, BASE.x)).toBe(false);
    for (let bit = 0n; bit < 256n; bit++) {
      expect(isOnCurve(BASE.x ^ (1n << bit), BASE.y)).toBe(false);
      expect(isOnCurve(BASE.x, BASE.y ^ (1n << bit))).toBe(false);
    }
  });

  it("isOnCurve: a coordinate of p or above is refused even if it is right modulo p", () => {
    const zero = curve.pointAt(0n)!;
    expect(isOnCurve(P, zero.y)).toBe(false);
    const x = xFrom(1n, 1n);
    expect(isOnCurve(x, curve.pointAt(x)!.y)).toBe(true);
    expect(isOnCurve(x + P, curve.pointAt(x)!.y)).toBe(false);
    expect(isOnCurve(LOW.x, LOW.y)).toBe(true);
    expect(isOnCurve(LOW.x, LOW.y + P)).toBe(false);
    expect(isOnCurve(2n ** 256n - 1n, 2n ** 256n - 1n)).toBe(false);
  });

  it("verify: a key that is off the curve or too large is refused with any signature", () => {
    const signature = curve.sign(SECRET, DIGEST, 4242n);
    const { x, y } = RFC6979_KEY;
    for (const key of [
      { x: 0n, y: 0n },
      { x, y: y ^ 1n },
      { x: P, y: curve.pointAt(0n)!.y },
      { x: P + 1n, y },
    ]) {
      expect(verifyNumbers(key, DIGEST, signature)).toBe(false);
    }
  });

  it("verify: a key off the curve is refused even where the sum is the key itself", () => {
    // With a digest of 0 and r = s = x the sum is 0·BASE + 1·key, and its x is r by construction.
    const { x, y } = RFC6979_KEY;
    expectVerdict({ x, y }, 0n, { r: x, s: x }, true);
    expect(verifyNumbers({ x, y: y + 1n }, 0n, { r: x, s: x })).toBe(false);
    expect(verifyNumbers({ x, y: 1n }, 0n, { r: x, s: x })).toBe(false);
  });
});

/** A key under which the check arrives at `sum`, with the signature (r, s) for `digest`. */
function keyFor(sum: Point, digest: bigint, { r, s }: Signature): Point {
  const difference = curve.add(
    curve.times(s, sum),
    curve.negate(curve.times(curve.mod(digest, N), BASE)!),
  );
  return curve.times(curve.inverse(r, N), difference)!;
}

/** The first x from `first` on, in steps of `step`, that a point has. */
function xFrom(first: bigint, step: bigint): bigint {
  let x = first;
  while (curve.pointAt(x) === undefined) x += step;
  return x;
}

function nodeVerifies(key: Point, message: string, signature: Signature): boolean {
  const [x, y] = [key.x, key.y].map((value) => curve.bytesOf(value).toString("base64url"));
  const jwk = { kty: "EC", crv: "P-256", x: x!, y: y! };
  const publicKey = createPublicKey({ key: jwk, format: "jwk" });
  return verify(
    "sha256",
    Buffer.from(message),
    { key: publicKey, dsaEncoding: "ieee-p1363" },
    curve.signatureBytes(signature),
  );
}
