// Plays stories: what the command line's demo does, with a person at the plug.
import type { DemoCase } from "../../cases.ts";
import { answerOf } from "../../cases.ts";
import {
  ANTIVIRUS_ALONE, BROKEN_BUNDLE, BUNDLE, JVM_ALONE, policyOf,
} from "../../setting.ts";
import type { ServerEvent } from "../../server/events.ts";
import type { PageEvent, RunResult } from "../device/device.ts";
import type { DeviceHandlers } from "../device/worker.ts";
import { caller } from "../rpc.ts";
import type { ServerHandlers } from "../server/worker.ts";
import type { Answer, Question } from "../../../confirm/confirm.ts";
import { storyName } from "./stories.ts";

const PACKAGES = [BUNDLE, BROKEN_BUNDLE, JVM_ALONE, ANTIVIRUS_ALONE];
/** Of the device within this site. */
const DEVICE_NAME = "scomo-demo";
/** The second of two copies, for the story in which the power goes there by itself. */
const PUT_OF_CUT = 2;

/** Device and server, each in its worker. */
export class Stage {
  private readonly deviceWorker = new Worker("device.js", { type: "module" });
  private readonly serverWorker = new Worker("server.js", { type: "module" });
  private readonly wire = new MessageChannel();
  readonly device;
  readonly server;
  private hasCut = false;

  constructor(onDevice: (event: PageEvent) => void, onServer: (event: ServerEvent) => void) {
    this.device = caller<DeviceHandlers, PageEvent>(this.deviceWorker, onDevice);
    this.server = caller<ServerHandlers, ServerEvent>(this.serverWorker, onServer);
    void this.server.open(this.wire.port2);
  }

  /** @fails DM_BUSY  another tab has the device */
  open(): Promise<{ kind: string }> {
    return this.device.open(DEVICE_NAME, this.wire.port1);
  }

  /** A new server and a new device, and the first session where the story has one before. */
  async prepare(story: DemoCase): Promise<{ cutAt: number | null }> {
    this.hasCut = false;
    const isServers = story.opener === "server";
    await this.serve(isServers ? [] : [story.wanted]);
    const made = await this.device.make(storyName(story), story.has);
    if (made.cutAt !== null || !isServers) return made;
    const introduction = await this.device.run({ habits: { sick: "", cutAtPut: 0 }, cutAt: 0 });
    await this.server.setPolicy(policyOf([story.wanted]));
    return introduction;
  }

  /** The server of a story, for a device that is there already. */
  async serve(wanted: readonly object[]): Promise<void> {
    await this.server.stock(PACKAGES);
    await this.server.start(policyOf(wanted));
  }

  /** One session and what comes of it. The power goes by itself once in a story. */
  async run(story: DemoCase, cutAt: number, isRecovery: boolean): Promise<RunResult> {
    const mustCut = story.isCut === true && !isRecovery && !this.hasCut;
    this.hasCut ||= mustCut;
    const isNotified = story.opener === "server" && !isRecovery;
    return this.device.run({
      habits: { sick: story.sick ?? "", cutAtPut: mustCut ? PUT_OF_CUT : 0 },
      cutAt,
      ...(isNotified ? { notification: await this.server.notify() } : {}),
    });
  }
}

/** What the story has the person say, in words. */
export function hintOf(story: DemoCase | undefined, question: Question): string {
  if (!story || (question.kind !== "job" && question.kind !== "confirm")) return "";
  return answerOf(story, question) === "yes"
    ? "In this story the user says yes. You may say no."
    : "In this story the user says no. You may say yes.";
}

export function scripted(story: DemoCase | undefined, question: Question): Answer {
  return story ? answerOf(story, question) : "yes";
}
