// The world outside of the device: each component has a place that holds the program that runs. As
// on a real device it is a copy that can be half written.
import type { Component, Components, Content, Verdict } from "../../../components/components.ts";
import { ERASED, type Storage } from "../../../storage/storage.ts";
import { sha256Hex } from "../../server/bytes.ts";
import { namesOf, releasesOf } from "../../setting.ts";
import type { Pace } from "../pace.ts";
import { OUTSIDE_AREAS, SLOT_BYTES } from "./medium.ts";

/** What lies in a component's place. */
export interface Running {
  id: string;
  name: string;
  /** Of the release whose bytes these are; null: none, or a copy that is half done. */
  version: string | null;
  isEmpty: boolean;
  /** Of the bytes, lower-case hex. */
  sha256: string;
  bytes: number;
}

/** How the components of a story behave. */
export interface Habits {
  /** Component whose new version is not well; empty: all are. */
  sick: string;
  /** Loses power before that many copies are done, counted from 1; 0: never. */
  cutAtPut: number;
}

const HEADER_BYTES = 4;
const BLOCK_BYTES = 4096;

export class Outside implements Components {
  habits: Habits = { sick: "", cutAtPut: 0 };
  private puts = 0;

  /** @param cut  loses power, by what it throws */
  constructor(
    private readonly storage: Storage,
    private readonly pace: Pace,
    private readonly cut: () => never,
  ) {}

  begin(habits: Habits): void {
    this.habits = habits;
    this.puts = 0;
  }

  async prepare({ id }: Component): Promise<Verdict> {
    await this.pace.wait("component");
    return id in OUTSIDE_AREAS ? "yes" : "no";
  }

  async ensure({ id, open, state }: Component): Promise<Verdict> {
    await this.pace.wait("component");
    if (state === "inactive") return this.clear(id);
    const wanted = contentOf(open());
    if (isSame(readPlace(this.storage, id), wanted)) return "yes";
    if (++this.puts === this.habits.cutAtPut) this.cut();
    writePlace(this.storage, id, wanted);
    await this.storage.sync();
    return "yes";
  }

  async remove({ id }: Component): Promise<Verdict> {
    await this.pace.wait("component");
    return this.clear(id);
  }

  async health({ id }: Component): Promise<Verdict> {
    await this.pace.wait("component");
    return id === this.habits.sick ? "no" : "yes";
  }

  private async clear(id: string): Promise<Verdict> {
    this.storage.erase(OUTSIDE_AREAS[id]!);
    await this.storage.sync();
    return "yes";
  }
}

/** Fills a component's place; not durable before the next sync. */
export function writePlace(storage: Storage, id: string, content: Uint8Array): void {
  const area = OUTSIDE_AREAS[id]!;
  const header = new Uint8Array(HEADER_BYTES);
  new DataView(header.buffer).setUint32(0, content.length, true);
  storage.erase(area);
  storage.write(area, 0, header);
  for (let offset = 0; offset < content.length; offset += BLOCK_BYTES) {
    storage.write(area, HEADER_BYTES + offset, content.subarray(offset, offset + BLOCK_BYTES));
  }
}

function readPlace(storage: Storage, id: string): Uint8Array | undefined {
  const header = new Uint8Array(HEADER_BYTES);
  storage.read(OUTSIDE_AREAS[id]!, 0, header);
  const byteCount = new DataView(header.buffer).getUint32(0, true);
  if (byteCount > SLOT_BYTES - HEADER_BYTES) return undefined;
  const bytes = new Uint8Array(byteCount);
  storage.read(OUTSIDE_AREAS[id]!, HEADER_BYTES, bytes);
  return bytes;
}

/** Reads every place, and tells by the bytes alone which release it holds. */
export function readOutside(storage: Storage): Running[] {
  return namesOf("old").map(({ id, name }) => {
    const bytes = readPlace(storage, id);
    const isEmpty = bytes === undefined || bytes.every((byte) => byte === ERASED);
    const sha256 = isEmpty ? "" : sha256Hex(bytes);
    const version = VERSIONS.get(`${id} ${sha256}`) ?? null;
    return { id, name, version, isEmpty, sha256, bytes: bytes?.length ?? 0 };
  });
}

/** Versions by component and digest. */
const VERSIONS: ReadonlyMap<string, string> = new Map(
  [...releasesOf("old"), ...releasesOf("new")].map(({ id, version, content }) => {
    return [`${id} ${sha256Hex(content)}`, version];
  }),
);

function contentOf({ bytes, read }: Content): Uint8Array {
  const content = new Uint8Array(bytes);
  read(0, content);
  return content;
}

function isSame(left: Uint8Array | undefined, right: Uint8Array): boolean {
  return left?.length === right.length && left.every((byte, index) => byte === right[index]);
}
