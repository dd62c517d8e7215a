// Shows each Active component as a file. A file is at every moment wholly old or wholly new: the
// new content is written beside the folder, synced, and renamed over the old one.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { DmError } from "../errors.ts";
import type { Component, Components, Content, Verdict } from "./components.ts";

export interface FileOptions {
  /** Called before a file is put in place; what it throws leaves the old one. */
  onPut?: () => void;
}

const BLOCK_BYTES = 65_536;
/** What file systems give room in. */
const UNIT_BYTES = 4096;
const NAME_BYTES_MAX = 255;

export class FileComponents implements Components {
  private readonly directory: string;
  /** What the files prepared so far will take more than those that they replace. */
  private growthBytes = 0;

  constructor(
    directory: string,
    private readonly options: FileOptions = {},
  ) {
    this.directory = resolve(directory);
  }

  /** @fails DM_REFUSED  the ID makes no path inside the folder */
  pathOf(id: string): string {
    return join(this.directory, ...pathSegments(id));
  }

  /** No where a full disk would stop `ensure`: then it is too late to leave all as it is. */
  async prepare(component: Component): Promise<Verdict> {
    const path = this.pathOf(component.id);
    const oldBytes = existsSync(path) ? inUnits(statSync(path).size) : 0;
    const newBytes = component.state === "active" ? inUnits(component.bytes) : 0;
    this.growthBytes += Math.max(0, newBytes - oldBytes);
    // The new file stands beside the old one for a while, and in a rollback the other way round.
    const neededBytes = this.growthBytes + Math.max(oldBytes, newBytes);
    return neededBytes <= this.freeBytes() ? "yes" : "no";
  }

  async ensure(component: Component): Promise<Verdict> {
    this.growthBytes = 0;
    if (component.state !== "active") return this.remove(component);
    const path = this.pathOf(component.id);
    const content = component.open();
    if (isFile(path, content)) return "yes";
    this.makeFolder(dirname(path));
    try {
      this.writeNew(content);
      this.options.onPut?.();
      renameSync(this.newPath, path);
    } catch (error) {
      // A rollback may need the room.
      rmSync(this.newPath, { force: true });
      throw error;
    }
    syncFolder(dirname(path));
    return "yes";
  }

  async remove(component: Component): Promise<Verdict> {
    this.growthBytes = 0;
    rmSync(this.newPath, { force: true });
    const path = this.pathOf(component.id);
    if (!existsSync(path)) return "yes";
    rmSync(path);
    syncFolder(dirname(path));
    this.removeEmpty(dirname(path));
    return "yes";
  }

  async health(): Promise<Verdict> {
    return "yes";
  }

  private freeBytes(): number {
    let folder = this.directory;
    while (!existsSync(folder)) folder = dirname(folder);
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  }

  /** Beside the folder, so that nobody takes it for a component. */
  private get newPath(): string {
    return `${this.directory}.new`;
  }

  private writeNew(content: Content): void {
    const descriptor = openSync(this.newPath, "w");
    try {
      for (let offset = 0; offset < content.bytes; ) {
        const block = new Uint8Array(Math.min(BLOCK_BYTES, content.bytes - offset));
        content.read(offset, block);
        for (let done = 0; done < block.length; ) {
          done += writeSync(descriptor, block, done, block.length - done);
        }
        offset += block.length;
      }
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** Makes a folder and everything above it durable. */
  private makeFolder(path: string): void {
    const first = mkdirSync(path, { recursive: true });
    if (first === undefined) return;
    for (let made = path; made.length >= first.length; made = dirname(made)) {
      syncFolder(dirname(made));
    }
  }

  /** A folder that stayed would be in the way of a component of its name. */
  private removeEmpty(path: string): void {
    if (path.length <= this.directory.length) return;
    try {
      rmdirSync(path);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "ENOTEMPTY" || code === "EEXIST" || code === "ENOENT") return;
      throw error;
    }
    syncFolder(dirname(path));
    this.removeEmpty(dirname(path));
  }
}

function inUnits(bytes: number): number {
  return Math.ceil(bytes / UNIT_BYTES) * UNIT_BYTES;
}

/** The file is there and holds just this content. */
function isFile(path: string, content: Content): boolean {
  const isThere = existsSync(path) && statSync(path).size === content.bytes;
  if (!isThere) return false;
  const wanted = new Uint8Array(content.bytes);
  content.read(0, wanted);
  return readFileSync(path).equals(wanted);
}

/**
 * The names of folders and file that show a component. The `/` of an ID goes on to the next folder;
 * `%` and what some file system does not take is written as `%` and two hex digits a byte, so that
 * two IDs never share a path.
 *
 * @fails DM_REFUSED  an empty segment, `.`, `..`, a control character, or too long a name
 */
export function pathSegments(id: string): string[] {
  return id.split("/").map((segment) => {
    const isUnsafe = segment === "" || segment === "." || segment === "..";
    if (isUnsafe || /\p{Cc}/u.test(segment)) {
      throw new DmError("DM_REFUSED", `component ${JSON.stringify(id)} makes no file name`);
    }
    const name = segment
      .replace(/[%<>:"\\|?*]|[. ]$/g, escape)
      .replace(/^(?=(con|prn|aux|nul|com\d|lpt\d)(\.|$))./i, escape);
    if (Buffer.byteLength(name) <= NAME_BYTES_MAX) return name;
    throw new DmError("DM_REFUSED", `component ${JSON.stringify(id)} makes too long a file name`);
  });
}

/** The ID that `pathSegments` was given. */
export function idOf(segments: readonly string[]): string {
  const unescape = (_: string, hex: string) => String.fromCharCode(parseInt(hex, 16));
  return segments.map((name) => name.replace(/%([0-9A-F]{2})/g, unescape)).join("/");
}

/** All that is escaped is ASCII. */
function escape(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

function syncFolder(path: string): void {
  if (process.platform === "win32") return;
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
