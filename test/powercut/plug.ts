// Every cut at one point of a life, with a fingerprint of what it leaves: most cuts leave what
// another one has left, and that is known before anything is copied.
import { type Change, type Medium, putChange } from "../helpers/world-medium.ts";
import { type Cut, type Flight, keeps, type Modes, partOf, type Subset, subsetsOf, tearsOf }
  from "./cuts.ts";
import { type Lanes, lanesOf, lanesOfWrite, printOf, toggle } from "./prints.ts";

const ERASED = 0xff;
/** Area that stands for what is around the device. */
const CONTEXT_AREA = 200;
const DONE: Flight = { kind: "+", value: 0 };
const NOT_BEGUN: Flight = { kind: "-", value: 0 };

export interface Remains {
  areas: Uint8Array[];
  /** One for each area. */
  prints: number[];
}

export type Visit = (print: number, subset: Subset, flight: Flight) => void;

export class Plug {
  /** Number of what is around the device: the same for the same outside and server. */
  context = 0;
  private readonly durable: Lanes[];
  /** Changes that wait, as they were when they were last looked at. */
  private pending: readonly Change[] = [];
  /** What each of them does to the lanes of its area, taken alone. */
  private deltas: Lanes[] = [];
  private base: Lanes = { a: 0, b: 0 };
  private change: Change | undefined;
  /** Copies of the areas for what is lent out, and the changes that were made to them. */
  private readonly scratch: Uint8Array[];
  private readonly lent: Change[] = [];

  constructor(private readonly medium: Medium, private readonly modes: Modes) {
    this.durable = medium.durable.map((bytes, area) => lanesOf(area, bytes));
    this.pending = medium.pending;
    this.scratch = medium.durable.map((bytes) => bytes.slice());
  }

  /** Tells every cut at a point, `change` being in flight there. */
  point(change: Change | undefined, visit: Visit): void {
    this.look(change);
    const { pending } = this;
    const tears = change ? tearsOf(change, this.modes) : [];
    const subsets = subsetsOf(pending.length, this.modes);
    if (this.isEntangled()) return this.visitSlowly(subsets, tears, visit);
    const own = change && this.deltaOf(change);
    const lanes = { a: 0, b: 0 };
    for (const subset of subsets) {
      this.laneOf(subset, lanes);
      visit(printOf(lanes), subset, NOT_BEGUN);
      if (own) visit(printOf({ a: lanes.a ^ own.a, b: lanes.b ^ own.b }), subset, DONE);
    }
    if (tears.length === 0) return;
    const ends = subsets.slice(0, 2).map((subset) => {
      const end = { a: 0, b: 0 };
      this.laneOf(subset, end);
      return { subset, end };
    });
    for (const flight of tears) {
      const part = this.deltaOf(partOf(change!, flight, this.medium.durable[change!.area]!)!);
      for (const { subset, end } of ends) {
        visit(printOf({ a: end.a ^ part.a, b: end.b ^ part.b }), subset, flight);
      }
    }
  }

  /** What a cut leaves, at the point that was looked at last. The areas are borrowed. */
  build({ subset, flight }: Cut): Remains {
    this.restore();
    const { medium, lent, durable } = this;
    const areas = [...medium.durable];
    const lanes = durable.map(({ a, b }) => ({ a, b }));
    const put = (each: Change, delta: Lanes) => {
      const { area } = each;
      areas[area] = this.scratch[area]!;
      putChange(areas, each);
      lent.push(each);
      lanes[area]!.a ^= delta.a;
      lanes[area]!.b ^= delta.b;
    };
    this.pending.forEach((each, index) => {
      if (keeps(subset, index)) put(each, this.deltas[index]!);
    });
    const part = this.change && partOf(this.change, flight, areas[this.change.area]!);
    if (part) put(part, this.deltaOf(part));
    const prints = lanes.map(printOf);
    if (this.isEntangled()) {
      for (const { area } of lent) prints[area] = printOf(lanesOf(area, areas[area]!));
    }
    return { areas, prints };
  }

  /** Makes the areas that were lent out what is durable again. */
  private restore(): void {
    const { scratch, medium } = this;
    for (const { area, offset, bytes } of this.lent.splice(0)) {
      const held = medium.durable[area]!;
      if (!bytes) scratch[area]!.set(held.subarray(offset), offset);
      else scratch[area]!.set(held.subarray(offset, offset + bytes.length), offset);
    }
  }

  /** Prepares for cuts at the point that the life has come to. */
  look(change: Change | undefined): void {
    const { medium } = this;
    if (medium.pending !== this.pending) {
      this.restore();
      const wasPlain = !hasMeeting(this.pending);
      for (const area of new Set(this.pending.map((each) => each.area))) {
        if (!wasPlain) this.durable[area] = lanesOf(area, medium.durable[area]!);
        this.scratch[area]!.set(medium.durable[area]!);
      }
      this.pending.forEach(({ area }, index) => {
        if (wasPlain) addLanes(this.durable, area, this.deltas[index]!);
      });
      this.pending = medium.pending;
      this.deltas = [];
    }
    for (const each of this.pending.slice(this.deltas.length)) this.deltas.push(this.deltaOf(each));
    this.base = { a: 0, b: 0 };
    for (const { a, b } of this.durable) {
      this.base.a ^= a;
      this.base.b ^= b;
    }
    toggle(this.base, CONTEXT_AREA, this.context, 1);
    this.change = change;
  }

  private deltaOf({ area, offset, bytes }: Change): Lanes {
    const held = this.medium.durable[area]!;
    if (bytes) return lanesOfWrite(area, held, offset, bytes);
    if (offset === 0) return this.durable[area]!;
    return lanesOfWrite(area, held, offset, new Uint8Array(held.length - offset).fill(ERASED));
  }

  /** Two changes meet in one place, so that what one does depends on the other. */
  private isEntangled(): boolean {
    return hasMeeting(this.change ? [...this.pending, this.change] : this.pending);
  }

  private laneOf(subset: Subset, lanes: Lanes): void {
    let { a, b } = this.base;
    const { deltas } = this;
    for (let index = 0; index < deltas.length; index++) {
      if (!keeps(subset, index)) continue;
      a ^= deltas[index]!.a;
      b ^= deltas[index]!.b;
    }
    lanes.a = a;
    lanes.b = b;
  }

  private visitSlowly(subsets: readonly Subset[], tears: readonly Flight[], visit: Visit): void {
    const tell = (subset: Subset, flight: Flight) => {
      const { areas } = this.build({ subset, flight });
      const lanes = { ...this.base };
      areas.forEach((bytes, area) => {
        if (bytes === this.medium.durable[area]) return;
        const now = lanesOf(area, bytes);
        lanes.a ^= now.a ^ this.durable[area]!.a;
        lanes.b ^= now.b ^ this.durable[area]!.b;
      });
      visit(printOf(lanes), subset, flight);
    };
    for (const subset of subsets) {
      tell(subset, NOT_BEGUN);
      if (this.change) tell(subset, DONE);
    }
    for (const flight of tears) for (const subset of subsets.slice(0, 2)) tell(subset, flight);
  }
}

/** An erase and another change of the same area. */
function hasMeeting(changes: readonly Change[]): boolean {
  return changes.some((each) => !each.bytes && changes.some((other) =>
    other !== each && other.area === each.area));
}

function addLanes(all: Lanes[], area: number, { a, b }: Lanes): void {
  all[area] = { a: all[area]!.a ^ a, b: all[area]!.b ^ b };
}
