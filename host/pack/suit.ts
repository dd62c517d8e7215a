// Numbers of the SUIT manifest that profile 1 uses, in one table: a label that still moves in the
// draft moves here.

export const ENVELOPE_TAG = 107;
export const SIGN1_TAG = 18;
export const DIGEST_SHA256 = -16;

export const WRAPPER_BYTES_MAX = 512;
export const BLOCKS_MAX = 4;
export const MANIFEST_BYTES_MAX = 4096;
export const TEXT_BYTES_MAX = 2048;

export const enum Envelope {
  Authentication = 2,
  Manifest = 3,
  Text = 23,
}

export const enum Manifest {
  Version = 1,
  Sequence = 2,
  Common = 3,
  ReferenceUri = 4,
  SetVersion = 6,
  Validate = 7,
  Coswid = 14,
  Install = 20,
  Text = 23,
}

export const enum Command {
  VendorIdentifier = 1,
  ClassIdentifier = 2,
  ImageMatch = 3,
  SetIndex = 12,
  Override = 20,
  Fetch = 21,
  VersionCondition = 28,
}

export const enum Parameter {
  Vendor = 1,
  Class = 2,
  ImageDigest = 3,
  ImageSize = 14,
  Uri = 21,
  Version = 28,
}

export const enum Comparison {
  AtLeast = 2,
  Equal = 3,
}

/** Text keys; 2 is the update's description in the manifest's texts, the name in a component's. */
export const enum Text {
  Description = 2,
  Name = 2,
  ComponentDescription = 5,
  Version = 6,
}

/** Head of Sig_structure: array of 4 and the context "Signature1". */
const CONTEXT = Buffer.from("846a5369676e617475726531", "hex");

/**
 * What a COSE_Sign1 block signs: always 55 bytes for a protected header of 3 and a digest of 36.
 *
 * @spec RFC 9052 §4.4
 */
export function sigStructure(header: Uint8Array, digest: Uint8Array): Uint8Array {
  const parts = [CONTEXT, Buffer.of(0x40 | header.length), header, Buffer.of(0x40)];
  return new Uint8Array(Buffer.concat([...parts, Buffer.of(0x58, digest.length), digest]));
}

/** Reads a SUIT_Digest and answers its 32 bytes. */
export function readDigest(value: unknown, what: string): Uint8Array {
  const pair: unknown[] = Array.isArray(value) && value.length === 2 ? value : [];
  const [algorithm, bytes] = pair;
  if (algorithm !== DIGEST_SHA256) throw new Error(`${what}: the digest is not SHA-256`);
  if (bytes instanceof Uint8Array && bytes.length === 32) return bytes;
  throw new Error(`${what}: the digest is not 32 bytes`);
}
