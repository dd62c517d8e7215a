// The layouts of `look` as docs/abi.md draws them, read off a running core.
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { Block, Bound, Err, Look } from "../../assembly/abi/codes.ts";
import { type Core, copyBytes } from "../../host/core/memory.ts";
import { BUILDS } from "../helpers/module.ts";
import { PACKAGES } from "../helpers/world-content.ts";
import { download } from "../helpers/world-server.ts";
import { loadCore, newDevice, World } from "../helpers/world.ts";

interface Field {
  /** As in the page: a number, `text`, `count × …`. */
  bytes: string;
  name: string;
}

const KINDS = {
  Node: Look.Node, Delivered: Look.Delivered, Deployed: Look.Deployed, Operation: Look.Operation,
  Job: Look.Job, Outcome: Look.Outcome, Device: Look.Device,
} as const;
const layouts = readLayouts(readFileSync("docs/abi.md", "utf8"));

beforeAll(loadCore);

describe.each(BUILDS)("abi.md §Look, %s build", (build) => {
  it("has a layout for each kind", () => {
    expect([...layouts.keys()]).toEqual(Object.keys(KINDS));
  });

  it("Node, Deployed, Device: every item is what its layout says, to its last byte", () => {
    const world = new World(newDevice(), { build });
    expect(world.boot()).toBe(Err.Ok);
    expect(read(world.core, "Device")).toHaveLength(1);
    expect(read(world.core, "Operation")).toHaveLength(0);
    const deployed = read(world.core, "Deployed");
    expect(deployed.map((item) => [item.get("ID"), item.get("version")])).toEqual([
      ["jvm", "8.1.0"], ["antivirus", "4.0.7"],
    ]);
    const nodes = read(world.core, "Node");
    expect(nodes[0]?.get("URI")).toBe(".");
    const id = nodes.find((node) => node.get("URI") === "./DevInfo/DevId");
    expect([...id!.values()].at(-1)).toBe("IMEI:1");
  });

  it("Delivered: the same, for a package that was downloaded", () => {
    const world = new World(newDevice(), { build, script: [download("bundle", "Download")] });
    world.finish();
    const [delivered] = read(world.core, "Delivered");
    expect(delivered?.get("PkgID")).toBe("pkg-bundle");
    expect(delivered?.get("bytes in the slot")).toBe(PACKAGES.get("bundle")?.length);
  });

  it("Operation and Job: the same, in the middle of an install", () => {
    const world = new World(newDevice(), { build, script: [download("bundle")] });
    let seen = 0;
    world.onPoint = (point) => {
      if (point !== "ensure" || seen++ > 0) return;
      const [operation] = read(world.core, "Operation");
      expect([...operation!.values()].slice(-2)).toEqual(["jvm", "antivirus"]);
      expect(read(world.core, "Job")).toHaveLength(1);
      expect(read(world.core, "Outcome")).toHaveLength(0);
    };
    world.finish();
    expect(seen).toBeGreaterThan(0);
  });

  it("Outcome: the same, for a result that its server was not reached with", () => {
    const world: World = new World(newDevice(), {
      build,
      script: [download("bundle")],
      behaviour: {
        exchange: () => (read(world.core, "Outcome").length > 0 ? Err.Transport : Err.Ok),
      },
    });
    world.connect();
    const [outcome] = read(world.core, "Outcome");
    expect(outcome?.get("result code")).toBe(1200);
    expect([...outcome!.values()]).toEqual(expect.arrayContaining(["jvm", "antivirus"]));
    expect(read(world.core, "Job")[0]?.get("flags")).toBe(4);
  });
});

/** Tables behind a line `**Name**`. */
function readLayouts(page: string): Map<string, Field[]> {
  const found = new Map<string, Field[]>();
  for (const [, name = "", table = ""] of page.matchAll(/^\*\*(\w+)\*\*\n\n((?:\|.*\n)+)/gm)) {
    const rows = table.trimEnd().split("\n").slice(2).map((row) => row.split("|"));
    found.set(name, rows.map(([, bytes = "", field = ""]) => {
      return { bytes: bytes.trim(), name: field.trim() };
    }));
  }
  return found;
}

type Item = Map<string, string | number>;

/** Every item of a kind by the page's layout; throws where one is longer or shorter. */
function read(core: Core, kind: keyof typeof KINDS): Item[] {
  const items: Item[] = [];
  for (let index = 0; ; index++) {
    const bytes = itemAt(core, KINDS[kind], index);
    if (bytes.length === 0) return items;
    items.push(decode(bytes, layouts.get(kind)!));
  }
}

function itemAt(core: Core, what: Look, index: number): Buffer {
  const windows: Uint8Array[] = [];
  for (;;) {
    const count = core.look(what, index, windows.length * Bound.LookBytes);
    windows.push(copyBytes(core, Block.Look, count));
    if (count < Bound.LookBytes) return Buffer.concat(windows);
  }
}

function decode(bytes: Buffer, layout: readonly Field[]): Item {
  const item: Item = new Map();
  let at = 0;
  let count = 0;
  const take = (byteCount: number): Buffer => {
    if (at + byteCount > bytes.length) throw new Error(`ends at ${bytes.length}, inside a field`);
    at += byteCount;
    return bytes.subarray(at - byteCount, at);
  };
  const text = (): string => take(take(2).readUInt16LE()).toString("latin1");
  for (const field of layout) {
    // What stands behind a colon or in brackets explains.
    const name = field.name.split(/[:;,(]/)[0]!.replaceAll("`", "").trim();
    if (/^\d+$/.test(field.bytes)) {
      const raw = take(Number(field.bytes));
      const value = raw.length <= 4 ? raw.readUIntLE(0, raw.length) : raw.toString("hex");
      if (name.startsWith("count of")) count = Number(value);
      item.set(name, value);
    } else if (field.bytes === "text") item.set(name, text());
    else {
      const each = /^count × (?:text|(\d) texts)$/.exec(field.bytes)!;
      const texts = count * Number(each[1] ?? 1);
      for (let i = 0; i < texts; i++) item.set(`${name} ${i}`, text());
    }
  }
  if (at !== bytes.length) throw new Error(`${bytes.length - at} bytes are in no field`);
  return item;
}
