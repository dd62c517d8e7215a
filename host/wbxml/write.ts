// A tree to WBXML 1.2: UTF-8, and no string table but for the name of a type without a number.
import type { WbxmlModule } from "../core/wbxml.ts";
import { encodingFailed, WbxmlError } from "./error.ts";
import { tokenOf, UTF8 } from "./tables.ts";
import type { DocumentType } from "./tables.ts";
import { bytesOf, isElement, joined } from "./tree.ts";
import type { Document, Element } from "./tree.ts";

const VERSION_1_2 = 0x02;

/** @throws WbxmlError  `budget`: the document would have more than `bytesMax` bytes */
export function writeDocument(
  module: WbxmlModule, { type, root }: Document, bytesMax: number,
): Uint8Array {
  module.begin(headerOf(type));
  writeElement(module, root, type);
  const bytes = module.finish();
  if (bytes !== undefined && bytes.length <= bytesMax) return bytes;
  throw tooLarge(bytesMax);
}

function tooLarge(bytesMax: number): WbxmlError {
  const what = `the document would have more than ${bytesMax} bytes`;
  return new WbxmlError("budget", bytesMax, `encoding XML failed: ${what}`);
}

function headerOf({ number, identifier }: DocumentType): Uint8Array {
  const table = number === 0 ? [...bytesOf(`${identifier}\0`)] : [];
  const publicId = number === 0 ? [0, 0] : integer(number);
  return Uint8Array.of(VERSION_1_2, ...publicId, UTF8, ...integer(table.length), ...table);
}

/** A multi-byte integer: 7 bits a byte. */
function integer(value: number): number[] {
  const groups = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) groups.unshift((rest & 0x7f) | 0x80);
  return groups;
}

function writeElement(module: WbxmlModule, element: Element, type: DocumentType): void {
  const { name, words } = element;
  const tag = type.pages[words.page] === words ? tokenOf(words, name, type.version) : undefined;
  if (tag === undefined) {
    throw encodingFailed("token", element.offset, `${type.title} has no element ${name}`);
  }
  const token = (words.page << 8) | tag;
  const children = joined(element.children);
  if (children.length === 0) {
    module.empty(token);
    return;
  }
  module.start(token);
  for (const child of children) {
    if (isElement(child)) writeElement(module, child, type);
    else writeText(module, bytesOf(child.value), child.isOpaque);
  }
  module.end();
}

function writeText(module: WbxmlModule, bytes: Uint8Array, isOpaque: boolean): void {
  if (bytes.length <= module.capacity) {
    module.put(bytes, isOpaque);
    return;
  }
  throw tooLarge(module.capacity);
}
