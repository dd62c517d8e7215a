// The peer at the other end of a board's byte stream: does what the board asks of the network.
// link.h has the protocol.
import type { Readable, Writable } from "node:stream";
import { Err, Media } from "../../../assembly/abi/codes.ts";

export interface Posted {
  url: string;
  hmac: string;
  body: Uint8Array;
  answerBytesMax: number;
}

export interface Wanted {
  url: string;
  isRelative: boolean;
  firstOffset: number;
  validator: string;
}

export interface MessageReply {
  status: number;
  media: Media;
  hmac: string;
  body: Uint8Array;
}

export interface ObjectReply {
  status: number;
  firstOffset: number;
  totalBytes: number;
  media: Media;
  validator: string;
}

/** Does the work. A failure is an `Err`; what is thrown ends the bridge. */
export interface Peer {
  post(request: Posted): Promise<MessageReply | Err> | MessageReply | Err;
  get(request: Wanted): Promise<ObjectReply | Err> | ObjectReply | Err;
  /** The next bytes of what `get` has opened, none at the end. */
  read(bytesMax: number): Promise<Uint8Array | Err> | Uint8Array | Err;
  /** What `bootstrap` (B) and `notify` (N) take. */
  input?(kind: string): Uint8Array;
  log?(line: string): void;
  /** A frame of a trial. */
  trial?(kind: string, payload: Buffer): void;
}

/** The two ends of a byte stream to a board. */
export interface Stream {
  fromBoard: Readable;
  toBoard: Writable;
}

/** Serves a board until its stream ends. Rejects with what `peer` threw. */
export async function serve({ fromBoard, toBoard }: Stream, peer: Peer): Promise<void> {
  let held: Buffer = Buffer.alloc(0);
  for await (const part of fromBoard) {
    held = held.length === 0 ? (part as Buffer) : Buffer.concat([held, part as Buffer]);
    for (;;) {
      const bytes = held.length < 5 ? Infinity : held.readUInt32LE(1);
      if (held.length < 5 + bytes) break;
      const payload = held.subarray(5, 5 + bytes);
      const answer = await replyTo(String.fromCharCode(held[0]!), payload, peer);
      held = held.subarray(5 + bytes);
      if (answer.length > 0) toBoard.write(answer);
    }
  }
}

async function replyTo(kind: string, payload: Buffer, peer: Peer): Promise<Buffer> {
  switch (kind) {
    case "P":
      return replyToPost(payload, peer);
    case "G":
      return replyToGet(payload, peer);
    case "R":
      return block(await peer.read(payload.readUInt32LE(0)));
    case "I":
      return block(peer.input?.(String.fromCharCode(payload[0]!)) ?? Err.NotFound);
    case "L":
      peer.log?.(payload.toString());
      return Buffer.alloc(0);
    default:
      if (!peer.trial) throw new Error(`the board sends a frame of kind ${kind}`);
      peer.trial(kind, payload);
      return Buffer.alloc(0);
  }
}

async function replyToPost(payload: Buffer, peer: Peer): Promise<Buffer> {
  const [url, hmac, body] = fieldsOf(payload.subarray(4)) as [Buffer, Buffer, Buffer];
  const reply = await peer.post({
    url: url.toString(),
    hmac: hmac.toString("latin1"),
    body: new Uint8Array(body),
    answerBytesMax: payload.readUInt32LE(0),
  });
  if (typeof reply === "number") return number(reply);
  const head = [Err.Ok, reply.status, reply.media].map(number);
  return Buffer.concat([...head, field(Buffer.from(reply.hmac, "latin1")), field(reply.body)]);
}

async function replyToGet(payload: Buffer, peer: Peer): Promise<Buffer> {
  const [url, validator] = fieldsOf(payload.subarray(8)) as [Buffer, Buffer];
  const reply = await peer.get({
    url: url.toString(),
    isRelative: payload.readUInt32LE(4) === 1,
    firstOffset: payload.readUInt32LE(0),
    validator: validator.toString(),
  });
  if (typeof reply === "number") return number(reply);
  const { status, firstOffset, totalBytes, media } = reply;
  const head = [Err.Ok, status, firstOffset, totalBytes, media].map(number);
  return Buffer.concat([...head, field(Buffer.from(reply.validator))]);
}

/** Fields one behind the other. */
export function fieldsOf(payload: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  for (let at = 0; at < payload.length; ) {
    const end = at + 4 + payload.readUInt32LE(at);
    fields.push(payload.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

function block(bytes: Uint8Array | Err): Buffer {
  return typeof bytes === "number" ? number(bytes) : field(bytes);
}

function field(bytes: Uint8Array): Buffer {
  return Buffer.concat([number(bytes.length), bytes]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return bytes;
}
