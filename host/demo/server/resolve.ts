import { compareVersions } from "./inventory.ts";
import type { Inventory } from "./devices.ts";

// Which Delivery Packages a device needs so that it has what is wanted. Packages may need each
// other in circles: what counts is the inventory as it is once all of them are installed.

/** What a Delivery Package brings, and the least versions of what it needs. */
export interface PackageContents {
  components: readonly VersionOf[];
  requires: readonly VersionOf[];
}

export interface VersionOf {
  id: string;
  version: string;
}

export interface Resolution {
  /** Paths of the packages; none where there are not enough. */
  packages: string[];
  /** Version of each component that they bring. */
  components: Record<string, string>;
  /** What no package brings, if there is no set that does. */
  lacks?: VersionOf;
}

/** Sets that are looked at before it is given up. */
const SETS_MAX = 2000;

/** The smallest set of packages, those that stand first before others. */
export function resolve(
  inventory: Inventory, wanted: Readonly<Record<string, string>>,
  candidates: ReadonlyMap<string, PackageContents>,
): Resolution {
  const goal = Object.entries(wanted).map(([id, version]) => ({ id, version }));
  const queue: string[][] = [[]];
  let lacks: VersionOf | undefined;
  for (let looked = 0; looked < queue.length && looked < SETS_MAX; looked++) {
    const paths = queue[looked]!;
    const chosen = paths.map((path) => candidates.get(path)!);
    const brought = broughtBy(chosen);
    const need = [...goal, ...chosen.flatMap(({ requires }) => requires)]
      .find((each) => !isMet(each, inventory, brought));
    if (need === undefined) return { packages: paths, components: Object.fromEntries(brought) };
    lacks ??= need;
    const fitting = [...candidates].filter(([, { components }]) =>
      components.some((each) => each.id === need.id && isAtLeast(each.version, need.version))
      && components.every((each) => mayCome(each, inventory, brought)));
    if (paths.length > 0 && fitting.length === 0) lacks = need;
    for (const [path] of fitting) queue.push([...paths, path]);
  }
  return { packages: [], components: {}, lacks: lacks! };
}

function broughtBy(contents: readonly PackageContents[]): Map<string, string> {
  return new Map(contents.flatMap(({ components }) =>
    components.map(({ id, version }) => [id, version] as const)));
}

function isMet(
  { id, version }: VersionOf, inventory: Inventory, brought: ReadonlyMap<string, string>,
): boolean {
  const after = brought.get(id) ?? versionIn(inventory, id);
  return after !== undefined && isAtLeast(after, version);
}

/** A component comes once, and not in an older version than the one that is there. */
function mayCome(
  { id, version }: VersionOf, inventory: Inventory, brought: ReadonlyMap<string, string>,
): boolean {
  const current = versionIn(inventory, id);
  return !brought.has(id) && (current === undefined || isAtLeast(version, current));
}

function versionIn({ deployed }: Inventory, id: string): string | undefined {
  return deployed.find((entry) => entry.id === id)?.version;
}

function isAtLeast(version: string, least: string): boolean {
  return compareVersions(version, least) >= 0;
}
