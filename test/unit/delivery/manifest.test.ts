import { beforeAll, describe, expect, it } from "vitest";
import { Err } from "../../../assembly/abi/codes.ts";
import { Reader, type Outcome } from "../../helpers/delivery.ts";
import { BUILDS } from "../../helpers/module.ts";
import * as suit from "../../helpers/suit.ts";
import {
  bstr,
  CLASS,
  digest,
  draft,
  hex,
  int,
  map,
  POLICY,
  seal,
  tstr,
  VENDOR,
} from "../../helpers/suit.ts";

const key = suit.makeKey("k1");
const CONTENT = Buffer.from("content");

function oneTarget(): suit.Draft {
  return draft([{ id: "jvm", version: [8, 2, 0], content: CONTENT }]);
}

function twoTargets(): suit.Draft {
  return draft([
    { id: "jvm", version: [8, 2, 1], content: CONTENT },
    {
      id: "av/engine",
      version: [1023, 1023, 4095],
      content: Buffer.from("scanner"),
      uri: "sub/av.bin",
    },
  ]);
}

function withNeeds(): suit.Draft {
  const target = { id: "jvm", version: [8, 2, 0] as const, content: CONTENT };
  const needs = [[8], [2, 3], [1, 2, 3]].map((atLeast, index) => ({ id: `need${index}`, atLeast }));
  return draft([target], needs);
}

/** Replaces digest, size and version of the only target. */
function setTarget(parts: suit.Draft, size: number, version: Uint8Array): void {
  parts.shared.splice(
    -1,
    1,
    map(int(3), bstr(digest(CONTENT)), int(14), int(size), int(28), version),
  );
}

function packed(major: number, minor: number, patch: number): number {
  return major * 0x40_0000 + minor * 0x1000 + patch;
}

describe.each(BUILDS)("delivery manifest, %s build", (build) => {
  let reader: Reader;

  beforeAll(async () => {
    reader = await Reader.load(build);
  });

  function read(parts: suit.Draft): Outcome {
    return reader.read(seal(key, parts), { keys: [key] });
  }

  function u32(name: string, ...args: number[]): number {
    return reader.call(name, ...args) >>> 0;
  }

  describe("the table", () => {
    it("has a row for each target", () => {
      expect(read(twoTargets()).err).toBe(Err.Ok);
      expect(reader.call("entryCount")).toBe(2);
      expect(reader.call("sequence")).toBe(1001);
      expect([0, 1].map((entry) => reader.string("idInto", entry))).toEqual(["jvm", "av/engine"]);
      expect([0, 1].map((entry) => reader.call("isTarget", entry))).toEqual([1, 1]);
      expect([0, 1].map((entry) => reader.call("isInside", entry))).toEqual([1, 0]);
      expect([0, 1].map((entry) => u32("sizeOf", entry))).toEqual([7, 7]);
      expect([0, 1].map((entry) => reader.call("comparisonOf", entry))).toEqual([3, 3]);
      expect([0, 1].map((entry) => u32("versionOf", entry))).toEqual([
        packed(8, 2, 1),
        0xffff_ffff,
      ]);
      expect(reader.bytesOf("digestOf", 1, 32)).toEqual(suit.sha256(Buffer.from("scanner")));
      expect(reader.bytesOf("vendorOf", 0, 16)).toEqual(VENDOR);
      expect(reader.bytesOf("classOf", 1, 16)).toEqual(CLASS);
      const uri = reader.bytesOf("uriOf", 1, reader.call("uriBytesOf", 1));
      expect(Buffer.from(uri).toString()).toBe("sub/av.bin");
    });

    it("has a row for each need", () => {
      expect(read(withNeeds()).err).toBe(Err.Ok);
      expect(reader.call("entryCount")).toBe(4);
      const needs = [1, 2, 3];
      expect(needs.map((entry) => reader.call("isTarget", entry))).toEqual([0, 0, 0]);
      expect(needs.map((entry) => reader.call("comparisonOf", entry))).toEqual([2, 2, 2]);
      expect(needs.map((entry) => u32("versionOf", entry))).toEqual([
        packed(8, 0, 0),
        packed(2, 3, 0),
        packed(1, 2, 3),
      ]);
      expect(needs.map((entry) => reader.call("vendorOf", entry))).toEqual([0, 0, 0]);
      expect(needs.map((entry) => reader.call("uriBytesOf", entry))).toEqual([0, 0, 0]);
    });

    it("keeps nothing of the last manifest", () => {
      read(withNeeds());
      read(oneTarget());
      expect(reader.call("entryCount")).toBe(1);
      expect(read(withNeeds()).err).toBe(Err.Ok);
    });

    it("takes the largest sequence number and size", () => {
      const parts = oneTarget();
      parts.sequence = int(0xffff_ffff);
      setTarget(parts, 0xffff_ffff, suit.versionOf(3, [0, 0, 0]));
      // The payload is shorter.
      expect(read(parts)).toMatchObject({ err: Err.Untrusted, reason: 11, failedEntry: 0 });
      expect(u32("sequence")).toBe(0xffff_ffff);
      expect(u32("sizeOf", 0)).toBe(0xffff_ffff);
      expect(u32("versionOf", 0)).toBe(0);
    });
  });

  describe("is read", () => {
    it.each<[string, (parts: suit.Draft) => void]>([
      ["with a reference URI", (parts) => parts.manifestExtra.push([4, tstr("https://x")])],
      ["with a set version", (parts) => parts.manifestExtra.push([6, bstr(hex("81 01"))])],
      ["with a severed CoSWID", (parts) => parts.manifestExtra.push([14, digest(CONTENT)])],
      [
        "with an identifier of 4 segments and 128 bytes",
        (parts) => {
          parts.componentIds = [
            suit.componentId(["a".repeat(64), "b".repeat(59), "c", "d"].join("/")),
          ];
        },
      ],
      [
        "with an identifier of every allowed byte",
        (parts) => {
          const bytes = Array.from({ length: 94 }, (_, index) => 0x21 + index).filter(
            (byte) => byte !== 0x2f,
          );
          parts.componentIds = [
            suit.array(bstr(Buffer.from(bytes.slice(0, 64))), bstr(Buffer.from(bytes.slice(64)))),
          ];
        },
      ],
      [
        "without any component index",
        (parts) => {
          parts.shared = parts.shared.slice(2, 8).concat(parts.shared.slice(10));
          parts.install = parts.install.slice(2);
          parts.validate = parts.validate.slice(2);
        },
      ],
      [
        "with every policy",
        (parts) =>
          parts.validate.push(...[0, 1, 14, 15].flatMap((policy) => [int(3), int(policy)])),
      ],
      ["without a version condition for a target", (parts) => parts.validate.splice(4, 2)],
      ["with image-match in install only", (parts) => parts.validate.splice(2, 2)],
      ["with image-match in validate only", (parts) => parts.install.splice(6, 2)],
    ])("%s", (_, change) => {
      const parts = oneTarget();
      change(parts);
      expect(read(parts)).toMatchObject({ err: Err.Ok, isComplete: true });
    });

    it("with a URI of 127 bytes", () => {
      const target = {
        id: "jvm",
        version: [1, 0, 0] as const,
        content: CONTENT,
        uri: "~".repeat(127),
      };
      expect(read(draft([target]))).toMatchObject({ err: Err.Ok, isComplete: true });
      expect(reader.call("uriBytesOf", 0)).toBe(127);
    });

    it("with `true` and with an array of indices", () => {
      const parts = twoTargets();
      const environment = parts.shared.slice(2, 8);
      parts.shared = [int(12), suit.TRUE, ...environment, ...parts.shared.slice(16)];
      parts.validate = [int(12), suit.array(int(1), int(0)), int(3), POLICY, int(28), POLICY];
      expect(read(parts).err).toBe(Err.Ok);
      expect(reader.bytesOf("vendorOf", 1, 16)).toEqual(VENDOR);
    });

    it("with vendor and class of a context component", () => {
      const parts = withNeeds();
      parts.shared.unshift(int(12), suit.TRUE, ...parts.shared.splice(2, 6));
      expect(read(parts).err).toBe(Err.Ok);
      expect(reader.bytesOf("classOf", 3, 16)).toEqual(CLASS);
    });

    it("with a context component of which nothing is asked", () => {
      const parts = withNeeds();
      parts.validate.splice(-6);
      expect(read(parts).err).toBe(Err.Ok);
      expect(reader.call("comparisonOf", 3)).toBe(0);
    });

    it("with a circle of two targets, which need no condition on each other", () => {
      expect(read(twoTargets()).err).toBe(Err.Ok);
    });
  });

  describe("a version", () => {
    function readTarget(...numbers: number[]): Outcome {
      const parts = oneTarget();
      setTarget(parts, CONTENT.length, suit.versionOf(3, numbers));
      return read(parts);
    }

    function readNeed(comparison: number, numbers: number[]): Outcome {
      const parts = draft(
        [{ id: "jvm", version: [8, 2, 0], content: CONTENT }],
        [{ id: "libc", atLeast: [1] }],
      );
      parts.validate[parts.validate.length - 3] = map(int(28), suit.versionOf(comparison, numbers));
      return read(parts);
    }

    it("of a target is packed", () => {
      expect(readTarget(1023, 0, 4095).err).toBe(Err.Ok);
      expect(u32("versionOf", 0)).toBe(packed(1023, 0, 4095));
    });

    it.each([
      [[1024, 0, 0]],
      [[0, 1024, 0]],
      [[0, 0, 4096]],
      [[1, 2]],
      [[1]],
      [[]],
      [[1, 2, 3, 4]],
    ])("of a target as %j is refused", (numbers) => {
      expect(readTarget(...numbers)).toMatchObject({ err: Err.Inconsistent, reason: 1 });
    });

    it("of a need is packed", () => {
      expect(readNeed(2, [1023, 1023, 4095]).err).toBe(Err.Ok);
      expect(u32("versionOf", 1)).toBe(0xffff_ffff);
    });

    it.each([[[1024]], [[1, 1024]], [[1, 2, 4096]], [[1, 2, 3, 4]], [[]]])(
      "of a need as %j is refused",
      (numbers) => {
        expect(readNeed(2, numbers)).toMatchObject({ err: Err.Inconsistent, reason: 1 });
      },
    );

    it.each([1, 4, 5, 0, 6])(
      "of a need with comparison %i is not for this device",
      (comparison) => {
        expect(readNeed(comparison, [1, 0, 0])).toMatchObject({ err: Err.NotForDevice, reason: 8 });
      },
    );

    it("of a need with comparison equal is refused", () => {
      expect(readNeed(3, [1, 0, 0])).toMatchObject({ err: Err.Inconsistent, reason: 1 });
    });

    it.each([[[1, -1]], [[1, 0, 0, -2, 1]], [[-3]]])(
      "of a need as pre-release %j is not for this device",
      (numbers) => {
        expect(readNeed(2, numbers)).toMatchObject({ err: Err.NotForDevice, reason: 8 });
      },
    );

    it("of a target with comparison at-least is refused", () => {
      const parts = oneTarget();
      setTarget(parts, CONTENT.length, suit.versionOf(2, [1, 0, 0]));
      expect(read(parts)).toMatchObject({ err: Err.Inconsistent, reason: 1 });
    });

    it("of a need that is set and not checked is refused", () => {
      const parts = withNeeds();
      parts.validate.splice(-2);
      expect(read(parts)).toMatchObject({ err: Err.Inconsistent, reason: 1 });
    });
  });
});
