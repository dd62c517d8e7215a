import { createPublicKey, verify } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { Err } from "../../../assembly/abi/codes.ts";
import type { Core } from "../../../host/core/memory.ts";
import { takeCheck } from "../../../host/core/verify.ts";
import { Check, Event, Reader, type TrustedKey } from "../../helpers/delivery.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  array,
  bstr,
  digest,
  draft,
  hex,
  int,
  join,
  makeEdKey,
  makeKey,
  manifestOf,
  map,
  seal,
  sign1,
  tstr,
  type BlockOptions,
  type SigningKey,
} from "../../helpers/suit.ts";

const key = makeKey("k1");
const other = makeKey("k1");
const ed = makeEdKey("k1");
const parts = draft([{ id: "jvm", version: [8, 2, 0], content: Buffer.from("content") }]);

function signedWith(...blocks: (BlockOptions & { key?: typeof key })[]): Uint8Array {
  return seal(key, parts, {
    blocks: (signed) => blocks.map((options) => bstr(sign1(options.key ?? key, signed, options))),
  });
}

describe.each(BUILDS)("delivery signature, %s build", (build) => {
  let reader: Reader;

  beforeAll(async () => {
    reader = await Reader.load(build);
  });

  function readTo(envelope: Uint8Array): void {
    reader.begin();
    reader.module.put(reader.call("window"), envelope);
    reader.call("input", reader.call("window"), envelope.length);
    expect(reader.call("next")).toBe(Event.Manifest);
  }

  it.each([
    ["ES256", -7],
    ["ESP256", -9],
  ])("verifyBlock: %s is verified", (_, algorithm) => {
    const outcome = reader.read(signedWith({ algorithm }), { keys: [key] });
    expect(outcome).toMatchObject({ err: Err.Ok, isSigned: true, isComplete: true });
  });

  it.each([
    ["without a key identifier, with a key that has one", null, "k1"],
    ["with a key identifier, with a key that has none", "k1", ""],
    ["without, with a key that has none", null, ""],
    ["with the longest key identifier", "x".repeat(23), "x".repeat(23)],
    ["with the shortest key identifier", "x", "x"],
  ])("verifyBlock: a block %s is verified", (_, kid, trusted) => {
    const outcome = reader.read(signedWith({ kid }), {
      keys: [{ kid: trusted, point: key.point }],
    });
    expect(outcome).toMatchObject({ err: Err.Ok, isSigned: true });
  });

  it.each([
    ["k1", "k2"],
    ["k1", "k"],
    ["k", "k1"],
  ])("verifyBlock: identifier %s in the block and %s of the key are not tried", (kid, trusted) => {
    const outcome = reader.read(signedWith({ kid }), {
      keys: [{ kid: trusted, point: key.point }],
    });
    expect(outcome).toMatchObject({ err: Err.Untrusted, reason: 4, isSigned: false });
  });

  it.each([
    ["an identifier of 24 bytes", { kid: "x".repeat(24) }],
    ["an empty identifier", { kid: "" }],
    ["an identifier that is text", { unprotected: map(int(4), hex("61 78")) }],
    ["algorithm in the unprotected header", { unprotected: map(int(1), int(-7)) }],
    [
      "two unprotected parameters",
      { unprotected: map(int(4), bstr(hex("61")), int(5), bstr(hex("61"))) },
    ],
    ["EdDSA, with a key of P-256", { algorithm: -8 }],
    ["Ed25519, with a key of P-256", { algorithm: -19 }],
    ["HSS/LMS", { algorithm: -46 }],
    ["algorithm 0", { algorithm: 0 }],
    ["HMAC", { algorithm: 5, tag: 17 }],
  ] as [string, BlockOptions][])("verifyBlock: a block with %s is passed over", (_, options) => {
    const outcome = reader.read(signedWith(options), { keys: [key] });
    expect(outcome).toMatchObject({
      err: Err.Untrusted,
      reason: 3,
      isSigned: false,
      events: [Event.Manifest],
    });
  });

  it.each([
    ["EdDSA", -8],
    ["Ed25519", -19],
  ])("verifyBlock: %s is left to the host, with the bytes that it signs", (_, algorithm) => {
    readTo(signedWith({ algorithm, key: ed }));
    expect(reader.check(0, ed)).toBe(Check.Host);
    expect(reader.call("isSigned")).toBe(0);
    reader.call("ask");
    const asked = takeCheck({ memory: reader.module.exports["memory"] } as Core);
    expect({ algorithm: asked.algorithm, key: asked.key }).toEqual({ algorithm, key: ed.point });
    const header = bstr(map(int(1), int(algorithm)));
    const signed = bstr(digest(bstr(manifestOf(parts))));
    // RFC 9052 §4.4: context, protected header, no external data, payload.
    expect(asked.message).toEqual(array(tstr("Signature1"), header, bstr(hex("")), signed));
    const publicKey = createPublicKey(ed.secret);
    expect(verify(null, asked.message, publicKey, asked.signature)).toBe(true);
    reader.call("accept");
    expect(reader.call("parseManifest")).toBe(Err.Ok);
  });

  it("verifyBlock: the host's no is followed by the next key", () => {
    const blocks = signedWith({ algorithm: -19, key: ed, kid: null });
    const wrong = makeEdKey("");
    expect(reader.read(blocks, { keys: [wrong, ed] })).toMatchObject({ err: Err.Ok });
    const refused = reader.read(blocks, { keys: [wrong] });
    expect(refused).toMatchObject({ err: Err.Untrusted, reason: 4, isSigned: false });
  });

  it.each([
    ["ES256 block, Ed25519 key", { algorithm: -7, key }, { ...key, point: ed.point }],
    ["Ed25519 block, P-256 key", { algorithm: -19, key: ed }, key],
    ["Ed25519 signature under ES256", { algorithm: -7, key: ed }, ed],
    ["ES256 signature under Ed25519", { algorithm: -19, key }, ed],
    [
      "a key of 33 bytes",
      { algorithm: -19, key: ed },
      { kid: "", point: join(ed.point, hex("00")) },
    ],
    ["a key of 31 bytes", { algorithm: -19, key: ed }, { kid: "", point: ed.point.subarray(1) }],
    ["no key", { algorithm: -19, key: ed }, { kid: "", point: hex("") }],
  ] as [string, BlockOptions & { key: SigningKey }, TrustedKey][])(
    "verifyBlock: %s does not verify",
    (_, options, trusted) => {
      const outcome = reader.read(signedWith(options), { keys: [trusted] });
      expect(outcome).toMatchObject({ err: Err.Untrusted, isSigned: false });
    },
  );

  it("verifyBlock: a check of the host counts among the four", () => {
    readTo(signedWith({ algorithm: -19, key: ed, kid: null }));
    const wrong = makeEdKey("");
    for (let i = 0; i < 4; i++) expect(reader.check(0, wrong)).toBe(Check.Host);
    expect(reader.check(0, ed)).toBe(Check.No);
  });

  it.each([1, 2, 3, 4])(
    "verifyBlock: a good block behind unusable ones is found, %i blocks",
    (count) => {
      const unusable = Array.from({ length: count - 1 }, () => ({
        algorithm: -46,
        signature: hex("00".repeat(9)),
      }));
      const outcome = reader.read(signedWith(...unusable, {}), { keys: [key] });
      expect(outcome).toMatchObject({ err: Err.Ok, isComplete: true });
      expect(reader.call("blockCount")).toBe(count);
    },
  );

  it("verifyBlock: the fourth signature check may succeed, a fifth does not run", () => {
    readTo(signedWith({ kid: null }));
    for (let i = 0; i < 3; i++) expect(reader.verifyBlock(0, other)).toBe(false);
    expect(reader.verifyBlock(0, key)).toBe(true);

    readTo(signedWith({ kid: null }));
    for (let i = 0; i < 4; i++) expect(reader.verifyBlock(0, other)).toBe(false);
    expect(reader.verifyBlock(0, key)).toBe(false);
    expect(reader.call("parseManifest")).toBe(Err.Untrusted);
    expect(reader.call("reason")).toBe(4);
  });

  it("verifyBlock: keys of other identifiers cost no signature check", () => {
    readTo(signedWith({}));
    for (let i = 0; i < 9; i++) reader.verifyBlock(0, { kid: `other${i}`, point: other.point });
    expect(reader.verifyBlock(0, key)).toBe(true);
  });

  it("isSigned: a good signature of the last envelope counts for nothing", () => {
    reader.read(signedWith({}), { keys: [key] });
    const outcome = reader.read(signedWith({}), { keys: [] });
    expect(outcome).toMatchObject({ err: Err.Untrusted, reason: 3, isSigned: false });
  });

  it("verifyBlock: a manifest signed by another key is refused before it is parsed", () => {
    const broken = { ...parts, version: int(2) };
    const outcome = reader.read(seal(other, broken), { keys: [key] });
    expect(outcome).toMatchObject({ err: Err.Untrusted, reason: 4, events: [Event.Manifest] });
  });
});
