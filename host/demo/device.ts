import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { planDevice } from "../cli/plan.ts";
import { makeDevice } from "../cli/provision.ts";
import { configOf, layoutOf } from "../cli/state.ts";
import { readDeviceFile } from "../cli/device-file.ts";
import { loadCore } from "../cli/core-file.ts";
import { DmClient } from "../client.ts";
import type { Component, Components, Verdict } from "../components/components.ts";
import { FileComponents } from "../components/files.ts";
import type { Confirm } from "../confirm/confirm.ts";
import { CuttableStorage } from "../storage/cuttable.ts";
import { NodeFsStorage } from "../storage/node-fs.ts";
import { FetchTransport } from "../transport/fetch.ts";
import {
  ACCOUNT, DEVICE_CLASS, DEVICE_ID, releasesOf, SERVER_ID, SERVER_LOGIN, VENDOR,
} from "./setting.ts";
import type { Generation } from "./setting.ts";

/** How the device of a case behaves. */
export interface Behaviour {
  confirm: Confirm;
  /** Component whose new version is not well after the commit; empty: all are. */
  sick?: string;
  /** Storage operation that is left half done; 0: none. */
  cutAt?: number;
}

/** A device that is switched on. */
export interface RunningDevice {
  client: DmClient;
  /** Storage operation at which each file was put into active/. */
  puts: number[];
  /** Switches it off; its directory stays. */
  close(): Promise<void>;
}

/** Makes a device with both components of a generation in force. */
export async function makeDemoDevice(
  directory: string,
  { url, generation, publicPem }: { url: string; generation: Generation; publicPem: string },
): Promise<void> {
  const files = `${directory}.factory`;
  mkdirSync(directory, { recursive: true });
  mkdirSync(files, { recursive: true });
  writeFileSync(join(files, "key.pem"), publicPem);
  const component = releasesOf(generation).map(({ id, version, content }) => {
    writeFileSync(join(files, id), content);
    return `${id}=${version}=${join(files, id)}`;
  });
  const plan = planDevice({
    state: directory, server: url, deviceId: DEVICE_ID, serverId: SERVER_ID, ...ACCOUNT,
    serverUser: SERVER_LOGIN.user, serverPassword: SERVER_LOGIN.password,
    trust: [`demo=${join(files, "key.pem")}`], vendor: VENDOR, class: DEVICE_CLASS,
    components: "known", component, slots: "8", slotBytes: "65536", journalBytes: "65536",
    maxMsgSize: "4096", atomicExec: "bind", root: "SCOMO", moUrn: "urn:oma:mo:oma-scomo:1.0",
  }, {});
  await makeDevice(directory, plan);
}

/** Switches a device on. */
export async function startDevice(
  directory: string, behaviour: Behaviour, signal: AbortSignal,
): Promise<RunningDevice> {
  const file = readDeviceFile(directory);
  const { cutAt = 0, sick = "" } = behaviour;
  const storage = new CuttableStorage(new NodeFsStorage(directory, layoutOf(file)), {
    cutAt, holds: cutAt > 0,
  });
  const puts: number[] = [];
  const files = new FileComponents(join(directory, "active"), {
    onPut: () => {
      storage.count();
      puts.push(storage.operations);
    },
  });
  const client = await DmClient.open({
    core: await loadCore(file.maxMsgBytes),
    storage,
    device: configOf(file),
    transport: new FetchTransport({ patienceMs: 5000 }),
    confirm: behaviour.confirm,
    components: new SickComponents(files, sick),
    signal,
  });
  return { client, puts, close: () => client.close() };
}

/** Files of which one component's new version says that it is not well. */
class SickComponents implements Components {
  constructor(private readonly inner: Components, private readonly sick: string) {}

  prepare(component: Component, signal: AbortSignal): Promise<Verdict> {
    return this.inner.prepare(component, signal);
  }

  ensure(component: Component, signal: AbortSignal): Promise<Verdict> {
    return this.inner.ensure(component, signal);
  }

  remove(component: Component, signal: AbortSignal): Promise<Verdict> {
    return this.inner.remove(component, signal);
  }

  async health(component: Component, signal: AbortSignal): Promise<Verdict> {
    if (component.id === this.sick) return "no";
    return this.inner.health(component, signal);
  }
}

/** What the files in active/ are by their digests: all of one generation, or a mixture. */
export function filesAre(directory: string): "all old" | "all new" | "mixed" {
  if (isGeneration(directory, "old")) return "all old";
  return isGeneration(directory, "new") ? "all new" : "mixed";
}

function isGeneration(directory: string, generation: Generation): boolean {
  return releasesOf(generation).every(({ id, content }) => {
    const path = join(directory, "active", id);
    return existsSync(path) && digest(readFileSync(path)) === digest(content);
  });
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
