// A DM message, read from the buffer it was received in: its header, then command by command, each
// with its Items. What is known between two calls is in the variables below and in the buffer, so
// a caller may stop there for as long as it likes. Texts are addresses in the buffer; one of 0
// bytes is absent or empty.
//
// A command is scanned once, whole, since its children come in any order; `nextItem` then walks its
// Items. The places from which to go on are those of `reader.place`.
import { Err, Format } from "../abi/codes";
import { readDecimal } from "../base/bytes";
import { WBXML_DEPTH_MAX, WBXML_ELEMENTS_MAX } from "../base/limits";
import { check } from "../wbxml/check";
import { reset } from "../wbxml/join";
import * as reader from "../wbxml/reader";
import { Event } from "../wbxml/reader";
import { MetaTag, PublicId, Tag } from "../wbxml/tokens";
import { Kind } from "./command";

// --- SyncHdr ------------------------------------------------------------------------------------

export let sessionId: usize = 0;
export let sessionIdBytes: i32 = 0;
export let msgId: usize = 0;
export let msgIdBytes: i32 = 0;
export let verDtd: usize = 0;
export let verDtdBytes: i32 = 0;
export let verProto: usize = 0;
export let verProtoBytes: i32 = 0;
export let target: usize = 0;
export let targetBytes: i32 = 0;
export let source: usize = 0;
export let sourceBytes: i32 = 0;
export let respUri: usize = 0;
export let respUriBytes: i32 = 0;
export let credType: usize = 0;
export let credTypeBytes: i32 = 0;
export let credFormat: usize = 0;
export let credFormatBytes: i32 = 0;
export let cred: usize = 0;
export let credBytes: i32 = 0;
/** 0: absent, or more than any buffer. */
export let maxMsgBytes: i32 = 0;
export let maxObjBytes: i32 = 0;

// --- The command that nextCommand found ---------------------------------------------------------

/** Its WBXML token. */
export let token: i32 = 0;
export let cmdId: usize = 0;
export let cmdIdBytes: i32 = 0;
export let msgRef: usize = 0;
export let msgRefBytes: i32 = 0;
export let cmdRef: usize = 0;
export let cmdRefBytes: i32 = 0;
/** Cmd of a Status; of Kind.Other the name, where it has one in SyncML. */
export let cmd: usize = 0;
export let cmdBytes: i32 = 0;
/** Data of an Alert or a Status; -1: absent or not a number. */
export let code: i32 = 0;
export let correlator: usize = 0;
export let correlatorBytes: i32 = 0;
export let itemCount: i32 = 0;
export let chalType: usize = 0;
export let chalTypeBytes: i32 = 0;
export let chalNonce: usize = 0;
export let chalNonceBytes: i32 = 0;
/** The nonce came as bytes, which are its octets unless Format says b64. */
export let chalNonceIsOpaque: bool = false;

// --- The Item that nextItem found ---------------------------------------------------------------

export let itemTarget: usize = 0;
export let itemTargetBytes: i32 = 0;
export let itemSource: usize = 0;
export let itemSourceBytes: i32 = 0;
/** A value of `Format`; -1: a word that is none. */
export let format: i32 = 0;
export let hasFormat: bool = false;
export let type: usize = 0;
export let typeBytes: i32 = 0;
/** Meta Size; -1: absent or not a number. */
export let size: i32 = 0;
export let data: usize = 0;
export let dataBytes: i32 = 0;
export let hasData: bool = false;
export let dataIsOpaque: bool = false;
/** Data holds elements: `data` is WBXML that starts and ends on page 0; `openInline` reads it. */
export let dataIsInline: bool = false;
export let moreData: bool = false;

// --- Where it stands ----------------------------------------------------------------------------

/** Children that have a text, their own or one further in, in the order of SECTIONS. */
const enum Section {
  Target,
  Source,
  Meta,
  Data,
  Chal,
  Cred,
  SessionID,
  MsgID,
  VerDTD,
  VerProto,
  RespURI,
  CmdID,
  MsgRef,
  CmdRef,
  Cmd,
  Correlator,
}
const SECTION_COUNT: i32 = 16;
/** Their tags. */
const SECTIONS: usize = memory.data<u8>([
  0x2e, 0x27, 0x1a, 0x0f, 0x09, 0x0e, 0x25, 0x1b, 0x31, 0x32, 0x21, 0x0b, 0x1c, 0x0c, 0x0a, 0x3c,
]);

const CONTAINERS_BITS: i32 = 24;
const PLACE_MASK: i32 = (1 << CONTAINERS_BITS) - 1;
/** Containers whose Meta reaches their members: SyncML has two levels of them at most. */
const METAS_MAX: i32 = 8;
/** Places of the Meta of each open container, then of the command; 0: none. */
const METAS: usize = memory.data(METAS_MAX << 2, 4);

const COMMANDS: i32 = 12;
const MEMBERS: i32 = 17;
/** Tags of the commands of DM in the order of `Kind`, from Final on, then those of NAMES. */
const TAGS: usize = memory.data<u8>([
  0x12, 0x05, 0x06, 0x08, 0x0d, 0x10, 0x11, 0x13, 0x20, 0x22, 0x24, 0x29,
  0x18, 0x3b, 0x1f, 0x23, 0x2a,
]);
const NAME_BYTES: i32 = 6;
/** `Map`, `Move`, `Put`, `Search`, `Sync`, each filled up with blanks. */
const NAMES: usize = memory.data<u8>([
  0x4d, 0x61, 0x70, 0x20, 0x20, 0x20, 0x4d, 0x6f, 0x76, 0x65, 0x20, 0x20, 0x50, 0x75, 0x74, 0x20,
  0x20, 0x20, 0x53, 0x65, 0x61, 0x72, 0x63, 0x68, 0x53, 0x79, 0x6e, 0x63, 0x20, 0x20,
]);
const FORMATS: i32 = 11;
const FORMAT_BYTES: i32 = 5;
const FORMAT_MASK: u64 = 0xff_ffff_ffff;
/** Words of `Format` in its order, each filled up with NULs; read 8 bytes at a time. */
const FORMAT_WORDS: usize = memory.data<u8>([
  0x63, 0x68, 0x72, 0x00, 0x00, 0x6e, 0x6f, 0x64, 0x65, 0x00, 0x69, 0x6e, 0x74, 0x00, 0x00, 0x62,
  0x69, 0x6e, 0x00, 0x00, 0x62, 0x6f, 0x6f, 0x6c, 0x00, 0x62, 0x36, 0x34, 0x00, 0x00, 0x6e, 0x75,
  0x6c, 0x6c, 0x00, 0x78, 0x6d, 0x6c, 0x00, 0x00, 0x64, 0x61, 0x74, 0x65, 0x00, 0x74, 0x69, 0x6d,
  0x65, 0x00, 0x66, 0x6c, 0x6f, 0x61, 0x74, 0x00, 0x00, 0x00,
]);

let document: usize = 0;
let documentBytes: i32 = 0;
let after: i32 = 0; // Place where the next command is looked for.
let items: i32 = 0; // Place where the next Item is looked for.
let containers: i32 = 0; // How many are open.
let isInItem: bool = false;
let meta: i32 = 0; // Place of the Meta that was scanned last.
let inline: i32 = 0; // Place of the content of Data.
let chalFormat: usize = 0;
let chalFormatBytes: i32 = 0;
let text: usize = 0; // The text that is being taken, trimmed.
let textBytes: i32 = 0;

/**
 * Checks the message at `ptr`, whole, and reads its header. Borrows the bytes, and writes over them
 * where a text came in pieces, until the next `open`. After Err.Ok nothing in the message can make
 * the calls below fail.
 *
 * @returns Err.Ok, a failure of `reader.open` or `check`
 * @fails Err.Unsupported  not a document of SyncML
 * @fails Err.Malformed    not a SyncML element with SyncHdr, then SyncBody
 * @spec SyncML Common 1.2 §5
 */
export function open(ptr: usize, byteCount: i32): i32 {
  document = ptr;
  documentBytes = byteCount;
  reader.open(ptr, byteCount, false);
  if (reader.publicId != PublicId.Unknown && !reader.isSyncml()) reader.fail(Err.Unsupported);
  reset();
  const err = check(WBXML_DEPTH_MAX, WBXML_ELEMENTS_MAX, true);
  if (err != Err.Ok) return err;

  reader.open(ptr, byteCount, true);
  if (readStart() != Tag.SyncML || readStart() != Tag.SyncHdr) return Err.Malformed;
  readHeader();
  if (readStart() != Tag.SyncBody) return Err.Malformed;
  after = reader.place();
  items = after;
  containers = 0;
  setMeta(0);
  return Err.Ok;
}

/**
 * Finds the next command and reads all of it but its Items; what is left of the one before is
 * skipped.
 *
 * @returns a `Kind`; from Kind.End on, Kind.End again
 * @spec SyncML Common 1.2 §5
 */
export function nextCommand(): i32 {
  goTo(after);
  let index = 0;
  for (;;) {
    token = readStart();
    if (token == 0) return leave();
    index = indexOf(TAGS, MEMBERS, token);
    // A container has children that are no members; in the body everything gets its Status.
    if (index < MEMBERS || containers == 0) break;
    skip();
  }
  items = reader.place();
  clearCommand();
  scan(0);
  code = readDecimal(data, dataBytes);
  after = reader.place();
  setMeta(meta);
  if (token == Tag.Atomic || token == Tag.Sequence) {
    after = items;
    containers++;
    setMeta(0);
  }
  if (index < COMMANDS) return Kind.Final + index;
  if (index < MEMBERS) {
    trim(NAMES + (index - COMMANDS) * NAME_BYTES, NAME_BYTES);
    cmd = text;
    cmdBytes = textBytes;
  }
  return Kind.Other;
}

/** Reads the next Item; Meta that it does not have is that of the command and its containers. */
export function nextItem(): bool {
  goTo(items);
  for (;;) {
    const tag = readStart();
    if (tag == 0) return false;
    if (tag == Tag.Item) break;
    skip();
  }
  readItem();
  return true;
}

/** The point between the command that was found last and the next one, in its container. */
export function mark(): i32 {
  return (containers << CONTAINERS_BITS) | after;
}

/** Goes back to a `mark` that was taken in a container that is still open, or outside all. */
export function rewind(to: i32): void {
  containers = to >> CONTAINERS_BITS;
  after = to & PLACE_MASK;
}

/** Makes the Item have other Data than the message says, at `ptr`, until the next Item. */
export function replaceData(ptr: usize, byteCount: i32, isOpaque: bool): void {
  data = ptr;
  dataBytes = byteCount;
  dataIsOpaque = isOpaque;
}

/** Makes the Item have other Meta than the message says, until the next Item. */
export function replaceMeta(value: i32, isGiven: bool, ptr: usize, byteCount: i32): void {
  format = value;
  hasFormat = isGiven;
  type = ptr;
  typeBytes = byteCount;
}

/** Makes `reader.read` yield the elements in Data of this Item, up to the End of Data. */
export function openInline(): void {
  goTo(inline);
}

/** Others may have used the reader since. */
function goTo(place: i32): void {
  reader.open(document, documentBytes, true);
  reader.seek(place);
}

/** Reads up to the next tag. Returns 0 if an END comes first. */
function readStart(): i32 {
  let event = Event.Text;
  while (event == Event.Text) event = reader.read();
  return event == Event.Start ? reader.tag : 0;
}

/** Place of a tag of page 0 in a list of them, or `count`. */
function indexOf(tags: usize, count: i32, tag: i32): i32 {
  let index = 0;
  while (index < count && <i32>load<u8>(tags + index) != tag) index++;
  return index;
}

function leave(): i32 {
  if (containers == 0) return Kind.End;
  containers--;
  after = reader.place();
  return Kind.ContainerEnd;
}

/** Skips the element whose tag was read last. */
function skip(): void {
  scan(Tag.Final);
}

function setMeta(place: i32): void {
  if (containers < METAS_MAX) store<i32>(METAS + (containers << 2), place);
}

function readHeader(): void {
  sessionIdBytes = 0;
  msgIdBytes = 0;
  verDtdBytes = 0;
  verProtoBytes = 0;
  respUriBytes = 0;
  maxMsgBytes = 0;
  maxObjBytes = 0;
  clearCommand();
  scan(0);
  target = itemTarget;
  targetBytes = itemTargetBytes;
  source = itemSource;
  sourceBytes = itemSourceBytes;
  credType = chalType;
  credTypeBytes = chalTypeBytes;
  credFormat = chalFormat;
  credFormatBytes = chalFormatBytes;
  cred = data;
  credBytes = dataBytes;
}

function readItem(): void {
  const inside = reader.place();
  clearItem();
  for (let i = 0; i <= containers && i < METAS_MAX; i++) {
    const place = load<i32>(METAS + (i << 2));
    if (place == 0) continue;
    reader.seek(place);
    scan(Tag.Meta);
  }
  reader.seek(inside);
  isInItem = true;
  scan(0);
  isInItem = false;
  items = reader.place();
}

function clearCommand(): void {
  cmdIdBytes = 0;
  msgRefBytes = 0;
  cmdRefBytes = 0;
  cmdBytes = 0;
  correlatorBytes = 0;
  itemCount = 0;
  chalTypeBytes = 0;
  chalFormatBytes = 0;
  chalNonceBytes = 0;
  chalNonceIsOpaque = false;
  meta = 0;
  clearItem();
}

function clearItem(): void {
  itemTargetBytes = 0;
  itemSourceBytes = 0;
  format = Format.Chr;
  hasFormat = false;
  typeBytes = 0;
  size = -1;
  dataBytes = 0;
  hasData = false;
  dataIsOpaque = false;
  dataIsInline = false;
  moreData = false;
}

/**
 * Takes what is in the element whose tag was read last, up to its END.
 *
 * @param inside  0, or the tag of that element if its content is to be taken as a child's
 */
function scan(inside: i32): void {
  let section = inside;
  let depth = 0;
  do {
    const event = reader.read();
    if (event == Event.Start) {
      if (depth++ != 0) dataIsInline = dataIsInline || section == Tag.Data;
      else if (inside == 0) {
        section = reader.tag;
        enter(section);
      }
    } else if (event == Event.Text) {
      trimText(section);
      take(section);
    } else if (--depth == 0 && dataIsInline && section == Tag.Data) takeInline();
  } while (depth >= 0);
}

function enter(section: i32): void {
  switch (section) {
    case Tag.Item:
      if (!isInItem) itemCount++;
      break;
    case Tag.Meta:
      meta = reader.place();
      break;
    case Tag.Data:
      // The last one counts, also where it is empty and one before it held elements.
      hasData = true;
      dataIsInline = false;
      dataBytes = 0;
      inline = reader.place();
      break;
    case Tag.MoreData:
      moreData = true;
  }
}

/** Neither a value nor octets lose their blanks. */
function trimText(section: i32): void {
  text = reader.text;
  textBytes = reader.textBytes;
  const isValue = isInItem && section == Tag.Data;
  const isOctets =
    reader.isOpaque && (reader.tag == Tag.Data || reader.tag == MetaTag.NextNonce);
  if (!isValue && !isOctets) trim(text, textBytes);
}

/**
 * Takes the text from the child `section`. Where a child is not allowed it is taken all the same:
 * that confuses no one but its sender.
 */
function take(section: i32): void {
  const tag = reader.tag;
  switch (indexOf(SECTIONS, SECTION_COUNT, section)) {
    case Section.Target:
      if (tag != Tag.LocURI) break;
      itemTarget = text;
      itemTargetBytes = textBytes;
      break;
    case Section.Source:
      if (tag != Tag.LocURI) break;
      itemSource = text;
      itemSourceBytes = textBytes;
      break;
    case Section.Meta:
      takeMeta(tag);
      break;
    case Section.Data:
      takeData();
      break;
    case Section.Chal:
      takeChallenge(tag);
      break;
    case Section.Cred:
      takeChallenge(tag);
      break;
    case Section.SessionID:
      sessionId = text;
      sessionIdBytes = textBytes;
      break;
    case Section.MsgID:
      msgId = text;
      msgIdBytes = textBytes;
      break;
    case Section.VerDTD:
      verDtd = text;
      verDtdBytes = textBytes;
      break;
    case Section.VerProto:
      verProto = text;
      verProtoBytes = textBytes;
      break;
    case Section.RespURI:
      respUri = text;
      respUriBytes = textBytes;
      break;
    case Section.CmdID:
      cmdId = text;
      cmdIdBytes = textBytes;
      break;
    case Section.MsgRef:
      msgRef = text;
      msgRefBytes = textBytes;
      break;
    case Section.CmdRef:
      cmdRef = text;
      cmdRefBytes = textBytes;
      break;
    case Section.Cmd:
      cmd = text;
      cmdBytes = textBytes;
      break;
    case Section.Correlator:
      correlator = text;
      correlatorBytes = textBytes;
  }
}

/** Cred and Chal are alike. */
function takeChallenge(tag: i32): void {
  switch (tag) {
    case MetaTag.Type:
      chalType = text;
      chalTypeBytes = textBytes;
      break;
    case MetaTag.Format:
      chalFormat = text;
      chalFormatBytes = textBytes;
      break;
    case MetaTag.NextNonce:
      chalNonce = text;
      chalNonceBytes = textBytes;
      chalNonceIsOpaque = reader.isOpaque;
      break;
    case Tag.Data:
      takeData();
  }
}

function takeMeta(tag: i32): void {
  switch (tag) {
    case MetaTag.Format:
      format = readFormat();
      hasFormat = true;
      break;
    case MetaTag.Type:
      type = text;
      typeBytes = textBytes;
      break;
    case MetaTag.Size:
      size = readDecimal(text, textBytes);
      break;
    case MetaTag.MaxMsgSize:
      maxMsgBytes = max(0, readDecimal(text, textBytes));
      break;
    case MetaTag.MaxObjSize:
      maxObjBytes = max(0, readDecimal(text, textBytes));
  }
}

function takeData(): void {
  data = text;
  dataBytes = textBytes;
  dataIsOpaque = reader.isOpaque;
}

/** Data ended, and held elements: it goes from its tag to its END. */
function takeInline(): void {
  data = document + (inline >> 3);
  dataBytes = <i32>(reader.position() - data) - 1;
  dataIsOpaque = false;
}

/** Takes white space and other controls off both ends. */
function trim(ptr: usize, byteCount: i32): void {
  for (; byteCount > 0; byteCount--) {
    if (load<u8>(ptr + byteCount - 1) <= 0x20) continue;
    if (load<u8>(ptr) > 0x20) break;
    ptr++;
  }
  text = ptr;
  textBytes = byteCount;
}

/** Returns the `Format` that the text names in any case, or -1. */
function readFormat(): i32 {
  // The first 8 characters, in lower case. None is a NUL, so a longer word is none of the table.
  let word: u64 = 0;
  for (let i = textBytes - 1; i >= 0; i--) word = (word << 8) | load<u8>(text + i) | 0x20;
  for (let i = 0; i < FORMATS; i++) {
    if ((load<u64>(FORMAT_WORDS + i * FORMAT_BYTES) & FORMAT_MASK) == word) return i;
  }
  return -1;
}
