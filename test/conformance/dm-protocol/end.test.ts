// DM PRO 1.2 §8, §8.4, §8.6: who ends a session, and what is sent then: nothing.
import { describe, expect, it } from "vitest";
import { Media } from "../../../assembly/abi/codes.ts";
import { Device, Err } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import { addLeaf, alert, atomic, get, lines, sequence } from "../../helpers/syncml.ts";

const DONE = undefined;

describe.each(BUILDS)("end of session, %s build", (build) => {
  it("§8.4: Status and Final only: the client sends nothing and has ended well", () => {
    const device = Device.provisioned(build);
    device.connect();
    expect(device.reply()).toBe(DONE);
    expect(device.err).toBe(Err.Ok);
    expect(device.sent).toHaveLength(1);
  });

  it("§8.4: no Status at all and Final: the same", () => {
    const device = Device.provisioned(build);
    device.connect();
    expect(device.reply([], { code: null })).toBe(DONE);
    expect(device.err).toBe(Err.Ok);
  });

  it("§8: a command keeps the session alive, its answer is the last message", () => {
    const device = Device.provisioned(build);
    device.connect();
    expect(lines(device.reply([get("1", "./DevInfo/Lang")]))).toEqual([
      "SyncHdr 200", "1 Get 200", "Results 1 ./DevInfo/Lang = en", "Final",
    ]);
    expect(device.reply()).toBe(DONE);
    expect(device.err).toBe(Err.Ok);
  });

  it("§8: without Final the session goes on, with Alert 1222 and without Final of ours", () => {
    const device = Device.provisioned(build);
    device.connect();
    expect(lines(device.reply([], { isFinal: false }))).toEqual(["SyncHdr 200", "Alert 1222"]);
    expect(device.reply()).toBe(DONE);
    expect(device.err).toBe(Err.Ok);
  });

  it.each([
    ["first", [alert("1", 1223), addLeaf("2", "./SCOMO/A")], false],
    ["last", [addLeaf("1", "./SCOMO/A"), alert("2", 1223)], true],
    ["in a Sequence", [sequence("1", addLeaf("2", "./SCOMO/A"), alert("3", 1223))], true],
    ["in an Atomic", [atomic("1", addLeaf("2", "./SCOMO/A"), alert("3", 1223))], false],
  ])("§8.6: Alert 1223 %s: nothing is sent, later commands do not run", (_, commands, isThere) => {
    const device = Device.provisioned(build);
    device.connect();
    expect(device.reply(commands)).toBe(DONE);
    expect(device.err).toBe(Err.Aborted);
    expect(device.has("./SCOMO/A")).toBe(isThere);
    device.cut();
    expect(device.has("./SCOMO/A")).toBe(isThere);
  });

  it("§8.6: a session after one that was aborted inside an Atomic works", () => {
    const device = Device.provisioned(build);
    device.connect();
    device.reply([atomic("1", addLeaf("2", "./SCOMO/A"), alert("3", 1223))]);
    device.connect();
    expect(lines(device.reply([addLeaf("1", "./SCOMO/B")]))).toContain("1 Add 200");
    device.close();
    device.boot();
    expect([device.has("./SCOMO/A"), device.has("./SCOMO/B")]).toEqual([false, true]);
  });

  it("§8.6: Alert 1223 before the server has proved itself ends the session too", () => {
    const server = { type: "DIGEST", name: "srv", secret: "p" } as const;
    const device = Device.provisioned(build, { server });
    device.connect();
    expect(device.reply([alert("1", 1223)])).toBe(DONE);
    expect(device.err).toBe(Err.Aborted);
  });

  it.each([
    ["no connection", (device: Device) => device.fail(Err.Transport), Err.Transport],
    ["an answer that is too large", (device: Device) => device.fail(Err.TooLarge), Err.TooLarge],
    ["HTTP 500", (device: Device) => device.answer(new Uint8Array(0), 500), Err.HttpStatus],
    [
      "another media type",
      (device: Device) => device.answer(new Uint8Array(0), 200, Media.Other), Err.WrongMedia,
    ],
    ["an empty body", (device: Device) => device.answer(new Uint8Array(0)), Err.Malformed],
    [
      "garbage", (device: Device) => device.answer(Uint8Array.of(2, 0xa4, 1, 0x6a, 0, 0x6d, 0x6c)),
      Err.Malformed,
    ],
  ])("§8: %s ends the session with its error, and the next session works", (_, act, err) => {
    const device = Device.provisioned(build);
    device.connect();
    act(device);
    expect(device.message).toBe(DONE);
    expect(device.err).toBe(err);
    device.connect();
    expect(device.reply()).toBe(DONE);
    expect(device.err).toBe(Err.Ok);
  });

  it("§8: an endless server is left after 512 messages", () => {
    const device = Device.provisioned(build);
    device.connect();
    let messages = 1;
    while (device.reply([], { isFinal: false }) !== DONE) messages++;
    expect(messages).toBe(512);
    expect(device.err).toBe(Err.Malformed);
  });
});
