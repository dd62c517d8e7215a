import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  basicDigest, isRight, isSame, macDigest, macHeader, md5Digest, notificationDigest,
  parseMacHeader, RESYNC_NONCE, schemeOf,
} from "../../../host/demo/server/auth.ts";
import { buildNotification, sessionIdText } from "../../../host/demo/server/notification.ts";

const BRUCE = { user: "Bruce2", password: "OhBehave" };
const NONCE = Buffer.from("Nonce");
const TRIGGER = Buffer.from("02d0000000123412636f6d2e6d676d747372762e6d616e616765", "hex");

describe("digests", () => {
  it("md5Digest: the example of DM Protocol 1.2 §9.4.2", () => {
    expect(md5Digest(BRUCE, NONCE)).toBe("Zz6EivR3yeaaENcRN6lpAQ==");
  });

  it("md5Digest: with the nonce of the resynchronisation, four zero octets", () => {
    expect(md5Digest(BRUCE, RESYNC_NONCE)).toBe("cnPI6nO9RgujiHU0y58kNA==");
  });

  it("basicDigest: name and password in Base64", () => {
    expect(basicDigest(BRUCE)).toBe("QnJ1Y2UyOk9oQmVoYXZl");
  });

  it("macDigest: the nested MD5 over the exact body", () => {
    const body = Buffer.from("<SyncML/>");
    expect(macDigest(BRUCE, NONCE, body)).toBe("urdCeS3JUmjFgi8SX3webw==");
  });

  it("macDigest: is not the HMAC of RFC 2104 that its header is named after", () => {
    const hmac = createHmac("md5", "OhBehave").update("<SyncML/>").digest("base64");
    expect(macDigest(BRUCE, NONCE, Buffer.from("<SyncML/>"))).not.toBe(hmac);
  });

  it("notificationDigest: the vector for the trigger of the notification specification", () => {
    const login = { user: "com.mgmtsrv.manage", password: "srvpwd" };
    const digest = notificationDigest(login, NONCE, TRIGGER);
    expect(Buffer.from(digest).toString("hex")).toBe("10369e83e3fc7103a4a21acce6e242ae");
  });
});

describe("isRight", () => {
  const md5 = { type: "syncml:auth-md5", digest: "Zz6EivR3yeaaENcRN6lpAQ==" };

  it("the right digest of the right nonce passes, also with the type in other case", () => {
    expect(isRight("md5", BRUCE, NONCE, md5)).toBe(true);
    expect(isRight("md5", BRUCE, NONCE, { ...md5, type: "SYNCML:AUTH-MD5" })).toBe(true);
  });

  it("another nonce, password or scheme fails", () => {
    expect(isRight("md5", BRUCE, Buffer.from("nonce"), md5)).toBe(false);
    expect(isRight("md5", { ...BRUCE, password: "ohBehave" }, NONCE, md5)).toBe(false);
    expect(isRight("basic", BRUCE, NONCE, md5)).toBe(false);
    const basic = { type: "syncml:auth-basic", digest: basicDigest(BRUCE) };
    expect(isRight("md5", BRUCE, NONCE, basic)).toBe(false);
  });

  it("isSame: differs in length or in one character", () => {
    expect(isSame("abc", "abc")).toBe(true);
    expect(isSame("abc", "abcd")).toBe(false);
    expect(isSame("abc", "abd")).toBe(false);
    expect(isSame("", "")).toBe(true);
  });
});

describe("x-syncml-hmac", () => {
  it("what macHeader writes, parseMacHeader reads", () => {
    const header = macHeader(BRUCE, NONCE, Buffer.from("<SyncML/>"));
    expect(parseMacHeader(header)).toEqual({ user: "Bruce2", mac: "urdCeS3JUmjFgi8SX3webw==" });
  });

  it("parseMacHeader: attributes come in any order, algorithm may be missing", () => {
    const header = "mac=NTI2OTJhMDAwNjYx, username=\"Robert Jordan\"";
    expect(parseMacHeader(header)).toEqual({ user: "Robert Jordan", mac: "NTI2OTJhMDAwNjYx" });
  });

  it("parseMacHeader: another algorithm or a missing part is refused", () => {
    expect(parseMacHeader("algorithm=SHA, username=\"u\", mac=AA==")).toBeUndefined();
    expect(parseMacHeader("mac=AA==")).toBeUndefined();
    expect(parseMacHeader("username=\"u\"")).toBeUndefined();
  });
});

describe("schemeOf", () => {
  it("knows the three schemes, whatever their case, and no other", () => {
    expect(["syncml:auth-md5", "syncml:AUTH-basic", "syncml:auth-MAC"].map(schemeOf))
      .toEqual(["md5", "basic", "mac"]);
    expect(schemeOf("syncml:auth-X509")).toBeUndefined();
    expect(schemeOf(undefined)).toBeUndefined();
  });
});

describe("buildNotification", () => {
  it("the trigger of the specification's example, after its digest", () => {
    const bytes = buildNotification({
      serverId: "com.mgmtsrv.manage", password: "srvpwd", nonce: NONCE, sessionId: 0x1234,
      uiMode: 1,
    });
    expect(Buffer.from(bytes).toString("hex"))
      .toBe(`10369e83e3fc7103a4a21acce6e242ae${TRIGGER.toString("hex")}`);
  });

  it("ui-mode and initiator stand in the second byte of the trigger", () => {
    const second = (uiMode: number, isServerInitiated: boolean): number | undefined =>
      buildNotification({
        serverId: "s", password: "p", nonce: NONCE, sessionId: 1, uiMode, isServerInitiated,
      })[17];
    expect(second(1, true)).toBe(0xd8);
    expect(second(2, true)).toBe(0xe8);
    expect(second(0, false)).toBe(0xc0);
    expect(second(3, false)).toBe(0xf0);
  });

  it("session ids and server ids at their limits", () => {
    const build = (serverId: string, sessionId: number): Uint8Array =>
      buildNotification({ serverId, password: "p", nonce: NONCE, sessionId, uiMode: 0 });
    expect(build("s", 0xffff).subarray(21, 23)).toEqual(Uint8Array.from([0xff, 0xff]));
    expect(build("s".repeat(255), 1).length).toBe(24 + 255);
    expect(() => build("s", 0)).toThrow(RangeError);
    expect(() => build("s", 0x10000)).toThrow(RangeError);
    expect(() => build("", 1)).toThrow(RangeError);
    expect(() => build("s".repeat(256), 1)).toThrow(RangeError);
  });

  it("sessionIdText: upper-case hex without leading zeros", () => {
    expect([0x1234, 0x000a, 0xffff].map(sessionIdText)).toEqual(["1234", "A", "FFFF"]);
  });
});
