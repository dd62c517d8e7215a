// DM PRO 1.2 §10.2: alerts to which a person puts something in: 1102 text, 1103 one choice, 1104
// some of several.
import { describe, expect, it } from "vitest";
import { Ask } from "../../../assembly/abi/codes.ts";
import { Device, Err } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  addLeaf, alert, atomic, childrenOf, codes, e, type Element, get, lines, namesOf, partsOf,
  sequence, textOf, childOf, wordOf,
} from "../../helpers/syncml.ts";

/** Numbers of dm-protocol.md and of limits.ts. */
const INPUT_BYTES_MAX = 256;
const CHOICES_MAX = 32;
const CHOICES_BYTES_MAX = 2048;

type Input = Err | string | readonly number[];

const text = (id: string) => alert(id, 1102, "MAXDT=30", "Name?");
const one = (id: string) => alert(id, 1103, "MAXDT=30", "Which?", "red", "green", "blue");
const some = (id: string) => alert(id, 1104, "MAXDT=30", "Which?", "red", "green", "blue");

/** An alert of each kind with what a person puts in, and the Items of its Status. */
const KINDS: readonly [number, (id: string) => Element, Input, string[]][] = [
  [1102, text, "Grüße", ["Grüße"]],
  [1103, one, [2], ["2"]],
  [1104, some, [1, 3], ["1", "3"]],
];

/** Data of each Item of the Status of a command. */
function inputs(message: Element | undefined, id: string): string[] {
  const status = partsOf(message, "Status").find((part) => wordOf(part, "CmdRef") === id);
  return childrenOf(status!, "Item").map((item) => textOf(childOf(item, "Data")) ?? "");
}

describe.each(BUILDS)("input, %s build", (build) => {
  const start = (input: Input): Device => {
    const device = Device.provisioned(build);
    device.confirm = () => input;
    device.connect();
    return device;
  };

  it("§10.2.3: 1102: the person sees text and options, the Status has what was typed", () => {
    const device = start("Grüße 世界");
    const answer = device.reply([alert("1", 1102, "MAXLEN=20&IT=A", "Name?")]);
    expect(device.questions).toEqual([
      { ask: Ask.TextInput, text: "Name?", options: "MAXLEN=20&IT=A", choices: [] },
    ]);
    expect(codes(answer)).toEqual({ 1: 200 });
    expect(inputs(answer, "1")).toEqual(["Grüße 世界"]);
    const status = partsOf(answer, "Status")[1];
    expect(namesOf(status)).toEqual(["CmdID", "MsgRef", "CmdRef", "Cmd", "Data", "Item"]);
    expect(namesOf(childOf(status!, "Item"))).toEqual(["Data"]);
  });

  it("§10.2.3: 1102: an empty text is one Item with empty Data", () => {
    const answer = start("").reply([text("1")]);
    expect(codes(answer)).toEqual({ 1: 200 });
    expect(inputs(answer, "1")).toEqual([""]);
  });

  it("§10.2.4: 1103: the choices in their order, the Status has the number", () => {
    const device = start([3]);
    const answer = device.reply([alert("1", 1103, "DR=2", "Which?", "", "größer", "c", "d")]);
    expect(device.questions).toEqual([{
      ask: Ask.SingleChoice, text: "Which?", options: "DR=2", choices: ["", "größer", "c", "d"],
    }]);
    expect(codes(answer)).toEqual({ 1: 200 });
    expect(inputs(answer, "1")).toEqual(["3"]);
  });

  it.each([
    [[1], ["1"]], [[2, 3], ["2", "3"]], [[1, 2, 3], ["1", "2", "3"]], [[], []],
  ])("§10.2.4: 1104: %j: an Item for each number", (chosen, items) => {
    const device = start(chosen);
    const answer = device.reply([some("1")]);
    expect(device.questions).toMatchObject([
      { ask: Ask.MultipleChoice, choices: ["red", "green", "blue"] },
    ]);
    expect(codes(answer)).toEqual({ 1: 200 });
    expect(inputs(answer, "1")).toEqual(items);
  });

  describe.each(KINDS)("%i", (code, make, input, items) => {
    it.each([
      ["cancel", Err.Cancelled, 214], ["no", Err.Refused, 214],
      ["nothing in time", Err.TimedOut, 408], ["that it cannot", Err.NotImplemented, 406],
      ["that it cannot be shown", Err.TooLarge, 416], ["yes, with nothing put in", Err.Ok, 500],
      ["nonsense", -99 as Err, 406],
    ])("§10.2: the host answers %s (%i): the Status is %i and has no Item", (_, err, status) => {
      const answer = start(err).reply([make("1")]);
      expect(codes(answer)).toEqual({ 1: status });
      expect(inputs(answer, "1")).toEqual([]);
    });

    it("§10: with no Item, or the options alone: 412, nobody is asked", () => {
      const device = start(input);
      const alerts = [alert("1", code), alert("2", code, "MAXDT=3")];
      expect(codes(device.reply(alerts))).toEqual({ 1: 412, 2: 412 });
      expect(device.questions).toEqual([]);
    });

    it("§10.3: an empty first Item is no options", () => {
      const device = start(input);
      const texts = ["Which?", "a", "b", "c"].map((one) => e("Item", e("Data", one)));
      device.reply([e("Alert", e("CmdID", "1"), e("Data", code), e("Item"), ...texts)]);
      expect(device.questions).toMatchObject([{ text: "Which?", options: "" }]);
    });

    it("§4.2: in a Sequence: what follows runs after an answer", () => {
      const answer = start(input).reply([sequence("1", make("2"), addLeaf("3", "./SCOMO/a"))]);
      expect(codes(answer)).toEqual({ 1: 200, 2: 200, 3: 200 });
      expect(inputs(answer, "2")).toEqual(items);
    });

    it.each([[Err.Cancelled, 214], [Err.TimedOut, 408]])(
      "§4.2: in a Sequence: %i: %i, what follows gets 215",
      (err, status) => {
        const device = start(err);
        const answer = device.reply([
          sequence("1", addLeaf("2", "./SCOMO/a"), make("3"), addLeaf("4", "./SCOMO/b")),
        ]);
        expect(codes(answer)).toEqual({ 1: 200, 2: 200, 3: status, 4: 215 });
        expect([device.has("./SCOMO/a"), device.has("./SCOMO/b")]).toEqual([true, false]);
      },
    );

    it.each([[Err.TooLarge, 416], [Err.NotImplemented, 406]])(
      "§4.2: in a Sequence: %i: %i, what follows runs",
      (err, status) => {
        const answer = start(err).reply([sequence("1", make("2"), addLeaf("3", "./SCOMO/a"))]);
        expect(codes(answer)).toEqual({ 1: 200, 2: status, 3: 200 });
      },
    );

    it("§10.2: cancel outside: the rest of the message gets 215", () => {
      const answer = start(Err.Cancelled).reply([
        addLeaf("0a", "./SCOMO/a"), make("1"), addLeaf("2", "./SCOMO/b"),
        sequence("3", make("4")),
      ]);
      expect(codes(answer)).toEqual({ "0a": 200, 1: 214, 2: 215, 3: 215, 4: 215 });
    });

    it("§10.2: in an Atomic: an answer comes with its Items, all of it stands", () => {
      const device = start(input);
      const answer = device.reply([
        atomic("1", addLeaf("2", "./SCOMO/a"), make("3"), addLeaf("4", "./SCOMO/b")),
      ]);
      expect(codes(answer)).toEqual({ 1: 200, 2: 200, 3: 200, 4: 200 });
      expect(inputs(answer, "3")).toEqual(items);
      expect([device.has("./SCOMO/a"), device.has("./SCOMO/b")]).toEqual([true, true]);
    });

    it.each([[Err.Cancelled, 214], [Err.TimedOut, 408]])(
      "§4.3: in an Atomic: %i: %i, the Atomic 215, before 216, behind 215",
      (err, status) => {
        const device = start(err);
        const answer = device.reply([
          atomic("1", addLeaf("2", "./SCOMO/a"), make("3"), addLeaf("4", "./SCOMO/b")),
        ]);
        expect(codes(answer)).toEqual({ 1: 215, 2: 216, 3: status, 4: 215 });
        expect([device.has("./SCOMO/a"), device.has("./SCOMO/b")]).toEqual([false, false]);
      },
    );

    it.each([[Err.TooLarge, 416], [Err.NotImplemented, 406], [Err.Ok, 500]])(
      "§4.3: in an Atomic: %i: %i, the Atomic 507, before 216, behind 215",
      (err, status) => {
        const answer = start(err).reply([
          atomic("1", addLeaf("2", "./SCOMO/a"), make("3"), addLeaf("4", "./SCOMO/b")),
        ]);
        expect(codes(answer)).toEqual({ 1: 507, 2: 216, 3: status, 4: 215 });
      },
    );

    it("§4.3: in an Atomic that fails behind it: 216, and what was put in is not told", () => {
      const answer = start(input).reply([atomic("1", make("2"), addLeaf("3", "./SCOMO"))]);
      expect(codes(answer)).toEqual({ 1: 507, 2: 216, 3: 418 });
      expect(inputs(answer, "2")).toEqual([]);
    });

    it("§10: a wait inside a message does not touch what follows", () => {
      const device = start(input);
      device.looksAround = true;
      const answer = device.reply([
        make("1"), get("2", "./DevInfo/Man"), make("3"), get("4", "./DevInfo/Mod"),
      ]);
      expect(lines(answer)).toEqual([
        "SyncHdr 200", "1 Alert 200", "2 Get 200", "Results 2 ./DevInfo/Man = Example Works",
        "3 Alert 200", "4 Get 200", "Results 4 ./DevInfo/Mod = Gate-3", "Final",
      ]);
      expect([inputs(answer, "1"), inputs(answer, "3")]).toEqual([items, items]);
    });
  });

  it.each([
    ["1103 with 0", one, [0]], ["1103 with a number too large", one, [4]],
    ["1103 without a number", one, []], ["1103 with two numbers", one, [1, 2]],
    ["1104 with 0", some, [0, 1]], ["1104 with a number too large", some, [1, 4]],
    ["1104 with a number twice", some, [2, 2]], ["1104 out of order", some, [2, 1]],
    ["1102 with bytes that are no UTF-8", text, [0xc3]], ["1102 with a NUL", text, "a\0b"],
  ])("abi.md: %s: Misuse, 500, and nothing of it is sent", (_, make, input) => {
    const device = start(input);
    const answer = device.reply([make("1")]);
    expect(device.fed).toEqual([Err.Misuse]);
    expect(codes(answer)).toEqual({ 1: 500 });
    expect(inputs(answer, "1")).toEqual([]);
  });

  it("abi.md: a second feed counts, whatever the first was", () => {
    const device = start([4]);
    const reply = device.confirm;
    let asked = 0;
    device.confirm = (question) => (asked++ ? [1] : reply(question));
    const answer = device.reply([one("1"), one("2")]);
    expect(device.fed).toEqual([Err.Misuse, Err.Ok]);
    expect(codes(answer)).toEqual({ 1: 500, 2: 200 });
  });

  it.each([["1100", 1100], ["1101", 1101]])("abi.md: %s takes no input: Misuse", (_, code) => {
    const device = start("x");
    device.reply([alert("1", code, "", "Hi")]);
    expect(device.fed).toEqual([Err.Misuse]);
  });

  // Limits.

  it(`a text of ${INPUT_BYTES_MAX} bytes goes to the server, one more is not taken`, () => {
    const full = "é".repeat(INPUT_BYTES_MAX / 2);
    expect(inputs(start(full).reply([text("1")]), "1")).toEqual([full]);
    expect(codes(start(`${full}x`).reply([text("1")]))).toEqual({ 1: 500 });
  });

  it(`${CHOICES_MAX} choices can all be chosen, one more is 416`, () => {
    const all = Array.from({ length: CHOICES_MAX }, (_, i) => i + 1);
    const device = start(all);
    const answer = device.reply([alert("1", 1104, "", "Which?", ...all.map((i) => `no ${i}`))]);
    expect(inputs(answer, "1")).toEqual(all.map(String));
    const more = alert("1", 1104, "", "Which?", ...[...all, 33].map((i) => `no ${i}`));
    expect(codes(start(all).reply([more]))).toEqual({ 1: 416 });
  });

  it(`choices of ${CHOICES_BYTES_MAX} bytes with their lengths are shown, one more is 416`, () => {
    const choices = ["a".repeat(1022), "b".repeat(1022)];
    const device = start([2]);
    expect(codes(device.reply([alert("1", 1103, "", "Which?", ...choices)]))).toEqual({ 1: 200 });
    expect(device.questions).toMatchObject([{ choices }]);
    const other = start([2]);
    const longer = [choices[0]!, `${choices[1]}b`];
    expect(codes(other.reply([alert("1", 1103, "", "Which?", ...longer)]))).toEqual({ 1: 416 });
    expect(other.questions).toEqual([]);
  });

  it("§10: 1103 and 1104 without a choice: 412, nobody is asked", () => {
    const device = start([1]);
    const alerts = [alert("1", 1103, "", "Which?"), alert("2", 1104, "", "Which?")];
    expect(codes(device.reply(alerts))).toEqual({ 1: 412, 2: 412 });
    expect(device.questions).toEqual([]);
  });

  it("an answer that has no room besides the others is not asked for: 500", () => {
    const device = start("x".repeat(INPUT_BYTES_MAX));
    const answer = device.reply(Array.from({ length: 8 }, (_, i) => text(`${i}`)));
    const told = Object.values(codes(answer));
    expect(told).toEqual([200, 200, 200, 200, 200, 200, 200, 500]);
    expect(device.questions).toHaveLength(7);
  });

  it("an answer that fits no message to this server: 413 without Item", () => {
    const device = start("x".repeat(INPUT_BYTES_MAX));
    const answer = device.reply([text("1"), get("2", "./DevInfo/Lang")], { maxMsgSize: 450 });
    expect(codes(answer)).toEqual({ 1: 413, 2: 200 });
    expect(inputs(answer, "1")).toEqual([]);
  });
});
