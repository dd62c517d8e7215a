import { Medium } from "../../helpers/journal.ts";
import { loadModule, type Build, type TestModule } from "../../helpers/module.ts";

export const Err = {
  Ok: 0,
  Malformed: -2,
  NotFound: -10,
  Exists: -11,
  NotAllowed: -12,
  UriTooLong: -14,
  TooLarge: -20,
  NoSpace: -21,
  Full: -22,
  Damaged: -41,
} as const;

export const Format = { Chr: 0, Node: 1, Int: 2, Bin: 3 } as const;

/** Address of `Block.Now`. */
const NOW = 52;

export interface NodeText {
  name?: string;
  type?: string;
  acl?: string;
  title?: string;
  value?: string | Uint8Array;
}

/** One boot of a device that has a tree and nothing else. */
export class Device {
  private constructor(
    readonly module: TestModule,
    readonly medium: Medium,
  ) {}

  static async on(medium: Medium, build: Build): Promise<Device> {
    const module = await loadModule("tree", build, medium.imports);
    medium.bind(module.memory);
    module.exports["configure"](medium.regionBytes, medium.writeUnit);
    return new Device(module, medium);
  }

  /** A new device with its first region open. */
  static async first(build: Build, regionBytes = 65536, writeUnit = 4): Promise<Device> {
    const device = await Device.on(new Medium(regionBytes, writeUnit), build);
    device.core["scan"]();
    device.core["reset"]();
    device.open();
    return device;
  }

  /** The next boot, after a replay. */
  async reboot(build: Build): Promise<Device> {
    const { regionBytes, writeUnit, regions } = this.medium;
    const device = await Device.on(new Medium(regionBytes, writeUnit, regions), build);
    device.core["scan"]();
    const failure: number = device.core["replay"]();
    if (failure !== Err.Ok) throw new Error(`replay failed: ${failure}`);
    return device;
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  get core(): Record<string, any> {
    return this.module.exports;
  }

  get scratch(): number {
    return this.core["SCRATCH"].value as number;
  }

  set now(seconds: number) {
    new DataView(this.module.memory.buffer).setUint32(NOW, seconds, true);
  }

  open(): void {
    this.core["beginOpening"]();
    this.sync();
    this.core["beginCheckpoint"](0);
    this.core["writeAll"]();
    this.core["endCheckpoint"]();
    this.sync();
    this.core["adopt"]();
  }

  sync(): void {
    this.medium.sync();
    this.core["synced"]();
  }

  /** Ends a command: what it did counts. */
  close(): void {
    this.core["groupEnd"]();
    this.core["undoClear"]();
  }

  /** Ends a command that failed: what it did since `mark` never was. */
  drop(mark: number): void {
    this.core["undoTo"](mark);
    this.core["dropGroup"]();
    this.core["undoClear"]();
  }

  /** Puts text behind what was put before; answers its address and byte count. */
  private put(text: string | Uint8Array, at: number): [ptr: number, byteCount: number] {
    const bytes = typeof text === "string" ? Buffer.from(text) : text;
    this.module.put(at, bytes);
    return [at, bytes.length];
  }

  private draftPieces({ name, type, acl, title, value }: NodeText): void {
    if (name !== undefined) this.core["draftName"](...this.put(name, this.scratch));
    if (type !== undefined) this.core["draftType"](...this.put(type, this.scratch + 1024));
    if (acl !== undefined) this.core["draftAcl"](...this.put(acl, this.scratch + 2048));
    if (title !== undefined) this.core["draftTitle"](...this.put(title, this.scratch + 3072));
    if (value !== undefined) this.core["draftValue"](...this.put(value, this.scratch + 4096));
  }

  create(parent: number, text: NodeText, format: number = Format.Chr, isPermanent = false): number {
    this.core["draft"](format, isPermanent);
    this.draftPieces(text);
    return this.core["create"](parent);
  }

  folder(parent: number, name: string, acl = ""): number {
    return this.create(parent, { name, acl }, Format.Node);
  }

  edit(node: number, text: NodeText): number {
    const failure: number = this.core["edit"](node);
    if (failure !== Err.Ok) return failure;
    this.draftPieces(text);
    return this.core["store"](node);
  }

  find(parent: number, name: string): number {
    return this.core["find"](parent, ...this.put(name, this.scratch));
  }

  allows(node: number, right: number, server: string): number {
    return this.core["allows"](node, right, ...this.put(server, this.scratch));
  }

  /** A piece as text, or the Err. */
  piece(which: "name" | "type" | "acl" | "title", node: number): string | number {
    const byteCount: number = this.core[`${which}Into`](node, this.scratch);
    return byteCount < 0
      ? byteCount
      : Buffer.from(this.module.bytes(this.scratch, byteCount)).toString();
  }

  value(node: number): string | number {
    const byteCount: number = this.core["valueBytes"](node);
    if (byteCount < 0) return byteCount;
    const failure: number = this.core["readValue"](node, 0, this.scratch, byteCount);
    return failure < 0
      ? failure
      : Buffer.from(this.module.bytes(this.scratch, byteCount)).toString();
  }

  children(node: number): number[] {
    const found: number[] = [];
    for (
      let child: number = this.core["firstChild"](node);
      child >= 0;
      child = this.core["nextSibling"](child)
    ) {
      found.push(child);
    }
    return found;
  }

  /** The whole tree, one line a node, with everything that can be read of it. */
  describe(node = 0, path = ""): string[] {
    const here = `${path}/${this.piece("name", node)}`;
    const properties = (["type", "acl", "title"] as const).map((which) => this.piece(which, node));
    const line = [
      `${node} ${here}`,
      this.core["formatOf"](node),
      this.core["isPermanent"](node),
      this.core["versionOf"](node),
      this.core["stampOf"](node),
      this.core["parentOf"](node),
      ...properties,
      this.value(node),
    ].join("|");
    return [line, ...this.children(node).flatMap((child) => this.describe(child, here))];
  }
}

/** A device with a tree of several levels, closed and durable. */
export async function planted(
  build: Build,
  regionBytes?: number,
  writeUnit?: number,
): Promise<Device> {
  const device = await Device.first(build, regionBytes, writeUnit);
  device.now = 1000;
  const a = device.folder(0, "A");
  device.create(a, { name: "x", type: "text/plain", title: "An x", value: "12" }, Format.Int);
  const b = device.create(
    a,
    { name: "B", acl: "Get=*", type: "urn:oma:mo:x:1.0" },
    Format.Node,
    true,
  );
  device.create(b, {
    name: "long",
    value: new Uint8Array(2048).fill(0x61),
    acl: "Get=*&Replace=srv",
  });
  device.create(b, { name: "void" });
  device.folder(0, "C");
  device.close();
  device.sync();
  return device;
}
