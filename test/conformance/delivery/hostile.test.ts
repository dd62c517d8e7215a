// Part D of the digest from which our delivery format comes: what hostile or careless authors send,
// row by row, and how it is refused. Rows 30 and 31 are legal for the reader; 20, 33, 35 and 36 in
// part are decided by who calls it.
import { beforeAll, describe, expect, it } from "vitest";
import { Err } from "../../../assembly/abi/codes.ts";
import { Event, Reader, type Outcome } from "../../helpers/delivery.ts";
import { BUILDS } from "../../helpers/module.ts";
import * as suit from "../../helpers/suit.ts";
import {
  array,
  bstr,
  head,
  hex,
  int,
  join,
  longHead,
  map,
  seal,
  tstr,
} from "../../helpers/suit.ts";
import { JVM, key, one, two, withEntries, withSettings, DIGEST, SIZE, VERSION } from "./broken.ts";
import { ENVELOPE_CASES } from "./hostile-envelope.ts";
import { MANIFEST_CASES } from "./hostile-manifest.ts";
import { PAYLOAD_CASES } from "./hostile-payload.ts";

const CASES = [...ENVELOPE_CASES, ...MANIFEST_CASES, ...PAYLOAD_CASES];

describe.each(BUILDS)("hostile Delivery Packages, %s build", (build) => {
  let reader: Reader;

  beforeAll(async () => {
    reader = await Reader.load(build);
  });

  function read(envelope: Uint8Array, pieceBytes?: number): Outcome {
    return reader.read(envelope, { keys: [key], ...(pieceBytes && { pieceBytes }) });
  }

  it("a package with nothing wrong is read", () => {
    for (const parts of [one(), two()])
      expect(read(seal(key, parts))).toMatchObject({ err: Err.Ok, isComplete: true });
  });

  it.each(CASES)("D%i: %s is refused", (_row, _title, make, [err, reason]) => {
    const envelope = make();
    const whole = read(envelope);
    expect(whole).toMatchObject({ err, reason, isComplete: false });
    const inPieces = read(envelope, 1);
    expect(inPieces).toMatchObject({
      err,
      reason,
      failedEntry: whole.failedEntry,
      isComplete: false,
    });
    // A window that ends with the last entry does not show that there is more.
    expect(inPieces.events.filter((event) => event !== Event.End)).toEqual(whole.events);
    expect([...inPieces.payloads.keys()]).toEqual([...whole.payloads.keys()]);
  });

  it.each(CASES.filter(([row]) => row === 27 || row === 29))(
    "D%i: %s is refused before the first byte",
    (_row, _title, make) => {
      const { events } = read(make());
      expect(events).not.toContain(Event.Payload);
    },
  );

  it("D5: a version of 8191 numbers ends the loop at the end of the manifest", () => {
    const version = bstr(join(hex("82 02"), head(4, 8191), hex("00 00 00")));
    const outcome = read(withSettings(...DIGEST, ...SIZE, int(28), version));
    expect(outcome).toMatchObject({ err: Err.Inconsistent, reason: 1 });
  });

  it("D30: a payload of no bytes is legal", () => {
    const parts = suit.draft([{ id: "jvm", version: [1, 0, 0], content: hex("") }]);
    expect(read(seal(key, parts))).toMatchObject({ err: Err.Ok, isComplete: true });
  });

  it("D31: an image-size of 4 GiB is told as it is; the caller compares it with the slot", () => {
    const settings = [...DIGEST, int(14), int(0xffff_ffff), ...VERSION];
    const parts = one();
    parts.shared.splice(-1, 1, map(...settings));
    parts.install[3] = map(int(21), tstr("jvm.bin"));
    expect(read(withEntries(parts, []))).toMatchObject({ err: Err.Ok });
    expect(reader.call("sizeOf", 0) >>> 0).toBe(0xffff_ffff);
  });

  it.each(["../../etc", "file:///etc/passwd", "http://x/y", "//host/x"])(
    "D32: URI %s is told as it is",
    (uri) => {
      const parts = suit.draft([{ id: "jvm", version: [1, 0, 0], content: JVM, uri }]);
      expect(read(withEntries(parts, []))).toMatchObject({ err: Err.Ok });
      const bytes = reader.bytesOf("uriOf", 0, reader.call("uriBytesOf", 0));
      expect(Buffer.from(bytes).toString()).toBe(uri);
    },
  );

  it("D34: a text of 2048 bytes is read", () => {
    const parts = one();
    parts.text = join(
      suit.textOf([{ id: "jvm", name: "<b>\u0007bold</b>" }]),
      new Uint8Array(2048),
    ).subarray(0, 2048);
    expect(read(seal(key, parts))).toMatchObject({ err: Err.Ok, isComplete: true });
    expect(reader.string("nameInto", 0)).toBe("<b> bold</b>");
  });

  it("D36: a head from one package and a payload from another is refused", () => {
    const envelope = seal(key, one());
    const other = seal(
      key,
      suit.draft([{ id: "jvm", version: [8, 2, 0], content: Buffer.from(JVM).reverse() }]),
    );
    const mixed = join(envelope.subarray(0, -JVM.length), other.subarray(-JVM.length));
    expect(read(mixed)).toMatchObject({ err: Err.Untrusted, reason: 10, failedEntry: 0 });
  });

  it("D37: the manifest's digests are read from the bytes that were hashed", () => {
    read(seal(key, one()));
    const start = reader.call("head");
    const digestAt = reader.call("digestOf", 0);
    expect(digestAt).toBeGreaterThanOrEqual(start + 512);
    expect(digestAt).toBeLessThan(start + 512 + 4096);
  });
});

describe.each(BUILDS)("limits of Delivery Packages, %s build", (build) => {
  let reader: Reader;

  beforeAll(async () => {
    reader = await Reader.load(build);
  });

  function wrapperOf(byteCount: number): Uint8Array {
    return seal(key, one(), {
      blocks: (signed) => {
        const block = bstr(suit.sign1(key, signed));
        const rest = byteCount - array(bstr(signed), block).length - 3;
        return [block, join(longHead(2, rest, 2), new Uint8Array(rest))];
      },
    });
  }

  function manifestOfSize(byteCount: number): Uint8Array {
    const parts = one();
    const bare = suit.manifestOf(parts).length;
    parts.manifestExtra.push([4, tstr("x".repeat(byteCount - bare - 4))]);
    return seal(key, parts);
  }

  it.each([
    ["wrapper", 512, wrapperOf],
    ["manifest", 4096, manifestOfSize],
  ] as const)("a %s of %i bytes is read, one more is refused", (_, limit, make) => {
    expect(reader.read(make(limit), { keys: [key] })).toMatchObject({
      err: Err.Ok,
      isComplete: true,
    });
    expect(reader.read(make(limit + 1), { keys: [key] })).toMatchObject({
      err: Err.Untrusted,
      reason: 1,
      events: [],
    });
  });

  it("an envelope of 19 entries may begin, one of 1 or 20 may not", () => {
    for (const [mapHead, err] of [
      ["b3", Err.Ok],
      ["b4", Err.Untrusted],
      ["a1", Err.Untrusted],
      ["a0", Err.Untrusted],
    ]) {
      const start = join(hex("d86b"), hex(mapHead as string));
      expect(reader.read(start, { keys: [key] }).err).toBe(err);
    }
  });
});
