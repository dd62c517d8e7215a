import type { Login, Scheme } from "./auth.ts";
import { sha256Hex } from "./bytes.ts";

/** What the server wants of its devices: the file that `scomo serve` reads. */
export interface Policy {
  serverId: string;
  /** Name of the SCOMO object below the tree's root. */
  root: string;
  /** By device id; `*` is for every device that is not named. */
  accounts: ReadonlyMap<string, Account>;
  /** What the server presents; without it, it cannot prove itself nor notify. */
  server?: Login & { auth: "md5" | "basic" | "mac" };
  /** Announced to the client in each SyncHdr. */
  maxMsgSize: number;
  /** Announced as well: the largest object that is taken in Results. */
  maxObjSize: number;
  wanted: readonly Wanted[];
  /** Digest of the whole file: another value is another policy. */
  revision: string;
}

export interface Account extends Login {
  auth: Scheme;
  /** Answer 200 and ask for credentials in each message, in place of 212 once a session. */
  eachMessage: boolean;
}

export interface Wanted {
  /** auto: the server takes of `packages` what a device needs, and binds it. */
  bind: "package" | "atomic" | "auto";
  delivery: "indirect" | "direct";
  /** Paths of Delivery Packages below the packages folder; one if `bind` is package. */
  packages: readonly string[];
  /** Version wanted of each component, by ID. */
  components: Readonly<Record<string, string>>;
  urgent: boolean;
  /** Text of an Alert 1101 before the Exec; without it nobody is asked by the server. */
  askUser?: string;
  /** How often an order that failed for want of a network or a server goes out again. */
  retries: number;
  /** One correlator for a whole order, or one for each Exec. */
  correlator: "order" | "exec";
  /** Install into Inactive state. */
  inactive: boolean;
  /** What becomes of components that are there; then nothing is installed. */
  changes: readonly Change[];
}

export interface Change {
  primitive: "Activate" | "Deactivate" | "Remove";
  id: string;
}

const CHANGE_KEYS = { activate: "Activate", deactivate: "Deactivate", remove: "Remove" } as const;

/** The policy is wrong; the message names the key. */
export class PolicyError extends Error {
  constructor(readonly key: string, what: string) {
    super(`policy: ${key === "" ? "" : `${key} `}${what}`);
    this.name = "PolicyError";
  }
}

const MESSAGE_BYTES_MIN = 512;
const MESSAGE_BYTES_MAX = 65_536;
const MESSAGE_BYTES_DEFAULT = 16_384;
const OBJECT_BYTES_MAX = 16 << 20;
const OBJECT_BYTES_DEFAULT = 1 << 20;

const RETRIES_MAX = 10;

const AUTHS = ["md5", "basic", "mac", "none"] as const;
const PATH = /^[^/\\\0]+(?:\/[^/\\\0]+)*$/;
const VERSION = /^\d{1,5}(?:\.\d{1,5}){0,4}$/;

/** Reads the text of a policy file. @throws PolicyError */
export function readPolicy(text: string): Policy {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new PolicyError("", `is no JSON: ${error instanceof Error ? error.message : ""}`);
  }
  return parsePolicy(value);
}

/** @throws PolicyError */
export function parsePolicy(value: unknown): Policy {
  const policy = new Keys("", value);
  const accounts = policy.object("accounts");
  const parsed: Policy = {
    serverId: policy.text("serverId"),
    root: policy.text("root", "SCOMO", /^[^/?*]{1,31}$/),
    accounts: new Map(accounts.names().map((id) => [id, parseAccount(accounts.object(id))])),
    ...(policy.has("server") ? { server: parseServer(policy.object("server")) } : {}),
    maxMsgSize: policy.number("maxMsgSize", MESSAGE_BYTES_DEFAULT),
    maxObjSize: policy.number("maxObjSize", OBJECT_BYTES_DEFAULT),
    wanted: policy.list("wanted").map((entry, i) => parseWanted(new Keys(`wanted[${i}]`, entry))),
    revision: sha256Hex(JSON.stringify(value)),
  };
  policy.nothingElse();
  if (parsed.maxMsgSize < MESSAGE_BYTES_MIN || parsed.maxMsgSize > MESSAGE_BYTES_MAX) {
    throw new PolicyError("maxMsgSize", `must be ${MESSAGE_BYTES_MIN} to ${MESSAGE_BYTES_MAX}`);
  }
  if (parsed.maxObjSize < 1 || parsed.maxObjSize > OBJECT_BYTES_MAX) {
    throw new PolicyError("maxObjSize", `must be 1 to ${OBJECT_BYTES_MAX}`);
  }
  return parsed;
}

function parseAccount(account: Keys): Account {
  const auth = account.choice("auth", AUTHS, "md5");
  const isOpen = auth === "none";
  const parsed = {
    user: account.text("user", isOpen ? "" : undefined),
    password: account.text("password", isOpen ? "" : undefined),
    auth,
    eachMessage: account.flag("eachMessage"),
  };
  account.nothingElse();
  return parsed;
}

function parseServer(server: Keys): Login & { auth: "md5" | "basic" | "mac" } {
  const parsed = {
    user: server.text("user"),
    password: server.text("password"),
    auth: server.choice("auth", ["md5", "basic", "mac"] as const, "md5"),
  };
  server.nothingElse();
  return parsed;
}

/** An entry without packages: for each Primitive the IDs of its components. */
function parseChanges(entry: Keys): Wanted {
  const changes = Object.entries(CHANGE_KEYS).flatMap(([name, primitive]) =>
    (entry.has(name) ? entry.list(name) : []).map((id, i) => (
      { primitive, id: checkText(entry.key(`${name}[${i}]`), id) })));
  const parsed: Wanted = {
    bind: "package", delivery: "indirect", packages: [], components: {}, inactive: false, changes,
    ...parseManner(entry),
  };
  entry.nothingElse();
  if (changes.length === 0) throw new PolicyError(entry.path, "must name a component");
  if (new Set(changes.map(({ id }) => id)).size !== changes.length) {
    throw new PolicyError(entry.path, "must name each component once");
  }
  return parsed;
}

type Manner = Pick<Wanted, "urgent" | "askUser" | "correlator" | "retries">;

function parseManner(entry: Keys): Manner {
  const retries = entry.number("retries", 0);
  if (retries < 0 || retries > RETRIES_MAX) {
    throw new PolicyError(entry.key("retries"), `must be 0 to ${RETRIES_MAX}`);
  }
  return {
    urgent: entry.flag("urgent"),
    retries,
    ...(entry.has("askUser") ? { askUser: entry.text("askUser") } : {}),
    correlator: entry.choice("correlator", ["order", "exec"] as const, "order"),
  };
}

function parseWanted(entry: Keys): Wanted {
  if (Object.keys(CHANGE_KEYS).some((name) => entry.has(name))) return parseChanges(entry);
  const bind = entry.choice("bind", ["package", "atomic", "auto"] as const);
  const parsed: Wanted = {
    bind,
    delivery: entry.choice("delivery", ["indirect", "direct"] as const, "indirect"),
    packages: bind === "package"
      ? [entry.text("package", undefined, PATH)]
      : entry.list("packages").map((path, i) => checkText(entry.key(`packages[${i}]`), path, PATH)),
    components: parseComponents(entry.object("components")),
    ...parseManner(entry),
    inactive: entry.flag("inactive"),
    changes: [],
  };
  entry.nothingElse();
  const { length } = parsed.packages;
  if (length === 0) throw new PolicyError(entry.key("packages"), "must not be empty");
  if (new Set(parsed.packages.map(nodeNameOf)).size !== length) {
    throw new PolicyError(entry.key("packages"), "must give different node names");
  }
  return parsed;
}

function parseComponents(components: Keys): Record<string, string> {
  const ids = components.names();
  if (ids.length === 0) throw new PolicyError(components.path, "must name a component");
  return Object.fromEntries(ids.map((id) => [id, components.text(id, undefined, VERSION)]));
}

/** PkgID of a Delivery Package: its file name without folder and extension. */
export function packageIdOf(path: string): string {
  return path.replace(/^.*\//, "").replace(/\.[^.]+$/, "");
}

/** Name of a package's node below Download and Delivered; at most 31 bytes. */
export function nodeNameOf(path: string): string {
  return packageIdOf(path).replace(/[^A-Za-z0-9_.-]/g, "_").slice(0, 31);
}

function checkText(key: string, value: unknown, shape?: RegExp): string {
  if (typeof value !== "string" || value === "") throw new PolicyError(key, "must be a text");
  const isUpward = shape === PATH && value.split("/").some((part) => part === "." || part === "..");
  if (isUpward || shape?.test(value) === false) {
    throw new PolicyError(key, `has a value that cannot be used: ${JSON.stringify(value)}`);
  }
  return value;
}

/** The keys of one object of the file: each is asked for once, the rest is an error. */
class Keys {
  private readonly values: Map<string, unknown>;

  constructor(readonly path: string, value: unknown) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new PolicyError(path, "must be an object");
    }
    this.values = new Map(Object.entries(value).filter(([, each]) => each !== undefined));
  }

  key(name: string): string {
    return this.path === "" ? name : `${this.path}.${name}`;
  }

  names(): string[] {
    return [...this.values.keys()];
  }

  has(name: string): boolean {
    return this.values.has(name);
  }

  object(name: string): Keys {
    return new Keys(this.key(name), this.take(name));
  }

  list(name: string): unknown[] {
    const value = this.take(name);
    if (!Array.isArray(value)) throw new PolicyError(this.key(name), "must be a list");
    return value;
  }

  text(name: string, fallback?: string, shape?: RegExp): string {
    if (fallback !== undefined && !this.values.has(name)) return fallback;
    return checkText(this.key(name), this.take(name), shape);
  }

  choice<T extends string>(name: string, choices: readonly T[], fallback?: T): T {
    if (fallback !== undefined && !this.values.has(name)) return fallback;
    const value = this.take(name);
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw new PolicyError(this.key(name), `must be ${choices.join(" or ")}`);
  }

  flag(name: string): boolean {
    if (!this.values.has(name)) return false;
    const value = this.take(name);
    if (typeof value !== "boolean") throw new PolicyError(this.key(name), "must be true or false");
    return value;
  }

  number(name: string, fallback: number): number {
    if (!this.values.has(name)) return fallback;
    const value = this.take(name);
    if (typeof value !== "number" || !Number.isSafeInteger(value)) {
      throw new PolicyError(this.key(name), "must be a whole number");
    }
    return value;
  }

  nothingElse(): void {
    const [name] = this.values.keys();
    if (name !== undefined) throw new PolicyError(this.key(name), "is not a key of a policy");
  }

  private take(name: string): unknown {
    if (!this.values.has(name)) throw new PolicyError(this.key(name), "is missing");
    const value = this.values.get(name);
    this.values.delete(name);
    return value;
  }
}
