import { decode, encode, Tagged } from "cborg";

export { Tagged };

/** Deepest nesting of arrays and maps in one byte string. */
const DEPTH_MAX = 6;

/**
 * Encodes a value in canonical deterministic CBOR. Maps must come from `canonicalMap`: the encoder
 * keeps their order, since cborg's own sorter does not take arrays as keys.
 *
 * @spec RFC 8949 §4.2.1
 */
export function encodeCbor(value: unknown): Uint8Array {
  return encode(value, { mapSorter: () => 0 });
}

/** A map whose keys are in the order of their encoded bytes. */
export function canonicalMap(
  entries: readonly (readonly [unknown, unknown])[],
): Map<unknown, unknown> {
  const sorted = entries.map(([key, value]) => ({ bytes: encodeCbor(key), key, value }));
  sorted.sort((one, other) => Buffer.compare(one.bytes, other.bytes));
  return new Map(sorted.map(({ key, value }) => [key, value]));
}

/**
 * Decodes one item that fills `bytes` exactly and is in canonical form.
 *
 * @param what  names the structure in the failure's sentence
 * @fails Error  the bytes are not such an item
 */
export function decodeCbor(bytes: Uint8Array, what: string): unknown {
  const value = decodeLoosely(bytes, what);
  const fault = faultIn(value, 0);
  if (fault !== "") throw new Error(`${what}: ${fault}`);
  return value;
}

function decodeLoosely(bytes: Uint8Array, what: string): unknown {
  try {
    return decode(bytes, {
      useMaps: true,
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowBigInt: false,
      rejectDuplicateMapKeys: true,
      tags: { 18: Tagged.decoder(18), 107: Tagged.decoder(107) },
    }) as unknown;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^CBOR decode error: /, "") : "";
    throw new Error(`${what}: not CBOR of the profile (${reason})`, { cause });
  }
}

/** What cborg accepts and the profile does not: floats, keys out of order, deep nesting. */
function faultIn(value: unknown, depth: number): string {
  if (depth > DEPTH_MAX) return `nested deeper than ${DEPTH_MAX}`;
  if (typeof value === "number" && !Number.isInteger(value)) return "holds a float";
  if (value instanceof Tagged) return faultIn(value.value, depth);
  if (Array.isArray(value)) return firstFault(value, depth + 1);
  if (!(value instanceof Map)) return "";
  const keys = [...value.keys()];
  const isAscending = keys.every((key, index) => {
    return index === 0 || Buffer.compare(encodeCbor(keys[index - 1]), encodeCbor(key)) < 0;
  });
  if (!isAscending) return "map keys are not in canonical order";
  return firstFault([...keys, ...value.values()], depth + 1);
}

function firstFault(values: readonly unknown[], depth: number): string {
  for (const value of values) {
    const fault = faultIn(value, depth);
    if (fault !== "") return fault;
  }
  return "";
}
