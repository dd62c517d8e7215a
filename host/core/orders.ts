// What the orders that run say of themselves: leaves of their entries below Download and Delivered.
// No server may change an entry whose job has not ended.
import type { DeviceConfig } from "./config.ts";
import { jobs, nodes, operation, type Outcome } from "./look.ts";
import type { Core } from "./memory.ts";

const RESULT_SUCCESSFUL = 1200;

/** Each is empty where the entry does not have it. */
export interface OrderLeaves {
  /** As the server gave them: opaque here. */
  installParams: string;
  reboot: string;
  envType: string;
  pkgType: string;
}

export const NO_LEAVES: OrderLeaves = { installParams: "", reboot: "", envType: "", pkgType: "" };

export interface Orders {
  /** Number of the job group that runs, 0 for none. */
  group: number;
  /** Of each of its jobs, in their order. */
  leaves: readonly OrderLeaves[];
}

/** Of the group that has its turn; `known` is what the last call answered. */
export function currentOrders(core: Core, known: Orders): Orders {
  const all = jobs(core);
  const next = all.find((job) => !job.isPostponed && !job.hasOutcome);
  const group = operation(core)?.id ?? next?.group ?? 0;
  if (group === known.group) return known;
  const own = all.filter((job) => job.group === group).map(({ uri }) => uri);
  return { group, leaves: leavesOf(core, own) };
}

/** Leaves of the entries that these operations belong to. */
export function leavesOf(core: Core, uris: readonly string[]): OrderLeaves[] {
  const values = new Map(nodes(core).map(({ uri, value }) => [uri, value]));
  return uris.map((uri) => {
    const entry = uri.replace(/\/Operations\/[^/]*$/, "");
    const text = (name: string) => {
      const value = values.get(`${entry}/${name}`);
      return typeof value === "string" ? value : "";
    };
    return {
      installParams: text("InstallParams"),
      reboot: text("Reboot"),
      envType: text("EnvType"),
      pkgType: text("PkgType"),
    };
  });
}

/** `Reboot` of the orders to install that ended well. */
export function rebootsOf(core: Core, { result, items }: Outcome): string[] {
  const installs = items.map(({ uri }) => uri).filter((uri) => uri.includes("Install"));
  if (result !== RESULT_SUCCESSFUL || installs.length === 0) return [];
  return leavesOf(core, installs).map(({ reboot }) => reboot).filter((reboot) => reboot !== "");
}

/** False where an order names an environment or a type of package that the device does not have. */
export function areFit({ leaves }: Orders, { envTypes, pkgTypes }: DeviceConfig): boolean {
  return leaves.every((order) => has(envTypes, order.envType) && has(pkgTypes, order.pkgType));
}

function has(list: readonly string[] | undefined, value: string): boolean {
  const isSame = (each: string) => each.toLowerCase() === value.toLowerCase();
  return list === undefined || value === "" || list.some(isSame);
}
