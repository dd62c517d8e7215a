// Rows of bytes beside elements, for the exchange of the demo and for the inspector.
import type { Part, PartKind } from "../../wbxml/index.ts";
import { h, hex } from "./page/dom.ts";

/** One line: an element with its text and end, or anything else that stands alone. */
export interface Row {
  offset: number;
  depth: number;
  /** In the order in which they stand. */
  parts: Part[];
}

/** Bytes that a row shows; a longer text says how many there are. */
const SHOWN_BYTES = 192;

/** Puts a tag, the texts behind it and its end on one row, where no other tag is between. */
export function rowsOf(bytes: Uint8Array, parts: readonly Part[]): Row[] {
  const rows: Row[] = [];
  let open: Row | undefined;
  for (const part of parts) {
    const isEnd = part.kind === "end" && part.name === open?.parts[0]!.name;
    if (open !== undefined && (isEnd || TEXTS.includes(part.kind))) {
      open.parts.push(part);
      if (isEnd) open = undefined;
      continue;
    }
    const row = { offset: part.offset, depth: part.depth, parts: [part] };
    rows.push(row);
    open = part.kind === "tag" && hasContent(bytes, part) ? row : undefined;
  }
  return rows;
}

const TEXTS: readonly PartKind[] = ["string", "reference", "entity", "opaque"];
/** Bit of a tag's byte: content and an END follow. @spec WBXML 1.3 §5.8.2 */
const CONTENT = 0x40;

function hasContent(bytes: Uint8Array, { offset }: Part): boolean {
  return (bytes[offset]! & CONTENT) !== 0;
}

/** Draws rows. */
export function drawRows(bytes: Uint8Array, rows: readonly Row[]): HTMLElement {
  return h("div", { class: "rows" }, ...rows.map((row) => drawRow(bytes, row)));
}

function drawRow(bytes: Uint8Array, { offset, depth, parts }: Row): HTMLElement {
  const codes = parts.flatMap((part, index) => {
    const end = part.offset + Math.min(part.length, SHOWN_BYTES);
    const shown = hex(bytes.subarray(part.offset, end));
    const rest = part.length > SHOWN_BYTES ? ` … ${part.length - SHOWN_BYTES} more` : "";
    return [index > 0 ? " " : "", h("span", { class: classOf(part) }, shown + rest)];
  });
  return h(
    "div", { class: "row", style: `--depth:${depth}` },
    h("span", { class: "offset" }, String(offset)),
    h("span", { class: "codes" }, ...codes),
    h("span", { class: "element" }, ...parts.map((part) => {
      const isEmpty = part.kind === "tag" && !hasContent(bytes, part);
      return h("span", { class: classOf(part) }, isEmpty ? `<${part.name}/>` : wordsOf(part));
    })),
  );
}

function classOf({ kind }: Part): string {
  if (kind === "tag" || kind === "end") return "tag";
  const isText = kind === "string" || kind === "opaque" || kind === "reference";
  return isText ? "value" : "other";
}

function wordsOf({ kind, name = "", text = "", encoding, length }: Part): string {
  switch (kind) {
    case "tag":
      return `<${name}>`;
    case "end":
      return `</${name}>`;
    case "string":
    case "reference":
    case "entity":
      return text;
    case "opaque":
      return encoding === "base64" ? `${length} bytes, Base64 ${text}` : text;
    case "version":
      return `WBXML ${text}`;
    case "publicid":
      return `document type ${text}`;
    case "charset":
      return `charset ${text}`;
    case "table":
      return text === "" ? "no string table" : `string table: ${text}`;
    case "switch":
      return `code page ${text}`;
    case "attributes":
      return "attributes";
    case "instruction":
      return "processing instruction";
  }
}

/** A row that says where a document is at fault. */
export function drawFault(bytes: Uint8Array, offset: number, what: string): HTMLElement {
  const rest = hex(bytes.subarray(offset, offset + 8));
  return h(
    "div", { class: "row fault", style: "--depth:0" },
    h("span", { class: "offset" }, String(offset)),
    h("span", {}, rest === "" ? "the end" : `${rest} …`),
    h("span", { class: "element" }, what),
  );
}

/** Commands of a message in its order, as in "Status 3, Alert 1201, Replace". */
export function summaryOf(parts: readonly Part[]): string {
  const found: { name: string; count: number }[] = [];
  let isInBody = false;
  let alert: { name: string } | undefined;
  for (const { kind, name, depth, text } of parts) {
    if (kind === "tag" && depth === 1) isInBody = name === "SyncBody";
    if (!isInBody) continue;
    if (kind === "tag" && depth === 2) {
      const last = found.at(-1);
      const entry = { name: name!, count: 1 };
      if (last?.name === name && name !== "Alert") last!.count++;
      else found.push(entry);
      alert = name === "Alert" ? entry : undefined;
    } else if (kind === "string" && depth === 4 && alert && /^1[0-2]\d\d$/.test(text ?? "")) {
      alert.name = `Alert ${text}`;
      alert = undefined;
    }
  }
  return found.map(({ name, count }) => (count > 1 ? `${count} ${name}` : name)).join(", ");
}
