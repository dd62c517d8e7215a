import { appendFileSync } from "node:fs";
import {
  childOf, decode, element, elementsOf, encode, isElement, toXml,
} from "../demo/server/wbxml.ts";
import type { Element } from "../demo/server/wbxml.ts";
import { refuse } from "./values.ts";

export type Direction = "out" | "in";

const MASK = "*";

/** A message as the trace shows it: what a person presents as proof is masked in both forms. */
export interface TracedMessage {
  hex: string;
  /** Empty where the bytes are no message. */
  xml: string;
}

/** Appends every message to a file, a JSON line each. */
export class Trace {
  constructor(private readonly path: string) {
    try {
      appendFileSync(path, "");
    } catch (cause) {
      refuse(`--trace ${path} cannot be written: ${(cause as Error).message}`, cause);
    }
  }

  message(direction: Direction, bytes: Uint8Array): void {
    const line = { at: new Date().toISOString(), direction, ...traced(bytes) };
    appendFileSync(this.path, `${JSON.stringify(line)}\n`);
  }
}

/** Masks the Data of Cred and of a MAC, in the bytes at the places where they stand. */
export function traced(bytes: Uint8Array): TracedMessage {
  let root: Element;
  try {
    root = decode(bytes);
  } catch {
    return { hex: Buffer.from(bytes).toString("hex"), xml: "" };
  }
  const secrets = secretsIn(root);
  const masked = maskElement(root, secrets);
  const copy = Buffer.from(bytes);
  const isWhole = secrets.every((secret) => overwrite(copy, secret));
  // Text that is put together from several pieces stands nowhere as a whole.
  const shown = isWhole ? copy : Buffer.from(encode(masked));
  return { hex: shown.toString("hex"), xml: toXml(masked) };
}

/** Contents of the Data elements below Cred and MAC. */
function secretsIn(root: Element): Uint8Array[] {
  const header = childOf(root, "SyncHdr");
  const proofs = header === undefined ? [] : elementsOf(header).filter(isProof);
  return proofs.flatMap((proof) => {
    const content = childOf(proof, "Data")?.children ?? [];
    return content.flatMap((child) => (isElement(child) ? [] : [toBytes(child)]));
  });
}

function isProof({ name }: Element): boolean {
  return name === "Cred" || name === "MAC";
}

function toBytes(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? new Uint8Array(Buffer.from(value)) : value;
}

function overwrite(copy: Buffer, secret: Uint8Array): boolean {
  if (secret.length === 0) return true;
  const first = copy.indexOf(secret);
  for (let at = first; at >= 0; at = copy.indexOf(secret, at)) {
    copy.fill(MASK, at, at + secret.length);
  }
  return first >= 0;
}

/** A copy in which each secret is as many asterisks. */
function maskElement(root: Element, secrets: readonly Uint8Array[]): Element {
  if (secrets.length === 0) return root;
  return mapChildren(root, (header) => {
    if (header.name !== "SyncHdr") return header;
    return mapChildren(header, (proof) => (isProof(proof) ? maskProof(proof) : proof));
  });
}

function maskProof(proof: Element): Element {
  return mapChildren(proof, (child) => {
    if (child.name !== "Data") return child;
    const length = child.children.reduce((sum, value) => {
      return sum + (isElement(value) ? 0 : toBytes(value).length);
    }, 0);
    return element("Data", MASK.repeat(length));
  });
}

function mapChildren(parent: Element, map: (child: Element) => Element): Element {
  const children = parent.children.map((child) => (isElement(child) ? map(child) : child));
  return { ...parent, children };
}
