import type { Node } from "./bootstrap.ts";
import { refuse } from "./values.ts";
import { readXml } from "./xml.ts";
import type { XmlElement } from "./xml.ts";

/** A characteristic of a connectivity profile. */
export interface Characteristic {
  type: string;
  parms: Map<string, string>;
  children: Characteristic[];
}

/** Reads a connectivity profile in XML. */
export function readWapXml(text: string): Characteristic {
  const root = readXml(text, "the profile");
  if (root.name !== "wap-provisioningdoc") {
    refuse(`the profile is a ${root.name}, not a wap-provisioningdoc`);
  }
  return characteristicOf(root);
}

function characteristicOf(element: XmlElement): Characteristic {
  const { attributes, children } = element;
  const parms = children.filter(({ name }) => name === "parm");
  return {
    type: attributes["type"] ?? "",
    parms: new Map(parms.map((parm) => {
      return [parm.attributes["name"] ?? "", parm.attributes["value"] ?? ""];
    })),
    children: children.filter(({ name }) => name === "characteristic").map(characteristicOf),
  };
}

/** Whose credentials: a server's characteristic speaks of the application server as APPSRV. */
const LEVELS: { readonly [level: string]: string } = { APPSRV: "CLCRED", CLIENT: "SRVCRED" };

/**
 * Account nodes of all DM applications in a connectivity profile.
 *
 * @spec DM BOOT 1.2 §5.2.3
 */
export function accountsOf(root: Characteristic): Node[] {
  const applications = root.children.filter(({ type, parms }) => {
    return type === "APPLICATION" && parms.get("APPID") === "w7";
  });
  if (applications.length === 0) refuse("the profile has no APPLICATION with the APPID w7");
  return applications.flatMap((application, index) => accountNodes(application, index + 1));
}

function accountNodes({ parms, children }: Characteristic, number: number): Node[] {
  const root = `./DMAcc/acc${number}`;
  const serverId = parms.get("PROVIDER-ID") ?? "";
  const leaves = { AppID: "w7", ServerID: serverId, Name: parms.get("NAME") ?? serverId };
  const places = children.filter(({ type }) => type === "APPADDR");
  const credentials = children.filter(({ type }) => type === "APPAUTH");
  return [
    { uri: root, format: "node", type: "urn:oma:mo:oma-dm-dmacc:1.0" },
    ...Object.entries(leaves).map(([name, value]) => ({ uri: `${root}/${name}`, value })),
    ...addressNodes(`${root}/AppAddr/1`, places[0], parms),
    ...credentials.flatMap((one, index) => credentialNodes(`${root}/AppAuth/${index + 1}`, one)),
  ];
}

function addressNodes(
  uri: string, place: Characteristic | undefined, parms: ReadonlyMap<string, string>,
): Node[] {
  const address = place?.parms.get("ADDR") ?? parms.get("ADDR") ?? "";
  const port = place?.children.find(({ type }) => type === "PORT")?.parms.get("PORTNBR") ?? "";
  return [
    { uri: `${uri}/Addr`, value: withPort(address, port) },
    { uri: `${uri}/AddrType`, value: "URI" },
  ];
}

/** The address with the port that stands beside it, unless it has one. */
function withPort(address: string, port: string): string {
  if (port === "" || !URL.canParse(address)) return address;
  const url = new URL(address);
  if (url.port !== "") return address;
  url.port = port;
  return url.href;
}

function credentialNodes(uri: string, { parms }: Characteristic): Node[] {
  const level = parms.get("AAUTHLEVEL") ?? "";
  const leaves = {
    AAuthLevel: LEVELS[level] ?? level,
    AAuthType: parms.get("AAUTHTYPE") ?? "",
    AAuthName: parms.get("AAUTHNAME") ?? "",
    AAuthSecret: parms.get("AAUTHSECRET") ?? "",
  };
  const nonce = parms.get("AAUTHDATA");
  return [
    ...Object.entries(leaves).map(([name, value]) => ({ uri: `${uri}/${name}`, value })),
    ...(nonce === undefined ? [] : [nonceNode(uri, nonce)]),
  ];
}

/** A nonce is Base64 in the profile; where it is not, it is taken as it stands. */
function nonceNode(uri: string, text: string): Node {
  const bytes = Buffer.from(text, "base64");
  const isBase64 = text !== "" && bytes.toString("base64") === text;
  const value = new Uint8Array(isBase64 ? bytes : Buffer.from(text));
  return { uri: `${uri}/AAuthData`, format: "bin", value };
}
