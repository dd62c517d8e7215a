/** One element of a SyncML, MetInf or TNDS document: text is a string, OPAQUE stays bytes. */
export interface Element {
  name: string;
  children: Child[];
  /** Only on a root that is not of its page's default namespace, for example SyncML 1.1. */
  xmlns?: string;
}

export type Child = Element | string | Uint8Array;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Makes an element; numbers become decimal text, `undefined` children are left out. */
export function element(name: string, ...children: (Child | number | undefined)[]): Element {
  const kept: Child[] = [];
  for (const child of children) {
    if (child === undefined || child === "") continue;
    kept.push(typeof child === "number" ? String(child) : child);
  }
  return { name, children: kept };
}

export function isElement(child: Child): child is Element {
  return typeof child === "object" && !(child instanceof Uint8Array);
}

/** The element children, in document order. */
export function elementsOf(parent: Element): Element[] {
  return parent.children.filter(isElement);
}

/** The first child called `name`. */
export function childOf(parent: Element | undefined, name: string): Element | undefined {
  return parent === undefined ? undefined : elementsOf(parent).find((e) => e.name === name);
}

/** All children called `name`, in document order. */
export function childrenOf(parent: Element, name: string): Element[] {
  return elementsOf(parent).filter((child) => child.name === name);
}

/** The content as bytes: text as UTF-8, OPAQUE as it is; child elements are left out. */
export function bytesOf(parent: Element): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const child of parent.children) {
    if (!isElement(child)) pieces.push(typeof child === "string" ? encoder.encode(child) : child);
  }
  return joinBytes(pieces);
}

export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

/** The content as text, ill-formed UTF-8 replaced by U+FFFD; undefined without element. */
export function textOf(parent: Element | undefined): string | undefined {
  return parent === undefined ? undefined : decoder.decode(bytesOf(parent));
}

/** Text of the child called `name`, trimmed, for identifiers and URIs. */
export function wordOf(parent: Element | undefined, name: string): string | undefined {
  return textOf(childOf(parent, name))?.trim();
}
