// The core under a host in C: whole sessions against the reference server, and one flash that hosts
// hand over to each other.
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { configOf } from "../../host/cli/state.ts";
import { makeKeys, makePackages } from "../../host/demo/content.ts";
import { STATUS, type Target } from "../../host/demo/firmware/board.ts";
import { planBoard, POLICY } from "../../host/demo/firmware/demo.ts";
import { FlashStorage } from "../../host/demo/firmware/flash.ts";
import { HttpPeer } from "../../host/demo/firmware/http-peer.ts";
import { factoryOf } from "../../host/demo/firmware/image.ts";
import { startServer, type ReferenceServer } from "../../host/demo/server/index.ts";
import { BUNDLE, DEVICE_ID, releasesOf } from "../../host/demo/setting.ts";
import { PowerCut } from "../../host/storage/cuttable.ts";
import { FetchTransport } from "../../host/transport/fetch.ts";
import {
  able, buildFirmware, deviceImage, factoryImage, faultsOfSet, Folder, inForce, MESSAGE, openInNode,
  run, ScriptedPeer,
} from "../helpers/firmware.ts";
import {
  clientOf, PluggedFlash, PREDICTABLE, predictable, Recorder, Replayer, unpredictable,
} from "../helpers/firmware-node.ts";
import { NEW } from "../helpers/world-content.ts";

const BUILD_MS_MAX = 200_000;
const TIME_MS = 120_000;
const HOSTS = able("posix", "mps2-an385", "mps2-an386", "lm3s6965evb");
/** Boards that take a flash over from Node and give it back. */
const PARTNERS = able("posix", "mps2-an385", "lm3s6965evb");

const keys = makeKeys();
const packages = makePackages(keys);
let server: ReferenceServer;
let folder: Folder;

beforeAll(async () => {
  await buildFirmware(...HOSTS);
}, BUILD_MS_MAX);

afterEach(unpredictable);

/** What the server has heard of the device, with the codes. */
function heard(): string[] {
  const device = server.status().devices.find(({ id }) => id === DEVICE_ID);
  return (device?.results ?? []).map(({ identifier, code }) => `${identifier} ${code}`).sort();
}

describe.each(HOSTS)("%s: a bound update against the reference server", (target) => {
  const lines: string[] = [];
  let image: Uint8Array;

  beforeAll(async () => {
    folder = new Folder();
    server = await startServer({ policy: POLICY, packages });
    const plan = planBoard(folder.path, `${server.url}/dm`, keys.publicPem);
    const factory = factoryOf(plan);
    folder.write(factory.image);
    const transport = new FetchTransport();
    const onLine = (line: string) => lines.push(line);
    const peer = new HttpPeer({ transport, inputs: { B: factory.message }, onLine });
    const made = await run({ target, folder, peer, words: ["op=bootstrap"] });
    expect(made).toMatchObject({ status: STATUS.ok });
    const connected = await run({ target, folder, peer, words: ["op=connect"] });
    peer.close();
    expect(connected).toMatchObject({ status: STATUS.ok });
    image = folder.read();
  }, TIME_MS);

  afterAll(async () => {
    await server.close();
    folder.remove();
  });

  it("installs both components, each with its content", async () => {
    const storage = new FlashStorage(image);
    const plan = planBoard(folder.path, `${server.url}/dm`, keys.publicPem);
    const found = await inForce(storage, { device: configOf(plan.file) });
    expect(faultsOfSet(found, [releasesOf("new")])).toEqual([]);
  });

  it("tells the server one success for each component", () => {
    expect(heard()).toEqual(["antivirus 1200", "jvm 1200"]);
  });

  it("asks before the change, changes, and looks at each component behind it", () => {
    const asked = lines.filter((line) => /^(prepare|ensure|health) /.test(line));
    expect(asked).toEqual(["prepare", "ensure", "health"].flatMap((step) => [
      `${step} jvm 8.2.0`, `${step} antivirus 5.0.0`,
    ]));
  });

  it("programs only bits that were erased, and stays within its stack", () => {
    const figures = lines.filter((line) => line.startsWith("end: "));
    expect(figures).toHaveLength(2);
    for (const line of figures) expect(line).toMatch(/^end: err=0 .* flash-faults=0 /);
    const used = figures.map((line) => Number(/stack=(\d+)/.exec(line)![1]));
    for (const bytes of used) expect(bytes).toBeLessThan(2048);
  });
});

describe("hand-over", () => {
  it.each(PARTNERS)("%s: makes the flash that Node makes of the same message", async (target) => {
    folder = new Folder();
    folder.write(factoryImage());
    const end = await run({
      target, folder, peer: new ScriptedPeer(), words: ["op=bootstrap", ...PREDICTABLE],
    });
    const storage = new FlashStorage(factoryImage());
    const client = await openInNode(storage, { core: predictable() });
    await client.bootstrap(MESSAGE);
    await client.close();
    expect(end).toMatchObject({ status: STATUS.ok });
    expect(Buffer.compare(folder.read(), storage.image)).toBe(0);
    folder.remove();
  }, TIME_MS);

  it.each(PARTNERS)(
    "%s: a session with a bound update sends and writes what Node's does, to the byte",
    async (target) => {
      folder = new Folder();
      server = await startServer({ policy: POLICY, packages });
      const plan = planBoard(folder.path, `${server.url}/dm`, keys.publicPem);
      const { image, message } = factoryOf(plan);
      const storage = new FlashStorage(image.slice());
      const device = configOf(plan.file);
      const core = predictable();
      const maker = await openInNode(storage, { device, core });
      await maker.bootstrap(message);
      await maker.close();
      folder.write(storage.image);
      const record = new Recorder(new FetchTransport());
      const client = await openInNode(storage, { device, core, transport: record });
      expect((await client.connect()).err).toBe(0);
      await client.close();
      unpredictable();
      const peer = new Replayer(record, packages.get(BUNDLE)!);
      const end = await run({ target, folder, peer, words: ["op=connect", ...PREDICTABLE] });
      expect(end).toMatchObject({ status: STATUS.ok });
      expect(peer.isOver).toBe(true);
      expect(record.posts.length).toBeGreaterThan(3);
      expect(heard()).toEqual(["antivirus 1200", "jvm 1200"]);
      expect(Buffer.compare(folder.read(), storage.image)).toBe(0);
      await server.close();
      folder.remove();
    },
    TIME_MS,
  );
});

/** What one host made of an image until the power went, or to its end. */
interface Part {
  image: Uint8Array;
  wasCut: boolean;
}

type Mode = "before" | "torn";

async function inNode(image: Uint8Array, peer: ScriptedPeer, cut = 0, mode: Mode = "torn") {
  const storage = new PluggedFlash(image.slice(), cut, mode);
  const client = await openInNode(storage, { ...clientOf(peer), core: predictable() });
  const end = await client.connect().catch((error: unknown) => error);
  await client.close();
  unpredictable();
  if (end instanceof Error && !(end instanceof PowerCut)) throw end;
  const part: Part = { image: storage.image, wasCut: end instanceof PowerCut };
  return { ...part, operations: storage.operations };
}

async function onBoard(
  target: Target, image: Uint8Array, peer: ScriptedPeer, cut = 0, mode: Mode = "torn",
): Promise<Part> {
  folder.write(image);
  const words = ["op=connect", `cut=${cut}`, `mode=${mode}`, ...PREDICTABLE];
  const { status } = await run({ target, folder, peer, words, isByPipes: target !== "posix" });
  expect([STATUS.ok, STATUS.cut]).toContain(status);
  return { image: folder.read(), wasCut: status === STATUS.cut };
}

const isSame = (one: Part, other: Part): boolean =>
  one.wasCut === other.wasCut && Buffer.compare(one.image, other.image) === 0;

describe("hand-over in the middle", () => {
  let image: Uint8Array;
  let operations = 0;

  beforeAll(async () => {
    folder = new Folder();
    image = await deviceImage();
    ({ operations } = await inNode(image, new ScriptedPeer()));
  }, TIME_MS);

  afterAll(() => folder.remove());

  /** Cuts at so many operations, more of them where the install is. */
  const cutsOf = (count: number): number[] =>
    Array.from({ length: count }, (_, i) => Math.ceil(operations * Math.sqrt((i + 1) / count)));

  it.each(PARTNERS.map((target) => [target, target === "posix" ? 16 : 4] as const))(
    "%s: a cut leaves what it leaves in Node, and either goes on as the other does",
    async (target, count) => {
      let open = 0;
      for (const [index, cut] of cutsOf(count).entries()) {
        const mode = index % 2 === 0 ? "torn" : "before";
        const [board, node] = [new ScriptedPeer(), new ScriptedPeer()];
        const left = await onBoard(target, image, board, cut, mode);
        const leftByNode = await inNode(image, node, cut, mode);
        expect(isSame(left, leftByNode), `cut ${cut}, ${mode}`).toBe(true);
        expect(left.wasCut).toBe(true);
        open += await isOperationOpen(left.image) ? 1 : 0;
        // Each goes on with what the other has left, at the server that the other talked to.
        const byNode = await inNode(left.image, board);
        const byBoard = await onBoard(target, leftByNode.image, node);
        expect(isSame(byNode, byBoard), `behind cut ${cut}, ${mode}`).toBe(true);
        const found = await inForce(new FlashStorage(byNode.image));
        expect(faultsOfSet(found, [NEW])).toEqual([]);
        expect(board.server.state).toEqual(node.server.state);
        expect(board.server.state.results.map(({ code }) => code)).toEqual([1200, 1200]);
      }
      expect(open).toBeGreaterThan(0);
    },
    TIME_MS,
  );
});

async function isOperationOpen(image: Uint8Array): Promise<boolean> {
  const client = await openInNode(new FlashStorage(image.slice()));
  const { operation } = client.status();
  await client.close();
  return operation !== null;
}
