// One life of a device from an image on, told to the rules as it goes.
import { Err } from "../../assembly/abi/codes.ts";
import type { Machine } from "../helpers/world-machine.ts";
import { type Change, JOURNAL_AREAS } from "../helpers/world-medium.ts";
import { type Behaviour, type Image, type Point, type World } from "../helpers/world.ts";
import { effective, setOf, Watch } from "./invariants.ts";
import { owingOf, rulesOf, type Scenario, worldOf } from "./scenario.ts";
import { heardOf, type States } from "./state.ts";

export interface Setting {
  scenario: Scenario;
  machine: Machine;
  states: States;
}

export class Life {
  readonly world: World;
  readonly watch: Watch;
  /** Points so far, counted from 1. */
  points = 0;
  /** Called at each point, before what happens there. */
  onPoint: (point: Point, change?: Change) => void = () => {};
  /** What is there for sure. */
  durableAreas: () => readonly Uint8Array[] = () => this.world.medium.durable;
  /** What the device did, in order, for comparison. */
  readonly trace: string[] = [];
  /** A component went back to what it was. */
  hasGoneBack = false;
  private syncs = 0;
  private heardCount: number;
  private isLooking = false;

  constructor(private readonly setting: Setting, image: Image, behaviour: Behaviour = {}) {
    const { scenario, machine } = setting;
    this.world = worldOf(scenario, image, machine, { behaviour });
    this.watch = new Watch(rulesOf(scenario));
    this.heardCount = image.server.results.length;
    const { world } = this;
    world.onBoot = () => this.boot();
    world.medium.onChange = (call, change) => this.point(call as Point, change);
    world.onPoint = (point) => this.point(point);
    world.onAnswer = (step, id, err) =>
      this.watch.take({ is: "answer", step, id, isYes: err === Err.Ok });
    world.onAsk = (step, { id, version, slot }) => {
      const region = setting.states.journal(world.medium.live).region;
      const isRecorded = !world.medium.pending.some(({ area }) => area === region);
      this.trace.push(`${step} ${id} ${version} ${slot}`);
      this.watch.take({ is: "ask", step, name: `${id} ${version}`, slot, isRecorded });
      const { open } = this.seen(world.medium.durable);
      if (open?.state === "rolling" && step === "ensure") this.hasGoneBack = true;
    };
  }

  /** Lives until nothing is left to do, and judges the end. */
  finish(codes?: readonly number[], isEndless = false): void {
    const { world, watch, setting } = this;
    const err = world.finish(isEndless ? 2 : undefined);
    this.isLooking = true;
    watch.take({ is: "done", isSpace: err === Err.NoSpace });
    const seen = this.seen(world.medium.live);
    watch.take({ is: "durable", seen });
    this.isLooking = false;
    if (isEndless) return;
    const isQuiet = err === Err.Ok && world.isQuiet;
    const outside = Object.entries(world.outside).map(([id, { version, sha256 }]) =>
      `${id} ${version} ${sha256}`);
    const inForce = setOf(effective(seen));
    const owing = isQuiet ? owingOf(setting.scenario, world, inForce, codes) : [];
    watch.violations.push(...owing);
    watch.take({ is: "end", isQuiet, boots: world.boots, seen, outside, owing: [] });
    if (!isQuiet) watch.violations.push(`I4 the last run ended with ${err}`);
  }

  seen(areas: readonly Uint8Array[]) {
    return this.setting.states.seen({ areas, server: this.world.server.state });
  }

  private boot(): void {
    const { world } = this;
    this.settle();
    const heard = heardOf(world.server.state);
    const durable = this.seen(this.durableAreas());
    this.watch.take({ is: "boot", seen: this.seen(world.medium.live), heard, durable });
    this.trace.push("boot");
  }

  private point(point: Point, change?: Change): void {
    if (this.isLooking) return;
    const { world } = this;
    this.settle();
    this.points++;
    this.onPoint(point, change);
    if (change) this.change(change);
    else this.trace.push(point);
    if (point !== "sent") return;
    const heard = heardOf(world.server.state);
    for (const each of heard.slice(this.heardCount)) this.watch.take({ is: "sent", heard: each });
    this.heardCount = heard.length;
  }

  /** Takes note of a barrier that has passed. */
  private settle(): void {
    const { medium } = this.world;
    if (medium.counts.sync === this.syncs) return;
    this.syncs = medium.counts.sync;
    this.watch.take({ is: "durable", seen: this.seen(this.durableAreas()) });
  }

  private change({ area, offset, bytes }: Change): void {
    const isJournal = area < JOURNAL_AREAS;
    const slot = area - JOURNAL_AREAS;
    this.watch.take(isJournal ? { is: "journal", region: area } : { is: "slot", slot });
    this.trace.push(`${bytes?.length ?? "erase"} ${isJournal ? "j" : `s${slot}`} ${offset}`);
  }
}
