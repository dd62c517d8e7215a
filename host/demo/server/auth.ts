import { isEqual, md5, toBase64, utf8 } from "./bytes.ts";
import type { Credentials } from "./message.ts";

export type Scheme = "md5" | "basic" | "mac" | "none";

/** Values of Meta Type for each scheme. */
export const SCHEME_TYPES = {
  md5: "syncml:auth-md5",
  basic: "syncml:auth-basic",
  mac: "syncml:auth-MAC",
} as const;

export interface Login {
  user: string;
  password: string;
}

/** Bytes of a nonce that this server makes. */
export const NONCE_BYTES = 16;

/** Nonce of the resynchronisation: four zero octets. @spec DM NOT 1.2 §5.1 */
export const RESYNC_NONCE: Uint8Array = new Uint8Array(4);

function loginDigest({ user, password }: Login): string {
  return toBase64(md5(`${user}:${password}`));
}

/** Data of a Cred of type syncml:auth-basic. */
export function basicDigest({ user, password }: Login): string {
  return toBase64(utf8(`${user}:${password}`));
}

/** Data of a Cred of type syncml:auth-md5. @spec DM SEC 1.2 §5.3 */
export function md5Digest(login: Login, nonce: Uint8Array): string {
  return toBase64(md5(loginDigest(login), ":", nonce));
}

/** The nested MD5 over the exact bytes of a body; despite its name not an RFC 2104 HMAC. */
export function macDigest(login: Login, nonce: Uint8Array, body: Uint8Array): string {
  const bodyDigest = toBase64(md5(body));
  return toBase64(md5(loginDigest(login), ":", nonce, ":", bodyDigest));
}

/** First 16 bytes of a notification. @spec DM NOT 1.2 §6.2.2 */
export function notificationDigest(
  login: Login, nonce: Uint8Array, trigger: Uint8Array,
): Uint8Array {
  return md5(loginDigest(login), ":", nonce, ":", toBase64(md5(trigger)));
}

/** Whether two digests are the same text, in a time that does not depend on where they differ. */
export function isSame(left: string, right: string): boolean {
  return isEqual(md5(left), md5(right)) && left === right;
}

/** Checks a Cred of scheme md5 or basic; one of another scheme is wrong. */
export function isRight(
  scheme: "md5" | "basic", login: Login, nonce: Uint8Array, credentials: Credentials,
): boolean {
  if (credentials.type.toLowerCase() !== SCHEME_TYPES[scheme].toLowerCase()) return false;
  const wanted = scheme === "md5" ? md5Digest(login, nonce) : basicDigest(login);
  return isSame(wanted, credentials.digest);
}

/** The x-syncml-hmac header. @spec DM SEC 1.2 §5.4 */
export function macHeader(login: Login, nonce: Uint8Array, body: Uint8Array): string {
  return `algorithm=MD5, username="${login.user}", mac=${macDigest(login, nonce, body)}`;
}

/** Reads username and mac from an x-syncml-hmac header; undefined if one is missing. */
export function parseMacHeader(header: string): { user: string; mac: string } | undefined {
  const user = /(?:^|[,\s])username\s*=\s*"([^"]*)"/i.exec(header)?.[1];
  const mac = /(?:^|[,\s])mac\s*=\s*"?([A-Za-z0-9+/=]+)"?/i.exec(header)?.[1];
  const algorithm = /(?:^|[,\s])algorithm\s*=\s*"?([^,"\s]+)/i.exec(header)?.[1] ?? "MD5";
  const isMd5 = algorithm.toUpperCase() === "MD5";
  return user === undefined || mac === undefined || !isMd5 ? undefined : { user, mac };
}

/** Scheme that a challenge asks for; undefined if it is none of ours. */
export function schemeOf(type: string | undefined): "md5" | "basic" | "mac" | undefined {
  const wanted = type?.toLowerCase();
  return (["md5", "basic", "mac"] as const).find(
    (scheme) => SCHEME_TYPES[scheme].toLowerCase() === wanted,
  );
}
