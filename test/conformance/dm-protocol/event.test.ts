// DM RepPro 1.2 §6.6.2: the client event, Alert 1224.
import { describe, expect, it } from "vitest";
import { Block, Look } from "../../../assembly/abi/codes.ts";
import { queueEvent } from "../../../host/core/event.ts";
import { health } from "../../../host/core/look.ts";
import { Device, Err, getNumber } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import { chal } from "../../helpers/provision.ts";
import {
  alert, at, bodyOf, bytesOf, childOf, e, type Element, headerOf, lines, namesOf, partsOf, wordOf,
} from "../../helpers/syncml.ts";

const EVENT_BYTES_MAX = 256;
const TYPE = "org.example.battery";

type Data = string | Uint8Array;

function leave(device: Device, data: Data = "low", type = TYPE, format = "chr"): Err {
  const bytes = [format, type, data].map((text) => new Uint8Array(Buffer.from(text)));
  return queueEvent(device.core, bytes as [Uint8Array, Uint8Array, Uint8Array]);
}

function eventOf(message: Element | undefined): Element | undefined {
  return partsOf(message, "Alert").find((one) => wordOf(one, "Data") === "1224");
}

describe.each(BUILDS)("client event, %s build", (build) => {
  const start = (): Device => {
    const device = Device.provisioned(build);
    expect(leave(device)).toBe(Err.Ok);
    return device;
  };
  /** Statuses of package #1 with a code of its own for the event. */
  const statuses = (device: Device, code: number): Element[] => {
    const own = device.message!;
    const msgRef = wordOf(headerOf(own), "MsgID");
    const header = { CmdRef: "0", Cmd: "SyncHdr", Data: "200" };
    const rows = bodyOf(own).flatMap((part) => {
      if (part.name === "Final") return [];
      const Data = part === eventOf(own) ? code : 200;
      return [{ CmdRef: wordOf(part, "CmdID"), Cmd: part.name, Data }];
    });
    return [header, ...rows].map((row, index) => e(
      "Status", e("CmdID", `s${index}`), e("MsgRef", msgRef), e("CmdRef", row.CmdRef),
      e("Cmd", row.Cmd), e("Data", row.Data),
    ));
  };
  const status = (device: Device): number => health(device.core).eventStatus;

  it("§6.3: package #1 has it behind DevInfo, with Meta Format and Type, and Data", () => {
    const message = start().connect();
    expect(lines(message)).toEqual(["Alert 1201", "Replace", "Alert 1224", "Final"]);
    const event = eventOf(message)!;
    expect(namesOf(event)).toEqual(["CmdID", "Data", "Item"]);
    const item = childOf(event, "Item")!;
    expect(namesOf(item)).toEqual(["Meta", "Data"]);
    expect([at(item, "Meta", "Format"), at(item, "Meta", "Type")]).toEqual(["chr", TYPE]);
    expect(at(item, "Data")).toBe("low");
  });

  it("§6.3: octets come through as they are", () => {
    const device = Device.provisioned(build);
    const octets = Uint8Array.of(0, 255, 195, 40, 1);
    expect(leave(device, octets, "application/octet-stream", "bin")).toBe(Err.Ok);
    const item = childOf(eventOf(device.connect())!, "Item")!;
    expect([...bytesOf(childOf(item, "Data")!)!]).toEqual([...octets]);
  });

  it.each([200, 406, 202, 500])("§6.3: the server says %i: that is its end", (code) => {
    const device = start();
    device.connect();
    expect(status(device)).toBe(0);
    device.reply(statuses(device, code), { code: null });
    expect(device.err).toBe(Err.Ok);
    expect(status(device)).toBe(code);
    expect(eventOf(device.connect())).toBeUndefined();
  });

  it("a server that says nothing to it: the next session brings it again", () => {
    const device = start();
    device.connect();
    device.reply([], { others: null });
    expect(status(device)).toBe(0);
    expect(eventOf(device.connect())).toBeDefined();
  });

  it("no connection: the next session brings it", () => {
    const device = start();
    device.connect();
    device.fail(Err.Transport);
    expect(eventOf(device.connect())).toBeDefined();
    device.close();
    expect(status(device)).toBe(200);
  });

  it("§8: a package that is asked for again, with credentials, has it again", () => {
    const nonce = Buffer.from("n");
    const client = { type: "DIGEST", name: "dev", secret: "x", nonce } as const;
    const device = Device.provisioned(build, { client });
    expect(leave(device)).toBe(Err.Ok);
    device.connect();
    const challenge = chal("syncml:auth-md5", Buffer.from("m"));
    device.reply([], { code: 401, chal: challenge, others: 401 });
    expect(status(device)).toBe(0);
    expect(eventOf(device.message)).toBeDefined();
    device.close();
    expect(status(device)).toBe(200);
  });

  it("a second one before the session takes the place of the first, its Status too", () => {
    const device = start();
    device.connect();
    device.close();
    expect(leave(device, "empty")).toBe(Err.Ok);
    expect(status(device)).toBe(0);
    expect(leave(device, "full")).toBe(Err.Ok);
    const message = device.connect();
    expect(partsOf(message, "Alert")).toHaveLength(2);
    expect(at(childOf(eventOf(message)!, "Item"), "Data")).toBe("full");
  });

  it("it is not durable: a restart forgets it, and nothing of it is written", () => {
    const device = start();
    const before = device.medium.copy();
    device.boot();
    expect(eventOf(device.connect())).toBeUndefined();
    const other = new Device(build, { medium: before });
    const dump = other.dump();
    leave(other);
    expect(other.dump()).toBe(dump);
  });

  it(`Format, Type and Data of ${EVENT_BYTES_MAX} bytes fit, one more is TooLarge`, () => {
    const device = Device.provisioned(build);
    const full = "x".repeat(EVENT_BYTES_MAX - TYPE.length - 3);
    expect(leave(device, full)).toBe(Err.Ok);
    expect(leave(device, `${full}x`)).toBe(Err.TooLarge);
    const item = childOf(eventOf(device.connect())!, "Item")!;
    expect(at(item, "Data")).toBe(full);
  });

  it.each([
    [-1, 1, 1], [1, -1, 1], [1, 1, -1], [0x7fffffff, 0x7fffffff, 2], [257, 0, 0],
    [-0x80000000, 3, 3],
  ])("event(%i, %i, %i): TooLarge, nothing is left", (format, type, data) => {
    const device = Device.provisioned(build);
    expect(device.core.event(format, type, data)).toBe(Err.TooLarge);
    expect(eventOf(device.connect())).toBeUndefined();
  });

  it("in the middle of a session: Misuse", () => {
    const device = Device.provisioned(build);
    device.connect();
    expect(device.core.event(3, 3, 3)).toBe(Err.Misuse);
    device.close();
    expect(leave(device)).toBe(Err.Ok);
  });

  it("one that fits no message to this server: 413, the session goes on", () => {
    const nonce = Buffer.from("n");
    const client = { type: "DIGEST", name: "dev", secret: "x", nonce } as const;
    const device = Device.provisioned(build, { client });
    leave(device, "x".repeat(230));
    device.connect();
    const challenge = chal("syncml:auth-md5", Buffer.from("m"));
    device.reply([], { code: 401, chal: challenge, maxMsgSize: 500 });
    device.reply([alert("1", 1222)], { isFinal: false });
    expect(status(device)).toBe(413);
    device.close();
    expect(device.err).toBe(Err.Ok);
  });

  it("look: Device has the Status in its third field", () => {
    const device = start();
    device.order();
    expect(device.core.look(Look.Device, 0, 0)).toBe(12);
    expect(getNumber(device.core, Block.Look) >>> 16).toBe(200);
  });
});
