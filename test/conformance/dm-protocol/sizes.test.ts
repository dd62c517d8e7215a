// DM PRO 1.2 §6, DM RepPro 1.2 §6.4: MaxMsgSize of the server, at every size that can be meant.
import { describe, expect, it } from "vitest";
import { Device, Err } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  add, addLeaf, alert, atomic, command, e, type Element, get, item, lines, sequence,
} from "../../helpers/syncml.ts";

const SIZE_MIN = 400;
const SIZE_MAX = 4096;
const UUID = "6f1b0e0a-0042-4000-8000-0000000000";

/**
 * Commands with many answers of every kind; what is to be said of them does not depend on sizes.
 */
function commands(): Element[] {
  const made: Element[] = [];
  for (let i = 0; i < 6; i++) made.push(get(`${UUID}${10 + i}`, "./SCOMO/v1"));
  made.push(
    add("many", ...Array.from({ length: 8 }, (_, i) => item(`./SCOMO/${i % 3 ? "v1" : `n${i}`}`))),
  );
  made.push(get("mixed", "./DevInfo/Lang", "./DevInfo/none", "./DevInfo/Mod", "./DMAcc?prop=ACL"));
  made.push(sequence("s", addLeaf("s1", "./SCOMO/s"), command("Put", "s2"), alert("s3", 1102)));
  made.push(
    atomic("a", addLeaf("a1", "./SCOMO/t"), addLeaf("a2", "./SCOMO/v1"), addLeaf("a3", "./x")),
  );
  for (let i = 0; i < 8; i++) made.push(get(`g${i}`, `./SCOMO/v${i % 4}`));
  made.push(get("last", "./DevInfo/Man"));
  return made;
}

/** Values are so small that each goes into a message of SIZE_MIN. */
const VALUES = [0, 1, 2, 3].map((i) => item(`./SCOMO/v${i}`, "v".repeat(i * 9)));

describe.each(BUILDS)("MaxMsgSize, %s build", (build) => {
  const fresh = Device.provisioned(build);
  fresh.order(add("1", ...VALUES));

  /** All messages of the answer to `commands`. */
  const run = (maxMsgSize: number) => {
    const device = new Device(build, { medium: fresh.medium.copy() });
    device.connect();
    const said: string[][] = [];
    const bytes: number[] = [];
    device.reply(commands(), { maxMsgSize });
    for (let next = 0; device.message !== undefined; next++) {
      said.push(lines(device.message));
      bytes.push(device.raw.length);
      if (said.at(-1)!.at(-1) === "Final") device.reply();
      else device.reply([alert(`next${next}`, 1222)]);
    }
    expect(device.err).toBe(Err.Ok);
    return { said, bytes };
  };

  const answers = (said: string[][]): string[] =>
    said.flat().filter((line) => !/^(SyncHdr|next\d+ Alert|Final)/.test(line));
  const isResults = (line: string) => line.startsWith("Results");
  /** Answers but for values, which a small message may not hold. */
  const codesOf = (all: string[]) =>
    all.filter((line) => !isResults(line)).map((line) => line.replace(" Get 413", " Get 200"));

  it("each size from 400 to 4096: none is larger, nothing lost, order kept", () => {
    const whole = answers(run(SIZE_MAX).said);
    expect(whole).toHaveLength(53);
    const counts = new Set<number>();
    for (let size = SIZE_MIN; size <= SIZE_MAX; size += size < 1200 ? 1 : 7) {
      const { said, bytes } = run(size);
      const all = answers(said);
      const values = all.filter(isResults);
      expect(Math.max(...bytes), `messages of at most ${size}`).toBeLessThanOrEqual(size);
      expect(codesOf(all), `answers at ${size}`).toEqual(codesOf(whole));
      // A value comes whole where its Get was answered 200, and is refused where it would not fit.
      expect(values).toHaveLength(all.filter((line) => line.includes(" Get 200")).length);
      expect(values.filter((line) => !whole.includes(line))).toEqual([]);
      if (size >= 480) expect(all, `answers at ${size}`).toEqual(whole);
      said.forEach((one, index) => {
        expect(one[0]).toBe("SyncHdr 200");
        expect(one.includes("Final"), `Final at ${size}`).toBe(index === said.length - 1);
        if (index > 0) expect(one[1]).toBe(`next${index - 1} Alert 200`);
      });
      counts.add(said.length);
    }
    expect(counts.size).toBeGreaterThan(5);
  }, 120_000);

  it("messages are filled: a larger size never needs more of them", () => {
    let fewest = Infinity;
    for (let size = 480; size <= SIZE_MAX; size += 64) {
      const count = run(size).said.length;
      expect(count).toBeLessThanOrEqual(fewest);
      fewest = count;
    }
    expect(fewest).toBe(1);
  });

  it.each(
    [[4096, 4096], [4097, 4096], [100_000, 4096], [0, 4096]],
  )("MaxMsgSize %i: messages of up to %i", (size, most) => {
    const { bytes } = run(size);
    expect(Math.max(...bytes)).toBeLessThanOrEqual(most);
    expect(bytes).toHaveLength(1);
  });

  it("the announced MaxMsgSize is what the host says, at most the receive buffer", () => {
    const device = new Device(build, { medium: fresh.medium.copy(), maxMsgBytes: 512 });
    device.connect();
    expect(new TextDecoder("latin1").decode(device.raw)).toContain("512");
  });

  it("§6: DevInfo that fits no message to the server: the session ends", () => {
    const device = new Device(build, { medium: fresh.medium.copy() });
    device.connect();
    const chal = e("Chal", e("Meta", e("Format", "b64"), e("Type", "syncml:auth-md5")));
    expect(device.reply([], { code: 401, chal, maxMsgSize: 300 })).toBeUndefined();
    expect(device.err).toBe(Err.LoginRefused);
  });
});
