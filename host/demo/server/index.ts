import type { AddressInfo } from "node:net";
import type { SessionReport } from "./audit/report.ts";
import type { DeviceStatus } from "./devices.ts";
import type { Listener } from "./events.ts";
import { createHttpServer } from "./http.ts";
import { Packages, type PackageSource } from "./packages.ts";
import { parsePolicy, type Policy } from "./policy.ts";
import type { PackageContents } from "./resolve.ts";
import type { ScriptOf } from "./session.ts";
import { Endpoint, type NotifyOptions } from "./sessions.ts";

export type {
  DeliveredEntry, DeployedEntry, DeviceStatus, Inventory, Order, OrderState, OrderStatus, Result,
} from "./devices.ts";
export { type Check, type CheckId, CHECKS, type Deviation } from "./audit/checks.ts";
export { linesOf, type SessionReport } from "./audit/report.ts";
export type { Listener, ServerEvent } from "./events.ts";
export type { Answers, Script } from "./inventory.ts";
export type { Alert, Command, Group, Item, Meta, TreeCommand } from "./message.ts";
export type { Management } from "./orders.ts";
export type { Answer } from "./outgoing.ts";
export type { PackageSource } from "./packages.ts";
export { parsePolicy, type Policy, PolicyError, readPolicy } from "./policy.ts";
export type { PackageContents, VersionOf } from "./resolve.ts";
export type { ScriptOf } from "./session.ts";
export type { NotifyOptions } from "./sessions.ts";
export * from "./wbxml.ts";

export interface ServerOptions {
  /** A parsed policy, or the value of its JSON. */
  policy: unknown;
  /** Folder of the Delivery Packages, or the packages by path; without it none are served. */
  packages?: PackageSource;
  /** Address to bind, 127.0.0.1 by default. */
  host?: string;
  /** 0, the default, takes a free port. */
  port?: number;
  /** End a session with Alert 1223 where a deviation leaves it without meaning. */
  isStrict?: boolean;
  /**
   * What the server does in each session, in place of what the policy wants: a generator that
   * yields the commands of one package and is resumed when the client has answered them all.
   */
  script?: ScriptOf;
  /** Origin of pages that may use the server, or `*`. */
  allowOrigin?: string;
  /** Reads what a Delivery Package brings and needs, for entries whose `bind` is auto. */
  contentsOf?: (bytes: Uint8Array) => PackageContents | undefined;
  /** What clients call this server, where that is not `http://<host>:<port>`. */
  publicUrl?: string;
}

export interface ReferenceServer {
  /** Base of all URLs, without a slash at its end; messages go to `<url>/dm`. */
  readonly url: string;
  status(): { devices: DeviceStatus[] };
  /** What the last sessions came to, the oldest first: every deviation with its clause. */
  sessionReports(): SessionReport[];
  /** Bytes of a Package #0; undefined if the device has no account. */
  notify(device: string, options?: NotifyOptions): Uint8Array | undefined;
  /** Calls `listener` for each event until the returned function is called. */
  on(listener: Listener): () => void;
  /** Another policy from the next session on; failed and refused orders are then tried again. */
  setPolicy(policy: unknown): void;
  /** Ends all connections. May be called twice. */
  close(): Promise<void>;
}

/**
 * Starts the reference DM server.
 *
 * @throws PolicyError  the policy is wrong
 * @throws Error        the address cannot be bound; `code` is that of node:net
 */
export async function startServer(options: ServerOptions): Promise<ReferenceServer> {
  const packages = new Packages(options.packages ?? new Map());
  let url = "";
  const endpoint = new Endpoint({
    policy: policyOf(options.policy),
    isStrict: options.isStrict === true,
    urlOf: (path) => `${url}/packages/${path.split("/").map(encodeURIComponent).join("/")}`,
    bytesOf: (path) => packages.get(path)?.bytes,
    contentsOf: (path) => {
      const file = packages.get(path);
      return file === undefined ? undefined : options.contentsOf?.(file.bytes);
    },
    ...(options.script === undefined ? {} : { script: options.script }),
  });
  const { allowOrigin, host = "127.0.0.1", port = 0 } = options;
  const server = createHttpServer({
    endpoint, packages, ...(allowOrigin === undefined ? {} : { allowOrigin }),
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
  url = options.publicUrl?.replace(/\/$/, "") ?? `http://${name}:${address.port}`;
  return {
    url,
    status: () => endpoint.status(),
    sessionReports: () => endpoint.sessionReports(),
    notify: (device, notifyOptions) => endpoint.notify(device, notifyOptions),
    on: (listener) => endpoint.on(listener),
    setPolicy: (policy) => endpoint.setPolicy(policyOf(policy)),
    close: () => new Promise((resolve) => {
      endpoint.close();
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

function policyOf(value: unknown): Policy {
  const isParsed = typeof value === "object" && value !== null && "revision" in value
    && "accounts" in value && value.accounts instanceof Map;
  return isParsed ? value as Policy : parsePolicy(value);
}
