// Random orders of T5, with what fails meanwhile. Each follows from a seed and its number alone, so
// that any of them can be left out and the others stay what they are.
import { generateKeyPairSync } from "node:crypto";
import {
  CUT_KINDS, type CutKind, type Failure, randomOf,
} from "../../host/storage/cuttable.ts";
import { childOf, element, type Element } from "../../host/demo/server/wbxml.ts";
import { signingKey } from "../../host/pack/index.ts";
import { pack, release, type Release, withLastBitChanged } from "../helpers/world-content.ts";
import { download, entry, install, type Step } from "../helpers/world-server.ts";
import type { Bundle, Model, No, Order, Part } from "./model.ts";

const IDS = ["a", "b", "c", "d", "e", "f"];
const ENTRIES = ["d0", "d1", "d2", "d3"];
const NODES = ["t0", "t1", "t2"];
const VERSIONS = 5;
const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const STRANGER = signingKey(stranger.export({ format: "pem", type: "pkcs8" }), "author");

/** What fails during an order. */
export type Mishap =
  /** The power goes at storage operation `at` of a boot. */
  | { is: "cut"; at: number; kind: CutKind; seed: number }
  /** A call fails until the device is restarted; torn ones go by `kind` and `seed`. */
  | { is: "failure"; failure: Failure; kind: CutKind; seed: number }
  /** The server is not reached with the report, or its answer is lost. */
  | { is: "lost"; way: "report" | "answer" }
  | { is: "no"; no: No };

const KINDS = [
  "install", "install", "install", "install", "install", "inactive", "again", "download",
  "download", "bound", "bound", "drop", "drop", "remove", "remove", "activate", "activate",
  "deactivate", "deactivate", "put", "put", "atomic", "atomic", "delete",
] as const;

export interface Task {
  number: number;
  kind: (typeof KINDS)[number];
  /** What its parts are taken from. */
  lots: readonly number[];
  mishaps: readonly Mishap[];
}

/** An order as the server gives it. */
export interface Given {
  order: Order;
  step: Step;
  /** The object behind the URL of its package. */
  file?: { name: string; bytes: Uint8Array };
}

export function taskOf(seed: number, number: number): Task {
  const random = randomOf(seed * 1_000_003 + number);
  const lots = Array.from({ length: 24 }, () => random());
  const count = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 5][random() % 12]!;
  const mishaps = Array.from({ length: count }, () => mishapOf(random));
  return { number, kind: KINDS[random() % KINDS.length]!, lots, mishaps };
}

function mishapOf(random: () => number): Mishap {
  const seed = random() % 100_000;
  const kind = CUT_KINDS[random() % CUT_KINDS.length]!;
  const lot = random() % 20;
  if (lot < 12) return { is: "cut", at: 1 + (random() % (random() % 2 ? 25 : 90)), kind, seed };
  if (lot < 13) return { is: "lost", way: random() % 2 ? "report" : "answer" };
  if (lot < 16) {
    const step = (["confirm", "prepare", "ensure", "health"] as const)[random() % 4]!;
    return { is: "no", no: { step, nth: random() % 4 } };
  }
  return { is: "failure", failure: failureOf(random), kind, seed };
}

/** A read of the journal that fails loses what it held, and the device knows it: T0 has those. */
function failureOf(random: () => number): Failure {
  const call = (["write", "write", "write", "erase", "sync", "read"] as const)[random() % 6]!;
  const areas = call === "read" || random() % 2 ? "slots" : "journal";
  const isFull = call === "write" && areas === "slots" && random() % 2 === 0;
  return {
    call, areas, at: 1 + (random() % (call === "write" ? 30 : 4)), isForGood: random() % 2 === 0,
    effect: (["none", "done", "torn"] as const)[random() % 3]!,
    code: isFull ? "DM_NO_SPACE" : "DM_STORAGE",
  };
}

export const releaseOf = ({ id, version }: Part): Release =>
  release(id, `${version}.0.0`, 30 + id.charCodeAt(0) % 7 * 9 + version * 11);

function bundleOf({ number, lots }: Task): Bundle {
  const [count = 0, first = 0, age = 0, needs = 0, flaw = 0] = lots;
  const parts = Array.from({ length: 1 + (count % 3) }, (_, index) => ({
    id: IDS[(first + index * (1 + (first % 2))) % IDS.length]!,
    version: 1 + (lots[5 + index]! % VERSIONS),
  }));
  const needed = Array.from({ length: [0, 0, 1, 2][needs % 4]! }, (_, index) => ({
    id: IDS[(lots[8]! + 2 * index) % IDS.length]!, version: 1 + (lots[10 + index]! % 3),
  })).filter(({ id }) => !parts.some((part) => part.id === id));
  return {
    // One in five is older than what came before it.
    serial: 1000 + 2 * (age % 5 === 0 ? Math.max(0, number - (age % 40)) : number),
    parts, needs: needed, isSigned: flaw % 16 !== 0, isWhole: flaw % 16 !== 1,
  };
}

function bytesOf({ serial, parts, needs, isSigned, isWhole }: Bundle): Uint8Array {
  const bytes = pack(parts.map(releaseOf), {
    sequence: serial,
    requires: needs.map(({ id, version }) => ({ id, version: `>=${version}.0.0` })),
    ...(isSigned ? {} : { author: STRANGER }),
  });
  return isWhole ? bytes : withLastBitChanged(bytes);
}

/** What a task orders of a device that is as the model says. */
export function give(task: Task, model: Model, last: ReadonlyMap<string, Bundle>): Given {
  const { kind, number, lots } = task;
  const correlator = `c${number}`;
  const name = ENTRIES[lots[12]! % ENTRIES.length]!;
  switch (kind) {
    case "install":
    case "inactive":
    case "again": {
      const bundle = (kind === "again" ? last.get(name) : undefined) ?? bundleOf(task);
      const isActive = kind !== "inactive";
      const step = download(name, isActive ? "DownloadInstall" : "DownloadInstallInactive");
      return {
        order: { is: "install", bundles: [bundle], isActive }, step: named(step, correlator),
        file: { name, bytes: bytesOf(bundle) },
      };
    }
    case "download": {
      const bundle = bundleOf(task);
      return {
        order: { is: "download", entry: name, bundle },
        step: named(download(name, "Download"), correlator),
        file: { name, bytes: bytesOf(bundle) },
      };
    }
    case "bound": {
      const isActive = lots[13]! % 4 !== 0;
      const names = ENTRIES.filter((each, index) => model.kept.has(each) && lots[14 + index]! % 3);
      const chosen = names.length > 0 ? names.slice(0, 3) : [name];
      const step = install(chosen, isActive ? "Install" : "InstallInactive");
      const bundles = chosen.map((each) => model.kept.get(each));
      return { order: { is: "install", bundles, isActive }, step: named(step, correlator) };
    }
    default:
      return giveOther(task, correlator, name);
  }
}

function giveOther({ kind, lots, number }: Task, correlator: string, name: string): Given {
  const id = IDS[lots[13]! % IDS.length]!;
  const nodes = NODES.filter((_, index) => lots[14 + index]! % 2 === 0);
  const chosen = nodes.length > 0 ? nodes : [NODES[0]!];
  const value = `v${number}`;
  switch (kind) {
    case "drop":
      return {
        order: { is: "drop", entry: name },
        step: execOf(`./SCOMO/Inventory/Delivered/${name}/Operations/Remove`, correlator),
      };
    case "put":
    case "atomic": {
      const isAtomic = kind === "atomic";
      const replaces = chosen.map((node) => replace(node, value));
      const commands = isAtomic
        ? [element("Atomic", ...replaces)]
        : [...chosen.flatMap((node) => entry(node).commands), ...replaces];
      return {
        order: { is: "put", nodes: chosen, value, isAtomic },
        step: { correlator, execs: [], commands },
      };
    }
    case "delete": {
      const deletes = chosen.map((node) => element("Delete", itemOf(`./SCOMO/Download/${node}`)));
      // What is there already ends the step as well as what is made.
      const commands = [...deletes, entry("mark").commands[0]!];
      return { order: { is: "delete", nodes: chosen }, step: { correlator, execs: [], commands } };
    }
    default: {
      const is = kind as "remove" | "activate" | "deactivate";
      const word = { remove: "Remove", activate: "Activate", deactivate: "Deactivate" }[is];
      const uri = `./SCOMO/Inventory/Deployed/${id}/Operations/${word}`;
      return { order: { is, id }, step: execOf(uri, correlator) };
    }
  }
}

const itemOf = (uri: string, ...more: Element[]): Element =>
  element("Item", element("Target", element("LocURI", uri)), ...more);

const replace = (node: string, value: string): Element =>
  element("Replace", itemOf(`./SCOMO/Download/${node}/PkgID`, element("Data", value)));

function execOf(uri: string, correlator: string): Step {
  const exec = element("Exec", element("Correlator", correlator), itemOf(uri));
  return { correlator, execs: [uri], commands: [exec] };
}

/** The same step under another correlator. */
function named({ execs, commands }: Step, correlator: string): Step {
  const rename = (command: Element): Element => {
    if (command.name === "Exec") {
      return element("Exec", element("Correlator", correlator), childOf(command, "Item")!);
    }
    if (command.name !== "Atomic") return command;
    return element("Atomic", ...command.children.map((child) => rename(child as Element)));
  };
  return { correlator, execs, commands: commands.map(rename) };
}
