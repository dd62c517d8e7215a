// Serialised sub-trees for tests, in their three shapes: A a WBXML document of its own, B WBXML
// inside the message, C XML text.
import { type Child, isElement } from "../../host/demo/server/wbxml.ts";
import { e, type Element } from "./syncml.ts";
import { fromHex, mb, strI, tokenOf } from "./wbxml.ts";

export interface TreeNode {
  /** Absent: no NodeName at all. */
  name?: string;
  path?: string;
  format?: string;
  type?: string;
  acl?: string;
  title?: string;
  value?: string | Uint8Array;
  children?: readonly TreeNode[];
}

export const SHAPES = ["A", "B", "C"] as const;
export type Shape = (typeof SHAPES)[number];

export const XML_TYPE = "application/vnd.syncml.dmtnds+xml";
export const WBXML_TYPE = "application/vnd.syncml.dmtnds+wbxml";

/** `-//OMA//DTD-DM-DDF 1.2//EN` from a string table. */
export const HEADER = "0200006a1b2d2f2f4f4d412f2f4454442d444d2d44444620312e322f2f454e00";
const PAGE: number = 2;

/** MgmtTree with these nodes. */
export function object(...nodes: TreeNode[]): Element {
  return e("MgmtTree", e("VerDTD", "1.2"), ...nodes.map(nodeOf));
}

function nodeOf(node: TreeNode): Element {
  const { acl, format, title, type, value, children = [] } = node;
  const properties = [
    acl === undefined ? undefined : e("ACL", acl),
    format === undefined ? undefined : e("Format", e(format)),
    title === undefined ? undefined : e("Title", title),
    type === undefined ? undefined : e("Type", e(format === "node" ? "DDFName" : "MIME", type)),
  ].filter((part) => part !== undefined);
  return e(
    "Node",
    node.name === undefined ? undefined : e("NodeName", node.name),
    node.path === undefined ? undefined : e("Path", node.path),
    properties.length === 0 ? undefined : e("RTProperties", ...properties),
    value === undefined ? undefined : e("Value", value),
    ...children.map(nodeOf),
  );
}

/** The content of Data. */
export function shaped(shape: Shape, root: Element): Child {
  if (shape === "B") return root;
  return shape === "A" ? documentOf(root) : xmlOf(root);
}

/** A WBXML document that holds the object. */
export function documentOf(root: Element): Uint8Array {
  return fromHex(`${HEADER}0002${hexOf(root)}`);
}

/** The object on code page 2, without a SWITCH_PAGE. */
export function hexOf(child: Child): string {
  if (typeof child === "string") return strI(child);
  if (!isElement(child)) return `c3${mb(child.length)}${Buffer.from(child).toString("hex")}`;
  const tag = tokenOf(PAGE, child.name) & 0x3f;
  const byte = (value: number): string => value.toString(16).padStart(2, "0");
  if (child.children.length === 0) return byte(tag);
  return `${byte(tag | 0x40)}${child.children.map(hexOf).join("")}01`;
}

export function xmlOf(child: Child): string {
  if (typeof child === "string") return escape(child);
  if (!isElement(child)) return Buffer.from(child).toString("base64");
  if (child.children.length === 0) return `<${child.name}/>`;
  return `<${child.name}>${child.children.map(xmlOf).join("")}</${child.name}>`;
}

function escape(text: string): string {
  return text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
}
