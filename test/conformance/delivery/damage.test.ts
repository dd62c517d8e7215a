// Any damage to a valid envelope is refused, wherever it is, and nothing is written outside the
// buffers.
import { beforeAll, describe, expect, it } from "vitest";
import { Err } from "../../../assembly/abi/codes.ts";
import { Event, Reader } from "../../helpers/delivery.ts";
import { BUILDS } from "../../helpers/module.ts";
import { draft, makeKey, manifestOf, seal, textOf } from "../../helpers/suit.ts";

const key = makeKey("k1");
const keys = [key];

const parts = draft(
  [
    { id: "jvm", version: [8, 2, 0], content: Buffer.from("a machine") },
    { id: "antivirus", version: [5, 0, 0], content: Buffer.from("the scanner") },
  ],
  [{ id: "libc", atLeast: [2, 3] }],
);
parts.text = textOf([{ id: "jvm", name: "Java" }], "Both");
const envelope = seal(key, parts);
const firstPayload = Buffer.from(envelope).lastIndexOf("#0") - 1;
const secondPayload = Buffer.from(envelope).lastIndexOf("#1") - 1;

/** Numbers that look random and are the same in every run. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state >>> 8;
  }
}

describe.each(BUILDS)("damaged Delivery Packages, %s build", (build) => {
  let reader: Reader;

  beforeAll(async () => {
    reader = await Reader.load(build);
  });

  it("every flip of a bit before the first payload is refused before Event.Payload", () => {
    const bytes = envelope.slice();
    for (let bit = 0; bit < firstPayload * 8; bit++) {
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const { err, events, isComplete } = reader.read(bytes, { keys });
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      if (isComplete || events.includes(Event.Payload)) expect.fail(`bit ${bit} does not matter`);
      // A length that grew leaves the reader waiting for more.
      if (err !== Err.Ok) expect({ bit, err }).toEqual({ bit, err: Err.Untrusted });
    }
  }, 240_000);

  it("every flip of a bit behind is refused by the end of that payload", () => {
    const bytes = envelope.slice();
    for (let bit = firstPayload * 8; bit < bytes.length * 8; bit++) {
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const { err, events, isComplete } = reader.read(bytes, { keys });
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const goodPayloads = bit < secondPayload * 8 ? 0 : 1;
      expect(events.filter((event) => event === Event.PayloadEnd).length).toBe(goodPayloads);
      expect({ bit, isComplete }).toEqual({ bit, isComplete: false });
      // A length of a key that grew leaves the reader waiting for more.
      if (err !== Err.Ok) expect({ bit, err }).toEqual({ bit, err: Err.Untrusted });
    }
  }, 240_000);

  it("every truncation leaves it incomplete, or fails", () => {
    for (let length = 0; length < envelope.length; length++) {
      const { isComplete } = reader.read(envelope.subarray(0, length), { keys });
      expect({ length, isComplete }).toEqual({ length, isComplete: false });
    }
  });

  it("every byte left out, or put in twice, is refused or leaves it incomplete", () => {
    for (let at = 0; at < envelope.length; at++) {
      const shorter = Buffer.concat([envelope.subarray(0, at), envelope.subarray(at + 1)]);
      const longer = Buffer.concat([envelope.subarray(0, at + 1), envelope.subarray(at)]);
      expect({ at, isComplete: reader.read(shorter, { keys }).isComplete }).toEqual({
        at,
        isComplete: false,
      });
      expect({ at, isComplete: reader.read(longer, { keys }).isComplete }).toEqual({
        at,
        isComplete: false,
      });
    }
  }, 240_000);

  it("a well signed manifest of noise is refused, and nothing behind TABLE is written", () => {
    const random = numbers(1);
    const manifestBytes = manifestOf(parts).length;
    const before = reader.module.bytes(reader.call("head") + reader.call("headBytes"), 1024);
    for (let round = 0; round < 400; round++) {
      const noise = manifestOf(parts).subarray(0, random.next().value % manifestBytes);
      for (let i = 0; i < 1 + (round % 9); i++) {
        noise[random.next().value % Math.max(1, noise.length)] = random.next().value & 0xff;
      }
      const { err, events } = reader.read(seal(key, parts, { manifest: noise }), { keys });
      expect(err).not.toBe(Err.Ok);
      expect(events).not.toContain(Event.Payload);
    }
    expect(reader.module.bytes(reader.call("head") + reader.call("headBytes"), 1024)).toEqual(
      before,
    );
  }, 240_000);

  it("a well signed manifest with one changed byte is read or refused, never a trap", () => {
    const random = numbers(2);
    for (let round = 0; round < 400; round++) {
      const bytes = manifestOf(parts);
      bytes[random.next().value % bytes.length] = random.next().value & 0xff;
      const { err } = reader.read(seal(key, parts, { manifest: bytes }), { keys });
      expect([Err.Ok, Err.Untrusted, Err.NotForDevice, Err.Inconsistent]).toContain(err);
    }
  }, 240_000);

  it("8 KiB of noise is refused without a trap", () => {
    const random = numbers(3);
    for (let round = 0; round < 50; round++) {
      const noise = Uint8Array.from({ length: 8192 }, () => random.next().value & 0xff);
      const start = envelope.subarray(0, random.next().value % 12);
      const { isComplete } = reader.read(Buffer.concat([start, noise]), { keys });
      expect(isComplete).toBe(false);
    }
  });
});
