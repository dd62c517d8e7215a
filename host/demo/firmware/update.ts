// A bound update of a board of the demo, from the factory to the server's report.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadCore } from "../../cli/core-file.ts";
import { configOf } from "../../cli/state.ts";
import { DmClient } from "../../client.ts";
import { FetchTransport } from "../../transport/fetch.ts";
import { makeKeys, makePackages } from "../content.ts";
import { startServer } from "../server/index.ts";
import { type Program, runBoard, type Target } from "./board.ts";
import { planBoard, POLICY } from "./demo.ts";
import { FlashStorage } from "./flash.ts";
import { HttpPeer } from "./http-peer.ts";
import { factoryOf } from "./image.ts";

const TIMEOUT_MS = 60_000;
const FLASH = "flash.bin";

export interface Update {
  /** Every life of the board ended well. */
  isOk: boolean;
  /** Lines of the board and about it, in order. */
  lines: string[];
}

/** @param onLine  hears each line as it comes */
export async function update(
  target: Target, program: Program = "firmware", onLine: (line: string) => void = () => {},
): Promise<Update> {
  const folder = mkdtempSync(join(tmpdir(), "scomo-board-"));
  const keys = makeKeys();
  const server = await startServer({ packages: makePackages(keys), policy: POLICY });
  const lines: string[] = [];
  const say = (line: string) => {
    lines.push(line);
    onLine(line);
  };
  const live = async (op: string, inputs: Record<string, Uint8Array>): Promise<boolean> => {
    const startedMs = performance.now();
    const peer = new HttpPeer({ transport: new FetchTransport(), inputs, onLine: say });
    const words = [`flash=${FLASH}`, `op=${op}`];
    const { status, complaint } = await runBoard({
      target, program, folder, words, peer, timeoutMs: TIMEOUT_MS,
    });
    peer.close();
    if (complaint !== "") say(complaint.trimEnd());
    say(`${op} took ${Math.round(performance.now() - startedMs)} ms, exit status ${status}`);
    return status === 0;
  };
  try {
    const plan = planBoard(folder, `${server.url}/dm`, keys.publicPem);
    const { image, message } = factoryOf(plan);
    writeFileSync(join(folder, FLASH), image);
    const isOk = (await live("bootstrap", { B: message })) && (await live("connect", {}));
    const storage = new FlashStorage(new Uint8Array(readFileSync(join(folder, FLASH))));
    const core = await loadCore(plan.file.maxMsgBytes);
    const client = await DmClient.open({ core, storage, device: configOf(plan.file) });
    for (const { id, version } of client.deployed()) say(`in force: ${id} ${version}`);
    await client.close();
    for (const { results } of server.status().devices) {
      for (const { identifier, code } of results) say(`the server heard: ${identifier} ${code}`);
    }
    return { isOk, lines };
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
