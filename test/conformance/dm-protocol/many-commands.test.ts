// One message with 200 Adds, for the core that takes 16 KiB, and the same in four messages for the
// core that takes 4. libdmclient needs 162,128 bytes of heap for it.
import { describe, expect, it } from "vitest";
import { type CoreBuild, Device, encode, Err } from "../../helpers/device.ts";
import {
  addLeaf, alert, bodyOf, codes, type Element, lines, wordOf,
} from "../../helpers/syncml.ts";

const ADDS = 200;
/** Commands that are taken in one message: each is owed a Status of 14 bytes and its CmdID. */
const ANSWER_BYTES = { release: 2048, large: 8192 };

const uriOf = (index: number): string => `./SCOMO/n${String(index).padStart(3, "0")}`;
const valueOf = (index: number): string => `the value of the leaf number ${index}`;

function adds(count: number, from = 0): Element[] {
  return Array.from({ length: count }, (_, i) =>
    addLeaf(`${from + i + 1}`, uriOf(from + i), valueOf(from + i)));
}

function start(build: CoreBuild, maxMsgBytes: number): Device {
  const device = Device.provisioned(build, {}, { maxMsgBytes });
  device.connect();
  return device;
}

/** Reads all messages of the answer. @returns CmdRefs with 200, in order */
function takeAnswers(device: Device): string[] {
  const taken: string[] = [];
  for (let i = 0; i < 50 && device.message !== undefined; i++) {
    for (const part of bodyOf(device.message)) {
      if (part.name !== "Status" || wordOf(part, "Cmd") !== "Add") continue;
      expect(wordOf(part, "Data")).toBe("200");
      taken.push(wordOf(part, "CmdRef")!);
    }
    if (/Final|Alert 1222/.test(lines(device.message).at(-1)!)) break;
    device.reply([alert("more", 1222)], { isFinal: true });
  }
  return taken;
}

function expectAll(device: Device): void {
  expect(device.close()).toBe(Err.Ok);
  device.cut();
  const nodes = device.nodes();
  for (let i = 0; i < ADDS; i++) {
    expect(nodes.get(uriOf(i))?.value).toBe(valueOf(i));
  }
  expect(device.core.memory.buffer.byteLength).toBe(65_536);
}

describe("200 Adds", () => {
  it("core-large.wasm: in one message", () => {
    const device = start("large", 16_384);
    const message = encode(device.compose(adds(ADDS), {}));
    expect(message.length).toBeGreaterThan(9_000);
    expect(message.length).toBeLessThanOrEqual(16_384);
    device.answer(message);
    expect(takeAnswers(device)).toEqual(adds(ADDS).map((part) => wordOf(part, "CmdID")));
    expectAll(device);
  });

  it("core.wasm: in messages of 4 KiB", () => {
    const device = start("release", 4096);
    for (let from = 0; from < ADDS; from += 50) {
      const isFinal = from + 50 === ADDS;
      const message = encode(device.compose(adds(50, from), { isFinal }));
      expect(message.length).toBeLessThanOrEqual(4096);
      device.answer(message);
      expect(takeAnswers(device)).toHaveLength(50);
    }
    expectAll(device);
  });

  it.each(["release", "large"] as const)("%s: as many commands as are owed a Status", (build) => {
    const most = Math.floor(ANSWER_BYTES[build] / (14 + 3));
    const tiny = (count: number) => Array.from({ length: count }, (_, i) =>
      addLeaf(String(100 + i), "S", ""));
    const fits = start(build, build === "large" ? 16_384 : 4096);
    const said = fits.reply(tiny(most));
    expect(Object.keys(codes(said)).length).toBeGreaterThan(0);
    const tooMany = start(build, build === "large" ? 16_384 : 4096);
    expect(lines(tooMany.reply(tiny(most + 1)))).toContain("Alert 1223");
  });

  it("the large core takes a message of 16,384 bytes", () => {
    const device = start("large", 16_384);
    const padded = (bytes: number): Uint8Array => {
      const pads = Array.from({ length: 9 }, (_, i) =>
        addLeaf(`p${i}`, `./SCOMO/p${i}`, "x".repeat(i < 8 ? 1770 : bytes)));
      return encode(device.compose(pads, { msgId: 1 }));
    };
    const whole = padded(1000 + 16_384 - padded(1000).length);
    expect(whole.length).toBe(16_384);
    expect(Object.values(codes(device.answer(whole)))).toEqual(Array(9).fill(200));
  });
});
