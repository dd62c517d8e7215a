import { fromBase64, textIn } from "./bytes.ts";
import { encode } from "./encoder.ts";
import { joinBytes, type Element } from "./element.ts";
import {
  buildCommand, buildMessage, type Command, type Header, type Item, type Results, type Status,
  type TreeCommand,
} from "./message.ts";

/** What the client said to one of our commands. */
export interface Answer {
  /** Code of its Status; of several, the first that is no success. 0 before any. */
  code: number;
  /** Items of its Results, chunks joined. */
  results: Item[];
  /** The last of `results` is still coming in chunks. */
  isPartial: boolean;
  /** Items of its Status elements: what a person has typed or chosen. */
  items: Item[];
}

const NO_ANSWER: Answer = { code: 0, results: [], isPartial: false, items: [] };

const TOO_LARGE = 413;
const SIZE_MISSING = 411;
const SIZE_MISMATCH = 424;
const FAILED = 500;

export interface Frame {
  header: Header;
  headerStatus: Status;
  /** The client's MaxMsgSize. */
  bytesMax: number;
  /** Our package may go on; else the message asks for the client's next one. */
  mayCommand: boolean;
  /** Put Alert 1222, since the client has more to say. */
  asksForMore: boolean;
}

export interface Composed {
  root: Element;
  body: Uint8Array;
  isFinal: boolean;
}

interface Piece {
  command: Command;
  /** Bytes of a large object that have gone out. */
  offset: number;
}

interface Sent extends Piece {
  msgId: string;
  isChunk: boolean;
  isMember: boolean;
  isAnswered: boolean;
}

/** A command as a message carries it: the whole, or a chunk of its data. */
interface Wire {
  piece: Piece;
  command: Command;
  isChunk: boolean;
}

/** A smaller chunk is not worth a message's rest; the next message carries more. */
const CHUNK_BYTES_MIN = 64;
/** Token and length of the chunk's OPAQUE, MoreData and END. */
const CHUNK_FRAME_BYTES = 8;

/**
 * The server's side of a package: its commands, cut into messages that the client can take, and the
 * answers to them. A group always stays in one message; the data of one Item may be chunked.
 */
export class Outgoing {
  private statuses: Status[] = [];
  private pieces: Piece[] = [];
  private readonly sent = new Map<string, Sent>();
  private readonly answers = new Map<Command, Answer>();
  private lastMsgId = "";

  /**
   * Starts a package; all answers to the one before have been read.
   *
   * @param objectBytesMax  the client's MaxObjSize: a larger object is not sent, its answer is 413
   */
  begin(commands: readonly Command[], objectBytesMax = Number.MAX_SAFE_INTEGER): void {
    this.sent.clear();
    this.answers.clear();
    this.pieces = [];
    for (const command of commands) {
      const piece = { command, offset: 0 };
      if (largeBytesOf(piece).length <= objectBytesMax) this.pieces.push(piece);
      else this.entry(command).code = TOO_LARGE;
    }
  }

  /** The client gives up on an object, ours or its own: nothing more of it comes or goes. */
  interrupt(): void {
    for (const sent of this.sent.values()) {
      if (sent.isChunk && !sent.isAnswered) sent.isAnswered = true;
    }
    for (const { command } of this.pieces.filter(({ offset }) => offset > 0)) {
      this.entry(command).code = FAILED;
      this.drop(command);
    }
    for (const answer of this.answers.values()) {
      if (answer.isPartial) fail(answer, FAILED);
    }
  }

  owe(status: Status): void {
    this.statuses.push(status);
  }

  /** Commands of the package that no message has carried yet. */
  get hasCommands(): boolean {
    return this.pieces.length > 0;
  }

  answerOf(command: Command): Answer {
    return this.answers.get(command) ?? NO_ANSWER;
  }

  /** Commands sent and not answered in full. */
  unanswered(): Sent[] {
    return [...this.sent.values()].filter(({ command, isAnswered }) => {
      if (!isAnswered) return true;
      const answer = this.answerOf(command);
      if (command.kind !== "Get" || answer.code >= 300) return false;
      return answer.isPartial || answer.results.length === 0;
    });
  }

  /** Puts the commands of the last message back: the client has run none of them. */
  resend(): void {
    const again: Piece[] = [];
    for (const [key, sent] of this.sent) {
      if (sent.msgId !== this.lastMsgId) continue;
      this.sent.delete(key);
      this.answers.delete(sent.command);
      const { command, offset, isMember } = sent;
      if (!isMember && !isNextMessage(command)) again.push({ command, offset });
    }
    const rest = this.pieces.filter(({ command }) => again.every((p) => p.command !== command));
    this.pieces = [...again, ...rest];
  }

  /** Whether a command fits into a message of its own. */
  fits(command: Command, { header, headerStatus, bytesMax }: Frame): boolean {
    return emptyBytes(header) + costOf(headerStatus) + costOf(command) <= bytesMax;
  }

  /** Makes the next message. What does not fit stays for the one after. */
  compose(frame: Frame): Composed {
    const { header, headerStatus } = frame;
    const request: Command[] = [];
    if (frame.asksForMore) request.push({ kind: "Alert", code: 1222, items: [] });
    const fixed = [headerStatus, ...request].reduce((sum, command) => sum + costOf(command), 0);
    let room = frame.bytesMax - emptyBytes(header) - fixed;
    const commands: Command[] = [headerStatus];
    for (let status = this.statuses[0]; status !== undefined; status = this.statuses[0]) {
      room -= costOf(status);
      if (room < 0) break;
      commands.push(status);
      this.statuses.shift();
    }
    const wires = request.map((command) => wireOf({ command, offset: 0 }, command));
    if (this.statuses.length === 0 && frame.mayCommand) {
      wires.push(...this.takeCommands(room, frame));
    }
    commands.push(...wires.map(({ command }) => command));
    number(commands, 1);
    for (const wire of wires) this.register(header.msgId, wire);
    this.lastMsgId = header.msgId;
    const isFinal = frame.mayCommand && !this.hasCommands && this.statuses.length === 0;
    const root = buildMessage({ header, commands, isFinal });
    return { root, body: encode(root), isFinal };
  }

  /** Takes what fits from the package: whole commands, then a large object in part. */
  private takeCommands(roomBytes: number, { header, headerStatus, bytesMax }: Frame): Wire[] {
    const wires: Wire[] = [];
    const roomMax = bytesMax - emptyBytes(header) - costOf(headerStatus);
    let room = roomBytes;
    for (let piece = this.pieces[0]; piece !== undefined; piece = this.pieces[0]) {
      const whole = chunkOf(piece, Number.MAX_SAFE_INTEGER).command;
      const cost = costOf(whole);
      const isLarge = largeBytesOf(piece).length > 0 && (piece.offset > 0 || cost > roomMax);
      // What would not even fit alone is sent alone: the client has to say that it cannot take it.
      const mustFit = wires.length > 0 || isLarge || roomBytes < roomMax;
      if (!mustFit || cost <= room) {
        wires.push(wireOf(piece, whole));
        room -= cost;
        this.pieces.shift();
        continue;
      }
      if (!isLarge) break;
      const left = room - costOf(chunkOf(piece, 0).command) - CHUNK_FRAME_BYTES;
      if (left < CHUNK_BYTES_MIN && roomBytes < roomMax) break;
      const chunk = chunkOf(piece, Math.max(left, CHUNK_BYTES_MIN));
      wires.push({ ...wireOf(piece, chunk.command), isChunk: true });
      piece.offset += chunk.byteCount;
      break;
    }
    return wires;
  }

  /** Enters a numbered command, and the members of a group, as waiting for a Status. */
  private register(msgId: string, { piece, command, isChunk }: Wire): void {
    const enter = (wire: Command, entered: Command, isMember: boolean): void => {
      this.sent.set(`${msgId}/${wire.cmdId}`, {
        command: entered, offset: piece.offset, msgId, isChunk, isMember, isAnswered: false,
      });
    };
    enter(command, piece.command, false);
    if (command.kind !== "Atomic" && command.kind !== "Sequence") return;
    for (const member of command.members) enter(member, member, true);
  }

  /** Takes a Status; one for a command that was never sent changes nothing. */
  answer(status: Status): void {
    const sent = this.sent.get(`${status.msgRef}/${status.cmdRef}`);
    if (sent === undefined) return;
    sent.isAnswered = true;
    if (sent.isChunk && status.code !== 213) this.drop(sent.command);
    const answer = this.entry(sent.command);
    answer.items.push(...status.items ?? []);
    const isFailure = status.code >= 300;
    if (answer.code < 300 && (isFailure || answer.code === 0 || answer.code === 213)) {
      answer.code = status.code;
    }
  }

  /**
   * Takes Results.
   *
   * @param objectBytesMax  our MaxObjSize
   * @returns Status that they are owed: 213 for a chunk, or a failure; undefined if none
   */
  results(results: Results, objectBytesMax: number): number | undefined {
    const sent = this.sent.get(`${results.msgRef}/${results.cmdRef}`);
    if (sent?.command.kind !== "Get") return undefined;
    const answer = this.entry(sent.command);
    let code: number | undefined;
    for (const item of results.items) {
      const whole = { ...item, meta: { ...results.meta, ...item.meta } };
      code = addResult(answer, whole, objectBytesMax) ?? code;
    }
    return code;
  }

  private drop(command: Command): void {
    this.pieces = this.pieces.filter((piece) => piece.command !== command);
  }

  private entry(command: Command): Answer {
    let answer = this.answers.get(command);
    if (answer === undefined) {
      answer = { code: 0, results: [], isPartial: false, items: [] };
      this.answers.set(command, answer);
    }
    return answer;
  }
}

function isNextMessage(command: Command): boolean {
  return command.kind === "Alert" && command.code === 1222;
}

function wireOf(piece: Piece, command: Command): Wire {
  return { piece: { ...piece }, command, isChunk: false };
}

/** @returns 213 for a chunk that goes on, a failure, undefined for an Item that is whole */
function addResult(answer: Answer, item: Item, bytesMax: number): number | undefined {
  const last = answer.results.at(-1);
  const isNext = answer.isPartial && last?.source === item.source;
  // Another object in between: the one before will not become whole.
  if (answer.isPartial && !isNext) fail(answer, FAILED);
  if (isNext) last!.data = joinBytes([bytesIn(last!), bytesIn(item)]);
  else answer.results.push({ ...item });
  const object = answer.results.at(-1)!;
  const { length } = bytesIn(object);
  const size = object.meta?.size;
  answer.isPartial = item.hasMoreData === true;
  if (Math.max(size ?? 0, length) > bytesMax) return fail(answer, TOO_LARGE);
  if (answer.isPartial) {
    if (size === undefined) return fail(answer, SIZE_MISSING);
    return length > size ? fail(answer, SIZE_MISMATCH) : 213;
  }
  return isNext && !isOfSize(object) ? fail(answer, SIZE_MISMATCH) : undefined;
}

/** Drops the object that was coming in. */
function fail(answer: Answer, code: number): number {
  answer.results.pop();
  answer.isPartial = false;
  answer.code = code;
  return code;
}

/** Base64 may be counted as it is carried or as what it stands for. */
function isOfSize(item: Item): boolean {
  const bytes = bytesIn(item);
  const size = item.meta?.size;
  if (size === undefined || size === bytes.length) return true;
  return item.meta?.format === "b64"
    && fromBase64(textIn(bytes)).length === size;
}

function bytesIn({ data }: Item): Uint8Array {
  if (data instanceof Uint8Array) return data;
  return typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(0);
}

/** Data that may go out in chunks: that of an Add or Replace with one Item. */
function largeBytesOf({ command }: Piece): Uint8Array {
  const isFit = (command.kind === "Add" || command.kind === "Replace")
    && command.items.length === 1;
  return isFit ? bytesIn(command.items[0]!) : new Uint8Array(0);
}

interface Chunk {
  command: Command;
  byteCount: number;
}

/**
 * A command with the next bytes of its one Item, at most `bytesMax`; Size goes with the first
 * chunk. Text is cut between two characters.
 */
function chunkOf(piece: Piece, bytesMax: number): Chunk {
  const { command, offset } = piece;
  const bytes = largeBytesOf(piece);
  if (offset === 0 && bytes.length <= bytesMax) return { command, byteCount: bytes.length };
  const [item] = (command as TreeCommand).items as [Item];
  const isText = typeof item.data === "string";
  let end = Math.min(offset + bytesMax, bytes.length);
  while (isText && end > offset && isInsideCharacter(bytes, end)) end--;
  const part = bytes.subarray(offset, end);
  const isLast = end === bytes.length;
  const meta = offset === 0 ? { ...item.meta, size: bytes.length } : item.meta;
  const chunk: Item = {
    ...item,
    data: isText ? textIn(part) : part,
    ...(meta && { meta }),
    ...(isLast ? {} : { hasMoreData: true }),
  };
  return { command: { ...(command as TreeCommand), items: [chunk] }, byteCount: part.length };
}

function isInsideCharacter(bytes: Uint8Array, offset: number): boolean {
  return offset < bytes.length && (bytes[offset]! & 0xc0) === 0x80;
}

/** Bytes of a message without commands. */
function emptyBytes(header: Header): number {
  return encode(buildMessage({ header, commands: [], isFinal: true })).length;
}

/** Header of an encoded document, which a command by itself has as well. */
const DOCUMENT_HEADER_BYTES = 5;
/** Back to page 0, for the command that follows. */
const SWITCH_BYTES = 2;
/** CmdIDs of three digits: the cost does not depend on the place. */
const COSTLY_CMD_ID = 100;

/** At most so many bytes a command adds to a message. */
function costOf(command: Command): number {
  number([command], COSTLY_CMD_ID);
  return encode(buildCommand(command)).length - DOCUMENT_HEADER_BYTES + SWITCH_BYTES;
}

/** CmdIDs count through the groups. */
function number(commands: readonly Command[], first: number): void {
  let next = first;
  const visit = (command: Command): void => {
    command.cmdId = String(next++);
    if (command.kind === "Atomic" || command.kind === "Sequence") command.members.forEach(visit);
  };
  commands.forEach(visit);
}
