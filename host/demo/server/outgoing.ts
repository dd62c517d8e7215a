import { encode } from "./encoder.ts";
import { joinBytes, type Element } from "./element.ts";
import {
  buildCommand, buildMessage, type Command, type Header, type Item, nameOfCommand, type Results,
  type Status, type TreeCommand,
} from "./message.ts";

/** What the client said to one of our commands. */
export interface Answer {
  /** Code of its Status; of several, the first that is no success. 0 before any. */
  code: number;
  /** Items of its Results, chunks joined. */
  results: Item[];
  /** The last of `results` is still coming in chunks. */
  isPartial: boolean;
}

const NO_ANSWER: Answer = { code: 0, results: [], isPartial: false };

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
  /** Place in the order of sending; 0 for Alert 1222, whose Status may stand before older ones. */
  place: number;
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
  private place = 0;
  private lastMsgId = "";

  /** Starts a package; all answers to the one before have been read. */
  begin(commands: readonly Command[]): void {
    this.sent.clear();
    this.answers.clear();
    this.pieces = commands.map((command) => ({ command, offset: 0 }));
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
    if (this.statuses.length === 0 && frame.mayCommand) wires.push(...this.takeCommands(room));
    commands.push(...wires.map(({ command }) => command));
    number(commands, 1);
    for (const wire of wires) this.register(header.msgId, wire);
    this.lastMsgId = header.msgId;
    const isFinal = frame.mayCommand && !this.hasCommands && this.statuses.length === 0;
    const root = buildMessage({ header, commands, isFinal });
    return { root, body: encode(root), isFinal };
  }

  /** Takes what fits from the package: whole commands, then a large object in part. */
  private takeCommands(roomBytes: number): Wire[] {
    const wires: Wire[] = [];
    let room = roomBytes;
    for (let piece = this.pieces[0]; piece !== undefined; piece = this.pieces[0]) {
      const whole = piece.offset === 0 ? piece.command : chunkOf(piece, Number.MAX_SAFE_INTEGER);
      const mustFit = wires.length > 0 || isLarge(piece);
      const cost = costOf(whole);
      if (!mustFit || cost <= room) {
        wires.push(wireOf(piece, whole));
        room -= cost;
        this.pieces.shift();
        continue;
      }
      if (!isLarge(piece)) break;
      const left = room - costOf(chunkOf(piece, 0)) - CHUNK_FRAME_BYTES;
      if (left < CHUNK_BYTES_MIN && wires.length > 0) break;
      const chunkBytes = Math.max(left, CHUNK_BYTES_MIN);
      wires.push({ ...wireOf(piece, chunkOf(piece, chunkBytes)), isChunk: true });
      piece.offset += chunkBytes;
      break;
    }
    return wires;
  }

  /** Enters a numbered command, and the members of a group, as waiting for a Status. */
  private register(msgId: string, { piece, command, isChunk }: Wire): void {
    const enter = (wire: Command, entered: Command, isMember: boolean): void => {
      const place = isNextMessage(wire) ? 0 : ++this.place;
      this.sent.set(`${msgId}/${wire.cmdId}`, {
        command: entered, offset: piece.offset, msgId, place, isChunk, isMember, isAnswered: false,
      });
    };
    enter(command, piece.command, false);
    if (command.kind !== "Atomic" && command.kind !== "Sequence") return;
    for (const member of command.members) enter(member, member, true);
  }

  /**
   * Takes a Status for one of our commands.
   *
   * @returns place of the command in the order of sending, or what is wrong with the Status
   */
  answer(status: Status): number | string {
    const sent = this.sent.get(`${status.msgRef}/${status.cmdRef}`);
    const { cmd, cmdRef, msgRef } = status;
    const what = `Status ${status.cmdId} for ${cmd} ${cmdRef} of message ${msgRef}`;
    if (sent === undefined) return `${what}: there is no such command`;
    sent.isAnswered = true;
    if (sent.isChunk && status.code !== 213) this.drop(sent.command);
    const answer = this.entry(sent.command);
    const isFailure = status.code >= 300;
    if (answer.code < 300 && (isFailure || answer.code === 0 || answer.code === 213)) {
      answer.code = status.code;
    }
    const name = nameOfCommand(sent.command);
    return cmd === name ? sent.place : `${what}: the command is ${name}`;
  }

  /** Takes Results; @returns Status code to answer if it must be answered, or what is wrong */
  results(results: Results): number | string | undefined {
    const sent = this.sent.get(`${results.msgRef}/${results.cmdRef}`);
    const what = `Results ${results.cmdId} for ${results.cmdRef} of message ${results.msgRef}`;
    if (sent?.command.kind !== "Get") return `${what}: there is no such Get`;
    const answer = this.answers.get(sent.command);
    const entry = this.entry(sent.command);
    for (const item of results.items) {
      addResult(entry, { ...item, meta: { ...results.meta, ...item.meta } });
    }
    if (answer === undefined || answer.code === 0) return `${what}: before the Status of its Get`;
    return entry.isPartial ? 213 : undefined;
  }

  private drop(command: Command): void {
    this.pieces = this.pieces.filter((piece) => piece.command !== command);
  }

  private entry(command: Command): Answer {
    let answer = this.answers.get(command);
    if (answer === undefined) {
      answer = { code: 0, results: [], isPartial: false };
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

function addResult(answer: Answer, item: Item): void {
  const last = answer.results.at(-1);
  if (answer.isPartial && last !== undefined) {
    last.data = joinBytes([bytesIn(last), bytesIn(item)]);
  } else answer.results.push({ ...item });
  answer.isPartial = item.hasMoreData === true;
}

function bytesIn({ data }: Item): Uint8Array {
  if (data instanceof Uint8Array) return data;
  return typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(0);
}

function isLarge({ command }: Piece): boolean {
  return (command.kind === "Add" || command.kind === "Replace")
    && command.items.length === 1 && command.items[0]!.data instanceof Uint8Array;
}

/** Copy of a command with the next `bytesMax` bytes of its one Item; Size goes with the first. */
function chunkOf({ command, offset }: Piece, bytesMax: number): Command {
  const [item] = "items" in command && command.items !== undefined ? command.items : [];
  if (item === undefined || !(item.data instanceof Uint8Array)) return command;
  const data = item.data.subarray(offset, offset + bytesMax);
  const isLast = offset + data.length >= item.data.length;
  const meta = offset === 0 && !isLast ? { ...item.meta, size: item.data.length } : item.meta;
  const more = isLast ? {} : { hasMoreData: true };
  const part: Item = { ...item, data, ...(meta && { meta }), ...more };
  return { ...(command as TreeCommand), items: [part] };
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
