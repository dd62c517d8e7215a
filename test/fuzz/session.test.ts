// Messages of a server with a few bytes changed, or cut short: the core never traps, every run
// comes to its end, and
// what a restart finds is the state behind the last barrier. A failure prints the seed that repeats
// it:
//   SCOMO_FUZZ_SEED=<seed> SCOMO_FUZZ_ROUNDS=1 npx vitest run test/fuzz/session.test.ts
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Media } from "../../assembly/abi/codes.ts";
import {
  childOf, decode, type Element, element as e, encode,
} from "../../host/demo/server/wbxml.ts";
import { Device, Err } from "../helpers/device.ts";
import { BUILDS } from "../helpers/module.ts";
import { deliver, entry, IDENTITY, makePackage, TRUSTING } from "../helpers/packages.ts";
import { type Credential, md5Cred } from "../helpers/provision.ts";
import { add, addLeaf, addNode, at, headerOf, item, wordOf } from "../helpers/syncml.ts";

const ROUNDS = Number(process.env["SCOMO_FUZZ_ROUNDS"] ?? 1000);
const FIRST_SEED = Number(process.env["SCOMO_FUZZ_SEED"] ?? 1);
/** Answers to one run at most; a server that says nothing more ends every session. */
const ANSWERS_MAX = 12;
const NONCE = Buffer.from("a nonce of 16 oc");
const server: Credential = { type: "DIGEST", name: "srv", secret: "p", nonce: NONCE };

const seeds = (JSON.parse(
  readFileSync("test/fuzz/seeds/session/messages.json", "utf8"),
) as string[])
  .map((text) => new Uint8Array(Buffer.from(text, "base64")));

/** Numbers from 0 to below `limit`, the same ones for the same seed. */
type Random = (limit: number) => number;

function randomFrom(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) % limit;
  };
}

/** The seed as a message of this session; what is no message stays as it is. */
function adopt(seed: Uint8Array, device: Device): Uint8Array {
  let root: Element;
  try {
    root = decode(seed);
  } catch {
    return seed;
  }
  const header = childOf(root, "SyncHdr");
  if (header === undefined) return seed;
  const own = headerOf(device.message!);
  const keep = (name: string) => childOf(header, name);
  root.children[root.children.indexOf(header)] = e(
    "SyncHdr", keep("VerDTD"), keep("VerProto"), e("SessionID", wordOf(own, "SessionID")),
    e("MsgID", "1"),
    e("Target", e("LocURI", at(own, "Source", "LocURI"))), keep("Source"), keep("RespURI"),
    keep("Cred") && md5Cred("srv", "p", NONCE), keep("Meta"),
  );
  return encode(root);
}

/** One to four bytes changed, or the end cut off, or both. */
function mutate(message: Uint8Array, random: Random): Uint8Array {
  const kind = random(8);
  const changed = message.slice(0, kind < 2 ? random(message.length + 1) : message.length);
  if (kind === 0 || changed.length === 0) return changed;
  for (let edits = 1 + random(4); edits > 0; edits--) {
    const place = random(changed.length);
    changed[place] = random(3) === 0 ? changed[place]! ^ (1 << random(8)) : random(256);
  }
  return changed;
}

/** A job that a person put off is asked about again in the next run. */
const forRestart = (dump: string) => dump.replaceAll('"isPostponed": true', '"isPostponed": false');

const ANSWERS = [Err.Ok, Err.Ok, Err.Refused, Err.Cancelled, Err.TimedOut, Err.Later];

describe.each(BUILDS)("fuzz target session, %s build", (build) => {
  const plain = Device.provisioned(build, TRUSTING, IDENTITY);
  plain.order(
    addNode("1", "./SCOMO/n"), addLeaf("2", "./SCOMO/n/l", "value"),
    add("3", item("./SCOMO/a", "1"), item("./SCOMO/b", "2")),
    add("4", ...entry("p")),
  );
  deliver(plain, { d: makePackage("1.0.0", "app"), d2: makePackage("1.0.0", "app2") });
  const guarded = Device.provisioned(
    build, { ...TRUSTING, server, client: { ...server, name: "dev" } }, IDENTITY,
  );

  /** A device whose first message waits for its answer. */
  const start = (random: Random): Device => {
    const from = random(4) === 0 ? guarded : plain;
    const device = new Device(build, { ...IDENTITY, medium: from.medium.copy() });
    device.confirm = () => ANSWERS[random(ANSWERS.length)]!;
    device.fetch = () => (random(2) ? null : makePackage("2.0.0", "app"));
    device.looksAround = random(8) === 0;
    device.connect();
    return device;
  };

  const finish = (device: Device): void => {
    for (let i = 0; i < ANSWERS_MAX && !device.isDone; i++) device.reply();
    if (!device.isDone) device.fail(Err.Transport);
  };

  const run = (seed: number): void => {
    const random = randomFrom(seed);
    const device = start(random);
    const message = mutate(adopt(seeds[seed % seeds.length]!, device), random);
    const before = device.dump();
    let isCut = random(3) === 0;
    device.durable = () => {
      if (isCut) throw new Error("cut");
      return Err.Ok;
    };
    try {
      device.answer(message, 200, Media.Message);
      isCut = false;
      finish(device);
    } catch (error) {
      if (!isCut || !(error instanceof Error) || error.message !== "cut") throw error;
      isCut = false;
      device.cut();
      expect(device.dump(), "what the restart finds is what was there before").toBe(before);
      return;
    }
    expect(device.isDone).toBe(true);
    const after = device.dump();
    device.cut();
    expect(device.dump(), "what the restart finds is what was there at the end").toBe(
      forRestart(after),
    );
  };

  it(`${ROUNDS} changed messages: no trap, an end, one of two states behind a cut`, () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + ROUNDS; seed++) {
      try {
        run(seed);
      } catch (error) {
        throw new Error(
          `seed ${seed}: ${error instanceof Error ? error.message : String(error)}`,
          { cause: error },
        );
      }
    }
  }, 600_000);

  it("the seeds as they are: every one runs to its end", () => {
    for (const [index, seed] of seeds.entries()) {
      const device = start(randomFrom(1000 + index));
      device.answer(adopt(seed, device));
      finish(device);
      expect(device.isDone, `message ${index}`).toBe(true);
    }
  });
});
