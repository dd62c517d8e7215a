// Ed25519 from the command line to the device: the whole client, with the platform's own crypto.
import { generateKeyPairSync } from "node:crypto";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DeviceStatus, JobReport } from "../../../host/index.ts";
import type { Inspection } from "../../../host/pack/index.ts";
import { document, scomo } from "./harness.ts";
import type { Ran } from "./harness.ts";
import { makeStage } from "./stage.ts";
import type { Stage } from "./stage.ts";

type Run = DeviceStatus & { jobs: JobReport[] };

const VECTORS = resolve("test", "vectors", "suit");
const vectors = JSON.parse(readFileSync(`${VECTORS}/vectors.json`, "utf8")) as {
  device: { trusted_keys: { kid: string; pem: string }[] };
};
const PUBLISHED = vectors.device.trusted_keys.find(({ kid }) => kid === "t-ed")!;

let stage: Stage;
beforeEach(async () => {
  stage = await makeStage();
});
afterEach(() => stage.close());

function connect(): Promise<Ran> {
  return scomo(["connect", "--state", stage.state, "--json", "--confirm", "yes"]);
}

const resultsOf = (ran: Ran) => document<Run>(ran.stdout, "run").jobs.map(({ result }) => result);

describe("Ed25519", () => {
  test("pack, inspect, provision, connect: with a key that openssl would make", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    writeFileSync(stage.in("ed.pem"), privateKey.export({ format: "pem", type: "pkcs8" }));
    writeFileSync(stage.in("ed-public.pem"), publicKey.export({ format: "pem", type: "spki" }));
    writeFileSync(stage.in("spec.json"), JSON.stringify({
      sequence: 7, vendor: "scomo.example", class: "edge-gw-1",
      components: [
        { id: "jvm", version: "8.2.0", file: "jvm" },
        { id: "antivirus", version: "5.0.0", file: "antivirus", uri: "av" },
      ],
    }));
    copyFileSync(stage.in("antivirus"), stage.in("packages/av"));
    const out = stage.in("packages/bound.suit");
    const args = ["--key", stage.in("ed.pem"), "--kid", "e-1", "--out", out];
    expect((await scomo(["pack", stage.in("spec.json"), ...args])).exit).toBe(0);
    const first = readFileSync(out);
    await scomo(["pack", stage.in("spec.json"), ...args]);
    expect(readFileSync(out)).toEqual(first);

    const seen = await scomo(["inspect", out, "--trust", stage.in("ed-public.pem"), "--json"]);
    expect(seen).toMatchObject({ exit: 0, stderr: "" });
    expect(document<Inspection>(seen.stdout, "inspect")).toMatchObject({ key: "e-1" });
    const unseen = await scomo(["inspect", out, "--trust", stage.in("key.pem"), "--json"]);
    expect(unseen.exit).toBe(2);

    expect((await stage.provision("--trust", `e-1=${stage.in("ed-public.pem")}`)).exit).toBe(0);
    expect(resultsOf(await connect())).toEqual([1200, 1200]);
  });

  test("connect: the published package 02 is installed with its published key", async () => {
    copyFileSync(`${VECTORS}/02-ok-bound-eddsa.suit`, stage.in("packages/bound.suit"));
    writeFileSync(stage.in("published.pem"), PUBLISHED.pem);
    expect((await stage.provision("--trust", `t-ed=${stage.in("published.pem")}`)).exit).toBe(0);
    const ran = await connect();
    expect(resultsOf(ran)).toEqual([1200, 1200]);
    const { deployed } = document<Run>(ran.stdout, "run").inventory;
    expect(deployed.map(({ id, version }) => `${id} ${version}`))
      .toEqual(["jvm 8.2.0", "antivirus 5.0.0"]);
  });

  test("connect: without that key it is refused: 1407, exit 1", async () => {
    copyFileSync(`${VECTORS}/02-ok-bound-eddsa.suit`, stage.in("packages/bound.suit"));
    expect((await stage.provision()).exit).toBe(0);
    const ran = await connect();
    expect(ran.exit).toBe(1);
    expect(resultsOf(ran)).toEqual([1407]);
  });
});
