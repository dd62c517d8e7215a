// The device of the page: the client as an application has it, a plug, and a world outside.
import { DmClient, type DmEvent } from "../../../client.ts";
import type { Answer, Question } from "../../../confirm/confirm.ts";
import type { JobReport } from "../../../core/report.ts";
import type { DeployedEntry, DeliveredEntry, RecordedJob, TreeNode } from "../../../core/look.ts";
import { DmError } from "../../../errors.ts";
import { CuttableStorage, PowerCut } from "../../../storage/cuttable.ts";
import { SLOT_AREA, type Storage } from "../../../storage/storage.ts";
import { FetchTransport } from "../../../transport/fetch.ts";
import { type Generation, releasesOf } from "../../setting.ts";
import { Pace } from "../pace.ts";
import { fetchOver } from "../wire.ts";
import { JournalWatch, type JournalEvent } from "./journal.ts";
import { beginNote, endNote, type MediumKind, readNote } from "./medium.ts";
import { type Habits, Outside, readOutside, type Running, writePlace } from "./outside.ts";
import { WatchedStorage } from "./watched.ts";

export interface DeviceState {
  isOn: boolean;
  /** By the bytes outside, whatever the inventory says. */
  outside: Running[];
  /** The rest is what the core says; null while it is off. */
  core: CoreState | null;
}

export interface CoreState {
  deployed: DeployedEntry[];
  delivered: DeliveredEntry[];
  jobs: RecordedJob[];
  operation: { id: number; state: string; components: string[] } | null;
  outboxCount: number;
  isDegraded: boolean;
}

export type PageEvent =
  | JournalEvent
  | { type: "state"; state: DeviceState }
  | { type: "device"; event: DmEvent }
  | { type: "question"; id: number; question: Question }
  | { type: "question-over"; id: number };

/** What is the same for every device of this page. */
export interface Facts {
  core: WebAssembly.Module;
  bootstrap: { [generation in Generation]: Uint8Array };
  vendor: Uint8Array;
  deviceClass: Uint8Array;
}

export interface RunOptions {
  habits: Habits;
  /** Storage operation of this run at which the power goes; 0: none. */
  cutAt: number;
  /** Package #0 that opens the session; without one the device does. */
  notification?: Uint8Array;
}

export interface Cut {
  /** Operation at which the power went, null where it stayed. */
  cutAt: number | null;
}

export interface Started extends Cut {
  /** Story that the device was made for; none: there is no device. */
  story?: string;
}

export interface RunResult extends Cut {
  error: string | null;
  jobs: JobReport[];
  /** What each storage operation was. */
  operations: string[];
}

const STATE_EVERY_MS = 120;

export class Device {
  readonly pace = new Pace();
  private readonly plug: CuttableStorage;
  private readonly storage: WatchedStorage;
  private readonly journal: JournalWatch;
  private readonly outside: Outside;
  private readonly transport: FetchTransport;
  private client: DmClient | null = null;
  private power = new AbortController();
  private isOn = true;
  private work: Promise<unknown> | null = null;
  private answers = new Map<number, (answer: Answer) => void>();
  private lastQuestion = 0;
  private toldMs = 0;
  /** Storage operations before the work that is done. */
  private firstOperation = 0;

  constructor(
    private readonly medium: Storage,
    readonly kind: MediumKind,
    private readonly facts: Facts,
    server: MessagePort,
    private readonly tell: (event: PageEvent) => void,
  ) {
    this.plug = new CuttableStorage(medium);
    this.journal = new JournalWatch(tell);
    this.storage = new WatchedStorage(this.plug, this.pace, {
      wrote: (area, offset, bytes) => this.journal.wrote(area, offset, bytes),
      erased: (area) => this.journal.erased(area),
      syncing: () => this.journal.tellHeld(),
      synced: () => this.journal.synced(),
    });
    const cut = () => {
      this.plug.cutAt = this.plug.operations + 1;
      this.plug.count();
      throw new PowerCut(this.plug.operations);
    };
    this.outside = new Outside(this.storage, this.pace, cut);
    this.transport = new FetchTransport({ fetch: fetchOver(server, this.pace), patienceMs: 5000 });
  }

  /** Switches on what lies on the medium. */
  start(): Promise<Started> {
    return this.powered<Started>(async () => {
      const note = readNote(this.storage);
      if (!note?.isMade) return { cutAt: null };
      await this.boot();
      const isDevice = this.client?.hasDevice === true;
      return { cutAt: null, ...(isDevice ? { story: note.story } : {}) };
    }, (cutAt) => ({ cutAt }));
  }

  /** Makes the device anew, with the components of a generation in force. */
  make(story: string, generation: Generation): Promise<Cut> {
    return this.powered<Cut>(async () => {
      await this.client?.close();
      this.client = null;
      await beginNote(this.storage, story);
      this.journal.reread(this.storage);
      const areaCount = SLOT_AREA + this.storage.slotBytes.length;
      for (let area = 0; area < areaCount; area++) this.storage.erase(area);
      releasesOf(generation).forEach(({ id, content }, slot) => {
        this.storage.write(SLOT_AREA + slot, 0, content);
        writePlace(this.storage, id, content);
      });
      await this.storage.sync();
      await this.boot();
      await this.client!.bootstrap(this.facts.bootstrap[generation]);
      await endNote(this.storage);
      return { cutAt: null };
    }, (cutAt) => ({ cutAt }));
  }

  /** Recovers, holds a session, and does what the server orders. */
  run({ habits, cutAt, notification }: RunOptions): Promise<RunResult> {
    const operations = this.storage.begin();
    this.outside.begin(habits);
    this.plug.cutAt = cutAt > 0 ? this.plug.operations + cutAt : 0;
    return this.powered<RunResult>(async () => {
      const { client } = this;
      if (!client) throw new DmError("DM_NO_DEVICE", "running: the device is off");
      const report = await (notification ? client.notify(notification) : client.connect());
      const error = report.error?.message ?? null;
      return { cutAt: null, error, jobs: report.jobs, operations };
    }, (at) => ({ cutAt: at, error: null, jobs: [], operations })).finally(() => {
      this.plug.cutAt = 0;
    });
  }

  /** Pulls the plug, whatever the device does. */
  async pull(): Promise<void> {
    if (!this.isOn) return;
    this.plug.cut({ inFlight: "before", share: 0, keeps: () => Math.random() < 0.5 });
    this.power.abort();
    if (this.work) await this.work.catch(() => undefined);
    else await this.switchOff();
  }

  /** Gives power back, and starts. */
  async powerOn(): Promise<Started> {
    this.plug.powerOn();
    this.power = new AbortController();
    this.isOn = true;
    return this.start();
  }

  /** Every node of the management tree; none while the device is off. */
  tree(): TreeNode[] {
    const { client } = this;
    return this.isOn && client ? whilePowered(() => client.tree()) ?? [] : [];
  }

  answer(id: number, answer: Answer): void {
    this.answers.get(id)?.(answer);
  }

  /** Does something that ends where the power goes. */
  private async powered<Result>(
    act: () => Promise<Result>, whenCut: (operation: number) => Result,
  ): Promise<Result> {
    if (this.work) throw new DmError("DM_BUSY", "the device is at work already");
    // The plug was pulled between two calls.
    if (!this.isOn) return whenCut(0);
    this.firstOperation = this.plug.operations;
    const work = act().then(
      (result) => (this.power.signal.aborted ? this.cutShort(whenCut) : result),
      (error: unknown) => {
        const isCut = error instanceof DmError && error.code === "DM_POWER_CUT";
        if (isCut || this.power.signal.aborted) return this.cutShort(whenCut);
        throw error;
      },
    );
    this.work = work;
    return work.finally(() => {
      this.work = null;
      if (this.isOn) this.tellState();
    });
  }

  private async cutShort<Result>(whenCut: (operation: number) => Result): Promise<Result> {
    await this.switchOff();
    return whenCut(this.plug.operations - this.firstOperation);
  }

  /** What is left is what lies on the medium. */
  private async switchOff(): Promise<void> {
    this.isOn = false;
    await this.client?.close();
    this.client = null;
    this.journal.reread(this.medium);
    this.tellState();
  }

  private async boot(): Promise<void> {
    this.journal.reread(this.storage);
    const { core, vendor, deviceClass } = this.facts;
    const client = await DmClient.open({
      core,
      storage: this.storage,
      device: {
        rootName: "SCOMO", vendors: [vendor], classes: [deviceClass], atomicExec: "bind",
        components: "known", maxMsgBytes: 4096, maxObjBytes: 65_536,
      },
      transport: this.transport,
      confirm: (question, signal) => this.ask(question, signal),
      components: this.outside,
      signal: this.power.signal,
    });
    client.on((event) => {
      this.tell({ type: "device", event });
      const isDue = Date.now() - this.toldMs > STATE_EVERY_MS;
      if (event.type !== "download" && (isDue || event.type === "step")) this.tellState();
    });
    this.client = client;
    this.tellState();
  }

  private ask(question: Question, signal: AbortSignal): Promise<Answer> {
    const id = ++this.lastQuestion;
    this.tellState();
    return new Promise<Answer>((resolve) => {
      this.answers.set(id, resolve);
      signal.addEventListener("abort", () => resolve("cancel"), { once: true });
      this.tell({ type: "question", id, question });
    }).finally(() => {
      this.answers.delete(id);
      this.tell({ type: "question-over", id });
    });
  }

  private tellState(): void {
    this.toldMs = Date.now();
    const { isOn, client } = this;
    const state = whilePowered<DeviceState>(() => ({
      isOn, outside: readOutside(isOn ? this.storage : this.medium),
      core: isOn && client ? coreState(client) : null,
    }));
    if (state) this.tell({ type: "state", state });
  }
}

/** Nothing where the power has gone and the device is about to notice: it says so by itself. */
function whilePowered<Seen>(look: () => Seen): Seen | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof PowerCut) return undefined;
    throw error;
  }
}

function coreState(client: DmClient): CoreState {
  const { operation, outbox } = client.status();
  return {
    deployed: client.deployed(), delivered: client.delivered(), jobs: client.jobs(), operation,
    outboxCount: outbox.length, isDegraded: client.health().isDegraded,
  };
}
