// Delivery Packages for devices under test, and the way to get one into `Inventory/Delivered`.
import { generateKeyPairSync } from "node:crypto";
import { classId, packDelivery, publicBytes, signingKey, vendorId } from "../../host/pack/index.ts";
import type { Device, DeviceOptions } from "./device.ts";
import type { Provision } from "./provision.ts";
import { add, exec, item } from "./syncml.ts";

const VENDOR = "scomo.example";
const CLASS = "gate-3";
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const KEY = signingKey(privateKey.export({ type: "pkcs8", format: "pem" }) as string);

/** What a device needs so that it takes these packages. */
export const TRUSTING: Provision = { trust: publicBytes(publicKey) };
export const IDENTITY: DeviceOptions = {
  vendor: vendorId(VENDOR), class: classId(vendorId(VENDOR), CLASS),
};

/** A package with one small component for each ID. */
export function makePackage(version: string, ...ids: string[]): Uint8Array {
  const components = ids.map((id) => ({
    id, version, content: new Uint8Array(Buffer.from(`${id} ${version}`)),
  }));
  const sequence = Number(version.split(".")[0]);
  return packDelivery({ sequence, vendor: VENDOR, class: CLASS, components }, KEY);
}

export const operation = (name: string, primitive: string): string =>
  `./SCOMO/Download/${name}/Operations/${primitive}`;
export const install = (name: string, primitive = "Install"): string =>
  `./SCOMO/Inventory/Delivered/${name}/Operations/${primitive}`;

/** Items that make a Download entry. */
export function entry(name: string, pkgId = `id-${name}`, url = `https://dl.example/${name}`) {
  const uri = `./SCOMO/Download/${name}`;
  return [item(`${uri}/PkgID`, pkgId), item(`${uri}/PkgURL`, url)];
}

/** Orders `packages` by name to be downloaded, and takes the reports. */
export function deliver(device: Device, packages: { readonly [name: string]: Uint8Array }): void {
  const fetch = device.fetch;
  device.fetch = (url) => packages[url.split("/").at(-1)!] ?? null;
  for (const name of Object.keys(packages)) {
    device.connect();
    device.reply([add("1", ...entry(name)), exec("2", operation(name, "Download"), `get-${name}`)]);
    device.close();
  }
  device.fetch = fetch;
}
