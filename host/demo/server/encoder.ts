import { WbxmlError } from "./decoder.ts";
import { type Child, type Element, isElement } from "./element.ts";
import {
  contextOf, documentTypeOf, END, HAS_CONTENT, OPAQUE, pageOf, STR_I, SWITCH_PAGE, tokenOf, UTF8,
} from "./tokens.ts";

/**
 * Writes a WBXML 1.2 document without string table; the page of each name follows from its context.
 *
 * @throws WbxmlError  a name is on none of the pages
 */
export function encode(root: Element): Uint8Array {
  const encoder = new Encoder();
  encoder.header(root);
  encoder.tree(root);
  return encoder.finish();
}

const utf8 = new TextEncoder();

class Encoder {
  private readonly out: number[] = [];
  private page = 0;

  header(root: Element): void {
    const documentType = documentTypeOf(root);
    this.out.push(0x02);
    this.integer(documentType.number);
    if (documentType.number === 0) this.integer(0);
    this.integer(UTF8);
    const table = documentType.number === 0 ? utf8.encode(`${documentType.identifier}\0`) : [];
    this.integer(table.length);
    this.raw(table);
  }

  /** Walks with a stack of its own, so that depth costs memory and not the call stack. */
  tree(root: Element): void {
    const stack: { children: Child[]; next: number; context: number }[] = [];
    this.open(root, 0, stack);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const child = top.children[top.next++];
      if (child === undefined) {
        this.out.push(END);
        stack.pop();
      } else if (isElement(child)) this.open(child, top.context, stack);
      else this.value(child);
    }
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.out);
  }

  private open(
    { name, children }: Element,
    context: number,
    stack: { children: Child[]; next: number; context: number }[],
  ): void {
    const page = pageOf(name, context);
    if (page === undefined) throw new WbxmlError("token", -1, `no token for element ${name}`);
    if (page !== this.page) {
      this.out.push(SWITCH_PAGE, page);
      this.page = page;
    }
    const content = children.filter((child) => child !== "");
    this.out.push(tokenOf(page, name)! | (content.length > 0 ? HAS_CONTENT : 0));
    if (content.length > 0) {
      stack.push({ children: content, next: 0, context: contextOf(page, name) });
    }
  }

  private value(value: string | Uint8Array): void {
    const bytes = typeof value === "string" ? utf8.encode(value) : value;
    if (typeof value === "string" && !bytes.includes(0)) {
      this.out.push(STR_I);
      this.raw(bytes);
      this.out.push(0);
      return;
    }
    this.out.push(OPAQUE);
    this.integer(bytes.length);
    this.raw(bytes);
  }

  private integer(value: number): void {
    const groups = [value % 128];
    for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
      groups.unshift((rest % 128) | 0x80);
    }
    this.out.push(...groups);
  }

  private raw(bytes: Iterable<number>): void {
    for (const byte of bytes) this.out.push(byte);
  }
}
