// The curve P-256 in BigInt, the way a textbook has it: the tests' own word on what is right.
// Parameters: SP 800-186 §3.2.1.3.

export const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
export const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
export const BASE: Point = {
  x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
};

/** A point that is not the one at infinity. */
export interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

export function mod(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

export function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let square = mod(base, modulus); exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** By Euclid's algorithm. */
export function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b] = [modulus, mod(value, modulus)];
  let [x, y] = [0n, 1n];
  while (b > 0n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [x, y] = [y, x - quotient * y];
  }
  return mod(x, modulus);
}

export function negate(point: Point): Point {
  return { x: point.x, y: mod(-point.y, P) };
}

/** The point with this x and an even y, or undefined if the curve has none. */
export function pointAt(x: bigint): Point | undefined {
  const square = mod(x ** 3n - 3n * x + B, P);
  const root = power(square, (P + 1n) / 4n, P);
  if (mod(root * root, P) !== square) return undefined;
  return { x, y: root & 1n ? P - root : root };
}

/** The sum, or undefined for the point at infinity. */
export function add(a: Point | undefined, b: Point | undefined): Point | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  if (a.x === b.x && mod(a.y + b.y, P) === 0n) return undefined;
  const slope =
    a.x === b.x
      ? (3n * a.x * a.x - 3n) * inverse(2n * a.y, P)
      : (b.y - a.y) * inverse(b.x - a.x, P);
  const x = mod(slope * slope - a.x - b.x, P);
  return { x, y: mod(slope * (a.x - x) - a.y, P) };
}

export function times(count: bigint, point: Point | undefined): Point | undefined {
  let sum: Point | undefined;
  for (let bit = 255n; bit >= 0n; bit--) {
    sum = add(sum, sum);
    if ((count >> bit) & 1n) sum = add(sum, point);
  }
  return sum;
}

export interface Signature {
  readonly r: bigint;
  readonly s: bigint;
}

/** FIPS 186-5 §6.4.2 to the letter, on numbers. */
export function verifies(key: Point, digest: bigint, { r, s }: Signature): boolean {
  if (r < 1n || r >= N || s < 1n || s >= N) return false;
  const w = inverse(s, N);
  const sum = add(times(mod(digest * w, N), BASE), times(mod(r * w, N), key));
  return sum !== undefined && mod(sum.x, N) === r;
}

/** FIPS 186-5 §6.4.1 with the secret number `nonce` given. */
export function sign(secret: bigint, digest: bigint, nonce: bigint): Signature {
  const r = mod(times(nonce, BASE)!.x, N);
  return { r, s: mod(inverse(nonce, N) * (digest + r * secret), N) };
}

/**
 * A digest and signature that verify under `key` although nobody knows its secret: the point that
 * the check arrives at is baseTimes·BASE + keyTimes·key.
 */
export function forge(key: Point, baseTimes: bigint, keyTimes: bigint): Forgery {
  const r = mod(add(times(baseTimes, BASE), times(keyTimes, key))!.x, N);
  const s = mod(r * inverse(keyTimes, N), N);
  return { digest: mod(baseTimes * s, N), signature: { r, s } };
}

export interface Forgery {
  readonly digest: bigint;
  readonly signature: Signature;
}

/** 32 bytes, big-endian. */
export function bytesOf(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, "0"), "hex");
}

export function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

export function keyBytes(key: Point): Buffer {
  return Buffer.concat([bytesOf(key.x), bytesOf(key.y)]);
}

export function signatureBytes({ r, s }: Signature): Buffer {
  return Buffer.concat([bytesOf(r), bytesOf(s)]);
}
