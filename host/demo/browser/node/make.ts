// Makes the files that the page plays with: Delivery Packages, the messages that provision the
// device, and who it is. Run by build.mjs; the same bytes come of the same sources.
import { createHash, createPrivateKey } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { p256 } from "@noble/curves/nist.js";
import { accountNodes, bootstrapMessage } from "../../../cli/bootstrap.ts";
import { VERSION } from "../../../cli/version.ts";
import { classId, vendorId } from "../../../pack/index.ts";
import type { SigningKey } from "../../../pack/index.ts";
import { makePackages } from "../../content.ts";
import {
  ACCOUNT, DEVICE_CLASS, DEVICE_ID, type Generation, releasesOf, SERVER_ID, SERVER_LOGIN, VENDOR,
} from "../../setting.ts";
import { ORIGIN } from "../wire.ts";

const [, , folder = "build/demo"] = process.argv;
const signing = pageKey();

mkdirSync(join(folder, "packages"), { recursive: true });
for (const [name, bytes] of makePackages({ signing })) {
  writeFileSync(join(folder, "packages", name), bytes);
}
for (const generation of ["old", "new"] as const) {
  writeFileSync(join(folder, `bootstrap-${generation}.wbxml`), bootstrapOf(generation));
}
const vendor = vendorId(VENDOR);
const identity = Buffer.concat([vendor, classId(vendor, DEVICE_CLASS)]);
writeFileSync(join(folder, "identity.bin"), identity);

/**
 * The key that signs for the page. Whoever has this file has it, and it is worth nothing: it is
 * made of a text, so that a device that a browser keeps trusts the packages of the next build.
 */
function pageKey(): SigningKey {
  const scalar = createHash("sha256").update("scomo-wasm browser demo, not a secret").digest();
  const point = p256.getPublicKey(scalar, false);
  const part = (first: number) => Buffer.from(point.slice(first, first + 32)).toString("base64url");
  const jwk = { kty: "EC", crv: "P-256", x: part(1), y: part(33), d: scalar.toString("base64url") };
  return { class: "ES", key: createPrivateKey({ key: jwk, format: "jwk" }), kid: "demo" };
}

function bootstrapOf(generation: Generation): Uint8Array {
  const components = releasesOf(generation).map(({ id, version, content }, slot) => {
    return { id, version, slot, bytes: content.length };
  });
  const account = {
    serverId: SERVER_ID, url: `${ORIGIN}/dm`, auth: "md5" as const, ...ACCOUNT,
    serverUser: SERVER_LOGIN.user, serverPassword: SERVER_LOGIN.password,
  };
  return bootstrapMessage({
    deviceId: DEVICE_ID, rootName: "SCOMO", moUrn: "urn:oma:mo:oma-scomo:1.0",
    accounts: accountNodes(account), serverIds: [SERVER_ID], trust: [signing], components,
    clientVersion: VERSION,
  });
}
