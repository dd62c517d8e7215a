// DM TND 1.2 §7.7.2: the formats, and the form that a value must have.
import { describe, expect, it } from "vitest";
import { Device } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import { add, codes, item, replace } from "../../helpers/syncml.ts";

const X = "./SCOMO/x";
const BAD_TEXT = Uint8Array.of(0x41, 0xff, 0x42);

describe.each(BUILDS)("formats, %s build", (build) => {
  const fresh = Device.provisioned(build);
  const start = (): Device => {
    const device = new Device(build, { medium: fresh.medium.copy() });
    device.connect();
    return device;
  };

  it.each([
    ["chr", "any text", 200], ["chr", "", 200], ["chr", BAD_TEXT, 415],
    ["chr", Uint8Array.of(0x41), 200],
    ["xml", "<a/>", 200], ["xml", BAD_TEXT, 415], 
    ["date", "2026-11-22", 200], ["date", "20261122", 200], ["date", "2026-11-2", 415],
    ["date", "22.11.2026", 415], ["date", "2026-1122", 415], ["date", "2026112a", 415],
    ["date", "", 415], ["date", "2026-11-22Z", 415],
    ["time", "23:59:59", 200], ["time", "235959", 200], ["time", "23:59", 415],
    ["time", "23-59-59", 415], ["time", "23595x", 415], ["time", "", 415],
    ["float", "-1.5E3", 200], ["float", "+.5", 200], ["float", "5.", 200], ["float", "1e-7", 200],
    ["float", "INF", 200], ["float", "-INF", 200], ["float", "NaN", 200], ["float", "7", 200],
    ["float", "", 415], ["float", ".", 415], ["float", "-", 415], ["float", "1e", 415],
    ["float", "1e+", 415], ["float", "1.5.2", 415], ["float", "+INF", 415], ["float", "-NaN", 415],
    ["float", "inf", 415], ["float", "0x1", 415], ["float", "1,5", 415], ["float", "e5", 415],
    ["int", "0", 200], ["int", "-0", 200], ["int", "007", 200], ["int", "2147483647", 200],
    ["int", "-2147483648", 200],
    ["int", "2147483648", 415], ["int", "-2147483649", 415], ["int", "", 415], ["int", "-", 415],
    ["int", "1.5", 415],
    ["int", "+1", 415], ["int", " 1", 415], ["int", "0x1", 415],
    ["int", "99999999999999999999", 415],
    ["bool", "true", 200], ["bool", "false", 200], ["bool", "TRUE", 200], ["bool", "False", 200],
    ["bool", "tile", 415],
    ["bool", "1", 415], ["bool", "", 415], ["bool", "truee", 415], ["bool", "falsy", 415],
    ["bin", Uint8Array.of(0, 255, 1), 200], ["bin", "text", 200],
    ["b64", "AAEC", 200], ["b64", "AA==", 200], ["b64", "", 200], ["b64", "A", 415],
    ["b64", "AA=", 415],
    ["b64", "****", 415], ["b64", "AAEC AAEC", 415],
    ["null", "", 200], ["null", undefined, 200], ["null", "x", 415],
    ["node", undefined, 200], ["node", "x", 415],
    ["Chr", "x", 200], ["INT", "5", 200], ["word", "x", 415],
  ])("%s with %o: %i", (format, data, code) => {
    const device = start();
    expect(codes(device.reply([add("1", item(X, data, { format }))]))).toEqual({ 1: code });
    expect(device.has(X)).toBe(code === 200);
  });

  it("a Replace without Meta is held to the leaf's Format", () => {
    const device = start();
    device.reply([
      add("1", item("./SCOMO/i", "1", { format: "int" })),
      add("2", item("./SCOMO/b", "true", { format: "bool" })),
      add("3", item("./SCOMO/o", Uint8Array.of(1), { format: "bin" })),
      add("4", item("./SCOMO/c", "x")),
    ]);
    const answer = device.reply([
      replace("1", "./SCOMO/i", "x"), replace("2", "./SCOMO/b", "x"),
      replace("3", "./SCOMO/o", BAD_TEXT),
      replace("4", "./SCOMO/c", BAD_TEXT), replace("5", "./SCOMO/i", "2"),
      replace("6", "./SCOMO/b", "false"),
    ]);
    expect(codes(answer)).toEqual({ 1: 415, 2: 415, 3: 200, 4: 415, 5: 200, 6: 200 });
  });

  describe("base64, as a value or as a transport encoding, §5 of dm-tree", () => {
    const octets = "AAEC/w=="; // 00 01 02 ff

    it("of a new leaf with a Type of text, or without one: it is the value", () => {
      const device = start();
      device.reply([
        add("1", item(X, octets, { format: "b64" })),
        add("2", item("./SCOMO/y", octets, { format: "b64", type: "text/x" })),
      ]);
      for (const uri of [X, "./SCOMO/y"]) {
        expect(device.nodes().get(uri)).toMatchObject({ format: "b64", value: octets });
      }
    });

    it("of a new leaf with another Type: octets", () => {
      const device = start();
      device.reply(
        [add("1", item(X, octets, { format: "b64", type: "application/octet-stream" }))],
      );
      expect(device.nodes().get(X)).toMatchObject({ format: "bin" });
      expect(device.value(X)).toBe("\x00\x01\x02\xff");
    });

    it("for a leaf that is bin: octets; for one that is b64: the value", () => {
      const device = start();
      device.reply([
        add("1", item(X, Uint8Array.of(9), { format: "bin" })),
        add("2", item("./SCOMO/y", "AA==", { format: "b64" })),
      ]);
      const answer = device.reply(
        [
          replace("1", X, octets, { format: "b64" }),
          replace("2", "./SCOMO/y", octets, { format: "b64" }),
        ],
      );
      expect(codes(answer)).toEqual({ 1: 200, 2: 200 });
      expect(device.value(X)).toBe("\x00\x01\x02\xff");
      expect(device.value("./SCOMO/y")).toBe(octets);
    });

    it("several Items of it, and commands behind it, are read as they were sent", () => {
      const device = start();
      const big = Buffer.alloc(600).toString("base64");
      const answer = device.reply([
        add(
          "1", ...[0, 1, 2].map((i) => item(`./SCOMO/o${i}`, big, { format: "b64", type: "a/b" })),
        ),
        add("2", item("./SCOMO/after", "seen")),
      ]);
      expect(codes(answer)).toEqual({ 1: 200, 2: 200 });
      expect(device.value("./SCOMO/o2")).toBe("\0".repeat(600));
      expect(device.value("./SCOMO/after")).toBe("seen");
    });

    it("its limit is that of the octets: 2,048 fit, 2,049 do not", () => {
      const device = start();
      const of = (count: number) => Buffer.alloc(count, 7).toString("base64");
      expect(
        codes(device.reply([add("1", item(X, of(2049), { format: "b64", type: "a/b" }))])),
      ).toEqual({ 1: 413 });
      expect(
        codes(device.reply([add("1", item(X, of(2048), { format: "b64", type: "a/b" }))])),
      ).toEqual({ 1: 200 });
    });
  });
});
