// The vectors: ten files of profile 1, and the signed examples of the SUIT manifest draft.
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { Err } from "../../../assembly/abi/codes.ts";
import { Event, Reader, type Outcome } from "../../helpers/delivery.ts";
import { BUILDS } from "../../helpers/module.ts";
import { hex, pointOf, sha256 } from "../../helpers/suit.ts";

interface VectorCase {
  readonly file: string;
  readonly sha256: string;
  readonly expect: {
    result: number;
    reason: number;
    slot_write_allowed: boolean;
    components?: Part[];
  };
}

interface Part {
  readonly id: string;
  readonly size: number;
  readonly version: string;
}

const FOLDER = fileURLToPath(new URL("../../vectors/suit/", import.meta.url));
const all = JSON.parse(readFileSync(`${FOLDER}/vectors.json`, "utf8"));
const cases = all.cases as VectorCase[];

function load(file: string): Uint8Array {
  return new Uint8Array(readFileSync(`${FOLDER}/${file}`));
}

function trusted(pem: string): { kid: string; point: Uint8Array } {
  return { kid: "", point: pointOf(createPublicKey(pem)) };
}

function packed(version: string): number {
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  return major * 0x40_0000 + minor * 0x1000 + patch;
}

/** What the reader itself must say where another step decides. */
const READER_SAYS: Record<string, { err: number; reason: number }> = {
  "10-bad-sequence-lower.suit": { err: Err.Ok, reason: 0 },
};
const ERR_OF_RESULT: Record<number, number> = {
  1200: Err.Ok,
  1405: Err.Inconsistent,
  1407: Err.Untrusted,
  1413: Err.NotForDevice,
};

describe.each(BUILDS)("Delivery Package vectors, %s build", (build) => {
  let reader: Reader;
  const device = all.device;
  const keys = (device.trusted_keys as { pem: string; kid: string }[]).map(({ pem, kid }) => {
    return { ...trusted(pem), kid };
  });

  beforeAll(async () => {
    reader = await Reader.load(build);
  });

  function read(file: string, pieceBytes: number): Outcome {
    return reader.read(load(file), { keys, pieceBytes });
  }

  function targets(): Part[] {
    const entries = Array.from({ length: reader.call("entryCount") }, (_, entry) => entry);
    return entries
      .filter((entry) => reader.call("isTarget", entry) === 1)
      .map((entry) => ({
        id: reader.string("idInto", entry),
        size: reader.call("sizeOf", entry),
        version: ["major", "minor", "patch"]
          .map((_, index) => {
            const version = reader.call("versionOf", entry) >>> 0;
            return [version >>> 22, (version >>> 12) & 1023, version & 4095][index];
          })
          .join("."),
      }));
  }

  it("the files are those that vectors.json describes", () => {
    for (const { file, sha256: expected } of cases) {
      expect({ file, sha256: Buffer.from(sha256(load(file))).toString("hex") }).toEqual({
        file,
        sha256: expected,
      });
    }
  });

  it.each(cases.filter(({ file }) => !file.startsWith("08")))(
    "$file: the reader decides its part",
    (vector) => {
      for (const pieceBytes of [8192, 1024, 1]) {
        const outcome = read(vector.file, pieceBytes);
        const { result, reason } = vector.expect;
        expect(outcome).toMatchObject(
          READER_SAYS[vector.file] ?? { err: ERR_OF_RESULT[result], reason },
        );
        if (!vector.expect.slot_write_allowed && outcome.err !== Err.Ok)
          expect(outcome.events).not.toContain(Event.Payload);
        expect(outcome.isComplete).toBe(outcome.err === Err.Ok);
      }
    },
  );

  it.each(cases.filter(({ file, expect: { result } }) => result === 1200 && !READER_SAYS[file]))(
    "$file: the table has its components",
    (vector) => {
      read(vector.file, 1024);
      expect(targets()).toEqual(vector.expect.components);
      expect(reader.bytesOf("vendorOf", 0, 16)).toEqual(hex(device.vendor_id));
      expect(reader.bytesOf("classOf", 0, 16)).toEqual(hex(device.class_id));
    },
  );

  it("02: without an Ed25519 key its only block is of no use", () => {
    const onlyEs = keys.filter(({ point }) => point.length === 64);
    const outcome = reader.read(load("02-ok-bound-eddsa.suit"), { keys: onlyEs });
    expect(outcome).toMatchObject({ err: Err.Untrusted, reason: 3, events: [Event.Manifest] });
  });

  it("01: payloads, text and table are those of its description", () => {
    const outcome = read("01-ok-bound-es256.suit", 1024);
    expect(outcome.events.slice(0, 2)).toEqual([Event.Manifest, Event.Text]);
    expect([...outcome.payloads.values()].map(({ length }) => length)).toEqual([4096, 1500]);
    expect(outcome.payloads.get(0)?.subarray(0, 32)).toEqual(sha256(Buffer.from("jvm-8.2.0|0")));
    expect(outcome.payloads.get(1)?.subarray(0, 32)).toEqual(
      sha256(Buffer.from("antivirus-5.0.0|0")),
    );
    expect(reader.call("sequence")).toBe(1001);
    expect(reader.string("nameInto", 0)).toBe("Java Virtual Machine");
    expect(reader.string("descriptionInto", 1)).toBe("Needs JVM 8.2");
    expect(reader.string("updateDescriptionInto")).toBe(
      "Bound update of the Java machine and the virus scanner",
    );
  });

  it("03: its needs are context components, and its text is severed", () => {
    const outcome = read("03-ok-dependency-esp256-dual-severed.suit", 1024);
    expect(outcome.events).not.toContain(Event.Text);
    expect([1, 2].map((entry) => reader.string("idInto", entry))).toEqual(["jvm", "libc"]);
    expect([1, 2].map((entry) => reader.call("comparisonOf", entry))).toEqual([2, 2]);
    expect([1, 2].map((entry) => reader.call("versionOf", entry))).toEqual([
      packed("8.1.0"),
      packed("2.3.0"),
    ]);
    expect(reader.string("nameInto", 0)).toBe("antivirus");
    expect(reader.string("versionTextInto", 0)).toBe("5.0.0");
  });

  it("04: its payloads come from their own files", () => {
    read("04-ok-fetch-relative.suit", 1024);
    ["04-jvm.bin", "04-antivirus.bin"].forEach((file, entry) => {
      expect(reader.call("isInside", entry)).toBe(0);
      reader.call("openExternal", entry, 0);
      expect(reader.feed(load(file), { keys, pieceBytes: 1000 })).toMatchObject({
        err: Err.Ok,
        isComplete: true,
      });
    });
  });

  it("08: the table names the component that the device does not know", () => {
    const outcome = read("08-bad-unknown-component.suit", 1024);
    expect(outcome).toMatchObject({ err: Err.Ok, isComplete: true });
    expect(targets().map(({ id }) => id)).toEqual(["jvm", "antivirus", "radio"]);
  });

  it("10: the sequence number is told; the inventory decides", () => {
    read("10-bad-sequence-lower.suit", 1024);
    expect(reader.call("sequence")).toBe(999);
  });
});

describe.each(BUILDS)("examples of the SUIT manifest draft, %s build", (build) => {
  let reader: Reader;
  const key = trusted(readFileSync(`${FOLDER}/ietf-examples/public-key.pem`, "utf8"));

  beforeAll(async () => {
    reader = await Reader.load(build);
  });

  it.each(["0", "1", "2", "2-severed", "3", "4", "5"])(
    "example%s: digest and signature are good, the manifest is outside of profile 1",
    (name) => {
      const envelope = load(`ietf-examples/example${name}.suit`);
      // Component identifiers of the examples have the byte 00.
      const outcome = reader.read(envelope, { keys: [key], pieceBytes: 100 });
      expect(outcome).toMatchObject({
        err: Err.Inconsistent,
        reason: 1,
        isSigned: true,
        events: [Event.Manifest],
      });
      expect(reader.call("blockCount")).toBe(1);
    },
  );
});
