import { createHash } from "node:crypto";
import { readFileSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";

export interface PackageFile {
  bytes: Uint8Array;
  /** Strong: it is the digest of the bytes. */
  etag: string;
  modified: Date;
  mediaType: string;
}

/** Folder with Delivery Packages, or the packages themselves by their path. */
export type PackageSource = string | ReadonlyMap<string, Uint8Array>;

interface Cached {
  stamp: string;
  file: PackageFile;
}

/** Serves Delivery Packages and their payloads by path; files are read again when they change. */
export class Packages {
  private readonly cache = new Map<string, Cached>();
  private readonly started = new Date();

  constructor(private readonly source: PackageSource) {}

  /** @returns undefined if there is no such file, or it lies outside the folder */
  get(path: string): PackageFile | undefined {
    if (typeof this.source === "string") return this.read(this.source, path);
    const bytes = this.source.get(path);
    return bytes === undefined ? undefined : this.remember(path, `${bytes.length}`, bytes);
  }

  private read(folder: string, path: string): PackageFile | undefined {
    if (/[\0\\]/.test(path) || path.split("/").some(isNoName)) return undefined;
    try {
      const root = realpathSync(folder);
      const file = realpathSync(join(root, path));
      const stat = statSync(file);
      if (!file.startsWith(root + sep) || !stat.isFile()) return undefined;
      const stamp = `${stat.size}-${stat.mtimeMs}`;
      const cached = this.cache.get(path);
      if (cached?.stamp === stamp) return cached.file;
      return this.remember(path, stamp, readFileSync(file), stat.mtime);
    } catch {
      return undefined;
    }
  }

  private remember(
    path: string, stamp: string, bytes: Uint8Array, modified = this.started,
  ): PackageFile {
    const cached = this.cache.get(path);
    if (cached?.stamp === stamp && cached.file.bytes === bytes) return cached.file;
    const etag = `"${createHash("sha256").update(bytes).digest("hex").slice(0, 32)}"`;
    const file = { bytes, etag, modified, mediaType: mediaTypeOf(path) };
    this.cache.set(path, { stamp, file });
    return file;
  }
}

function isNoName(segment: string): boolean {
  return segment === "" || segment === "." || segment === "..";
}

function mediaTypeOf(path: string): string {
  const isEnvelope = /\.(?:suit|cbor)$/.test(path);
  return isEnvelope ? "application/suit-envelope+cose" : "application/octet-stream";
}

/** First and last byte of a request's range; `whole` without one, `none` if it cannot be met. */
export function rangeOf(
  header: string | undefined, byteCount: number,
): { first: number; last: number } | "whole" | "none" {
  // Several ranges, other units and bad syntax are ignored, as HTTP allows.
  const match = /^bytes\s*=\s*(\d*)\s*-\s*(\d*)$/i.exec(header?.trim() ?? "");
  if (match === null || (match[1] === "" && match[2] === "")) return "whole";
  const [from, to] = [match[1]!, match[2]!];
  if (from === "") {
    const count = Math.min(Number(to), byteCount);
    return count === 0 ? "none" : { first: byteCount - count, last: byteCount - 1 };
  }
  const first = Number(from);
  const last = to === "" ? byteCount - 1 : Math.min(Number(to), byteCount - 1);
  if (to !== "" && Number(to) < first) return "whole";
  return first >= byteCount ? "none" : { first, last };
}
