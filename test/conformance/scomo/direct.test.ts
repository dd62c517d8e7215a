// SCOMO 1.0, direct delivery: a server writes the bytes of a package into Data.
import { describe, expect, it } from "vitest";
import { Device, Err, type Reply } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import { IDENTITY, install, makePackage, TRUSTING } from "../../helpers/packages.ts";
import {
  addLeaf, atomic, codes, command, del, e, type Element, exec, get, item, type ItemMeta, lines,
  meta, replace, results, sequence, to,
} from "../../helpers/syncml.ts";

const D = "./SCOMO/Inventory/Delivered/p";
const DATA = `${D}/Data`;
const MORE: Reply = { isFinal: false };
const PACKAGE = makePackage("1.0.0", "app");
const SECOND = makePackage("2.0.0", "app", "lib");

/** The command with `data` as one chunk. */
function chunk(
  name: string, data: string | Uint8Array, about: ItemMeta | undefined, isLast: boolean,
): Element {
  const content = e("Data", data);
  const more = isLast ? undefined : e("MoreData");
  return command(name, "d", e("Item", to(DATA), about && meta(about), content, more));
}

describe.each(BUILDS)("direct delivery, %s build", (build) => {
  const fresh = Device.provisioned(build, TRUSTING, IDENTITY);
  fresh.order(addLeaf("1", `${D}/PkgID`, "pkg"));
  const start = (from = fresh): Device => {
    const device = new Device(build, { ...IDENTITY, medium: from.medium.copy() });
    device.connect();
    return device;
  };
  const code = (answer: Element | undefined, id = "d") => codes(answer)[id];

  /** Writes Data in chunks of `step`, as text where `about` says b64. @returns the last Status */
  const send = (
    device: Device, name: string, data: string | Uint8Array, step: number, about: ItemMeta,
  ) => {
    for (let from = 0; from < data.length; from += step) {
      const isLast = from + step >= data.length;
      const first = from === 0 ? about : { ...about };
      if (from > 0) delete first.size;
      const part = chunk(name, data.slice(from, from + step), first, isLast);
      const answer = device.reply([part], { isFinal: isLast });
      if (isLast || code(answer) !== 213) return code(answer);
    }
    return undefined;
  };

  /** Installs what was delivered. @returns the components that are there afterwards */
  const installed = (device: Device) => {
    device.reply([exec("x", install("p"), "c")]);
    device.close();
    return device.deployed().map(({ id, version }) => `${id} ${version}`);
  };

  it("§4: Add of Data in one message: State 10, and Install takes it", () => {
    const device = start();
    expect(code(device.reply([replace("r", DATA, PACKAGE, { format: "bin" })]), "r")).toBe(404);
    expect(code(device.reply([addLeaf("d", DATA, PACKAGE, { format: "bin" })]))).toBe(200);
    expect(device.value(`${D}/State`)).toBe("10");
    expect(installed(device)).toEqual(["app 1.0.0"]);
    expect(device.value(`${D}/State`)).toBe("20");
  });

  it("a barrier lies between the bytes and the command, and one behind it", () => {
    const device = start();
    device.events = [];
    device.reply([addLeaf("d", DATA, PACKAGE, { format: "bin" })]);
    expect(device.events).toEqual(["Durable", "Durable", "Exchange"]);
    device.cut();
    expect(device.delivered()).toMatchObject([{ pkgId: "pkg", state: 10 }]);
  });

  it.each([1, 100, 333, 1024, 4000])("SC-07: in chunks of %i octets, then Install", (step) => {
    const device = start();
    expect(
      send(device, "Add", PACKAGE, step, { format: "bin", size: PACKAGE.length }),
    ).toBe(200);
    expect(installed(device)).toEqual(["app 1.0.0"]);
  });

  it.each([1, 2, 3, 5, 700])("as Base64 in chunks of %i characters", (step) => {
    const text = Buffer.from(PACKAGE).toString("base64");
    for (const size of [text.length, PACKAGE.length]) {
      const device = start();
      const about = { format: "b64", type: "application/octet-stream", size };
      expect(send(device, "Add", text, step, about)).toBe(200);
      expect(installed(device)).toEqual(["app 1.0.0"]);
    }
  });

  it("SC-07: Data cannot be read; it is listed with what it is", () => {
    const device = start();
    device.reply([addLeaf("d", DATA, PACKAGE, { format: "bin" })]);
    const answer = device.reply([
      get("g", DATA), get("f", `${DATA}?prop=Format`), get("l", `${D}?list=StructData`),
    ]);
    expect(codes(answer)).toEqual({ g: 405, f: 200, l: 200 });
    expect(results(answer)).toMatchObject({ [`${DATA}?prop=Format`]: "bin", [DATA]: "-" });
  });

  it("Add, then Install in the same message", () => {
    const device = start();
    const answer = device.reply([
      sequence(
        "s", addLeaf("d", DATA, PACKAGE, { format: "bin" }), exec("x", install("p"), "c"),
      ),
    ]);
    expect(codes(answer)).toEqual({ s: 200, d: 200, x: 202 });
    device.close();
    expect(device.deployed()).toMatchObject([{ id: "app", version: "1.0.0" }]);
  });

  it("an entry that is not there is made with its Data", () => {
    const device = start();
    device.reply([del("1", D)]);
    expect(code(device.reply([addLeaf("d", DATA, PACKAGE, { format: "bin" })]))).toBe(200);
    expect(device.value(`${D}/State`)).toBe("10");
  });

  it("Replace puts other bytes in their place; Add of Data that is there: 418", () => {
    const device = start();
    device.reply([addLeaf("d", DATA, PACKAGE, { format: "bin" })]);
    expect(code(device.reply([addLeaf("d", DATA, SECOND, { format: "bin" })]))).toBe(418);
    expect(send(device, "Replace", SECOND, 300, { format: "bin", size: SECOND.length })).toBe(200);
    expect(installed(device)).toEqual(["app 2.0.0", "lib 2.0.0"]);
  });

  it("a Replace that does not come to its end leaves the bytes that were there", () => {
    const device = start();
    device.reply([addLeaf("d", DATA, PACKAGE, { format: "bin" })]);
    const about = { format: "bin", size: SECOND.length };
    device.reply([chunk("Replace", SECOND.subarray(0, 200), about, false)], MORE);
    device.close();
    device.cut();
    device.connect();
    expect(installed(device)).toEqual(["app 1.0.0"]);
  });

  it("again after a session that broke off", () => {
    const device = start();
    const about = { format: "bin", size: PACKAGE.length };
    device.reply([chunk("Add", PACKAGE.subarray(0, 200), about, false)], MORE);
    device.fail(Err.Transport);
    device.cut();
    expect(device.has(DATA)).toBe(false);
    device.connect();
    expect(send(device, "Add", PACKAGE, 500, about)).toBe(200);
    expect(installed(device)).toEqual(["app 1.0.0"]);
  });

  it("power cut at every barrier: the bytes are there whole, or Data is not", () => {
    for (let barriers = 0; barriers < 3; barriers++) {
      const device = start();
      let left = barriers;
      device.durable = () => {
        if (left-- > 0) return Err.Ok;
        throw new Error("cut");
      };
      try {
        device.reply([addLeaf("d", DATA, PACKAGE, { format: "bin" })]);
      } catch (cut) {
        expect((cut as Error).message).toBe("cut");
      }
      device.durable = () => Err.Ok;
      device.cut();
      expect(device.has(DATA)).toBe(barriers === 2);
      device.connect();
      if (barriers === 2) expect(installed(device)).toEqual(["app 1.0.0"]);
    }
  });

  it("interrupted: Alert 1225, and nothing of it is left", () => {
    const device = start();
    const about = { format: "bin", size: PACKAGE.length };
    device.reply([chunk("Add", PACKAGE.subarray(0, 200), about, false)], MORE);
    expect(lines(device.reply([get("g", D)], MORE))[1]).toBe("Alert 1225");
    expect(device.has(DATA)).toBe(false);
  });

  it.each<[string, ItemMeta, number]>([
    ["no Size", { format: "bin" }, 411],
    ["above MaxObjSize", { format: "bin", size: 65_537 }, 413],
    ["above every slot", { format: "bin", size: 4097 }, 420],
    ["a text", { format: "chr", size: 100 }, 415],
  ])("refused with the first chunk: %s", (_, about, wanted) => {
    const device = start();
    expect(code(device.reply([chunk("Add", "AAAA", about, false)], MORE))).toBe(wanted);
    expect(device.has(DATA)).toBe(false);
  });

  it.each<[string, string | Uint8Array, ItemMeta, number]>([
    ["more than Size", PACKAGE, { format: "bin", size: 100 }, 424],
    ["less than Size", PACKAGE, { format: "bin", size: PACKAGE.length + 1 }, 424],
    ["no Base64", "****", { format: "b64", size: 4 }, 415],
    ["Base64 that breaks off", "AAAAA", { format: "b64", size: 5 }, 415],
    ["Base64 behind its end", "AA==AAAA", { format: "b64", size: 8 }, 415],
  ])("refused with the last chunk: %s", (_, data, about, wanted) => {
    for (const step of [4, 90]) {
      const device = start();
      expect(send(device, "Add", data, step, about)).toBe(wanted);
      expect(device.has(DATA)).toBe(false);
      expect(code(device.reply([addLeaf("d", DATA, PACKAGE, { format: "bin" })]))).toBe(200);
    }
  });

  it("no right: 425, before a byte is written", () => {
    const device = start();
    device.reply([command("Replace", "a", item(`${D}?prop=ACL`, "Get=*"))]);
    const before = device.medium.contents().slice(2);
    expect(code(device.reply([addLeaf("d", DATA, PACKAGE, { format: "bin" })]))).toBe(425);
    expect(device.medium.contents().slice(2)).toEqual(before);
  });

  it("while its Install waits: 403", () => {
    const device = start();
    device.reply([addLeaf("d", DATA, PACKAGE, { format: "bin" })]);
    device.reply([exec("x", install("p"), "c")]);
    expect(code(device.reply([replace("d", DATA, SECOND, { format: "bin" })]))).toBe(403);
    expect(code(device.reply([del("d", DATA)]))).toBe(405);
  });

  it("in an Atomic: 406, for its bytes could not be taken back", () => {
    const device = start();
    const answer = device.reply([
      atomic("1", addLeaf("2", `${D}/Name`, "n"), addLeaf("d", DATA, PACKAGE, { format: "bin" })),
    ]);
    expect(codes(answer)).toEqual({ 1: 507, 2: 216, d: 406 });
    expect(device.has(DATA)).toBe(false);
  });

  it("bytes that are no package: State 10, and Install fails with 1407", () => {
    const device = start();
    expect(
      code(device.reply([addLeaf("d", DATA, Buffer.alloc(300, 7), { format: "bin" })])),
    ).toBe(200);
    expect(installed(device)).toEqual([]);
    const said = device.sent.map((message) => Buffer.from(message).toString("latin1")).join();
    expect(said).toContain("<ResultCode>1407</ResultCode>");
  });
});
