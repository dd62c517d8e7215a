// Writes what the fuzz targets in C need into build/fuzz: devices, secrets, and inputs to begin
// with. Run by run.mjs.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { Block } from "../../../assembly/abi/codes.ts";
import { encode } from "../../../host/demo/server/wbxml.ts";
import { bootstrap, notification } from "../../helpers/provision.ts";
import { Rewind } from "../../helpers/rewind.ts";
import { adopt } from "../adopt.ts";
import { orderedInput, sessionInput } from "../inputs.ts";
import {
  CREDENTIAL, enter, makePackage, makeStates, NONCE, OFFERED, outgoing, SIGNING, type State,
  STATES, type StateName, TRUSTING,
} from "../states.ts";

const FOLDER = "build/fuzz";

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

const withLength = (bytes: Uint8Array) => [word(bytes.length), bytes];

function writeState(name: StateName, state: State): void {
  const device = new Rewind("debug", state.start, state.areas);
  const block = new Uint8Array(device.core.memory.buffer as ArrayBuffer, 0, Block.End);
  const parts = [
    word(state.areas.length), ...state.areas.map(({ length }) => word(length)), block,
    ...state.areas, word(state.prelude.length), ...state.prelude.flatMap(withLength),
    ...withLength(OFFERED),
  ];
  writeFileSync(`${FOLDER}/${name}.state`, Buffer.concat(parts));
}

function writeSecrets(): void {
  const { name, secret } = CREDENTIAL;
  const text = createHash("md5").update(`${name}:${secret}`).digest("base64");
  const all = {
    SECRET_TEXT: Buffer.from(text), SECRET_NONCE: NONCE, SIGNING_ORDER: SIGNING.order,
    SIGNING_R: SIGNING.r, SIGNING_ADDEND: SIGNING.addend,
  };
  const lines = Object.entries(all).map(([key, bytes]) => {
    return `static const uint8_t ${key}[] __attribute__((unused)) = {${[...bytes].join(",")}};`;
  });
  writeFileSync(`${FOLDER}/secrets.h`, `${lines.join("\n")}\n`);
}

/** One file each; the fuzzer keeps of them what covers anything. */
function writeSeeds(target: string, seeds: readonly Uint8Array[]): void {
  const folder = `${FOLDER}/seeds/${target}`;
  mkdirSync(folder, { recursive: true });
  for (const [index, seed] of seeds.entries()) writeFileSync(`${folder}/${index}`, seed);
}

function sessionSeeds(states: Record<StateName, State>, messages: readonly Uint8Array[]) {
  const found: Uint8Array[] = [];
  for (const [index, name] of (["plain", "guarded", "strict"] as const).entries()) {
    const own = outgoing(enter("debug", states[name])[0]);
    const first = messages.map((seed) => adopt(seed, own, 1));
    const second = messages.map((seed) => adopt(seed, own, 2));
    first.forEach((message, i) => {
      const next = second[(7 * i + index) % second.length]!;
      found.push(sessionInput(index, i, index === 1 ? [message, next] : [message]));
    });
  }
  return found;
}

function notices(): Uint8Array[] {
  const about = { serverId: "srv", secret: "p", nonce: NONCE };
  const made = [
    notification({ ...about, sessionId: 0x1234 }),
    notification({ ...about, sessionId: 0, uiMode: 3, isByServer: true }),
    notification({ ...about, sessionId: 1, body: Buffer.from("vendor") }),
    notification({ ...about, sessionId: 1, version: 12 }),
    notification({ ...about, serverId: "other", sessionId: 1 }),
  ];
  return made.flatMap((bytes) => [
    Buffer.concat([Buffer.of(1, 0, 0), bytes]),
    Buffer.concat([Buffer.of(0, 0, 0), bytes.subarray(16)]),
  ]);
}

function deliveries(): Uint8Array[] {
  const one = makePackage("2.0.0", "app");
  const packages = [
    one, makePackage("2.0.0", "app", "lib"), makePackage("3.1.4", "app", "lib", "new/part"),
    makePackage("1.0.0", "app", "lib"), makePackage("1.2.0", "app"),
  ];
  return [
    ...packages.flatMap((bytes) => [0, 5, 0x13].map((web) => orderedInput(bytes, web))),
    Buffer.concat([Buffer.of(1, 0, 0, 0, 0, 0, one.length, one.length >> 8), one]),
  ];
}

const states = makeStates("debug");
const recorded = JSON.parse(
  readFileSync("test/fuzz/seeds/session/messages.json", "utf8"),
) as string[];
const messages = recorded.map((text) => new Uint8Array(Buffer.from(text, "base64")));

mkdirSync(FOLDER, { recursive: true });
for (const name of STATES) writeState(name, states[name]);
writeSecrets();
writeSeeds("wbxml", messages);
writeSeeds("message", sessionSeeds(states, messages));
writeSeeds("notification", notices());
writeSeeds("bootstrap", [
  encode(bootstrap(TRUSTING)),
  encode(bootstrap({ server: CREDENTIAL, client: { ...CREDENTIAL, name: "dev" } })),
  encode(bootstrap({ other: { serverId: "b", url: "https://b.example" } })),
  ...messages,
]);
writeSeeds("package", deliveries());
