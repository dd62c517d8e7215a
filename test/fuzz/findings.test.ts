// What the fuzz targets in C have found, and what they keep to cover the core, on the wasm itself.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Err, Wait } from "../../assembly/abi/codes.ts";
import { putBytes } from "../../host/core/memory.ts";
import { type Build, BUILDS, loadModule } from "../helpers/module.ts";
import { Rewind } from "../helpers/rewind.ts";
import { Message } from "../unit/syncml/message.ts";
import { checkEnd, keptBy } from "./check.ts";
import { drive, settle, SILENT } from "./drive.ts";
import { readNotice, readOrdered, readSession } from "./inputs.ts";
import { randomFrom } from "./random.ts";
import { enter, makeStates, type StateName, STATES } from "./states.ts";

type Target = (input: Buffer) => void;

function filesBelow(folder: string): [name: string, bytes: Buffer][] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((name) => [name, readFileSync(`${folder}/${name}`)]);
}

function sessionTarget(build: Build): Target {
  const states = makeStates(build);
  const places = STATES.slice(0, 3).map((name) => {
    const [device, wait] = enter(build, states[name]);
    return { device, wait, point: device.save(), kept: keptBy(device) };
  });
  return (input) => {
    if (input.length < 4) return;
    const [state, script] = readSession(input);
    const { device, wait, point, kept } = places[state]!;
    device.restore(point, false);
    checkEnd(device, drive(device, wait, script), kept);
  };
}

function packageTarget(build: Build): Target {
  const [device, wait] = enter(build, makeStates(build).ordered);
  expect(wait).toBe(Wait.Fetch);
  const [point, kept] = [device.save(), keptBy(device)];
  return (input) => {
    if (input.length < 6) return;
    device.restore(point, false);
    checkEnd(device, drive(device, wait, readOrdered(input)), kept);
  };
}

function started(build: Build, name: StateName): Rewind {
  const { start, areas } = makeStates(build)[name];
  const device = new Rewind(build, start, areas);
  device.boot();
  return device;
}

function notificationTarget(build: Build): Target {
  const device = started(build, "guarded");
  const [point, kept] = [device.save(), keptBy(device)];
  return (input) => {
    const octets = readNotice(input);
    device.restore(point, false);
    if (input.length < 3 || octets.length > device.argument(2)) return;
    putBytes(device.core, device.argument(1), octets);
    const mode = device.core.notify(octets.length);
    if (mode > 3 || mode === Err.Misuse) throw new Error(`notify answers ${mode}`);
    const script = { ...SILENT, draw: randomFrom(input.readUInt16LE(1)) };
    checkEnd(device, drive(device, device.core.step(), script), kept);
  };
}

function bootstrapTarget(build: Build): Target {
  const device = started(build, "empty");
  const point = device.save();
  return (input) => {
    device.restore(point, false);
    if (input.length > device.argument(2)) return;
    putBytes(device.core, device.argument(1), input);
    device.core.bootstrap(input.length);
    if (settle(device) !== Wait.Done) throw new Error("provisioning asks for something");
    const err = device.argument(0);
    const kept = keptBy(device);
    const found = device.cut();
    if (err !== Err.Ok && found !== Err.NotFound) throw new Error("something is left");
    if (err !== Err.Ok) return;
    if (found !== Err.Ok || keptBy(device) !== kept) throw new Error("the device is another");
    device.core.connect(0);
    checkEnd(device, drive(device, device.core.step(), { ...SILENT, draw: randomFrom(1) }), kept);
  };
}

function readItems(message: Message, countMax: number): void {
  for (let count = 0; message.nextItem() !== undefined; count++) {
    if (count > countMax) throw new Error("Items come to no end");
  }
}

async function wbxmlTarget(build: Build): Promise<Target> {
  const message = new Message(await loadModule("syncml", build));
  return (input) => {
    if (message.open(input) !== Err.Ok) return;
    for (let walk = 0; walk < 2; walk++) {
      const mark = message.call("mark");
      for (let count = 0; message.next().kind !== "End"; count++) {
        if (count > input.length) throw new Error("commands come to no end");
        if (walk === 1) readItems(message, input.length);
      }
      message.call("rewind", mark);
    }
  };
}

const TARGETS: { readonly [name: string]: (build: Build) => Target | Promise<Target> } = {
  wbxml: wbxmlTarget, message: sessionTarget, notification: notificationTarget,
  bootstrap: bootstrapTarget, package: packageTarget,
};

describe.each(BUILDS)("inputs of the fuzz targets, %s build", (build) => {
  it.each(Object.keys(TARGETS))("%s: what was found stays mended, the rest holds", async (name) => {
    const run = await TARGETS[name]!(build);
    const corpus = filesBelow(`test/fuzz/corpora/${name}`);
    const files = [...filesBelow(`test/fuzz/findings/${name}`), ...corpus];
    for (const [file, bytes] of files) {
      try {
        run(bytes);
      } catch (cause) {
        throw new Error(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, {
          cause,
        });
      }
    }
    expect(corpus.length).toBeGreaterThan(0);
  }, 120_000);
});
