import type { Element } from "./element.ts";
import {
  contextOf, DOCUMENT_TYPES, type DocumentType, documentTypeOf, END, ENTITY, FIRST_TAG,
  HAS_ATTRIBUTES, HAS_CONTENT, LITERAL, nameOf, OPAQUE, PAGE_COUNT, pageOf, PI, STR_I, STR_T,
  SWITCH_PAGE, TAG_MASK, US_ASCII, UTF8,
} from "./tokens.ts";

/** What is wrong with a document; one class for each row of the WBXML digest's rejection table. */
export type WbxmlFailure =
  | "truncated" | "version" | "publicid" | "charset" | "integer" | "length" | "index"
  | "token" | "page" | "depth" | "entity" | "trailing" | "budget";

/** A document that cannot be read (or, with offset -1, an element tree that cannot be written). */
export class WbxmlError extends Error {
  constructor(readonly kind: WbxmlFailure, readonly offset: number, what: string) {
    super(offset < 0 ? `WBXML: ${what}` : `WBXML: ${what} at byte ${offset}`);
    this.name = "WbxmlError";
  }
}

export interface DecodeOptions {
  /** The transport named the media type, so public identifier 1 ("unknown") is accepted. */
  typeIsKnown?: boolean;
}

const DOCUMENT_BYTES_MAX = 1 << 20;
const DEPTH_MAX = 32;
const TREE_DEPTH_MAX = 64;
const ELEMENT_COUNT_MAX = 262_144;
const PIECE_COUNT_MAX = 262_144;
const ATTRIBUTE_COUNT_MAX = 4;
const EXPANDED_RATIO_MAX = 4;
const EXPANDED_BYTES_MAX = 4 << 20;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a WBXML document with code pages 0, 1 and 2.
 *
 * Adjacent strings, table references and entities become one string; each OPAQUE stays bytes of its
 * own (a copy). A nested document is not entered: its bytes are the OPAQUE.
 *
 * @throws WbxmlError  nothing is delivered in part
 */
export function decode(bytes: Uint8Array, options: DecodeOptions = {}): Element {
  return new Decoder(bytes).document(options.typeIsKnown === true);
}

interface Open {
  element: Element;
  page: number;
  isInTree: boolean;
}

class Decoder {
  private next = 0;
  private table: Uint8Array = new Uint8Array(0);
  private charset = UTF8;
  private tagPage = 0;
  private elementCount = 0;
  private pieceCount = 0;
  private expandedBytes = 0;
  private readonly stack: Open[] = [];
  private readonly expandedBytesMax: number;

  constructor(private readonly bytes: Uint8Array) {
    this.expandedBytesMax = Math.min(bytes.length * EXPANDED_RATIO_MAX, EXPANDED_BYTES_MAX);
  }

  document(typeIsKnown: boolean): Element {
    if (this.bytes.length > DOCUMENT_BYTES_MAX) throw this.failure("budget", "too many bytes", 0);
    const documentType = this.header(typeIsKnown);
    const root = this.root();
    while (this.next < this.bytes.length) {
      const at = this.next;
      if (this.byte() !== PI) throw this.failure("trailing", "bytes after the root element", at);
      this.instruction();
    }
    if (documentType !== undefined && documentType.xmlns !== documentTypeOf(root).xmlns) {
      root.xmlns = documentType.xmlns;
    }
    return root;
  }

  /** @returns undefined if the document does not say */
  private header(typeIsKnown: boolean): DocumentType | undefined {
    const version = this.byte();
    if (version < 0x01 || version > 0x03) throw this.failure("version", "unknown version", 0);
    const number = this.integer();
    const index = number === 0 ? this.integer() : -1;
    const charsetAt = this.next;
    const charset = this.integer();
    if (charset !== UTF8 && charset !== US_ASCII && charset !== 0) {
      throw this.failure("charset", `charset ${charset} is not supported`, charsetAt);
    }
    this.charset = charset;
    const tableBytes = this.integer();
    this.table = this.take(tableBytes);
    if (number === 1 && typeIsKnown) return undefined;
    const found = index < 0
      ? DOCUMENT_TYPES.find((known) => known.number === number)
      : this.typeNamed(this.tableString(index, 1));
    if (found === undefined) throw this.failure("publicid", "unknown public identifier", 1);
    return found;
  }

  private typeNamed(identifier: string): DocumentType | undefined {
    return DOCUMENT_TYPES.find((known) => known.identifier === identifier);
  }

  private root(): Element {
    for (;;) {
      const at = this.next;
      const byte = this.byte();
      if (byte === SWITCH_PAGE) this.switchPage();
      else if (byte === PI) this.instruction();
      else return this.open(byte, at) ?? this.content();
    }
  }

  /** Reads until the root's END; the caller has opened the root. */
  private content(): Element {
    const root = this.stack[0]!.element;
    while (this.stack.length > 0) {
      const at = this.next;
      const byte = this.byte();
      switch (byte) {
        case SWITCH_PAGE: this.switchPage(); break;
        case END: this.stack.pop(); break;
        case PI: this.instruction(); break;
        case OPAQUE: this.addOpaque(); break;
        case ENTITY: case STR_I: case STR_T: this.addText(this.text(byte, at)); break;
        default: this.open(byte, at);
      }
    }
    return root;
  }

  /** Starts an element; @returns it if it is already complete and has no parent */
  private open(byte: number, at: number): Element | undefined {
    if ((byte & TAG_MASK) < FIRST_TAG) {
      if ((byte & TAG_MASK) === LITERAL) this.tableString(this.integer(), at);
      throw this.failure("token", `global token ${hex(byte)} has no place here`, at);
    }
    const parent = this.stack[this.stack.length - 1];
    const name = nameOf(this.tagPage, byte & TAG_MASK);
    const context = parent === undefined ? 0 : contextOf(parent.page, parent.element.name);
    if (name === undefined || pageOf(name, context) !== this.tagPage) {
      throw this.failure("token", `tag ${hex(byte)} of page ${this.tagPage} has no place here`, at);
    }
    if (++this.elementCount > ELEMENT_COUNT_MAX) throw this.failure("budget", "elements", at);
    const isInTree = name === "MgmtTree" || parent?.isInTree === true;
    if (this.stack.length >= (isInTree ? TREE_DEPTH_MAX : DEPTH_MAX)) {
      throw this.failure("depth", "nested too deeply", at);
    }
    const element: Element = { name, children: [] };
    parent?.element.children.push(element);
    const page = this.tagPage;
    if ((byte & HAS_ATTRIBUTES) !== 0) this.attributes();
    if ((byte & HAS_CONTENT) !== 0) this.stack.push({ element, page, isInTree });
    else if (parent === undefined) return element;
    return undefined;
  }

  /**
   * Skips an attribute list. SyncML defines no attribute token; some clients write the namespace as
   * the literal at index 0, without any string table, and that alone is let through.
   */
  private attributes(): void {
    let count = 0;
    let byte = this.pastSwitches();
    if (byte === END) throw this.failure("token", "empty attribute list", this.next - 1);
    while (byte !== END) {
      const at = this.next - 1;
      if (byte !== LITERAL) throw this.failure("token", "attribute", at);
      if (++count > ATTRIBUTE_COUNT_MAX) throw this.failure("budget", "attributes", at);
      const index = this.integer();
      const isNamespace = index === 0 && this.table.length === 0
        || this.tableString(index, at) === "xmlns";
      if (!isNamespace) throw this.failure("token", "attribute", at);
      byte = this.attributeValue();
    }
  }

  /** Skips the values of one attribute; @returns the byte after them */
  private attributeValue(): number {
    for (;;) {
      const byte = this.pastSwitches();
      if (byte !== STR_I && byte !== STR_T && byte !== ENTITY) return byte;
      this.text(byte, this.next - 1);
    }
  }

  private pastSwitches(): number {
    let byte = this.byte();
    while (byte === SWITCH_PAGE) {
      const at = this.next;
      if (this.byte() !== 0) throw this.failure("page", "attribute page", at);
      byte = this.byte();
    }
    return byte;
  }

  /** Skips a processing instruction whose token has been read. */
  private instruction(): void {
    const at = this.next;
    if (this.pastSwitches() !== LITERAL) throw this.failure("token", "processing instruction", at);
    this.tableString(this.integer(), at);
    const byte = this.attributeValue();
    if (byte !== END) throw this.failure("token", "processing instruction", this.next - 1);
  }

  private switchPage(): void {
    const at = this.next;
    const page = this.byte();
    if (page >= PAGE_COUNT) throw this.failure("page", `code page ${page}`, at);
    this.tagPage = page;
  }

  private addOpaque(): void {
    const count = this.integer();
    const at = this.next;
    const value = this.take(count).slice();
    this.expand(value.length, at);
    this.stack[this.stack.length - 1]!.element.children.push(value);
  }

  private addText(text: string): void {
    const children = this.stack[this.stack.length - 1]!.element.children;
    const last = children.length - 1;
    const previous = children[last];
    if (typeof previous === "string") children[last] = previous + text;
    else if (text !== "") children.push(text);
  }

  /** Reads the operand of a string or entity token. */
  private text(token: number, at: number): string {
    if (++this.pieceCount > PIECE_COUNT_MAX) throw this.failure("budget", "pieces of text", at);
    if (token === ENTITY) return this.entity(this.integer(), at);
    if (token === STR_T) return this.tableString(this.integer(), at);
    const end = this.bytes.indexOf(0, this.next);
    if (end < 0) throw this.failure("truncated", "string without end", this.bytes.length);
    this.expand(end - this.next, at);
    const text = this.decodeText(this.bytes.subarray(this.next, end), this.next);
    this.next = end + 1;
    return text;
  }

  private entity(code: number, at: number): string {
    const isControl = code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d;
    const isSurrogate = code >= 0xd800 && code <= 0xdfff;
    if (isControl || isSurrogate || code > 0x10ffff) {
      throw this.failure("entity", "not a character", at);
    }
    return String.fromCodePoint(code);
  }

  private tableString(index: number, at: number): string {
    const end = index < this.table.length ? this.table.indexOf(0, index) : -1;
    if (end < 0) throw this.failure("index", `no string ${index} in the table`, at);
    // Counted before it is copied: a short message may refer to one long string very often.
    this.expand(end - index, at);
    return this.decodeText(this.table.subarray(index, end), at);
  }

  private decodeText(bytes: Uint8Array, at: number): string {
    if (this.charset === US_ASCII && bytes.some((byte) => byte >= 0x80)) {
      throw this.failure("charset", "not US-ASCII", at);
    }
    try {
      return utf8.decode(bytes);
    } catch {
      throw this.failure("charset", "ill-formed UTF-8", at);
    }
  }

  private expand(byteCount: number, at: number): void {
    this.expandedBytes += byteCount;
    if (this.expandedBytes > this.expandedBytesMax) {
      throw this.failure("budget", "text expands too far", at);
    }
  }

  private byte(): number {
    const byte = this.bytes[this.next];
    if (byte === undefined) throw this.failure("truncated", "document ends early", this.next);
    this.next++;
    return byte;
  }

  private take(count: number): Uint8Array {
    if (count > this.bytes.length - this.next) {
      throw this.failure("length", `${count} bytes are more than are left`, this.next);
    }
    this.next += count;
    return this.bytes.subarray(this.next - count, this.next);
  }

  private integer(): number {
    const at = this.next;
    let value = 0;
    for (let count = 1; count <= 5; count++) {
      const byte = this.byte();
      value = value * 128 + (byte & 0x7f);
      if (value > 0xffff_ffff) break;
      if ((byte & 0x80) === 0) return value;
    }
    throw this.failure("integer", "more than 32 bits", at);
  }

  private failure(kind: WbxmlFailure, what: string, offset: number): WbxmlError {
    return new WbxmlError(kind, offset, what);
  }
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, "0");
}
