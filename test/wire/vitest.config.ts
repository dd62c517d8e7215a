import { defineConfig } from "vitest/config";

/** Its own run, after the one whose messages it reads: `npm run wire`. */
export default defineConfig({
  test: {
    root: new URL("../..", import.meta.url).pathname,
    include: ["test/wire/*.wire.ts"],
    pool: "forks",
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
