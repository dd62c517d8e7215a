// A storage that tells what it is asked to do.
import type { CuttableStorage } from "../../../storage/cuttable.ts";
import { areaName, SLOT_AREA, type Storage } from "../../../storage/storage.ts";
import type { Pace } from "../pace.ts";
import { CORE_SLOTS, NOTE_AREA, OUTSIDE_AREAS } from "./medium.ts";

export interface Watcher {
  wrote(area: number, offset: number, bytes: Uint8Array): void;
  erased(area: number): void;
  /** What was written so far is about to be made durable. */
  syncing(): void;
  synced(): void;
}

/**
 * What core and outside world get. Open from the start: who made it has the medium opened, and
 * closes it. The core is told of its own slots only.
 */
export class WatchedStorage implements Storage {
  readonly slotBytes = CORE_SLOTS;
  /** What each operation since `begin` was, in words. */
  private operations: string[] = [];

  constructor(
    private readonly plug: CuttableStorage,
    private readonly pace: Pace,
    private readonly watcher: Watcher,
  ) {}

  get regionBytes(): number {
    return this.plug.regionBytes;
  }

  get writeUnit(): number {
    return this.plug.writeUnit;
  }

  get eraseUnit(): number {
    return this.plug.eraseUnit;
  }

  /** Starts a list of what is done from here on. */
  begin(): string[] {
    this.operations = [];
    return this.operations;
  }

  async open(): Promise<void> {}

  read(area: number, offset: number, target: Uint8Array): void {
    this.plug.read(area, offset, target);
  }

  write(area: number, offset: number, bytes: Uint8Array): void {
    this.operations.push(`writes ${bytes.length} bytes to ${nameOf(area)}`);
    this.plug.write(area, offset, bytes);
    this.watcher.wrote(area, offset, bytes);
  }

  erase(area: number, from = 0): void {
    this.operations.push(`erases ${nameOf(area)}`);
    this.plug.erase(area, from);
    this.watcher.erased(area);
  }

  async sync(): Promise<void> {
    this.watcher.syncing();
    await this.pace.wait("barrier");
    this.operations.push("barrier: makes durable what was written");
    await this.plug.sync();
    this.watcher.synced();
  }

  async close(): Promise<void> {}
}

function nameOf(area: number): string {
  const [id] = Object.entries(OUTSIDE_AREAS).find(([, place]) => place === area) ?? [];
  if (id !== undefined) return `the running ${id}`;
  if (area === NOTE_AREA) return "the note of this page";
  return area < SLOT_AREA ? `journal region ${area}` : areaName(area);
}
