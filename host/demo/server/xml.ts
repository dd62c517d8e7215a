import { decode } from "./decoder.ts";
import { type Child, type Element, isElement } from "./element.ts";
import { contextOf, NAMESPACES, pageOf } from "./tokens.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Characters that XML 1.0 does not have, not even as references. */
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/u;

/**
 * Prints an element as XML on one line, or indented by `indent` a level.
 *
 * Bytes are printed as text where they are text, a nested TNDS document as its elements, else in
 * Base64. What XML cannot hold in text becomes U+FFFD.
 */
export function toXml(root: Element, indent = ""): string {
  const printer = new Printer(indent);
  printer.element(root, { context: 0, page: -1, depth: 0 });
  return printer.out;
}

interface Place {
  /** Page on which names are looked up first. */
  context: number;
  /** Page whose namespace is in force, -1 for none. */
  page: number;
  depth: number;
}

class Printer {
  out = "";

  constructor(private readonly indent: string) {}

  /** Recursion is bounded by the decoder's depth limit; a tree made by hand is its maker's care. */
  element(element: Element, place: Place): void {
    const page = pageOf(element.name, place.context) ?? place.context;
    const xmlns = page === place.page ? "" : ` xmlns="${element.xmlns ?? NAMESPACES[page]!}"`;
    const children = element.children.filter((child) => child !== "");
    if (children.length === 0) {
      this.out += `<${element.name}${xmlns}/>`;
      return;
    }
    const isOpened = this.indent !== "" && children.every(isElement);
    const inner = { context: contextOf(page, element.name), page, depth: place.depth + 1 };
    this.out += `<${element.name}${xmlns}>`;
    for (const child of children) {
      if (isOpened) this.newLine(inner.depth);
      this.child(child, inner);
    }
    if (isOpened) this.newLine(place.depth);
    this.out += `</${element.name}>`;
  }

  private newLine(depth: number): void {
    this.out += `\n${this.indent.repeat(depth)}`;
  }

  private child(child: Child, place: Place): void {
    if (typeof child === "string") this.out += escapeXml(child);
    else if (isElement(child)) this.element(child, place);
    else this.opaque(child, place);
  }

  private opaque(bytes: Uint8Array, place: Place): void {
    const nested = nestedTree(bytes);
    if (nested !== undefined) {
      this.element(nested, { ...place, context: 0 });
      return;
    }
    const text = textIn(bytes);
    this.out += text === undefined ? base64Of(bytes) : escapeXml(text);
  }
}

/** No text begins with a WBXML version byte, so a document that decodes is one. */
function nestedTree(bytes: Uint8Array): Element | undefined {
  if (bytes.length < 4 || bytes[0]! < 1 || bytes[0]! > 3) return undefined;
  try {
    const root = decode(bytes, { typeIsKnown: true });
    return root.name === "MgmtTree" ? root : undefined;
  } catch {
    return undefined;
  }
}

/** In slices, since a call takes only so many arguments. */
function base64Of(bytes: Uint8Array): string {
  let characters = "";
  for (let offset = 0; offset < bytes.length; offset += 4096) {
    characters += String.fromCharCode(...bytes.subarray(offset, offset + 4096));
  }
  return btoa(characters);
}

function textIn(bytes: Uint8Array): string | undefined {
  try {
    const text = utf8.decode(bytes);
    return NOT_XML.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

const ESCAPES: Record<string, string> = {
  "&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;", "\r": "&#xD;",
};

/** Text as XML character data; also safe in a double-quoted attribute. */
export function escapeXml(text: string): string {
  return text
    .replace(new RegExp(NOT_XML, "gu"), "\ufffd")
    .replace(/[&<>"\r]/g, (character) => ESCAPES[character]!);
}
