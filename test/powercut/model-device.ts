// The device of T5: the real core on CuttableStorage, told one order after the other, and compared
// with the model behind each.
import { Err } from "../../assembly/abi/codes.ts";
import * as look from "../../host/core/look.ts";
import { DmError } from "../../host/errors.ts";
import {
  type CutKind, type CutMode, CuttableStorage, cutOf, type Failure, PowerCut,
} from "../../host/storage/cuttable.ts";
import { MemoryStorage } from "../../host/storage/memory.ts";
import type { Machine } from "../helpers/world-machine.ts";
import { JOURNAL_AREAS, type Layout, Medium } from "../helpers/world-medium.ts";
import type { Result } from "../helpers/world-server.ts";
import {
  type Behaviour, type Image, type Outside, type Point, provision, sha256, World,
} from "../helpers/world.ts";
import { type Bundle, type End, Model, type No, NOTHING, type Order } from "./model.ts";
import { give, type Given, type Mishap, releaseOf, type Task } from "./model-orders.ts";

export const LAYOUT: Layout = {
  regionBytes: 24_576, writeUnit: 16, slotBytes: Array.from({ length: 9 }, () => 2048),
};
const STORAGE_POINTS: readonly Point[] = ["write", "erase", "sync"];
const LOST_MAX = 2;
/** Codes with which an order may end because storage fails: it, Download alone, a full slot. */
const STORAGE_CODES = [1405, 1402, 1408, 1409, 1410];
const FULL_CODES = [1406, 1404];
/** A set that four boots have not confirmed is given up. */
const UNCONFIRMED_CUTS = 4;

/** A medium as the tests of the core have it, over the host's own storage with a plug. */
class PluggedMedium extends Medium {
  readonly storage: CuttableStorage;
  /** Else what is read is what `live` holds, which costs less. */
  mayFailReads = false;

  constructor(areas: readonly Uint8Array[]) {
    super(areas);
    const memory = new MemoryStorage(LAYOUT);
    areas.forEach((bytes, area) => memory.write(area, 0, bytes));
    this.storage = new CuttableStorage(memory);
  }

  override read(area: number, offset: number, target: Uint8Array): Err {
    return errOf(() => this.storage.read(area, offset, target));
  }

  override readInto(
    memory: Uint8Array, ptr: number, area: number, offset: number, byteCount: number,
  ): Err {
    if (this.mayFailReads) return super.readInto(memory, ptr, area, offset, byteCount);
    const bytes = this.live[area]!;
    if (offset + byteCount > bytes.length) throw new Error(`area ${area} has no ${offset}`);
    for (let i = 0; i < byteCount; i++) memory[ptr + i] = bytes[offset + i]!;
    return Err.Ok;
  }

  override write(area: number, offset: number, bytes: Uint8Array): Err {
    const err = errOf(() => this.storage.write(area, offset, bytes));
    if (err === Err.Ok) this.live[area]!.set(bytes, offset);
    else this.refresh(area);
    this.counts.write++;
    return err;
  }

  override erase(area: number): Err {
    const err = errOf(() => this.storage.erase(area));
    this.refresh(area);
    this.counts.erase++;
    return err;
  }

  override sync(): Err {
    this.counts.sync++;
    return errOf(() => this.storage.settle());
  }

  powerOn(): void {
    this.storage.powerOn();
    this.live.forEach((_, area) => this.refresh(area));
  }

  private refresh(area: number): void {
    errOf(() => this.storage.read(area, 0, this.live[area]!));
  }
}

function errOf(call: () => void): Err {
  try {
    call();
    return Err.Ok;
  } catch (error) {
    if (error instanceof PowerCut || !(error instanceof DmError)) throw error;
    return error.code === "DM_NO_SPACE" ? Err.NoSpace : Err.Storage;
  }
}

/** A world that tells of each start, and may go on with a core that runs. */
class WatchedWorld extends World {
  onStart: (err: Err) => unknown = () => {};
  running: World["core"] | undefined;

  override boot(): Err {
    if (this.running) {
      this.core = this.running;
      this.running = undefined;
      return Err.Ok;
    }
    const err = super.boot();
    this.onStart(err);
    return err;
  }
}

const provisioned = new WeakMap<Machine, Image>();

/** An order under way. */
interface Running {
  task: Task;
  given: Given;
  end: End;
  world: WatchedWorld;
  /** Powers cut so far. */
  cuts: number;
  /** What was wrong when it woke up. */
  faults: string[];
}

const only = <K extends Mishap["is"]>(task: Task, is: K): (Mishap & { is: K })[] =>
  task.mishaps.filter((each): each is Mishap & { is: K } => each.is === is);

export class ModelDevice {
  private model = new Model(LAYOUT.slotBytes.length);
  private readonly medium: PluggedMedium;
  private outside: Record<string, Outside> = {};
  /** The core behind an order that ended without a failure. */
  private core: World["core"] | undefined;
  private readonly files = new Map<string, Uint8Array>();
  /** The last package behind the URL of each entry that came into force. */
  private readonly last = new Map<string, Bundle>();
  /** Codes that are owed, by correlator. */
  private readonly owed = new Map<string, number>();

  /** @param hasFirmSlots  no cells of slots are metastable */
  constructor(private readonly machine: Machine, private readonly hasFirmSlots = true) {
    let image = provisioned.get(machine);
    if (!image) provisioned.set(machine, (image = provision(LAYOUT, [], undefined, machine)));
    this.medium = new PluggedMedium(image.areas);
  }

  /** @returns what is wrong behind it, nothing if all is as the model says */
  carryOut(task: Task): string[] {
    const given = give(task, this.model, this.last);
    if (given.file) this.files.set(given.file.name, given.file.bytes);
    const no = only(task, "no")[0]?.no;
    const end = this.model.end(given.order, no);
    const running = { task, given, end, cuts: 0, faults: [] };
    const isLost = only(task, "lost").length > 0 && this.owed.size < LOST_MAX;
    const world = this.worldFor(running, no, isLost);
    // Three of four orders come to a device that is on already.
    if (task.lots[20]! % 4 > 0) world.running = this.core;
    this.core = undefined;
    try {
      const faults = this.live({ ...running, world }, isLost);
      this.outside = world.outside;
      if (only(task, "failure").length === 0 && !isLost) this.core = world.core;
      return faults;
    } catch (error) {
      return [String(error)];
    }
  }

  private worldFor(
    { task, given: { step } }: Omit<Running, "world">, no: No | undefined, isLost: boolean,
  ): WatchedWorld {
    const { machine, medium, files } = this;
    const image = {
      areas: [], outside: this.outside, server: { results: [], accepted: [], refused: [] },
    };
    const way = isLost ? only(task, "lost")[0]!.way : undefined;
    const world = new WatchedWorld(image, {
      script: [step], machine, medium, layout: LAYOUT, packages: files, goesOn: true,
      behaviour: { ...saying(no), ...losing(step.correlator, way) },
    });
    world.onPoint = (point) => {
      if (!STORAGE_POINTS.includes(point)) medium.storage.count();
    };
    return world;
  }

  private live(running: Running, isLost: boolean): string[] {
    const { task, world } = running;
    const { storage } = this.medium;
    const failures = only(task, "failure");
    const [torn] = failures;
    if (torn) storage.mode = this.modeOf(torn.kind, torn.seed);
    for (const { failure } of failures) storage.fail(failure);
    this.medium.mayFailReads = failures.some(({ failure }) => failure.call === "read");
    this.liveCut(running, isLost ? 2 : 6);
    storage.heal();
    this.medium.mayFailReads = false;
    if (torn && running.faults.length === 0) {
      storage.cut(this.modeOf(torn.kind, torn.seed + 1));
      this.wake(running);
      world.finish(isLost ? 2 : 6);
    }
    // A job whose session broke before it waits for the next one.
    const isWaiting = isLost && look.jobs(world.core).some(({ hasOutcome }) => !hasOutcome);
    if (isWaiting) {
      world.behaviour = saying(only(task, "no")[0]?.no);
      world.finish();
    }
    return running.faults.length > 0 ? running.faults : this.judge(running, isLost && !isWaiting);
  }

  private modeOf(kind: CutKind, seed: number): CutMode {
    return { ...cutOf(kind, seed), hasFirmSlots: this.hasFirmSlots };
  }

  /** Lives until nothing happens any more, the power going as the task says. */
  private liveCut(running: Running, runsMax: number): void {
    const { task, world } = running;
    const { storage } = this.medium;
    const cuts = only(task, "cut");
    for (;;) {
      const cut = cuts.shift();
      storage.cutAt = cut ? storage.operations + cut.at : 0;
      if (cut) storage.mode = this.modeOf(cut.kind, cut.seed);
      try {
        world.finish(runsMax);
        storage.cutAt = 0;
        return;
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error;
        if (running.faults.length > 0) return;
        running.cuts++;
        this.wake(running);
      }
    }
  }

  /** Gives power back. What is in force is the old set or the new one, before anything is done. */
  private wake({ world, end, given, faults }: Running): void {
    this.medium.powerOn();
    world.onStart = (err) => {
      world.onStart = () => {};
      if (err !== Err.Ok) return faults.push(`the start says ${err}`);
      const found = inForceText(world);
      const sets = [this.model, this.model.end(given.order).after, end.after].map(modelText);
      if (!sets.includes(found)) faults.push(`behind a cut: ${found}; before: ${sets[0]}`);
    };
  }

  private judge(running: Running, isLost: boolean): string[] {
    const { given: { order, step }, world } = running;
    const faults: string[] = [];
    const own: Result[] = [];
    for (const result of world.server.state.results) {
      if (result.correlator === step.correlator) own.push(result);
      else if (this.owed.get(result.correlator) !== result.code) {
        faults.push(`${result.correlator} is reported with ${result.code}, not as it was owed`);
      }
    }
    const codes = new Set(own.map(({ code }) => code));
    const waiting = look.outcomes(world.core);
    for (const { result, items } of waiting) {
      if (items[0]?.correlator === step.correlator) codes.add(result);
    }
    const isQuiet = isLost ? look.operation(world.core) === null : world.isQuiet;
    if (!isQuiet) faults.push("something is left to do");
    if (codes.size > 1) faults.push(`two outcomes: ${[...codes].join(" and ")}`);
    const code = [...codes][0] ?? NOTHING;
    faults.push(...this.judgeCode(running, code));
    this.settle(running, code, faults);
    this.owed.clear();
    for (const { result, items } of waiting) this.owed.set(items[0]!.correlator, result);
    if (order.is === "install" && code === 1200 && order.bundles.length === 1) {
      this.last.set(step.execs[0]!.split("/")[3]!, order.bundles[0]!);
    }
    return faults;
  }

  private judgeCode({ task, given, end, cuts }: Running, code: number): string[] {
    const allowed = new Set([end.code]);
    const no = only(task, "no")[0]?.no;
    const well = this.model.end(given.order);
    // Asked again behind a cut, one that says no once may say it at another call, or not at all.
    const isUnsure = no !== undefined && cuts + only(task, "failure").length > 0;
    if (isUnsure) for (const nth of [0, 99]) {
      allowed.add(this.model.end(given.order, { ...no, nth }).code);
    }
    const failures = only(task, "failure").map(({ failure }) => failure);
    const isTree = given.order.is === "put" || given.order.is === "delete";
    if (failures.length > 0 && !isTree) {
      for (const each of [NOTHING, ...codesOf(given.order, failures)]) allowed.add(each);
    }
    const isGivenUp = cuts >= UNCONFIRMED_CUTS && well.code === 1200;
    if (isGivenUp) for (const each of STORAGE_CODES) allowed.add(each);
    if (allowed.has(code)) return [];
    return [`ended with ${code}, not ${[...allowed].join(" or ")}`];
  }

  /** Goes on with the set that the outcome stands for, and compares everything with it. */
  private settle({ task, given: { order }, end, world }: Running, code: number, faults: string[]) {
    const isTree = order.is === "put" || order.is === "delete";
    const well = this.model.end(order).after;
    const hasFailed = only(task, "failure").length > 0;
    if (code === 1200) this.model = well;
    else if (isTree) {
      const isKept = hasFailed && treeText(world) === modelTreeText(this.model);
      if (!isKept) this.model = end.after;
    }
    const { model } = this;
    const same = (what: string, found: string, expected: string) => {
      if (found !== expected) faults.push(`${what}: ${found}; expected: ${expected}`);
    };
    same("in force", inForceText(world), modelText(model));
    same("outside", outsideText(world), modelOutsideText(model));
    same("packages", keptText(world), [...model.kept.keys()].sort().join());
    if (isTree || task.number % 16 === 0) same("tree", treeText(world), modelTreeText(model));
    if (look.health(world.core).isDegraded) faults.push("degraded without rot");
    if (task.number % 8 === 0) this.judgeIdle(world, faults);
  }

  private judgeIdle(world: World, faults: string[]): void {
    const { counts } = this.medium;
    const before = counts.write + counts.erase + counts.sync;
    const err = world.recover();
    const changes = counts.write + counts.erase + counts.sync - before;
    if (err !== Err.Ok || changes > 0) faults.push(`idle: ${err}, ${changes} changes`);
  }
}

/** One that says no at one call of its kind, and the person always. */
function saying(no: No | undefined): Behaviour {
  if (!no) return {};
  if (no.step === "confirm") return { confirm: () => Err.Refused };
  let calls = 0;
  return { [no.step]: () => (calls++ === no.nth ? Err.Refused : Err.Ok) };
}

/** A server that is lost once it has ordered, or once it was told. */
function losing(correlator: string, way: "report" | "answer" | undefined): Behaviour {
  const isOwn = (each: { correlator: string }) => each.correlator === correlator;
  if (way === "answer") {
    return { answer: ({ results }) => (results.some(isOwn) ? Err.Transport : Err.Ok) };
  }
  if (way !== "report") return {};
  const isGiven = (accepted: readonly string[]) =>
    accepted.some((each) => each.startsWith(`${correlator} ./`));
  return {
    exchange: ({ accepted, results }) =>
      (isGiven(accepted) && !results.some(isOwn) ? Err.Transport : Err.Ok),
  };
}

function codesOf(order: Order, failures: readonly Failure[]): number[] {
  const codes = order.is === "drop" ? [1408] : STORAGE_CODES;
  return failures.some(({ code }) => code === "DM_NO_SPACE") ? [...codes, ...FULL_CODES] : codes;
}

function inForceText(world: World): string {
  const { core, medium } = world;
  return look.deployed(core).filter(({ isRemoved }) => !isRemoved).map((each) => {
    const slot = medium.live[JOURNAL_AREAS + each.slot!]!.subarray(0, each.bytes);
    const isRight = sha256(slot) === each.sha256 ? "" : " with other bytes";
    const dirty = each.isDirty ? " dirty" : "";
    return `${each.id} ${each.version} ${each.state} ${each.floor}${isRight}${dirty}`;
  }).sort().join(", ");
}

const modelText = ({ inForce, floors }: Model): string =>
  [...inForce].map(([id, { version, isActive }]) =>
    `${id} ${version}.0.0 ${isActive ? 20 : 10} ${floors.get(id)}`).sort().join(", ");

const outsideText = ({ outside }: World): string =>
  Object.entries(outside).map(([id, { version, sha256: digest }]) => `${id} ${version} ${digest}`)
    .sort().join(", ");

const digests = new Map<string, string>();

function modelOutsideText({ inForce }: Model): string {
  return [...inForce].filter(([, { isActive }]) => isActive).map(([id, { version }]) => {
    const name = `${id} ${version}`;
    let digest = digests.get(name);
    if (digest === undefined) {
      digests.set(name, (digest = sha256(releaseOf({ id, version }).content)));
    }
    return `${id} ${version}.0.0 ${digest}`;
  }).sort().join(", ");
}

const keptText = ({ core }: World): string =>
  look.delivered(core).filter(({ slot }) => slot !== null).map(({ node }) => node).sort().join();

const treeText = ({ core }: World): string => look.nodes(core)
  .filter(({ uri }) => /Download\/t\d\/PkgID$/.test(uri))
  .map(({ uri, value }) => `${uri.split("/")[3]} ${String(value)}`).sort().join();

const modelTreeText = ({ tree }: Model): string =>
  [...tree].map(([node, value]) => `${node} ${value}`).sort().join();
