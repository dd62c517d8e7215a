// Reads journal records for people. docs/journal-format.md is the authority.

/** A record as the page shows it. */
export interface RecordRow {
  region: number;
  place: number;
  /** With header and checksum. */
  bytes: number;
  type: number;
  name: string;
  sequence: number;
  /** First one after a barrier. */
  isRunStart: boolean;
  /** One line for a person. */
  summary: string;
}

const MAGIC_RUN_START = 0xd5;
const MAGIC = 0xd4;
const HEADER_BYTES = 8;
const CRC_BYTES = 4;
const UNIT_BYTES = 4;

export const RecordType = {
  CheckpointBegin: 0x01, Inventory: 0x02, Transaction: 0x03, Out: 0x04, CheckpointEnd: 0x05,
  Text: 0x06, Package: 0x07, Job: 0x08, Plan: 0x10, Commit: 0x11, Rollback: 0x13, Outcome: 0x14,
  Ack: 0x15, Retire: 0x17, Node: 0x20, Delete: 0x21, GroupEnd: 0x2e,
} as const;

const NAMES: { readonly [type: number]: string } = {
  0x01: "CKPT_BEGIN", 0x02: "INV", 0x03: "TXN", 0x04: "OUT", 0x05: "CKPT_END", 0x06: "TEXT",
  0x07: "PACKAGE", 0x08: "JOB", 0x10: "PLAN", 0x11: "COMMIT", 0x13: "ROLLBACK", 0x14: "OUTCOME",
  0x15: "ACK", 0x17: "RETIRE", 0x20: "NODE", 0x21: "DELETE", 0x2e: "GROUP_END",
};
const PRIMITIVES = [
  "Download", "DownloadInstall", "DownloadInstallInactive", "Install", "InstallInactive", "Remove",
  "Activate", "Deactivate", "Remove",
];
const NOBODY = 0xff;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

function crc32c(previous: number, bytes: Uint8Array): number {
  let crc = ~previous;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 0xff]!;
  return ~crc >>> 0;
}

/** Follows the records of one region as they are written. */
export class RegionReader {
  private bytes: Uint8Array;
  private place = 0;
  private generation = 0;
  private sequence = 0;
  private readonly words = new Words();

  constructor(private readonly region: number, regionBytes: number) {
    this.bytes = new Uint8Array(regionBytes).fill(0xff);
  }

  erase(): void {
    this.bytes.fill(0xff);
    this.place = 0;
  }

  write(offset: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, offset);
  }

  /** Records that have become whole since the last call. */
  next(): RecordRow[] {
    const rows: RecordRow[] = [];
    for (let row = this.read(); row !== undefined; row = this.read()) rows.push(row);
    return rows;
  }

  private read(): RecordRow | undefined {
    const { place, region, bytes } = this;
    if (place + HEADER_BYTES + CRC_BYTES > bytes.length) return undefined;
    const view = new DataView(bytes.buffer);
    const magic = bytes[place]!;
    const payloadBytes = view.getUint16(place + 2, true);
    const padded = Math.ceil((HEADER_BYTES + payloadBytes + CRC_BYTES) / UNIT_BYTES) * UNIT_BYTES;
    const end = place + padded;
    const isRecord = (magic === MAGIC || magic === MAGIC_RUN_START) && end <= bytes.length;
    if (!isRecord) return undefined;
    if (place === 0) this.generation = view.getUint32(HEADER_BYTES, true);
    const sequence = view.getUint32(place + 4, true);
    const isNext = place === 0 || sequence === this.sequence + 1;
    const checksum = view.getUint32(end - CRC_BYTES, true);
    const body = bytes.subarray(place, end - CRC_BYTES);
    if (!isNext || crc32c(this.generation, body) !== checksum) return undefined;
    this.place = end;
    this.sequence = sequence;
    const type = bytes[place + 1]!;
    const payload = bytes.slice(place + HEADER_BYTES, place + HEADER_BYTES + payloadBytes);
    return {
      region, place, bytes: padded, type, name: NAMES[type] ?? type.toString(16), sequence,
      isRunStart: magic === MAGIC_RUN_START, summary: this.words.of(type, payload),
    };
  }
}

/** Says in words what a record holds; knows the names of nodes and components said before. */
class Words {
  private readonly nodes = new Map<number, { name: string; parent: number }>();
  private readonly components = new Map<number, string>();

  of(type: number, payload: Uint8Array): string {
    const view = new DataView(payload.buffer);
    switch (type) {
      case RecordType.CheckpointBegin:
        return `generation ${view.getUint32(0, true)}: all that is true follows`;
      case RecordType.CheckpointEnd:
      case RecordType.GroupEnd:
        return closing(view.getUint16(0, true));
      case RecordType.Node:
        return this.node(payload, view);
      case RecordType.Delete:
        return `removes ${this.uri(view.getUint16(0, true))}`;
      case RecordType.Text:
        return this.text(payload, view);
      case RecordType.Inventory:
        return this.entry(payload, view, 0);
      case RecordType.Package:
        return `in slot ${payload[2]}, ${view.getUint32(4, true)} bytes`;
      case RecordType.Job:
        return `${PRIMITIVES[payload[10]!] ?? "?"} ordered, job ${view.getUint32(0, true)}`;
      case RecordType.Plan:
      case RecordType.Transaction:
        return this.plan(payload, view);
      default:
        return this.decision(type, view);
    }
  }

  private decision(type: number, view: DataView): string {
    switch (type) {
      case RecordType.Commit:
        return `operation ${view.getUint32(0, true)}: the new set is in force from here on`;
      case RecordType.Rollback:
        return "the old set again, each component";
      case RecordType.Outcome:
        return `result ${view.getUint16(0, true)}${this.blame(view.getUint8(2))}`;
      case RecordType.Out:
        return `result ${view.getUint16(8, true)}, owed to the server`;
      case RecordType.Ack:
        return `operation ${view.getUint32(0, true)}: the server has the outcome`;
      case RecordType.Retire:
        return `generation ${view.getUint32(0, true)} replaces this region`;
      default:
        return "";
    }
  }

  private blame(component: number): string {
    return component === NOBODY ? "" : `, because of ${this.component(component)}`;
  }

  private node(payload: Uint8Array, view: DataView): string {
    const node = view.getUint16(0, true);
    const [nameBytes, typeBytes, aclBytes, titleBytes] = payload.subarray(6, 10);
    const name = textIn(payload.subarray(16, 16 + nameBytes!));
    this.nodes.set(node, { name, parent: view.getUint16(2, true) });
    const value = payload.subarray(16 + nameBytes! + typeBytes! + aclBytes! + titleBytes!);
    return this.uri(node) + (value.length > 0 ? ` = ${shortened(value)}` : "");
  }

  /** The root is node 0; a parent is said before its children. */
  private uri(node: number): string {
    const names: string[] = [];
    for (let at = node; at !== 0 && names.length < 32;) {
      const known = this.nodes.get(at);
      names.unshift(known?.name ?? `node ${at}`);
      at = known?.parent ?? 0;
    }
    return names.length === 0 ? "." : `./${names.join("/")}`;
  }

  private text(payload: Uint8Array, view: DataView): string {
    const component = view.getUint16(0, true);
    const [idBytes, nameBytes, versionBytes] = [2, 4, 6].map((at) => view.getUint16(at, true));
    const id = textIn(payload.subarray(12, 12 + idBytes!));
    const versionAt = 12 + idBytes! + nameBytes!;
    const version = textIn(payload.subarray(versionAt, versionAt + versionBytes!));
    this.components.set(component & 0x7fff, id);
    return `${id} ${version}${component > 0x7fff ? ", planned" : ""}`;
  }

  private entry(payload: Uint8Array, view: DataView, at: number): string {
    const slot = payload[at + 2]!;
    const order = view.getUint32(at + 4, true);
    const version = [order >>> 22, (order >>> 12) & 0x3ff, order & 0xfff].join(".");
    const where = slot === NOBODY ? "no slot" : `slot ${slot}`;
    return `${this.component(view.getUint16(at, true))} ${version} in ${where}`;
  }

  private plan(payload: Uint8Array, view: DataView): string {
    const count = payload[4]!;
    const entries = Array.from({ length: count }, (_, index) => {
      return this.entry(payload, view, 16 + 48 * index);
    });
    return `operation ${view.getUint32(0, true)}: ${entries.join(", ")}`;
  }

  private component(number: number): string {
    return this.components.get(number & 0x7fff) ?? `component ${number & 0x7fff}`;
  }
}

const decoder = new TextDecoder();

function textIn(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

function closing(count: number): string {
  return count === 1 ? "closes 1 record" : `closes ${count} records`;
}

const SHOWN_BYTES = 40;

function shortened(value: Uint8Array): string {
  const isText = value.every((byte) => byte >= 0x20 && byte < 0x7f);
  if (!isText) return `${value.length} bytes`;
  const text = textIn(value.subarray(0, SHOWN_BYTES));
  return value.length > SHOWN_BYTES ? `${text}…` : text;
}
