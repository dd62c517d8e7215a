import { execFileSync } from "node:child_process";
import { createPublicKey, verify } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode, Tagged } from "cborg";
import { describe, expect, test } from "vitest";
import { packDelivery } from "../../../host/pack/index.ts";
import type { DeliverySpec } from "../../../host/pack/index.ts";
import { signBytes } from "../../../host/pack/keys.ts";
import {
  bound, ed25519, ED25519_PEM, jvmBytes, p256, P256_PEM, publicPem, scannerBytes, sha256, withNeeds,
} from "./fixtures.ts";

type Cbor = Map<unknown, unknown>;

function read(bytes: unknown): unknown {
  return decode(bytes as Uint8Array, {
    useMaps: true,
    strict: true,
    allowIndefinite: false,
    rejectDuplicateMapKeys: true,
    tags: Tagged.preserve(18, 107),
  });
}

function open(delivery: Uint8Array): { envelope: Cbor; manifest: Cbor; common: Cbor } {
  const envelope = (read(delivery) as Tagged).value as Cbor;
  const manifest = read(envelope.get(3)) as Cbor;
  return { envelope, manifest, common: read(manifest.get(3)) as Cbor };
}

/** CBOR byte string with its head, written without the packer's encoder. */
function withHead(content: Uint8Array): Buffer {
  const n = content.length;
  const head = n < 24 ? [0x40 | n] : n < 256 ? [0x58, n] : [0x59, n >> 8, n & 255];
  return Buffer.concat([Buffer.from(head), content]);
}

function blockOf(envelope: Cbor): { digest: Buffer; header: Buffer; kid: Cbor; signature: Buffer } {
  const [digest, block] = read(envelope.get(2)) as [Uint8Array, Uint8Array];
  const tagged = read(block) as Tagged;
  const [header, kid, content, signature] = tagged.value as [Uint8Array, Cbor, null, Uint8Array];
  expect([tagged.tag, content]).toEqual([18, null]);
  const [one, other, third] = [digest, header, signature].map((bytes) => Buffer.from(bytes));
  return { digest: one!, header: other!, kid, signature: third! };
}

function signed(header: Buffer, digest: Buffer): Buffer {
  const context = Buffer.from("\x84\x6aSignature1\x43", "latin1");
  return Buffer.concat([context, header, Buffer.of(0x40, 0x58, 36), digest]);
}

describe("packDelivery", () => {
  test("packDelivery: an envelope is tag 107 with keys 2, 3, 23 and the contents in order", () => {
    const delivery = packDelivery(bound, p256);
    const { envelope } = open(delivery);
    expect(Buffer.from(delivery.subarray(0, 3)).toString("hex")).toBe("d86ba5");
    expect([...envelope.keys()]).toEqual([2, 3, 23, "#0", "#1"]);
    expect(envelope.get("#0")).toEqual(jvmBytes);
    expect(envelope.get("#1")).toEqual(scannerBytes);
  });

  test("packDelivery: two bound components give the sequences of the profile's template", () => {
    const { manifest, common } = open(packDelivery(bound, p256));
    const vendor = Buffer.from("eb0e0ecf35a65c61a09546194b9c973a", "hex");
    const device = Buffer.from("72d39e18aa6b5ed3ac38614601383b45", "hex");
    const shared = read(common.get(4)) as unknown[];
    expect([manifest.get(1), manifest.get(2)]).toEqual([1, 1_732_000_000]);
    expect(common.get(2)).toEqual([[Buffer.from("jvm")], [Buffer.from("antivirus")]]
      .map((id) => id.map((segment) => new Uint8Array(segment))));
    expect(shared.slice(0, 3)).toEqual([12, true, 20]);
    expect(shared[3]).toEqual(new Map([[1, new Uint8Array(vendor)], [2, new Uint8Array(device)]]));
    expect(shared.slice(4, 11)).toEqual([1, 15, 2, 15, 12, 0, 20]);
    expect(read(manifest.get(20))).toEqual([
      12, 0, 20, new Map([[21, "#0"]]), 21, 2, 3, 15,
      12, 1, 20, new Map([[21, "#1"]]), 21, 2, 3, 15,
    ]);
    expect(read(manifest.get(7))).toEqual([12, true, 3, 15, 28, 15]);
  });

  test("packDelivery: each component carries digest, size and exact version", () => {
    const { common } = open(packDelivery(bound, p256));
    const shared = read(common.get(4)) as unknown[];
    const properties = shared[11] as Cbor;
    expect([...properties.keys()]).toEqual([3, 14, 28]);
    expect(read(properties.get(3))).toEqual([-16, new Uint8Array(sha256(jvmBytes))]);
    expect(properties.get(14)).toBe(jvmBytes.length);
    expect(read(properties.get(28))).toEqual([3, [8, 2, 0]]);
  });

  test("packDelivery: with a need the package selects its own components one by one", () => {
    const { envelope, manifest, common } = open(packDelivery(withNeeds, p256));
    const shared = read(common.get(4)) as unknown[];
    const validate = read(manifest.get(7)) as unknown[];
    expect([...envelope.keys()]).toEqual([2, 3, 23, "#0"]);
    expect(shared.filter((_, index) => shared[index - 1] === 12 && index % 2 === 1))
      .toEqual([0, 1, 0, 1]);
    expect(validate.slice(0, 12)).toEqual([12, 0, 3, 15, 28, 15, 12, 1, 3, 15, 28, 15]);
    expect(validate.slice(12, 15)).toEqual([12, 2, 20]);
    expect(read((validate[15] as Cbor).get(28))).toEqual([2, [2, 3]]);
    expect(validate.slice(16)).toEqual([28, 15]);
  });

  test("packDelivery: texts lie outside of the manifest, which has their digest with head", () => {
    const { envelope, manifest } = open(packDelivery(bound, p256));
    const texts = envelope.get(23) as Uint8Array;
    const inner = (read(texts) as Cbor).get("en") as Cbor;
    expect(manifest.get(23)).toEqual([-16, new Uint8Array(sha256(withHead(texts)))]);
    expect(inner.get(2)).toBe("Scanner and its runtime");
    const [, jvm, scanner] = [...inner.values()] as [string, Cbor, Cbor];
    expect(jvm).toEqual(new Map<number, string>([[2, "Java VM"], [5, "Runs"], [6, "8.2.0"]]));
    expect(scanner).toEqual(new Map<number, string>([[2, "Scanner"], [6, "5.0.0"]]));
  });

  test("packDelivery: the same specification gives the same bytes, another sequence others", () => {
    const first = packDelivery(bound, p256);
    expect(packDelivery(bound, p256)).toEqual(first);
    expect(packDelivery({ ...bound, sequence: bound.sequence + 1 }, p256)).not.toEqual(first);
    expect(packDelivery(bound, ed25519)).toEqual(packDelivery(bound, ed25519));
  });
});

describe("signature", () => {
  const cases = [
    { name: "P-256", key: p256, pem: P256_PEM, header: "a10128", kid: "test-es" },
    { name: "Ed25519", key: ed25519, pem: ED25519_PEM, header: "a10132", kid: "" },
  ];

  test.each(cases)("packDelivery: a $name signature verifies with node:crypto", (row) => {
    const { envelope } = open(packDelivery(bound, row.key));
    const { digest, header, kid, signature } = blockOf(envelope);
    const manifest = withHead(envelope.get(3) as Uint8Array);
    expect(header.toString("hex")).toBe(row.header);
    expect(Buffer.from((kid.get(4) as Uint8Array | undefined) ?? []).toString()).toBe(row.kid);
    expect(digest.toString("hex")).toBe(`822f5820${sha256(manifest).toString("hex")}`);
    const message = signed(header, digest);
    const key = createPublicKey(publicPem(row.pem));
    expect(message).toHaveLength(55);
    const isGood = row.name === "P-256"
      ? verify("sha256", message, { key, dsaEncoding: "ieee-p1363" }, signature)
      : verify(null, message, key, signature);
    expect(isGood).toBe(true);
  });

  const openssl = [
    { ...cases[0]!, how: ["-sigfile", "signature", "-digest", "sha256"] },
    { ...cases[1]!, how: ["-sigfile", "signature"] },
  ];

  test.skipIf(!hasOpenssl()).each(openssl)(
    "packDelivery: a $name signature verifies with openssl",
    ({ name, key, pem, how }) => {
      const { digest, header, signature } = blockOf(open(packDelivery(bound, key)).envelope);
      const folder = mkdtempSync(join(tmpdir(), "scomo-pack-"));
      const verdict = (): string => execFileSync(
        "openssl",
        ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "key.pem", "-in", "message", ...how],
        { cwd: folder, encoding: "utf8", stdio: "pipe" },
      );
      try {
        writeFileSync(join(folder, "key.pem"), publicPem(pem));
        writeFileSync(join(folder, "message"), signed(header, digest));
        writeFileSync(join(folder, "signature"), name === "P-256" ? toDer(signature) : signature);
        expect(verdict().trim()).toBe("Signature Verified Successfully");
        writeFileSync(join(folder, "message"), signed(header, sha256(digest)));
        expect(verdict).toThrow();
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  // RFC 6979 A.2.5: P-256, SHA-256, message "sample". s is in the upper half and must stay there.
  test("signBytes: the example of RFC 6979 gives the signature printed there", () => {
    const signature = Buffer.from(signBytes(p256, Buffer.from("sample"))).toString("hex");
    expect(signature.toUpperCase()).toBe(
      "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716" +
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
    );
  });
});

function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** ECDSA-Sig-Value of r and s. */
function toDer(signature: Buffer): Buffer {
  const integers = [signature.subarray(0, 32), signature.subarray(32)].map((value) => {
    const positive = (value[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), value]) : value;
    return Buffer.concat([Buffer.of(2, positive.length), positive]);
  });
  const body = Buffer.concat(integers);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}

describe("limits", () => {
  const first = bound.components[0] ?? { id: "", version: "", content: jvmBytes };
  function withFirst(change: object): DeliverySpec {
    return { ...bound, components: [{ ...first, ...change }] };
  }

  test.each([
    ["sequence 0", { ...bound, sequence: 0 }, "sequence: must be"],
    ["sequence 2^32", { ...bound, sequence: 2 ** 32 }, "sequence: must be"],
    ["sequence 1.5", { ...bound, sequence: 1.5 }, "sequence: must be"],
    ["no vendor", { ...bound, vendor: "" }, "vendor: is empty"],
    ["no component", { ...bound, components: [] }, "components: needs"],
    ["two versions parts", withFirst({ version: "8.2" }), "components[0].version:"],
    ["minor 1024", withFirst({ version: "1.1024.0" }), "components[0].version:"],
    ["patch 4096", withFirst({ version: "1.0.4096" }), "components[0].version:"],
    ["leading zero", withFirst({ version: "01.0.0" }), "components[0].version:"],
    ["empty ID", withFirst({ id: "" }), "components[0].id:"],
    ["ID of dots", withFirst({ id: "a/.." }), "components[0].id:"],
    ["ID with a space", withFirst({ id: "a b" }), "components[0].id:"],
    ["five segments", withFirst({ id: "a/b/c/d/e" }), "components[0].id:"],
    ["segment of 65", withFirst({ id: "s".repeat(65) }), "components[0].id:"],
    ["name of 129", withFirst({ name: "n".repeat(129) }), "components[0].name:"],
    ["description of 513", withFirst({ description: "d".repeat(513) }), "components[0].descr"],
    ["URI of 128", withFirst({ uri: "u".repeat(128) }), "components[0].uri:"],
    ["URI #0", withFirst({ uri: "#0" }), "components[0].uri:"],
    ["file URI", withFirst({ uri: "file:///etc/passwd" }), "components[0].uri:"],
    ["the same ID twice", { ...bound, components: [first, first] }, "components: \"jvm\""],
    ["an ID that is a folder", {
      ...bound, components: [first, { ...first, id: "jvm/lib" }],
    }, "components: \"jvm\" and \"jvm/lib\""],
    ["one URI twice", {
      ...bound, components: [{ ...first, uri: "x" }, { ...first, id: "b", uri: "x" }],
    }, "components: two of them have the uri"],
    ["17 components", {
      ...bound, components: Array.from({ length: 17 }, (_, n) => ({ ...first, id: `c${n}` })),
    }, "components: together"],
    ["a need for =", { ...bound, requires: [{ id: "libc", version: "=2" }] }, "requires[0].ver"],
    ["a need for a brought one", {
      ...bound, requires: [{ id: "jvm", version: ">=8" }],
    }, "requires: \"jvm\""],
    ["texts of 3 KB", {
      ...bound,
      components: Array.from({ length: 6 }, (_, n) => {
        return { ...first, id: `c${n}`, description: "d".repeat(500) };
      }),
    }, "description: all names"],
  ])("packDelivery: %s is refused and the key is named", (_, spec, sentence) => {
    expect(() => packDelivery(spec, p256)).toThrow(sentence);
  });

  test("packDelivery: the largest of everything is accepted", () => {
    const spec = withFirst({
      id: ["s".repeat(64), "t".repeat(63)].join("/"), version: "1023.1023.4095",
      name: "n".repeat(128), description: "d".repeat(512), uri: "u".repeat(127),
    });
    expect(() => packDelivery({ ...spec, sequence: 0xffff_ffff }, p256)).not.toThrow();
  });

  test("packDelivery: sixteen components and empty content fit", () => {
    const components = Array.from({ length: 16 }, (_, n) => {
      return { id: `c${n}`, version: "1.0.0", content: new Uint8Array(n) };
    });
    const { envelope } = open(packDelivery({ ...bound, components }, p256));
    expect([...envelope.keys()].slice(3).join("")).toBe("#0#1#2#3#4#5#6#7#8#9#a#b#c#d#e#f");
    expect((envelope.get("#0") as Uint8Array).length).toBe(0);
  });
});
