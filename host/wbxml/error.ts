import { DmError } from "../errors.ts";
import type { DmErrorCode } from "../errors.ts";

/** What is wrong with a document. */
export type WbxmlFault =
  | "truncated" | "version" | "publicid" | "charset" | "integer" | "length" | "index" | "token"
  | "page" | "text" | "depth" | "entity" | "trailing" | "budget"
  // Only where XML is encoded: it is not well-formed, or is no document of a type that is known.
  | "xml";

const CODES: { readonly [fault in WbxmlFault]: DmErrorCode } = {
  truncated: "DM_TRUNCATED", length: "DM_TRUNCATED",
  version: "DM_UNSUPPORTED", publicid: "DM_UNSUPPORTED", charset: "DM_UNSUPPORTED",
  index: "DM_MALFORMED", token: "DM_MALFORMED", page: "DM_MALFORMED", text: "DM_MALFORMED",
  entity: "DM_MALFORMED", trailing: "DM_MALFORMED", xml: "DM_MALFORMED",
  integer: "DM_TOO_LARGE", budget: "DM_TOO_LARGE",
  depth: "DM_TOO_DEEP",
};

/** A document that cannot be decoded or encoded; nothing of it was delivered. */
export class WbxmlError extends DmError {
  /**
   * @param offset  decoding: of the byte where the token or field begins that is at fault;
   *                encoding: of the character in the XML, as far as it had been read
   */
  constructor(readonly fault: WbxmlFault, readonly offset: number, message: string) {
    super(CODES[fault], message);
  }
}

/** @param what  the fault as a clause, "no string at 3 in the table" */
export function decodingFailed(fault: WbxmlFault, offset: number, what: string): WbxmlError {
  return new WbxmlError(fault, offset, `decoding WBXML failed at byte ${offset}: ${what}`);
}

/** The same where XML is encoded. */
export function encodingFailed(fault: WbxmlFault, offset: number, what: string): WbxmlError {
  return new WbxmlError(fault, offset, `encoding XML failed at character ${offset}: ${what}`);
}

/** As `decodingFailed`, where a document of another one begins at `base`. */
export function movedBy(base: number, { fault, offset, message }: WbxmlError): WbxmlError {
  const what = message.slice(message.indexOf(": ") + 2);
  return decodingFailed(fault, base + offset, `in the nested document, ${what}`);
}
