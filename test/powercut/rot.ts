// One bit of the journal changes, in each state that a device may wake up in.
import { Err } from "../../assembly/abi/codes.ts";
import * as look from "../../host/core/look.ts";
import type { Image } from "../helpers/world.ts";
import { effective, setOf } from "./invariants.ts";
import { Life, type Setting } from "./life.ts";
import { rulesOf } from "./scenario.ts";
import { randomOf } from "./prints.ts";

const ERASED = 0xff;
const BITS = [0, 1, 2, 3, 4, 5, 6, 7];

export interface RotFound {
  bits: number;
  same: number;
  degraded: number;
  refused: number;
  repeated: number;
  seconds: number;
  faults: string[];
}

export const noRot = (): RotFound => ({
  bits: 0, same: 0, degraded: 0, refused: 0, repeated: 0, seconds: 0, faults: [],
});

/**
 * @param each  one bit in so many; 1: all of those in places that were written
 * @param ends  of these, one in so many is lived on from to the end
 */
export function rotAll(
  setting: Setting, images: readonly Image[], each: number, ends: number, found = noRot(),
): RotFound {
  const started = performance.now();
  const seen = new Set<string>();
  for (const [index, image] of images.entries()) {
    // States that differ only around the journal have the same bits in it.
    const key = setting.states.printsOf(image.areas.slice(0, 2)).join();
    if (seen.has(key)) continue;
    seen.add(key);
    const life = new Life(setting, image);
    life.world.boot();
    const told = tell(life);
    const { region, lastRun } = setting.states.journal(image.areas);
    const tail = region * image.areas[0]!.length + lastRun;
    const bits = placesOf(image).flatMap((place) => BITS.map((bit) => ({ place, bit })));
    for (const { place, bit } of bits) {
      if (each > 1 && randomOf(index * 7 + place * 8 + bit)() % each !== 0) continue;
      const isLived = found.bits++ % ends === 0;
      const fault = flip(setting, image, { place, bit, told, isLived, tail }, found);
      if (fault) found.faults.push(`${fault}, state ${index}, byte ${place}, bit ${bit}`);
      if (found.faults.length > 10) return found;
    }
  }
  found.seconds += (performance.now() - started) / 1000;
  return found;
}

/** No region is of a later generation than the first. */
const isOnlyFirst = ({ areas }: Image): boolean =>
  areas.slice(0, 2).every((bytes) => bytes[0] !== 0xd5 || bytes[8] === 1);

/** Places of both regions, one behind the other, that were written. */
function placesOf({ areas }: Image): number[] {
  const regionBytes = areas[0]!.length;
  return [0, 1].flatMap((area) => [...areas[area]!.keys()]
    .filter((at) => areas[area]![at] !== ERASED)
    .map((at) => area * regionBytes + at));
}

const tell = ({ world: { core } }: Life): string => JSON.stringify([
  look.deployed(core), look.delivered(core), look.operation(core), look.jobs(core),
  look.outcomes(core),
]);

/** What is in force and what is owed, without the work that is left. */
function tellSet(life: Life): string {
  return JSON.stringify(look.deployed(life.world.core));
}

interface Flip {
  place: number;
  bit: number;
  told: string;
  isLived: boolean;
  /** Place of the last run of the current region: what rots there may have been a tear. */
  tail: number;
}

function flip(
  setting: Setting, image: Image, { place, bit, told, isLived, tail }: Flip, found: RotFound,
): string | undefined {
  const regionBytes = image.areas[0]!.length;
  const area = place < regionBytes ? 0 : 1;
  const held = image.areas[area]!;
  const at = place - area * regionBytes;
  // The image is lent: a life copies what it begins with.
  held[at]! ^= 1 << bit;
  try {
    const life = new Life(setting, image);
    const err = life.world.boot();
    // A bit of the first checkpoint ever cannot be told from a first start that lost power.
    const isFirst = !setting.states.journal(image.areas).isLost && isOnlyFirst(image);
    const isRefused = err === Err.Damaged || (err === Err.NotFound && isFirst);
    if (err !== Err.Ok && !isRefused) return `I14 start answers ${err}`;
    const isSame = !isRefused && tell(life) === told;
    const isDegraded = !isRefused && look.health(life.world.core).isDegraded;
    const seen = life.seen(image.areas);
    const isTail = place >= tail && Math.floor(tail / regionBytes) === area;
    const isSameSet = !isRefused && told.startsWith(`[${tellSet(life)}`);
    const isWhole = isRefused || rulesOf(setting.scenario).sets.has(setOf(effective(seen)));
    if (isSame) found.same++;
    else if (isDegraded) found.degraded++;
    else if (isRefused) found.refused++;
    else found.repeated++;
    life.watch.violations.length = 0;
    const isRepeat = isSameSet || isTail;
    life.watch.take({ is: "rot", isSame, isDegraded, isRefused, isRepeat, isWhole });
    const [fault] = life.watch.violations;
    // What a tear may have done is right only if it comes to a good end.
    const mustLive = isLived || (isTail && !isSame && !isDegraded);
    if (fault !== undefined || !mustLive || isRefused) return fault;
    return liveOn(setting, image);
  } finally {
    held[at]! ^= 1 << bit;
  }
}

/** A device that goes on after rot comes to rest, whole, and outside is what it says. */
function liveOn(setting: Setting, image: Image): string | undefined {
  const life = new Life(setting, image);
  const { world } = life;
  const err = world.finish();
  const { isDegraded } = look.health(world.core);
  if (err === Err.Damaged && isDegraded) return undefined;
  if (err !== Err.Ok) return `I4 after rot the run ends with ${err}`;
  const active = look.deployed(world.core).filter((each) => !each.isRemoved && each.state === 20);
  const inForce = active.map(({ id, version }) => `${id} ${version}`).sort().join();
  const outside = Object.entries(world.outside).map(([id, { version }]) => `${id} ${version}`);
  return inForce === outside.sort().join() ? undefined : `I3 after rot outside: ${outside}`;
}
