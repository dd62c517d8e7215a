// A writer of WBXML for tests of the reference server, apart from the server's own: tokens come
// from the table of test/vectors, pages are switched early, the version is 1.3.
import { tokenOf } from "./wbxml.ts";

export interface Tree {
  readonly name: string;
  readonly children: readonly (Tree | string | Uint8Array)[];
}

export interface Head {
  readonly version?: number;
  /** Hex of the public identifier, and of what follows up to the charset. */
  readonly publicId?: string;
  readonly charset?: string;
  readonly table?: string;
}

/** Names below these are on page 1. */
const META = "Meta";
const HAS_CONTENT = 0x40;

/** A whole document. */
export function encodeTree(root: Tree, head: Head = {}): Uint8Array {
  const { version = 3, publicId = "a401", charset = "6a", table = "" } = head;
  const bytes = Buffer.from(table, "latin1");
  const start = [version, ...Buffer.from(publicId + charset, "hex"), bytes.length, ...bytes];
  const out: number[] = [...start];
  const state = { page: 0 };
  write(root, 0, state, out);
  return Uint8Array.from(out);
}

function write(tree: Tree, page: number, state: { page: number }, out: number[]): void {
  if (state.page !== page) out.push(0, page);
  state.page = page;
  const children = tree.children.filter((child) => child !== "");
  out.push((tokenOf(page, tree.name) & 0xff) | (children.length > 0 ? HAS_CONTENT : 0));
  if (children.length === 0) return;
  for (const child of children) {
    if (typeof child === "string") out.push(3, ...Buffer.from(child), 0);
    else if (child instanceof Uint8Array) out.push(0xc3, ...lengthOf(child), ...child);
    else write(child, tree.name === META ? 1 : page, state, out);
  }
  out.push(1);
}

function lengthOf({ length }: Uint8Array): number[] {
  const groups = [length & 0x7f];
  for (let rest = length >> 7; rest > 0; rest >>= 7) groups.unshift((rest & 0x7f) | 0x80);
  return groups;
}
