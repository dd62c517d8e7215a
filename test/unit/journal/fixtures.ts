import { Medium, Type, type Confirmed } from "../../helpers/journal.ts";
import { loadModule, type Build, type TestModule } from "../../helpers/module.ts";

export interface Entry {
  type: number;
  payload: Uint8Array;
}

export const Err = {
  Ok: 0,
  NotFound: -10,
  NoSpace: -21,
  Storage: -40,
  Damaged: -41,
  Misuse: -60,
} as const;

/** A record whose payload is `byteCount` bytes that depend on `seed`. */
export const entry = (type: number, seed: number, byteCount = 5): Entry => ({
  type,
  payload: Uint8Array.from({ length: byteCount }, (_, i) => (seed * 37 + i * 11) & 0xff),
});

/** One boot of a device: a fresh core over a medium. */
export class Boot {
  private constructor(
    readonly module: TestModule,
    readonly medium: Medium,
  ) {}

  static async on(medium: Medium, build: Build): Promise<Boot> {
    const module = await loadModule("journal", build, medium.imports);
    medium.bind(module.memory);
    module.exports["configure"](medium.regionBytes, medium.writeUnit);
    return new Boot(module, medium);
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  get core(): Record<string, any> {
    return this.module.exports;
  }

  private get scratch(): number {
    return this.core["SCRATCH"].value as number;
  }

  /** Scans and hands out every record. Ends at a failure. */
  replay(): { scan: number; end: number; records: Confirmed[] } {
    const scan: number = this.core["scan"]();
    const records: Confirmed[] = [];
    if (scan !== Err.Ok) return { scan, end: scan, records };
    for (;;) {
      const type: number = this.core["next"]();
      if (type <= 0) return { scan, end: type, records };
      const place: number = this.core["place"]();
      records.push({ type, place, payload: this.read(place, 0, this.core["payloadBytes"]()) });
    }
  }

  read(place: number, offset: number, byteCount: number): Uint8Array {
    const failure: number = this.core["read"](place, offset, this.scratch, byteCount);
    if (failure !== Err.Ok) throw new Error(`read failed: ${failure}`);
    return this.module.bytes(this.scratch, byteCount);
  }

  append({ type, payload }: Entry): number {
    this.module.put(this.scratch, payload);
    this.core["begin"](type, payload.length);
    this.core["put"](this.scratch, payload.length);
    return this.core["finish"]();
  }

  group(...entries: Entry[]): void {
    for (const each of entries) this.append(each);
    this.core["groupEnd"]();
  }

  sync(): void {
    this.medium.sync();
    this.core["synced"]();
  }

  /** A whole opening, barriers included. */
  open(entries: Entry[] = [], flags = 0): void {
    this.core["beginOpening"]();
    this.sync();
    this.core["beginCheckpoint"](flags);
    for (const each of entries) this.append(each);
    this.core["endCheckpoint"]();
    this.sync();
    this.core["adopt"]();
  }
}

/** A boot of a new device that has opened its first region with `entries`. */
export async function firstBoot(options: {
  build: Build;
  regionBytes?: number;
  writeUnit?: number;
  entries?: Entry[];
}): Promise<Boot> {
  const medium = new Medium(options.regionBytes ?? 4096, options.writeUnit ?? 4);
  const boot = await Boot.on(medium, options.build);
  boot.replay();
  boot.open(options.entries ?? []);
  return boot;
}

/** What a later boot of the same medium replays. */
export async function reboot(boot: Boot, build: Build): Promise<Boot> {
  return Boot.on(
    new Medium(boot.medium.regionBytes, boot.medium.writeUnit, boot.medium.regions),
    build,
  );
}

export const said = (records: readonly Confirmed[]): Entry[] =>
  records.map(({ type, payload }) => ({ type, payload }));

export { Type };
