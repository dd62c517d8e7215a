// A session whose changes fill a journal region: the other one is opened in the middle of a
// message.
import { describe, expect, it } from "vitest";
import { Device, Err } from "../../helpers/device.ts";
import { Medium } from "../../helpers/medium.ts";
import { BUILDS } from "../../helpers/module.ts";
import { md5Cred } from "../../helpers/provision.ts";
import {
  add, addLeaf, ask, at, atomic, codes, get, headerStatusOf, item, lines, replace,
} from "../../helpers/syncml.ts";

const REGION_BYTES = 24_576;

describe.each(BUILDS)("session: regions, %s build", (build) => {
  const make = (): Device => {
    const device = Device.provisioned(build, {}, { medium: new Medium(REGION_BYTES) });
    device.order(addLeaf("1", "./SCOMO/a", "0"), addLeaf("2", "./SCOMO/b", "0"));
    return device;
  };
  const barriers = (device: Device) => device.events.filter((event) => event === "Durable").length;

  it("hasRoom: a region fills up: the other is opened, nothing runs twice", () => {
    const device = make();
    device.connect();
    let opened = 0;
    for (let round = 1; round <= 60; round++) {
      device.events = [];
      const answer = device.reply([
        replace("1", "./SCOMO/a", `${round}${"a".repeat(600)}`), get("2", "./SCOMO/a"),
        replace("3", "./SCOMO/b", `${round}`),
        addLeaf("4", `./SCOMO/n${round}`, "1"), addLeaf("5", `./SCOMO/n${round}`, "2"),
      ]);
      expect(codes(answer)).toEqual({ 1: 200, 2: 200, 3: 200, 4: 200, 5: 418 });
      if (barriers(device) > 1) opened++;
    }
    expect(opened).toBeGreaterThanOrEqual(2);
    device.close();
    device.boot();
    expect(device.value("./SCOMO/a")!.startsWith("60a")).toBe(true);
    expect(device.value("./SCOMO/n60")).toBe("1");
  });

  it("hasRoom: the same for an Atomic: opened before it, never inside", () => {
    const device = make();
    device.looksAround = true;
    device.connect();
    let opened = 0;
    for (let round = 1; round <= 40; round++) {
      device.events = [];
      const answer = device.reply([
        atomic(
          "1", replace("2", "./SCOMO/a", `${round}${"a".repeat(900)}`), ask("3"),
          replace("4", "./SCOMO/b", `${round}`),
        ),
      ]);
      expect(codes(answer)).toEqual({ 1: 200, 2: 200, 3: 200, 4: 200 });
      const asked = device.events.indexOf("Confirm");
      if (asked > 0) opened++;
      // Behind the question comes only the one barrier that makes the Atomic true.
      expect(device.events.slice(asked)).toEqual(["Confirm", "Durable", "Exchange"]);
    }
    expect(opened).toBeGreaterThanOrEqual(2);
    device.close();
    device.boot();
    expect(device.value("./SCOMO/b")).toBe("40");
  });

  it("hasRoom: cut at each barrier: what was answered is there", () => {
    const orders = (round: number) =>
      Array.from(
        { length: 4 }, (_, i) => replace(`${i}`, "./SCOMO/a", `${round}.${i}.${"a".repeat(700)}`),
      );
    for (let cutAt = 1; cutAt <= 12; cutAt++) {
      const device = make();
      device.connect();
      for (let round = 0; round < 3; round++) device.reply(orders(round));
      let left = cutAt;
      device.durable = () => {
        if (--left === 0) throw new Error("cut");
        return Err.Ok;
      };
      const seen: string[] = [];
      try {
        for (let round = 3; round < 12; round++) {
          device.reply(orders(round));
          seen.push(`${round}.3.`);
        }
      } catch {
        device.durable = () => Err.Ok;
      }
      device.cut();
      const value = device.value("./SCOMO/a")!;
      // What was answered is there; what was not may be there, and then later commands are not.
      const last = seen.length === 0 ? "2.3." : seen.at(-1)!;
      expect(
        Number(value.slice(0, value.indexOf("a") - 1)),
      ).toBeGreaterThanOrEqual(Number(last.slice(0, -1)));
    }
  });

  it("a barrier that fails: the run ends with Storage, the next boot works", () => {
    const device = make();
    device.connect();
    let failed = false;
    device.durable = () => {
      failed = true;
      return Err.Storage;
    };
    device.reply([add("1", item("./SCOMO/x", "v".repeat(2000)))]);
    expect(failed).toBe(true);
    expect([device.isDone, device.err]).toEqual([true, Err.Storage]);
    device.durable = () => Err.Ok;
    device.cut();
    expect(device.has("./SCOMO/x")).toBe(false);
    expect(codes(device.order(addLeaf("1", "./SCOMO/x")))).toEqual({ 1: 200 });
  });

  it("300 sessions with nonces of both sides: regions turn over, the login always works", () => {
    const server = { type: "DIGEST", name: "srv", secret: "p", nonce: Buffer.from("n") } as const;
    const device = Device.provisioned(build, { server }, { medium: new Medium(REGION_BYTES) });
    let nonce: Buffer = Buffer.from("n");
    for (let session = 0; session < 300; session++) {
      device.connect();
      const answer = device.reply(
        [replace("1", "./SCOMO/a", `${session}`)], { cred: md5Cred("srv", "p", nonce) },
      );
      expect(lines(answer)[0]).toBe("SyncHdr 212");
      nonce = Buffer.from(at(headerStatusOf(answer), "Chal", "Meta", "NextNonce")!, "base64");
      device.close();
      if (session % 7 === 0) device.boot();
    }
  });

  it("I19: a boot without a session writes nothing", () => {
    const device = make();
    const before = device.medium.copy();
    device.boot();
    device.core.step();
    device.dump();
    for (const area of [0, 1]) {
      const [now, then] = [device.medium, before].map(
        (medium) => Buffer.from(medium.read(area, 0, REGION_BYTES)),
      );
      expect(now!.equals(then!)).toBe(true);
    }
  });

  it("I19: each boot opens a region before its first Exchange", () => {
    const device = make();
    for (let boot = 0; boot < 4; boot++) {
      device.boot();
      device.events = [];
      device.connect();
      expect(device.events).toEqual(["Durable", "Durable", "Durable", "Exchange"]);
      device.close();
      device.events = [];
      device.connect();
      expect(device.events).toEqual(["Exchange"]);
      device.close();
    }
  });
});
