import type { Device, Inventory, Order, OrderedPackage } from "./devices.ts";
import type { DeviceEvent } from "./events.ts";
import { describe, lackingIn, readInventory, type Script } from "./inventory.ts";
import type { Alert, Command, Group, Item, TreeCommand } from "./message.ts";
import { nodeNameOf, packageIdOf, type Policy, type Wanted } from "./policy.ts";
import { apply, isOpen } from "./reports.ts";
import { type PackageContents, resolve } from "./resolve.ts";

// What the server does in a session: read the inventory, settle what earlier orders came to, order
// what is outdated. Orders are made here; reports.ts ends them when their alerts come in.

export interface Management {
  device: Device;
  policy: Policy;
  /** The session follows a notification of this server. */
  isNotified: boolean;
  urlOf(path: string): string;
  /** Bytes of a Delivery Package, for direct delivery. */
  bytesOf(path: string): Uint8Array | undefined;
  /** What a Delivery Package brings and needs; undefined where that cannot be told. */
  contentsOf(path: string): PackageContents | undefined;
  /** Whether a command fits into one message to this client. */
  fits(command: Command): boolean;
  emit(event: DeviceEvent): void;
}

/** Seconds that a person has for an answer. */
const ASK_SECONDS = 300;

const DELIVERED = 10;
/**
 * Codes of orders that may go well another time: the download failed, its server did; the device
 * takes no orders now, or no more of them.
 */
const PASSING_CODES = [1402, 1500, 1501, 403, 500];
/** The session that an order has failed in. */
const failedIn = new WeakMap<Order, Management>();

/** Code of a part of an order for which nothing is left to do. */
const DONE_ALREADY = 1200;

/** The whole of a session. Goes round again when alerts came in on the way. */
export function* manage(management: Management): Script {
  const { device, policy } = management;
  const root = `./${policy.root}`;
  for (;;) {
    const resultCount = device.results.length;
    const inventory = yield* readInventory(root);
    if (typeof inventory === "number") {
      management.emit({ kind: "order", text: `The inventory cannot be read: ${inventory}` });
      return;
    }
    device.inventory = inventory;
    const text = `Inventory: ${describe(inventory)}`;
    management.emit({ kind: "inventory", text, inventory });
    settle(management, inventory);
    yield* cleanUp(device, root, inventory);
    for (const order of dueOrders(management, inventory)) {
      yield* new Placement(management, order, inventory).run();
    }
    if (device.results.length === resultCount) return;
  }
}

/** Ends orders by what the inventory shows. */
function settle(management: Management, inventory: Inventory): void {
  const { device, policy, emit } = management;
  for (const order of [...device.orders]) {
    const isOld = order.revision !== policy.revision
      || lackingIn(inventory, order.wanted).length === 0;
    if (order.state === "available" && isOld) {
      device.orders.splice(device.orders.indexOf(order), 1);
    }
    if (isOpen(order) && isForgotten(order, inventory)) {
      order.state = "lost";
      emit({ kind: "order", text: `${nameOf(order)} is unknown to the device`, order });
    }
    if (order.isVerified !== undefined || (order.state !== "done" && order.state !== "failed")) {
      continue;
    }
    if (order.state === "failed") failedIn.set(order, management);
    const outdated = lackingIn(inventory, order.wanted);
    order.isVerified = order.state === "done" && outdated.length === 0;
    const outcome = order.state === "failed" ? `failed with ${order.code}`
      : order.isVerified ? "is done and verified"
        : `is reported done, yet the inventory lacks ${outdated.join(", ")}`;
    emit({ kind: "order-done", text: `${nameOf(order)} ${outcome}`, order });
  }
}

/** Only the server deletes these nodes: without them the device is not the one that accepted. */
function isForgotten(order: Order, { downloads, delivered }: Inventory): boolean {
  return order.wanted.changes.length === 0 && order.packages.every(({ node }) =>
    !downloads.includes(node) && delivered.every((entry) => entry.node !== node));
}

/** Deletes the Download nodes of orders that have ended; a refusal is the client's right. */
function* cleanUp(device: Device, root: string, inventory: Inventory): Script {
  const inUse = new Set(device.orders.filter(isOpen).flatMap(nodesOf));
  const ended = device.orders.filter((order) => !isOpen(order) && order.state !== "available");
  const stale = new Set(ended.flatMap(nodesOf).filter((node) =>
    inventory.downloads.includes(node) && !inUse.has(node)));
  if (stale.size === 0) return;
  const deletes = [...stale].map((node) => remove(`${root}/Download/${node}`));
  const answers = yield deletes;
  inventory.downloads = inventory.downloads.filter((node) => {
    const index = [...stale].indexOf(node);
    return index < 0 || answers.answerOf(deletes[index]!).code >= 300;
  });
}

function nodesOf(order: Order): string[] {
  return order.packages.map(({ node }) => node);
}

/** Orders that go on or begin now; an outdated device's other ones are shown as available. */
function dueOrders(management: Management, inventory: Inventory): Order[] {
  const { device, policy, isNotified, emit } = management;
  const due = device.orders.filter((order) => mayGoOn(order, inventory));
  for (const [index, entry] of policy.wanted.entries()) {
    const outdated = lackingIn(inventory, entry);
    if (outdated.length === 0 || isBlocked(management, index)) continue;
    const wanted = entry.bind === "auto" ? chosenFrom(management, entry, inventory) : entry;
    if (wanted === undefined) continue;
    const order = orderFor(device, policy, index, wanted);
    if (wanted.urgent || isNotified) due.push(order);
    else {
      const text = `${nameOf(order)} is available: ${outdated.join(", ")}; not urgent`;
      emit({ kind: "order", text, order });
    }
  }
  return due;
}

/** A change is ordered again until it is reported: a device that knows of it says so. */
function mayGoOn({ state, wanted, packages }: Order, inventory: Inventory): boolean {
  if (wanted.changes.length > 0) return state === "installing";
  return state === "downloading" && packages.every((each) => isDelivered(each, inventory));
}

/** Names by which a package, or a component that changes, is known in an order. */
function objectsOf({ packages, changes }: Wanted): Omit<OrderedPackage, "correlator">[] {
  return [
    ...packages.map((path) => ({ path, pkgId: packageIdOf(path), node: nodeNameOf(path) })),
    ...changes.map(({ id }) => ({ path: "", pkgId: id, node: `Deployed/${id}` })),
  ];
}

/** The packages that this device needs of those that the entry names. */
function chosenFrom(
  { contentsOf, emit }: Management, entry: Wanted, inventory: Inventory,
): Wanted | undefined {
  const known = entry.packages.flatMap((path) => {
    const contents = contentsOf(path);
    return contents === undefined ? [] : [[path, contents] as const];
  });
  const { packages, components, lacks } = resolve(inventory, entry.components, new Map(known));
  if (lacks !== undefined) {
    const text = `Nothing of ${entry.packages.join(", ")} brings ${lacks.id} ${lacks.version}`;
    emit({ kind: "order", text: `${text} to what is there` });
    return undefined;
  }
  const bind = packages.length === 1 ? "package" : "atomic";
  return { ...entry, bind, packages, components: { ...components, ...entry.components } };
}

/** An open order is in the way, or this policy has been tried and failed or was refused. */
function isBlocked(management: Management, index: number): boolean {
  const { device, policy } = management;
  const wanted = policy.wanted[index]!;
  const nodes = objectsOf(wanted).map(({ node }) => node);
  const own = device.orders.filter((order) =>
    order.revision === policy.revision && order.index === index);
  const passing = own.filter((order) => mayPass(order, management));
  return passing.length > wanted.retries || device.orders.some((order) => {
    if (isOpen(order)) return nodesOf(order).some((node) => nodes.includes(node));
    const isUseless = order.state === "done" && order.isVerified === false;
    const isOver = order.state === "failed" || order.state === "refused" || isUseless;
    return isOver && own.includes(order) && !passing.includes(order);
  });
}

/** It failed in an earlier session, by what may be over. */
function mayPass(order: Order, management: Management): boolean {
  const { state, code = 0 } = order;
  return state === "failed" && PASSING_CODES.includes(code) && failedIn.get(order) !== management;
}

/** The entry's order that was only available so far, or a new one. */
function orderFor(device: Device, policy: Policy, index: number, wanted: Wanted): Order {
  const { revision } = policy;
  const known = device.orders.find((order) =>
    order.state === "available" && order.revision === revision && order.index === index);
  const isSame = known?.wanted.packages.join() === wanted.packages.join();
  if (known !== undefined && isSame) return known;
  if (known !== undefined) device.orders.splice(device.orders.indexOf(known), 1);
  const number = Math.max(0, ...device.orders.map((order) => order.number)) + 1;
  const order: Order = {
    number, revision, index, wanted, state: "available",
    packages: objectsOf(wanted).map((object, i) => ({
      ...object, correlator: correlatorOf(revision, number, wanted, i),
    })),
  };
  device.orders.push(order);
  return order;
}

/**
 * The same again after a restart of the server with the same policy, so that a device that knows
 * the job does not take it for a second one.
 */
function correlatorOf(revision: string, number: number, wanted: Wanted, index: number): string {
  const order = `order-${revision.slice(0, 8)}-${number}`;
  return wanted.correlator === "exec" ? `${order}-${index + 1}` : order;
}

function isDelivered({ node, pkgId }: OrderedPackage, { delivered }: Inventory): boolean {
  return delivered.some((entry) =>
    entry.node === node && entry.pkgId === pkgId && entry.state === DELIVERED);
}

export function nameOf(order: Order): string {
  const { components: versions, changes } = order.wanted;
  if (changes.length > 0) {
    const list = changes.map(({ primitive, id }) => `${primitive} ${id}`).join(", ");
    return `Order ${order.number}, ${list},`;
  }
  const components = Object.entries(versions).map((pair) => pair.join(" "));
  const packages = order.packages.map(({ pkgId }) => pkgId).join(" + ");
  return `Order ${order.number}, ${packages} (${components.join(", ")}),`;
}

/** Carries one order through the commands of a session. */
class Placement {
  private readonly root: string;

  constructor(
    private readonly management: Management,
    private readonly order: Order,
    private readonly inventory: Inventory,
  ) {
    this.root = `./${management.policy.root}`;
  }

  *run(): Script {
    const { bind, delivery, changes } = this.order.wanted;
    const downloadInstall = this.install("DownloadInstall");
    if (changes.length > 0) yield* this.change();
    else if (delivery === "direct") yield* this.deliver();
    else if (bind === "package") yield* this.download("installing", downloadInstall);
    else if (this.missing().length > 0) yield* this.download("downloading", "Download");
    else yield* this.installDelivered();
  }

  private missing(): OrderedPackage[] {
    return this.order.packages.filter((each) => !isDelivered(each, this.inventory));
  }

  private install(operation: string): string {
    return this.order.wanted.inactive ? `${operation}Inactive` : operation;
  }

  /** An Exec for each component whose State is another one. */
  private *change(): Script {
    const { order, inventory } = this;
    if (order.state !== "installing" && !(yield* this.askFirst())) return;
    this.begin("installing");
    const lacking = new Set(lackingIn(inventory, order.wanted));
    const execs = order.wanted.changes.flatMap(({ primitive, id }, index) => {
      const ordered = order.packages[index]!;
      const node = inventory.deployed.find((entry) => entry.id === id)?.node;
      if (lacking.has(id) && node !== undefined && ordered.code === undefined) {
        const uri = `${this.root}/Inventory/Deployed/${node}/Operations/${primitive}`;
        return [this.exec(ordered, uri)];
      }
      if (ordered.source === undefined) ordered.code = DONE_ALREADY;
      return [];
    });
    if (execs.length > 0) yield* this.ask(execs, [], execs);
  }

  /** Indirect delivery: a Sequence for each package, the first with the question. */
  private *download(state: "downloading" | "installing", operation: string): Script {
    const packages = state === "installing" ? this.order.packages : this.missing();
    for (const [index, ordered] of packages.entries()) {
      const question = index === 0 ? this.question() : [];
      const node = `${this.root}/Download/${ordered.node}`;
      const isStale = this.inventory.downloads.includes(ordered.node);
      const exec = this.exec(ordered, `${node}/Operations/${operation}`);
      const add = this.add(node, [
        ["PkgID", ordered.pkgId], ["Name", ordered.pkgId],
        ["PkgURL", this.management.urlOf(ordered.path)],
      ]);
      const before = isStale ? [remove(node)] : [];
      const sequence = group("Sequence", [...question, ...before, add, exec]);
      this.begin(state);
      if (this.management.fits(sequence)) yield* this.ask([sequence], question, [exec]);
      else {
        // The client's messages are too small for all at once: the node first, item by item.
        for (const command of [...before, ...singly(add)]) yield [command];
        yield* this.ask([group("Sequence", [...question, exec])], question, [exec]);
      }
      if (!isOpen(this.order)) return;
    }
  }

  /** Direct delivery: the question, then the bytes as large objects, then the Execs. */
  private *deliver(): Script {
    if (!(yield* this.askFirst())) return;
    for (const ordered of this.missing()) {
      const bytes = this.management.bytesOf(ordered.path);
      if (bytes === undefined) {
        this.fail(ordered, 1500, `the server has no ${ordered.path}`);
        return;
      }
      const node = `${this.root}/Inventory/Delivered/${ordered.node}`;
      const isStale = this.inventory.delivered.some((entry) => entry.node === ordered.node);
      if (isStale) yield [remove(node)];
      const add = this.add(node, [["PkgID", ordered.pkgId], ["Name", ordered.pkgId]]);
      const item: Item = { target: `${node}/Data`, meta: { format: "bin" }, data: bytes };
      const data: TreeCommand = { kind: "Add", items: [item] };
      const answers = yield [add, data];
      const { code } = answers.answerOf(data);
      if (code < 200 || code >= 300) {
        this.fail(ordered, code, `the device did not take ${ordered.path}: ${code}`);
        yield [remove(node)];
        return;
      }
    }
    yield* this.executeDelivered();
  }

  private *installDelivered(): Script {
    if (yield* this.askFirst()) yield* this.executeDelivered();
  }

  /** Install of what lies in Delivered; several packages are bound by an Atomic. */
  private *executeDelivered(): Script {
    const operation = this.install("Install");
    const execs = this.order.packages.map((ordered) => this.exec(
      ordered, `${this.root}/Inventory/Delivered/${ordered.node}/Operations/${operation}`,
    ));
    this.begin("installing");
    const isAtomic = this.order.wanted.bind === "atomic";
    yield* this.ask(isAtomic ? [group("Atomic", execs)] : execs, [], execs);
  }

  /** Asks in a package of its own. @returns whether the order may go on */
  private *askFirst(): Script<boolean> {
    const question = this.question();
    if (question.length === 0) return true;
    const answers = yield question;
    const { code } = answers.answerOf(question[0]!);
    this.tellAnswer(code);
    if (isRefusal(code)) this.refuse(code);
    return !isRefusal(code);
  }

  /** Sends the Execs and takes what becomes of each. */
  private *ask(commands: Command[], question: Alert[], execs: TreeCommand[]): Script {
    const answers = yield commands;
    const asked = question[0] === undefined ? 0 : answers.answerOf(question[0]).code;
    if (asked !== 0) this.tellAnswer(asked);
    const codes = execs.map((exec) => answers.answerOf(exec).code);
    // In a refused Atomic the first cause is the member with a code of its own.
    const groups = commands.map((command) => answers.answerOf(command).code);
    const cause = [...codes, ...groups].find((code) => code >= 300) ?? codes.find(isNotRun);
    if (isRefusal(asked)) this.refuse(asked);
    else if (cause !== undefined) {
      const text = cause === 0 ? "got no answer" : `was not accepted: ${cause}`;
      this.fail(undefined, cause, text);
    } else codes.forEach((code, index) => this.accept(execs[index]!, code));
  }

  private accept(exec: TreeCommand, code: number): void {
    const ordered = this.order.packages.find(({ source }) => source === exec.items[0]!.target)!;
    if (code === 202) return;
    // Done at once: no alert follows.
    apply(this.order, ordered, code === 200 ? 1200 : code);
  }

  private begin(state: "downloading" | "installing"): void {
    const { order, management } = this;
    if (order.state === state) return;
    for (const ordered of order.packages) delete ordered.code;
    order.state = state;
    const isChange = order.wanted.changes.length > 0;
    const verb = isChange ? "changes" : state === "downloading" ? "downloads" : "installs";
    const text = `${nameOf(order)} goes out: the device ${verb}`;
    management.emit({ kind: "order", text, order });
  }

  private refuse(code: number): void {
    this.order.state = "refused";
    this.order.code = code;
    const text = `${nameOf(this.order)} was refused by the user: ${code}`;
    this.management.emit({ kind: "order-done", text, order: this.order });
  }

  private fail(ordered: OrderedPackage | undefined, code: number, text: string): void {
    this.order.state = "failed";
    this.order.code = code;
    this.order.isVerified = false;
    failedIn.set(this.order, this.management);
    if (ordered !== undefined) ordered.code = code;
    const line = `${nameOf(this.order)} ${text}`;
    this.management.emit({ kind: "order-done", text: line, order: this.order });
  }

  private tellAnswer(code: number): void {
    const meaning = code === 200 ? "yes" : code === 304 ? "no" : `${code}`;
    const text = `${nameOf(this.order)} user asked: ${meaning}`;
    this.management.emit({ kind: "order", text, order: this.order });
  }

  private question(): Alert[] {
    const { askUser } = this.order.wanted;
    if (askUser === undefined) return [];
    const options = `MAXDT=${ASK_SECONDS}&DR=0`;
    return [{ kind: "Alert", code: 1101, items: [{ data: options }, { data: askUser }] }];
  }

  private add(node: string, leaves: [string, string][]): TreeCommand {
    const items: Item[] = leaves.map(([leaf, data]) => ({ target: `${node}/${leaf}`, data }));
    return { kind: "Add", items: [{ target: node, meta: { format: "node" } }, ...items] };
  }

  private exec(ordered: OrderedPackage, target: string): TreeCommand {
    ordered.source = target;
    return { kind: "Exec", correlator: ordered.correlator, items: [{ target }] };
  }
}

/** The person said no, cancelled or was not there: no consent. */
function isRefusal(code: number): boolean {
  return code === 304 || code === 214 || code === 408;
}

/** No Status, not executed, or rolled back. */
function isNotRun(code: number): boolean {
  return code === 0 || code === 215 || code === 216;
}

function remove(target: string): TreeCommand {
  return { kind: "Delete", items: [{ target }] };
}

function group(kind: "Atomic" | "Sequence", members: Command[]): Group {
  return { kind, members };
}

/** One Add for each Item. */
function singly(add: TreeCommand): TreeCommand[] {
  return add.items.map((item) => ({ kind: "Add", items: [item] }));
}
