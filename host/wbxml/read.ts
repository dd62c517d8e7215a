// WBXML to a tree, and to a list of what each byte is.
import { Err } from "../../assembly/abi/codes.ts";
import { Step } from "../core/wbxml.ts";
import type { WbxmlModule } from "../core/wbxml.ts";
import { decodingFailed, WbxmlError } from "./error.ts";
import { bodyFault, headerFault, readHeader } from "./faults.ts";
import type { Header } from "./faults.ts";
import { DEPTH_MAX, ELEMENTS_MAX, PIECES_MAX, TREE_DEPTH_MAX } from "./limits.ts";
import { DEVINF, DMDDF, DOCUMENT_TYPES, nameOf, UTF8 } from "./tables.ts";
import type { DocumentType, Vocabulary } from "./tables.ts";
import { textIn, toBase64 } from "./tree.ts";
import type { Document, Element, Text } from "./tree.ts";

/** What a run of bytes is. */
export type PartKind =
  | "version" | "publicid" | "charset" | "table"
  | "switch" | "tag" | "attributes" | "end" | "string" | "reference" | "entity" | "opaque"
  | "instruction";

/** A run of bytes of a document. Parts follow each other without a gap. */
export interface Part {
  readonly offset: number;
  readonly length: number;
  readonly kind: PartKind;
  /** Elements that are open around it. */
  readonly depth: number;
  /** Tag and end: the element. */
  readonly name?: string;
  /** What it says: a text, a version, an identifier, the number of a page. */
  readonly text?: string;
  /** The text is Base64 of bytes that are no text. */
  readonly encoding?: "base64";
}

/** What was read of a document; `document` is there where nothing is wrong. */
export interface Reading {
  readonly parts: Part[];
  readonly type?: DocumentType;
  readonly document?: Document;
  readonly fault?: WbxmlError;
}

export interface Expected {
  /** What the document is if it does not say so itself. */
  readonly type: DocumentType | undefined;
  readonly bytesMax: number;
}

const SYNCML_RESERVED = 0x30;
const DEVINF_RESERVED = 0x2f;
const TAG_MASK = 0x3f;
const HAS_ATTRIBUTES = 0x80;
const UNKNOWN_TYPE = 1;
/** First bytes of what is neither a tag nor an END. */
const KINDS: { readonly [token: number]: PartKind } = {
  0x00: "switch", 0x02: "entity", 0x03: "string", 0x43: "instruction", 0x83: "reference",
  0xc3: "opaque",
};
const CHARSETS: { readonly [number: number]: string } = {
  0: "of the transport", 3: "US-ASCII", [UTF8]: "UTF-8",
};

/** Reads a whole document; never throws. */
export function readDocument(module: WbxmlModule, bytes: Uint8Array, expected: Expected): Reading {
  const reader = new DocumentReader(module, bytes);
  const { parts } = reader;
  try {
    const document = reader.read(expected);
    return { parts, type: document.type, document };
  } catch (error) {
    if (!(error instanceof WbxmlError)) throw error;
    return { parts, ...(reader.type ? { type: reader.type } : {}), fault: error };
  }
}

interface Open {
  readonly element: Element;
  readonly isInTree: boolean;
}

class DocumentReader {
  readonly parts: Part[] = [];
  /** Once the header has been read. */
  type: DocumentType | undefined;
  private readonly stack: Open[] = [];
  private root: Element | undefined;
  private pieces = 0;

  constructor(private readonly module: WbxmlModule, private readonly bytes: Uint8Array) {}

  read({ type: otherwise, bytesMax }: Expected): Document {
    const { module, bytes } = this;
    if (bytes.length > bytesMax) {
      throw decodingFailed("budget", bytesMax, `the document has more than ${bytesMax} bytes`);
    }
    const err = module.open(bytes, SYNCML_RESERVED);
    if (err !== Err.Ok) throw headerFault(bytes, err);
    const header = readHeader(bytes);
    const type = this.typeOf(header, otherwise);
    this.type = type;
    this.addHeader(header, type);
    const reserved = type.pages[0] === DEVINF ? DEVINF_RESERVED : SYNCML_RESERVED;
    module.open(bytes, reserved);
    const fault = module.check(TREE_DEPTH_MAX, ELEMENTS_MAX) === Err.Ok
      ? undefined : bodyFault(bytes, module, header);
    module.open(bytes, reserved);
    // What stands before the fault is read all the same: it may be shown.
    const end = fault?.offset ?? bytes.length;
    while (module.position < end && this.step(type));
    if (fault !== undefined) throw this.stack.length > 0 ? fault : outside(fault);
    return { type, root: this.root! };
  }

  private typeOf(header: Header, otherwise: DocumentType | undefined): DocumentType {
    const { publicId } = this.module;
    const identifier = publicId === 0 ? textIn(this.module.text()) : undefined;
    const known = publicId === 0
      ? DOCUMENT_TYPES.find((type) => type.identifier === identifier)
      : DOCUMENT_TYPES.find((type) => type.number === publicId);
    const found = publicId === UNKNOWN_TYPE ? otherwise : known;
    if (found !== undefined) return found;
    const what = identifier === undefined ? `number ${publicId}` : `"${identifier}"`;
    const sentence = publicId === UNKNOWN_TYPE
      ? "the document does not say what it is, nor does its media type"
      : `documents of the type ${what} are not known`;
    throw decodingFailed("publicid", header.publicId.offset, sentence);
  }

  private addHeader(header: Header, type: DocumentType): void {
    const { version, publicId, charset, table } = header;
    this.parts.push(
      { ...version, kind: "version", depth: 0, text: `1.${this.bytes[0]}` },
      { ...publicId, kind: "publicid", depth: 0, text: type.identifier },
      { ...charset, kind: "charset", depth: 0, text: CHARSETS[header.charsetNumber] ?? "" },
      { ...table, kind: "table", depth: 0, ...shownAs(header.strings) },
    );
  }

  /** @returns false: the next token is the one at fault */
  private step(type: DocumentType): boolean {
    const { module, bytes } = this;
    const offset = module.position;
    const step = module.step();
    if (module.error !== Err.Ok) return false;
    const length = module.position - offset;
    const token = bytes[offset]!;
    if (step === Step.Start) this.start(type, offset, length);
    else if (step === Step.End) this.end(offset, length);
    else if (step === Step.Text) this.text(offset, length);
    else {
      const text = token === 0 ? { text: String(bytes[offset + 1]) } : {};
      const depth = this.stack.length;
      this.parts.push({ offset, length, kind: KINDS[token]!, depth, ...text });
    }
    return true;
  }

  private start(type: DocumentType, offset: number, length: number): void {
    const { tag: token } = this.module;
    const words = type.pages[token >> 8];
    const name = words && nameOf(words, token & TAG_MASK, type.version);
    if (words === undefined || name === undefined) {
      const shown = (token & TAG_MASK).toString(16).toUpperCase().padStart(2, "0");
      const where = `page ${token >> 8} of ${type.title}`;
      throw decodingFailed(words ? "token" : "page", offset, `no element ${shown} on ${where}`);
    }
    const depth = this.stack.length;
    this.open({ name, words, offset, children: [] });
    const byte = this.bytes[offset]!;
    this.parts.push({ offset, length: 1, kind: "tag", depth, name });
    if ((byte & HAS_ATTRIBUTES) !== 0) {
      this.parts.push({ offset: offset + 1, length: length - 1, kind: "attributes", depth });
    }
  }

  private open(element: Element): void {
    const parent = this.stack.at(-1);
    const isInTree = isTreeRoot(element.words, element.name) || parent?.isInTree === true;
    if (!isInTree && this.stack.length >= DEPTH_MAX) {
      throw decodingFailed("depth", element.offset, `more than ${DEPTH_MAX} levels of elements`);
    }
    if (parent === undefined) this.root = element;
    else parent.element.children.push(element);
    this.stack.push({ element, isInTree });
  }

  private end(offset: number, length: number): void {
    const { element } = this.stack.pop()!;
    if (length === 0) return;
    const depth = this.stack.length;
    this.parts.push({ offset, length, kind: "end", depth, name: element.name });
  }

  private text(offset: number, length: number): void {
    if (++this.pieces > PIECES_MAX) {
      throw decodingFailed("budget", offset, `more than ${PIECES_MAX} pieces of text`);
    }
    const { isOpaque } = this.module;
    const bytes = this.module.text();
    const value = isOpaque ? bytes : textIn(bytes);
    if (value === undefined) throw decodingFailed("text", offset, "XML cannot hold this text");
    const depth = this.stack.length;
    const kind = KINDS[this.bytes[offset]!]!;
    this.parts.push({ offset, length, kind, depth, ...shownAs(bytes) });
    const text: Text = { value, isOpaque, offset: offset + length - (isOpaque ? bytes.length : 0) };
    this.stack.at(-1)!.element.children.push(text);
  }
}

/** Outside of the root even a text that is one has no place. */
function outside(fault: WbxmlError): WbxmlError {
  if (fault.fault !== "text") return fault;
  return decodingFailed("token", fault.offset, "a text outside of the root element");
}

function isTreeRoot(words: Vocabulary, name: string): boolean {
  return words === DMDDF && name === "MgmtTree";
}

function shownAs(bytes: Uint8Array): Pick<Part, "text" | "encoding"> {
  const text = textIn(bytes);
  return text === undefined ? { text: toBase64(bytes), encoding: "base64" } : { text };
}
