// Commands of a message in their order, and the two that hold others: Sequence and Atomic.
import { Block, Option, Primitive } from "../abi/codes";
import { Next } from "../base/next";
import * as jobs from "../install/jobs";
import * as journal from "../journal/journal";
import * as object from "../scomo/object";
import { Kind } from "../syncml/command";
import * as parse from "../syncml/parse";
import { Status } from "../syncml/status";
import * as tree from "../tree/node";
import * as uri from "../tree/uri";
import * as answers from "./answers";
import { Answer } from "./answers";
import * as commands from "./commands";
import * as compose from "./compose";
import * as largeObject from "./large-object";
import * as nodes from "./nodes";
import * as peer from "./peer";
import * as results from "./results";
import * as route from "./route";
import * as subtree from "./subtree";

/** Journal bytes that one Item may need besides its value: implicit parents and their ACLs. */
const ITEM_BYTES: i32 = 640;
/** What `run` answers for an Alert that is to be dealt with: a person may have to be asked. */
export const ALERT: i32 = -4;
/** What `run` answers where a barrier must come before the command; it is then found again. */
export const SETTLE: i32 = -5;

const NEXT_MESSAGE: i32 = 1222;
const NO_END_OF_DATA: i32 = 1225;

let skipCode = 0; // Code that everything left in the message gets, 0 if it runs.
let sequenceSkips = false; // The members of this Sequence that are left get 215.
let sequences = 0; // Sequences that are open, one inside the other.
let isInAtomic = false;
let atomicAt = 0; // Position of the Status of the Atomic in `answers`.
let membersAt = 0; // Position of the Status of its first member.
let undo = 0;
let illegalLeft = -1; // Members before the illegal one, -1 if there is none.
let illegalCode = 0;
let hasFailed = false; // The Atomic has: what is left gets 215.
let inner = 0; // Containers open inside an Atomic that does not run.
let wasOpened = false;
let itemsLeft = 0; // Items of the command behind the one that runs.
let reserved = 0; // Bytes of one Status for each command that is not answered yet.
/** First failure of an Item in this message, 0 if there is none. */
export let failedCode = 0;

/**
 * Starts a message.
 *
 * @param code       what its commands get in place of running, 0 if they run
 * @param owedBytes  room in `answers` for one Status of each, which is there
 */
export function open(code: i32, owedBytes: i32): void {
  skipCode = code;
  sequenceSkips = false;
  sequences = 0;
  isInAtomic = false;
  wasOpened = false;
  reserved = owedBytes;
  failedCode = 0;
  inner = 0;
}

/** Ends a message before its end: an Atomic that is open has not happened. */
export function cancel(): void {
  if (isInAtomic && !hasFailed) failAtomic(Status.AtomicFailed);
  isInAtomic = false;
}

/** Says what has room, by the reserve or by `fitsAnswer`. */
function say(type: i32, kind: i32, code: i32, text: usize, textBytes: i32): void {
  answers.push(type, kind, code, text, textBytes);
}

/** Begins to answer the command that the parser stands at: what was kept free for it is its own. */
function refer(kind: i32): void {
  answers.refer(peer.serverMessageId, parse.cmdId, parse.cmdIdBytes);
  reserved -= owedFor(kind);
}

/** Bytes that one Status of the command that the parser stands at takes in `answers`. */
export function owedFor(kind: i32): i32 {
  const nameBytes = kind == Kind.Other ? parse.cmdBytes : 0;
  return answers.HEADER_BYTES + min(parse.cmdIdBytes, answers.REF_BYTES_MAX) + nameBytes;
}

/** Answers the command that the parser stands at. */
export function answer(kind: i32, code: i32): void {
  refer(kind);
  if (kind == Kind.Other) say(Answer.StatusOther, kind, code, parse.cmd, parse.cmdBytes);
  else say(Answer.Status, kind, code, 0, 0);
}

/** Answers the Alert that asks for our next message, in that message, before what is left. */
export function answerNext(): void {
  // The Atomic knows its answers by their places.
  if (isInAtomic) return answer(Kind.Alert, Status.Ok);
  refer(Kind.Alert);
  answers.pushNext(Kind.Alert, Status.Ok);
}

/** Answers a command that does not run; an Atomic has failed with it. */
function refuse(kind: i32, code: i32): void {
  answer(kind, code);
  if (isInAtomic && !hasFailed) failAtomic(Status.AtomicFailed);
}

/** The code that the next command gets in place of running, 0 if it runs. */
function skipped(): i32 {
  if (skipCode) return skipCode;
  if ((isInAtomic && hasFailed) || sequenceSkips) return Status.NotExecuted;
  return parse.cmdIdBytes ? 0 : Status.Malformed;
}

/**
 * Runs or answers the command that the parser has found. @returns Next.Again, or Next.Open with
 * nothing done
 */
export function run(kind: i32, before: i32): i32 {
  if (kind == Kind.ContainerEnd) return endContainer();
  if (largeObject.isOpen()) interrupt(kind, before);
  if (isInAtomic && illegalLeft >= 0) return answerIllegal(kind);
  let code = skipped();
  if (kind == Kind.Atomic || kind == Kind.Sequence) return openContainer(kind, code, before);
  if (!code && kind == Kind.Other) code = Status.NotImplemented;
  if (!code && kind == Kind.Alert) return ALERT;
  if (!code && !isInAtomic && !hasRoom(countNodes())) {
    parse.rewind(before);
    return Next.Open;
  }
  again(before);
  if (!code && !isInAtomic && commands.deposits(kind)) {
    parse.rewind(before);
    return SETTLE;
  }
  again(before);
  if (code) refuse(kind, code);
  else runCommand(kind, before);
  return Next.Again;
}

/**
 * What is not the next chunk of a large object, nor the Alert that asks for our next message, ends
 * the object. The server is told where the answer has room. @spec DM PRO 1.2 §7
 */
function interrupt(kind: i32, before: i32): void {
  if (kind == Kind.Alert && parse.code == NEXT_MESSAGE) return;
  const isNext = parse.nextItem() && largeObject.isNext(kind);
  again(before);
  if (isNext) return;
  largeObject.drop();
  answers.refer(0, 0, 0);
  if (answers.HEADER_BYTES + largeObject.uriBytes > answers.room() - reserved) return;
  say(Answer.Alert, 0, NO_END_OF_DATA, largeObject.URI, largeObject.uriBytes);
}

/** Items of a command by what they may write: a serialised sub-tree is one for each 128 bytes. */
function countNodes(): i32 {
  let nodes = parse.itemCount + (largeObject.heldBytes() >> 7);
  while (parse.nextItem()) if (subtree.isSerialised()) nodes += parse.dataBytes >> 7;
  return nodes;
}

/**
 * A region that was opened for a command and is still short stays as it is: the command then gets
 * 420.
 */
function hasRoom(nodes: i32): bool {
  if (wasOpened || journal.room() >= (nodes + 1) * ITEM_BYTES + 4096) {
    wasOpened = false;
    return true;
  }
  wasOpened = true;
  return false;
}

// Commands on the tree.

function runCommand(kind: i32, before: i32): void {
  if (parse.itemCount == 0) return refuse(kind, Status.Incomplete);
  if (!fitsAnswer(kind)) return refuse(kind, Status.Failed);
  again(before);
  refer(kind);
  const start = answers.position();
  let code = 0;
  let isMixed = false;
  let isOver = false; // The Atomic has failed: Items that are left do not run.
  itemsLeft = parse.itemCount;
  while (parse.nextItem()) {
    itemsLeft--;
    const target = parse.itemTarget;
    const targetBytes = parse.itemTargetBytes;
    const one = isOver ? Status.NotExecuted : runOne(kind);
    if (code && one != code) isMixed = true;
    code = one;
    if (isInAtomic && one >= 300) isOver = true;
    say(Answer.Status, kind, one, target, targetBytes);
  }
  if (!isMixed) {
    answers.truncate(start);
    say(Answer.Status, kind, code, 0, 0);
  }
  if (kind == Kind.Get) addResults(before, isMixed ? 0 : code);
  if (isOver) failAtomic(Status.AtomicFailed);
}

/** Finds the same command once more, so that its Items can be walked again. */
function again(before: i32): void {
  parse.rewind(before);
  parse.nextCommand();
}

/** A command whose answer has no room besides what is kept free for others does not run. */
function fitsAnswer(kind: i32): bool {
  const each = owedFor(kind);
  let needed = reserved - each;
  while (parse.nextItem()) {
    const texts = parse.itemTargetBytes * (kind == Kind.Get ? 2 : 1);
    needed += each * 2 + texts;
  }
  return needed <= answers.room();
}

function runOne(kind: i32): i32 {
  const mark = tree.undoMark();
  const code = nodes.settle(commands.runItem(isMisplaced() ? Kind.Other : kind), mark);
  if (code >= 300 && !failedCode) failedCode = code;
  if (kind == Kind.Get) return code == Status.Ok ? checkResult() : code;
  if (isInAtomic) return code;
  if (code < 300) commands.endChange();
  else {
    journal.dropGroup();
    tree.undoClear();
  }
  return code;
}

/** Only the last Item of a command that stands alone may be a chunk. @spec DM PRO 1.2 §7 */
function isMisplaced(): bool {
  return parse.moreData && (isInAtomic || sequences != 0 || itemsLeft != 0);
}

/** A value that no message to this server could hold, or that it does not take, is not offered. */
function checkResult(): i32 {
  const needed = results.count(parse.itemTarget, parse.itemTargetBytes) + parse.cmdIdBytes;
  const fits = needed <= compose.room() && results.largestBytes <= peer.objectBytes;
  return fits ? Status.Ok : Status.TooLarge;
}

function addResults(before: i32, code: i32): void {
  again(before);
  answers.refer(peer.serverMessageId, parse.cmdId, parse.cmdIdBytes);
  while (parse.nextItem()) {
    const one = code ? code : runOne(Kind.Get);
    if (one != Status.Ok) continue;
    say(Answer.Results, Kind.Get, 0, parse.itemTarget, parse.itemTargetBytes);
  }
}

// Containers.

function openContainer(kind: i32, code: i32, before: i32): i32 {
  if (isInAtomic) {
    // It is over: what may be in one that runs is no container.
    inner++;
    answer(kind, code);
    return Next.Again;
  }
  if (kind == Kind.Atomic) return openAtomic(code, before);
  answer(kind, code ? code : Status.Ok);
  sequences++;
  if (code) sequenceSkips = true;
  return Next.Again;
}

function endContainer(): i32 {
  if (inner) {
    inner--;
    return Next.Again;
  }
  if (!isInAtomic) {
    if (--sequences == 0) sequenceSkips = false;
    return Next.Again;
  }
  isInAtomic = false;
  illegalLeft = -1;
  if (!hasFailed) commands.endChange();
  commands.setGroup(0);
  return Next.Again;
}

// Atomic.

function openAtomic(code: i32, before: i32): i32 {
  atomicAt = answers.position();
  answer(Kind.Atomic, code ? code : Status.Ok);
  if (!code && !hasRoom(scanAtomic())) {
    reserved += answers.position() - atomicAt;
    answers.truncate(atomicAt);
    parse.rewind(before);
    return Next.Open;
  }
  membersAt = answers.position();
  isInAtomic = true;
  hasFailed = code != 0;
  undo = tree.undoMark();
  if (code) illegalLeft = -1;
  else if (illegalLeft >= 0) answers.patch(atomicAt, Status.AtomicFailed);
  commands.setGroup(jobs.nextId());
  return Next.Again;
}

/**
 * Looks for a member that may not be in an Atomic, before any runs. @returns how many nodes the
 * members may write
 */
function scanAtomic(): i32 {
  const first = parse.mark();
  let nodes = 0;
  let members = 0;
  let depth = 0;
  illegalLeft = -1;
  for (;;) {
    const kind = parse.nextCommand();
    if (kind == Kind.ContainerEnd && depth-- == 0) break;
    if (kind == Kind.End) break;
    if (kind == Kind.ContainerEnd || isSilent(kind)) continue;
    const code = illegal(kind);
    if (code && illegalLeft < 0) {
      illegalLeft = members;
      illegalCode = code;
    }
    if (kind == Kind.Atomic || kind == Kind.Sequence) depth++;
    members++;
    nodes += countNodes();
  }
  parse.rewind(first);
  return nodes;
}

/** True for what gets no Status. */
export function isSilent(kind: i32): bool {
  return kind == Kind.Final || kind == Kind.Status || kind == Kind.Results;
}

/** The Status of a member that an Atomic may not have, 0 if it may. @spec DM REP 1.2 §6.6.3 */
function illegal(kind: i32): i32 {
  switch (kind) {
    case Kind.Add:
    case Kind.Alert:
    case Kind.Copy:
    case Kind.Delete:
    case Kind.Replace:
      return 0;
    case Kind.Exec:
      return illegalExec();
    default:
      return Status.Failed;
  }
}

/** Only Install and InstallInactive can be bound. */
function illegalExec(): i32 {
  const isRefused = (load<u32>(Block.Options) & Option.AtomicRefuse) != 0;
  while (parse.nextItem()) {
    if (isRefused || uri.parse(parse.itemTarget, parse.itemTargetBytes)) return Status.Failed;
    const primitive = primitiveOf(route.resolve());
    if (primitive < 0 || primitive > Primitive.InstallInactive) return Status.Failed;
    if (primitive <= Primitive.DownloadInstallInactive) return Status.NotSupported;
  }
  return 0;
}

/** The Primitive that the URI names, of an entry that is there or that the Atomic may add. */
function primitiveOf(node: i32): i32 {
  if (node < 0) return object.foresee(route.last);
  return object.isComputed(node) ? object.primitiveOf(node) : -1;
}

/** Nothing of an Atomic with an illegal member runs. */
function answerIllegal(kind: i32): i32 {
  answer(kind, illegalLeft == 0 ? illegalCode : Status.NotExecuted);
  illegalLeft = illegalLeft == 0 ? 0x7fff : illegalLeft - 1;
  hasFailed = true;
  if (kind == Kind.Atomic || kind == Kind.Sequence) inner++;
  return Next.Again;
}

/** A member has failed: everything before it is undone, nothing behind it runs. */
function failAtomic(code: i32): void {
  hasFailed = true;
  answers.patchSuccesses(membersAt, Status.RolledBack);
  answers.patch(atomicAt, code);
  jobs.dropGroup(commands.group);
  tree.undoTo(undo);
  journal.dropGroup();
  tree.undoClear();
}

// Alerts that ask a person.

/** True when the Status of the Alert that the parser stands at may take so many bytes more. */
export function hasRoomFor(byteCount: i32): bool {
  return reserved + byteCount <= answers.room();
}

/** Takes what a person put in; the Status of the Alert brings it to the server. */
export function answerInput(type: i32, ptr: usize, byteCount: i32): void {
  refer(Kind.Alert);
  say(type, Kind.Alert, Status.Ok, ptr, byteCount);
}

/**
 * Takes the Status of a user interaction alert and what it means for the rest. @spec DM PRO 1.2
 * §10.2
 */
export function answerAlert(code: i32): void {
  answer(Kind.Alert, code);
  const isNo = code == Status.NotModified || code == Status.Cancelled || code == Status.TimedOut;
  if (isInAtomic && (isNo || code >= 300)) {
    failAtomic(isNo ? Status.NotExecuted : Status.AtomicFailed);
  }
  if (sequences && isNo) sequenceSkips = true;
  if (code == Status.Cancelled) skipCode = Status.NotExecuted;
}
