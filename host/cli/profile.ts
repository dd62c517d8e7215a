import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { isLoopback } from "../transport/transport.ts";
import { NONCE_BYTES } from "./bootstrap.ts";
import type { Node } from "./bootstrap.ts";
import { readDmProfile } from "./dm-profile.ts";
import { refuse, serverUrl } from "./values.ts";
import { accountsOf, readWapXml } from "./wap.ts";
import { PROVISIONING_PUBLIC_ID, readWapWbxml } from "./wap-wbxml.ts";

/** Accounts for a new device. */
export interface Profile {
  nodes: Node[];
  /** ServerID of each account. */
  serverIds: string[];
  /** Address of the first one. */
  url: string;
}

export interface ProfileFlags {
  bootstrap: string;
  pin?: string;
  mac?: string;
  isHttpAllowed: boolean;
}

/**
 * Reads a bootstrap file: a DM message in WBXML, or a connectivity profile in WBXML or XML.
 *
 * @fails DM_BAD_CONFIG  it is none, its proof is wrong, or it has no account that can be used
 */
export function readProfile(flags: ProfileFlags): Profile {
  const bytes = readFile(flags.bootstrap);
  checkProof(bytes, flags);
  const nodes = readNodes(bytes);
  const stray = nodes.find(({ uri }) => !/^\.\/DMAcc(\/|$)/.test(uri));
  if (stray !== undefined) refuse(`the profile adds ${stray.uri}; only ./DMAcc is taken from it`);
  return checkAccounts(nodes.filter(({ uri }) => uri !== "./DMAcc"), flags.isHttpAllowed);
}

function readFile(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (cause) {
    return refuse(`--bootstrap ${path} cannot be read: ${(cause as Error).message}`, cause);
  }
}

/** USERPIN: the PIN is the key. Without PIN and MAC the file is trusted as local. */
function checkProof(bytes: Uint8Array, { pin, mac }: ProfileFlags): void {
  if ((pin === undefined) !== (mac === undefined)) refuse("--pin and --mac go together");
  if (pin === undefined || mac === undefined) return;
  const proof = createHmac("sha1", pin).update(bytes).digest();
  const given = Buffer.from(mac, "hex");
  if (given.length === proof.length && timingSafeEqual(given, proof)) return;
  refuse("the profile is not the one that --pin and --mac vouch for");
}

function readNodes(bytes: Uint8Array): Node[] {
  // A byte order mark may stand before XML.
  const text = Buffer.from(bytes).toString().replace(/^\ufeff/, "").trimStart();
  if (text.startsWith("<")) return accountsOf(readWapXml(text));
  if (bytes[1] === PROVISIONING_PUBLIC_ID) return accountsOf(readWapWbxml(bytes));
  return readDmProfile(bytes);
}

function checkAccounts(nodes: Node[], isHttpAllowed: boolean): Profile {
  const roots = new Set(nodes.map(({ uri }) => uri.split("/").slice(0, 3).join("/")));
  if (roots.size === 0) refuse("the profile has no account");
  const serverIds: string[] = [];
  const urls: string[] = [];
  for (const root of roots) {
    const serverId = valueOf(nodes, `${root}/ServerID`);
    if (serverId === "" || /[\s=&*+]/.test(serverId)) {
      refuse(`the account ${root} of the profile has no usable ServerID`);
    }
    serverIds.push(serverId);
    urls.push(checkAddress(nodes, root, isHttpAllowed));
  }
  return { nodes: [...nodes, ...missingNonces(nodes)], serverIds, url: urls[0] ?? "" };
}

function valueOf(nodes: readonly Node[], uri: string): string {
  const value = nodes.find((node) => node.uri === uri)?.value ?? "";
  return typeof value === "string" ? value : Buffer.from(value).toString();
}

function checkAddress(nodes: readonly Node[], root: string, isHttpAllowed: boolean): string {
  const address = nodes.find(({ uri }) => {
    return uri.startsWith(`${root}/AppAddr/`) && uri.endsWith("/Addr");
  });
  const url = serverUrl(valueOf(nodes, address?.uri ?? ""), isHttpAllowed);
  const isOpen = url.protocol === "http:" && !isLoopback(url.hostname);
  const isBasic = nodes.some(({ uri, value }) => {
    return uri.startsWith(`${root}/AppAuth/`) && uri.endsWith("/AAuthType") && value === "BASIC";
  });
  if (isOpen && isBasic) refuse(`the profile would send a password to ${url.href} in the clear`);
  return url.href;
}

/** A place for the nonce of each credential without one; ours for the server is drawn now. */
function missingNonces(nodes: readonly Node[]): Node[] {
  const credentials = new Set(nodes.flatMap(({ uri }) => {
    return /^\.\/DMAcc\/[^/]+\/AppAuth\/[^/]+(?=\/)/.exec(uri) ?? [];
  }));
  return [...credentials].flatMap((root): Node[] => {
    const uri = `${root}/AAuthData`;
    if (nodes.some((node) => node.uri === uri)) return [];
    const isServers = valueOf(nodes, `${root}/AAuthLevel`) === "SRVCRED";
    const value = new Uint8Array(randomBytes(isServers ? NONCE_BYTES : 0));
    return [{ uri, format: "bin", value }];
  });
}
