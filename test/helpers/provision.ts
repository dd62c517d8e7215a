// The message that makes a device for tests, and the digests of DM security from its formulas.
import { createHash } from "node:crypto";
import { add, command, e, type Element, item, replace } from "./syncml.ts";

export const DEVICE_ID = "urn:uuid:6f1b0e0a-0042-4000-8000-0000000000aa";
export const SERVER_URL = "https://dm.example.net/s";
export const SERVER_ID = "srv";
export const ACCOUNT = "./DMAcc/a";

export interface Credential {
  type: "DIGEST" | "BASIC" | "HMAC" | "X509";
  name: string;
  secret: string;
  nonce?: Uint8Array;
}

export interface Provision {
  client?: Credential;
  server?: Credential;
  /** ACLs beyond those that every test device has. */
  acls?: { readonly [uri: string]: string };
  /** Items of one more Add. */
  items?: readonly Element[];
  /** A second account. */
  other?: { serverId: string; url: string; client?: Credential; server?: Credential };
  /** ServerID of the account, `srv` by default. */
  serverId?: string;
  /** Public key of the packages' signer, x and y. */
  trust?: Uint8Array;
}

const ALL = (id: string): string =>
  ["Add", "Delete", "Exec", "Get", "Replace"].map((r) => `${r}=${id}`).join("&");

export function bootstrap(provision: Provision = {}): Element {
  const id = provision.serverId ?? SERVER_ID;
  const acls: { [uri: string]: string } = {
    "./DevInfo": "Get=*", "./DMAcc": `Get=${id}&Replace=${id}`, "./SCOMO": ALL(id),
    ...provision.acls,
  };
  const nodes = [node("./DMAcc"), node("./DevInfo"), node("./SCOMO/Download"), ...inventory()];
  return e(
    "SyncML",
    e(
      "SyncHdr", e("VerDTD", "1.2"), e("VerProto", "DM/1.2"), e("SessionID", "1"), e("MsgID", "1"),
      e("Target", e("LocURI", DEVICE_ID)), e("Source", e("LocURI", SERVER_ID)),
    ),
    e(
      "SyncBody",
      add(
        "1", ...nodes, ...devInfo(), ...account(provision), ...other(provision),
        ...trust(provision),
      ),
      ...(provision.items ? [add("2", ...provision.items)] : []),
      command(
        "Replace", "3", ...Object.entries(acls).map(([uri, acl]) => item(`${uri}?prop=ACL`, acl)),
      ),
      e("Final"),
    ),
  );
}

export function node(uri: string, type?: string): Element {
  return item(uri, undefined, { format: "node", ...(type ? { type } : {}) });
}

function inventory(): Element[] {
  return [
    item("./SCOMO/Inventory", undefined, { format: "node" }), node("./SCOMO/Inventory/Delivered"),
    node("./SCOMO/Inventory/Deployed"),
  ];
}

function devInfo(): Element[] {
  const values = { DevId: DEVICE_ID, Man: "Example Works", Mod: "Gate-3", DmV: "1.2", Lang: "en" };
  return Object.entries(values).map(([name, value]) => item(`./DevInfo/${name}`, value));
}

function account({ client, server, serverId = SERVER_ID }: Provision): Element[] {
  return [
    node(ACCOUNT, "urn:oma:mo:oma-dm-dmacc:1.0"),
    item(`${ACCOUNT}/AppID`, "w7"),
    item(`${ACCOUNT}/ServerID`, serverId),
    item(`${ACCOUNT}/AppAddr/1/Addr`, SERVER_URL),
    ...(client ? credential(`${ACCOUNT}/AppAuth/c`, "CLCRED", client) : []),
    ...(server ? credential(`${ACCOUNT}/AppAuth/s`, "SRVCRED", server) : []),
  ];
}

function credential(
  uri: string, level: string, { type, name, secret, nonce }: Credential,
): Element[] {
  return [
    item(`${uri}/AAuthLevel`, level),
    item(`${uri}/AAuthType`, type),
    item(`${uri}/AAuthName`, name),
    item(`${uri}/AAuthSecret`, secret),
    ...(nonce ? [item(`${uri}/AAuthData`, nonce, { format: "bin" })] : []),
  ];
}

function other({ other }: Provision): Element[] {
  if (!other) return [];
  return [
    item("./DMAcc/b/ServerID", other.serverId), item("./DMAcc/b/AppAddr/1/Addr", other.url),
    ...(other.client ? credential("./DMAcc/b/AppAuth/c", "CLCRED", other.client) : []),
    ...(other.server ? credential("./DMAcc/b/AppAuth/s", "SRVCRED", other.server) : []),
  ];
}

function trust({ trust }: Provision): Element[] {
  return trust ? [item("./SCOMO/Ext/Trust/k1/Key", trust, { format: "bin" })] : [];
}

// Digests, DM SEC 1.2 §5.3 and DM NOT 1.2 §6.2.2.

const md5 = (...parts: (string | Uint8Array)[]): Buffer => {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const b64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

export function md5Digest(name: string, secret: string, nonce: Uint8Array): string {
  return b64(md5(b64(md5(`${name}:${secret}`)), ":", nonce));
}

/** Value of `mac` in x-syncml-hmac, DM SEC 1.2 §5.4: over the exact bytes of a message. */
export function macDigest(
  name: string, secret: string, nonce: Uint8Array, body: Uint8Array,
): string {
  return b64(md5(b64(md5(`${name}:${secret}`)), ":", nonce, ":", b64(md5(body))));
}

export function basicDigest(name: string, secret: string): string {
  return b64(Buffer.from(`${name}:${secret}`));
}

export interface Notice {
  serverId: string;
  name?: string;
  secret: string;
  nonce: Uint8Array;
  sessionId: number;
  uiMode?: number;
  isByServer?: boolean;
  version?: number;
  body?: Uint8Array;
}

/** Package #0. */
export function notification(notice: Notice): Uint8Array {
  const { serverId, secret, nonce, sessionId, uiMode = 1, isByServer = false } = notice;
  const version = notice.version ?? 11;
  const id = Buffer.from(serverId);
  const second = ((version & 3) << 6) | (uiMode << 4) | (isByServer ? 8 : 0);
  const trigger = Buffer.concat([
    Uint8Array.of(version >> 2, second, 0, 0, 0, sessionId >> 8, sessionId & 255, id.length), id,
    notice.body ?? new Uint8Array(0),
  ]);
  const text = b64(md5(`${notice.name ?? serverId}:${secret}`));
  return new Uint8Array(Buffer.concat([md5(text, ":", nonce, ":", b64(md5(trigger))), trigger]));
}

/** Credentials in a header. */
export function cred(type: string, digest: string): Element {
  return e("Cred", e("Meta", e("Format", "b64"), e("Type", type)), e("Data", digest));
}

export function md5Cred(name: string, secret: string, nonce: Uint8Array): Element {
  return cred("syncml:auth-md5", md5Digest(name, secret, nonce));
}

/** A challenge; the nonce as Base64 text, or as it is. */
export function chal(type: string, nonce?: Uint8Array | string): Element {
  const text = nonce === undefined || typeof nonce === "string" ? nonce : b64(nonce);
  return e(
    "Chal",
    e(
      "Meta", e("Format", "b64"), e("Type", type),
      text === undefined ? undefined : e("NextNonce", text),
    ),
  );
}

export { replace };
