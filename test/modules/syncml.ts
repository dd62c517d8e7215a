// syncml/parse for test/unit/syncml. `text` and `textBytes` give the texts by number, in the order
// of the list in test/unit/syncml/message.ts.
import * as parse from "../../assembly/syncml/parse";
import { check } from "../../assembly/wbxml/check";
import * as reader from "../../assembly/wbxml/reader";

export { mark, nextCommand, nextItem, open, rewind } from "../../assembly/syncml/parse";

// @ts-expect-error: a constant of the compiler, which TypeScript cannot find in this file
export { __data_end };

const INPUT: usize = memory.data(16384, 8);

/** 16 KiB for a message. */
export function input(): usize {
  return INPUT;
}

export function text(index: i32): usize {
  switch (index) {
    case 0:
      return parse.sessionId;
    case 1:
      return parse.msgId;
    case 2:
      return parse.verDtd;
    case 3:
      return parse.verProto;
    case 4:
      return parse.target;
    case 5:
      return parse.source;
    case 6:
      return parse.respUri;
    case 7:
      return parse.credType;
    case 8:
      return parse.credFormat;
    case 9:
      return parse.cred;
    case 10:
      return parse.cmdId;
    case 11:
      return parse.msgRef;
    case 12:
      return parse.cmdRef;
    case 13:
      return parse.cmd;
    case 14:
      return parse.correlator;
    case 15:
      return parse.chalType;
    case 16:
      return parse.chalNonce;
    case 17:
      return parse.itemTarget;
    case 18:
      return parse.itemSource;
    case 19:
      return parse.type;
    case 20:
      return parse.data;
    default:
      return unreachable();
  }
}

export function textBytes(index: i32): i32 {
  switch (index) {
    case 0:
      return parse.sessionIdBytes;
    case 1:
      return parse.msgIdBytes;
    case 2:
      return parse.verDtdBytes;
    case 3:
      return parse.verProtoBytes;
    case 4:
      return parse.targetBytes;
    case 5:
      return parse.sourceBytes;
    case 6:
      return parse.respUriBytes;
    case 7:
      return parse.credTypeBytes;
    case 8:
      return parse.credFormatBytes;
    case 9:
      return parse.credBytes;
    case 10:
      return parse.cmdIdBytes;
    case 11:
      return parse.msgRefBytes;
    case 12:
      return parse.cmdRefBytes;
    case 13:
      return parse.cmdBytes;
    case 14:
      return parse.correlatorBytes;
    case 15:
      return parse.chalTypeBytes;
    case 16:
      return parse.chalNonceBytes;
    case 17:
      return parse.itemTargetBytes;
    case 18:
      return parse.itemSourceBytes;
    case 19:
      return parse.typeBytes;
    case 20:
      return parse.dataBytes;
    default:
      return unreachable();
  }
}

export function maxMsgBytes(): i32 {
  return parse.maxMsgBytes;
}

export function maxObjBytes(): i32 {
  return parse.maxObjBytes;
}

export function token(): i32 {
  return parse.token;
}

export function code(): i32 {
  return parse.code;
}

export function itemCount(): i32 {
  return parse.itemCount;
}

export function format(): i32 {
  return parse.format;
}

export function size(): i32 {
  return parse.size;
}

export function chalNonceIsOpaque(): bool {
  return parse.chalNonceIsOpaque;
}

export function hasFormat(): bool {
  return parse.hasFormat;
}

export function hasData(): bool {
  return parse.hasData;
}

export function dataIsOpaque(): bool {
  return parse.dataIsOpaque;
}

export function dataIsInline(): bool {
  return parse.dataIsInline;
}

export function moreData(): bool {
  return parse.moreData;
}

/** First tag of an inline Data. */
export function inlineTag(): i32 {
  parse.openInline();
  return reader.read() == reader.Event.Start ? reader.tag : 0;
}

/** Uses the reader for another document, as a tree that is nested in Data does. */
export function readOther(ptr: usize, byteCount: i32): i32 {
  reader.open(ptr, byteCount, false);
  return check(64, 4096, false);
}
