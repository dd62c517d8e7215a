// DM SEC 1.2 §5.3: the server proves who it is before anything it orders runs.
import { describe, expect, it } from "vitest";
import { Device, Err } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  basicDigest, chal, cred, type Credential, md5Cred, md5Digest, type Provision,
} from "../../helpers/provision.ts";
import {
  addLeaf, alert, at, atomic, childOf, command, exec, get, headerOf, headerStatusOf, item, lines,
  namesOf,
  sequence,
} from "../../helpers/syncml.ts";

const NONCE = Buffer.from("the first nonce!");
const server: Credential = { type: "DIGEST", name: "srv", secret: "srvpwd", nonce: NONCE };
const client: Credential = {
  type: "DIGEST", name: "dev", secret: "devpwd", nonce: Buffer.from("c"),
};
const right = (nonce: Uint8Array) => md5Cred("srv", "srvpwd", nonce);
const WRONG = md5Cred("srv", "guess", NONCE);

/** The nonce that the client announces in its message. */
const announced = (device: Device): Buffer => {
  const text = at(headerStatusOf(device.message), "Chal", "Meta", "NextNonce");
  return Buffer.from(text ?? "", "base64");
};

describe.each(BUILDS)("the server's login, %s build", (build) => {
  const start = (provision: Provision = { server }): Device => {
    const device = Device.provisioned(build, provision);
    device.connect();
    return device;
  };

  it("§8.6: right credentials: 212 with Chal for the next session, commands run", () => {
    const device = start();
    const answer = device.reply([addLeaf("1", "./SCOMO/a")], { cred: right(NONCE) });
    expect(lines(answer)).toEqual(["SyncHdr 212", "1 Add 200", "Final"]);
    const status = headerStatusOf(answer);
    expect(namesOf(status)).toEqual(["CmdID", "MsgRef", "CmdRef", "Cmd", "Chal", "Data"]);
    const meta = childOf(childOf(status, "Chal"), "Meta");
    expect(namesOf(meta)).toEqual(["Format", "Type", "NextNonce"]);
    expect([at(meta, "Format"), at(meta, "Type")]).toEqual(["b64", "syncml:auth-md5"]);
    expect(announced(device)).toHaveLength(16);
    expect(announced(device).equals(NONCE)).toBe(false);
  });

  it("§8.6: afterwards messages need no Cred, the header's Status is 200 without Chal", () => {
    const device = start();
    device.reply([get("1", ".")], { cred: right(NONCE) });
    const answer = device.reply([addLeaf("1", "./SCOMO/a")]);
    expect(lines(answer)).toEqual(["SyncHdr 200", "1 Add 200", "Final"]);
    expect(childOf(headerStatusOf(answer), "Chal")).toBeUndefined();
  });

  it("§8.6: no Cred: 407 with Chal, 407 for each command, none runs", () => {
    const device = start();
    const answer = device.reply([
      addLeaf("1", "./SCOMO/a"), get("2", "./DevInfo/Lang"), atomic("3", addLeaf("4", "./SCOMO/b")),
      sequence("5", exec("6", "./SCOMO/x"), alert("7", 1100, "", "Hi")),
      command("Put", "8", item("./x")),
    ]);
    expect(lines(answer)).toEqual([
      "SyncHdr 407", "1 Add 407", "2 Get 407", "3 Atomic 407", "4 Add 407", "5 Sequence 407",
      "6 Exec 407",
      "7 Alert 407", "8 Put 407", "Final",
    ]);
    expect(announced(device)).toHaveLength(16);
    expect(device.questions).toEqual([]);
    expect([device.has("./SCOMO/a"), device.has("./SCOMO/b")]).toEqual([false, false]);
  });

  it.each([
    ["a wrong secret", WRONG], ["the right secret and an old nonce", right(Buffer.from("stale"))],
    [
      "basic with the right secret",
      cred("syncml:auth-basic", Buffer.from("srv:srvpwd").toString("base64")),
    ],
    [
      "the right digest under another type",
      cred("syncml:auth-MAC", md5Digest("srv", "srvpwd", NONCE)),
    ],
    [
      "a digest that is cut",
      cred("syncml:auth-md5", md5Digest("srv", "srvpwd", NONCE).slice(0, 23)),
    ],
    ["an empty digest", cred("syncml:auth-md5", "")],
  ])("§8.6: %s: 401 with Chal, 401 for each command, none runs", (_, wrong) => {
    const device = start();
    const answer = device.reply([addLeaf("1", "./SCOMO/a")], { cred: wrong });
    expect(lines(answer)).toEqual(["SyncHdr 401", "1 Add 401", "Final"]);
    expect(announced(device)).toHaveLength(16);
    expect(device.has("./SCOMO/a")).toBe(false);
  });

  it.each([["no Cred", undefined, 407], ["a wrong one", WRONG, 401]])(
    "§8.6: %s, then the right one with the announced nonce: 212 and commands run",
    (_, first, code) => {
      const device = start();
      expect(
        lines(device.reply([addLeaf("1", "./SCOMO/a")], { cred: first }))[0],
      ).toBe(`SyncHdr ${code}`);
      const nonce = announced(device);
      const answer = device.reply([addLeaf("1", "./SCOMO/a")], { cred: right(nonce) });
      expect(lines(answer)).toEqual(["SyncHdr 212", "1 Add 200", "Final"]);
      expect(announced(device).equals(nonce)).toBe(false);
    },
  );

  it("§8.6: none, then a stale one, then the right one: three messages are enough", () => {
    const device = start();
    device.reply([get("1", ".")]);
    device.reply([get("1", ".")], { cred: WRONG });
    expect(
      lines(device.reply([get("1", ".")], { cred: right(announced(device)) }))[0],
    ).toBe("SyncHdr 212");
  });

  it.each(
    [["no Cred", undefined], ["a wrong one", WRONG]],
  )("§8.6: %s twice: the session ends, nothing has run", (_, wrong) => {
    const device = start();
    device.reply([addLeaf("1", "./SCOMO/a")], { cred: wrong });
    expect(device.reply([addLeaf("1", "./SCOMO/a")], { cred: wrong })).toBeUndefined();
    expect(device.err).toBe(Err.ServerUnproven);
    expect(device.has("./SCOMO/a")).toBe(false);
  });

  it("§9: no credentials and no commands: no lone challenge, the end", () => {
    for (const wrong of [undefined, WRONG]) {
      const device = start();
      expect(device.reply([], { cred: wrong })).toBeUndefined();
      expect(device.err).toBe(Err.ServerUnproven);
    }
  });

  it("§9: both sides challenge: our package comes again, with a Chal for the server", () => {
    const device = start({ client, server });
    const reply = { code: 401, chal: chal("syncml:auth-md5", Buffer.from("n")), others: 401 };
    const answer = device.reply([], reply);
    expect(lines(answer)).toEqual(["SyncHdr 407", "Alert 1201", "Replace", "Final"]);
    expect(announced(device)).toHaveLength(16);
    expect(at(headerOf(answer!), "Cred", "Data")).toBe(
      md5Digest("dev", "devpwd", Buffer.from("n")),
    );
    expect(
      lines(device.reply([get("1", ".")], { cred: right(announced(device)) }))[0],
    ).toBe("SyncHdr 212");
  });

  it("§5.3.4: a nonce of an unproven server is used, stored when it is proven", () => {
    const fresh = Buffer.from("a nonce for next");
    const next = { code: 212, chal: chal("syncml:auth-md5", fresh) };
    const never = start({ client, server });
    never.reply([get("1", ".")], next);
    never.fail(Err.Transport);
    never.connect();
    expect(
      at(headerOf(never.message!), "Cred", "Data"),
    ).toBe(md5Digest("dev", "devpwd", Buffer.from("c")));
    const proved = start({ client, server });
    proved.reply([get("1", ".")], next);
    proved.reply([], { cred: right(announced(proved)) });
    proved.boot();
    proved.connect();
    expect(at(headerOf(proved.message!), "Cred", "Data")).toBe(md5Digest("dev", "devpwd", fresh));
  });

  it.each([
    ["basic", cred("syncml:auth-basic", basicDigest("srv", "srvpwd"))], ["md5", right(NONCE)],
  ])(
    "§5.3: a server of type X509 cannot prove itself by %s: nothing runs",
    (_, given) => {
      const device = start({ server: { ...server, type: "X509" } });
      const answer = device.reply([addLeaf("1", "./SCOMO/a")], { cred: given });
      expect(lines(answer)[0]).toBe("SyncHdr 401");
      expect(device.has("./SCOMO/a")).toBe(false);
    },
  );

  it("§5.3: a server of type BASIC: 212 without Chal, commands run, here and after", () => {
    const device = start({ server: { ...server, type: "BASIC" } });
    // "srv:srvpwd" by the base64 of coreutils.
    const given = cred("syncml:auth-basic", "c3J2OnNydnB3ZA==");
    const answer = device.reply([addLeaf("1", "./SCOMO/a")], { cred: given });
    expect(lines(answer)).toEqual(["SyncHdr 212", "1 Add 200", "Final"]);
    expect(childOf(headerStatusOf(answer), "Chal")).toBeUndefined();
    expect(lines(device.reply([get("1", "./SCOMO/a")]))).toContain("1 Get 200");
  });

  it.each([
    ["no Cred", undefined, 407], ["a wrong secret", basicDigest("srv", "guess"), 401],
    ["a secret that is cut", "c3J2OnNydnB3", 401], ["an empty Cred", "", 401],
  ])("§5.3: a server of type BASIC, %s: a Chal for basic without a nonce", (_, given, code) => {
    const device = start({ server: { ...server, type: "BASIC" } });
    const wrong = given === undefined ? undefined : cred("syncml:auth-basic", given);
    const answer = device.reply([addLeaf("1", "./SCOMO/a")], { cred: wrong });
    expect(lines(answer)).toEqual([`SyncHdr ${code}`, `1 Add ${code}`, "Final"]);
    const meta = childOf(childOf(headerStatusOf(answer), "Chal"), "Meta");
    expect(namesOf(meta)).toEqual(["Format", "Type"]);
    expect(at(meta, "Type")).toBe("syncml:auth-basic");
    expect(device.has("./SCOMO/a")).toBe(false);
    const good = cred("syncml:auth-basic", basicDigest("srv", "srvpwd"));
    expect(lines(device.reply([addLeaf("1", "./SCOMO/a")], { cred: good }))).toContain("1 Add 200");
  });

  it("§5.3: a server of type DIGEST does not get by with basic", () => {
    const device = start();
    const given = cred("syncml:auth-basic", basicDigest("srv", "srvpwd"));
    expect(lines(device.reply([get("1", ".")], { cred: given }))[0]).toBe("SyncHdr 401");
  });

  it("§5.3.4: the nonce of a challenge does not outlive a session without proof", () => {
    const device = start();
    device.reply([get("1", ".")], { cred: WRONG });
    expect(announced(device).equals(NONCE)).toBe(false);
    device.fail(Err.Transport);
    device.boot();
    device.connect();
    expect(lines(device.reply([get("1", ".")], { cred: right(NONCE) }))[0]).toBe("SyncHdr 212");
  });

  it("§8.6: the account asks nothing of the server: its Cred is not looked at, 200", () => {
    const device = start({});
    expect(lines(device.reply([addLeaf("1", "./SCOMO/a")], { cred: WRONG }))).toEqual([
      "SyncHdr 200", "1 Add 200", "Final",
    ]);
  });

  it("§5.3: what an unproven server says of our Alerts does not count", () => {
    const device = start();
    device.reply([get("1", ".")]);
    device.reply([get("1", ".")], { cred: right(announced(device)) });
    expect(device.err).toBe(Err.Ok);
  });

  // Nonces.

  it("hard spot 6: a new nonce is durable before it is announced", () => {
    const device = start();
    device.events = [];
    device.reply([get("1", ".")], { cred: right(NONCE) });
    expect(device.events.at(-1)).toBe("Exchange");
    expect(device.events.at(-2)).toBe("Durable");
    const next = announced(device);
    device.cut();
    device.connect();
    expect(lines(device.reply([get("1", ".")], { cred: right(next) }))[0]).toBe("SyncHdr 212");
  });

  it("hard spot 6: where the nonce cannot be made durable it is not announced", () => {
    const device = start();
    device.durable = () => Err.Storage;
    expect(device.reply([get("1", ".")], { cred: right(NONCE) })).toBeUndefined();
    expect(device.err).toBe(Err.Storage);
  });

  it("hard spot 6: cut before the barrier: the old nonce still works", () => {
    const device = start();
    device.durable = () => {
      throw new Error("the power is gone");
    };
    expect(() => device.reply([get("1", ".")], { cred: right(NONCE) })).toThrow();
    device.durable = () => Err.Ok;
    device.cut();
    device.connect();
    expect(lines(device.reply([get("1", ".")], { cred: right(NONCE) }))[0]).toBe("SyncHdr 212");
  });

  it("hard spot 6: credentials of the last session are refused", () => {
    const device = start();
    const used = right(NONCE);
    device.reply([get("1", ".")], { cred: used });
    device.close();
    device.connect();
    expect(lines(device.reply([addLeaf("1", "./SCOMO/a")], { cred: used }))[0]).toBe("SyncHdr 401");
    expect(device.has("./SCOMO/a")).toBe(false);
  });

  it("hard spot 6: an account without a nonce: the client makes one and announces it", () => {
    const { nonce: _, ...bare } = server;
    const device = start({ server: bare });
    device.reply([get("1", ".")]);
    const nonce = announced(device);
    expect(lines(device.reply([get("1", ".")], { cred: right(nonce) }))[0]).toBe("SyncHdr 212");
    const next = announced(device);
    device.close();
    device.boot();
    device.connect();
    expect(lines(device.reply([get("1", ".")], { cred: right(next) }))[0]).toBe("SyncHdr 212");
  });

  it("§5.3: 50 sessions announce 50 nonces", () => {
    const device = start();
    const seen = new Set<string>();
    let nonce: Buffer = NONCE;
    for (let i = 0; i < 50; i++) {
      device.reply([get("1", ".")], { cred: right(nonce) });
      nonce = announced(device);
      seen.add(nonce.toString("hex"));
      device.close();
      device.connect();
    }
    expect(seen.size).toBe(50);
  });
});
