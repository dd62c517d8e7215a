// DM PRO 1.2 §9, DM SEC 1.2 §5.3: the client proves who it is.
import { describe, expect, it } from "vitest";
import { Device, Err, type Reply } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  basicDigest, chal, type Credential, md5Digest, type Provision,
} from "../../helpers/provision.ts";
import { addLeaf, at, get, headerOf, lines, wordOf } from "../../helpers/syncml.ts";

const MD5 = "syncml:auth-md5";
const NONCES = ["first nonce 0001", "second nonce 002", "third nonce 0003", "fourth nonce 004"].map(
  (text) => Buffer.from(text),
);
const client: Credential = {
  type: "DIGEST", name: "Bruce2", secret: "OhBehave", nonce: NONCES[0]!,
};

/** Data of Cred in the client's message. */
const credOf = (device: Device) => at(headerOf(device.message!), "Cred", "Data");
const digest = (nonce: Uint8Array) => md5Digest(client.name, client.secret, nonce);
const challenge = (code: number, nonce?: Uint8Array, type = MD5): Reply => ({
  code, chal: chal(type, nonce), others: code,
});

describe.each(BUILDS)("the client's login, %s build", (build) => {
  const start = (provision: Provision = { client }): Device => {
    const device = Device.provisioned(build, provision);
    device.connect();
    return device;
  };

  // §8.2 of the digest: the first is printed in DM PRO 1.2 §9.4.2.
  it.each([
    ["DIGEST", Buffer.from("Nonce"), "Zz6EivR3yeaaENcRN6lpAQ=="],
    ["DIGEST", Buffer.alloc(4), "cnPI6nO9RgujiHU0y58kNA=="],
    ["BASIC", undefined, "QnJ1Y2UyOk9oQmVoYXZl"],
  ] as const)("§9.4.2: %s with nonce %o: the published vector", (type, nonce, data) => {
    const device = start({ client: { ...client, type, ...(nonce ? { nonce } : {}) } });
    expect(credOf(device)).toBe(data);
  });

  it("§5.3.3: the first request carries Cred with the stored nonce", () => {
    expect(credOf(start())).toBe(digest(NONCES[0]!));
  });

  it("§5.3: without a stored nonce the digest is over the empty one", () => {
    const { nonce: _, ...bare } = client;
    expect(credOf(start({ client: bare }))).toBe(digest(new Uint8Array(0)));
  });

  it("§9: 212: no Cred from then on; NextNonce is for the next session", () => {
    const device = start();
    device.reply([get("1", ".")], { code: 212, chal: chal(MD5, NONCES[1]!) });
    expect(credOf(device)).toBeUndefined();
    device.reply([get("1", ".")], { code: 200 });
    expect(credOf(device)).toBeUndefined();
    device.reply([], { code: 200 });
    expect(device.err).toBe(Err.Ok);
    device.connect();
    expect(credOf(device)).toBe(digest(NONCES[1]!));
    device.boot();
    device.connect();
    expect(credOf(device)).toBe(digest(NONCES[1]!));
  });

  it("§9: 212 without Chal: the nonce stays", () => {
    const device = start();
    device.reply();
    device.connect();
    expect(credOf(device)).toBe(digest(NONCES[0]!));
  });

  it("§9: 200: every message has Cred, with the NextNonce of the last answer", () => {
    const device = start();
    device.reply([get("1", ".")], { code: 200, chal: chal(MD5, NONCES[1]!) });
    expect(credOf(device)).toBe(digest(NONCES[1]!));
    device.reply([get("1", ".")], { code: 200, chal: chal(MD5, NONCES[2]!) });
    expect(credOf(device)).toBe(digest(NONCES[2]!));
    device.reply([get("1", ".")], { code: 200 });
    expect(credOf(device)).toBe(digest(NONCES[2]!));
    device.reply([], { code: 200 });
    expect(device.err).toBe(Err.Ok);
    device.boot();
    device.connect();
    expect(credOf(device)).toBe(digest(NONCES[2]!));
  });

  it("§9.1: 401 with Chal: the package comes again with the new nonce", () => {
    const device = start();
    const id = wordOf(headerOf(device.message!), "SessionID");
    device.reply([], challenge(401, NONCES[1]!));
    expect(lines(device.message)).toEqual(["SyncHdr 200", "Alert 1201", "Replace", "Final"]);
    expect(credOf(device)).toBe(digest(NONCES[1]!));
    expect(wordOf(headerOf(device.message!), "MsgID")).toBe("2");
    expect(wordOf(headerOf(device.message!), "SessionID")).toBe(id);
    device.reply();
    expect(device.err).toBe(Err.Ok);
  });

  it("§9.1: the package comes again to RespURI if the challenge has one", () => {
    const device = start();
    device.reply([], { ...challenge(401, NONCES[1]!), respUri: "https://dm.example.net/again" });
    expect(device.url).toBe("https://dm.example.net/again");
  });

  it("§9.1: commands beside a challenge do not run", () => {
    const device = start();
    device.reply([addLeaf("1", "./SCOMO/a")], challenge(401, NONCES[1]!));
    expect(lines(device.message)).toEqual(["SyncHdr 200", "Alert 1201", "Replace", "Final"]);
    expect(device.has("./SCOMO/a")).toBe(false);
  });

  it("§8.4: three requests at most: a third refusal ends the session", () => {
    const device = start();
    device.reply([], challenge(407, NONCES[1]!));
    device.reply([], challenge(401, NONCES[2]!));
    expect(credOf(device)).toBe(digest(NONCES[2]!));
    expect(device.reply([], challenge(401, NONCES[3]!))).toBeUndefined();
    expect(device.err).toBe(Err.LoginRefused);
    expect(device.sent).toHaveLength(3);
  });

  it.each([401, 407])("§9: %i without Chal ends the session", (code) => {
    const device = start();
    expect(device.reply([], { code, others: code })).toBeUndefined();
    expect(device.err).toBe(Err.LoginRefused);
  });

  it.each(["syncml:auth-basic", "syncml:auth-MAC", "syncml:auth-X509", ""])(
    "§5.4.1: a challenge for %s is not answered, least of all by basic",
    (type) => {
      const device = start();
      expect(device.reply([], challenge(401, NONCES[1]!, type))).toBeUndefined();
      expect(device.err).toBe(Err.LoginRefused);
    },
  );

  it("§5.3: a basic account is challenged for md5: it ends", () => {
    const device = start({ client: { ...client, type: "BASIC" } });
    expect(device.reply([], challenge(401, NONCES[1]!))).toBeUndefined();
    expect(device.err).toBe(Err.LoginRefused);
  });

  it("§5.3: a basic account is challenged for basic: tried once more, then it ends", () => {
    const device = start({ client: { ...client, type: "BASIC" } });
    const basic = challenge(401, undefined, "syncml:auth-basic");
    device.reply([], basic);
    expect(credOf(device)).toBe(basicDigest("Bruce2", "OhBehave"));
    expect(device.reply([], basic)).toBeUndefined();
    expect(device.err).toBe(Err.LoginRefused);
  });

  it.each(
    ["HMAC", "X509"] as const,
  )("§8.1: an account of type %s sends no Cred, and cannot be challenged", (type) => {
    const device = start({ client: { ...client, type } });
    expect(credOf(device)).toBeUndefined();
    expect(device.reply([], challenge(407, NONCES[1]!))).toBeUndefined();
    expect(device.err).toBe(Err.LoginRefused);
  });

  it("§8.1: an account without credentials: 200 is enough, a challenge ends the session", () => {
    const device = start({});
    expect(device.reply([], challenge(407, NONCES[1]!))).toBeUndefined();
    expect(device.err).toBe(Err.LoginRefused);
  });

  it.each([402, 403, 404, 500, 503, 511])("§8.4: header Status %i ends the session", (code) => {
    const device = start();
    expect(device.reply([addLeaf("1", "./SCOMO/a")], { code, others: code })).toBeUndefined();
    expect(device.err).toBe(Err.ServerError);
    expect(device.has("./SCOMO/a")).toBe(false);
  });

  it("§5.3.4: a nonce that a refusal brings is not stored before the login has succeeded", () => {
    const device = start();
    device.reply([], challenge(401, NONCES[1]!));
    device.fail(Err.Transport);
    device.boot();
    device.connect();
    expect(credOf(device)).toBe(digest(NONCES[0]!));
  });

  it("§5.3.4: the nonce of a refusal is stored once the login has succeeded with it", () => {
    const device = start();
    device.reply([], challenge(401, NONCES[1]!));
    device.reply([]);
    device.boot();
    device.connect();
    expect(credOf(device)).toBe(digest(NONCES[1]!));
  });

  it("§8.3: a nonce with zero octets, of 32 octets, and one that is no base64", () => {
    const device = start();
    const zeros = Buffer.from("00ff00000000000000000000000000aa", "hex");
    device.reply([addLeaf("1", "./SCOMO/a")], { code: 200, chal: chal(MD5, zeros) });
    expect(credOf(device)).toBe(digest(zeros));
    expect(device.has("./SCOMO/a")).toBe(true);
    const long = Buffer.alloc(32, 0xa5);
    device.reply([get("1", ".")], { code: 200, chal: chal(MD5, long) });
    expect(credOf(device)).toBe(digest(long));
    device.reply([get("1", ".")], { code: 200, chal: chal(MD5, "not base64!") });
    expect(credOf(device)).toBe(digest(Buffer.from("not base64!")));
    device.reply([get("1", ".")], { code: 200, chal: chal(MD5, Buffer.alloc(33, 1)) });
    expect(credOf(device)).toBe(digest(Buffer.from("not base64!")));
  });

  it("hard spot 6: a nonce is durable before the next message leaves", () => {
    const device = start();
    device.events = [];
    device.reply([get("1", ".")], { code: 212, chal: chal(MD5, NONCES[1]!) });
    expect(device.events).toContain("Durable");
    expect(device.events.at(-1)).toBe("Exchange");
    device.cut();
    device.connect();
    expect(credOf(device)).toBe(digest(NONCES[1]!));
    const other = start();
    other.durable = () => {
      throw new Error("the power is gone");
    };
    expect(() => other.reply([], { code: 212, chal: chal(MD5, NONCES[1]!) })).toThrow();
    other.durable = () => Err.Ok;
    other.cut();
    other.connect();
    expect(credOf(other)).toBe(digest(NONCES[0]!));
  });

  it("architecture §4: a changed name or secret counts from the next session on", () => {
    const device = start({ client, acls: { "./DMAcc": "Get=srv&Replace=srv" } });
    const secret = "./DMAcc/a/AppAuth/c/AAuthSecret";
    const change = { name: "Replace", children: [
      { name: "CmdID", children: ["1"] },
      { name: "Item", children: [
        { name: "Target", children: [{ name: "LocURI", children: [secret] }] },
        { name: "Data", children: ["new"] },
      ] },
    ] };
    expect(lines(device.reply([change], { code: 200 }))).toContain("1 Replace 200");
    expect(credOf(device)).toBe(digest(NONCES[0]!));
    device.close({ code: 200 });
    device.connect();
    expect(credOf(device)).toBe(md5Digest("Bruce2", "new", NONCES[0]!));
  });
});
