// The server finds out what a device needs, from packages that `scomo pack` could have made.
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "../../../host/cli/program.ts";
import { packDelivery, signingKey } from "../../../host/pack/index.ts";
import { makeFolder, scomo } from "./harness.ts";

const DEVICE = "IMEI:1";
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const KEY = signingKey(privateKey.export({ format: "pem", type: "pkcs8" }).toString());

let folder: ReturnType<typeof makeFolder>;
let lines: string[];
let end: AbortController;
let served: Promise<number>;

function pack(id: string, version: string, needs: string): void {
  const [needed = "", least = ""] = needs.split(" ");
  const bytes = packDelivery({
    sequence: 7, vendor: "scomo.example", class: "edge-gw-1",
    components: [{ id, version, content: new Uint8Array(Buffer.from(`${id} ${version}`)) }],
    requires: [{ id: needed, version: `>=${least}` }],
  }, KEY);
  writeFileSync(folder.in(`${id}.suit`), bytes);
}

beforeEach(async () => {
  folder = makeFolder();
  lines = [];
  end = new AbortController();
  writeFileSync(folder.in("key.pem"), publicKey.export({ format: "pem", type: "spki" }));
  for (const id of ["jvm", "antivirus"]) writeFileSync(folder.in(id), `${id} 1.0.0`);
  pack("jvm", "2.0.0", "antivirus 2.0.0");
  pack("antivirus", "2.0.0", "jvm 2.0.0");
  writeFileSync(folder.in("broken.suit"), "no package");
  writeFileSync(folder.in("policy.json"), JSON.stringify({
    serverId: "dms.example", accounts: { [DEVICE]: { auth: "none" } },
    wanted: [{
      bind: "auto", packages: ["broken.suit", "jvm.suit", "antivirus.suit"],
      components: { antivirus: "2.0.0" }, urgent: true,
    }],
  }));
  served = run(["serve", "--policy", folder.in("policy.json"), "--port", "0"], {
    print: (text) => void lines.push(...text.split("\n")), write: () => undefined,
    input: (async function* () {})(), complain: (text) => void lines.push(text),
    env: {}, isTerminal: false, canAsk: false, signal: end.signal,
  });
  await expect.poll(() => lines[0], { timeout: 10_000 }).toMatch(/^http:/);
});
afterEach(async () => {
  end.abort();
  expect(await served).toBe(130);
  folder.remove();
});

test("OSR-DMS-07: two packages that need each other become one order, all or none", async () => {
  const state = ["--state", folder.in("device")];
  const made = await scomo([
    "provision", ...state, "--device-id", DEVICE, "--server", `${lines[0]}/dm`,
    "--server-id", "dms.example", "--trust", folder.in("key.pem"),
    "--component", `jvm=1.0.0=${folder.in("jvm")}`,
    "--component", `antivirus=1.0.0=${folder.in("antivirus")}`,
    "--slots", "8", "--slot-bytes", "4096",
  ]);
  expect(made).toMatchObject({ exit: 0, stderr: "" });
  expect((await scomo(["connect", ...state, "--confirm", "yes"])).exit).toBe(0);
  const status = (await (await fetch(`${lines[0]}/status`)).json()) as {
    devices: { orders: object[]; inventory: { deployed: object[] } }[];
  };
  expect(status.devices).toMatchObject([{
    orders: [{
      bind: "atomic", packages: ["antivirus.suit", "jvm.suit"], state: "done", verified: true,
    }],
    inventory: {
      deployed: [{ id: "jvm", version: "2.0.0" }, { id: "antivirus", version: "2.0.0" }],
    },
  }]);
  expect(lines.some((line) => line.includes("is done and verified"))).toBe(true);
});
