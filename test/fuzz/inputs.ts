// Inputs of the fuzz targets in C, made and read: test/fuzz/native/<target>.c draws them.
import { createHash } from "node:crypto";
import { Bound } from "../../assembly/abi/codes.ts";
import { type Script, SILENT } from "./drive.ts";
import { randomFrom } from "./random.ts";
import { CREDENTIAL, NONCE, OFFERED, signCheaply } from "./states.ts";

/** Wrapper of an envelope of ours, which the target makes itself, and where it ends. */
const WRAPPER_BYTES = 115;
const WRAPPER_END = 6 + WRAPPER_BYTES;
const ANSWERS_MAX = 16;

const withCount = (bytes: Uint8Array) => [Buffer.of(bytes.length, bytes.length >> 8), bytes];

// Made.

export function sessionInput(state: number, seed: number, answers: readonly Uint8Array[]): Buffer {
  const header = Buffer.of(state, seed, seed >> 8, 0);
  return Buffer.concat([header, ...answers.flatMap(withCount)]);
}

/** @param web  bits of `Web` */
export function orderedInput(file: Uint8Array, web: number): Buffer {
  const string = Buffer.from(file).subarray(WRAPPER_END + 1);
  const end = stringEnd(string);
  const head = end - (string[0] === 0x58 ? string[1]! : string.readUInt16BE(1));
  const header = Buffer.of(0, 0, 0, 0, web, file[2]! - 0xa0);
  return Buffer.concat([
    header, ...withCount(string.subarray(head, end)), ...withCount(string.subarray(end)),
  ]);
}

// Read.

/** Parts behind their lengths; the last is what is left where `count` are wanted. */
function partsOf(bytes: Buffer, count: number, hasRest: boolean): Buffer[] {
  const parts: Buffer[] = [];
  let at = 0;
  while (parts.length < count) {
    const isRest = hasRest && parts.length === count - 1;
    if (at + 2 > bytes.length && !hasRest) break;
    let length = bytes.length - at;
    if (!isRest && length >= 2) {
      length = Math.min(bytes.readUInt16LE(at), length - 2);
      at += 2;
    }
    parts.push(bytes.subarray(at, at + length));
    at += length;
  }
  return parts;
}

function scriptOf(input: Buffer): Script {
  const flags = input[3]!;
  const blockBytes = flags >> 4 ? (flags >> 4) * 64 : Bound.FetchBytes;
  const draw = randomFrom(input.readUInt16LE(1));
  return { ...SILENT, draw, cutAt: (flags & 7) - 1, blockBytes };
}

/** @returns the number of the state, and the script */
export function readSession(input: Buffer): [number, Script] {
  const answers = partsOf(input.subarray(4), ANSWERS_MAX, false);
  return [input[0]! % 3, { ...scriptOf(input), answers, object: OFFERED, elsewhere: OFFERED }];
}

export function readOrdered(input: Buffer): Script {
  const [mode, web, entries] = [input[0]!, input[4]! & 15, input[5]!];
  const parts = partsOf(input.subarray(6), 3, true);
  const [first, second, elsewhere] = parts as [Buffer, Buffer, Buffer];
  const object = mode & 1 ? first : envelope(first, second, mode, entries);
  return { ...scriptOf(input), object, elsewhere, web, isAlwaysThere: true };
}

/** @returns the notification */
export function readNotice(input: Buffer): Buffer {
  const octets = input.subarray(3);
  if (input[0]! & 1) return octets;
  const text = md5(`${CREDENTIAL.name}:${CREDENTIAL.secret}`).toString("base64");
  const trigger = md5(octets).toString("base64");
  return Buffer.concat([
    md5(Buffer.concat([Buffer.from(`${text}:`), NONCE, Buffer.from(`:${trigger}`)])), octets,
  ]);
}

const md5 = (bytes: string | Uint8Array) => createHash("md5").update(bytes).digest();
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

// Envelopes.

function stringHead(length: number): Buffer {
  if (length < 24) return Buffer.of(0x40 + length);
  return length < 256 ? Buffer.of(0x58, length) : Buffer.of(0x59, length >> 8, length);
}

/** End of the byte string at the start, 0 where there is none. */
function stringEnd(bytes: Buffer): number {
  const head = bytes[0] ?? 0;
  let end = 0;
  if (head >= 0x40 && head < 0x58) end = 1 + head - 0x40;
  if (head === 0x58 && bytes.length > 1) end = 2 + bytes[1]!;
  if (head === 0x59 && bytes.length > 2) end = 3 + bytes.readUInt16BE(1);
  return end <= bytes.length ? end : 0;
}

/** Puts the digest of the text, which comes first in `rest`, where the manifest has one. */
function fixTextDigest(manifest: Buffer, rest: Buffer): void {
  const head = Buffer.of(0x17, 0x82, 0x2f, 0x58, 0x20);
  if (rest[0] !== 0x17) return;
  const end = stringEnd(rest.subarray(1));
  const last = manifest.length - head.length - 32;
  const at = last < 0 ? -1 : manifest.lastIndexOf(head, last);
  if (end > 0 && at >= 0) sha256(rest.subarray(1, 1 + end)).copy(manifest, at + head.length);
}

function envelope(content: Buffer, rest: Buffer, mode: number, entries: number): Buffer {
  const manifest = Buffer.from(content);
  if (!(mode & 2)) fixTextDigest(manifest, rest);
  const string = Buffer.concat([stringHead(manifest.length), manifest]);
  const digest = Buffer.concat([Buffer.from("5824822f5820", "hex"), sha256(string)]);
  const header = Buffer.from("43a10128", "hex");
  const signed = Buffer.concat([
    Buffer.from("846a5369676e617475726531", "hex"), header, Buffer.of(0x40), digest,
  ]);
  const wrapper = Buffer.concat([
    Buffer.of(0x82), digest, Buffer.from("584ad284", "hex"), header, Buffer.from("a0f65840", "hex"),
    signCheaply(sha256(signed)),
  ]);
  return Buffer.concat([
    Buffer.of(0xd8, 0x6b, 0xa0 + (entries % 24), 2, 0x58, WRAPPER_BYTES), wrapper, Buffer.of(3),
    string, rest,
  ]);
}
