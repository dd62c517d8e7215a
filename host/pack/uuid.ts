import { createHash } from "node:crypto";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Namespace of domain names. @spec RFC 9562 §6.6 */
const DNS_NAMESPACE = parseUuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8");

/**
 * Identifier of a vendor: a UUID as it stands, anything else as a domain name.
 *
 * @returns 16 bytes
 * @spec draft-ietf-suit-manifest-37 §8.4.8.2
 */
export function vendorId(name: string): Uint8Array {
  return UUID.test(name) ? parseUuid(name) : nameUuid(DNS_NAMESPACE, name);
}

/** Identifier of a class: a UUID as it stands, else a name that the vendor gave. 16 bytes. */
export function classId(vendor: Uint8Array, name: string): Uint8Array {
  return UUID.test(name) ? parseUuid(name) : nameUuid(vendor, name);
}

function parseUuid(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll("-", ""), "hex"));
}

/** UUID version 5. @spec RFC 9562 §5.5 */
function nameUuid(namespace: Uint8Array, name: string): Uint8Array {
  const digest = createHash("sha1").update(namespace).update(name, "utf8").digest();
  const uuid = new Uint8Array(digest.subarray(0, 16));
  uuid[6] = ((uuid[6] ?? 0) & 0x0f) | 0x50;
  uuid[8] = ((uuid[8] ?? 0) & 0x3f) | 0x80;
  return uuid;
}
