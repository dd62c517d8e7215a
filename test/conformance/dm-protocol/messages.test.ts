// DM PRO 1.2 §6: packages of several messages, in both directions.
import { describe, expect, it } from "vitest";
import { Device, encode, Err } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  add, addLeaf, alert, bodyOf, codes, command, del, get, headerOf, item, lines, partsOf, wordOf,
} from "../../helpers/syncml.ts";

const VALUE = "x".repeat(400);

describe.each(BUILDS)("messages of a package, %s build", (build) => {
  const fresh = Device.provisioned(build);
  fresh.order(
    add("1", item("./SCOMO/a", VALUE), item("./SCOMO/b", VALUE), item("./SCOMO/c", VALUE)),
  );
  const start = (): Device => {
    const device = new Device(build, { medium: fresh.medium.copy() });
    device.connect();
    return device;
  };
  const gets = (count: number) =>
    Array.from({ length: count }, (_, i) => get(`g${i}`, `./SCOMO/${"abc"[i % 3]}`));

  it("§6: what does not fit goes into the next message: no Final before, Final at the end", () => {
    const device = start();
    const first = device.reply(gets(3), { maxMsgSize: 1000 })!;
    expect(lines(first)).toEqual([
      "SyncHdr 200", "g0 Get 200", `Results g0 ./SCOMO/a = ${VALUE}`, "g1 Get 200",
    ]);
    const second = device.reply([alert("n", 1222)], { isFinal: false });
    expect(lines(second)).toEqual([
      "SyncHdr 200", "n Alert 200", `Results g1 ./SCOMO/b = ${VALUE}`, "g2 Get 200",
    ]);
    const third = device.reply([alert("m", 1222)], { isFinal: false });
    expect(lines(third)).toEqual([
      "SyncHdr 200", "m Alert 200", `Results g2 ./SCOMO/c = ${VALUE}`, "Final",
    ]);
    expect(device.reply()).toBeUndefined();
    expect(device.err).toBe(Err.Ok);
  });

  it("§6: the server asks for more with Final: our last message has Final", () => {
    const device = start();
    device.reply(gets(2), { maxMsgSize: 1000 });
    const second = device.reply([alert("n", 1222)]);
    expect(lines(second)).toEqual([
      "SyncHdr 200", "n Alert 200", `Results g1 ./SCOMO/b = ${VALUE}`, "Final",
    ]);
  });

  it("§6: Statuses refer to the message that held the command, not to the one that asks", () => {
    const device = start();
    device.reply(gets(2), { maxMsgSize: 1000, msgId: 7 });
    const second = device.reply([alert("n", 1222)], { msgId: 8 })!;
    const refs = bodyOf(second).map(
      (part) => [part.name, wordOf(part, "MsgRef"), wordOf(part, "CmdRef")],
    );
    expect(refs).toEqual([
      ["Status", "8", "0"], ["Status", "8", "n"], ["Results", "7", "g1"],
      ["Final", undefined, undefined],
    ]);
    expect(
      bodyOf(second).slice(0, 3).map((part) => wordOf(part, "CmdID")),
    ).toEqual(["1", "2", "3"]);
  });

  it("§6: commands of several messages run as they come, with their Statuses", () => {
    const device = start();
    for (let i = 0; i < 3; i++) {
      const answer = device.reply([addLeaf(`${i}`, `./SCOMO/n${i}`)], { isFinal: false });
      expect(lines(answer)).toEqual(["SyncHdr 200", `${i} Add 200`, "Alert 1222"]);
      expect(device.has(`./SCOMO/n${i}`)).toBe(true);
    }
    expect(
      lines(device.reply([addLeaf("3", "./SCOMO/n3")])),
    ).toEqual(["SyncHdr 200", "3 Add 200", "Final"]);
  });

  it("§8.4: a server that closes although answers are left: they are sent all the same", () => {
    const device = start();
    device.reply(gets(2), { maxMsgSize: 1000 });
    expect(lines(device.reply())).toEqual([
      "SyncHdr 200", `Results g1 ./SCOMO/b = ${VALUE}`, "Final",
    ]);
    expect(device.reply()).toBeUndefined();
  });

  it("architecture §8: a node that went before its Results' turn: the Item has no Data", () => {
    const device = start();
    const answer = device.reply([get("1", "./SCOMO/a"), del("2", "./SCOMO/a")]);
    expect(lines(answer)).toEqual([
      "SyncHdr 200", "1 Get 200", "Results 1 ./SCOMO/a = -", "2 Delete 200", "Final",
    ]);
  });

  it("architecture §8: a value that fits no message any more comes in pieces", () => {
    const device = start();
    const grow = command("Replace", "2", item("./SCOMO/a", "y".repeat(1500)));
    const answer = device.reply([get("1", "./SCOMO/a"), grow], { maxMsgSize: 1000 });
    expect(lines(answer)).toEqual(["SyncHdr 200", "1 Get 200"]);
    const next = lines(device.reply([alert("3", 1222)]));
    expect(next.slice(0, 2)).toEqual(["SyncHdr 200", "3 Alert 200"]);
    expect(next[2]).toMatch(/^Results 1 .\/SCOMO\/a = y{500}/);
    expect(next).toHaveLength(3);
  });

  it("§7.2: a value that no message to this server could hold, not even a piece: 413", () => {
    const device = start();
    const headerBytes = encode({ name: "SyncML", children: [headerOf(device.message!)] }).length;
    const answer = device.reply(
      [get("1", "./SCOMO/a"), get("2", "./DevInfo/Lang")], { maxMsgSize: headerBytes + 240 },
    );
    expect(codes(answer)).toEqual({ 1: 413, 2: 413 });
    expect(partsOf(answer, "Results")).toHaveLength(0);
  });

  it("§6: MaxMsgSize holds for the rest of the session, and not for the next", () => {
    const device = start();
    device.reply(gets(1), { maxMsgSize: 1000 });
    device.reply(gets(3));
    expect(device.raw.length).toBeLessThanOrEqual(1000);
    while (!device.isDone) device.reply([alert("n", 1222)]);
    device.connect();
    device.reply(gets(3));
    expect(device.raw.length).toBeGreaterThan(1200);
  });

  it("§7.2: messages that hold not even a header: the session ends", () => {
    const device = start();
    expect(device.reply([addLeaf("1", "./SCOMO/z")], { maxMsgSize: 60 })).toBeUndefined();
    expect(device.err).toBe(Err.DoesNotFit);
  });

  it("§7.2: a header fits but no Status: Alert 1223 and Final, then the end", () => {
    const device = start();
    const headerBytes = encode({ name: "SyncML", children: [headerOf(device.message!)] }).length;
    const target = `./SCOMO/${"t".repeat(60)}/${"u".repeat(60)}`;
    const both = command("Delete", "1", target, "./DevInfo");
    const answer = device.reply([both], { maxMsgSize: headerBytes + 100 });
    expect(lines(answer)).toEqual(["SyncHdr 200", "Alert 1223", "Final"]);
    expect(device.reply([addLeaf("1", "./SCOMO/z")])).toBeUndefined();
    expect(device.err).toBe(Err.DoesNotFit);
    expect(device.has("./SCOMO/z")).toBe(false);
  });

  it("architecture §3: commands whose Statuses have no room: 1223, and none has run", () => {
    const device = start();
    const id = (i: number) => `${"i".repeat(33)}${String(i).padStart(3, "0")}`;
    const many = Array.from({ length: 42 }, (_, i) => addLeaf(id(i), `S/${i}`, ""));
    const message = device.compose([addLeaf("1", "./SCOMO/z"), ...many]);
    expect(encode(message).length).toBeLessThanOrEqual(4096);
    expect(lines(device.answer(encode(message)))).toEqual(["SyncHdr 200", "Alert 1223", "Final"]);
    expect(device.reply()).toBeUndefined();
    expect(device.err).toBe(Err.Full);
    expect(device.has("./SCOMO/z")).toBe(false);
  });

  it("architecture §3: a command whose answer has no room: 500, others run", () => {
    const device = start();
    const targets = Array.from({ length: 60 }, (_, i) => `./SCOMO/${i % 2 ? "a" : "none"}`);
    const wide = Array.from({ length: 30 }, (_, i) => item(`./SCOMO/w${i}`));
    const answer = device.reply([
      addLeaf("1", "./SCOMO/z"), get("2", ...targets), add("3", ...wide),
      get("4", "./DevInfo/Lang"),
    ]);
    expect(codes(answer)).toEqual({ 1: 200, 2: 500, 3: 200, 4: 200 });
  });
});
