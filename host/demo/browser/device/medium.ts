// Where the device of the page keeps its bytes: the journal, the content slots of the core, and
// what stands for the outside world.
import { DmError } from "../../../errors.ts";
import { IndexedDbStorage } from "../../../storage/indexed-db.ts";
import { MemoryStorage } from "../../../storage/memory.ts";
import { OpfsStorage } from "../../../storage/opfs.ts";
import { SLOT_AREA, type Storage } from "../../../storage/storage.ts";

const SLOT_COUNT = 8;
export const SLOT_BYTES = 65_536;
const NOTE_BYTES = 4096;

/** Slots that the core is told of. */
export const CORE_SLOTS: readonly number[] = Array.from({ length: SLOT_COUNT }, () => SLOT_BYTES);
/** Behind them: one for each component's place in the outside world, then one for the note. */
const EXTRA_SLOTS = [SLOT_BYTES, SLOT_BYTES, NOTE_BYTES];
export const OUTSIDE_AREAS: { readonly [id: string]: number } = {
  jvm: SLOT_AREA + SLOT_COUNT,
  antivirus: SLOT_AREA + SLOT_COUNT + 1,
};
export const NOTE_AREA = SLOT_AREA + SLOT_COUNT + 2;
const REGION_BYTES = 32_768;

export type MediumKind = "OPFS" | "IndexedDB";

/**
 * Opens OPFS, or IndexedDB where the browser has no OPFS for workers.
 *
 * @fails DM_BUSY  another tab has this device
 */
export async function openMedium(name: string): Promise<{ kind: MediumKind; storage: Storage }> {
  const layout = { regionBytes: REGION_BYTES, slotBytes: [...CORE_SLOTS, ...EXTRA_SLOTS] };
  const opfs = new OpfsStorage(name, layout);
  try {
    await opfs.open();
    return { kind: "OPFS", storage: new MirroredStorage(opfs) };
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  const storage = new IndexedDbStorage(name, layout);
  await storage.open();
  return { kind: "IndexedDB", storage };
}

/** Some browsers have OPFS and refuse it, as in a private window. */
function isMissing(error: unknown): boolean {
  if (!(error instanceof DmError)) return false;
  const { name } = (error.cause ?? {}) as { name?: string };
  return error.code === "DM_MISUSE" || name === "SecurityError" || name === "NotSupportedError";
}

/**
 * Reads from memory, writes to both. The core reads its journal in many small pieces, and in a
 * private window each read of a file takes milliseconds.
 */
class MirroredStorage implements Storage {
  readonly regionBytes: number;
  readonly writeUnit: number;
  readonly slotBytes: readonly number[];
  readonly eraseUnit: number;
  private readonly mirror: MemoryStorage;

  /** @param medium  open */
  constructor(private readonly medium: Storage) {
    const { regionBytes, writeUnit, slotBytes } = medium;
    this.regionBytes = regionBytes;
    this.writeUnit = writeUnit;
    this.slotBytes = slotBytes;
    this.eraseUnit = medium.eraseUnit;
    this.mirror = new MemoryStorage(medium);
    [regionBytes, regionBytes, ...slotBytes].forEach((byteCount, area) => {
      const bytes = new Uint8Array(byteCount);
      medium.read(area, 0, bytes);
      this.mirror.write(area, 0, bytes);
    });
  }

  async open(): Promise<void> {}

  read(area: number, offset: number, target: Uint8Array): void {
    this.mirror.read(area, offset, target);
  }

  write(area: number, offset: number, bytes: Uint8Array): void {
    this.medium.write(area, offset, bytes);
    this.mirror.write(area, offset, bytes);
  }

  erase(area: number, from = 0): void {
    this.medium.erase(area, from);
    this.mirror.erase(area, from);
  }

  sync(): Promise<void> {
    return this.medium.sync();
  }

  close(): Promise<void> {
    return this.medium.close();
  }
}

/** What the page has to know about its device beside what the device knows of itself. */
export interface Note {
  /** Name of the case that was begun last. */
  story: string;
  /** False: making the device anew was cut short, and what lies there is no device. */
  isMade: boolean;
}

const MADE_OFFSET = 2048;
const MADE = 1;
const ERASED = 0xff;

/** Writes down that the device is being made for a story. */
export async function beginNote(storage: Storage, story: string): Promise<void> {
  const text = new TextEncoder().encode(story);
  storage.erase(NOTE_AREA);
  storage.write(NOTE_AREA, 0, Uint8Array.of(text.length, ...text));
  await storage.sync();
}

/** The device is made. */
export async function endNote(storage: Storage): Promise<void> {
  storage.write(NOTE_AREA, MADE_OFFSET, Uint8Array.of(MADE));
  await storage.sync();
}

export function readNote(storage: Storage): Note | undefined {
  const bytes = new Uint8Array(NOTE_BYTES);
  storage.read(NOTE_AREA, 0, bytes);
  const length = bytes[0]!;
  if (length === ERASED || bytes.subarray(1, 1 + length).includes(ERASED)) return undefined;
  const story = new TextDecoder().decode(bytes.subarray(1, 1 + length));
  return { story, isMade: bytes[MADE_OFFSET] === MADE };
}
