// DM STDOBJ 1.2 §5.3.1: secrets and nonces are for nobody to read.
import { describe, expect, it } from "vitest";
import { Device } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import { type Credential, md5Cred } from "../../helpers/provision.ts";
import { codes, command, get, item, replace, results } from "../../helpers/syncml.ts";

const SECRETS = [
  "Geheim-der-Geraete", "Geheim-des-Servers", "Nonce-des-Geraets", "Nonce-des-Servers",
];
const client: Credential = {
  type: "DIGEST", name: "dev", secret: SECRETS[0]!, nonce: Buffer.from(SECRETS[2]!),
};
const server: Credential = {
  type: "DIGEST", name: "srv", secret: SECRETS[1]!, nonce: Buffer.from(SECRETS[3]!),
};
const LEAVES = [
  "c/AAuthSecret", "c/AAuthData", "s/AAuthSecret", "s/AAuthData",
].map((leaf) => `./DMAcc/a/AppAuth/${leaf}`);

describe.each(BUILDS)("secrets, %s build", (build) => {
  const trust = new Uint8Array(64).fill(0x6b);
  const start = (): Device => {
    const all = ["Add", "Delete", "Exec", "Get", "Replace"].map((right) => `${right}=*`).join("&");
    const device = Device.provisioned(
      build, { client, server, trust, acls: { ".": all, "./DMAcc": all } },
    );
    device.connect();
    // From here on the server is known.
    device.reply([get("0", ".")], { cred: md5Cred("srv", SECRETS[1]!, server.nonce!) });
    return device;
  };

  it.each(
    [...LEAVES, "./SCOMO/Ext/Trust/k1/Key"],
  )("§5.3.1: Get of %s: 405 even with every right", (leaf) => {
    expect(codes(start().reply([get("1", leaf)]))).toEqual({ 1: 405 });
  });

  it("§5.3.1: their names, ACL, Format and Type may be read, their size not", () => {
    const answer = start().reply([
      get("1", "./DMAcc/a/AppAuth/c"), get("2", `${LEAVES[0]}?prop=ACL`),
      get("3", `${LEAVES[0]}?prop=Format`),
      get("4", `${LEAVES[0]}?prop=Type`), get("5", `${LEAVES[0]}?prop=Name`),
      get("6", `${LEAVES[0]}?prop=Size`),
    ]);
    expect(codes(answer)).toEqual({ 1: 200, 2: 200, 3: 200, 4: 200, 5: 200, 6: 405 });
    expect(results(answer)["./DMAcc/a/AppAuth/c"]).toBe(
      "AAuthLevel/AAuthType/AAuthName/AAuthSecret/AAuthData",
    );
  });

  it("§5.3.1: a server may replace one that it has the right to, and cannot read it back", () => {
    const device = start();
    const answer = device.reply([replace("1", LEAVES[1 - 1]!, "other"), get("2", LEAVES[0]!)]);
    expect(codes(answer)).toEqual({ 1: 200, 2: 405 });
  });

  it("architecture §4: look shows their nodes without values", () => {
    const device = start();
    for (const leaf of LEAVES) expect(device.nodes().get(leaf)).toMatchObject({ value: null });
    const dump = device.dump();
    for (const secret of SECRETS) expect(dump).not.toContain(secret);
  });

  it("no message and nothing that look leaves behind holds a secret", () => {
    const device = start();
    device.looksAround = true;
    device.reply([
      get("1", "./DMAcc", "./DMAcc/a", "./DMAcc/a/AppAuth/c", "./DMAcc/a/AppAuth/s"),
      get("2", ...LEAVES),
      command("Replace", "3", item("./SCOMO/none", "x")),
    ]);
    device.close();
    for (const bytes of device.sent) {
      const text = Buffer.from(bytes).toString("latin1");
      for (const secret of SECRETS) expect(text).not.toContain(secret);
    }
  });
});
