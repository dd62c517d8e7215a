// DM PRO 1.2 §10: alerts that are for a person, and those that a client does not take.
import { describe, expect, it } from "vitest";
import { Ask } from "../../../assembly/abi/codes.ts";
import { Device, Err } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import { alert, ask, codes, e, lines, partsOf } from "../../helpers/syncml.ts";

describe.each(BUILDS)("user interaction, %s build", (build) => {
  const start = (err: Err = Err.Ok): Device => {
    const device = Device.provisioned(build);
    device.confirm = () => err;
    device.connect();
    return device;
  };

  it("§10.2.1: 1100: the person sees text and options, Status 200 without Items", () => {
    const device = start();
    const answer = device.reply([alert("1", 1100, "MINDT=10", "Grüße 世界")]);
    expect(codes(answer)).toEqual({ 1: 200 });
    expect(partsOf(answer, "Status")[1]!.children).toHaveLength(5);
    expect(device.questions).toEqual([
      { ask: Ask.Display, text: "Grüße 世界", options: "MINDT=10", choices: [] },
    ]);
  });

  it("§10.2.2: 1101: the person is asked with text and options", () => {
    const device = start();
    expect(codes(device.reply([alert("1", 1101, "MAXDT=30&DR=1", "Now?")]))).toEqual({ 1: 200 });
    expect(device.questions).toEqual([
      { ask: Ask.ConfirmOrReject, text: "Now?", options: "MAXDT=30&DR=1", choices: [] },
    ]);
  });

  it.each([
    ["yes", Err.Ok, 200, 200], ["No", Err.Refused, 304, 200], ["cancel", Err.Cancelled, 214, 200],
    ["nothing in time", Err.TimedOut, 408, 408], ["that it cannot", Err.NotImplemented, 406, 406],
    ["nonsense", -99, 406, 406], ["that it cannot be shown", Err.TooLarge, 416, 416],
  ])("§10.2: the host answers %s: 1101 gets %i %i, 1100 %i", (_, err, asked, shown) => {
    expect(codes(start(err as Err).reply([ask("1")]))).toEqual({ 1: asked });
    expect(codes(start(err as Err).reply([alert("1", 1100, "", "Hi")]))).toEqual({ 1: shown });
  });

  it("§10.3: an empty first Item is no options; DR and MAXDT are the host's business", () => {
    const device = start(Err.TimedOut);
    const items = [e("Item"), e("Item", e("Data", "Now?"))];
    const answer = device.reply([e("Alert", e("CmdID", "1"), e("Data", "1101"), ...items)]);
    expect(codes(answer)).toEqual({ 1: 408 });
    expect(device.questions).toMatchObject([{ ask: Ask.ConfirmOrReject, options: "" }]);
  });

  it("§10: several questions of one message come one after the other, in order", () => {
    const device = start();
    device.reply([ask("1", "a"), ask("2", "b"), alert("3", 1100, "", "c")]);
    expect(device.questions.map(({ text }) => text)).toEqual(["a", "b", "c"]);
  });

  it.each([1100, 1101])("§10: %i with no Item or one Item: 412, nobody is asked", (code) => {
    const device = start();
    expect(codes(device.reply([alert("1", code), alert("2", code, "MAXDT=3")]))).toEqual({
      1: 412, 2: 412,
    });
    expect(device.questions).toEqual([]);
  });

  it.each(
    [0, 200, 1099, 1105, 1199, 1200, 1201, 1202, 1220, 1221, 1224, 1226, 1227, 1299, 9999],
  )(
    "§6.1: Alert %i from a server: 406",
    (code) => {
      expect(codes(start().reply([alert("1", code, "", "x")]))).toEqual({ 1: 406 });
    },
  );

  it("§6.1: an Alert without Data: 412", () => {
    expect(codes(start().reply([e("Alert", e("CmdID", "1"))]))).toEqual({ 1: 412 });
  });

  it("§6.5: 1222 gets 200", () => {
    expect(
      lines(start().reply([alert("1", 1222)])),
    ).toEqual(["SyncHdr 200", "1 Alert 200", "Final"]);
  });

  it("§10: a wait inside a message does not touch what follows", () => {
    const device = start();
    device.looksAround = true;
    const answer = device.reply([
      ask("1"), e("Get", e("CmdID", "2"), e("Item", e("Target", e("LocURI", "./DevInfo/Man")))),
      ask("3"),
      e("Get", e("CmdID", "4"), e("Item", e("Target", e("LocURI", "./DevInfo/Mod")))),
    ]);
    expect(lines(answer)).toEqual([
      "SyncHdr 200", "1 Alert 200", "2 Get 200", "Results 2 ./DevInfo/Man = Example Works",
      "3 Alert 200", "4 Get 200", "Results 4 ./DevInfo/Mod = Gate-3", "Final",
    ]);
  });
});
