import { randomBytes } from "node:crypto";
import { element, encode } from "../demo/server/wbxml.ts";
import type { Element } from "../demo/server/wbxml.ts";
import { publicBytes } from "../pack/index.ts";
import type { TrustKey } from "../pack/index.ts";
import { refuse } from "./values.ts";

export type AuthName = "md5" | "basic" | "mac" | "none";

/** Account of a DM server on the device. */
export interface Account {
  serverId: string;
  url: string;
  /** What the client presents. */
  auth: AuthName;
  user: string;
  password: string;
  /** What the server must present; empty user: nothing. */
  serverUser: string;
  serverPassword: string;
  /** How; md5 unless given. */
  serverAuth?: Exclude<AuthName, "none">;
}

/** A component that is on the device from the start. */
export interface FactoryComponent {
  id: string;
  version: string;
  slot: number;
  bytes: number;
}

export interface BootstrapContent {
  deviceId: string;
  rootName: string;
  moUrn: string;
  /** Nodes of all accounts. */
  accounts: readonly Node[];
  /** ServerID of each account: subjects of ACLs. */
  serverIds: readonly string[];
  trust: readonly TrustKey[];
  components: readonly FactoryComponent[];
  clientVersion: string;
}

/** One node to add. */
export interface Node {
  uri: string;
  /** Left out: chr. */
  format?: "node" | "bin" | "bool" | "int" | undefined;
  type?: string;
  value?: string | Uint8Array;
}

const AUTH_TYPES: { readonly [auth in Exclude<AuthName, "none">]: string } = {
  md5: "DIGEST", basic: "BASIC", mac: "HMAC",
};

/** What a device takes. */
const ACL_BYTES_MAX = 255;
const FORMATS = ["node", "chr", "bin", "bool", "int"] as const;
export const NONCE_BYTES = 16;

/**
 * Makes the DM message that provisions a device: Adds of all nodes and a Replace of the ACLs. It
 * must fit the receive buffer, so Meta is written once for many Items, an interior node that has
 * leaves and no type of its own comes with them, and URIs are short.
 *
 * @spec DM BOOT 1.2 §5.3
 * @spec DM STDOBJ 1.2 §5.3
 */
export function bootstrapMessage(content: BootstrapContent): Uint8Array {
  const nodes = [...deviceNodes(content), ...content.accounts, ...objectNodes(content)];
  const acls = [...aclsOf(content)];
  if (acls.some(([, acl]) => Buffer.byteLength(acl) > ACL_BYTES_MAX)) {
    refuse(
      `the ServerID ${content.serverIds.join(" and ")} is too long: an ACL with all rights for it `
        + `has more than ${ACL_BYTES_MAX} bytes (44 bytes are the most for one server)`,
    );
  }
  const body = element(
    "SyncBody",
    ...addCommands(nodes),
    element(
      "Replace",
      element("CmdID", FORMATS.length + 1),
      ...acls.map(([uri, acl]) => element("Item", target(uri), element("Data", acl))),
    ),
    element("Final"),
  );
  return encode(element("SyncML", header(content), body));
}

/** Relative to the root of the tree, as `./` is, and shorter. */
function target(uri: string): Element {
  return element("Target", element("LocURI", uri.replace(/^\.\//, "")));
}

function header({ deviceId, serverIds }: BootstrapContent): Element {
  return element(
    "SyncHdr",
    element("VerDTD", "1.2"),
    element("VerProto", "DM/1.2"),
    element("SessionID", "1"),
    element("MsgID", "1"),
    element("Target", element("LocURI", deviceId)),
    element("Source", element("LocURI", serverIds[0] ?? deviceId)),
  );
}

/** One Add for each format, whose Meta then holds for all its Items; interior nodes come first. */
function addCommands(nodes: readonly Node[]): Element[] {
  return FORMATS.flatMap((format, index) => {
    const wanted = nodes.filter((node) => (node.format ?? "chr") === format);
    if (wanted.length === 0) return [];
    const meta = format === "chr" ? undefined : element("Meta", element("Format", format));
    const items = wanted.map(addItem);
    return [element("Add", element("CmdID", index + 1), meta, ...items)];
  });
}

function addItem({ uri, type, value = "" }: Node): Element {
  return element(
    "Item",
    target(uri),
    type === undefined ? undefined : element("Meta", element("Type", type)),
    value.length > 0 ? element("Data", value) : undefined,
  );
}

/**
 * ACLs of a new device, by the URI that sets each. Of several accounts each is for its own server
 * to change and to remove.
 *
 * @spec DM STDOBJ 1.2 §5.3.1
 */
function aclsOf({ rootName, serverIds, accounts }: BootstrapContent): Map<string, string> {
  const servers = serverIds.join("+");
  const acls = new Map([["./DevInfo?prop=ACL", "Get=*"], ["./DevDetail?prop=ACL", "Get=*"]]);
  const rights = ["Add", "Delete", "Exec", "Get", "Replace"].map((right) => `${right}=${servers}`);
  acls.set("./Inbox?prop=ACL", rights.join("&"));
  acls.set(`./${rootName}?prop=ACL`, rights.join("&"));
  // Who may replace the list may give away each account in it: that is for one who has the list.
  if (serverIds.length === 1) {
    return acls.set("./DMAcc?prop=ACL", `Get=${servers}&Replace=${servers}`);
  }
  acls.set("./DMAcc?prop=ACL", `Get=${servers}`);
  for (const { uri, value } of accounts) {
    const [, account] = /^(\.\/DMAcc\/[^/]+)\/ServerID$/.exec(uri) ?? [];
    if (account === undefined) continue;
    acls.set(`${account}?prop=ACL`, `Delete=${value}&Get=${value}&Replace=${value}`);
  }
  return acls;
}

function deviceNodes({ deviceId, clientVersion }: BootstrapContent): Node[] {
  return [
    interior("./DevInfo", "urn:oma:mo:oma-dm-devinfo:1.0"),
    ...leaves("./DevInfo", {
      DevId: deviceId, Man: "scomo", Mod: "scomo-wasm", DmV: clientVersion, Lang: "en",
    }),
    interior("./DevDetail", "urn:oma:mo:oma-dm-devdetail:1.0"),
    ...leaves("./DevDetail", {
      DevTyp: "gateway", OEM: "scomo", FwV: clientVersion, SwV: clientVersion, HwV: "1",
    }),
    { uri: "./DevDetail/LrgObj", format: "bool", value: "true" },
    ...leaves("./DevDetail/URI", { MaxDepth: "16", MaxTotLen: "255", MaxSegLen: "64" }),
  ];
}

/** Nodes of one account. */
export function accountNodes(account: Account): Node[] {
  const root = "./DMAcc/acc1";
  const names: { [name: string]: string } = {
    AppID: "w7", ServerID: account.serverId, Name: account.serverId,
  };
  if (account.auth !== "none") names["AAuthPref"] = AUTH_TYPES[account.auth];
  const nodes = [
    interior(root, "urn:oma:mo:oma-dm-dmacc:1.0"),
    ...leaves(root, names),
    ...leaves(`${root}/AppAddr/1`, { Addr: account.url, AddrType: "URI" }),
  ];
  if (account.auth !== "none") nodes.push(...clientCredential(root, account, account.auth));
  if (account.serverUser !== "") {
    nodes.push(...serverCredential(root, account, account.serverAuth ?? "md5"));
  }
  return nodes;
}

/** Without a nonce: the server announces the first one in its challenge. */
function clientCredential(root: string, account: Account, auth: keyof typeof AUTH_TYPES): Node[] {
  const uri = `${root}/AppAuth/c`;
  return [
    ...leaves(uri, {
      AAuthLevel: "CLCRED",
      AAuthType: AUTH_TYPES[auth],
      AAuthName: account.user,
      AAuthSecret: account.password,
    }),
    { uri: `${uri}/AAuthData`, format: "bin" },
  ];
}

/** With a nonce of our own, which the server learns from our first challenge. */
function serverCredential(root: string, account: Account, auth: keyof typeof AUTH_TYPES): Node[] {
  const uri = `${root}/AppAuth/s`;
  return [
    ...leaves(uri, {
      AAuthLevel: "SRVCRED",
      AAuthType: AUTH_TYPES[auth],
      AAuthName: account.serverUser,
      AAuthSecret: account.serverPassword,
    }),
    { uri: `${uri}/AAuthData`, format: "bin", value: new Uint8Array(randomBytes(NONCE_BYTES)) },
  ];
}

function objectNodes(content: BootstrapContent): Node[] {
  const root = `./${content.rootName}`;
  return [
    interior(root, content.moUrn),
    interior(`${root}/Download`),
    interior(`${root}/Inventory/Delivered`),
    interior(`${root}/Inventory/Deployed`),
    ...componentNodes(`${root}/Inventory/Deployed`, content.components),
    interior(`${root}/Ext/Trust`),
    ...content.trust.flatMap((key, index) => trustNodes(`${root}/Ext/Trust/k${index + 1}`, key)),
    interior("./Inbox", "urn:oma:mo:oma-dm-inbox:1.0"),
  ];
}

function trustNodes(uri: string, { key, kid }: TrustKey): Node[] {
  return [
    { uri: `${uri}/Kid`, format: "bin", value: new Uint8Array(Buffer.from(kid)) },
    { uri: `${uri}/Key`, format: "bin", value: publicBytes(key) },
  ];
}

/** The core names the nodes of components itself, so here a number will do. */
function componentNodes(list: string, components: readonly FactoryComponent[]): Node[] {
  return components.flatMap(({ id, version, slot, bytes }, index) => {
    const uri = `${list}/${index}`;
    return [
      ...leaves(uri, { ID: id, Version: version }),
      { uri: `${uri}/Ext/Slot`, format: "int" as const, value: String(slot) },
      { uri: `${uri}/Ext/Size`, format: "int" as const, value: String(bytes) },
    ];
  });
}

function interior(uri: string, type?: string): Node {
  return type === undefined ? { uri, format: "node" } : { uri, format: "node", type };
}

function leaves(parent: string, values: { readonly [name: string]: string }): Node[] {
  return Object.entries(values).map(([name, value]) => ({ uri: `${parent}/${name}`, value }));
}
