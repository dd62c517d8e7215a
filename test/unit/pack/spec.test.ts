import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { classId, readSpec, vendorId } from "../../../host/pack/index.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "scomo-spec-"));
  writeFileSync(join(folder, "jvm.bin"), "jvm");
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(spec: unknown): string {
  const path = join(folder, "spec.json");
  writeFileSync(path, typeof spec === "string" ? spec : JSON.stringify(spec));
  return path;
}

const component = { id: "jvm", version: "8.2.0", file: "jvm.bin" };
const good = { sequence: 1, vendor: "v.example", class: "c", components: [component] };

describe("readSpec", () => {
  test("readSpec: files are read relative to the specification", () => {
    const spec = readSpec(write({ ...good, requires: [{ id: "libc", version: ">=2" }] }));
    expect(spec.components).toEqual([
      { id: "jvm", version: "8.2.0", content: new Uint8Array(Buffer.from("jvm")) },
    ]);
    expect(spec.requires).toEqual([{ id: "libc", version: ">=2" }]);
  });

  test.each([
    ["text that is not JSON", "{", "it is not JSON"],
    ["a list", [], "the file: must be an object"],
    ["a missing sequence", { ...good, sequence: undefined }, "sequence: is missing"],
    ["a sequence in quotes", { ...good, sequence: "1" }, "sequence: must be a number"],
    ["an unknown key", { ...good, comment: "x" }, "comment: unknown key"],
    ["an unknown key of a component", { ...good, components: [{ ...component, size: 3 }] },
      "components[0].size: unknown key"],
    ["components that are no list", { ...good, components: {} }, "components: must be a list"],
    ["a component that is no object", { ...good, components: ["jvm"] },
      "components[0]: must be an object"],
    ["a component without a file", { ...good, components: [{ id: "a", version: "1.0.0" }] },
      "components[0].file: is missing"],
    ["a file that is not there", { ...good, components: [{ ...component, file: "no.bin" }] },
      "components[0].file: cannot read"],
    ["a number as name", { ...good, components: [{ ...component, name: 3 }] },
      "components[0].name: must be a text"],
    ["requires that are no list", { ...good, requires: 1 }, "requires: must be a list"],
    ["a need that compares otherwise", { ...good, requires: [{ id: "a", version: "<2" }] },
      "requires[0].version:"],
  ])("readSpec: %s is refused and the key is named", (_, spec, sentence) => {
    expect(() => readSpec(write(spec))).toThrow(sentence);
  });
});

describe("vendorId and classId", () => {
  // The identifiers that the published vectors of profile 1 use.
  test("vendorId: a domain gives a UUID of version 5, which is the class's name space", () => {
    const vendor = vendorId("scomo.example");
    expect(Buffer.from(vendor).toString("hex")).toBe("eb0e0ecf35a65c61a09546194b9c973a");
    expect(Buffer.from(classId(vendor, "edge-gw-1")).toString("hex"))
      .toBe("72d39e18aa6b5ed3ac38614601383b45");
  });

  test("vendorId: a UUID is taken as it stands", () => {
    const uuid = "EB0E0ECF-35a6-5c61-a095-46194b9c973a";
    expect(Buffer.from(vendorId(uuid)).toString("hex")).toBe("eb0e0ecf35a65c61a09546194b9c973a");
    expect(classId(vendorId("x"), uuid)).toEqual(vendorId(uuid));
  });
});
