// DM NOT 1.2 §6: Package #0. What does not prove itself is dropped, and nothing is sent.
import { describe, expect, it } from "vitest";
import { Device, Err } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import { type Credential, md5Cred, type Notice, notification } from "../../helpers/provision.ts";
import { at, get, headerOf, headerStatusOf, lines, wordOf } from "../../helpers/syncml.ts";

const NONCE = Buffer.from("Nonce");
const ID = "com.mgmtsrv.manage";
const server: Credential = { type: "DIGEST", name: ID, secret: "srvpwd", nonce: NONCE };
const NOTICE: Notice = { serverId: ID, secret: "srvpwd", nonce: NONCE, sessionId: 0x1234 };
/** Vector of dm-protocol §8.2: trigger and digest. */
const VECTOR = Buffer.from(
  "10369e83e3fc7103a4a21acce6e242ae" + "02d0000000123412636f6d2e6d676d747372762e6d616e616765",
  "hex",
);

describe.each(BUILDS)("Package #0, %s build", (build) => {
  const fresh = (): Device => Device.provisioned(build, { server, serverId: ID });

  it("§6: the test's own notification is the published vector", () => {
    expect(Buffer.from(notification(NOTICE)).equals(VECTOR)).toBe(true);
  });

  it("§6: the vector is taken: a session with Alert 1200 and SessionID 1234", () => {
    const device = fresh();
    expect(device.notify(VECTOR)).toBe(1);
    expect(lines(device.message)[0]).toBe("Alert 1200");
    expect(wordOf(headerOf(device.message!), "SessionID")).toBe("1234");
  });

  it.each([0, 1, 2, 3])("§6.2.4: ui-mode %i is handed to the host", (uiMode) => {
    expect(fresh().notify(notification({ ...NOTICE, uiMode }))).toBe(uiMode);
  });

  it.each([
    [0x1, "1"], [0xa, "A"], [0x2a, "2A"], [0xabc, "ABC"], [0x1000, "1000"], [0xffff, "FFFF"],
    [0, "0"],
  ])("§6.2.10: session id %i is SessionID %s", (sessionId, text) => {
    const device = fresh();
    device.notify(notification({ ...NOTICE, sessionId }));
    expect(wordOf(headerOf(device.message!), "SessionID")).toBe(text);
    expect(
      lines(device.reply([get("1", ".")], { cred: md5Cred(ID, "srvpwd", NONCE) }))[0],
    ).toBe("SyncHdr 212");
  });

  it("§6.2: initiator and vendor body are part of the digest, else ignored", () => {
    const body = Buffer.from("vendor data");
    expect(fresh().notify(notification({ ...NOTICE, isByServer: true, body }))).toBe(1);
    const long = notification({ ...NOTICE, body: Buffer.alloc(1000, 7) });
    expect(fresh().notify(long)).toBe(1);
    long[900]! ^= 1;
    expect(fresh().notify(long)).toBe(Err.Replayed);
  });

  it.each([
    ["another version", { version: 10 }, Err.Unsupported],
    ["version 12", { version: 12 }, Err.Unsupported],
    ["version 0", { version: 0 }, Err.Unsupported],
    ["an unknown server", { serverId: "com.other" }, Err.NotFound],
    ["a prefix of the server's identifier", { serverId: "com.mgmtsrv.manag" }, Err.NotFound],
    ["no server identifier", { serverId: "" }, Err.Malformed],
    ["a wrong secret", { secret: "guess" }, Err.Replayed],
    ["an old nonce", { nonce: Buffer.from("old") }, Err.Replayed],
  ])("§6: %s is refused", (_, part, err) => {
    const device = fresh();
    expect(device.notify(notification({ ...NOTICE, ...part }))).toBe(err);
    expect(device.sent).toEqual([]);
    device.core.step();
    expect(device.sent).toEqual([]);
  });

  it("§6: every proper prefix of the vector is refused, and no session follows", () => {
    const device = fresh();
    for (let length = 0; length < VECTOR.length; length++) {
      const err = device.notify(VECTOR.subarray(0, length));
      expect(err, `${length} bytes`).toBe(Err.Truncated);
    }
    expect(device.sent).toEqual([]);
    expect(device.notify(VECTOR)).toBe(1);
  });

  it("§6: every bit of the vector counts", () => {
    const device = fresh();
    for (let bit = 0; bit < VECTOR.length * 8; bit++) {
      const changed = Buffer.from(VECTOR);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(device.notify(changed), `bit ${bit}`).toBeLessThan(0);
    }
    expect(device.sent).toEqual([]);
  });

  it("§9.2: a name of the server that differs from its identifier is tried too", () => {
    const device = Device.provisioned(
      build, { server: { ...server, name: "someone" }, serverId: ID },
    );
    expect(device.notify(notification({ ...NOTICE, name: "someone" }))).toBe(1);
  });

  it("§9.2: replayed after the session that it asked for: refused", () => {
    const device = fresh();
    device.notify(VECTOR);
    device.reply([get("1", ".")], { cred: md5Cred(ID, "srvpwd", NONCE) });
    const next = Buffer.from(
      at(headerStatusOf(device.message), "Chal", "Meta", "NextNonce")!, "base64",
    );
    device.close();
    expect(device.notify(VECTOR)).toBe(Err.Replayed);
    device.boot();
    expect(device.notify(VECTOR)).toBe(Err.Replayed);
    expect(device.notify(notification({ ...NOTICE, nonce: next }))).toBe(1);
  });

  it.each([["none", undefined], ["of type BASIC", { ...server, type: "BASIC" as const }]])(
    "§6.2: a server whose credential is %s cannot notify",
    (_, credential) => {
      const device = Device.provisioned(
        build, { ...(credential ? { server: credential } : {}), serverId: ID },
      );
      expect(device.notify(VECTOR)).toBe(Err.Replayed);
    },
  );

  it("§6: a device without an account, and one in the middle of a session, say Misuse", () => {
    expect(new Device(build).notify(VECTOR)).toBe(Err.Misuse);
    const device = fresh();
    device.connect();
    expect(device.core.notify(VECTOR.length)).toBe(Err.Misuse);
  });

  it("§6: more bytes than the receive buffer: TooLarge", () => {
    const device = fresh();
    expect(device.core.notify(4097)).toBe(Err.TooLarge);
    expect(device.core.notify(-1)).toBe(Err.TooLarge);
  });
});
