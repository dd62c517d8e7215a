// Messages as HTTP exchanges in a capture file, and what tshark makes of them.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** One message on its way; each exchange is a connection of its own. */
export interface Carried {
  readonly exchange: number;
  readonly direction: "request" | "response";
  readonly body: Uint8Array;
}

const MEDIA_TYPE = "application/vnd.syncml.dm+wbxml";
const RAW_IP = 101;
const PACKET_BYTES_MAX = 65_535;
const SERVER_PORT = 80;
const FIRST_CLIENT_PORT = 20_000;
const LOOPBACK = Buffer.from([127, 0, 0, 1]);
const TCP = 6;

/** A capture file with one IP packet for each message. */
export function captureOf(messages: readonly Carried[]): Uint8Array {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(PACKET_BYTES_MAX, 16);
  header.writeUInt32LE(RAW_IP, 20);
  const blocks: Buffer[] = [header];
  const requestBytes = new Map<number, number>();
  messages.forEach((message, index) => {
    const payload = httpOf(message);
    if (message.direction === "request") requestBytes.set(message.exchange, payload.length);
    const packet = ipOf(tcpOf(message, payload, requestBytes.get(message.exchange) ?? 0));
    const record = Buffer.alloc(16);
    record.writeUInt32LE(index, 0);
    record.writeUInt32LE(packet.length, 8);
    record.writeUInt32LE(packet.length, 12);
    blocks.push(record, packet);
  });
  return Buffer.concat(blocks);
}

function httpOf({ direction, body }: Carried): Buffer {
  const first =
    direction === "request" ? "POST /dm HTTP/1.1\r\nHost: dm.example" : "HTTP/1.1 200 OK";
  const type = `Content-Type: ${MEDIA_TYPE}\r\nContent-Length: ${body.length}`;
  return Buffer.concat([Buffer.from(`${first}\r\n${type}\r\n\r\n`), body]);
}

/** Sequence numbers of both sides begin at 1; the response acknowledges the request. */
function tcpOf({ exchange, direction }: Carried, payload: Buffer, requestBytes: number): Buffer {
  const isRequest = direction === "request";
  const clientPort = FIRST_CLIENT_PORT + exchange;
  const segment = Buffer.concat([Buffer.alloc(20), payload]);
  segment.writeUInt16BE(isRequest ? clientPort : SERVER_PORT, 0);
  segment.writeUInt16BE(isRequest ? SERVER_PORT : clientPort, 2);
  segment.writeUInt32BE(1, 4);
  segment.writeUInt32BE(isRequest ? 1 : 1 + requestBytes, 8);
  segment.writeUInt8(5 << 4, 12); // Header of five words.
  segment.writeUInt8(0x18, 13); // PSH, ACK.
  segment.writeUInt16BE(0xffff, 14);
  const pseudo = Buffer.from([0, TCP, segment.length >> 8, segment.length & 0xff]);
  segment.writeUInt16BE(checksum(Buffer.concat([LOOPBACK, LOOPBACK, pseudo, segment])), 16);
  return segment;
}

function ipOf(segment: Buffer): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0); // Version 4, five words.
  header.writeUInt16BE(header.length + segment.length, 2);
  header.writeUInt8(64, 8);
  header.writeUInt8(TCP, 9);
  LOOPBACK.copy(header, 12);
  LOOPBACK.copy(header, 16);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, segment]);
}

/** Ones' complement of the ones' complement sum of 16-bit words, of RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) {
    sum += (bytes[at]! << 8) | (bytes[at + 1] ?? 0);
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return ~sum & 0xffff;
}

/** What tshark says of one packet. */
export interface Dissection {
  /** Media type that it dissected; empty where it saw no HTTP message. */
  readonly mediaType: string;
  /** Public identifier of the WBXML document, as a number; NaN where it saw none. */
  readonly publicId: number;
  readonly isMalformed: boolean;
  /** Messages of its experts above the level "Chat", which every HTTP message has. */
  readonly complaints: readonly string[];
  /** Start tags of the WBXML document, in order. */
  readonly elements: readonly string[];
}

const FIELDS = [
  "http.content_type", "wbxml.public_id.known", "_ws.malformed", "_ws.expert.severity",
  "_ws.expert.message",
];
const SEPARATORS = ["-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=|"];
const CHAT = 0x20_0000;

/** Dissects a capture file. */
export async function dissect(capture: string): Promise<Dissection[]> {
  const fields = FIELDS.flatMap((field) => ["-e", field]);
  const [table, text] = await Promise.all([
    tshark(["-r", capture, "-T", "fields", ...SEPARATORS, ...fields]),
    tshark(["-r", capture, "-V", "-O", "wbxml"]),
  ]);
  const frames = text.split(/^Frame \d+: .*$/m).slice(1);
  return table.trimEnd().split("\n").map((line, index): Dissection => {
    const [mediaType = "", publicId = "", malformed = "", severities = "", messages = ""] =
      line.split("\t");
    const texts = messages.split("|");
    return {
      mediaType,
      publicId: publicId === "" ? NaN : Number(publicId),
      isMalformed: malformed !== "",
      complaints: severities.split("|").flatMap((severity, place) =>
        Number(severity) > CHAT ? [texts[place] ?? severity] : [],
      ),
      elements: startTagsIn(frames[index] ?? ""),
    };
  });
}

async function tshark(args: readonly string[]): Promise<string> {
  const { stdout } = await run("tshark", ["-n", ...args], { maxBuffer: 256 << 20 });
  return stdout;
}

/** Rows of the table of tokens look like `5 | Tag | T 0 | Known Tag 0x31 (.C) | <VerDTD>`. */
function startTagsIn(frame: string): string[] {
  return [...frame.matchAll(/\| +Known Tag .*\| +<(\w+) ?\/?>$/gm)].map((match) => match[1]!);
}
