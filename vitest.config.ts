import { existsSync } from "node:fs";
import { defineConfig } from "vitest/config";

/** Tests on data that others hold the rights to: they run where a folder with it is at hand. */
const BORROWED = [
  { test: "test/unit/wbxml/corpus.test.ts", data: "../shared/vectors/corpus" },
  { test: "test/conformance/wbxml-codec/corpus.test.ts", data: "../shared/vectors/corpus" },
  {
    test: "test/conformance/delivery/vectors.test.ts",
    data: process.env["SUIT_VECTORS"] ?? "../shared/vectors/suit",
  },
];
const absent = BORROWED.filter(({ data }) => !existsSync(data));
for (const { test, data } of absent) console.log(`${test} is left out: there is no ${data}`);

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: absent.map(({ test }) => test),
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
});
