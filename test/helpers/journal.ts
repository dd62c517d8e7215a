// A second implementation of docs/journal-format.md, written from that page alone, and the medium
// it lies on.

// --- CRC-32C ------------------------------------------------------------------------------------

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

export function crc32c(previous: number, bytes: Uint8Array): number {
  let crc = ~previous;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 0xff]!;
  return ~crc >>> 0;
}

// --- Records ------------------------------------------------------------------------------------

export const Type = {
  CheckpointBegin: 0x01,
  Out: 0x04,
  CheckpointEnd: 0x05,
  Text: 0x06,
  Status: 0x09,
  Plan: 0x10,
  Commit: 0x11,
  Retire: 0x17,
  Node: 0x20,
  Delete: 0x21,
  TreeLast: 0x2d,
  GroupEnd: 0x2e,
} as const;

export interface JournalRecord {
  place: number;
  end: number;
  isRunStart: boolean;
  type: number;
  sequence: number;
  payload: Uint8Array;
  checksum: number;
}

export const isContent = (type: number): boolean =>
  (type >= Type.Text && type <= Type.Status) || (type >= Type.Node && type <= Type.TreeLast);

export const unitOf = (writeUnit: number): number => Math.max(writeUnit, 4);

const padTo = (unit: number, byteCount: number): number => Math.ceil(byteCount / unit) * unit;

export const recordBytes = (writeUnit: number, payloadBytes: number): number =>
  padTo(unitOf(writeUnit), payloadBytes + 12);

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The record at `place`, undefined if there is none. */
export function decodeRecord(
  region: Uint8Array,
  place: number,
  writeUnit: number,
  generation: number,
): JournalRecord | undefined {
  if (place + 12 > region.length) return undefined;
  const view = viewOf(region);
  const magic = view.getUint8(place);
  if (magic !== 0xd5 && magic !== 0xd4) return undefined;
  const payloadBytes = view.getUint16(place + 2, true);
  const end = place + recordBytes(writeUnit, payloadBytes);
  if (end > region.length) return undefined;
  const checksum = view.getUint32(end - 4, true);
  if (crc32c(generation, region.subarray(place, end - 4)) !== checksum) return undefined;
  return {
    place,
    end,
    isRunStart: magic === 0xd5,
    type: view.getUint8(place + 1),
    sequence: view.getUint32(place + 4, true),
    payload: region.slice(place + 8, place + 8 + payloadBytes),
    checksum,
  };
}

export function encodeRecord(
  fields: { type: number; sequence: number; payload: Uint8Array; isRunStart?: boolean },
  writeUnit: number,
  generation: number,
): Uint8Array {
  const bytes = new Uint8Array(recordBytes(writeUnit, fields.payload.length)).fill(0xff);
  const view = viewOf(bytes);
  view.setUint8(0, fields.isRunStart === true ? 0xd5 : 0xd4);
  view.setUint8(1, fields.type);
  view.setUint16(2, fields.payload.length, true);
  view.setUint32(4, fields.sequence, true);
  bytes.set(fields.payload, 8);
  view.setUint32(bytes.length - 4, crc32c(generation, bytes.subarray(0, -4)), true);
  return bytes;
}

/** Little-endian numbers as bytes: `numbers([2, 7], [4, 1])` is a u16 and a u32. */
export function numbers(...fields: [byteCount: 1 | 2 | 4, value: number][]): Uint8Array {
  return Uint8Array.from(
    fields.flatMap(([byteCount, value]) =>
      Array.from({ length: byteCount }, (_, i) => (value >>> (8 * i)) & 0xff),
    ),
  );
}

export const jointOf = (checksums: number[]): number =>
  crc32c(0, numbers(...checksums.map((checksum): [4, number] => [4, checksum])));

// --- Regions ------------------------------------------------------------------------------------

export interface Confirmed {
  type: number;
  payload: Uint8Array;
  place: number;
}

export interface Journal {
  region: number;
  generation: number;
  flags: number;
  /** What counts, in order; structure left out. */
  records: Confirmed[];
  /** Every record in order, structure and void ones too. */
  all: JournalRecord[];
}

/** Records in order from `place` on. */
function* chain(
  region: Uint8Array,
  writeUnit: number,
  generation: number,
): Generator<JournalRecord> {
  const limit = limitOf(region.length, writeUnit);
  let previous: number | undefined;
  for (let place = 0; place < limit;) {
    const record = decodeRecord(region, place, writeUnit, generation);
    if (record === undefined || (previous !== undefined && record.sequence !== previous + 1))
      return;
    yield record;
    previous = record.sequence;
    place = record.end;
  }
}

export const limitOf = (regionBytes: number, writeUnit: number): number =>
  regionBytes - (regionBytes % unitOf(writeUnit)) - recordBytes(writeUnit, 4);

function closes(closer: JournalRecord, run: JournalRecord[]): boolean {
  const view = viewOf(closer.payload);
  return (
    view.getUint16(0, true) === run.length % 65536 &&
    view.getUint32(2, true) === jointOf(run.map((record) => record.checksum))
  );
}

/** What one region says, undefined if it is not valid. */
function readRegion(region: Uint8Array, writeUnit: number): Omit<Journal, "region"> | undefined {
  const generation = viewOf(region).getUint32(8, true);
  const all = [...chain(region, writeUnit, generation)];
  const end = all.findIndex((record) => record.type === Type.CheckpointEnd);
  const first = all[0];
  if (first?.type !== Type.CheckpointBegin || first.payload[4] !== 1 || end < 0) return undefined;
  if (!closes(all[end]!, all.slice(0, end))) return undefined;
  const records: JournalRecord[] = all.slice(1, end);
  let run: JournalRecord[] = [];
  for (const record of all.slice(end + 1)) {
    if (isContent(record.type)) {
      run.push(record);
      continue;
    }
    if (record.type !== Type.GroupEnd) records.push(...run, record);
    else if (closes(record, run)) records.push(...run);
    else if (viewOf(record.payload).getUint16(0, true) !== 0) break;
    run = [];
  }
  return { generation, flags: first.payload[5]!, all, records: records.map(pickConfirmed) };
}

const pickConfirmed = ({ type, payload, place }: JournalRecord): Confirmed => ({
  type,
  payload,
  place,
});

/** The current journal of two regions, undefined if neither is valid. */
export function readJournal(
  regions: readonly Uint8Array[],
  writeUnit: number,
): Journal | undefined {
  const found = regions.flatMap((bytes, region) => {
    const each = readRegion(bytes, writeUnit);
    return each === undefined ? [] : [{ region, ...each }];
  });
  const [newest, older] = found.sort((left, right) => right.generation - left.generation);
  if (newest === undefined || older === undefined) return newest;
  const end = newest.all.findIndex(({ type }) => type === Type.CheckpointEnd);
  const isMarked = regions[older.region]!.subarray(limitOf(regions[0]!.length, writeUnit))
    .some((byte) => byte !== 0xff);
  return isMarked || newest.all.length > end + 1 ? newest : older;
}

/** Whether a region carries RETIRE. */
export function isRetired(region: Uint8Array, writeUnit: number): boolean {
  const generation = viewOf(region).getUint32(8, true);
  const record = decodeRecord(region, limitOf(region.length, writeUnit), writeUnit, generation);
  return record?.type === Type.Retire;
}

/**
 * Writes a region as the page says: `runs[0]` is the checkpoint, each further run starts behind a
 * barrier.
 */
export function buildRegion(options: {
  regionBytes: number;
  writeUnit: number;
  generation: number;
  flags?: number;
  firstSequence?: number;
  runs: { type: number; payload: Uint8Array }[][];
}): Uint8Array {
  const { generation, writeUnit } = options;
  const region = new Uint8Array(options.regionBytes).fill(0xff);
  let sequence = options.firstSequence ?? 1;
  let place = 0;
  let checksums: number[] = [];
  const append = (type: number, payload: Uint8Array, isRunStart: boolean): void => {
    const bytes = encodeRecord(
      { type, payload, sequence: sequence++, isRunStart },
      writeUnit,
      generation,
    );
    region.set(bytes, place);
    place += bytes.length;
    checksums.push(viewOf(bytes).getUint32(bytes.length - 4, true));
  };
  const sum = (): Uint8Array => numbers([2, checksums.length], [4, jointOf(checksums)]);

  append(Type.CheckpointBegin, numbers([4, generation], [1, 1], [1, options.flags ?? 0]), true);
  for (const { type, payload } of options.runs[0] ?? []) append(type, payload, false);
  append(Type.CheckpointEnd, sum(), false);
  checksums = [];
  for (const run of options.runs.slice(1)) {
    run.forEach(({ type, payload }, index) => {
      append(type, type === Type.GroupEnd && payload.length === 0 ? sum() : payload, index === 0);
      if (!isContent(type)) checksums = [];
    });
  }
  return region;
}

// --- The medium ---------------------------------------------------------------------------------

export interface Operation {
  region: number;
  offset: number;
  /** What was written, undefined for an erase. */
  bytes?: Uint8Array;
}

/**
 * Two regions that hold their host to the storage contract, and remember what was not yet made
 * durable.
 */
export class Medium {
  readonly regions: Uint8Array[];
  /** Operations since the last barrier, in order. */
  pending: Operation[] = [];
  durable: Uint8Array[];
  writes = 0;
  erases = 0;
  /** Answers of the next calls; a test sets what should fail. */
  failRead: (region: number, offset: number, byteCount: number) => boolean = () => false;
  failWrite: (region: number, offset: number) => boolean = () => false;
  private written: Uint8Array[];
  private memory: WebAssembly.Memory | undefined;

  constructor(
    readonly regionBytes: number,
    readonly writeUnit: number,
    contents?: readonly Uint8Array[],
  ) {
    const empty = (): Uint8Array => new Uint8Array(regionBytes).fill(0xff);
    this.regions =
      contents === undefined ? [empty(), empty()] : contents.map((bytes) => bytes.slice());
    this.durable = this.regions.map((bytes) => bytes.slice());
    // A region that an earlier boot wrote takes no byte before it is erased, but for RETIRE if it
    // has none.
    this.written = this.regions.map((bytes) => {
      const written = new Uint8Array(regionBytes).fill(contents === undefined ? 0 : 1);
      const limit = limitOf(regionBytes, writeUnit);
      if (bytes.subarray(limit).every((byte) => byte === 0xff)) written.fill(0, limit);
      return written;
    });
  }

  bind(memory: WebAssembly.Memory): void {
    this.memory = memory;
  }

  /** Every earlier operation survives from here on. */
  sync(): void {
    this.pending = [];
    this.durable = this.regions.map((bytes) => bytes.slice());
  }

  readonly imports = {
    jRead: (region: number, offset: number, ptr: number, byteCount: number): number => {
      this.reach(region, offset, byteCount);
      if (this.failRead(region, offset, byteCount)) return -41;
      this.view(ptr, byteCount).set(this.regions[region]!.subarray(offset, offset + byteCount));
      return 0;
    },
    jWrite: (region: number, offset: number, ptr: number, byteCount: number): number => {
      this.reach(region, offset, byteCount);
      if (offset % this.writeUnit !== 0 || byteCount % this.writeUnit !== 0) {
        throw new Error(
          `write of ${byteCount} at ${offset} is not a multiple of ${this.writeUnit}`,
        );
      }
      const written = this.written[region]!.subarray(offset, offset + byteCount);
      if (written.some((isWritten) => isWritten !== 0))
        throw new Error(`${offset} is written twice`);
      written.fill(1);
      this.writes++;
      if (this.failWrite(region, offset)) return -40;
      const bytes = this.view(ptr, byteCount).slice();
      this.regions[region]!.set(bytes, offset);
      this.pending.push({ region, offset, bytes });
      return 0;
    },
    jErase: (region: number): number => {
      this.reach(region, 0, 0);
      this.erases++;
      this.regions[region]!.fill(0xff);
      this.written[region]!.fill(0);
      this.pending.push({ region, offset: 0 });
      return 0;
    },
  };

  private reach(region: number, offset: number, byteCount: number): void {
    const isInside = (region === 0 || region === 1) && offset >= 0 && byteCount >= 0;
    if (!isInside || offset + byteCount > this.regionBytes) {
      throw new Error(`${byteCount} bytes at ${offset} of region ${region} are out of reach`);
    }
  }

  private view(ptr: number, byteCount: number): Uint8Array {
    if (this.memory === undefined) throw new Error("the medium is not bound to a memory");
    return new Uint8Array(this.memory.buffer, ptr, byteCount);
  }
}

/**
 * The regions after a cut that let `kept` of the pending operations happen, the last one of them
 * only in part.
 */
export function afterCut(
  durable: readonly Uint8Array[],
  kept: readonly Operation[],
  torn?: { operation: Operation; byteCount: number },
): Uint8Array[] {
  const regions = durable.map((bytes) => bytes.slice());
  const parts = torn === undefined ? kept : [...kept, cutShort(torn.operation, torn.byteCount)];
  for (const { region, offset, bytes } of parts) {
    if (bytes === undefined) regions[region]!.fill(0xff);
    else regions[region]!.set(bytes, offset);
  }
  return regions;
}

const cutShort = (operation: Operation, byteCount: number): Operation =>
  operation.bytes === undefined
    ? operation
    : { ...operation, bytes: operation.bytes.subarray(0, byteCount) };
