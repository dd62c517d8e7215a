// What the rows of hostile Delivery Packages are made with: a valid package, and ways to break it.
import { Err } from "../../../assembly/abi/codes.ts";
import * as suit from "../../helpers/suit.ts";
import { bstr, digest, hex, int, join, map, seal, type Draft } from "../../helpers/suit.ts";

export const key = suit.makeKey("k1");
export const stranger = suit.makeKey("k1");
export const JVM = Buffer.from("content of the machine");
export const SCANNER = Buffer.from("content of the scanner!");

export const UNTRUSTED_CBOR = [Err.Untrusted, 1] as const;
export const UNTRUSTED_ALGORITHM = [Err.Untrusted, 3] as const;
export const UNTRUSTED_SIGNATURE = [Err.Untrusted, 4] as const;
export const BAD_LENGTH = [Err.Untrusted, 11] as const;
export const INCONSISTENT = [Err.Inconsistent, 1] as const;
export const BAD_COMMAND = [Err.NotForDevice, 5] as const;
export const BAD_PARAMETER = [Err.NotForDevice, 8] as const;

export type Refusal = readonly [number, number];
export type Case = [row: number, title: string, envelope: () => Uint8Array, refusal: Refusal];

export function one(): Draft {
  return suit.draft([{ id: "jvm", version: [8, 2, 0], content: JVM }]);
}

export function two(): Draft {
  return suit.draft([
    { id: "jvm", version: [8, 2, 0], content: JVM },
    { id: "antivirus", version: [5, 0, 0], content: SCANNER },
  ]);
}

/** A well signed package with something wrong in it. */
export function broken(change: (parts: Draft) => void, parts = one()): Uint8Array {
  change(parts);
  return seal(key, parts);
}

/** A well signed package whose manifest is these bytes. */
export function withManifest(
  change: (manifest: Uint8Array) => Uint8Array,
  parts = one(),
): Uint8Array {
  return seal(key, parts, { manifest: change(suit.manifestOf(parts)) });
}

export function withWrapper(
  make: (signed: Uint8Array, block: Uint8Array) => Uint8Array,
): Uint8Array {
  return seal(key, one(), { wrapper: (signed, blocks) => make(signed, blocks[0] ?? hex("")) });
}

export function withBlock(make: (signed: Uint8Array) => Uint8Array): Uint8Array {
  return seal(key, one(), { blocks: (signed) => [bstr(make(signed))] });
}

export function withEntries(
  parts: Draft,
  entries: [Uint8Array, Uint8Array][],
  mapHead?: Uint8Array,
): Uint8Array {
  return seal(key, parts, { entries, ...(mapHead && { mapHead }) });
}

/** Replaces the first place of `old` with `replacement`. */
export function swap(bytes: Uint8Array, old: Uint8Array, replacement: Uint8Array): Uint8Array {
  const at = Buffer.from(bytes).indexOf(old);
  if (at < 0) throw new Error(`${Buffer.from(old).toString("hex")} is not there`);
  return join(bytes.subarray(0, at), replacement, bytes.subarray(at + old.length));
}

/** The settings of the first target, which the second `override` of shared carries. */
export function withSettings(...items: Uint8Array[]): Uint8Array {
  return broken((parts) => parts.shared.splice(-1, 1, map(...items)));
}

export const DIGEST = [int(3), bstr(digest(JVM))];
export const SIZE = [int(14), int(JVM.length)];
export const VERSION = [int(28), suit.versionOf(3, [8, 2, 0])];
export const SIGNATURE_OFFSET = 6 + 41 + 14; // In an envelope of one block with a kid of two bytes.
