// Changes of a few bytes to a WBXML message. Most keep the kind of the byte, a character or a
// token: others hardly ever get past the check that reads a message whole before any of it counts.
import type { Random } from "./random.ts";

const STR_I = 0x03;
const OPAQUE = 0xc3;
const HEADER_BYTES = 4;
/** `01 6B`: SyncHdr ends, SyncBody begins. */
const BODY = Buffer.of(0x01, 0x6b);
/** What URIs, numbers and ACLs are made of. */
const CHARACTERS = Buffer.from("./0123456789?=&*+-:abcdeilnoprstxADEGIRPSCOM \n");
/** One edit in so many is any byte at all. */
const WILD = 10;
/** One message in so many is cut short. */
const CUT = 10;

/** A message, and what its bytes are. */
export interface Seed {
  readonly bytes: Uint8Array;
  /** Characters and octets; what is not is a token. */
  readonly texts: readonly number[];
  readonly tokens: readonly number[];
  /** First byte of the body. */
  readonly bodyAt: number;
}

export function seedOf(bytes: Uint8Array): Seed {
  const texts: number[] = [];
  const tokens: number[] = [];
  for (let at = HEADER_BYTES; at < bytes.length; at++) {
    tokens.push(at);
    if (bytes[at] === STR_I) {
      for (at++; at < bytes.length && bytes[at] !== 0; at++) texts.push(at);
    } else if (bytes[at] === OPAQUE) {
      const end = at + 1 + (bytes[at + 1] ?? 0);
      for (at++; at < end; at++) texts.push(at + 1);
    }
  }
  return { bytes, texts, tokens, bodyAt: Math.max(0, Buffer.from(bytes).indexOf(BODY)) };
}

/** The end cut off in one case of ten, else one to four bytes changed. */
export function mutate(seed: Seed, random: Random): Uint8Array {
  const { bytes } = seed;
  if (random(CUT) === 0 || bytes.length <= HEADER_BYTES) {
    return bytes.slice(0, random(bytes.length + 1));
  }
  const changed = bytes.slice();
  const first = random(6) === 0 ? 0 : seed.bodyAt;
  for (let edits = 1 + random(4); edits > 0; edits--) edit(seed, changed, first, random);
  return changed;
}

function edit(seed: Seed, changed: Uint8Array, first: number, random: Random): void {
  const { bytes, texts, tokens } = seed;
  const pick = (places: readonly number[]) => places[random(places.length)] ?? 0;
  if (random(WILD) === 0) {
    const place = first + random(bytes.length - first);
    changed[place] = random(2) ? random(256) : changed[place]! ^ (1 << random(8));
    return;
  }
  const isText = texts.length > 0 && random(5) > 0;
  let place = pick(isText ? texts : tokens);
  for (let tries = 0; place < first && tries < 8; tries++) place = pick(isText ? texts : tokens);
  if (place < first) return;
  if (isText) changed[place] = CHARACTERS[random(CHARACTERS.length)]!;
  else changed[place] = likeToken(changed[place]!, changed[pick(tokens)]!, random);
}

/** Another token of the message, or one of the page, that has content where the old one has. */
function likeToken(token: number, other: number, random: Random): number {
  if (token < 0x40) return other;
  return random(2) && other >= 0x40 && other < 0x80 ? other : 0x45 + random(0x38);
}
