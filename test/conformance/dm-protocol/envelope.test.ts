// DM PRO 1.2 §6, §8.3, DM RepPro 1.2 §6.1: identifiers, versions, addresses, messages that come
// twice.
import { describe, expect, it } from "vitest";
import { Device, Err } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import { SERVER_URL } from "../../helpers/provision.ts";
import {
  addLeaf, at, get, headerOf, headerStatusOf, lines, namesOf, replace, wordOf,
} from "../../helpers/syncml.ts";

describe.each(BUILDS)("envelope, %s build", (build) => {
  const started = (): Device => {
    const device = Device.provisioned(build);
    device.connect();
    return device;
  };

  it("DM RepPro §6.1.19: another SessionID ends the session and nothing runs", () => {
    const device = started();
    expect(device.reply([addLeaf("1", "./SCOMO/A")], { sessionId: "0" })).toBeUndefined();
    expect(device.err).toBe(Err.Malformed);
    expect(device.has("./SCOMO/A")).toBe(false);
  });

  it("DM RepPro §6.1.21: another Target ends the session and nothing runs", () => {
    const device = started();
    const answer = device.reply([addLeaf("1", "./SCOMO/A")], { target: "urn:uuid:other" });
    expect(answer).toBeUndefined();
    expect(device.err).toBe(Err.Malformed);
    expect(device.has("./SCOMO/A")).toBe(false);
  });

  it.each(
    ["0", "-1", "x", "4294967297"],
  )("DM RepPro §6.1.12: MsgID %s ends the session", (msgId) => {
    const device = started();
    expect(device.reply([addLeaf("1", "./SCOMO/A")], { msgId })).toBeUndefined();
    expect(device.err).toBe(Err.Malformed);
    expect(device.has("./SCOMO/A")).toBe(false);
  });

  it("DM RepPro §6.1.12: a MsgID again: the stored answer, nothing runs twice", () => {
    const device = started();
    device.reply([addLeaf("1", "./SCOMO/A"), get("2", "./SCOMO/A")]);
    const first = Buffer.from(device.raw);
    expect(lines(device.message)).toContain("1 Add 200");
    device.answer(device.received.at(-1)!);
    expect(Buffer.from(device.raw).equals(first)).toBe(true);
    device.answer(device.received.at(-1)!);
    expect(Buffer.from(device.raw).equals(first)).toBe(true);
    expect(device.reply()).toBeUndefined();
    expect(device.err).toBe(Err.Ok);
  });

  it("DM RepPro §6.1.12: the same message a fourth time ends the session", () => {
    const device = started();
    device.reply([addLeaf("1", "./SCOMO/A")]);
    for (let i = 0; i < 2; i++) device.answer(device.received.at(-1)!);
    expect(device.answer(device.received.at(-1)!)).toBeUndefined();
    expect(device.err).toBe(Err.Malformed);
  });

  it("DM RepPro §6.1.12: a message that is older than the last one does not run again", () => {
    const device = started();
    device.reply([addLeaf("1", "./SCOMO/A", "1")]);
    const old = device.received.at(-1)!;
    device.reply([replace("1", "./SCOMO/A", "2"), addLeaf("2", "./SCOMO/B")]);
    expect(device.answer(old)).toBeUndefined();
    expect(device.err).toBe(Err.Malformed);
    expect(device.value("./SCOMO/A")).toBe("2");
  });

  it("DM RepPro §6.1.17: RespURI is where requests go, in this session only", () => {
    const device = started();
    expect(device.url).toBe(SERVER_URL);
    device.reply([get("1", ".")], { respUri: "https://dm.example.net/s?k=1" });
    expect(device.url).toBe("https://dm.example.net/s?k=1");
    expect(at(headerOf(device.message!), "Target", "LocURI")).toBe(SERVER_URL);
    device.reply([get("1", ".")]);
    expect(device.url).toBe("https://dm.example.net/s?k=1");
    device.reply([get("1", ".")], { respUri: "https://dm.example.net/s?k=2" });
    expect(device.url).toBe("https://dm.example.net/s?k=2");
    device.close();
    device.connect();
    expect(device.url).toBe(SERVER_URL);
  });

  it.each([[512, undefined], [513, Err.TooLarge]])("RespURI of %i bytes: %s", (byteCount, err) => {
    const device = started();
    const respUri = `https://dm.example.net/${"x".repeat(byteCount - 23)}`;
    device.reply([get("1", ".")], { respUri });
    expect(device.isDone).toBe(err !== undefined);
    if (err === undefined) expect(device.url).toBe(respUri);
    else expect(device.err).toBe(err);
  });

  it.each(["1.1", "1.2"])("§10.1: VerDTD %s is understood", (verDtd) => {
    expect(lines(started().reply([addLeaf("1", "./SCOMO/A")], { verDtd }))).toContain("1 Add 200");
  });

  it.each(["DM/1.1", "DM/1.2", "DM/1.3"])("§10.1: VerProto %s is understood", (verProto) => {
    const device = started();
    expect(lines(device.reply([addLeaf("1", "./SCOMO/A")], { verProto }))).toContain("1 Add 200");
    expect(wordOf(headerOf(device.message!), "VerProto")).toBe("DM/1.2");
  });

  it.each([
    ["VerDTD", { verDtd: "1.0" }, 505, "1.2"],
    ["VerDTD", { verDtd: "1.3" }, 505, "1.2"],
    ["VerDTD", { verDtd: "2.0" }, 505, "1.2"],
    ["VerDTD", { verDtd: "1.22" }, 505, "1.2"],
    ["VerProto", { verProto: "DM/2.0" }, 513, "DM/1.2"],
    ["VerProto", { verProto: "DM/12" }, 513, "DM/1.2"],
    ["VerProto", { verProto: "SyncML/1.2" }, 513, "DM/1.2"],
    ["VerProto", { verProto: "" }, 513, "DM/1.2"],
  ])("§10.1: another %s %o: %i, says what it knows, runs nothing", (_, reply, code, word) => {
    const device = started();
    const answer = device.reply([addLeaf("1", "./SCOMO/A")], reply);
    expect(lines(answer)).toEqual([`SyncHdr ${code}`, `1 Add ${code}`, "Final"]);
    const status = headerStatusOf(answer)!;
    expect(namesOf(status)).toEqual(["CmdID", "MsgRef", "CmdRef", "Cmd", "Data", "Item"]);
    expect(at(status, "Item", "Data")).toBe(word);
    expect(device.has("./SCOMO/A")).toBe(false);
    device.reply([], reply);
    expect(device.isDone).toBe(true);
    expect(device.err).toBe(Err.Unsupported);
  });

  it("§10.1: a server that says 2.0 for ever is left", () => {
    const device = started();
    device.reply([addLeaf("1", "./SCOMO/A")], { verProto: "DM/2.0" });
    expect(device.reply([addLeaf("1", "./SCOMO/A")], { verProto: "DM/2.0" })).toBeUndefined();
    expect(device.err).toBe(Err.Unsupported);
  });

  it("§10.1: a server that falls back to what the client speaks goes on", () => {
    const device = started();
    device.reply([addLeaf("1", "./SCOMO/A")], { verProto: "DM/2.0" });
    expect(lines(device.reply([addLeaf("1", "./SCOMO/A")]))).toContain("1 Add 200");
    expect(device.reply()).toBeUndefined();
    expect(device.err).toBe(Err.Ok);
  });
});
