// A bound update of a board, from the factory to the server's report. Run by
// `npm run firmware -- --run TARGET`.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadCore } from "../../cli/core-file.ts";
import { configOf } from "../../cli/state.ts";
import { DmClient } from "../../client.ts";
import { FetchTransport } from "../../transport/fetch.ts";
import { makeKeys, makePackages } from "../content.ts";
import { startServer } from "../server/index.ts";
import { runBoard, type Target } from "./board.ts";
import { planBoard, POLICY } from "./demo.ts";
import { FlashStorage } from "./flash.ts";
import { HttpPeer } from "./http-peer.ts";
import { factoryOf } from "./image.ts";

const TIMEOUT_MS = 60_000;
const FLASH = "flash.bin";

const target = (process.argv[2] ?? "posix") as Target;
const folder = mkdtempSync(join(tmpdir(), "scomo-board-"));
const keys = makeKeys();
const server = await startServer({ packages: makePackages(keys), policy: POLICY });
try {
  const plan = planBoard(folder, `${server.url}/dm`, keys.publicPem);
  const { image, message } = factoryOf(plan);
  writeFileSync(join(folder, FLASH), image);
  await live("bootstrap", { B: message });
  await live("connect", {});
  const storage = new FlashStorage(new Uint8Array(readFileSync(join(folder, FLASH))));
  const core = await loadCore(plan.file.maxMsgBytes);
  const client = await DmClient.open({ core, storage, device: configOf(plan.file) });
  for (const { id, version } of client.deployed()) console.log(`in force: ${id} ${version}`);
  await client.close();
  for (const { results } of server.status().devices) {
    for (const { identifier, code } of results) {
      console.log(`the server heard: ${identifier} ${code}`);
    }
  }
} finally {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
}

/** One life of the board, its lines shown. */
async function live(op: string, inputs: Record<string, Uint8Array>): Promise<void> {
  const startedMs = performance.now();
  const transport = new FetchTransport();
  const onLine = (line: string) => console.log(`${target}: ${line}`);
  const peer = new HttpPeer({ transport, inputs, onLine });
  const words = [`flash=${FLASH}`, `op=${op}`];
  const end = await runBoard({ target, folder, words, peer, timeoutMs: TIMEOUT_MS });
  peer.close();
  if (end.complaint !== "") console.error(end.complaint.trimEnd());
  const ms = Math.round(performance.now() - startedMs);
  console.log(`${target}: ${op} ended with status ${end.status} after ${ms} ms`);
  if (end.status !== 0) process.exitCode = 1;
}
