// What it was that the codec refused, told from where it stopped: the codec itself answers with an
// Err only.
import { Err } from "../../assembly/abi/codes.ts";
import type { WbxmlModule } from "../core/wbxml.ts";
import { decodingFailed } from "./error.ts";
import type { WbxmlError } from "./error.ts";
import { ATTRIBUTES_MAX, ELEMENTS_MAX, EXPANSION_MAX, TREE_DEPTH_MAX } from "./limits.ts";

interface Range {
  readonly offset: number;
  readonly length: number;
}

/** Fields of a header. */
export interface Header {
  readonly version: Range;
  readonly publicId: Range;
  readonly charset: Range;
  readonly charsetNumber: number;
  /** Its length and its strings. */
  readonly table: Range;
  readonly strings: Uint8Array;
  /** Offset of the body. */
  readonly body: number;
}

const SWITCH_PAGE = 0x00;
const ENTITY = 0x02;
const STR_I = 0x03;
const STR_T = 0x83;
const OPAQUE = 0xc3;
const INTEGER_BYTES_MAX = 5;
const VERSION_MAX = 3;

/** A multi-byte integer at `offset`; its value is NaN where there is none. */
function readInteger(bytes: Uint8Array, offset: number): { value: number; next: number } {
  let value = 0;
  for (let index = 0; index < INTEGER_BYTES_MAX; index++) {
    const byte = bytes[offset + index];
    if (byte === undefined) return { value: NaN, next: bytes.length };
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value: value < 2 ** 32 ? value : NaN, next: offset + index + 1 };
  }
  return { value: NaN, next: offset + INTEGER_BYTES_MAX };
}

/** Reads a header; one that the codec has refused as far as it goes. */
export function readHeader(bytes: Uint8Array): Header {
  const number = readInteger(bytes, 1);
  const publicEnd = number.value === 0 ? readInteger(bytes, number.next).next : number.next;
  const charset = readInteger(bytes, publicEnd);
  const tableBytes = readInteger(bytes, charset.next);
  const body = tableBytes.next + (tableBytes.value || 0);
  return {
    version: { offset: 0, length: 1 },
    publicId: { offset: 1, length: publicEnd - 1 },
    charset: { offset: publicEnd, length: charset.next - publicEnd },
    charsetNumber: charset.value,
    table: { offset: charset.next, length: body - charset.next },
    strings: bytes.slice(tableBytes.next, body),
    body,
  };
}

/** Why a header was refused. */
export function headerFault(bytes: Uint8Array, err: Err): WbxmlError {
  const { publicId, charset, charsetNumber, table } = readHeader(bytes);
  switch (err) {
    case Err.Truncated: {
      const isTable = !Number.isNaN(readInteger(bytes, table.offset).value);
      return isTable
        ? decodingFailed("length", table.offset, "the string table is longer than what is left")
        : decodingFailed("truncated", bytes.length, "the header ends early");
    }
    case Err.Unsupported: {
      const version = bytes[0] ?? 0;
      return version < 1 || version > VERSION_MAX
        ? decodingFailed("version", 0, `version byte ${version}, not 1 to 3`)
        : decodingFailed("charset", charset.offset, `charset ${charsetNumber} is not read`);
    }
    case Err.TooLarge: {
      const fields = [publicId.offset, charset.offset, table.offset];
      const offset = fields.find((field) => Number.isNaN(readInteger(bytes, field).value));
      return decodingFailed("integer", offset ?? publicId.offset, "an integer above 32 bits");
    }
    default:
      return decodingFailed("index", publicId.offset, "no such string in the table");
  }
}

/** Why a body was refused that `module` has walked. */
export function bodyFault(bytes: Uint8Array, module: WbxmlModule, header: Header): WbxmlError {
  const { tokenAt, position, error } = module;
  const fail = (fault: Parameters<typeof decodingFailed>[0], what: string, at = tokenAt) =>
    decodingFailed(fault, at, what);
  const token = bytes[tokenAt] ?? 0;
  const operand = readInteger(bytes, tokenAt + 1);
  switch (error) {
    case Err.Truncated:
      return token === OPAQUE && !Number.isNaN(operand.value)
        ? fail("length", `OPAQUE of ${operand.value} bytes is longer than what is left`)
        : fail("truncated", "the document ends early", bytes.length);
    case Err.TooDeep:
      return fail("depth", `more than ${TREE_DEPTH_MAX} levels of elements`);
    case Err.TooLarge:
      return Number.isNaN(operand.value) && hasOperand(token)
        ? fail("integer", "an integer above 32 bits")
        : fail("budget", budgetOf(token));
    default:
      return malformed(token, operand.value, { header, isTrailing: tokenAt === position }, fail);
  }
}

function hasOperand(token: number): boolean {
  return [ENTITY, STR_T, OPAQUE, 0x04].includes(token);
}

function budgetOf(token: number): string {
  if ([ENTITY, STR_I, STR_T, OPAQUE].includes(token)) {
    return `more than ${ATTRIBUTES_MAX} attributes, or more text than ${EXPANSION_MAX} times the ` +
      "document's bytes";
  }
  return `more than ${ELEMENTS_MAX} elements, or more than ${ATTRIBUTES_MAX} attributes`;
}

function malformed(
  token: number,
  operand: number,
  { header, isTrailing }: { header: Header; isTrailing: boolean },
  fail: (fault: Parameters<typeof decodingFailed>[0], what: string) => WbxmlError,
): WbxmlError {
  if (isTrailing) return fail("trailing", "the document goes on after its end");
  const table = header.strings;
  const shown = token.toString(16).toUpperCase().padStart(2, "0");
  switch (token) {
    case SWITCH_PAGE:
      return fail("page", "a code page that SyncML does not have");
    case ENTITY:
      return fail("entity", `${operand} is no character of XML`);
    case STR_T:
    case 0x04:
      return operand >= table.length || table.indexOf(0, operand) < 0
        ? fail("index", `no string ${operand} in the table`)
        : fail(token === STR_T ? "text" : "token", "not a text in the document's charset");
    case STR_I:
    case OPAQUE:
      return fail("text", "not a text in the document's charset");
    default:
      return fail("token", `token ${shown} has no place here`);
  }
}
