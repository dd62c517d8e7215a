import {
  bytesOf, childOf, childrenOf, decode, elementsOf, isElement, textOf, wordOf,
} from "../demo/server/wbxml.ts";
import type { Element } from "../demo/server/wbxml.ts";
import type { Node } from "./bootstrap.ts";
import { refuse } from "./values.ts";
import { readXml } from "./xml.ts";
import type { XmlElement } from "./xml.ts";

const ACCOUNT_TYPE = "urn:oma:mo:oma-dm-dmacc:1.0";
const ACCOUNTS = "./DMAcc";
const INBOX = "./Inbox";

/** Formats that nodes of an account have. */
const FORMATS: { readonly [name: string]: Node["format"] } = {
  chr: undefined, node: "node", bin: "bin", bool: "bool", int: "int",
};

/**
 * Account nodes that a DM message adds, one by one or as objects in TNDS.
 *
 * @spec DM BOOT 1.2 §5.2.2
 */
export function readDmProfile(bytes: Uint8Array): Node[] {
  let root: Element;
  try {
    root = decode(bytes);
  } catch (cause) {
    return refuse(`the profile is no DM message: ${(cause as Error).message}`, cause);
  }
  const body = childOf(root, "SyncBody");
  if (root.name !== "SyncML" || body === undefined) return refuse("the profile is no DM message");
  return commandsIn(body).flatMap((command) => {
    return childrenOf(command, "Item").flatMap((item) => nodesOfItem(item, command));
  });
}

/** The Adds, those inside Sequence and Atomic too. */
function commandsIn(parent: Element): Element[] {
  return elementsOf(parent).flatMap((child) => {
    if (child.name === "Sequence" || child.name === "Atomic") return commandsIn(child);
    return child.name === "Add" ? [child] : [];
  });
}

function nodesOfItem(item: Element, command: Element): Node[] {
  const uri = wordOf(childOf(item, "Target"), "LocURI") ?? "";
  const meta = [childOf(item, "Meta"), childOf(command, "Meta")];
  const metaOf = (name: string): string | undefined => {
    return meta.map((one) => wordOf(one, name)).find((word) => word !== undefined);
  };
  const type = metaOf("Type");
  const content = childOf(item, "Data");
  if (type?.includes("dmtnds") === true && content !== undefined) {
    return objectsIn(content).flatMap((object) => nodesOfObject(object, uri));
  }
  const name = metaOf("Format") ?? "chr";
  if (!(name in FORMATS)) refuse(`${uri} has the format ${name}, which no node of an account has`);
  const format = FORMATS[name];
  const value = content === undefined ? new Uint8Array(0) : bytesOf(content);
  return [{
    uri: withDot(uri),
    ...(format === undefined ? {} : { format }),
    ...(type === undefined ? {} : { type }),
    value: format === "bin" ? value : Buffer.from(value).toString(),
  }];
}

function withDot(uri: string): string {
  return uri.startsWith("./") ? uri : `./${uri}`;
}

/** The Node elements right below MgmtTree, in whichever of its three forms it comes. */
function objectsIn(content: Element): XmlElement[] {
  const inline = content.children.filter(isElement)[0];
  if (inline !== undefined) return nodesIn(fromWbxml(inline));
  const bytes = bytesOf(content);
  if (bytes[0] === "<".charCodeAt(0)) {
    return nodesIn(readXml(Buffer.from(bytes).toString(), "the object in the profile"));
  }
  try {
    return nodesIn(fromWbxml(decode(bytes)));
  } catch (cause) {
    return refuse(`an object in the profile cannot be read: ${(cause as Error).message}`, cause);
  }
}

function fromWbxml(element: Element): XmlElement {
  return {
    name: element.name,
    attributes: {},
    children: elementsOf(element).map(fromWbxml),
    text: textOf(element) ?? "",
  };
}

function nodesIn(tree: XmlElement): XmlElement[] {
  if (tree.name !== "MgmtTree") refuse(`the profile holds a ${tree.name}, not a MgmtTree`);
  return tree.children.filter(({ name }) => name === "Node");
}

/** An object for the Inbox gets its place from its type; another one says where it belongs. */
function nodesOfObject(object: XmlElement, target: string): Node[] {
  const name = textIn(object, "NodeName");
  const path = textIn(object, "Path");
  const isAccount = typeOf(object) === ACCOUNT_TYPE;
  if (withDot(target) !== INBOX) {
    const parent = [target, path].filter((part) => part !== "").join("/");
    return nodesOfTnds(object, withDot(name === "" ? parent : `${parent}/${name}`));
  }
  // Objects that this device does not know may be ignored.
  if (!isAccount) return [];
  return nodesOfTnds(object, `${ACCOUNTS}/${name === "" ? "acc1" : name}`);
}

function nodesOfTnds(object: XmlElement, uri: string): Node[] {
  const inner = object.children.filter(({ name }) => name === "Node");
  const value = object.children.find(({ name }) => name === "Value");
  const type = typeOf(object);
  const properties = object.children.find(({ name }) => name === "RTProperties");
  const formats = properties?.children.find(({ name }) => name === "Format")?.children ?? [];
  const fallback = value === undefined && inner.length > 0 ? "node" : "chr";
  const format = FORMATS[formats[0]?.name ?? fallback];
  const below = inner.flatMap((child) => nodesOfTnds(child, `${uri}/${textIn(child, "NodeName")}`));
  const text = value?.text ?? "";
  const node: Node = {
    uri,
    ...(format === undefined ? {} : { format }),
    ...(type === "" || type === "text/plain" ? {} : { type }),
    value: format === "bin" ? new Uint8Array(Buffer.from(text, "base64")) : text,
  };
  return [node, ...below];
}

function typeOf(object: XmlElement): string {
  const properties = object.children.find(({ name }) => name === "RTProperties");
  const type = properties?.children.find(({ name }) => name === "Type");
  return type?.children[0]?.text.trim() ?? "";
}

function textIn(element: XmlElement, name: string): string {
  return element.children.find((child) => child.name === name)?.text.trim() ?? "";
}
