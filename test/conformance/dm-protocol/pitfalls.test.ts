// Where clients and servers in the field go wrong (dm-protocol §13), as far as it is about a
// client.
// Others of that list: atomic, sequence, end, envelope, statuses and security/client-login.
import { describe, expect, it } from "vitest";
import { Media } from "../../../assembly/abi/codes.ts";
import { Device, encode, Err } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import { entry, operation } from "../../helpers/packages.ts";
import { chal, cred, md5Digest, notification } from "../../helpers/provision.ts";
import {
  add, addLeaf, alert, at, atomic, bodyOf, codes, del, e, exec, get, headerOf, item, lines,
  partsOf, replace, results, to, wordOf,
} from "../../helpers/syncml.ts";

describe.each(BUILDS)("pitfalls, %s build", (build) => {
  const fresh = Device.provisioned(build);
  fresh.order(add("1", ...entry("p")));
  const start = (): Device => {
    const device = new Device(build, { medium: fresh.medium.copy() });
    device.connect();
    return device;
  };

  it("3: Final is never sent before the server's, however many messages that takes", () => {
    const device = start();
    for (let i = 0; i < 5; i++) {
      expect(lines(device.reply([get("1", ".")], { isFinal: false })).at(-1)).toBe("Alert 1222");
    }
    expect(lines(device.reply([get("1", ".")])).at(-1)).toBe("Final");
  });

  it("10: a URI that starts with / is no URI of the tree: 404", () => {
    expect(codes(start().reply([get("1", "/DevInfo/Lang")]))).toEqual({ 1: 404 });
  });

  it("10: Add, then Replace of one node in an Atomic: both run", () => {
    const device = start();
    const both = atomic("1", addLeaf("2", "./SCOMO/x", "a"), replace("3", "./SCOMO/x", "b"));
    expect(codes(device.reply([both]))).toEqual({ 1: 200, 2: 200, 3: 200 });
    expect(device.value("./SCOMO/x")).toBe("b");
  });

  it("10: a command without CmdID: 400, and it does not run", () => {
    const device = start();
    expect(lines(device.reply([e("Add", item("./SCOMO/x", "v"))]))[1]).toBe(" Add 400");
    expect(device.has("./SCOMO/x")).toBe(false);
  });

  it("10: MaxMsgSize in the server's header holds", () => {
    const device = start();
    device.reply([get("1", ".?list=StructData")], { maxMsgSize: 700, isFinal: false });
    expect(device.raw.length).toBeLessThanOrEqual(700);
  });

  it("11: ACLs count: a server without the right gets 425, and nothing changes", () => {
    const device = start();
    const lang = "./DevInfo/Lang";
    expect(codes(device.reply([replace("1", lang, "xx"), del("2", lang)]))).toEqual(
      { 1: 425, 2: 425 },
    );
    expect(device.value(lang)).toBe("en");
  });

  it("12: each command without CmdID in an Atomic: 400 for the first, and nothing runs", () => {
    const device = start();
    const bare = (name: string) => e("Add", item(`./SCOMO/${name}`, "v"));
    const answer = device.reply([atomic("1", bare("x"), bare("y"))]);
    expect(lines(answer).slice(1, -1)).toEqual(["1 Atomic 507", " Add 400", " Add 215"]);
    expect(["x", "y"].filter((name) => device.has(`./SCOMO/${name}`))).toEqual([]);
  });

  it("13: SessionID 0 is legal: a notification may ask for it", () => {
    const nonce = Buffer.from("n");
    const server = { type: "DIGEST", name: "srv", secret: "p", nonce } as const;
    const device = Device.provisioned(build, { server });
    device.notify(notification({ serverId: "srv", secret: "p", nonce, sessionId: 0 }));
    expect(wordOf(headerOf(device.message!), "SessionID")).toBe("0");
  });

  it("14: a refusal behind the header's 200 is seen: the report is kept", () => {
    const device = start();
    device.reply([exec("1", operation("p", "Download"), "c")]);
    device.reply();
    expect(lines(device.message)).toContain("Alert 1226");
    device.reply([], { code: 200, others: 405 });
    expect([device.err, device.outcomes().length]).toEqual([Err.ServerError, 1]);
  });

  it("15: a Status with TargetRef behind Data, without CmdRef, harms nobody", () => {
    const odd = e(
      "Status", e("CmdID", "1"), e("MsgRef", "1"), e("Cmd", "SyncHdr"), e("Data", "200"),
      e("TargetRef", "x"),
    );
    const device = start();
    expect(lines(device.reply([odd, get("2", "./DevInfo/Lang")]))[1]).toBe("2 Get 200");
  });

  it.each([
    [Media.Descriptor, 200, Err.WrongMedia],
    [Media.Delivery, 200, Err.WrongMedia],
    [Media.Other, 200, Err.WrongMedia],
    [Media.Message, 204, Err.HttpStatus],
    [Media.Message, 500, Err.HttpStatus],
  ])("16: an answer of media type %i with HTTP status %i: %i, and nothing runs", (...row) => {
    const [media, status, err] = row;
    const device = start();
    const message = device.compose([addLeaf("1", "./SCOMO/x")]);
    expect(device.answer(encode(message), status, media)).toBeUndefined();
    expect([device.err, device.has("./SCOMO/x")]).toEqual([err, false]);
  });

  it("17, 18: Results with Cmd, a Correlator before or behind the Items", () => {
    const device = start();
    const late = e(
      "Exec", e("CmdID", "1"), e("Item", to(operation("p", "Download"))), e("Correlator", "late"),
    );
    const odd = e("Results", e("CmdID", "9"), e("CmdRef", "1"), e("Cmd", "Get"), item("./x"));
    expect(codes(device.reply([odd, late]))).toEqual({ 1: 202 });
    expect(device.jobs()).toMatchObject([{ correlator: "late" }]);
  });

  it("19: a message that fills our buffer is understood, one byte more is refused", () => {
    const device = start();
    const message = (length: number) =>
      encode(device.compose([replace("1", "./DevInfo/none", "v".repeat(length))], { msgId: 1 }));
    const full = 1000 + 4096 - message(1000).length;
    const [fits, larger] = [message(full), message(full + 1)];
    expect([fits.length, larger.length]).toEqual([4096, 4097]);
    expect(codes(device.answer(fits))).toEqual({ 1: 404 });
    const other = start();
    expect(other.answer(larger)).toBeUndefined();
    expect(other.err).toBe(Err.TooLarge);
  });

  it("20: a server that repeats its NextNonce, or forgets it, still knows us", () => {
    const nonce = Buffer.from("the same for ever");
    const client = { type: "DIGEST", name: "dev", secret: "x", nonce } as const;
    const device = Device.provisioned(build, { client });
    for (let session = 0; session < 3; session++) {
      device.connect();
      expect(at(headerOf(device.message!), "Cred", "Data")).toBe(md5Digest("dev", "x", nonce));
      const challenge = session === 1 ? undefined : chal("syncml:auth-md5", nonce);
      device.reply([], { code: 212, chal: challenge });
      expect(device.err).toBe(Err.Ok);
    }
  });

  it("21: the digest is over the octets of a nonce, not over their Base64", () => {
    const nonce = Buffer.from([0, 255, 10, 13, 61, 43]);
    const client = { type: "DIGEST", name: "dev", secret: "x", nonce } as const;
    const device = Device.provisioned(build, { client });
    device.connect();
    const digest = at(headerOf(device.message!), "Cred", "Data");
    expect(digest).toBe(md5Digest("dev", "x", nonce));
    expect(digest).not.toBe(md5Digest("dev", "x", Buffer.from(nonce.toString("base64"))));
  });

  it("23: Get of the root, as often as it is asked for: all of it, and nothing is lost", () => {
    const device = start();
    const before = device.dump();
    for (let round = 0; round < 50; round++) {
      const answer = device.reply([get("1", ".")], { isFinal: false });
      expect(results(answer)).toEqual({ ".": "DMAcc/DevInfo/SCOMO" });
    }
    device.close();
    expect(device.dump()).toBe(before);
  });

  it("24: every command has its own Status, whatever the header's", () => {
    const answer = start().reply([addLeaf("1", "./DevInfo/x"), addLeaf("2", "./SCOMO/x")]);
    expect(lines(answer)).toEqual(["SyncHdr 200", "1 Add 425", "2 Add 200", "Final"]);
  });

  it("25: the type of a report is the whole URN that SCOMO gives", () => {
    const device = start();
    device.reply([exec("1", operation("p", "Download"), "c")]);
    device.reply();
    const report = partsOf(device.message, "Alert").at(-1);
    expect(at(report, "Item", "Meta", "Type")).toBe("urn:oma:at:scomo:1.0:OperationComplete");
  });

  it("26: CmdIDs that start at 2 and have holes are as good as others", () => {
    const answer = start().reply([get("2", "."), get("40", "."), get("7", ".")]);
    expect(Object.keys(codes(answer)).sort()).toEqual(["2", "40", "7"]);
  });

  it("credentials that nobody asked for are not looked at", () => {
    const device = start();
    const odd = { cred: cred("syncml:auth-unknown", "x".repeat(300)) };
    expect(lines(device.reply([get("1", "./DevInfo/Lang")], odd))[0]).toBe("SyncHdr 200");
  });

  it("§8: the client sends Replace, Results, Alert and Status, nothing else", () => {
    const device = start();
    const seen = new Set(bodyOf(device.message!).map(({ name }) => name));
    device.reply([get("1", "."), addLeaf("2", "./SCOMO/x"), alert("3", 1102)], { isFinal: false });
    for (const { name } of bodyOf(device.message!)) seen.add(name);
    device.reply();
    expect([...seen].sort()).toEqual(["Alert", "Final", "Replace", "Results", "Status"]);
  });
});
