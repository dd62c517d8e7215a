// What must hold in every life, whatever fails and whenever the power goes. Each rule has a number,
// and docs/testing.md says what it is; `Watch` is told what happens and keeps what was broken.

/** An entry of the inventory or of a plan. */
export interface Entry {
  component: number;
  /** ID and version. */
  name: string;
  /** -1 none. */
  slot: number;
  isActive: boolean;
  isDirty: boolean;
  isRemoved: boolean;
  floor: number;
  bytes: number;
  digest: string;
}

export type OperationState = "planned" | "committed" | "rolling";
const ORDER: readonly OperationState[] = ["planned", "committed", "rolling"];

export interface Open {
  id: number;
  state: OperationState;
  attempts: number;
  entries: readonly Entry[];
}

export interface Owed {
  id: number;
  code: number;
}

/** What a medium says, read by someone else than the core. */
export interface Seen {
  /** 0: no region is valid. */
  generation: number;
  isDegraded: boolean;
  /** After rot every component is ensured, whatever its entry says. */
  isDoubtful: boolean;
  inventory: readonly Entry[];
  open: Open | null;
  owed: readonly Owed[];
  /** Slots of Delivery Packages. */
  kept: readonly number[];
  /** Digest of the first bytes of a slot. */
  digestOf: (slot: number, byteCount: number) => string;
  /** Nodes whose Add the server was told is done, and that are not there. */
  missing: readonly string[];
  /** Atomics of which some part is there and some is not. */
  halves: readonly string[];
}

export interface Heard {
  source: string;
  correlator: string;
  code: number;
}

export type Step = "prepare" | "ensure" | "health";

export type Fact =
  /**
   * A start on a medium that reads as `seen`; `heard` is all that the server knows. `durable`: what
   * is there for sure, where a barrier failed before and the power stayed.
   */
  | { is: "boot"; seen: Seen; heard: readonly Heard[]; durable?: Seen }
  /** A barrier has passed. */
  | { is: "durable"; seen: Seen }
  /** The power goes: this is left. */
  | { is: "cut"; seen: Seen }
  /** A write or erase of a slot. */
  | { is: "slot"; slot: number }
  /** A write or erase of a region. */
  | { is: "journal"; region: number }
  /** A write or erase failed; -1: a barrier. */
  | { is: "failed"; region: number }
  /** A question or order for a component; `isRecorded`: nothing before it waits for a barrier. */
  | { is: "ask"; step: Step; name: string; slot: number; isRecorded: boolean }
  /** What the component with this ID said to it last. */
  | { is: "answer"; step: Step; id: string; isYes: boolean }
  | { is: "sent"; heard: Heard }
  /** A run has ended; `isSpace`: for lack of room in the journal. */
  | { is: "done"; isSpace: boolean }
  /** Nothing is left to do, or it never comes to that. `outside`: name and digest of each. */
  | { is: "end"; isQuiet: boolean; boots: number; seen: Seen; outside: readonly string[];
      owing: readonly string[] }
  /** A boot with nothing to do has made so many changes. */
  | { is: "idle"; changes: number }
  /** What one boot did on two media that say the same. */
  | { is: "twice"; left: string; right: string }
  /** What a changed bit led to. */
  | { is: "rot"; isSame: boolean; isDegraded: boolean; isRefused: boolean; isRepeat: boolean;
      isWhole: boolean };

export interface Rules {
  /** Names of the entries of each set that may be in force, each sorted and joined. */
  sets: ReadonlySet<string>;
  /** Boots that may try a set after the one that committed it. */
  triesMax: number;
  /** Boots until quiet. */
  bootsMax: number;
}

/** Names of what is in force. */
export const setOf = (entries: readonly Entry[]): string =>
  entries
    .filter(({ isRemoved }) => !isRemoved)
    .map(({ name }) => name)
    .sort()
    .join(", ");

/** What runs: entries of the plan where it is committed, else those of the inventory. */
export function effective({ inventory, open }: Seen): readonly Entry[] {
  if (open?.state !== "committed") return inventory;
  const planned = new Map(open.entries.map((entry) => [entry.component, entry]));
  const others = inventory.filter(({ component }) => !planned.has(component));
  return [...others, ...planned.values()];
}

const isSame = (left: Entry, right: Entry): boolean =>
  left.name === right.name && left.slot === right.slot && left.digest === right.digest
  && left.isActive === right.isActive && left.isRemoved === right.isRemoved;

const find = (entries: readonly Entry[], component: number): Entry | undefined =>
  entries.find((entry) => entry.component === component);

/** Components whose entries differ. */
function changed(before: readonly Entry[], after: readonly Entry[]): number[] {
  const all = new Set([...before, ...after].map(({ component }) => component));
  return [...all].filter((component) => {
    const [left, right] = [find(before, component), find(after, component)];
    // A new component that could not be taken away leaves an entry that is removed.
    if (!left) return right?.isRemoved !== true;
    return !right || !isSame(left, right);
  });
}

export class Watch {
  readonly violations: string[] = [];
  private booted: Seen | undefined;
  private durable: Seen | undefined;
  private heard: Heard[] = [];
  private readonly failed = new Set<number>();
  /** Steps of components that said yes in this boot, and did not say no later. */
  private readonly agreed = new Set<string>();

  constructor(private readonly rules: Rules) {}

  take(fact: Fact): void {
    switch (fact.is) {
      case "boot":
        this.boot(fact.seen, fact.heard, fact.durable);
        break;
      case "durable":
        this.follow(fact.seen);
        this.durable = fact.seen;
        break;
      case "cut":
        this.follow(fact.seen);
        break;
      case "slot":
        this.slot(fact.slot);
        break;
      case "journal":
        if (this.failed.has(fact.region)) this.add("I18", `region ${fact.region} is written again`);
        break;
      case "failed":
        for (const region of fact.region < 0 ? [0, 1] : [fact.region]) this.failed.add(region);
        break;
      case "ask":
        this.ask(fact);
        break;
      case "answer":
        if (fact.isYes) this.agreed.add(`${fact.step} ${fact.id}`);
        else this.agreed.delete(`${fact.step} ${fact.id}`);
        break;
      case "sent":
        this.sent(fact.heard);
        break;
      case "done":
        if (fact.isSpace && this.durable?.open) this.add("I15", "no room behind the PLAN");
        break;
      default:
        this.judge(fact);
    }
  }

  private add(rule: string, text: string): void {
    this.violations.push(`${rule} ${text}`);
  }

  private boot(seen: Seen, heard: readonly Heard[], durable = seen): void {
    this.booted = seen;
    this.durable = durable;
    this.heard = [...heard];
    this.failed.clear();
    this.agreed.clear();
    this.state(seen);
  }

  /** What holds at any time. */
  private state(seen: Seen): void {
    if (seen.generation === 0) return this.add("I1", "there is no device any more");
    const inForce = effective(seen);
    if (!this.rules.sets.has(setOf(inForce))) this.add("I1", `in force: ${setOf(inForce)}`);
    for (const { component, slot, bytes, digest, name, isRemoved } of inForce) {
      if (slot < 0 || isRemoved || seen.digestOf(slot, bytes) === digest) continue;
      const isPlanned = seen.open?.state === "committed" && find(seen.open.entries, component);
      this.add(isPlanned ? "I6" : "I2", `slot ${slot} of ${name} has other bytes`);
    }
    if (seen.isDegraded) this.add("I14", "degraded without rot");
    for (const name of seen.missing) this.add("I8", `${name} was reported and is gone`);
    for (const name of seen.halves) this.add("I1", `half of ${name} is there`);
  }

  /** What holds between the last barrier and now. */
  private follow(seen: Seen): void {
    this.state(seen);
    const before = this.durable;
    if (!before || seen.generation === 0) return;
    this.steps(before, seen);
    const parts = changed(before.inventory, seen.inventory);
    const planned = before.open ?? seen.open;
    for (const component of parts) {
      const name = find(seen.inventory, component)?.name ?? `component ${component}`;
      if (!planned) this.add("I12", `${name} changed without an operation`);
      else if (!find(planned.entries, component)) this.add("I13", `${name} is of no plan`);
    }
    this.floors(before, seen);
    if (before.open && before.open.id !== seen.open?.id) this.ended(before, before.open, seen);
    this.owed(before, seen);
  }

  /** An earlier boot wrote that an operation came so far; behind a barrier that failed. */
  private hasFound(id: number, state: OperationState): boolean {
    const { open, owed } = this.booted!;
    return owed.some((each) => each.id === id)
      || (open?.id === id && ORDER.indexOf(open.state) >= ORDER.indexOf(state));
  }

  /** Every one of these has said yes in this boot. */
  private agree(step: Step, entries: readonly Entry[]): void {
    for (const { name } of entries) {
      if (!this.agreed.has(`${step} ${idOf(name)}`)) this.add("I20", `${name}: no ${step}`);
    }
  }

  private steps(before: Seen, { open }: Seen): void {
    const last = before.open;
    if (!last || open?.id !== last.id) return;
    const isNew = last.state === "planned" && open.state === "committed";
    if (isNew && !this.hasFound(open.id, "committed")) {
      this.agree("prepare", last.entries.filter(({ component, slot, isRemoved }) =>
        !isRemoved && find(before.inventory, component)?.slot !== slot));
    }
    const [from, to] = [ORDER.indexOf(last.state), ORDER.indexOf(open.state)];
    if (to < from) this.add("I9", `from ${last.state} back to ${open.state}`);
    if (to === from && open.attempts < last.attempts) this.add("I10", "an attempt is forgotten");
  }

  private floors(before: Seen, seen: Seen): void {
    const hasEndedWell = seen.owed.some(({ id, code }) => code === 1200 && id === before.open?.id);
    for (const { component, floor, name, isRemoved } of before.inventory) {
      const now = find(seen.inventory, component);
      if (isRemoved || !now) continue;
      if (now.floor < floor) this.add("I11", `the floor of ${name} fell`);
      if (now.floor > floor && !hasEndedWell) this.add("I11", `the floor of ${name} rose`);
    }
  }

  /** An operation has ended: its outcome says what is in force. */
  private ended(before: Seen, open: Open, seen: Seen): void {
    const outcome = seen.owed.find(({ id }) => id === open.id);
    if (!outcome) return this.add("I8", "an operation ended without an outcome");
    const isNew = open.entries.every((entry) => {
      const now = find(seen.inventory, entry.component);
      return now !== undefined && isSame(now, entry);
    });
    const isOld = changed(before.inventory, seen.inventory).length === 0;
    if (outcome.code === 1200 ? !isNew : !isOld) {
      this.add("I7", `${outcome.code} is owed, in force: ${setOf(seen.inventory)}`);
    }
    if (outcome.code === 1200 && !this.booted!.owed.some(({ id }) => id === open.id)) {
      this.agree("ensure", open.entries);
      this.agree("health", open.entries.filter((each) => each.isActive && !each.isRemoved));
    }
    if (outcome.code === 1200 && open.state === "rolling") {
      this.add("I9", "an operation that was rolled back ended well");
    }
  }

  private owed(before: Seen, seen: Seen): void {
    for (const { id, code } of before.owed) {
      const now = seen.owed.find((each) => each.id === id);
      if (now && now.code !== code) this.add("I8", `${code} became ${now.code}`);
      if (!now && !this.heard.some((each) => each.code === code)) {
        this.add("I8", `${code} is owed no more, and nobody heard it`);
      }
    }
  }

  private slot(slot: number): void {
    const { durable } = this;
    if (!durable) return;
    const held = [...durable.inventory, ...effective(durable)];
    const owner = held.find((entry) => entry.slot === slot && !entry.isRemoved);
    if (owner) this.add("I5", `slot ${slot} of ${owner.name} is written`);
    if (durable.kept.includes(slot)) this.add("I5", `slot ${slot} of a package is written`);
  }

  private ask({ step, name, slot, isRecorded }: Fact & { is: "ask" }): void {
    const { durable, booted } = this;
    if (!durable || !booted || step === "prepare") return;
    const { open } = durable;
    if (!open) {
      const entry = durable.inventory.find((each) => each.name === name);
      const isDue = durable.isDegraded || durable.isDoubtful || entry?.isDirty === true;
      if (!isDue) this.add("I19", `${step} of ${name} without a reason`);
      return;
    }
    if (this.isDirtyAgain(booted, open, name, slot)) return;
    if (!isRecorded) this.add("I19", `${step} of ${name} before its barrier`);
    if (durable.generation <= booted.generation) {
      this.add("I19", `${step} of ${name} rests on a region of another boot`);
    }
    if (open.state === "planned") this.add("I19", `${step} of ${name} before COMMIT`);
    this.component(open, name, slot);
    this.attempts(booted, open);
  }

  /**
   * A rollback that could not bring all back has ended, and the barrier of its outcome failed: the
   * boot that reads it brings back the old once more, which is what is wanted either way.
   */
  private isDirtyAgain({ open, inventory }: Seen, { state }: Open, name: string, slot: number) {
    const entry = inventory.find((each) => each.name === name);
    return !open && state === "rolling" && entry?.isDirty === true && entry.slot === slot;
  }

  /** Which of both sets a component is asked for. */
  private component(open: Open, name: string, slot: number): void {
    const wanted = open.entries.find((entry) => entry.name === name);
    const old = this.durable!.inventory.find((entry) => entry.name === name);
    const isPart = wanted || (old && find(open.entries, old.component));
    if (!isPart) return this.add("I13", `${name} is of no plan`);
    const isNew = wanted?.slot === slot;
    if (open.state === "committed" && !isNew) this.add("I9", `${name} goes back before ROLLBACK`);
    if (open.state === "rolling" && isNew && old?.slot !== slot) {
      this.add("I9", `${name} goes forward behind ROLLBACK`);
    }
  }

  private attempts({ open: found }: Seen, { id, state, attempts }: Open): void {
    if (attempts > this.rules.triesMax) this.add("I10", `attempt ${attempts}`);
    if (found?.id !== id || found.state !== state || attempts > found.attempts) return;
    const isLastOfRolling = state === "rolling" && attempts > 0;
    if (!isLastOfRolling) this.add("I10", "an attempt that was not counted");
  }

  private sent(heard: Heard): void {
    const { source, correlator, code } = heard;
    const known = this.heard.find((each) =>
      each.source === source && each.correlator === correlator);
    if (known && known.code !== code) this.add("I8", `${known.code}, then ${code}`);
    const isOwed = this.durable?.owed.some((each) => each.code === code);
    if (isOwed !== true) this.add("I19", `${code} is sent and not recorded`);
    this.heard.push(heard);
  }

  private judge(fact: Fact): void {
    if (fact.is === "end") this.end(fact);
    if (fact.is === "idle" && fact.changes > 0) this.add("I17", `${fact.changes} changes in IDLE`);
    if (fact.is === "twice" && fact.left !== fact.right) {
      this.add("I16", `${fact.left} and ${fact.right}`);
    }
    if (fact.is !== "rot") return;
    const isTold = fact.isSame || fact.isDegraded || fact.isRefused || fact.isRepeat;
    if (!isTold) this.add("I14", "it says something else and does not know it");
    if (!fact.isWhole) this.add("I14", "a mixture after rot");
  }

  private end({ isQuiet, boots, seen, outside, owing }: Fact & { is: "end" }): void {
    if (!isQuiet) return this.add("I4", `not quiet after ${boots} boots`);
    if (boots > this.rules.bootsMax) this.add("I4", `quiet only after ${boots} boots`);
    for (const text of owing) this.add("I8", `nobody heard of ${text}`);
    const active = seen.inventory.filter((entry) => entry.isActive && !entry.isRemoved);
    const flagged = seen.inventory.filter((each) => each.isDirty);
    const dirty = new Set(flagged.map(({ name }) => idOf(name)));
    const inForce = active.map(({ name, digest }) => `${name} ${digest}`);
    const clean = (texts: readonly string[]): string =>
      texts.filter((text) => !dirty.has(idOf(text))).sort().join(", ");
    if (clean(inForce) !== clean(outside)) this.add("I3", `outside: ${outside.join(", ")}`);
  }
}

const idOf = (name: string): string => name.slice(0, name.indexOf(" "));
