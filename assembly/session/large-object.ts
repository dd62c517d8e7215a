// A large object that comes in: the Data of one Item in several messages. It is gathered here and
// runs as one command behind the last chunk; until then nothing of it counts.
import { Block, Format } from "../abi/codes";
import * as bytes from "../base/bytes";
import { OBJECT } from "../base/buffers";
import { OBJECT_BYTES, OBJECT_URI_BYTES_MAX, TYPE_BYTES_MAX } from "../base/limits";
import * as parse from "../syncml/parse";
import { Status } from "../syncml/status";
import * as deposit from "./deposit";

const TYPE: usize = memory.data(TYPE_BYTES_MAX + 1);
/** Its Target, and that of the object that was interrupted last. */
export const URI: usize = memory.data(OBJECT_URI_BYTES_MAX);
export let uriBytes = 0;

let kind = 0; // Of the command, 0 while there is no object.
let size = 0; // Of the whole, as the first chunk has it.
let used = 0;
let format = 0;
let hasFormat: bool = false;
let typeBytes = 0;
let isOpaque: bool = false;
let isDeposit: bool = false;

/** An object is not whole yet. */
export function isOpen(): bool {
  return kind != 0;
}

/** Forgets the object. */
export function drop(): void {
  kind = 0;
}

/** Bytes that are there so far. */
export function heldBytes(): i32 {
  return kind ? used : 0;
}

/** The Item that the parser stands at has the next chunk of the object. */
export function isNext(command: i32): bool {
  return command == kind && bytes.equal(parse.itemTarget, parse.itemTargetBytes, URI, uriBytes);
}

/**
 * Takes the first chunk of an object; `append` puts its Data behind.
 *
 * @param toSlot  the object is the bytes of a package
 * @returns 0 or the Status of the command
 * @spec DM PRO 1.2 §7
 */
export function begin(command: i32, toSlot: bool): i32 {
  if (parse.size < 0) return Status.SizeRequired;
  if (parse.size > load<i32>(Block.MaxObjBytes)) return Status.TooLarge;
  if (!toSlot && parse.size > OBJECT_BYTES) return Status.TooLarge;
  if (parse.itemTargetBytes > OBJECT_URI_BYTES_MAX) return Status.UriTooLong;
  if (parse.typeBytes > TYPE_BYTES_MAX) return Status.BadFormat;
  isDeposit = toSlot;
  size = parse.size;
  used = 0;
  uriBytes = parse.itemTargetBytes;
  memory.copy(URI, parse.itemTarget, uriBytes);
  format = parse.format;
  hasFormat = parse.hasFormat;
  typeBytes = parse.typeBytes;
  memory.copy(TYPE, parse.type, typeBytes);
  isOpaque = false;
  const code = toSlot ? deposit.open(size) : 0;
  if (!code) kind = command;
  return code;
}

/** Takes the Data of a chunk. @returns 0 or the Status of the command, and no object is left */
export function append(): i32 {
  const code = takeData();
  if (code) drop();
  return code;
}

function takeData(): i32 {
  if (parse.dataIsInline) return Status.BadFormat;
  const byteCount = parse.dataBytes;
  // Some count what Base64 stands for.
  const most = format == Format.B64 ? ((size + 2) / 3) * 4 : size;
  if (byteCount > most - used) return Status.SizeMismatch;
  if (isDeposit) {
    used += byteCount;
    return deposit.put(format);
  }
  if (byteCount > OBJECT_BYTES - used) return Status.TooLarge;
  memory.copy(OBJECT + used, parse.data, byteCount);
  used += byteCount;
  if (parse.dataIsOpaque) isOpaque = true;
  return 0;
}

/**
 * Takes the last chunk: the Item then has the whole object, and the Meta of the first chunk.
 *
 * @returns 0 or the Status of the command; there is no object any more
 */
export function complete(): i32 {
  let code = takeData();
  if (!code && isDeposit) code = deposit.finish();
  drop();
  parse.replaceMeta(format, hasFormat, TYPE, typeBytes);
  parse.replaceData(OBJECT, used, isOpaque);
  if (code || used == size) return code;
  const octets = isDeposit ? deposit.byteCount : decodedBytes();
  return format == Format.B64 && octets == size ? 0 : <i32>Status.SizeMismatch;
}

function decodedBytes(): i32 {
  let padding = 0;
  while (padding < 2 && padding < used && load<u8>(OBJECT + used - 1 - padding) == 0x3d) padding++;
  return (used >> 2) * 3 - padding;
}
