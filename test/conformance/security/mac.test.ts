// DM SEC 1.2 §5.4: each message is proved by a MAC in the header x-syncml-hmac.
import { describe, expect, it } from "vitest";
import { Media } from "../../../assembly/abi/codes.ts";
import { Device, encode, Err, type Reply } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  chal, type Credential, macDigest, md5Cred, type Provision,
} from "../../helpers/provision.ts";
import {
  addLeaf, at, atomic, childOf, command, get, headerOf, headerStatusOf, item, lines, namesOf,
  wordOf,
} from "../../helpers/syncml.ts";

const MAC = "syncml:auth-MAC";
const NONCES = ["first nonce 0001", "second nonce 002", "third nonce 0003"].map(
  (text) => Buffer.from(text),
);
const client: Credential = {
  type: "HMAC", name: "Robert Jordan", secret: "OhBehave", nonce: NONCES[0]!,
};
const NONCE = Buffer.from("the server's one");
const server: Credential = { type: "HMAC", name: "srv", secret: "srvpwd", nonce: NONCE };

const wanted = (device: Device, nonce: Uint8Array) =>
  `algorithm=MD5, username="Robert Jordan", mac=${
    macDigest(client.name, client.secret, nonce, device.raw)}`;
const next = (code: number, nonce?: Uint8Array): Reply => ({ code, chal: chal(MAC, nonce) });
const macOf = (nonce: Uint8Array, secret = server.secret) => (body: Uint8Array) =>
  macDigest("srv", secret, nonce, body);
const right = (nonce: Uint8Array) => (body: Uint8Array) =>
  `algorithm=MD5, username="srv", mac=${macOf(nonce)(body)}`;
const announced = (device: Device): Buffer => {
  const text = at(headerStatusOf(device.message), "Chal", "Meta", "NextNonce");
  return Buffer.from(text ?? "", "base64");
};

it("dm-protocol §8.2: the digest of these tests is the vector", () => {
  const body = Buffer.from("<SyncML/>");
  expect(macDigest("Bruce2", "OhBehave", Buffer.from("Nonce"), body)).toBe(
    "urdCeS3JUmjFgi8SX3webw==",
  );
});

describe.each(BUILDS)("MAC, %s build", (build) => {
  const start = (provision: Provision): Device => {
    const device = Device.provisioned(build, provision);
    device.connect();
    return device;
  };

  // The client.

  it("§5.4: every message has the header over its exact bytes, none has Cred", () => {
    const device = start({ client });
    for (const nonce of NONCES) {
      expect(device.hmac).toBe(wanted(device, nonce));
      expect(childOf(headerOf(device.message!), "Cred")).toBeUndefined();
      expect(at(headerOf(device.message!), "Source", "LocName")).toBe("Robert Jordan");
      device.reply([get("1", ".")], next(200, NONCES[NONCES.indexOf(nonce) + 1]));
    }
  });

  it("§5.4: an account of another type sends no such header", () => {
    for (const type of ["DIGEST", "BASIC"] as const) {
      expect(start({ client: { ...client, type } }).hmac).toBe("");
    }
  });

  it("§5.4: a Status 212 does not end it: a MAC is for one message", () => {
    const device = start({ client });
    device.reply([get("1", ".")], next(212, NONCES[1]));
    expect(device.hmac).toBe(wanted(device, NONCES[1]!));
  });

  it("§5.4: the last nonce is the one of the next session, in the next boot too", () => {
    const device = start({ client });
    device.reply([get("1", ".")], next(200, NONCES[1]));
    device.reply([], next(200, NONCES[2]));
    expect(device.err).toBe(Err.Ok);
    device.boot();
    device.connect();
    expect(device.hmac).toBe(wanted(device, NONCES[2]!));
  });

  it.each([401, 407])("§9.1: %i with Chal: the package again, with the new nonce", (code) => {
    const device = start({ client });
    device.reply([], { ...next(code, NONCES[1]), others: code });
    expect(lines(device.message)).toEqual(["SyncHdr 200", "Alert 1201", "Replace", "Final"]);
    expect(wordOf(headerOf(device.message!), "MsgID")).toBe("2");
    expect(device.hmac).toBe(wanted(device, NONCES[1]!));
    device.reply([], next(200, NONCES[2]));
    expect(device.err).toBe(Err.Ok);
  });

  it.each(["syncml:auth-md5", "syncml:auth-basic", "syncml:auth-mac"])(
    "§5.4.1: a challenge for %s ends the session",
    (type) => {
      const device = start({ client });
      device.reply([], { code: 401, chal: chal(type, NONCES[1]), others: 401 });
      expect([device.isDone, device.err]).toEqual([true, Err.LoginRefused]);
    },
  );

  it("§8.4: three requests at most", () => {
    const device = start({ client });
    for (const nonce of NONCES) device.reply([], { ...next(401, nonce), others: 401 });
    expect([device.sent.length, device.err]).toEqual([3, Err.LoginRefused]);
  });

  it("dm-protocol §1.6: what is sent again has the same header", () => {
    const device = start({ client });
    device.reply([addLeaf("1", "./SCOMO/a")], next(200, NONCES[1]));
    const [raw, hmac] = [device.raw, device.hmac];
    device.reply([addLeaf("1", "./SCOMO/a")], { ...next(200, NONCES[2]), msgId: 1 });
    expect([device.raw, device.hmac]).toEqual([raw, hmac]);
  });

  it("abi: a name of 64 bytes in UTF-8 goes out as it is", () => {
    const name = "é".repeat(32);
    const device = start({ client: { ...client, name } });
    const mac = macDigest(name, client.secret, NONCES[0]!, device.raw);
    const header = Buffer.from(device.hmac, "latin1").toString();
    expect(header).toBe(`algorithm=MD5, username="${name}", mac=${mac}`);
  });

  // The server.

  it("§5.4: every message of the server is checked: 200 with Chal and a fresh nonce each", () => {
    const device = start({ server });
    const seen = new Set<string>([NONCE.toString("hex")]);
    let nonce: Buffer = NONCE;
    for (let i = 0; i < 4; i++) {
      const answer = device.reply([addLeaf("1", `./SCOMO/a${i}`)], { hmac: right(nonce) });
      expect(lines(answer)).toEqual(["SyncHdr 200", "1 Add 200", "Final"]);
      const meta = childOf(childOf(headerStatusOf(answer), "Chal"), "Meta");
      expect(namesOf(meta)).toEqual(["Format", "Type", "NextNonce"]);
      expect(at(meta, "Type")).toBe(MAC);
      nonce = announced(device);
      expect(nonce).toHaveLength(16);
      seen.add(nonce.toString("hex"));
    }
    expect(seen.size).toBe(5);
    device.reply([], { hmac: right(nonce) });
    expect(device.err).toBe(Err.Ok);
    device.boot();
    device.connect();
    expect(lines(device.reply([get("1", ".")], { hmac: right(nonce) }))[0]).toBe("SyncHdr 200");
  });

  it.each([
    ["in another order", (mac: string) => `mac=${mac}, username="srv", algorithm=MD5`],
    ["without algorithm", (mac: string) => `username="srv", mac=${mac}`],
    ["without blanks", (mac: string) => `algorithm=MD5,username="srv",mac=${mac}`],
    ["with a name like a MAC", (mac: string) => `username="x, mac=AAAA", mac=${mac}`],
    ["with more attributes", (mac: string) => `xmac=AAAA, username="srv", mac=${mac}, x=y`],
    ["with 256 bytes", (mac: string) => `x=${"y".repeat(222)}, mac=${mac}`.padEnd(256)],
  ])("§5.4: a header %s is taken", (_, write) => {
    const device = start({ server });
    const answer = device.reply([addLeaf("1", "./SCOMO/a")], {
      hmac: (body) => write(macOf(NONCE)(body)),
    });
    expect(lines(answer)).toEqual(["SyncHdr 200", "1 Add 200", "Final"]);
  });

  it.each([
    ["a wrong secret", (body: Uint8Array) => `mac=${macOf(NONCE, "guess")(body)}`],
    ["a stale nonce", (body: Uint8Array) => `mac=${macOf(Buffer.from("old"))(body)}`],
    ["another message", () => `mac=${macOf(NONCE)(Buffer.from("other"))}`],
    ["no attribute mac", (body: Uint8Array) => `username="${macOf(NONCE)(body)}"`],
    ["mac inside the name", (body: Uint8Array) => `username="mac=${macOf(NONCE)(body)}"`],
    ["another attribute", (body: Uint8Array) => `hmac=${macOf(NONCE)(body)}`],
    ["a MAC that is cut", (body: Uint8Array) => `mac=${macOf(NONCE)(body).slice(0, 23)}`],
    ["nothing but mac=", () => "mac="],
  ])("§5.4: %s: 401 with Chal, nothing runs", (_, hmac) => {
    const device = start({ server });
    const orders = [
      addLeaf("1", "./SCOMO/a"), atomic("2", addLeaf("3", "./SCOMO/b")),
    ];
    expect(lines(device.reply(orders, { hmac }))).toEqual([
      "SyncHdr 401", "1 Add 401", "2 Atomic 401", "3 Add 401", "Final",
    ]);
    expect([device.has("./SCOMO/a"), device.has("./SCOMO/b")]).toEqual([false, false]);
    expect(at(childOf(headerStatusOf(device.message), "Chal"), "Meta", "Type")).toBe(MAC);
    const answer = device.reply([addLeaf("1", "./SCOMO/a")], { hmac: right(announced(device)) });
    expect(lines(answer)).toEqual(["SyncHdr 200", "1 Add 200", "Final"]);
  });

  it.each([
    ["no header", undefined],
    ["one of 257 bytes", (body: Uint8Array) => right(NONCE)(body).padEnd(257)],
  ])("§5.4: %s is no authentication: 407 with Chal, nothing runs", (_, hmac) => {
    const device = start({ server });
    // A Cred of the other scheme does not help.
    const reply = { hmac, cred: md5Cred("srv", server.secret, NONCE) };
    expect(lines(device.reply([addLeaf("1", "./SCOMO/a")], reply))).toEqual([
      "SyncHdr 407", "1 Add 407", "Final",
    ]);
    expect(device.has("./SCOMO/a")).toBe(false);
    device.reply([addLeaf("1", "./SCOMO/a")], reply);
    expect([device.isDone, device.err]).toEqual([true, Err.ServerUnproven]);
  });

  it("§5.4: a proof is for one message: the next one without it does not run", () => {
    const device = start({ server });
    device.reply([get("1", ".")], { hmac: right(NONCE) });
    const first = announced(device);
    expect(lines(device.reply([addLeaf("1", "./SCOMO/a")]))).toEqual([
      "SyncHdr 407", "1 Add 407", "Final",
    ]);
    // Nor does the one with a nonce that another was announced for.
    expect(lines(device.reply([addLeaf("1", "./SCOMO/a")], { hmac: right(first) }))[0]).toBe(
      "SyncHdr 401",
    );
    expect(device.has("./SCOMO/a")).toBe(false);
    const answer = device.reply([addLeaf("1", "./SCOMO/a")], { hmac: right(announced(device)) });
    expect(lines(answer)).toEqual(["SyncHdr 200", "1 Add 200", "Final"]);
  });

  it("§5.4: a message that was changed on its way does not run", () => {
    const device = start({ server });
    const body = Buffer.from(encode(device.compose([addLeaf("1", "./SCOMO/a", "value")], {})));
    const hmac = right(NONCE)(body);
    body.write("VALUE", body.indexOf("value"));
    const answer = device.answer(body, 200, Media.Message, hmac);
    expect(lines(answer)).toEqual(["SyncHdr 401", "1 Add 401", "Final"]);
    expect(device.has("./SCOMO/a")).toBe(false);
  });

  it("§5.4: texts in pieces, which the parser joins in place, are signed as they came", () => {
    const device = start({ server });
    // `Data` as two strings: "va" "lue".
    const whole = Buffer.from(encode(device.compose([addLeaf("1", "./SCOMO/a", "va#lue")], {})));
    const at = whole.indexOf("va#lue");
    const pieces = Buffer.concat([
      whole.subarray(0, at + 2), Uint8Array.of(0, 3), whole.subarray(at + 3),
    ]);
    const answer = device.answer(pieces, 200, Media.Message, right(NONCE)(pieces));
    expect(lines(answer)).toEqual(["SyncHdr 200", "1 Add 200", "Final"]);
    expect(device.value("./SCOMO/a")).toBe("value");
  });

  it("hard spot 6: a nonce is durable before it is announced", () => {
    const device = start({ server });
    device.events = [];
    device.reply([get("1", ".")], { hmac: right(NONCE) });
    expect(device.events.slice(-2)).toEqual(["Durable", "Exchange"]);
    const nonce = announced(device);
    device.cut();
    device.connect();
    expect(lines(device.reply([get("1", ".")], { hmac: right(nonce) }))[0]).toBe("SyncHdr 200");
  });

  it("abi: the header of the answer before is not taken for that of this one", () => {
    const device = start({ client, server });
    device.reply([get("1", ".")], { hmac: right(NONCE) });
    expect(device.hmac).toContain('username="Robert Jordan"');
    expect(lines(device.reply([get("1", ".")]))[0]).toBe("SyncHdr 407");
  });

  it("§5.3: both sides by MAC, through a whole session", () => {
    const device = start({ client, server });
    expect(device.hmac).toBe(wanted(device, NONCES[0]!));
    device.reply([command("Get", "1", item("./DevInfo/Lang"))], {
      ...next(200, NONCES[1]), hmac: right(NONCE),
    });
    expect(lines(device.message)).toContain("Results 1 ./DevInfo/Lang = en");
    expect(device.hmac).toBe(wanted(device, NONCES[1]!));
    device.reply([], { ...next(200, NONCES[2]), hmac: right(announced(device)) });
    expect(device.err).toBe(Err.Ok);
    device.connect();
    expect(device.hmac).toBe(wanted(device, NONCES[2]!));
  });
});
