// Documents inside Data. In WBXML one is an OPAQUE with a header of its own, or the elements of its
// page stand inline; in XML it is elements. The Type in the Meta of the Item, or else of its
// command, says which: it ends with `+wbxml` or `+xml`.
import { decodingFailed } from "./error.ts";
import { NESTED_MAX } from "./limits.ts";
import { DEVINF, DMDDF, SYNCML, typeOfMedia } from "./tables.ts";
import type { DocumentType } from "./tables.ts";
import { bytesOf, childOf, elementsOf, isElement, textIn } from "./tree.ts";
import type { Document, Element, Text } from "./tree.ts";

/** Data that holds, or may hold, a document. */
interface Holder {
  readonly data: Element;
  /** Type element that speaks about it. */
  readonly type: Element | undefined;
}

const VERSIONS = [1, 2, 3];

/**
 * Turns the content of an OPAQUE into a document; `type` is what it is if it does not say.
 * Undefined where it does not begin with the header of one: the last chunk of a large object.
 */
export type ReadNested = (opaque: Text, type: DocumentType) => Document | undefined;
export type WriteNested = (root: Element) => Uint8Array;

/**
 * Makes nested documents elements.
 *
 * @throws WbxmlError  `depth`: more than NESTED_MAX levels; or what `read` throws
 */
export function unfold(root: Element, read: ReadNested): void {
  for (const { data, type } of holdersIn(root)) {
    const nested = type && nestedType(textOf(type), "wbxml");
    if (type === undefined || nested === undefined) continue;
    const opaque = opaqueIn(data);
    const document = opaque && read(opaque, nested);
    if (opaque !== undefined && document !== undefined) {
      checkNested(document, opaque);
      if (isDocument(document.root)) data.children = [document.root];
    }
    if (!elementsOf(data).some(isDocument)) continue;
    setText(type, textOf(type).trim().replace(/\+wbxml(?=\s*(;|$))/i, "+xml"));
  }
}

/** Makes nested documents bytes. @throws WbxmlError  what `write` throws */
export function fold(root: Element, write: WriteNested): void {
  for (const { data, type } of holdersIn(root)) {
    const [child, ...others] = data.children;
    if (child === undefined || others.length > 0 || !isDocument(child)) continue;
    // Without a Type who decodes it could not tell it from other bytes: it stays inline.
    if (type === undefined || nestedType(textOf(type), "wbxml|xml") === undefined) continue;
    data.children = [{ value: write(child), isOpaque: true, offset: -1 }];
    setText(type, textOf(type).trim().replace(/\+xml(?=\s*(;|$))/i, "+wbxml"));
  }
}

/** The OPAQUE that is all the content of Data and may be a document. */
function opaqueIn({ children }: Element): Text | undefined {
  const [child, ...others] = children;
  if (child === undefined || others.length > 0 || isElement(child) || !child.isOpaque) return;
  // No text begins with a version byte.
  return VERSIONS.includes(bytesOf(child.value)[0] ?? 0) ? child : undefined;
}

/** @throws WbxmlError  a document that is nested itself holds one */
function checkNested({ root }: Document, { offset }: Text): void {
  for (const { data, type } of holdersIn(root)) {
    const isHolder = type !== undefined && nestedType(textOf(type), "wbxml") !== undefined;
    const opaque = isHolder ? opaqueIn(data) : undefined;
    if (opaque === undefined) continue;
    const what = `more than ${NESTED_MAX} level of nested documents`;
    throw decodingFailed("depth", offset + opaque.offset, what);
  }
}

function isDocument(child: Element | Text): child is Element {
  if (!isElement(child)) return false;
  const { name, words } = child;
  return (words === DEVINF && name === "DevInf") || (words === DMDDF && name === "MgmtTree");
}

/** The type of the documents that an Item's Type names, if they are of a form and may be nested. */
function nestedType(media: string, form: "wbxml" | "wbxml|xml"): DocumentType | undefined {
  if (!new RegExp(`\\+(${form})\\s*(;|$)`, "i").test(media)) return undefined;
  const type = typeOfMedia(media);
  return type?.pages[0] === SYNCML ? undefined : type;
}

function holdersIn(root: Element): Holder[] {
  const found: Holder[] = [];
  const visit = (element: Element, outer: Element | undefined): void => {
    const type = childOf(childOf(element, "Meta"), "Type") ?? outer;
    // A chunk of a large object is no document.
    const isChunk = childOf(element, "MoreData") !== undefined;
    for (const child of elementsOf(element)) {
      if (child.words !== SYNCML) continue;
      if (child.name !== "Data") visit(child, type);
      else if (!isChunk) found.push({ data: child, type });
    }
  };
  visit(root, undefined);
  return found;
}

function textOf({ children }: Element): string {
  const texts = children.flatMap((child) => (isElement(child) ? [] : [bytesOf(child.value)]));
  return texts.map((bytes) => textIn(bytes) ?? "").join("");
}

function setText(element: Element, value: string): void {
  element.children = [{ value, isOpaque: false, offset: -1 }];
}
