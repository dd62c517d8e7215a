// What a device does of which orders, as a map and a list: the reference of T5. Written from
// docs/install.md, and shares nothing with the core.

/** A component in a release; its content follows from both. */
export interface Part {
  id: string;
  version: number;
}

/** A Delivery Package. */
export interface Bundle {
  serial: number;
  parts: readonly Part[];
  /** What must be in force, at least in this version, once it is installed. */
  needs: readonly Part[];
  isSigned: boolean;
  /** False: the last content is not what the manifest says. */
  isWhole: boolean;
}

/** Who says no: the person, or a component at the call of its kind numbered so, from 0. */
export interface No {
  step: "confirm" | "prepare" | "ensure" | "health";
  nth: number;
}

export type Order =
  /** `bundles`: undefined for one that is not there. */
  | { is: "install"; bundles: readonly (Bundle | undefined)[]; isActive: boolean }
  | { is: "download"; entry: string; bundle: Bundle }
  | { is: "drop"; entry: string }
  | { is: "remove" | "activate" | "deactivate"; id: string }
  | { is: "put"; nodes: readonly string[]; value: string; isAtomic: boolean }
  | { is: "delete"; nodes: readonly string[] };

/** The Exec is answered with an error, or there is none. */
export const NOTHING = 0;
const WELL = 1200;
const FAILED = { remove: 1408, activate: 1409, deactivate: 1410 };

export interface End {
  code: number;
  after: Model;
}

export class Model {
  inForce = new Map<string, { version: number; isActive: boolean }>();
  /** Serials below which a component is not replaced; they outlive it. */
  floors = new Map<string, number>();
  /** Delivery Packages on the device, by the name of their entry. */
  kept = new Map<string, Bundle>();
  /** Values in the tree. */
  tree = new Map<string, string>();

  constructor(private readonly slots: number) {}

  /** How an order ends when nothing else fails than what says no. */
  end(order: Order, no?: No): End {
    const after = this.copy();
    const code = this.carryOut(order, after, no);
    return { code, after: code === WELL || code === NOTHING ? after : this };
  }

  private carryOut(order: Order, after: Model, no?: No): number {
    switch (order.is) {
      case "install":
        return this.install(order.bundles, order.isActive, after, no);
      case "download":
        if (!order.bundle.isSigned) return 1407;
        if (no?.step === "confirm") return 1401;
        if (this.free < 1) return 1404;
        after.kept.set(order.entry, order.bundle);
        return WELL;
      case "drop":
        return after.kept.delete(order.entry) ? WELL : NOTHING;
      case "put":
        if (order.isAtomic && !order.nodes.every((node) => this.tree.has(node))) return NOTHING;
        for (const node of order.nodes) after.tree.set(node, order.value);
        return NOTHING;
      case "delete":
        for (const node of order.nodes) after.tree.delete(node);
        return NOTHING;
      default:
        return this.change(order.is, order.id, after, no);
    }
  }

  private install(
    bundles: readonly (Bundle | undefined)[], isActive: boolean, after: Model, no?: No,
  ): number {
    if (bundles.includes(undefined)) return NOTHING;
    const all = bundles as readonly Bundle[];
    const planned = new Map<string, number>();
    let fresh = 0;
    for (const { parts, serial, isSigned } of all) {
      if (!isSigned) return 1407;
      const same = parts.filter(({ id, version }) =>
        serial === this.floors.get(id) && this.inForce.get(id)?.version === version);
      const isOlder = parts.some((part) =>
        serial <= (this.floors.get(part.id) ?? 0) && !same.includes(part));
      const isTwice = parts.some(({ id }) => planned.has(id));
      if (isOlder || isTwice || (same.length > 0 && same.length < parts.length)) return 1405;
      for (const { id, version } of parts) planned.set(id, version);
      fresh += parts.length - same.length;
    }
    const isMet = ({ id, version }: Part) =>
      (planned.get(id) ?? this.inForce.get(id)?.version ?? 0) >= version;
    if (!all.every(({ needs }) => needs.every(isMet))) return 1405;
    if (fresh === 0) return WELL;
    if (fresh > this.free) return 1406;
    if (no?.step === "confirm") return 1401;
    if (!all.every(({ isWhole }) => isWhole)) return 1407;
    const asked = no?.step === "health" && !isActive ? 0 : planned.size;
    if (no && no.nth < asked) return 1405;
    for (const { parts, serial } of all) {
      for (const { id, version } of parts) {
        after.inForce.set(id, { version, isActive });
        after.floors.set(id, serial);
      }
    }
    return WELL;
  }

  private change(is: keyof typeof FAILED, id: string, after: Model, no?: No): number {
    const held = this.inForce.get(id);
    if (!held) return NOTHING;
    if (is !== "remove" && held.isActive === (is === "activate")) return WELL;
    const isAsked = no?.step === "ensure" || (no?.step === "health" && is === "activate");
    if (isAsked && no.nth === 0) return FAILED[is];
    if (is === "remove") after.inForce.delete(id);
    else after.inForce.set(id, { ...held, isActive: is === "activate" });
    return WELL;
  }

  private get free(): number {
    return this.slots - this.inForce.size - this.kept.size;
  }

  private copy(): Model {
    const copy = new Model(this.slots);
    copy.inForce = new Map(this.inForce);
    copy.floors = new Map(this.floors);
    copy.kept = new Map(this.kept);
    copy.tree = new Map(this.tree);
    return copy;
  }
}
