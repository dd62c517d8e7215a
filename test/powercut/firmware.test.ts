// The power goes under the C host: at every operation of the flash inside one program, and across
// restarts of an emulated board. A core that is bad and a stack that is full end where they should.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { STATUS, type Target } from "../../host/demo/firmware/board.ts";
import { FlashStorage } from "../../host/demo/firmware/flash.ts";
import {
  able, buildFirmware, deviceImage, factoryImage, faultsOfSet, Folder, hasBoards, hasCompiler,
  inForce, run, ScriptedPeer,
} from "../helpers/firmware.ts";
import { CutsPeer, type Expectation } from "../helpers/firmware-cuts.ts";
import { NEW, OLD, type Release } from "../helpers/world-content.ts";

const BUILD_MS_MAX = 200_000;
const TIME_MS = 240_000;
/** Of the operations, those that are cut across restarts: each takes two starts of QEMU. */
const RESTART_STEP = Number(process.env["SCOMO_FIRMWARE_STEP"] ?? 6);
const LANES = 2;
const WORDS = ["now=1750000000", "seed=1"];
const SUCCESS: Expectation = { set: NEW, codes: [1200] };
/** The new antivirus is not well: all goes back. */
const SICK: Expectation = { set: OLD, codes: [1405] };
const CHECKED: Target = "posix-asan";
const CHECKERS = able(CHECKED);
/** Without the C host of this machine nobody counts the operations. */
const BOARDS = hasCompiler ? able("mps2-an385") : [];
const hasAll = hasCompiler && hasBoards;

let image: Uint8Array;
let folder: Folder;

beforeAll(async () => {
  await buildFirmware(CHECKED, "mps2-an385", "lm3s6965evb");
  image = await deviceImage();
  folder = new Folder();
}, BUILD_MS_MAX);

afterAll(() => folder.remove());

/** Operations of the flash in a life that is not cut. */
async function operationsOf(words: readonly string[]): Promise<number> {
  folder.write(image);
  const peer = new ScriptedPeer();
  await run({ target: CHECKED, folder, peer, words: ["op=connect", ...WORDS, ...words] });
  const [, count] = /flash-operations=(\d+)/.exec(peer.lines.at(-1) ?? "") ?? [];
  return Number(count);
}

describe("every operation of the flash, in one program", () => {
  it.each([
    ...CHECKERS.flatMap((target) => [
      [target, "torn", "both are well", [], SUCCESS] as const,
      [target, "before", "both are well", [], SUCCESS] as const,
      [target, "torn", "one is sick", ["sick=antivirus"], SICK] as const,
    ]),
    ...BOARDS.map((board) => [board, "torn", "both are well", [], SUCCESS] as const),
  ])("%s, %s, %s: old or new, with one outcome", async (target, mode, _, words, end) => {
    const operations = await operationsOf(words);
    folder.write(image);
    const peer = new CutsPeer(end);
    const ended = await run({
      target, program: "cuts", folder, peer, words: [`mode=${mode}`, ...WORDS, ...words],
      timeoutMs: TIME_MS, isByPipes: target !== CHECKED,
    });
    expect(ended).toEqual({ status: STATUS.ok, complaint: "" });
    expect(peer.faults).toEqual([]);
    expect(operations).toBeGreaterThan(50);
    expect(peer.cuts).toBe(operations);
    expect(peer.lives).toBeGreaterThanOrEqual(operations);
  }, TIME_MS);
});

/** What is wrong with a board that lost power at an operation and was switched on again. */
async function faultsOfRestart(own: Folder, cut: number): Promise<string[] | null> {
  const peer = new ScriptedPeer();
  const life = (...words: string[]) =>
    run({ target: "lm3s6965evb", folder: own, peer, isByPipes: true, words: [...WORDS, ...words] });
  const inForceNow = () => inForce(new FlashStorage(own.read()));
  own.write(image);
  const { status } = await life(`cut=${cut}`);
  if (status === STATUS.ok) return null;
  const faults = status === STATUS.cut ? [] : [`the cut life ends with ${status}`];
  faults.push(...faultsOfSet(await inForceNow()));
  const end = await life();
  if (end.status !== STATUS.ok) faults.push(`the next life ends with ${end.status}`);
  faults.push(...faultsOfSet(await inForceNow(), [NEW]));
  const codes = peer.server.state.results.map(({ code }) => code);
  if (codes.join() !== "1200,1200") faults.push(`the server has heard ${codes.join()}`);
  return faults.map((fault) => `operation ${cut}: ${fault}`);
}

describe.skipIf(!hasAll)("restarts of QEMU", () => {
  it("lm3s6965evb: cut in one process, taken up by the next", async () => {
    const operations = await operationsOf([]);
    const cuts = Array.from(
      { length: Math.ceil(operations / RESTART_STEP) }, (_, index) => 1 + index * RESTART_STEP,
    );
    const faults: (string[] | null)[] = [];
    const lane = async () => {
      const own = new Folder();
      for (let cut = cuts.shift(); cut !== undefined; cut = cuts.shift()) {
        faults.push(await faultsOfRestart(own, cut));
      }
      own.remove();
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    expect(faults.length).toBeGreaterThan(10);
    expect(faults.filter((found) => found === null || found.length > 0)).toEqual([]);
  }, TIME_MS);
});

describe.each(able(CHECKED, "mps2-an385"))("%s: a core that is bad", (target) => {
  it("traps, wild pointers and areas: each ends well, and the next boot is well", async () => {
    folder.write(factoryImage());
    const peer = new ScriptedPeer();
    const isByPipes = target !== CHECKED;
    const ended = await run({ target, program: "traps", folder, peer, isByPipes });
    expect(peer.lines.at(-1), peer.lines.join("\n")).toBe("trials 14");
    expect(ended).toEqual({ status: STATUS.ok, complaint: "" });
  }, TIME_MS);
});

describe.each(able(CHECKED, "mps2-an385"))("%s: a core that traps in a life", (target) => {
  it.each([[2, "out of bounds"], [4, "division by zero"], [7, "calls nest too deep"]])(
    "%i, %s: the program says so, and boots a fresh instance",
    async (how, name) => {
      folder.write(factoryImage());
      const peer = new ScriptedPeer();
      peer.input = () => new Uint8Array(how);
      const ended = await run({
        target, program: "bad", folder, peer, words: ["op=notify"], isByPipes: target !== CHECKED,
      });
      expect(ended).toEqual({ status: STATUS.trapped, complaint: "" });
      expect(peer.lines[0]).toBe(`trap: ${name}`);
      expect(peer.lines[1]).toMatch(/^end: err=0 /);
    },
    TIME_MS,
  );
});

describe.skipIf(!hasBoards)("a stack that is full", () => {
  it("mps2-an385: faults below RAM, and its handler says so", async () => {
    folder.write(factoryImage());
    const peer = new ScriptedPeer();
    const ended = await run({
      target: "mps2-an385", program: "traps", folder, peer, words: ["op=smash"], isByPipes: true,
    });
    const complaint = "fatal: the processor has faulted\n";
    expect(ended).toEqual({ status: STATUS.fatal, complaint });
  }, TIME_MS);
});

describe("the judge of cuts", () => {
  const frame = (...words: number[]): Buffer => {
    const bytes = Buffer.alloc(4 * words.length);
    words.forEach((word, index) => bytes.writeInt32LE(word, 4 * index));
    return bytes;
  };
  const deployed = ({ id, version, content }: Release): Buffer => {
    const text = (value: string) =>
      Buffer.concat([Buffer.of(value.length, 0), Buffer.from(value)]);
    const item = Buffer.concat([Buffer.alloc(48), text("node"), text(id), text(version), text("")]);
    return Buffer.concat([frame(item.length), item, content]);
  };
  const judge = (start: readonly Release[], end: readonly Release[], ...words: number[]) => {
    const peer = new CutsPeer();
    peer.trial("Z", frame(5));
    for (const each of start) peer.trial("D", deployed(each));
    peer.trial("S", frame(0));
    for (const each of end) peer.trial("D", deployed(each));
    peer.server.state.results.push({
      correlator: "", source: "", target: "", identifier: "", code: 1200, count: 1,
    });
    peer.trial("E", frame(...words));
    return peer.faults;
  };
  const [jvm, antivirus] = NEW as [Release, Release];
  const GOOD = [0, 0, 1, 1, 1, 0];

  it("is content where the new set is in force at the end", () => {
    expect(judge(OLD, NEW, ...GOOD)).toEqual([]);
  });

  it.each([
    ["a mixture behind the cut", [jvm, OLD[1]!], NEW, GOOD],
    ["the old set at the end", OLD, OLD, GOOD],
    ["another content", OLD, [jvm, { ...antivirus, content: jvm.content }], GOOD],
    ["a run that fails", OLD, NEW, [-40, 0, 1, 1, 1, 0]],
    ["a trap", OLD, NEW, [0, 1, 1, 1, 1, 0]],
    ["something that is owed", OLD, NEW, [0, 0, 1, 0, 1, 0]],
    ["a bit that was to be set", OLD, NEW, [0, 0, 1, 1, 1, 1]],
  ] as const)("sees %s", (_, start, end, words) => {
    expect(judge(start, end, ...words)).toHaveLength(1);
  });
});
