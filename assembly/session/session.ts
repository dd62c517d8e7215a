// The session machine: one package after the other, each message dealt with whole. It waits for the
// network, for barriers, and inside a message for a person only; where it stands in the message is
// then state of the parser.
import { Block, Err, Media, Wait } from "../abi/codes";
import * as bytes from "../base/bytes";
import { RECEIVE, SEND } from "../base/buffers";
import { RECEIVE_BYTES } from "../base/limits";
import { Next } from "../base/next";
import * as host from "../host";
import * as journal from "../journal/journal";
import * as devInfo from "../mo/dev-info";
import * as dmAcc from "../mo/dm-acc";
import * as object from "../scomo/object";
import { Kind } from "../syncml/command";
import * as parse from "../syncml/parse";
import { Status } from "../syncml/status";
import * as alerts from "./alerts";
import * as answers from "./answers";
import { Answer } from "./answers";
import * as auth from "./auth";
import * as commands from "./commands";
import * as compose from "./compose";
import * as event from "./event";
import * as groups from "./groups";
import * as largeObject from "./large-object";
import * as peer from "./peer";
import * as prompt from "./prompt";
import * as results from "./results";
import * as route from "./route";

const enum Phase {
  Idle,
  Start,
  Sending,
  Received,
  Commands,
  Asked,
  Reply,
  Ready,
}

const enum AlertCode {
  ServerInitiated = 1200,
  ClientInitiated = 1201,
  NextMessage = 1222,
  SessionAbort = 1223,
  NoEndOfData = 1225,
}

/** `Results`: of the commands only this name is so long. */
const RESULTS_BYTES: i32 = 7;
/** Messages of one session before it is called endless. */
const MESSAGES_MAX: u32 = 512;
const HEX: usize = memory.data(8);

/** Sessions that this boot has begun. */
export let count = 0;

let phase = Phase.Idle;
let failure = 0;
let account = -1;
let alertCode = 0;
let headerStatus = 0;
let hasFinal = false; // The server has ended its package.
let hasCommands = false; // The server's message has something besides Status.
let owedBytes = 0; // Room for one Status of each command in it.
let isAborting = false; // Our last message: what comes back is ignored.
let receivedBytes = 0;
let outgoingBytes = 0;
let owesNonce: bool = false; // The reply challenges the server, or tells it the nonce to use next.
let isLate: bool = false; // The server has proved itself, in a message before it had not.
let repeats = 0; // Times that the server has sent its last message again.
let foreign = 0; // Messages of the server in a version that is not understood.

/** Why the session failed, 0 if it came to its end. */
export function error(): i32 {
  return failure;
}

/**
 * Starts a session with the server of an account.
 *
 * @param id  SessionID of a notification in `idBytes` bytes, 0 bytes where the client begins
 * @fails Err.NotFound  the account or DevInfo is incomplete
 */
export function start(node: i32, id: usize, idBytes: i32): i32 {
  answers.reset(false);
  phase = Phase.Idle;
  failure = dmAcc.open(node);
  if (!failure && !devInfo.open()) failure = Err.NotFound;
  if (failure) return failure;
  count++;
  account = node;
  alertCode = idBytes ? AlertCode.ServerInitiated : AlertCode.ClientInitiated;
  if (!idBytes) {
    failure = drawSessionId();
    if (failure) return failure;
    peer.open(HEX, 4);
  } else peer.open(id, idBytes);
  auth.open();
  commands.setAccount(node);
  commands.setJobFlags(0);
  largeObject.drop();
  results.stop();
  route.allowAll(false);
  object.refresh();
  headerStatus = 0;
  owesNonce = false;
  isAborting = false;
  foreign = 0;
  queuePackage();
  phase = Phase.Ready;
  return Err.Ok;
}

/** Four hexadecimal digits, the first not 0. */
function drawSessionId(): i32 {
  const err = host.random(HEX, 4);
  if (err) return err;
  for (let i = 0; i < 4; i++) {
    const digit = (load<u8>(HEX + i) & 0xf) | (i ? 0 : 1);
    store<u8>(HEX + i, digit < 10 ? 0x30 + digit : 0x37 + digit);
  }
  return Err.Ok;
}

/** Package #1. @spec DM PRO 1.2 §8.3 */
function queuePackage(): void {
  hasFinal = true;
  answers.reset(false);
  answers.refer(0, 0, 0);
  answers.push(Answer.Alert, 0, alertCode, 0, 0);
  answers.push(Answer.DevInfo, 0, 0, 0, 0);
  if (event.isQueued) answers.push(Answer.Event, 0, 0, 0, 0);
  alerts.queue(account);
}

/** One transition; `err` is what the host answered to the last wait. @returns a Wait or a Next */
export function advance(err: i32): i32 {
  switch (phase) {
    case Phase.Ready:
      return send();
    case Phase.Sending:
      return take(err);
    case Phase.Commands:
      return runCommands();
    case Phase.Asked:
      return takeAnswer(err);
    case Phase.Reply:
      return err ? end(Err.Storage) : send();
    default:
      return Next.End;
  }
}

function end(err: i32): i32 {
  groups.cancel();
  failure = err;
  phase = Phase.Idle;
  return Next.End;
}

/** Takes the answer to an Exchange or Confirm that the host put into the buffer named there. */
export function feed(byteCount: i32): i32 {
  if (phase == Phase.Asked) return prompt.feed(byteCount);
  if (phase != Phase.Sending || byteCount < 0 || byteCount > RECEIVE_BYTES) return Err.Misuse;
  receivedBytes = byteCount;
  return 0;
}

function send(): i32 {
  peer.nextMessage();
  if (!isAborting) {
    outgoingBytes = compose.message(headerStatus, hasFinal);
    if (outgoingBytes < 0 && headerStatus) leave(outgoingBytes);
  }
  if (isAborting) outgoingBytes = compose.abort(headerStatus);
  if (outgoingBytes < 0) return end(outgoingBytes);
  return exchange();
}

function exchange(): i32 {
  store<i32>(Block.Arg0, <i32>peer.address());
  store<i32>(Block.Arg1, peer.addressBytes());
  store<i32>(Block.Arg2, <i32>SEND);
  store<i32>(Block.Arg3, outgoingBytes);
  store<i32>(Block.Arg4, <i32>RECEIVE);
  store<i32>(Block.Arg5, RECEIVE_BYTES);
  auth.sign(SEND, outgoingBytes);
  receivedBytes = 0;
  phase = Phase.Sending;
  return Wait.Exchange;
}

// The server's message.

function take(err: i32): i32 {
  if (isAborting) return end(failure);
  if (err) return end(err);
  if (load<i32>(Block.HttpStatus) != 200) return end(Err.HttpStatus);
  if (load<i32>(Block.MediaType) != Media.Message) return end(Err.WrongMedia);
  auth.hear(RECEIVE, receivedBytes);
  const malformed = parse.open(RECEIVE, receivedBytes);
  if (malformed) return end(malformed == Err.Unsupported ? Err.Unsupported : Err.Malformed);
  if (!bytes.equal(parse.sessionId, parse.sessionIdBytes, peer.SESSION_ID, peer.sessionIdBytes)) {
    return end(Err.Malformed);
  }
  if (!bytes.equal(parse.target, parse.targetBytes, devInfo.DEVICE_ID, devInfo.deviceIdBytes)) {
    return end(Err.Malformed);
  }
  const id = bytes.readDecimal(parse.msgId, parse.msgIdBytes);
  if (id <= 0 || peer.messageId >= MESSAGES_MAX) return end(Err.Malformed);
  // Our message got lost on its way: the server repeats itself, and so do we. Nothing runs twice.
  if (<u32>id == peer.serverMessageId) return repeat();
  if (<u32>id < peer.serverMessageId) return end(Err.Malformed);
  peer.setServerMessage(id);
  repeats = 0;
  if (parse.respUriBytes && !peer.setRespUri(parse.respUri, parse.respUriBytes)) {
    return end(Err.TooLarge);
  }
  peer.setPeerBytes(parse.maxMsgBytes, parse.maxObjBytes);
  return takeHeader();
}

function repeat(): i32 {
  return ++repeats > 2 ? end(Err.Malformed) : exchange();
}

function takeHeader(): i32 {
  const wasRefused = headerStatus >= 400;
  headerStatus = checkVersions();
  if (!headerStatus) {
    headerStatus = auth.checkServer();
    owesNonce = auth.owesChallenge(headerStatus);
  }
  isLate = wasRefused && auth.knowsServer();
  const verdict = takeStatuses();
  const stored = auth.storeNonce();
  commands.endChange();
  if (stored) return end(stored);
  if (verdict == Err.Later) return repeatPackage();
  if (verdict) return end(verdict);
  if (headerStatus >= 500) {
    if (!hasCommands || ++foreign > 1) return end(Err.Unsupported);
  } else if (!auth.knowsServer() && (auth.givesUpServer() || !hasCommands)) {
    return end(Err.ServerUnproven);
  }
  if (owedBytes > answers.room()) {
    leave(Err.Full);
    return reply();
  }
  groups.open(headerStatus >= 400 ? headerStatus : 0, owedBytes);
  phase = Phase.Commands;
  return Next.Again;
}

/** Our next message ends the session. */
function leave(err: i32): void {
  isAborting = true;
  failure = err;
}

/** @spec DM PRO 1.2 §8.3: a DM/1.x of the same major number is understood */
function checkVersions(): i32 {
  const proto = parse.verProto;
  const isDm =
    parse.verProtoBytes >= 5 && load<u32>(proto) == 0x312f4d44 && load<u8>(proto, 4) == 0x2e;
  if (!isDm) return Status.WrongProtocol;
  const dtd = parse.verDtd;
  const isKnown = parse.verDtdBytes == 3 && load<u16>(dtd) == 0x2e31;
  return isKnown && <u32>load<u8>(dtd, 2) - 0x31 < 2 ? 0 : Status.WrongDtd;
}

/**
 * First walk over the message: what the server says to what we sent. Commands run in the second.
 */
function takeStatuses(): i32 {
  const first = parse.mark();
  const wasFinal = hasFinal;
  let isAsking = false;
  let verdict = 0;
  hasFinal = false;
  hasCommands = false;
  owedBytes = 0;
  for (;;) {
    const kind = parse.nextCommand();
    if (kind == Kind.End) break;
    if (kind == Kind.Final) hasFinal = true;
    if (kind == Kind.Status && !verdict) verdict = takeStatus();
    if (kind == Kind.ContainerEnd || groups.isSilent(kind)) continue;
    isAsking = !hasCommands && kind == Kind.Alert && parse.code == AlertCode.NextMessage;
    hasCommands = true;
    owedBytes += groups.owedFor(kind);
  }
  // To ask for more of our package opens none of the server's. @spec DM PRO 1.2 §6
  if (isAsking && wasFinal) hasFinal = true;
  parse.rewind(first);
  return verdict;
}

function takeStatus(): i32 {
  const isHeader = parse.cmdRefBytes == 1 && load<u8>(parse.cmdRef) == 0x30;
  if (isHeader) return auth.takeVerdict();
  if (parse.code >= 300 && parse.cmdBytes == RESULTS_BYTES) compose.stopChunks();
  if (auth.knowsServer()) alerts.take();
  return Err.Ok;
}

/** The server wants to know who we are, or better: the whole package again, with credentials. */
function repeatPackage(): i32 {
  queuePackage();
  return reply();
}

function runCommands(): i32 {
  let before = parse.mark();
  let kind = parse.nextCommand();
  for (; kind != Kind.End; before = parse.mark(), kind = parse.nextCommand()) {
    if (groups.isSilent(kind)) continue;
    if (kind == Kind.Alert && parse.code == AlertCode.SessionAbort) return end(Err.Aborted);
    const next = groups.run(kind, before);
    if (next == Next.Open) return next;
    if (next == groups.SETTLE) return Wait.Durable;
    if (next == groups.ALERT) {
      const wait = takeAlert();
      if (wait != Next.Again) return wait;
    }
  }
  return endMessage();
}

function takeAlert(): i32 {
  switch (parse.code) {
    case AlertCode.NoEndOfData:
      compose.stopChunks();
      groups.answerAlert(Status.Ok);
      return Next.Again;
    case AlertCode.NextMessage:
      groups.answerNext();
      return Next.Again;
    case -1:
      groups.answerAlert(Status.Incomplete);
      return Next.Again;
    default:
      return ask();
  }
}

function ask(): i32 {
  const wait = prompt.ask();
  if (wait == Wait.Confirm) phase = Phase.Asked;
  return wait;
}

function takeAnswer(err: i32): i32 {
  phase = Phase.Commands;
  prompt.takeAnswer(err);
  return Next.Again;
}

// Our answer.

/** @spec DM PRO 1.2 §8.4: a message that would only acknowledge the header is not sent */
function endMessage(): i32 {
  if (hasFinal && !hasCommands && answers.isEmpty()) return end(Err.Ok);
  // A server that ends its package inside an object has not ended it.
  if (largeObject.isOpen()) hasFinal = false;
  // What it said of our reports before it had proved itself did not count.
  if (isLate) alerts.queue(account);
  return reply();
}

/** What the reply says must be true before it leaves. */
function reply(): i32 {
  if (owesNonce) {
    const err = auth.renewServerNonce();
    if (err) return end(err);
    commands.endChange();
    compose.challenge();
    owesNonce = false;
  }
  phase = Phase.Reply;
  return journal.isDirty() ? Wait.Durable : Next.Again;
}

