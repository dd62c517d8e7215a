import { latin1In } from "../bytes.ts";
import { WbxmlError } from "../decoder.ts";
import type { CheckId, Note } from "./checks.ts";

const SYNCML_1_2 = 0x1201;
const FORMAL_NAME = "-//SYNCML//DTD SyncML 1.2//EN";
/** MIBenum of UTF-8 and of US-ASCII, which is a part of it. */
const CHARSETS = [106, 3];

/** The check that a document fails which cannot be read. */
export function checkOf(error: Error): CheckId {
  switch (error instanceof WbxmlError ? error.kind : "token") {
    case "version": return "wbxml-version";
    case "publicid": return "wbxml-public-id";
    case "charset": return "wbxml-charset";
    default: return "document-readable";
  }
}

/** Looks at the header of a document that has been read as a whole before. */
export function checkDocument(body: Uint8Array, note: Note): void {
  const publicId = integerAt(body, 1);
  const index = publicId.value === 0 ? integerAt(body, publicId.next) : undefined;
  const charset = integerAt(body, index?.next ?? publicId.next);
  const charsetAt = index?.next ?? publicId.next;
  if (!CHARSETS.includes(charset.value)) {
    note("wbxml-charset", `charset ${charset.value}`, `byte ${charsetAt}`);
  }
  const table = integerAt(body, charset.next);
  const name = index === undefined ? undefined : textAt(body, table.next + index.value);
  if (publicId.value === SYNCML_1_2 || name === FORMAL_NAME) return;
  note("wbxml-public-id", name ?? `0x${publicId.value.toString(16)}`, "byte 1");
}

function integerAt(bytes: Uint8Array, offset: number): { value: number; next: number } {
  let value = 0;
  let next = offset;
  for (;;) {
    const byte = bytes[next++]!;
    value = value * 128 + (byte & 0x7f);
    if ((byte & 0x80) === 0) return { value, next };
  }
}

function textAt(bytes: Uint8Array, offset: number): string {
  return latin1In(bytes.subarray(offset, bytes.indexOf(0, offset)));
}
