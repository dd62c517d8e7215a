// What happens, in sentences.
import type { Moment } from "../../timeline.ts";
import { Follower, h } from "./dom.ts";

export type Tone = "plain" | "cut" | "good" | "bad";

export class Log {
  readonly panel = h("div");
  private readonly list = h("ol", { class: "log" });
  private readonly empty = h("p", { class: "empty" },
    "Play a story, and what server, device and you say stands here. Pull the plug whenever you "
      + "like: the journal goes on where it was.");
  private readonly follower = new Follower(this.panel);
  private count = 0;

  constructor(private readonly onCount: (count: number) => void) {
    const box = h("div", { role: "log", "aria-label": "What happens" }, this.list);
    this.panel.append(this.empty, box);
    this.clear();
  }

  clear(): void {
    this.count = 0;
    this.list.replaceChildren();
    this.follower.toEnd();
    this.empty.hidden = false;
    this.onCount(0);
  }

  add({ at, who, what }: Moment, tone: Tone = "plain"): void {
    this.count++;
    this.empty.hidden = true;
    this.list.append(h("li", { class: `${who} ${tone}` },
      h("span", { class: "at" }, `${at} ms`),
      h("span", { class: "who" }, who === "user" ? "you" : who),
      h("span", { class: "what" }, what)));
    this.follower.follow();
    this.onCount(this.count);
  }
}
