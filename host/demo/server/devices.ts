import type { Wanted } from "./policy.ts";

/** What the server knows of one device. Lives as long as the server. */
export interface Device {
  readonly id: string;
  /** Leaves of ./DevInfo by their URI, as the device sent them last. */
  readonly info: Map<string, string>;
  inventory: Inventory | undefined;
  readonly orders: Order[];
  readonly results: Result[];
  /** What the client did that the documents do not allow. */
  readonly deviations: string[];
  /** Nonce that the client must use next; empty before the first challenge. */
  clientNonce: Uint8Array | undefined;
  /** Nonce that the client gave for the server's credentials. */
  serverNonce: Uint8Array | undefined;
  /** Sessions that were notified and have not begun. */
  readonly notified: NotifiedSession[];
}

export interface NotifiedSession {
  sessionId: string;
  /** Made with the nonce of the resynchronisation. */
  isResync: boolean;
}

export interface Inventory {
  /** Names of the nodes below Download. */
  downloads: string[];
  delivered: DeliveredEntry[];
  deployed: DeployedEntry[];
}

export interface DeliveredEntry {
  node: string;
  pkgId?: string;
  state?: number;
}

export interface DeployedEntry {
  node: string;
  id?: string;
  version?: string;
  state?: number;
  pkgIdRef?: string;
}

/**
 * available: not urgent, waits for a notified session. downloading: atomic only, packages are on
 * their way to Delivered. installing: the last Exec was accepted. lost: the device no longer knows.
 */
export type OrderState =
  | "available" | "downloading" | "installing" | "done" | "failed" | "refused" | "lost";

export interface Order {
  number: number;
  /** Digest of the policy under which it was made, and place of its entry there. */
  revision: string;
  index: number;
  wanted: Wanted;
  state: OrderState;
  packages: OrderedPackage[];
  /** SCOMO result, or the SyncML status that refused it. */
  code?: number;
  /** After success: whether the inventory then held what was wanted. */
  isVerified?: boolean;
}

export interface OrderedPackage {
  path: string;
  pkgId: string;
  node: string;
  correlator: string;
  /** Operation node that was executed last, undefined before. */
  source?: string;
  /** SCOMO result of that operation. */
  code?: number;
}

export interface Result {
  correlator?: string;
  source: string;
  target?: string;
  code: number;
  identifier: string;
  /** Order it belongs to. */
  order?: number;
  /** How often it was reported. */
  count: number;
}

const DEVIATION_COUNT_MAX = 200;

export class Devices {
  private readonly byId = new Map<string, Device>();

  /** The record of `id`, made if there is none. */
  get(id: string): Device {
    let device = this.byId.get(id);
    if (device === undefined) {
      device = newDevice(id);
      this.byId.set(id, device);
    }
    return device;
  }

  has(id: string): boolean {
    return this.byId.has(id);
  }

  all(): Device[] {
    return [...this.byId.values()];
  }
}

function newDevice(id: string): Device {
  return {
    id, info: new Map(), inventory: undefined, orders: [], results: [], deviations: [],
    clientNonce: undefined, serverNonce: undefined, notified: [],
  };
}

export function addDeviation(device: Device, deviation: string): void {
  if (device.deviations.length < DEVIATION_COUNT_MAX) device.deviations.push(deviation);
}

/** A device as `GET /status` shows it. */
export interface DeviceStatus {
  id: string;
  inventory: Inventory | null;
  orders: OrderStatus[];
  results: Result[];
  deviations: string[];
}

export interface OrderStatus {
  order: number;
  bind: string;
  packages: string[];
  components: Readonly<Record<string, string>>;
  changes: { primitive: string; id: string }[];
  state: OrderState;
  code: number | null;
  correlators: string[];
  verified: boolean | null;
}

export function statusOf(device: Device): DeviceStatus {
  return {
    id: device.id,
    inventory: device.inventory ?? null,
    orders: device.orders.map((order) => ({
      order: order.number,
      bind: order.wanted.bind,
      packages: [...order.wanted.packages],
      components: order.wanted.components,
      changes: order.wanted.changes.map((change) => ({ ...change })),
      state: order.state,
      code: order.code ?? null,
      correlators: [...new Set(order.packages.map((ordered) => ordered.correlator))],
      verified: order.isVerified ?? null,
    })),
    results: device.results.map((result) => ({ ...result })),
    deviations: [...device.deviations],
  };
}
