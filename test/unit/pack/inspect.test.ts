import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { decode, Tagged } from "cborg";
import { describe, expect, test } from "vitest";
import { canonicalMap, encodeCbor } from "../../../host/pack/cbor.ts";
import { fingerprint, inspectDelivery, packDelivery, trustKey } from "../../../host/pack/index.ts";
import {
  bound, ed25519, ed25519Trust, jvmBytes, P256_PEM, p256, p256Trust, publicPem, scannerBytes,
  sha256, strangerPem, withNeeds,
} from "./fixtures.ts";

const trust = [p256Trust, ed25519Trust];

/** The envelope with its map changed; signature and manifest stay as they were. */
function altered(delivery: Uint8Array, alter: (map: Map<unknown, unknown>) => void): Uint8Array {
  const options = { useMaps: true, tags: Tagged.preserve(18, 107) };
  const tagged = decode(delivery, options) as Tagged;
  const map = tagged.value as Map<unknown, unknown>;
  alter(map);
  return encodeCbor(new Tagged(107, canonicalMap([...map])));
}

describe("inspectDelivery", () => {
  test("inspectDelivery: a good package verifies and names key, components and texts", () => {
    const inspection = inspectDelivery(packDelivery(bound, p256), trust);
    expect(inspection).toEqual({
      verified: true,
      key: "test-es",
      sequence: 1_732_000_000,
      components: [
        {
          id: "jvm", version: "8.2.0", bytes: jvmBytes.length, uri: "#0",
          sha256: sha256(jvmBytes).toString("hex"), name: "Java VM", description: "Runs",
        },
        {
          id: "antivirus", version: "5.0.0", bytes: scannerBytes.length, uri: "#1",
          sha256: sha256(scannerBytes).toString("hex"), name: "Scanner", description: null,
        },
      ],
      requires: [],
      problems: [],
    });
  });

  test("inspectDelivery: needs and content outside are listed and are no problem", () => {
    const inspection = inspectDelivery(packDelivery(withNeeds, p256), trust);
    expect(inspection.verified).toBe(true);
    expect(inspection.requires).toEqual([{ id: "libc", version: ">=2.3" }]);
    expect(inspection.components.map(({ uri }) => uri)).toEqual(["#0", "files/rules.bin"]);
    expect(inspection.components.map(({ name }) => name)).toEqual(["antivirus", "rules"]);
  });

  test("inspectDelivery: a key without kid is named by its fingerprint", () => {
    const inspection = inspectDelivery(packDelivery(bound, ed25519), trust);
    expect(inspection.key).toBe(fingerprint(ed25519Trust.key));
    expect(inspection.key).toMatch(/^[0-9a-f]{64}$/);
  });

  test("inspectDelivery: without a trusted key nothing verifies and that is no problem", () => {
    const inspection = inspectDelivery(packDelivery(bound, p256), []);
    expect([inspection.verified, inspection.key, inspection.problems]).toEqual([false, null, []]);
    expect(inspection.components).toHaveLength(2);
  });

  test("inspectDelivery: a block of another kid is not tried with a key", () => {
    const other = trustKey(publicPem(P256_PEM), "other");
    const anonymous = trustKey(publicPem(P256_PEM));
    expect(inspectDelivery(packDelivery(bound, p256), [other]).verified).toBe(false);
    expect(inspectDelivery(packDelivery(bound, p256), [anonymous]).verified).toBe(true);
  });

  test("inspectDelivery: a signature of a stranger does not verify", () => {
    const stranger = trustKey(strangerPem(), "test-es");
    const inspection = inspectDelivery(packDelivery(bound, p256), [stranger]);
    expect(inspection.verified).toBe(false);
    expect(inspection.problems).toEqual(["signature: none is by a trusted key"]);
  });
});

describe("altered packages", () => {
  const delivery = packDelivery(bound, p256);

  test("inspectDelivery: no proper prefix of a package verifies", () => {
    for (let n = 0; n < delivery.length; n++) {
      const inspection = inspectDelivery(delivery.subarray(0, n), trust);
      expect(inspection.verified, `${n} bytes`).toBe(false);
      expect(inspection.problems.length, `${n} bytes`).toBeGreaterThan(0);
    }
  });

  test("inspectDelivery: no single changed bit leaves a package verified", () => {
    for (let bit = 0; bit < delivery.length * 8; bit += 3) {
      const copy = delivery.slice();
      copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(inspectDelivery(copy, trust).verified, `bit ${bit}`).toBe(false);
    }
  });

  test("inspectDelivery: bytes after the end are a problem", () => {
    const inspection = inspectDelivery(Buffer.concat([delivery, Buffer.of(0)]), trust);
    expect(inspection.problems[0]).toMatch(/^envelope: /);
  });

  test.each([
    ["a missing content", (map: Map<unknown, unknown>) => map.delete("#1"), "is missing"],
    ["a content nobody asked for", (map: Map<unknown, unknown>) => map.set("#2", jvmBytes),
      "nobody asked for entry \"#2\""],
    ["an entry of another kind", (map: Map<unknown, unknown>) => map.set(16, jvmBytes),
      "nobody asked for entry \"16\""],
    ["a longer content", (map: Map<unknown, unknown>) => map.set("#1", jvmBytes),
      "the manifest says 7"],
    ["other content", (map: Map<unknown, unknown>) => map.set("#1", Buffer.from("Scanner")),
      "digest of its content"],
    ["another text", (map: Map<unknown, unknown>) => map.set(23, encodeCbor(new Map())),
      "text: its digest"],
  ])("inspectDelivery: %s is a problem", (_, alter, sentence) => {
    const inspection = inspectDelivery(altered(delivery, alter), trust);
    expect(inspection.verified).toBe(false);
    expect(inspection.problems.join("\n")).toContain(sentence);
  });

  test("inspectDelivery: a package without its text element still verifies", () => {
    const bare = altered(delivery, (map) => map.delete(23));
    const inspection = inspectDelivery(bare, trust);
    expect(inspection.verified).toBe(true);
    expect(inspection.components.map(({ name }) => name)).toEqual(["jvm", "antivirus"]);
  });

  test.each([
    ["nothing", ""],
    ["text", Buffer.from("hello").toString("hex")],
    ["another tag", "d86ca0"],
    ["an empty map", "d86ba0"],
    ["a map of indefinite length", "d86bbfff"],
    ["a huge count", "d86bba7fffffff"],
    ["a length that is not the shortest", "d86bb800"],
  ])("inspectDelivery: %s is a problem, not an exception", (_, hex) => {
    const inspection = inspectDelivery(Buffer.from(hex, "hex"), trust);
    expect(inspection.verified).toBe(false);
    expect(inspection.problems).toHaveLength(1);
  });
});

// What a file alone shows. A component that the device does not know and a sequence number below
// the last one need an inventory, so those two verify here.
const STATIC: { readonly [file: string]: boolean } = {
  "08-bad-unknown-component.suit": true,
  "10-bad-sequence-lower.suit": true,
};

interface VectorFile {
  device: { trusted_keys: { kid: string; pem: string }[] };
  cases: {
    file: string;
    sha256: string;
    expect: { result: number; components?: { id: string; size: number; version: string }[] };
  }[];
}

const folder = resolve("test", "vectors", "suit");

describe("vectors of profile 1", () => {
  const vectors = JSON.parse(readFileSync(join(folder, "vectors.json"), "utf8")) as VectorFile;
  const keys = vectors.device.trusted_keys.map(({ kid, pem }) => trustKey(pem, kid));

  test.each(vectors.cases)("inspectDelivery: $file verifies as far as a file can show", (row) => {
    const bytes = readFileSync(join(folder, row.file));
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(row.sha256);
    const inspection = inspectDelivery(bytes, keys);
    expect(inspection.verified).toBe(STATIC[row.file] ?? row.expect.result === 1200);
    expect(inspection.problems.length === 0).toBe(inspection.verified);
    if (row.expect.components === undefined) return;
    const listed = inspection.components.map(({ id, bytes: size, version }) => {
      return { id, size, version };
    });
    expect(listed).toEqual(row.expect.components);
  });
});

describe("signed examples of draft-ietf-suit-manifest-37", () => {
  const key = trustKey(readFileSync(join(folder, "ietf-examples", "public-key.pem")));

  test.each([
    ["0", "key 9 is not of the profile"], ["1", "no exact version is given"],
    ["2", "key 9 is not of the profile"], ["2-severed", "key 9 is not of the profile"],
    ["3", "command 15 is not of the profile"], ["4", "key 8 is not of the profile"],
    ["5", "key 9 is not of the profile"],
  ])("inspectDelivery: example%s is signed, and outside of the profile: %s", (name, sentence) => {
    const bytes = readFileSync(join(folder, "ietf-examples", `example${name}.suit`));
    const inspection = inspectDelivery(bytes, [key]);
    expect(inspection.key).toBe(fingerprint(key.key));
    expect(inspection.verified).toBe(false);
    expect(inspection.problems.join("\n")).toContain(sentence);
  });
});
