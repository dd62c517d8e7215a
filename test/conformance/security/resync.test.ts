// DM NOT 1.2 §5.1, dm-protocol §9.2: a server that has lost its nonce, and one that repeats itself.
import { describe, expect, it } from "vitest";
import { Device, Err } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  chal, type Credential, macDigest, md5Cred, md5Digest, type Notice, notification, type Provision,
} from "../../helpers/provision.ts";
import { at, get, headerOf, headerStatusOf, lines } from "../../helpers/syncml.ts";

const ID = "com.mgmtsrv.manage";
const NONCE = Buffer.from("the server's one");
const OWN = Buffer.from("the client's one");
const ZERO = Buffer.alloc(4);
const FRESH = Buffer.from("a fresh nonce 16");
const server: Credential = { type: "DIGEST", name: ID, secret: "srvpwd", nonce: NONCE };
const client: Credential = { type: "DIGEST", name: "dev", secret: "devpwd", nonce: OWN };
const SECOND = "com.second";
const other: NonNullable<Provision["other"]> = {
  serverId: SECOND, url: "https://two.example/", server: { ...server, name: SECOND },
};
const NOTICE: Notice = { serverId: ID, secret: "srvpwd", nonce: NONCE, sessionId: 1 };
const notice = (sessionId: number, nonce: Uint8Array = ZERO, serverId = ID): Uint8Array =>
  notification({ ...NOTICE, sessionId, nonce, serverId });
const proof = (nonce: Uint8Array) => md5Cred(ID, "srvpwd", nonce);
const credOf = (device: Device) => at(headerOf(device.message!), "Cred", "Data");
const digest = (nonce: Uint8Array) => md5Digest("dev", "devpwd", nonce);
const announced = (device: Device): Buffer => {
  const text = at(headerStatusOf(device.message), "Chal", "Meta", "NextNonce");
  return Buffer.from(text ?? "", "base64");
};

describe.each(BUILDS)("resynchronisation, %s build", (build) => {
  const fresh = (provision: Provision = {}): Device =>
    Device.provisioned(build, { client, server, serverId: ID, other, ...provision });
  /** A session in which the server proves itself by `nonce`. @returns the nonce it got */
  const succeed = (device: Device, nonce: Uint8Array): Buffer => {
    device.reply([get("1", ".")], {
      cred: proof(nonce), code: 212, chal: chal("syncml:auth-md5", FRESH),
    });
    const next = announced(device);
    expect(device.close()).toBe(Err.Ok);
    return next;
  };

  it("§5.1: four zero octets: the session uses them on both sides until there are others", () => {
    const device = fresh();
    expect(device.notify(notice(1))).toBe(1);
    // The second one is that of dm-protocol §8.2.
    expect(credOf(device)).toBe(digest(ZERO));
    expect(md5Digest("Bruce2", "OhBehave", ZERO)).toBe("cnPI6nO9RgujiHU0y58kNA==");
    const next = succeed(device, ZERO);
    device.boot();
    device.connect();
    expect(credOf(device)).toBe(digest(FRESH));
    expect(lines(device.reply([get("1", ".")], { cred: proof(next) }))[0]).toBe("SyncHdr 212");
  });

  it("§5.1: the nonce that is stored does not count in such a session", () => {
    const device = fresh();
    device.notify(notice(1));
    expect(lines(device.reply([get("1", ".")], { cred: proof(NONCE) }))).toEqual([
      "SyncHdr 401", "1 Get 401", "Final",
    ]);
    expect(lines(device.reply([get("1", ".")], { cred: proof(announced(device)) }))[0]).toBe(
      "SyncHdr 212",
    );
  });

  it("§5.3.4: a session without proof changes nothing that is stored", () => {
    const device = fresh();
    device.notify(notice(1));
    device.reply([get("1", ".")], { code: 200, chal: chal("syncml:auth-md5", FRESH) });
    device.fail(Err.Transport);
    device.boot();
    device.connect();
    expect(credOf(device)).toBe(digest(OWN));
    expect(lines(device.reply([get("1", ".")], { cred: proof(NONCE) }))[0]).toBe("SyncHdr 212");
  });

  it("§5.1: a session that the client begins never uses it", () => {
    const device = fresh();
    device.connect();
    expect(lines(device.reply([get("1", ".")], { cred: proof(ZERO) }))[0]).toBe("SyncHdr 401");
  });

  it.each([["0x00000000"], ["\0"], [""], ["12345"]])("§5.1: %j is not that nonce", (text) => {
    expect(fresh().notify(notice(1, Buffer.from(text)))).toBe(Err.Replayed);
  });

  it("§5.1: the server's name is tried as well", () => {
    const device = fresh({ server: { ...server, name: "someone" } });
    const bytes = notification({ ...NOTICE, nonce: ZERO, name: "someone" });
    expect(device.notify(bytes)).toBe(1);
  });

  it("§5.1: with MAC on both sides", () => {
    const device = fresh({
      client: { ...client, type: "HMAC" }, server: { ...server, type: "HMAC" },
    });
    expect(device.notify(notice(1))).toBe(1);
    expect(device.hmac).toContain(`mac=${macDigest("dev", "devpwd", ZERO, device.raw)}`);
    device.reply([get("1", ".")], {
      code: 200, chal: chal("syncml:auth-MAC", FRESH),
      hmac: (body) => `mac=${macDigest(ID, "srvpwd", ZERO, body)}`,
    });
    expect(lines(device.message)[0]).toBe("SyncHdr 200");
    expect(announced(device)).toHaveLength(16);
    expect(device.hmac).toContain(`mac=${macDigest("dev", "devpwd", FRESH, device.raw)}`);
  });

  // How often.

  it("§5.1: once in a boot, whether its session succeeds or not", () => {
    const device = fresh();
    device.notify(notice(1));
    device.fail(Err.Transport);
    expect(device.notify(notice(2))).toBe(Err.Replayed);
    device.boot();
    expect(device.notify(notice(3))).toBe(1);
    succeed(device, ZERO);
    expect(device.notify(notice(4))).toBe(Err.Replayed);
  });

  it("§5.1: again after a session with nonces of its own", () => {
    const device = fresh();
    device.notify(notice(1));
    const next = succeed(device, ZERO);
    device.connect();
    device.fail(Err.Transport);
    expect(device.notify(notice(2))).toBe(Err.Replayed);
    device.connect();
    succeed(device, next);
    expect(device.notify(notice(3))).toBe(1);
  });

  it("§5.1: each account by itself", () => {
    const device = fresh();
    device.notify(notice(1));
    device.fail(Err.Transport);
    expect(device.notify(notice(1, ZERO, SECOND))).toBe(1);
    expect(device.url).toBe("https://two.example/");
  });

  // Repeated notifications.

  it("dm-protocol §9.2: at most one session for each session id of a server", () => {
    const device = fresh();
    expect(device.notify(notice(7, NONCE))).toBe(1);
    device.fail(Err.Transport);
    expect(device.notify(notice(7, NONCE))).toBe(Err.Replayed);
    const again = notification({ ...NOTICE, sessionId: 7, uiMode: 2 });
    expect(device.notify(again)).toBe(Err.Replayed);
    expect(device.notify(notice(8, NONCE))).toBe(1);
    device.fail(Err.Transport);
    expect(device.notify(notice(7, NONCE, SECOND))).toBe(1);
    device.fail(Err.Transport);
    expect(device.notify(notice(7, NONCE, SECOND))).toBe(Err.Replayed);
  });

  it("dm-protocol §9.2: sixteen of them are remembered", () => {
    const device = fresh();
    for (let id = 1; id <= 16; id++) {
      expect(device.notify(notice(id, NONCE))).toBe(1);
      device.fail(Err.Transport);
    }
    expect(device.notify(notice(1, NONCE))).toBe(Err.Replayed);
    expect(device.notify(notice(17, NONCE))).toBe(1);
    device.fail(Err.Transport);
    expect(device.notify(notice(2, NONCE))).toBe(Err.Replayed);
    expect(device.notify(notice(1, NONCE))).toBe(1);
  });

  it("dm-protocol §9.2: one that is refused is not remembered", () => {
    const device = fresh();
    expect(device.notify(notice(7, Buffer.from("forged")))).toBe(Err.Replayed);
    expect(device.notify(notice(7, NONCE))).toBe(1);
  });
});
