import type { DeliveredEntry, DeployedEntry, Inventory } from "./devices.ts";
import { type Command, textOfData, type TreeCommand } from "./message.ts";
import type { Answer } from "./outgoing.ts";
import type { Change, Wanted } from "./policy.ts";

/**
 * What a server does in a session, as a sequence of packages: yields the commands of one and is
 * resumed when the client has answered them all.
 */
export type Script<T = void> = Generator<readonly Command[], T, Answers>;

export interface Answers {
  answerOf(command: Command): Answer;
}

/** Nodes asked in one package: the answers must find room in a small client. */
const NODES_IN_PACKAGE_MAX = 8;

const DELIVERED_LEAVES = ["PkgID", "State"];
const DEPLOYED_LEAVES = ["ID", "Version", "State", "PkgIDRef"];

/**
 * Reads Download, Delivered and Deployed below `root`; nodes that are not there are left out.
 *
 * @returns the first code other than 2xx and 404 (0: no answer), if there is one: nothing may be
 *   concluded then
 */
export function* readInventory(root: string): Script<Inventory | number> {
  const lists = ["Download", "Inventory/Delivered", "Inventory/Deployed"].map(
    (path) => get(`${root}/${path}`),
  );
  const answers = yield lists;
  const fault = faultIn(lists, answers);
  if (fault !== undefined) return fault;
  const [downloads, delivered, deployed] = lists.map((list) => namesIn(answers.answerOf(list)));
  const deliveredRoot = `${root}/Inventory/Delivered`;
  const packages = yield* readEntries(deliveredRoot, delivered!, DELIVERED_LEAVES, deliveredEntry);
  if (typeof packages === "number") return packages;
  const deployedRoot = `${root}/Inventory/Deployed`;
  const components = yield* readEntries(deployedRoot, deployed!, DEPLOYED_LEAVES, deployedEntry);
  if (typeof components === "number") return components;
  return { downloads: downloads!, delivered: packages, deployed: components };
}

function faultIn(gets: TreeCommand[], answers: Answers): number | undefined {
  const codes = gets.map((get) => answers.answerOf(get).code);
  return codes.find((code) => code !== 404 && (code < 200 || code >= 300));
}

type Leaves = ReadonlyMap<string, string>;

function* readEntries<T>(
  parent: string, nodes: string[], leaves: string[], entryOf: (node: string, leaves: Leaves) => T,
): Script<T[] | number> {
  const entries: T[] = [];
  for (let first = 0; first < nodes.length; first += NODES_IN_PACKAGE_MAX) {
    const part = nodes.slice(first, first + NODES_IN_PACKAGE_MAX);
    const gets = part.map((node) => leaves.map((leaf) => get(`${parent}/${node}/${leaf}`)));
    const answers = yield gets.flat();
    const fault = faultIn(gets.flat(), answers);
    if (fault !== undefined) return fault;
    part.forEach((node, index) => {
      entries.push(entryOf(node, leavesIn(leaves, gets[index]!, answers)));
    });
  }
  return entries;
}

function leavesIn(leaves: string[], gets: TreeCommand[], answers: Answers): Leaves {
  const values = new Map<string, string>();
  leaves.forEach((leaf, index) => {
    const value = valueIn(answers.answerOf(gets[index]!));
    if (value !== undefined) values.set(leaf, value);
  });
  return values;
}

function deliveredEntry(node: string, leaves: Leaves): DeliveredEntry {
  return { node, ...textIn(leaves, "PkgID", "pkgId"), ...numberIn(leaves, "State", "state") };
}

function deployedEntry(node: string, leaves: Leaves): DeployedEntry {
  return {
    node,
    ...textIn(leaves, "ID", "id"),
    ...textIn(leaves, "Version", "version"),
    ...numberIn(leaves, "State", "state"),
    ...textIn(leaves, "PkgIDRef", "pkgIdRef"),
  };
}

function textIn<K extends string>(leaves: Leaves, leaf: string, key: K): { [k in K]?: string } {
  const value = leaves.get(leaf);
  return (value === undefined ? {} : { [key]: value }) as { [k in K]?: string };
}

function numberIn<K extends string>(leaves: Leaves, leaf: string, key: K): { [k in K]?: number } {
  const value = leaves.get(leaf);
  const isNumber = value !== undefined && /^\d{1,9}$/.test(value);
  return (isNumber ? { [key]: Number(value) } : {}) as { [k in K]?: number };
}

export function get(uri: string): TreeCommand {
  return { kind: "Get", items: [{ target: uri }] };
}

/** Names of children, which a Get of an interior node answers joined by `/`. */
function namesIn(answer: Answer): string[] {
  return (valueIn(answer) ?? "").split("/").filter((name) => name !== "");
}

function valueIn(answer: Answer): string | undefined {
  return answer.code >= 200 && answer.code < 300 ? textOfData(answer.results[0]) : undefined;
}

/**
 * Compares dotted numbers; a part that is missing counts as 0.
 *
 * @returns below 0 if `left` is older, 0 if they are equal, else above 0
 */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.split("."));
  for (let i = 0; i < Math.max(a!.length, b!.length); i++) {
    const difference = partOf(a![i]) - partOf(b![i]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function partOf(part: string | undefined): number {
  const digits = /^\s*(\d{1,15})/.exec(part ?? "");
  return digits === null ? 0 : Number(digits[1]);
}

/** Wanted components that are missing from the inventory or older there. */
export function outdatedIn(
  inventory: Inventory, wanted: Readonly<Record<string, string>>,
): string[] {
  return Object.entries(wanted)
    .filter(([id, version]) => {
      const entry = inventory.deployed.find((deployed) => deployed.id === id);
      return entry?.version === undefined || compareVersions(entry.version, version) < 0;
    })
    .map(([id]) => id);
}

/** IDs of what is not as wanted: components to install, and those with a State to change. */
export function lackingIn(
  inventory: Inventory, { components, changes }: Pick<Wanted, "components" | "changes">,
): string[] {
  const open = changes.filter((change) => !isMade(inventory, change)).map(({ id }) => id);
  return [...outdatedIn(inventory, components), ...open];
}

const ACTIVE = 20;

/** A component that is not there lacks nothing. */
function isMade({ deployed }: Inventory, { primitive, id }: Change): boolean {
  const entry = deployed.find((each) => each.id === id);
  if (entry === undefined || primitive === "Remove") return entry === undefined;
  return (entry.state === ACTIVE) === (primitive === "Activate");
}

const STATES: Readonly<Record<number, string>> = { 10: "inactive", 20: "active" };

/** The inventory in one line. */
export function describe({ deployed, delivered }: Inventory): string {
  const components = deployed.map(({ node, id, version, state }) =>
    `${id ?? node} ${version ?? "without version"} ${STATES[state ?? 0] ?? "in unknown state"}`);
  const packages = delivered.map(({ node, pkgId }) => pkgId ?? node);
  const list = components.length === 0 ? "no component" : components.join(", ");
  return packages.length === 0 ? list : `${list}; delivered: ${packages.join(", ")}`;
}
