// Devices that hostile input meets: their configuration, what lies on their storage, and what the
// fuzzer must know to get past the checks of a digest or a signature. The same bytes in every run.
import { createHash, createPrivateKey } from "node:crypto";
import { p256 } from "@noble/curves/nist.js";
import { Option, type Wait } from "../../assembly/abi/codes.ts";
import { copyBytes } from "../../host/core/memory.ts";
import type { StartBlock } from "../../host/core/requests.ts";
import { decode, encode } from "../../host/demo/server/wbxml.ts";
import { classId, packDelivery, type SigningKey, vendorId } from "../../host/pack/index.ts";
import { Device, type DeviceOptions, startOf } from "../helpers/device.ts";
import { Medium } from "../helpers/medium.ts";
import { deliver, entry, operation } from "../helpers/packages.ts";
import { type Credential, type Provision } from "../helpers/provision.ts";
import type { Build } from "../helpers/module.ts";
import { type Areas, Rewind } from "../helpers/rewind.ts";
import {
  add, addLeaf, addNode, at, e, type Element, exec, headerOf, item, wordOf,
} from "../helpers/syncml.ts";
import { exchange, settle } from "./drive.ts";

export interface State {
  readonly start: StartBlock;
  readonly areas: Areas;
  /** The session begins with these answers of the server, before hostile ones come. */
  readonly prelude: readonly Uint8Array[];
}

/** In the order of their numbers in an input. */
export const STATES = ["plain", "guarded", "strict", "ordered", "empty"] as const;
export type StateName = (typeof STATES)[number];

const VENDOR = "scomo.example";
const CLASS = "gate-3";
/** Private key of the packages' author: a secret of nobody. */
const SCALAR = createHash("sha256").update("scomo-wasm fuzz target package").digest();
const ORDER = p256.CURVE.n;

export const NONCE = Buffer.from("a nonce of 16 oc");
export const CREDENTIAL: Credential = { type: "DIGEST", name: "srv", secret: "p", nonce: NONCE };

export const IDENTITY: DeviceOptions = {
  vendor: vendorId(VENDOR), class: classId(vendorId(VENDOR), CLASS),
};
const point = p256.getPublicKey(SCALAR, false).slice(1);
export const TRUSTING: Provision = { trust: point };

function authorKey(): SigningKey {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
  const [x, y] = [base64(point.subarray(0, 32)), base64(point.subarray(32))];
  const jwk = { kty: "EC", crv: "P-256", x, y, d: base64(SCALAR) };
  return { class: "ES", key: createPrivateKey({ key: jwk, format: "jwk" }), kid: "" };
}

const big = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
const bytesOf = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, "0"), "hex");

/**
 * The author's signature with k = 1, which costs one addition: r is that of the base point, s is
 * the digest plus `addend`, modulo the order of the group.
 */
export const SIGNING = {
  order: bytesOf(ORDER),
  r: bytesOf(p256.CURVE.Gx % ORDER),
  addend: bytesOf(((p256.CURVE.Gx % ORDER) * big(SCALAR)) % ORDER),
};

export function signCheaply(digest: Uint8Array): Buffer {
  return Buffer.concat([SIGNING.r, bytesOf((big(digest) + big(SIGNING.addend)) % ORDER)]);
}

/** A package with one small component for each ID. */
export function makePackage(version: string, ...ids: string[]): Uint8Array {
  const components = ids.map((id) => ({
    id, version, name: `Name of ${id}`, content: new Uint8Array(Buffer.from(`${id} ${version}`)),
  }));
  const sequence = Number(version.split(".")[0]);
  const spec = { sequence, vendor: VENDOR, class: CLASS, description: "Set", components };
  return packDelivery(spec, authorKey());
}

/** What a server of the fuzz targets has to download, where it has anything. */
export const OFFERED = makePackage("2.0.0", "app");

export function makeStates(build: Build): Record<StateName, State> {
  const plain = Device.provisioned(build, TRUSTING, IDENTITY);
  plain.order(
    addNode("1", "./SCOMO/n"), addLeaf("2", "./SCOMO/n/l", "value"),
    add("3", item("./SCOMO/a", "1"), item("./SCOMO/b", "2")),
    add("4", ...entry("p")),
  );
  deliver(plain, { d: makePackage("1.0.0", "app"), d2: makePackage("1.0.0", "app2") });
  const server = { ...TRUSTING, server: CREDENTIAL, client: { ...CREDENTIAL, name: "dev" } };
  return {
    plain: stateOf(plain.medium),
    guarded: stateOf(Device.provisioned(build, server, IDENTITY).medium),
    strict: stateOf(plain.medium, Option.AtomicRefuse | Option.KnownComponents),
    ordered: orderPackage(build),
    empty: stateOf(new Medium()),
  };
}

/** A device that has one set in force and is about to download the next. */
function orderPackage(build: Build): State {
  const device = Device.provisioned(build, TRUSTING, IDENTITY);
  device.fetch = () => makePackage("1.0.0", "app", "lib");
  device.order(add("1", ...entry("p")), exec("2", operation("p", "DownloadInstall"), "first"));
  const inForce = device.deployed().map(({ id, state }) => `${id} ${state}`).join();
  if (inForce !== "app 20,lib 20") throw new Error(`in force is ${inForce}`);
  const state = stateOf(device.medium);
  const [rewind] = enter(build, state);
  const order = [add("1", ...entry("q")), exec("2", operation("q", "DownloadInstall"), "next")];
  const prelude = [order, []].map((commands, index) => {
    return encode(messageTo(outgoing(rewind), index + 1, commands));
  });
  return { ...state, prelude };
}

function stateOf(medium: Medium, options = 0): State {
  return {
    start: startOf(medium, { ...IDENTITY, options }), areas: medium.contents(), prelude: [],
  };
}

/** Starts a device and its session. @returns what it waits for behind the prelude */
export function enter(build: Build, state: State): [Rewind, Wait] {
  const device = new Rewind(build, state.start, state.areas);
  device.boot();
  device.core.connect(0);
  let wait = settle(device);
  for (const body of state.prelude) {
    device.core.resume(exchange(device, body));
    wait = settle(device);
  }
  return [device, wait];
}

/** The client's message that waits for its answer. */
export function outgoing(device: Rewind): Element {
  return decode(copyBytes(device.core, device.argument(2), device.argument(3)));
}

/** Answers to `own`: what it asks for, then `commands`. */
export function messageTo(own: Element, msgId: number, commands: readonly Element[]): Element {
  const status = e(
    "Status", e("CmdID", "s"), e("MsgRef", wordOf(headerOf(own), "MsgID")), e("CmdRef", "0"),
    e("Cmd", "SyncHdr"), e("Data", "200"),
  );
  return e(
    "SyncML",
    e(
      "SyncHdr", e("VerDTD", "1.2"), e("VerProto", "DM/1.2"),
      e("SessionID", wordOf(headerOf(own), "SessionID")), e("MsgID", msgId),
      e("Target", e("LocURI", at(own, "SyncHdr", "Source", "LocURI"))),
      e("Source", e("LocURI", at(own, "SyncHdr", "Target", "LocURI"))),
    ),
    e("SyncBody", status, ...commands, e("Final")),
  );
}
