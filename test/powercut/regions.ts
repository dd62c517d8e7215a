// The two regions of an image, read a second time by docs/journal-format.md: what counts, and
// whether the journal is degraded. Fast enough to judge every single cut.
import { isContent, limitOf, Type, unitOf } from "../helpers/journal.ts";
import { PrintTable } from "./prints.ts";
import { type Told, tellRecords } from "../helpers/world-journal.ts";

/** One region as a start finds it. */
interface Region {
  isValid: boolean;
  generation: number;
  /** The same for two regions whose records that count are the same. */
  signature: string;
  isRetired: boolean;
  /** RETIRE was begun. */
  isMarked: boolean;
  /** A run lies behind the checkpoint. */
  hasRun: boolean;
  /** A later run lies behind the place where reading stopped. */
  hasLaterRun: boolean;
  /** A checkpoint was begun. */
  hasBegun: boolean;
  /** Place of the last record in order that started a run. */
  lastRun: number;
  flags: number;
  /** Places of the records that count. */
  places: number[];
}

/** What both regions say together. */
export interface Journal {
  /** Region that is current, -1 where none is valid. */
  region: number;
  generation: number;
  flags: number;
  isDegraded: boolean;
  /** A newer region that nothing proves is valid too. */
  hasPassedOver: boolean;
  /** Place where the last run of the current region starts. */
  lastRun: number;
  /** None is valid, and one once was. */
  isLost: boolean;
  signature: string;
  told: Told | undefined;
}

const u16 = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8);
const u32 = (bytes: Uint8Array, at: number): number =>
  (u16(bytes, at) | (u16(bytes, at + 2) << 16)) >>> 0;

/** Any mixture that tells sequences of checksums apart would do. */
const mix = (hash: number, value: number): number =>
  Math.imul(hash ^ value ^ (hash >>> 15), 0x9e3779b1) >>> 0;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

/** The record that was looked at last: reading makes no object for each. */
const at = { end: 0, type: 0, sequence: 0, payload: 0, payloadBytes: 0, checksum: 0 };

/** Whether there is a record at `place`; `at` says what it is. */
function look(bytes: Uint8Array, place: number, step: number, generation: number): boolean {
  if (place + 12 > bytes.length || (bytes[place]! | 1) !== 0xd5) return false;
  const payloadBytes = u16(bytes, place + 2);
  const end = place + Math.ceil((payloadBytes + 12) / step) * step;
  if (end > bytes.length) return false;
  let crc = ~generation;
  for (let i = place; i < end - 4; i++) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ bytes[i]!) & 0xff]!;
  at.checksum = u32(bytes, end - 4);
  if (~crc >>> 0 !== at.checksum) return false;
  at.end = end;
  at.type = bytes[place + 1]!;
  at.sequence = u32(bytes, place + 4);
  at.payload = place + 8;
  at.payloadBytes = payloadBytes;
  return true;
}

/** What a closer must agree with: how many records, and the checksum of their checksums. */
class Sum {
  count = 0;
  private crc = ~0;

  take(checksum: number): void {
    this.count++;
    for (let shift = 0; shift < 32; shift += 8) {
      this.crc = (this.crc >>> 8) ^ CRC_TABLE[(this.crc ^ (checksum >>> shift)) & 0xff]!;
    }
  }

  agrees(bytes: Uint8Array, payload: number): boolean {
    const isCount = u16(bytes, payload) === (this.count & 0xffff);
    return isCount && u32(bytes, payload + 2) === (~this.crc >>> 0);
  }
}

function readRegion(bytes: Uint8Array, unit: number): Region {
  const generation = u32(bytes, 8);
  const limit = limitOf(bytes.length, unit);
  const step = unitOf(unit);
  const found: Region = {
    isValid: false, generation, signature: "", isRetired: false, isMarked: false, hasRun: false,
    hasLaterRun: false, hasBegun: false, lastRun: 0, flags: 0, places: [],
  };
  let run: number[] = [];
  let sum = new Sum();
  let hash = 1;
  let last = 0;
  let place = 0;
  while (place < limit && look(bytes, place, step, generation)) {
    if (place > 0 && at.sequence !== last + 1) break;
    const isBegin = at.type === Type.CheckpointBegin && bytes[at.payload + 4] === 1;
    if (place === 0 && !isBegin) break;
    last = at.sequence;
    if (bytes[place] === 0xd5) found.lastRun = place;
    if (place === 0) found.flags = bytes[at.payload + 5]!;
    hash = mix(hash, at.checksum);
    const isInCheckpoint = !found.isValid;
    if (isInCheckpoint ? at.type !== Type.CheckpointEnd : isContent(at.type)) {
      run.push(place);
      sum.take(at.checksum);
      place = at.end;
      continue;
    }
    const isSum = isInCheckpoint || at.type === Type.GroupEnd;
    const isVoid = isSum && u16(bytes, at.payload) === 0;
    if (isSum && !isVoid && !sum.agrees(bytes, at.payload)) break;
    if (!isVoid) found.places.push(...(isInCheckpoint ? run.slice(1) : run));
    if (!isSum) found.places.push(place);
    found.isValid = true;
    found.signature = `${generation}.${found.places.length}.${hash}`;
    run = [];
    sum = new Sum();
    place = at.end;
  }
  found.hasBegun = last !== 0;
  found.hasLaterRun =
    hasLaterRun(bytes, step, place, last, found.hasBegun ? generation : 1);
  found.hasRun = found.lastRun > 0 || found.hasLaterRun;
  found.isMarked = bytes.subarray(limit).some((byte) => byte !== 0xff);
  found.isRetired = look(bytes, limit, step, generation) && at.type === Type.Retire;
  return found;
}

function hasLaterRun(
  bytes: Uint8Array, step: number, stop: number, last: number, seed: number,
): boolean {
  const limit = limitOf(bytes.length, step);
  // A Buffer looks for a byte much faster than an array does.
  const found = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let place = found.indexOf(0xd5, stop); place >= 0 && place < limit;) {
    const isAligned = (place - stop) % step === 0;
    if (isAligned && look(bytes, place, step, seed) && at.sequence > last + 1) return true;
    place = found.indexOf(0xd5, place + 1);
  }
  return false;
}

function recordsAt(bytes: Uint8Array, places: readonly number[]) {
  return places.map((place) => ({
    type: bytes[place + 1]!,
    payload: bytes.slice(place + 8, place + 8 + u16(bytes, place + 2)),
  }));
}

/** Reads journals, and remembers those it has read. */
export class Regions {
  private readonly numbers = new PrintTable();
  private readonly regions: Omit<Region, "places">[] = [];
  private readonly byText = new Map<string, number>();
  private readonly told = new Map<string, Told>();

  constructor(private readonly writeUnit: number) {}

  /** @param prints  of the two regions; the same only where the bytes are */
  read(areas: readonly Uint8Array[], prints: readonly [number, number]): Journal {
    const found = [this.region(areas[0]!, prints[0]), this.region(areas[1]!, prints[1])];
    let region = -1;
    let newest = 0;
    let lost = 0;
    let begun = 0;
    for (const [index, each] of found.entries()) {
      if (each.isValid) {
        if (each.generation > newest) [region, newest] = [index, each.generation];
        continue;
      }
      if (each.hasBegun) begun = Math.max(begun, each.generation);
      if (each.hasLaterRun) lost = Math.max(lost, each.hasBegun ? each.generation : 1);
    }
    // Of two whole ones the newer must have begun something behind the barrier of its checkpoint.
    const other = found[1 - region];
    const hasPassedOver =
      region >= 0 && other!.isValid && !other!.isMarked && !found[region]!.hasRun;
    if (hasPassedOver) [region, newest] = [1 - region, other!.generation];
    const current = found[region];
    const base = { region, generation: newest, hasPassedOver, flags: current?.flags ?? 0,
      lastRun: current?.lastRun ?? 0 };
    if (!current) {
      const isLost = Math.max(begun, lost) > 1 || lost > 0;
      return { ...base, isDegraded: false, isLost, signature: `lost ${isLost}`, told: undefined };
    }
    const isDegraded = lost > newest || current.isRetired || current.hasLaterRun;
    const told = this.told.get(current.signature);
    return { ...base, isDegraded, isLost: false, signature: current.signature, told };
  }

  private region(bytes: Uint8Array, print: number): Omit<Region, "places"> {
    const known = this.numbers.get(print);
    if (known >= 0) return this.regions[known]!;
    const { places, ...found } = readRegion(bytes, this.writeUnit);
    if (found.isValid && !this.told.has(found.signature)) {
      this.told.set(found.signature, tellRecords(recordsAt(bytes, places)));
    }
    this.numbers.set(print, this.numberOf(found));
    return found;
  }

  /** Regions that read alike are one. */
  private numberOf(found: Omit<Region, "places">): number {
    const text = `${found.signature} ${found.generation} ${found.isValid} ${found.isRetired} `
      + `${found.isMarked} ${found.hasRun} `
      + `${found.hasLaterRun} ${found.hasBegun} ${found.lastRun} ${found.flags}`;
    let number = this.byText.get(text);
    if (number === undefined) {
      number = this.regions.push(found) - 1;
      this.byText.set(text, number);
    }
    return number;
  }
}
