import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { makeFolder, scomo } from "../../e2e/cli/harness.ts";

const folder = makeFolder();
afterAll(() => folder.remove());

const COMMANDS = [
  "provision", "connect", "notify", "status", "tree", "serve", "pack", "inspect", "demo",
];
const state = folder.in("device");
const provision = [
  "provision", "--state", state, "--device-id", "IMEI:1", "--server", "http://127.0.0.1:1/dm",
];

describe("usage", () => {
  test.each([[], ["frobnicate"], ["status"], ["status", "--state"], ["demo", "--frob"],
    ["inspect"], ["pack", "a.json"], ["tree", "a", "b", "--state", "x"],
  ])("scomo %j: ends with 2 and the usage line", async (...args) => {
    const ran = await scomo(args);
    expect(ran).toMatchObject({ exit: 2, stdout: "" });
    expect(ran.stderr).toMatch(/^Usage: scomo /m);
  });

  test.each(COMMANDS)("scomo %s --help: shows two examples and ends with 0", async (command) => {
    const ran = await scomo([command, "--help"]);
    expect(ran).toMatchObject({ exit: 0, stderr: "" });
    expect(ran.stdout.match(new RegExp(`^  \\$ scomo ${command} `, "gm"))).toHaveLength(2);
    const widest = Math.max(...ran.stdout.split("\n").map((line) => line.length));
    expect(widest).toBeLessThanOrEqual(100);
  });
});

describe("provision", () => {
  test.each([
    [["--auth", "digest"], "--auth takes"],
    [["--auth", "md5"], "needs --user and --password"],
    [["--user", "u"], "needs --user and --password"],
    [["--auth", "none", "--user", "u"], "presents no --user"],
    [["--server-user", "s"], "needs --server-password"],
    [["--server-password", "s"], "needs --server-user"],
    [["--slots", "1"], "--slots takes"],
    [["--slot-bytes", "1023"], "--slot-bytes takes"],
    [["--journal-bytes", "24575"], "--journal-bytes takes"],
    [["--journal-bytes", "4e5"], "--journal-bytes takes"],
    [["--max-msg-size", "511"], "--max-msg-size takes"],
    [["--max-msg-size", "16385"], "--max-msg-size takes"],
    [["--components", "some"], "--components takes"],
    [["--atomic-exec", "maybe"], "--atomic-exec takes"],
    [["--server-id", "a b"], "--server-id"],
    [["--root", "a/b"], "--root takes"],
    [["--component", "jvm=1.0.0"], "is not ID=VERSION=FILE"],
    [["--component", "jvm=1.0=/dev/null"], "the version is not"],
    [["--component", "jvm=1.0.0=none.bin"], "none.bin"],
    [["--trust", "none.pem"], "--trust none.pem"],
  ])("provision %j: ends with 2 and makes nothing", async (args, sentence) => {
    const ran = await scomo([...provision, ...args]);
    expect(ran).toMatchObject({ exit: 2, stdout: "" });
    expect(ran.stderr).toContain(sentence);
    expect((await scomo(["status", "--state", state])).stderr).toContain("there is no device");
  });

  test.each([
    [["http://dms.example/dm"], "plain http"],
    [["http://dms.example/dm", "--allow-http", "--auth", "basic", "--user", "u", "--password", "p"],
      "in the clear"],
    [["ftp://dms.example/dm"], "http or https URL"],
    [["dms.example"], "http or https URL"],
  ])("provision --server %j: ends with 2", async (args, sentence) => {
    const ran = await scomo([
      "provision", "--state", state, "--device-id", "IMEI:1", "--server", ...args,
    ]);
    expect(ran).toMatchObject({ exit: 2, stdout: "" });
    expect(ran.stderr).toContain(sentence);
  });
});

describe("serve", () => {
  test("serve: a port in use ends with 2", async () => {
    const blocker = createServer();
    await new Promise<void>((listening) => blocker.listen(0, "127.0.0.1", listening));
    const { port } = blocker.address() as AddressInfo;
    writeFileSync(folder.in("policy.json"), JSON.stringify({
      serverId: "dms.example", accounts: {}, wanted: [],
    }));
    const args = ["serve", "--policy", folder.in("policy.json"), "--port", String(port)];
    const ran = await scomo(args);
    blocker.close();
    expect(ran).toMatchObject({ exit: 2, stdout: "" });
    expect(ran.stderr).toContain(`port ${port} of 127.0.0.1 is in use`);
  });

  test("serve: a policy with a wrong key ends with 2 and the key", async () => {
    writeFileSync(folder.in("wrong.json"), JSON.stringify({ serverId: 1, accounts: {} }));
    const ran = await scomo(["serve", "--policy", folder.in("wrong.json")]);
    expect(ran).toMatchObject({ exit: 2, stdout: "" });
    expect(ran.stderr).toContain("serverId");
  });
});
