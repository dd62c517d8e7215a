// The page: stories in, what device and server say out.
import type { DemoCase } from "../../cases.ts";
import { Timeline, type Moment } from "../../timeline.ts";
import type { ServerEvent } from "../../server/events.ts";
import type { DeviceState, PageEvent, RunResult, Started } from "../device/device.ts";
import { CallError } from "../rpc.ts";
import { Ask } from "./ask.ts";
import { Card, setOf } from "./card.ts";
import { byId, h } from "./dom.ts";
import { InventoryView } from "./inventory.ts";
import { JournalView } from "./journal.ts";
import { Log, type Tone } from "./log.ts";
import { Messages } from "./messages.ts";
import { hintOf, scripted, Stage } from "./stage.ts";
import { Stories, storyCalled } from "./stories.ts";
import { Tabs } from "./tabs.ts";
import { TreeView } from "./tree.ts";

/** How long a person sees a question that answers itself. */
const ANSWER_AFTER_MS = 900;

class Page {
  private readonly card = new Card();
  private readonly log = new Log((count) => this.tabs?.count("log", count));
  private readonly messages = new Messages((count) => this.tabs?.count("messages", count));
  private readonly journal = new JournalView(
    (count) => this.tabs?.count("journal", count), ({ type }) => this.card.take(type),
  );
  private readonly tree = new TreeView(
    () => this.tabs?.isShown("tree") === true, () => this.stage.device.tree(),
  );
  private readonly inventory = new InventoryView(() => this.tabs?.isShown("inventory") === true);
  private readonly tabs: Tabs = new Tabs([
    { id: "log", title: "Story", panel: this.log.panel },
    { id: "messages", title: "Messages", panel: this.messages.panel },
    {
      id: "journal", title: "Journal", panel: this.journal.panel,
      onShow: () => this.journal.show(),
    },
    {
      id: "inventory", title: "Inventory", panel: this.inventory.panel,
      onShow: () => this.inventory.show(),
    },
    { id: "tree", title: "Tree", panel: this.tree.panel, onShow: () => this.tree.show() },
  ]);
  private readonly stories = new Stories((story) => this.attempt(() => this.play(story)));
  private readonly dialog = new Ask();
  private readonly stage = new Stage((event) => this.takeDevice(event),
    (event) => this.takeServer(event));
  private readonly plug = byId<HTMLButtonElement>("plug");
  private readonly cut = byId<HTMLInputElement>("cut");
  private readonly fullSpeed = byId<HTMLInputElement>("full-speed");
  private readonly autoAnswer = byId<HTMLInputElement>("auto-answer");
  private timeline = new Timeline();
  private told = 0;
  private story: DemoCase | undefined;
  private state: DeviceState | undefined;
  private operations: string[] = [];
  /** Counts how often the power went: what was begun before is over then. */
  private lossCount = 0;
  /** Power is back, and the device has not said so yet. */
  private isStarting = false;
  /** The page has shown what is on the device: how long that took is measured. */
  private isUseful = false;

  async open(): Promise<void> {
    this.plug.addEventListener("click", () => this.attempt(() => this.usePlug()));
    // Nothing behind an open question can be reached.
    byId("ask-plug").addEventListener("click", () => this.plug.click());
    this.cut.addEventListener("input", () => this.showCut());
    for (const option of [this.fullSpeed, this.autoAnswer]) remember(option);
    this.fullSpeed.addEventListener("change", () => {
      void this.stage.device.setFullSpeed(this.fullSpeed.checked);
    });
    const { kind } = await this.stage.open();
    void this.showKept(kind);
    // Nobody wants to watch how a first device is made.
    await this.stage.device.setFullSpeed(true);
    const started = await this.stage.device.start();
    await this.goOn(started);
  }

  /** Shows what went wrong where something may. */
  attempt(act: () => Promise<void>): void {
    act().catch((error: unknown) => {
      this.card.power("stopped", "off");
      const { code, message } = error as Partial<CallError>;
      const isBusy = code === "DM_BUSY";
      const words = isBusy
        ? "This device is open in another tab of this browser. Close that tab, then"
        : `Something failed that should not: ${message ?? String(error)}`;
      const again = h("button", { type: "button" }, isBusy ? "try again" : "reload");
      again.addEventListener("click", () => location.reload());
      byId("alert").replaceChildren(words, " ", again);
      byId("alert").hidden = false;
    });
  }

  /**
   * Where nothing was on the medium a first device is made; what was open in one is brought to its
   * end.
   */
  private async goOn({ story, cutAt }: Started): Promise<void> {
    const { lossCount } = this;
    const made = cutAt === null && story === undefined
      ? await this.stage.device.make("", "old")
      : { cutAt };
    await this.stage.device.setFullSpeed(this.fullSpeed.checked);
    if (made.cutAt !== null) return this.lost(made.cutAt);
    if (lossCount !== this.lossCount) return;
    const known = storyCalled(story ?? "");
    if (!known) return this.rest();
    this.story = known;
    this.stories.mark(known);
    const core = this.state?.core;
    const isOpen = core && (core.operation !== null || core.jobs.length + core.outboxCount > 0);
    if (!isOpen) return this.rest();
    await this.stage.serve([known.wanted]);
    if (lossCount !== this.lossCount) return;
    this.say("device", "was interrupted, and goes on by itself", "cut");
    await this.finish(await this.runStory(known, true), known);
  }

  private async play(story: DemoCase): Promise<void> {
    this.story = story;
    this.stories.mark(story);
    this.clear();
    this.work();
    const { lossCount } = this;
    const { cutAt } = await this.stage.prepare(story);
    if (lossCount !== this.lossCount) return;
    if (cutAt !== null) return this.lost(cutAt);
    this.clear();
    await this.finish(await this.runStory(story, false), story);
  }

  private async runStory(story: DemoCase, isRecovery: boolean): Promise<RunResult> {
    this.work();
    const cutAt = isRecovery ? 0 : Number(this.cut.value);
    const result = await this.stage.run(story, cutAt, isRecovery);
    if (!isRecovery && result.cutAt === null) this.learn(result.operations);
    return result;
  }

  private async finish(result: RunResult, story: DemoCase): Promise<void> {
    if (result.cutAt !== null) return this.lost(result.cutAt);
    const { lossCount } = this;
    if (result.error !== null) this.say("device", `reports: ${result.error}`, "bad");
    const set = this.state ? setOf(this.state.outside) : "mixed";
    const results = await this.stage.server.results();
    const deviations = await this.stage.server.deviations();
    // The plug was pulled meanwhile.
    if (lossCount !== this.lossCount) return;
    const codes = results.map(({ identifier, result: code }) => `${code} ${identifier}`);
    this.say("server", `has received ${codes.join(", ") || "no result"}`);
    const isExpected = set === story.expect.files;
    const what = `${set}${isExpected ? ", as the story has it" : ""}`;
    this.say("device", what, set === "all new" ? "good" : "bad");
    if (deviations.length > 0) this.say("server", `objects: ${deviations.join("; ")}`, "cut");
    this.rest();
  }

  private lost(operation: number): void {
    if (this.plug.classList.contains("on")) return;
    this.lossCount++;
    this.dialog.close();
    const where = operation === 0 ? "at rest" : `at storage operation ${operation}`;
    this.say("device", `has lost its power ${where}`, "cut");
    const set = this.state ? setOf(this.state.outside) : "mixed";
    this.say("device", `has programs that are ${set}`, set === "mixed" ? "cut" : "plain");
    this.card.rest();
    this.card.power("power is off", "off");
    this.stories.enable(false);
    this.plug.textContent = "Switch on again";
    this.plug.classList.add("on");
    this.plug.disabled = false;
    this.plug.focus();
  }

  private async usePlug(): Promise<void> {
    if (this.state?.isOn === true || this.isStarting) {
      await this.stage.device.pull();
      this.lost(0);
      return;
    }
    this.work();
    this.cut.value = "0";
    this.showCut();
    this.say("device", "has power again and reads its journal");
    this.isStarting = true;
    const started = await this.stage.device.powerOn().finally(() => {
      this.isStarting = false;
    });
    await this.goOn(started);
  }

  private clear(): void {
    this.timeline = new Timeline();
    this.told = 0;
    this.log.clear();
    this.messages.clear();
    this.card.clear();
  }

  private work(): void {
    this.stories.enable(false);
    this.card.power("working", "busy");
    this.plug.textContent = "Pull the plug";
    this.plug.classList.remove("on");
    this.plug.disabled = false;
  }

  private rest(): void {
    this.card.rest();
    this.card.power("on, idle", "on");
    this.stories.enable(true);
    this.cut.disabled = false;
    this.plug.textContent = "Pull the plug";
    this.plug.classList.remove("on");
    this.plug.disabled = false;
  }

  private takeServer(event: ServerEvent): void {
    this.timeline.addServerEvent(event);
    this.tell();
  }

  private takeDevice(event: PageEvent): void {
    switch (event.type) {
      case "journal":
        this.journal.take(event);
        return;
      case "state":
        this.state = event.state;
        this.card.set(event.state);
        if (event.state.core) this.isUseful ||= performance.mark("useful") !== undefined;
        this.inventory.set(event.state.core);
        this.tree.change();
        return;
      case "device":
        this.takeClient(event.event);
        return;
      case "question":
        this.ask(event);
        return;
      case "question-over":
        this.dialog.close();
    }
  }

  private takeClient(event: Extract<PageEvent, { type: "device" }>["event"]): void {
    if (event.type === "message") {
      this.card.reach("session");
      this.messages.add(event.direction, event.bytes);
    } else if (event.type === "download") {
      this.card.download(event.bytes, event.totalBytes);
    } else if (event.type === "step") {
      this.card.reach(event.step === "remove" ? "ensure" : event.step);
    }
    this.timeline.addDeviceEvent(event);
    this.tell();
  }

  private ask({ id, question }: Extract<PageEvent, { type: "question" }>): void {
    const { story } = this;
    const answer = (given: Parameters<typeof this.stage.device.answer>[1]) => {
      void this.stage.device.answer(id, given);
    };
    if (!this.autoAnswer.checked) {
      this.dialog.show({ question, hint: hintOf(story, question), answer });
      return;
    }
    const delayMs = this.fullSpeed.checked ? 0 : ANSWER_AFTER_MS;
    if (delayMs > 0) {
      this.dialog.show({ question, hint: "Answers by itself in a moment.", answer });
    }
    setTimeout(() => answer(scripted(story, question)), delayMs);
  }

  private say(who: Moment["who"], what: string, tone: Tone = "plain"): void {
    this.timeline.add(who, what);
    this.tell(tone);
  }

  private tell(tone: Tone = "plain"): void {
    for (const moment of this.timeline.moments.slice(this.told)) this.log.add(moment, tone);
    this.told = this.timeline.moments.length;
  }

  private learn(operations: string[]): void {
    this.operations = operations;
    this.cut.max = String(operations.length);
    this.showCut();
  }

  private showCut(): void {
    const operation = Number(this.cut.value);
    const what = this.operations[operation - 1];
    const text = operation === 0
      ? "off"
      : `${operation}${what === undefined ? "" : ` of ${this.operations.length}: ${what}`}`;
    byId("cut-text").textContent = text;
    this.cut.setAttribute("aria-valuetext", text);
  }

  /** What the browser promises of what it keeps. */
  private async showKept(kind: string): Promise<void> {
    const { storage } = navigator;
    const isKept = await storage.persisted?.();
    const words = `Kept in this browser, in ${kind}. `;
    const promise = isKept === true ? "It stays until you remove it." : "The browser may evict it.";
    byId("kept").replaceChildren(words, promise);
    if (isKept === true || !storage.persist) return;
    const button = h("button", { type: "button" }, "Ask it to keep it");
    button.addEventListener("click", () => {
      void storage.persist().then((isGranted) => {
        if (isGranted) return this.showKept(kind);
        button.replaceWith(" It was asked, and says no.");
        return undefined;
      });
    });
    byId("kept").append(button);
  }
}

/** Keeps a checkbox as it is for the next visit. */
function remember(option: HTMLInputElement): void {
  option.checked = localStorage.getItem(option.id) === "true";
  option.addEventListener("change", () => {
    localStorage.setItem(option.id, String(option.checked));
  });
}

const page = new Page();
page.attempt(() => page.open());
