// Our messages: header, the Status of the server's header, then answers in their order for as long
// as they fit.
import { Block, Err } from "../abi/codes";
import * as bytes from "../base/bytes";
import { RECEIVE, SEND, URL } from "../base/buffers";
import * as outbox from "../install/outbox";
import * as jobs from "../install/jobs";
import * as journal from "../journal/journal";
import * as devInfo from "../mo/dev-info";
import * as dmAcc from "../mo/dm-acc";
import { Credential } from "../mo/dm-acc";
import * as report from "../scomo/report";
import { ResultCode } from "../scomo/results";
import { Kind } from "../syncml/command";
import { Status } from "../syncml/status";
import * as tree from "../tree/node";
import { MetaTag, Tag } from "../wbxml/tokens";
import * as writer from "../wbxml/writer";
import * as alerts from "./alerts";
import * as answers from "./answers";
import { Answer } from "./answers";
import * as auth from "./auth";
import * as event from "./event";
import * as peer from "./peer";
import * as results from "./results";

const VERSIONS: usize = memory.data<u8>([0x44, 0x4d, 0x2f, 0x31, 0x2e, 0x32]); // DM/1.2
const B64: usize = memory.data<u8>([0x62, 0x36, 0x34]);
const SYNC_HDR: usize = memory.data<u8>([0x53, 0x79, 0x6e, 0x63, 0x48, 0x64, 0x72]);
const NAME_BYTES: i32 = 8;
/** Names of the commands from Kind.Add to Kind.Sequence, each filled up with 0. */
const NAMES: usize = memory.data<u8>([
  0x41, 0x64, 0x64, 0, 0, 0, 0, 0, 0x41, 0x6c, 0x65, 0x72, 0x74, 0, 0, 0, 0x41, 0x74, 0x6f, 0x6d,
  0x69, 0x63, 0, 0, 0x43, 0x6f, 0x70, 0x79, 0, 0, 0, 0, 0x44, 0x65, 0x6c, 0x65, 0x74, 0x65, 0, 0,
  0x45, 0x78, 0x65, 0x63, 0, 0, 0, 0, 0x47, 0x65, 0x74, 0, 0, 0, 0, 0, 0x52, 0x65, 0x70, 0x6c, 0x61,
  0x63, 0x65, 0, 0x52, 0x65, 0x73, 0x75, 0x6c, 0x74, 0x73, 0, 0x53, 0x65, 0x71, 0x75, 0x65, 0x6e,
  0x63, 0x65,
]);
const DEV_INFO: usize = memory.data<u8>([
  0x2e, 0x2f, 0x44, 0x65, 0x76, 0x49, 0x6e, 0x66, 0x6f, 0x2f, // ./DevInfo/
]);
const ALERT_TYPE: usize = memory.data<u8>([
  // urn:oma:at:scomo:1.0:OperationComplete
  0x75, 0x72, 0x6e, 0x3a, 0x6f, 0x6d, 0x61, 0x3a, 0x61, 0x74, 0x3a, 0x73, 0x63, 0x6f, 0x6d, 0x6f,
  0x3a, 0x31, 0x2e, 0x30, 0x3a, 0x4f, 0x70, 0x65, 0x72, 0x61, 0x74, 0x69, 0x6f, 0x6e, 0x43, 0x6f,
  0x6d, 0x70, 0x6c, 0x65, 0x74, 0x65,
]);
const MARKS: usize = memory.data<u8>([
  0x69, 0x6e, 0x66, 0x6f, 0x72, 0x6d, 0x61, 0x74, 0x69, 0x6f, 0x6e, 0x61, 0x6c, // informational
  0x77, 0x61, 0x72, 0x6e, 0x69, 0x6e, 0x67, // warning
  0x63, 0x72, 0x69, 0x74, 0x69, 0x63, 0x61, 0x6c, // critical
]);
const RESULT_OPEN: usize = memory.data<u8>([
  0x3c, 0x52, 0x65, 0x73, 0x75, 0x6c, 0x74, 0x43, 0x6f, 0x64, 0x65, 0x3e, // <ResultCode>
]);
const IDENTIFIER_OPEN: usize = memory.data<u8>([
  0x3c, 0x49, 0x64, 0x65, 0x6e, 0x74, 0x69, 0x66, 0x69, 0x65, 0x72, 0x3e, // <Identifier>
]);

/** Room kept for `Alert 1222` or `Final` and the ends of the document. */
const TRAILER_BYTES: i32 = 32;
/** The Status of a header at its largest, with a challenge, and that of an Alert 1222. */
const STATUS_BYTES: i32 = 104 + 72;
/** Scratch while a message is composed: the one that was received has been dealt with. */
const SCRATCH: usize = RECEIVE;

let commandId = 0;
let headBytes = 0; // Of the last message, up to its body.
let isBare = false; // What the oldest answer says is left out: it has grown since it was offered.

/** Bytes that one Item of a Results may take in our next message. */
export function room(): i32 {
  return peer.capacity() - headBytes - STATUS_BYTES - TRAILER_BYTES;
}

/**
 * Writes the next message into SEND.
 *
 * @param headerStatus  Status of the server's SyncHdr, 0 in the first message
 * @param isLast        the server has ended its package, so ours may end too
 * @returns bytes of the message; `answers` keeps what did not fit
 * @fails Err.DoesNotFit  the server takes no message that holds the header and the next answer
 */
export function message(headerStatus: i32, isLast: bool): i32 {
  const limit = peer.capacity();
  commandId = 0;
  writer.open(SEND, limit);
  writer.header();
  writer.tag(Tag.SyncML);
  header();
  headBytes = writer.position();
  writer.tag(Tag.SyncBody);
  if (headerStatus) statusOfHeader(headerStatus);
  let floor = commandId;
  while (!writer.error() && !answers.isEmpty()) {
    // Every message that is asked for has it: what does not fit behind it never will.
    if (answers.typeOf(answers.first()) == Answer.Next) floor++;
    if (answer(limit - TRAILER_BYTES)) answers.pop();
    else if (commandId > floor || sendsChunk(limit - TRAILER_BYTES)) break;
    else if (!shrink(limit - TRAILER_BYTES)) return Err.DoesNotFit;
  }
  if (answers.isEmpty() && isLast) writer.empty(Tag.Final);
  else if (answers.isEmpty()) alert(1222, 0, 0);
  writer.end();
  writer.end();
  return writer.error() ? writer.error() : writer.position();
}

/** Does without what no message to this server can hold. @returns false where that cannot be */
function shrink(limit: i32): bool {
  const at = answers.first();
  results.stop();
  isBare = answers.typeOf(at) <= Answer.Results;
  let isDone = isBare && answer(limit);
  isBare = false;
  if (answers.typeOf(at) == Answer.Event) {
    event.take(Status.TooLarge);
    isDone = true;
  }
  if (answers.typeOf(at) == Answer.Generic) {
    alerts.keep(answers.numberOf(at));
    isDone = true;
  }
  if (isDone) answers.pop();
  return isDone;
}

/** The server does not take the object that is sent in chunks: the rest of it stays here. */
export function stopChunks(): void {
  if (!results.sentBytes) return;
  results.stop();
  answers.dropResults();
}

/** Writes a message that ends the session from our side. @spec DM PRO 1.2 §8.4 */
export function abort(headerStatus: i32): i32 {
  answers.reset(false);
  answers.refer(0, 0, 0);
  answers.push(Answer.Alert, 0, 1223, 0, 0);
  return message(headerStatus, true);
}

/** Writes the oldest answer, or takes it back. @returns true if all of it is written */
function answer(limit: i32): bool {
  const at = answers.first();
  writer.mark();
  const before = commandId;
  const type = answers.typeOf(at);
  if (type == Answer.Generic) return generic(at, limit);
  if (type == Answer.Results && results.sentBytes) return chunk(at, limit);
  if (type == Answer.Results && results.open(answers.textOf(at), answers.textBytesOf(at))) {
    return list(at, limit);
  }
  single(at);
  if (!writer.error() && writer.position() <= limit) {
    if (type == Answer.Event) alerts.sent(0, commandId);
    return true;
  }
  writer.backToMark();
  commandId = before;
  return false;
}

function single(at: usize): void {
  switch (answers.typeOf(at)) {
    case Answer.Alert:
      alert(answers.codeOf(at), answers.textOf(at), answers.textBytesOf(at));
      break;
    case Answer.DevInfo:
      devInfoItems();
      break;
    case Answer.Event:
      openCommand(Tag.Alert);
      writer.leafNumber(Tag.Data, 1224);
      event.item();
      writer.end();
      break;
    case Answer.Results:
      openResults(at);
      results.item(isBare);
      writer.end();
      break;
    default:
      status(at);
  }
}

/** What no message can hold goes out in chunks. @returns false where not even one fits */
function sendsChunk(limit: i32): bool {
  const at = answers.first();
  if (answers.typeOf(at) != Answer.Results) return false;
  writer.mark();
  chunk(at, limit);
  return results.sentBytes != 0;
}

/**
 * Writes the next chunk of the object that stands first. @returns true if it was the last one, and
 * of a list the last Item
 */
function chunk(at: usize, limit: i32): bool {
  const before = commandId;
  const isList = results.open(answers.textOf(at), answers.textBytesOf(at));
  openResults(at);
  results.openChunk(limit);
  if (isList) {
    results.skip(answers.codeOf(at));
    results.listItem(false);
  } else results.item(false);
  results.closeChunk();
  writer.end();
  if (writer.error() || writer.position() > limit) {
    writer.backToMark();
    commandId = before;
    results.stop();
    return false;
  }
  if (results.sentBytes) return false;
  if (!isList) return true;
  answers.setCode(at, answers.codeOf(at) + 1);
  results.skip(1);
  return !results.hasItem();
}

function openResults(at: usize): void {
  openCommand(Tag.Results);
  writer.leafNumber(Tag.MsgRef, answers.numberOf(at));
  writer.leaf(Tag.CmdRef, answers.refOf(at), answers.refBytesOf(at));
}

/**
 * Writes as many Items of a list as fit, at least one; the answer's code is the index of the next.
 * @returns true if all of them are out
 */
function list(at: usize, limit: i32): bool {
  const before = commandId;
  const from = answers.codeOf(at);
  openResults(at);
  results.skip(from);
  let index = from;
  for (; results.hasItem(); index++) {
    if (index != from) writer.mark();
    results.listItem(isBare);
    if (writer.error() || writer.position() >= limit) {
      writer.backToMark();
      break;
    }
    results.skip(1);
  }
  if (index == from) {
    // Not one fits; or what was left has gone.
    writer.backToMark();
    commandId = before;
  } else writer.end();
  answers.setCode(at, index);
  return !results.hasItem();
}

function openCommand(tag: i32): void {
  writer.tag(tag);
  writer.leafNumber(Tag.CmdID, ++commandId);
}

function locUri(tag: i32, ptr: usize, byteCount: i32): void {
  writer.tag(tag);
  writer.leaf(Tag.LocURI, ptr, byteCount);
  writer.end();
}

function header(): void {
  writer.tag(Tag.SyncHdr);
  writer.leaf(Tag.VerDTD, VERSIONS + 3, 3);
  writer.leaf(Tag.VerProto, VERSIONS, 6);
  writer.leaf(Tag.SessionID, peer.SESSION_ID, peer.sessionIdBytes);
  writer.leafNumber(Tag.MsgID, peer.messageId);
  locUri(Tag.Target, URL, dmAcc.urlBytes);
  writer.tag(Tag.Source);
  writer.leaf(Tag.LocURI, devInfo.DEVICE_ID, devInfo.deviceIdBytes);
  const nameBytes = load<i32>(dmAcc.CLIENT, Credential.NameBytes);
  if (nameBytes) writer.leaf(Tag.LocName, dmAcc.CLIENT + Credential.Name, nameBytes);
  writer.end();
  if (auth.presents()) {
    writer.tag(Tag.Cred);
    authMeta(dmAcc.CLIENT, 0);
    writer.leaf(Tag.Data, SCRATCH, auth.credentialInto(SCRATCH));
    writer.end();
  }
  writer.tag(Tag.Meta);
  writer.leafNumber(MetaTag.MaxMsgSize, peer.ownBytes());
  writer.leafNumber(MetaTag.MaxObjSize, load<u32>(Block.MaxObjBytes));
  writer.end();
  writer.end();
}

function authMeta(credential: usize, nonceBytes: i32): void {
  writer.tag(Tag.Meta);
  writer.leaf(MetaTag.Format, B64, 3);
  writer.leaf(MetaTag.Type, auth.type(credential), auth.typeBytes(credential));
  if (nonceBytes) writer.leaf(MetaTag.NextNonce, SCRATCH, nonceBytes);
  writer.end();
}

let owesChallenge = false;

/** The next Status of a SyncHdr carries the server's next nonce. */
export function challenge(): void {
  owesChallenge = true;
}

function statusOfHeader(code: i32): void {
  openCommand(Tag.Status);
  writer.leafNumber(Tag.MsgRef, peer.serverMessageId);
  writer.leafNumber(Tag.CmdRef, 0);
  writer.leaf(Tag.Cmd, SYNC_HDR, 7);
  if (owesChallenge) {
    writer.tag(Tag.Chal);
    authMeta(dmAcc.SERVER, auth.nonceInto(SCRATCH));
    writer.end();
    owesChallenge = false;
  }
  writer.leafNumber(Tag.Data, code);
  if (code == Status.WrongDtd) dataItem(VERSIONS + 3, 3);
  if (code == Status.WrongProtocol) dataItem(VERSIONS, 6);
  writer.end();
}

function dataItem(ptr: usize, byteCount: i32): void {
  writer.tag(Tag.Item);
  writer.leaf(Tag.Data, ptr, byteCount);
  writer.end();
}

function status(at: usize): void {
  openCommand(Tag.Status);
  writer.leafNumber(Tag.MsgRef, answers.numberOf(at));
  writer.leaf(Tag.CmdRef, answers.refOf(at), answers.refBytesOf(at));
  const type = answers.typeOf(at);
  const code = isBare ? Status.TooLarge : answers.codeOf(at);
  const text = answers.textOf(at);
  const textBytes = answers.textBytesOf(at);
  if (type == Answer.StatusOther) writer.leaf(Tag.Cmd, text, textBytes);
  else {
    const name = NAMES + (answers.kindOf(at) - Kind.Add) * NAME_BYTES;
    let nameBytes = 0;
    while (nameBytes < NAME_BYTES && load<u8>(name + nameBytes)) nameBytes++;
    writer.leaf(Tag.Cmd, name, nameBytes);
    if (textBytes && type == Answer.Status) writer.leaf(Tag.TargetRef, text, textBytes);
  }
  writer.leafNumber(Tag.Data, code);
  if (code == Status.Ok && type == Answer.StatusText) dataItem(text, textBytes);
  for (let i = 0; code == Status.Ok && type == Answer.StatusNumbers && i < textBytes; i++) {
    writer.tag(Tag.Item);
    writer.leafNumber(Tag.Data, load<u8>(text + i));
    writer.end();
  }
  writer.end();
}

function alert(code: i32, target: usize, targetBytes: i32): void {
  openCommand(Tag.Alert);
  writer.leafNumber(Tag.Data, code);
  if (targetBytes) {
    writer.tag(Tag.Item);
    locUri(Tag.Target, target, targetBytes);
    writer.end();
  }
  writer.end();
}

/** @spec DM STDOBJ 1.2 §5.3.2 */
function devInfoItems(): void {
  openCommand(Tag.Replace);
  const root = devInfo.root();
  // Its name cannot be read: the message must not go out without it.
  if (root < 0) return journal.fail(Err.Damaged);
  for (let leaf = tree.firstChild(root); leaf >= 0; leaf = tree.nextSibling(leaf)) {
    if (tree.isInterior(leaf)) continue;
    memory.copy(SCRATCH, DEV_INFO, 10);
    const nameBytes = tree.nameInto(leaf, SCRATCH + 10);
    const valueBytes = tree.valueBytes(leaf);
    if (nameBytes < 0 || valueBytes < 0) continue;
    writer.tag(Tag.Item);
    locUri(Tag.Source, SCRATCH, 10 + nameBytes);
    if (valueBytes) tree.readValue(leaf, 0, SCRATCH, valueBytes);
    writer.leaf(Tag.Data, SCRATCH, valueBytes);
    writer.end();
  }
  writer.end();
}

// Generic Alerts.

/**
 * Writes as many Items of an outcome's alert as fit, at least one. @returns true if all of them are
 * out
 */
function generic(at: usize, limit: i32): bool {
  const outcome = outbox.find(answers.numberOf(at));
  if (!outcome) return true;
  const count = report.itemCount(outcome);
  const before = commandId;
  let written = 0;
  let index = answers.codeOf(at);
  openCommand(Tag.Alert);
  writer.leafNumber(Tag.Data, 1226);
  correlator(jobs.memberOf(outbox.groupOf(outcome), answers.memberOf(at)));
  for (; index < count; index++) {
    if (!alerts.isOf(outcome, index, answers.memberOf(at))) continue;
    if (written) writer.mark();
    genericItem(outcome, index);
    if (writer.error() || writer.position() > limit - 2) {
      writer.backToMark();
      break;
    }
    written++;
  }
  if (!written && index < count) {
    commandId = before;
    return false;
  }
  writer.end();
  alerts.sent(answers.numberOf(at), commandId);
  answers.setCode(at, index);
  return index >= count;
}

function correlator(job: usize): void {
  const byteCount = job ? jobs.textInto(job, jobs.Text.Correlator, SCRATCH) : 0;
  if (byteCount > 0) writer.leaf(Tag.Correlator, SCRATCH, byteCount);
}

/** @spec SCOMO 1.0 (Generic Alert), DM PRO 1.2 §8.7 */
function genericItem(outcome: usize, index: i32): void {
  const result = outbox.resultOf(outcome);
  writer.tag(Tag.Item);
  locUri(Tag.Target, SCRATCH, report.targetInto(outcome, index, SCRATCH));
  locUri(Tag.Source, SCRATCH, report.sourceInto(report.jobOf(outcome, index), SCRATCH));
  writer.tag(Tag.Meta);
  writer.leaf(MetaTag.Format, results.TEXT_PLAIN, 10);
  writer.leaf(MetaTag.Type, ALERT_TYPE, 38);
  if (result == ResultCode.Successful) writer.leaf(MetaTag.Mark, MARKS, 13);
  else if (result == ResultCode.RollbackFailed) writer.leaf(MetaTag.Mark, MARKS + 20, 8);
  else writer.leaf(MetaTag.Mark, MARKS + 13, 7);
  writer.end();
  writer.leaf(Tag.Data, SCRATCH, resultInto(outcome, index));
  writer.end();
}

/** Writes the Data of an Item, ResultCode and Identifier as XML, to SCRATCH. @returns its bytes */
function resultInto(outcome: usize, index: i32): i32 {
  let end = copy(SCRATCH, RESULT_OPEN, 12);
  end += bytes.writeDecimal(outbox.resultOf(outcome), end);
  end = close(end, RESULT_OPEN);
  end = copy(end, IDENTIFIER_OPEN, 12);
  const raw = end + 2048;
  const rawBytes = report.identifierInto(outcome, index, raw);
  for (let i = 0; i < rawBytes; i++) end = escape(end, load<u8>(raw + i));
  return <i32>(close(end, IDENTIFIER_OPEN) - SCRATCH);
}

function copy(to: usize, from: usize, byteCount: i32): usize {
  memory.copy(to, from, byteCount);
  return to + byteCount;
}

/** Writes the end tag of a start tag of 12 characters. */
function close(to: usize, start: usize): usize {
  store<u16>(to, 0x2f3c);
  return copy(to + 2, start + 1, 11);
}

/** Writes a character of an XML text; markup as a number. */
function escape(to: usize, char: i32): usize {
  store<u8>(to, char);
  if (char != 0x26 && char != 0x3c && char != 0x3e) return to + 1;
  store<u16>(to, 0x2326);
  store<u8>(to + 2, 0x30 + char / 10);
  store<u8>(to + 3, 0x30 + (char % 10));
  store<u8>(to + 4, 0x3b);
  return to + 5;
}
