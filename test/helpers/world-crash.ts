// Cuts the power of a world at every point of a life, in every mode, and says of what is left and
// of what becomes of it whether all is old or all is new.
import { Err } from "../../assembly/abi/codes.ts";
import * as look from "../../host/core/look.ts";
import { NEW, OLD, PACKAGES, RADIO, type Release } from "./world-content.ts";
import { tellJournal, textOfTold } from "./world-journal.ts";
import { type Change, JOURNAL_AREAS, type Layout, remainsOf } from "./world-medium.ts";
import type { Step } from "./world-server.ts";
import {
  type Behaviour,
  type Image,
  newDevice,
  sha256,
  World,
  type WorldOptions,
} from "./world.ts";

export interface Scenario {
  name: string;
  script: readonly Step[];
  /** How things are until the power goes; afterwards all is well. */
  behaviour?: () => Behaviour;
  layout?: Layout;
  packages?: ReadonlyMap<string, Uint8Array>;
  /** What the last step makes of the device where it ends well, OLD where it changes nothing. */
  after?: readonly Release[];
  /** Codes with which the last step may end. */
  codes: readonly number[];
}

export function worldOf(scenario: Scenario, image: Image, options: WorldOptions = {}): World {
  const { script, layout, packages } = scenario;
  return new World(image, {
    script,
    ...(layout ? { layout } : {}),
    ...(packages ? { packages } : {}),
    ...options,
  });
}

export function deviceOf({ layout }: Scenario): Image {
  return newDevice(layout);
}

// --- What must hold -----------------------------------------------------------------------------

const label = (releases: readonly { id: string; version: string }[]): string =>
  releases
    .map(({ id, version }) => `${id} ${version}`)
    .sort()
    .join(", ");

/** Whether the effective inventory is whole: one of the two sets, each slot with its content. */
export function faultsOfInventory({ after = NEW }: Scenario, world: World): string[] {
  const faults: string[] = [];
  const deployed = look.deployed(world.core).filter((entry) => !entry.isRemoved);
  const versions = label(deployed);
  if (versions !== label(OLD) && versions !== label(after)) faults.push(`in force: ${versions}`);
  for (const { id, slot, bytes, sha256: digest } of deployed) {
    const found = slot === null ? "" : sha256(world.slot(slot, bytes));
    if (found !== digest) faults.push(`slot ${slot} of ${id} has other bytes`);
  }
  if (look.health(world.core).isDegraded) faults.push("the journal is degraded");
  return faults;
}

/** What must hold once a device is quiet: inventory, slots, outside and server tell one story. */
export function faultsAtEnd(scenario: Scenario, world: World, err: Err): string[] {
  const faults = faultsOfInventory(scenario, world);
  if (err !== Err.Ok) faults.push(`the last run ended with ${err}`);
  if (!world.isQuiet) faults.push("something is left to do");
  const deployed = look.deployed(world.core).filter((entry) => !entry.isRemoved);
  const active = deployed.filter(({ state }) => state === 20);
  const outside = Object.entries(world.outside);
  if (label(outside.map(([id, { version }]) => ({ id, version }))) !== label(active)) {
    faults.push(`outside: ${JSON.stringify(world.outside)}`);
  }
  for (const { id, sha256: digest } of active) {
    if (world.outside[id]?.sha256 !== digest) faults.push(`outside, ${id} has other bytes`);
  }
  return [...faults, ...faultsOfResults(scenario, world, label(deployed))];
}

function faultsOfResults(scenario: Scenario, { server }: World, inForce: string): string[] {
  const faults: string[] = [];
  const { results, refused } = server.state;
  if (refused.length > 0) faults.push(`refused: ${JSON.stringify(refused)}`);
  for (const [index, step] of scenario.script.entries()) {
    const own = results.filter(({ correlator }) => correlator === step.correlator);
    const codes = new Set(own.map(({ code }) => code));
    if (own.length === 0 && results.some(({ code }) => code >= 1300)) continue;
    if (codes.size !== 1) faults.push(`${step.correlator} ended with ${[...codes].join(" and ")}`);
    if (index < scenario.script.length - 1) continue;
    const [code = 0] = codes;
    if (!scenario.codes.includes(code)) faults.push(`${step.correlator} ended with ${code}`);
    const { after = NEW } = scenario;
    const expected = code === 1200 ? after : OLD;
    if (inForce !== label(expected)) faults.push(`${code} was reported, in force: ${inForce}`);
  }
  return faults;
}

// --- Lives with cuts ----------------------------------------------------------------------------

/** One cut: where, how, and what it left. The areas are borrowed. */
export interface Cut {
  label: string;
  image: Image;
  /** A component had been brought back: from there the new set must not come into force. */
  hasGoneBack: boolean;
}

const GOING_BACK = new Set(OLD.map(({ id, version }) => `ensure ${id} ${version}`));

/** Lives from `image` to the end, and shows what each cut on the way would leave. */
export function liveWithCuts(scenario: Scenario, image: Image, visit: (cut: Cut) => void): World {
  const behaviour = scenario.behaviour?.() ?? {};
  const world = worldOf(scenario, image, { behaviour });
  let count = 0;
  const cutAt = (point: string, change?: Change) => {
    const at = `${++count} ${point}`;
    for (const { label: how, areas } of remainsOf(world.medium, change)) {
      const { outside, server, calls } = world;
      const hasGoneBack = calls.some((call) => GOING_BACK.has(call));
      const left = { areas, outside, server: server.state };
      visit({ label: `${at} ${how}`, image: left, hasGoneBack });
    }
  };
  world.medium.onChange = cutAt;
  world.onPoint = cutAt;
  world.finish();
  return world;
}

export interface Tally {
  cuts: number;
  recoveries: number;
  states: number;
  faults: string[];
}

export interface CrashOptions {
  /** Of cuts that leave a known state, one in so many is lived on from too; 1: all. */
  repeats: number;
  /** Also cut each of the lives that go on after a cut, until no state is new. */
  closes?: boolean;
  build?: "debug" | "release";
}

type LifeOptions = CrashOptions & { behaviour?: Behaviour };

/**
 * Every single cut of a scenario; with `closes` every sequence of cuts.
 *
 * After each cut the inventory is read as `status` would; from each state that is new, and from a
 * sample of the others, the device lives on with all being well, until it is quiet.
 */
export function crash(scenario: Scenario, options: CrashOptions): Tally {
  const tally: Tally = { cuts: 0, recoveries: 0, states: 0, faults: [] };
  const seen = new Set<string>();
  const queue: { path: string; image: Image }[] = [{ path: "", image: deviceOf(scenario) }];
  const keyOf = stateReader();
  for (let next = queue.pop(); next; next = queue.pop()) {
    const { path, image } = next;
    const visit = (cut: Cut) => {
      tally.cuts++;
      const key = keyOf(cut.image);
      const isNew = !seen.has(key);
      seen.add(key);
      const at = `${scenario.name}: ${path}${cut.label}`;
      const isSampled = tally.cuts % options.repeats === 0;
      const codes = scenario.codes.filter((code) => code !== 1200 || !cut.hasGoneBack);
      if (isNew || isSampled) liveOn({ ...scenario, codes }, cut.image, at, tally, options);
      if (isNew) liveOnBadly(scenario, cut.image, at, tally);
      if (!isNew || !options.closes) return;
      queue.push({ path: `${path}${cut.label}; `, image: copyOf(cut.image) });
    };
    liveWithCuts(scenario, image, visit);
    if (tally.faults.length > 10) break;
  }
  tally.states = seen.size;
  return tally;
}

/** Nothing that happened before the cut may count on it that things go well afterwards. */
const SETBACKS: readonly Behaviour[] = [
  { prepare: ({ id }) => (id === "antivirus" ? Err.Refused : Err.Ok) },
  { confirm: () => Err.Refused },
  { health: ({ id }) => (id === "jvm" ? Err.Refused : Err.Ok) },
];

function liveOnBadly(scenario: Scenario, image: Image, at: string, tally: Tally): void {
  const codes = [...scenario.codes, 1200, 1401, 1405];
  SETBACKS.forEach((behaviour, index) => {
    const where = `${at}, setback ${index}`;
    liveOn({ ...scenario, codes }, image, where, tally, { repeats: 0, behaviour });
  });
}

function liveOn(
  scenario: Scenario, image: Image, at: string, tally: Tally, options: LifeOptions,
): void {
  tally.recoveries++;
  const { build, behaviour = {} } = options;
  const world = worldOf(scenario, image, build ? { build, behaviour } : { behaviour });
  const add = (faults: string[]) => tally.faults.push(...faults.map((fault) => `${at}: ${fault}`));
  try {
    if (world.boot() !== Err.Ok) add(["there is no device any more"]);
    else add(faultsOfInventory(scenario, world));
    add(faultsAtEnd(scenario, world, world.finish()));
  } catch (error) {
    add([String(error)]);
  }
}

function copyOf({ areas, outside, server }: Image): Image {
  return {
    areas: areas.map((bytes) => bytes.slice()),
    outside: { ...outside },
    server: structuredClone(server),
  };
}

// --- States -------------------------------------------------------------------------------------

/** Everything that a slot may hold whole. */
const WHOLE: readonly Uint8Array[] = [
  ...[...OLD, ...NEW, RADIO].map(({ content }) => content),
  ...PACKAGES.values(),
];

/** Which of them a slot holds; anything else is as good as nothing. */
function contentOf(slot: Uint8Array): number {
  return WHOLE.findIndex((bytes) => Buffer.compare(bytes, slot.subarray(0, bytes.length)) === 0);
}

/**
 * What a recovery can see of an image, without what depends on generation and sequence: two images
 * with one key behave alike.
 */
function stateReader(): (image: Image) => string {
  /** Journals that were read last: most cuts change nothing in them. */
  const known: { regions: Uint8Array[]; text: string }[] = [];
  const journalOf = (areas: readonly Uint8Array[]): string => {
    const isSame = (regions: Uint8Array[]) =>
      regions.every((bytes, area) => Buffer.compare(bytes, areas[area]!) === 0);
    const last = known.find(({ regions }) => isSame(regions));
    if (last) return last.text;
    const told = tellJournal(areas);
    const text = told ? textOfTold(told) : "";
    known.unshift({ regions: areas.slice(0, JOURNAL_AREAS).map((bytes) => bytes.slice()), text });
    if (known.length > 6) known.pop();
    return text;
  };
  return ({ areas, outside, server }) => {
    const slots = areas.slice(JOURNAL_AREAS).map(contentOf);
    const results = server.results.map(({ count: _, ...result }) => result);
    const rest = [slots, outside, results, server.accepted, server.refused];
    return sha256(Buffer.from(journalOf(areas) + JSON.stringify(rest)));
  };
}
