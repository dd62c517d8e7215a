// Makes Delivery Packages for tests, part by part, so that a test can break any of them. Own
// minimal CBOR, and ES256 of node:crypto; shares nothing with assembly/ or host/pack/.
import { createHash, generateKeyPairSync, sign, type KeyObject } from "node:crypto";

// --- CBOR -------------------------------------------------------------------------------------

export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** The shortest head. */
export function head(major: number, value: number): Uint8Array {
  const type = major << 5;
  if (value < 24) return Uint8Array.of(type | value);
  if (value < 0x100) return Uint8Array.of(type | 24, value);
  if (value < 0x10000) return Uint8Array.of(type | 25, value >>> 8, value & 0xff);
  return Uint8Array.of(
    type | 26,
    value >>> 24,
    (value >>> 16) & 0xff,
    (value >>> 8) & 0xff,
    value & 0xff,
  );
}

/** A head of `valueBytes` bytes behind the first, whether that is the shortest or not. */
export function longHead(major: number, value: number, valueBytes: 1 | 2 | 4 | 8): Uint8Array {
  const bytes = Buffer.alloc(1 + valueBytes);
  bytes[0] = (major << 5) | (24 + Math.log2(valueBytes));
  bytes.writeUIntBE(value, 1 + Math.max(0, valueBytes - 4), Math.min(4, valueBytes));
  return new Uint8Array(bytes);
}

export function int(value: number): Uint8Array {
  return value < 0 ? head(1, -1 - value) : head(0, value);
}

export function bstr(content: Uint8Array): Uint8Array {
  return join(head(2, content.length), content);
}

export function tstr(text: string | Uint8Array): Uint8Array {
  const content = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return join(head(3, content.length), content);
}

export function array(...items: readonly Uint8Array[]): Uint8Array {
  return join(head(4, items.length), ...items);
}

/** A map of alternating keys and values, in the order given. */
export function map(...items: readonly Uint8Array[]): Uint8Array {
  return join(head(5, items.length / 2), ...items);
}

export function tag(number: number, item: Uint8Array): Uint8Array {
  return join(head(6, number), item);
}

export const TRUE = hex("f5");
export const FALSE = hex("f4");
export const NULL = hex("f6");

// --- Keys and signatures ----------------------------------------------------------------------

export interface SigningKey {
  readonly kid: string;
  readonly secret: KeyObject;
  /** x and y of P-256, or the point of Ed25519. */
  readonly point: Uint8Array;
}

export function makeKey(kid: string): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { kid, secret: privateKey, point: pointOf(publicKey) };
}

export function makeEdKey(kid: string): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { kid, secret: privateKey, point: pointOf(publicKey) };
}

export function pointOf(publicKey: KeyObject): Uint8Array {
  const { x, y } = publicKey.export({ format: "jwk" });
  return join(Buffer.from(x ?? "", "base64url"), Buffer.from(y ?? "", "base64url"));
}

export function sha256(content: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(content).digest());
}

export function digest(content: Uint8Array): Uint8Array {
  return array(int(-16), bstr(sha256(content)));
}

export interface BlockOptions {
  /** Algorithm number. */
  readonly algorithm?: number;
  /** Null: no key identifier. */
  readonly kid?: string | null;
  readonly protectedHeader?: Uint8Array;
  readonly unprotected?: Uint8Array;
  readonly payload?: Uint8Array;
  readonly signature?: Uint8Array;
  readonly tag?: number;
}

/** A COSE_Sign1 block over a SUIT_Digest; not yet wrapped in a byte string. */
export function sign1(
  key: SigningKey,
  signedDigest: Uint8Array,
  options: BlockOptions = {},
): Uint8Array {
  const header = options.protectedHeader ?? map(int(1), int(options.algorithm ?? -7));
  const kid = options.kid === undefined ? key.kid : options.kid;
  const unprotected =
    options.unprotected ?? (kid === null ? map() : map(int(4), bstr(Buffer.from(kid))));
  const message = array(tstr("Signature1"), bstr(header), bstr(hex("")), bstr(signedDigest));
  const signature = options.signature ?? signatureOf(key, message);
  return tag(
    options.tag ?? 18,
    array(bstr(header), unprotected, options.payload ?? NULL, bstr(signature)),
  );
}

export function signatureOf(key: SigningKey, message: Uint8Array): Uint8Array {
  if (key.secret.asymmetricKeyType === "ed25519") {
    return new Uint8Array(sign(null, message, key.secret));
  }
  return new Uint8Array(sign("sha256", message, { key: key.secret, dsaEncoding: "ieee-p1363" }));
}

// --- Packages ---------------------------------------------------------------------------------

export const VENDOR = hex("eb0e0ecf35a65c61a09546194b9c973a");
export const CLASS = hex("72d39e18aa6b5ed3ac38614601383b45");
export const POLICY = int(15);

export interface Target {
  readonly id: string;
  readonly version: readonly [number, number, number];
  readonly content: Uint8Array;
  readonly uri?: string;
}

export interface Need {
  readonly id: string;
  readonly atLeast: readonly number[];
}

/** The parts of a package, encoded; a test replaces what it wants to break, then calls `seal`. */
export interface Draft {
  version: Uint8Array;
  sequence: Uint8Array;
  componentIds: Uint8Array[];
  /** Items of the three sequences: command, argument, command, argument ... */
  shared: Uint8Array[];
  install: Uint8Array[];
  validate: Uint8Array[];
  /** Further keys and values of common and of the manifest. */
  commonExtra: [number, Uint8Array][];
  manifestExtra: [number, Uint8Array][];
  /** Content of the text section; undefined: none is announced. */
  text: Uint8Array | undefined;
  isTextSevered: boolean;
  /** Keys and values of the envelope's payloads. */
  payloads: [Uint8Array, Uint8Array][];
}

export function componentId(id: string): Uint8Array {
  return array(...id.split("/").map((segment) => bstr(Buffer.from(segment))));
}

export function versionOf(comparison: number, numbers: readonly number[]): Uint8Array {
  return bstr(array(int(comparison), array(...numbers.map(int))));
}

/** The commands of the template in delivery-package.md B3. */
export function draft(targets: readonly Target[], needs: readonly Need[] = []): Draft {
  const indices = targets.map((_, index) => index);
  const environment = [
    int(20),
    map(int(1), bstr(VENDOR), int(2), bstr(CLASS)),
    int(1),
    POLICY,
    int(2),
    POLICY,
  ];
  const uriOf = (index: number): string => targets[index]?.uri ?? `#${index.toString(16)}`;
  const inside = targets
    .map((target, index) => ({ target, uri: uriOf(index) }))
    .filter(({ uri }) => uri.startsWith("#"));
  return {
    version: int(1),
    sequence: int(1001),
    componentIds: [...targets, ...needs].map(({ id }) => componentId(id)),
    shared: [
      ...indices.flatMap((index) => [int(12), int(index), ...environment]),
      ...targets.flatMap((target, index) => [int(12), int(index), int(20), settingsOf(target)]),
    ],
    install: indices.flatMap((index) => [
      ...[int(12), int(index), int(20), map(int(21), tstr(uriOf(index)))],
      ...[int(21), int(2), int(3), POLICY],
    ]),
    validate: [
      ...indices.flatMap((index) => [int(12), int(index), int(3), POLICY, int(28), POLICY]),
      ...needs.flatMap((need, index) => [
        ...[
          int(12),
          int(targets.length + index),
          int(20),
          map(int(28), versionOf(2, need.atLeast)),
        ],
        ...[int(28), POLICY],
      ]),
    ],
    commonExtra: [],
    manifestExtra: [],
    text: undefined,
    isTextSevered: false,
    payloads: inside.map(({ target, uri }) => [tstr(uri), bstr(target.content)]),
  };
}

export function settingsOf({ content, version }: Target): Uint8Array {
  const settings = [
    int(3),
    bstr(digest(content)),
    int(14),
    int(content.length),
    int(28),
    versionOf(3, version),
  ];
  return map(...settings);
}

/** Encodes keys and values in ascending order; a later value of a key replaces an earlier one. */
export function sorted(
  entries: readonly (readonly [number, Uint8Array | undefined])[],
): Uint8Array {
  const values = new Map(entries);
  const keys = [...values.keys()].filter((key) => values.get(key) !== undefined);
  keys.sort((a, b) => (a < 0 ? 1e10 - a : a) - (b < 0 ? 1e10 - b : b));
  return map(...keys.flatMap((key) => [int(key), values.get(key) ?? hex("")]));
}

export function commonOf(parts: Draft): Uint8Array {
  const ids = array(...parts.componentIds);
  return sorted([[2, ids], [4, bstr(array(...parts.shared))], ...parts.commonExtra]);
}

/** Content of the manifest. */
export function manifestOf(parts: Draft): Uint8Array {
  return sorted([
    [1, parts.version],
    [2, parts.sequence],
    [3, bstr(commonOf(parts))],
    [7, bstr(array(...parts.validate))],
    [20, bstr(array(...parts.install))],
    [23, parts.text && digest(bstr(parts.text))],
    ...parts.manifestExtra,
  ]);
}

export interface SealOptions {
  readonly manifest?: Uint8Array;
  /** Blocks as they come behind the digest, each in its byte string. */
  readonly blocks?: (signedDigest: Uint8Array) => Uint8Array[];
  readonly wrapper?: (signedDigest: Uint8Array, blocks: Uint8Array[]) => Uint8Array;
  /** Everything behind the manifest: encoded key, encoded value. */
  readonly entries?: readonly (readonly [Uint8Array, Uint8Array])[];
  readonly mapHead?: Uint8Array;
}

/** The whole envelope, signed by `key` with ES256 unless `options` say otherwise. */
export function seal(key: SigningKey, parts: Draft, options: SealOptions = {}): Uint8Array {
  const manifest = bstr(options.manifest ?? manifestOf(parts));
  const signedDigest = digest(manifest);
  const blocks = options.blocks?.(signedDigest) ?? [bstr(sign1(key, signedDigest))];
  const wrapper = options.wrapper?.(signedDigest, blocks) ?? array(bstr(signedDigest), ...blocks);
  const entries = options.entries ?? entriesOf(parts);
  return join(
    head(6, 107),
    options.mapHead ?? head(5, 2 + entries.length),
    ...[int(2), bstr(wrapper), int(3), manifest],
    ...entries.flat(),
  );
}

/** What comes behind the manifest. */
export function entriesOf(parts: Draft): [Uint8Array, Uint8Array][] {
  if (parts.text === undefined || parts.isTextSevered) return parts.payloads;
  return [[int(23), bstr(parts.text)], ...parts.payloads];
}

export interface ComponentText {
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly version?: string;
}

/** A text section in one language. */
export function textOf(
  components: readonly ComponentText[],
  description?: string,
  update?: string,
): Uint8Array {
  const strings = (values: readonly (readonly [number, string | undefined])[]): Uint8Array[] =>
    values.flatMap(([key, value]) => (value === undefined ? [] : [int(key), tstr(value)]));
  const inner = components.flatMap(({ id, name, description: about, version }) => {
    return [
      componentId(id),
      map(
        ...strings([
          [2, name],
          [5, about],
          [6, version],
        ]),
      ),
    ];
  });
  return map(
    tstr("en"),
    map(
      ...strings([
        [1, description],
        [2, update],
      ]),
      ...inner,
    ),
  );
}
