import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };

const lock = readFileSync("package-lock.json", "utf8");
const EXACT = /^\d+\.\d+\.\d+$/;

describe("package", () => {
  it("package-lock.json: names no registry, so that any mirror serves", () => {
    expect(lock).not.toContain('"resolved"');
  });

  it("package.json: every version is exact", () => {
    const loose = Object.entries(manifest.devDependencies).filter(
      ([, version]) => !EXACT.test(version),
    );
    expect(loose).toEqual([]);
  });

  it("package.json: whoever installs the package gets nothing else with it", () => {
    expect(Object.keys(manifest)).not.toContain("dependencies");
  });

  it("package.json: what it exports and runs is built", () => {
    const files = [
      ...Object.values(manifest.exports).map((entry) =>
        typeof entry === "string" ? entry : entry.default,
      ),
      ...Object.values(manifest.bin),
    ];
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  });
});
