// DM PRO 1.2 §8.3: what the client's first package holds, in which order.
import { describe, expect, it } from "vitest";
import { Device, Err } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import { DEVICE_ID, notification, SERVER_ID, SERVER_URL } from "../../helpers/provision.ts";
import {
  at, bodyOf, childrenOf, headerOf, item, lines, namesOf, wordOf,
} from "../../helpers/syncml.ts";

const NONCE = Buffer.from("00112233445566778899aabbccddeeff", "hex");
const SERVER = { type: "DIGEST", name: SERVER_ID, secret: "srvpwd", nonce: NONCE } as const;

describe.each(BUILDS)("package #1, %s build", (build) => {
  it("§8.3: the header has versions, identifiers, addresses and sizes in the DTD's order", () => {
    const message = Device.provisioned(build, {}, { maxMsgBytes: 2048 }).connect()!;
    const header = headerOf(message);
    expect(namesOf(message)).toEqual(["SyncHdr", "SyncBody"]);
    expect(namesOf(header)).toEqual([
      "VerDTD", "VerProto", "SessionID", "MsgID", "Target", "Source", "Meta",
    ]);
    expect(wordOf(header, "VerDTD")).toBe("1.2");
    expect(wordOf(header, "VerProto")).toBe("DM/1.2");
    expect(wordOf(header, "SessionID")).toMatch(/^[1-9A-F][0-9A-F]{3}$/);
    expect(wordOf(header, "MsgID")).toBe("1");
    expect(at(header, "Target", "LocURI")).toBe(SERVER_URL);
    expect(at(header, "Source", "LocURI")).toBe(DEVICE_ID);
    expect(at(header, "Meta", "MaxMsgSize")).toBe("2048");
    expect(at(header, "Meta", "MaxObjSize")).toBe("65536");
  });

  it("§8.3: credentials stand between Source and Meta, the user's name in Source", () => {
    const client = { type: "DIGEST", name: "dev-0042", secret: "x", nonce: NONCE } as const;
    const header = headerOf(Device.provisioned(build, { client }).connect()!);
    expect(namesOf(header)).toEqual([
      "VerDTD", "VerProto", "SessionID", "MsgID", "Target", "Source", "Cred", "Meta",
    ]);
    expect(at(header, "Source", "LocName")).toBe("dev-0042");
    expect(at(header, "Cred", "Meta", "Format")).toBe("b64");
    expect(at(header, "Cred", "Meta", "Type")).toBe("syncml:auth-md5");
  });

  it("§8.3: the body is Alert 1201, Replace, Final, numbered from 1", () => {
    const message = Device.provisioned(build).connect()!;
    expect(lines(message)).toEqual(["Alert 1201", "Replace", "Final"]);
    const [alert, replace] = bodyOf(message);
    expect(namesOf(alert)).toEqual(["CmdID", "Data"]);
    expect(wordOf(alert!, "CmdID")).toBe("1");
    expect(wordOf(replace!, "CmdID")).toBe("2");
  });

  it("DM STDOBJ §5.3.2: an Item for each leaf of DevInfo, Source and Data", () => {
    const items = childrenOf(bodyOf(Device.provisioned(build).connect()!)[1]!, "Item");
    expect(items.map(namesOf)).toEqual(Array(5).fill(["Source", "Data"]));
    expect(items.map((one) => [at(one, "Source", "LocURI"), at(one, "Data")])).toEqual([
      ["./DevInfo/DevId", DEVICE_ID], ["./DevInfo/Man", "Example Works"],
      ["./DevInfo/Mod", "Gate-3"], ["./DevInfo/DmV", "1.2"], ["./DevInfo/Lang", "en"],
    ]);
  });

  it("DM STDOBJ §5.3.2: interior nodes below DevInfo are left out", () => {
    const items = [item("./DevInfo/Ext/Site", "7")];
    const message = Device.provisioned(build, { items }).connect()!;
    const sent = childrenOf(bodyOf(message)[1]!, "Item");
    expect(sent.map((one) => at(one, "Source", "LocURI"))).not.toContain("./DevInfo/Ext");
    expect(sent).toHaveLength(5);
  });

  it("§8.3: a session that a notification asked for has Alert 1200 and its SessionID", () => {
    const device = Device.provisioned(build, { server: SERVER });
    const notice = { serverId: SERVER_ID, secret: "srvpwd", nonce: NONCE, sessionId: 0x2a };
    expect(device.notify(notification(notice))).toBe(1);
    expect(lines(device.message)).toEqual(["Alert 1200", "Replace", "Final"]);
    expect(wordOf(headerOf(device.message!), "SessionID")).toBe("2A");
  });

  it("§8.3: two sessions of the client have different SessionIDs", () => {
    const device = Device.provisioned(build);
    const seen = new Set<string>();
    for (let i = 0; i < 20; i++) {
      seen.add(wordOf(headerOf(device.connect()!), "SessionID")!);
      device.close();
    }
    expect(seen.size).toBe(20);
  });

  it("§8: a device without an account answers NotFound and sends nothing", () => {
    const device = new Device(build);
    expect(device.connect()).toBeUndefined();
    expect(device.err).toBe(Err.NotFound);
  });

  it("MsgID: counts up by one with each message of the client, from 1 in each session", () => {
    const device = Device.provisioned(build);
    for (let session = 0; session < 2; session++) {
      device.connect();
      for (let id = 1; id <= 4; id++) {
        expect(wordOf(headerOf(device.message!), "MsgID")).toBe(String(id));
        device.reply([], { isFinal: false });
      }
      device.fail(Err.Transport);
    }
  });
});
