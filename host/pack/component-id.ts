export const ID_BYTES_MAX = 128;
const SEGMENTS_MAX = 4;
const SEGMENT_BYTES_MAX = 64;

/** Bytes 21 to 7E hex without the slash. */
const SEGMENT = /^[\x21-\x2e\x30-\x7e]+$/;

/** Why `id` cannot be the ID of a component, as the rest of a sentence; empty where it can. */
export function faultOfId(id: string): string {
  if (id === "") return "is empty";
  if (Buffer.byteLength(id) > ID_BYTES_MAX) return `is longer than ${ID_BYTES_MAX} bytes`;
  const segments = id.split("/");
  if (segments.length > SEGMENTS_MAX) return `has more than ${SEGMENTS_MAX} segments`;
  for (const segment of segments) {
    if (segment === "") return "has an empty segment";
    if (segment === "." || segment === "..") return `has the segment "${segment}"`;
    if (segment.length > SEGMENT_BYTES_MAX) {
      return `has a segment longer than ${SEGMENT_BYTES_MAX} bytes`;
    }
    if (!SEGMENT.test(segment)) return "has a character that is not printable ASCII";
  }
  return "";
}

/** The first two IDs that are the same or where one is a folder of the other; null if none. */
export function clashOf(ids: readonly string[]): [string, string] | null {
  for (const [index, id] of ids.entries()) {
    const other = ids.slice(index + 1).find((candidate) => {
      return candidate === id || candidate.startsWith(`${id}/`) || id.startsWith(`${candidate}/`);
    });
    if (other !== undefined) return [id, other];
  }
  return null;
}

export function idToSegments(id: string): Uint8Array[] {
  return id.split("/").map((segment) => new Uint8Array(Buffer.from(segment, "latin1")));
}

export function segmentsToId(segments: readonly Uint8Array[]): string {
  return segments.map((segment) => Buffer.from(segment).toString("latin1")).join("/");
}
