// DM RepPro 1.2 §6.6.14 and DM PRO 1.2 §10.2: Sequence, and what a person's answer does to it.
import { describe, expect, it } from "vitest";
import { Device, Err } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  addLeaf, ask, atomic, codes, get, lines, replace, sequence,
} from "../../helpers/syncml.ts";

const NO: readonly [string, Err, number][] = [
  ["No", Err.Refused, 304], ["nothing in time", Err.TimedOut, 408],
];

describe.each(BUILDS)("Sequence, %s build", (build) => {
  const start = (err: Err = Err.Ok): Device => {
    const device = Device.provisioned(build);
    device.confirm = () => err;
    device.connect();
    return device;
  };

  it("§4.2: its Status is 200 and comes first, members in order", () => {
    const answer = start().reply([
      sequence(
        "1", addLeaf("2", "./SCOMO/a"), get("3", "./SCOMO/a"), replace("4", "./SCOMO/a", "w"),
      ),
    ]);
    expect(lines(answer)).toEqual([
      "SyncHdr 200", "1 Sequence 200", "2 Add 200", "3 Get 200", "Results 3 ./SCOMO/a = w",
      "4 Replace 200", "Final",
    ]);
  });

  it("§4.2: an ordinary failure does not stop it", () => {
    const answer = start().reply([
      sequence("1", replace("2", "./SCOMO/none", "x"), addLeaf("3", "./SCOMO/a")),
    ]);
    expect(codes(answer)).toEqual({ 1: 200, 2: 404, 3: 200 });
  });

  it("§10.2: yes: what follows runs", () => {
    const answer = start().reply([sequence("1", ask("2"), addLeaf("3", "./SCOMO/a"))]);
    expect(codes(answer)).toEqual({ 1: 200, 2: 200, 3: 200 });
  });

  it.each(NO)("§10.2: %s: the Alert says so, the rest of it gets 215", (_, err, code) => {
    const device = start(err);
    const answer = device.reply([
      sequence("1", addLeaf("2", "./SCOMO/a"), ask("3"), addLeaf("4", "./SCOMO/b")),
      addLeaf("5", "./SCOMO/c"),
    ]);
    expect(codes(answer)).toEqual({ 1: 200, 2: 200, 3: code, 4: 215, 5: 200 });
    expect(
      ["a", "b", "c"].map((leaf) => device.has(`./SCOMO/${leaf}`)),
    ).toEqual([true, false, true]);
  });

  it("§10.2: cancel: 214, everything left in the message gets 215, the next message runs", () => {
    const device = start(Err.Cancelled);
    const answer = device.reply([
      addLeaf("0a", "./SCOMO/a"), sequence("1", ask("2"), addLeaf("3", "./SCOMO/b")),
      addLeaf("4", "./SCOMO/c"), atomic("5", addLeaf("6", "./SCOMO/d")), ask("7"),
      sequence("8", get("9", ".")),
    ]);
    expect(codes(answer)).toEqual({
      "0a": 200, 1: 200, 2: 214, 3: 215, 4: 215, 5: 215, 6: 215, 7: 215, 8: 215, 9: 215,
    });
    expect(device.questions).toHaveLength(1);
    expect(codes(device.reply([addLeaf("1", "./SCOMO/e")]))).toEqual({ 1: 200 });
  });

  it.each(NO)("§10.2: %s to an Alert outside: no effect on other commands", (_, err, code) => {
    const answer = start(err).reply([ask("1"), addLeaf("2", "./SCOMO/a")]);
    expect(codes(answer)).toEqual({ 1: code, 2: 200 });
  });

  it("§10.2: cancel of an Alert outside: everything behind it gets 215", () => {
    const answer = start(Err.Cancelled).reply([ask("1"), addLeaf("2", "./SCOMO/a")]);
    expect(codes(answer)).toEqual({ 1: 214, 2: 215 });
  });

  it.each(NO)("§10.2: %s: an Atomic that is left in the Sequence is not begun", (_, err, code) => {
    const device = start(err);
    const answer = device.reply([
      sequence(
        "1", ask("2"), atomic("3", addLeaf("4", "./SCOMO/a"), addLeaf("5", "./SCOMO/b")),
        get("6", "."),
      ),
      addLeaf("7", "./SCOMO/c"),
    ]);
    expect(codes(answer)).toEqual({ 1: 200, 2: code, 3: 215, 4: 215, 5: 215, 6: 215, 7: 200 });
    expect(device.has("./SCOMO/a")).toBe(false);
  });

  it("§10.2: No: groups inside each other that are left end where they end", () => {
    const device = start(Err.Refused);
    const inner = atomic(
      "3", atomic("4", addLeaf("5", "./SCOMO/a")), sequence("6", addLeaf("7", "./SCOMO/b")),
    );
    const answer = device.reply([
      sequence("1", ask("2"), inner, addLeaf("8", "./SCOMO/c")), addLeaf("9", "./SCOMO/d"),
    ]);
    expect(codes(answer)).toEqual(
      { 1: 200, 2: 304, 3: 215, 4: 215, 5: 215, 6: 215, 7: 215, 8: 215, 9: 200 },
    );
  });

  it("§4.2: Atomic in Sequence runs, and its failure does not stop the Sequence", () => {
    const answer = start().reply([
      sequence(
        "1", atomic("2", addLeaf("3", "./SCOMO/a"), replace("4", "./SCOMO/none", "x")),
        atomic("5", addLeaf("6", "./SCOMO/b")), addLeaf("7", "./SCOMO/c"),
      ),
    ]);
    expect(codes(answer)).toEqual({ 1: 200, 2: 507, 3: 216, 4: 404, 5: 200, 6: 200, 7: 200 });
  });

  it("§10.2: No in an Atomic in a Sequence: 304, Atomic 215, the rest of both 215", () => {
    const device = start(Err.Refused);
    const answer = device.reply([
      sequence(
        "1", atomic("2", addLeaf("3", "./SCOMO/a"), ask("4"), addLeaf("5", "./SCOMO/b")),
        addLeaf("6", "./SCOMO/c"),
      ),
      addLeaf("7", "./SCOMO/d"),
    ]);
    expect(codes(answer)).toEqual({ 1: 200, 2: 215, 3: 216, 4: 304, 5: 215, 6: 215, 7: 200 });
    expect(["a", "b", "c", "d"].map((leaf) => device.has(`./SCOMO/${leaf}`))).toEqual([
      false, false, false, true,
    ]);
  });

  it("§4.2: a Sequence in a Sequence: after a No nothing of either runs", () => {
    const device = start(Err.Refused);
    const answer = device.reply([
      sequence("1", sequence("2", ask("3"), addLeaf("4", "./SCOMO/a")), addLeaf("5", "./SCOMO/b")),
      addLeaf("6", "./SCOMO/c"),
    ]);
    expect(codes(answer)).toMatchObject({ 3: 304, 4: 215, 5: 215, 6: 200 });
    expect(device.has("./SCOMO/b")).toBe(false);
  });
});
