// A storage in a directory: `j0`, `j1` and one file a slot under `slots/`.
//
// Durability rests on fsync of the files written and, where one was created, of its directory.
// Nothing is renamed and the journal files never change their size: they are written in full when
// the device is made, so that later writes need no new blocks.
import {
  closeSync,
  existsSync,
  fstatSync,
  fsync as fsyncCallback,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { DmError } from "../errors.ts";
import {
  areaName,
  checkRange,
  ERASED,
  SLOT_AREA,
  type Storage,
  type StorageLayout,
} from "./storage.ts";

const fsync = promisify(fsyncCallback);

interface OpenFile {
  path: string;
  descriptor: number;
  /** Length of the file. */
  bytes: number;
  isDirty: boolean;
  /**
   * A sync failed: what was written is unknown, and a later sync that succeeds would prove nothing.
   */
  isBad: boolean;
}

/**
 * Keeps a device in a directory. Lock the directory yourself: two of these on one would destroy it.
 */
export class NodeFsStorage implements Storage {
  readonly regionBytes: number;
  readonly writeUnit: number;
  readonly slotBytes: readonly number[];
  readonly eraseUnit: number = 1;
  private readonly files = new Map<number, OpenFile>();
  private isOpen = false;
  private mustSyncSlots = false;

  constructor(
    private readonly directory: string,
    layout: StorageLayout,
  ) {
    this.regionBytes = layout.regionBytes;
    this.writeUnit = layout.writeUnit ?? 1;
    this.slotBytes = [...layout.slotBytes];
  }

  /**
   * Makes the files of a new device, durable when this resolves.
   *
   * @fails DM_STORAGE  a journal file is there already, or cannot be made
   */
  static async create(directory: string, layout: StorageLayout): Promise<NodeFsStorage> {
    const storage = new NodeFsStorage(directory, layout);
    attempt(`making the device in ${directory}`, () => {
      mkdirSync(join(directory, "slots"), { recursive: true });
      for (const name of ["j0", "j1"]) {
        const descriptor = openSync(join(directory, name), "wx");
        try {
          writeWhole(descriptor, 0, new Uint8Array(layout.regionBytes).fill(ERASED));
          fsyncSync(descriptor);
        } finally {
          closeSync(descriptor);
        }
      }
      syncDirectory(directory);
      syncDirectory(join(directory, ".."));
    });
    return storage;
  }

  /** Where the bytes of a slot are; the file may not be there yet. */
  slotPath(slot: number): string {
    return join(this.directory, "slots", String(slot).padStart(2, "0"));
  }

  /**
   * Length of a slot's file, 0 where there is none. A content that was synced is never longer than
   * this.
   */
  slotFileBytes(slot: number): number {
    return existsSync(this.slotPath(slot)) ? statSync(this.slotPath(slot)).size : 0;
  }

  /**
   * @fails DM_STATE_DAMAGED a file is missing or has a length that it never had; nothing was
   * changed
   */
  async open(): Promise<void> {
    if (this.isOpen) return;
    const slots = join(this.directory, "slots");
    if (!existsSync(slots)) throw damaged(slots, "is missing");
    try {
      this.openRegion(0);
      this.openRegion(1);
      this.slotBytes.forEach((capacity, slot) => this.openSlot(slot, capacity));
      attempt(`syncing ${slots}`, () => syncDirectory(slots));
    } catch (error) {
      this.closeFiles();
      throw error;
    }
    this.isOpen = true;
  }

  read(area: number, offset: number, target: Uint8Array): void {
    checkRange(this, area, offset, target.length);
    target.fill(ERASED);
    const file = this.fileOf(area);
    if (!file) return;
    attempt(`reading ${target.length} bytes at ${offset} of ${file.path}`, () => {
      for (let done = 0; done < target.length; ) {
        const left = target.length - done;
        const count = readSync(file.descriptor, target, done, left, offset + done);
        if (count === 0) return;
        done += count;
      }
    });
  }

  write(area: number, offset: number, bytes: Uint8Array): void {
    checkRange(this, area, offset, bytes.length);
    const file = this.fileOf(area) ?? this.createSlot(area);
    if (file.isBad) throw new DmError("DM_STORAGE", `${file.path} takes no write: a sync failed`);
    file.isDirty = true;
    attempt(`writing ${bytes.length} bytes at ${offset} of ${file.path}`, () => {
      // A hole would read as 0, and what was never written must read as erased.
      if (offset > file.bytes) {
        writeWhole(file.descriptor, file.bytes, new Uint8Array(offset - file.bytes).fill(ERASED));
      }
      writeWhole(file.descriptor, offset, bytes);
    });
    file.bytes = Math.max(file.bytes, offset + bytes.length);
  }

  erase(area: number, from = 0): void {
    const capacity = checkRange(this, area, from, 0);
    const file = this.fileOf(area);
    if (!file) return;
    file.isDirty = true;
    attempt(`erasing ${file.path} from ${from} on`, () => {
      if (area < SLOT_AREA) {
        writeWhole(file.descriptor, from, new Uint8Array(capacity - from).fill(ERASED));
      } else if (from < file.bytes) {
        ftruncateSync(file.descriptor, from);
        file.bytes = from;
      }
    });
    // What a failed sync has left before it is still unknown.
    if (from === 0) file.isBad = false;
  }

  async sync(): Promise<void> {
    const failures: unknown[] = [];
    const dirty = [...this.files.values()].filter((file) => file.isDirty);
    for (const file of dirty) {
      file.isDirty = false;
      await fsync(file.descriptor).catch((error: unknown) => {
        file.isBad = true;
        failures.push(storageError(error, `syncing ${file.path}`));
      });
    }
    if (this.mustSyncSlots) {
      // Stays set after a failure: a slot file whose directory entry is not durable may be gone
      // after a cut.
      const slots = join(this.directory, "slots");
      attempt(`syncing ${slots}`, () => syncDirectory(slots));
      this.mustSyncSlots = false;
    }
    if (failures.length > 0) throw failures[0];
  }

  async close(): Promise<void> {
    this.isOpen = false;
    this.closeFiles();
  }

  private openRegion(area: number): void {
    const path = join(this.directory, `j${area}`);
    if (!existsSync(path)) throw damaged(path, "is missing");
    const file = this.openFile(area, path, "r+");
    if (file.bytes === this.regionBytes) return;
    throw damaged(path, `has ${file.bytes} bytes in place of ${this.regionBytes}`);
  }

  private openSlot(slot: number, capacity: number): void {
    const path = this.slotPath(slot);
    if (!existsSync(path)) return;
    const file = this.openFile(SLOT_AREA + slot, path, "r+");
    if (file.bytes > capacity) throw damaged(path, `has ${file.bytes} bytes, above ${capacity}`);
  }

  private createSlot(area: number): OpenFile {
    if (area < SLOT_AREA) throw new DmError("DM_CLOSED", `${areaName(area)} is not open`);
    this.mustSyncSlots = true;
    return this.openFile(area, this.slotPath(area - SLOT_AREA), "wx+");
  }

  private openFile(area: number, path: string, flags: string): OpenFile {
    return attempt(`opening ${path}`, () => {
      const descriptor = openSync(path, flags);
      const { size } = fstatSync(descriptor);
      // A process that was killed may have left pages that read well and are not on the medium;
      // nothing may be built on them before they are.
      if (flags === "r+") fsyncSync(descriptor);
      const file = { path, descriptor, bytes: size, isDirty: flags !== "r+", isBad: false };
      this.files.set(area, file);
      return file;
    });
  }

  private fileOf(area: number): OpenFile | undefined {
    if (this.isOpen) return this.files.get(area);
    throw new DmError("DM_CLOSED", `the storage in ${this.directory} is not open`);
  }

  private closeFiles(): void {
    for (const file of this.files.values()) closeSync(file.descriptor);
    this.files.clear();
  }
}

function writeWhole(descriptor: number, offset: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, offset + done);
  }
}

/** Windows cannot open a directory; its file systems write the entry with the file. */
function syncDirectory(path: string): void {
  if (process.platform === "win32") return;
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function attempt<Result>(what: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    throw storageError(error, what);
  }
}

function storageError(error: unknown, what: string): DmError {
  const { code = "", message } = error as NodeJS.ErrnoException;
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  return new DmError(isFull ? "DM_NO_SPACE" : "DM_STORAGE", `${what} failed: ${message}`, {
    cause: error,
  });
}

function damaged(path: string, what: string): DmError {
  return new DmError("DM_STATE_DAMAGED", `opening the device: ${path} ${what}`);
}
