// The device at a glance: what runs, what the inventory says, how far an install is.
import { RecordType } from "../device/records.ts";
import type { DeviceState } from "../device/device.ts";
import type { Running } from "../device/outside.ts";
import { type Generation, namesOf } from "../../setting.ts";
import { byId, h } from "./dom.ts";

export type Set = "all old" | "all new" | "mixed";

/** Steps of an install in their order, and what they are called. */
const STEPS = [
  ["session", "session"], ["job", "job"], ["download", "download"], ["plan", "plan"],
  ["prepare", "prepare"], ["commit", "COMMIT"], ["ensure", "ensure"], ["health", "health"],
  ["outcome", "outcome"], ["reported", "reported"],
] as const;
export type Step = (typeof STEPS)[number][0];

/** Steps that a durable record stands for. */
const RECORDS: { readonly [type: number]: Step } = {
  [RecordType.Job]: "job", [RecordType.Plan]: "plan", [RecordType.Commit]: "commit",
  [RecordType.Outcome]: "outcome", [RecordType.Ack]: "reported",
};
const VERDICTS: { readonly [set in Set]: string } = {
  "all old": "All old.", "all new": "All new.", mixed: "Mixed.",
};

export class Card {
  private readonly track = new Map<Step, HTMLElement>(STEPS.map(([step, title]) => {
    return [step, h("li", { class: step === "commit" ? "commit" : null }, title)];
  }));

  constructor() {
    byId("track").append(...this.track.values());
  }

  /** Begins the way anew. */
  clear(): void {
    for (const item of this.track.values()) {
      item.classList.remove("done", "back");
      item.removeAttribute("aria-current");
    }
    byId("download").hidden = true;
  }

  reach(step: Step): void {
    const reached = STEPS.findIndex(([name]) => name === step);
    STEPS.forEach(([name], index) => {
      const item = this.track.get(name)!;
      if (index === reached) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
      if (index === reached) item.classList.add("done");
    });
  }

  /** What a record means for the way. */
  take(type: number): void {
    const step = RECORDS[type];
    if (step !== undefined) this.reach(step);
    if (type === RecordType.Rollback) this.track.get("commit")!.classList.add("back");
  }

  /** Nothing goes on. */
  rest(): void {
    for (const item of this.track.values()) item.removeAttribute("aria-current");
  }

  download(bytes: number, totalBytes: number): void {
    this.reach("download");
    byId("download").hidden = false;
    const bar = byId<HTMLProgressElement>("download-bar");
    bar.max = Math.max(totalBytes, 1);
    bar.value = bytes;
    byId("download-text").textContent = `${bytes} of ${totalBytes}`;
  }

  power(text: string, state: "on" | "busy" | "off"): void {
    byId("power-text").textContent = text;
    byId("power").className = `power ${state === "busy" ? "is-on is-busy" : `is-${state}`}`;
  }

  set({ isOn, outside, core }: DeviceState): void {
    for (const running of outside) {
      const entry = core?.deployed.find(({ id }) => id === running.id);
      const claim = core === null ? "inventory: off" : `inventory: ${entry?.version ?? "none"}`;
      drawTile(running, claim);
    }
    const set = setOf(outside);
    const verdict = byId("verdict");
    verdict.className = `verdict ${set === "mixed" ? "torn" : toneOf(set)}`;
    verdict.querySelector("strong")!.textContent = VERDICTS[set];
    verdict.querySelector("span")!.textContent = explain(set, isOn, core?.operation?.state);
  }
}

function drawTile({ id, version, isEmpty, sha256 }: Running, claim: string): void {
  const tile = byId(`tile-${id}`);
  const generation = (["old", "new"] as const).find((each) => versionOf(each, id) === version);
  tile.className = `tile ${generation ?? "torn"}`;
  const text = (selector: string, words: string) => {
    const element = tile.querySelector(selector)!;
    if (element.textContent !== words) element.textContent = words;
  };
  text(".version", version ?? (isEmpty ? "nothing" : "half written"));
  text(".digest", isEmpty ? "no bytes" : `SHA-256 ${sha256.slice(0, 12)}…`);
  text(".claim", claim);
}

function versionOf(generation: Generation, id: string): string | undefined {
  return namesOf(generation).find((release) => release.id === id)?.version;
}

/** What runs, by its bytes alone. */
export function setOf(outside: readonly Running[]): Set {
  const isAll = (generation: Generation) =>
    outside.every(({ id, version }) => version === versionOf(generation, id));
  if (isAll("old")) return "all old";
  return isAll("new") ? "all new" : "mixed";
}

function toneOf(set: Set): string {
  return set === "all new" ? "new" : "old";
}

function explain(set: Set, isOn: boolean, operation: string | undefined): string {
  if (set !== "mixed") return isOn ? "" : "The power is off.";
  if (!isOn) return "The power went in between: the journal knows how to go on.";
  return operation === "rolling"
    ? "The old set is put back; nothing of it is started meanwhile."
    : "The set is being put in place; nothing of it is started meanwhile.";
}
