// The journal as it grows: what is held, what is durable, and what a cut took.
import type { JournalEvent } from "../device/journal.ts";
import { RecordType, type RecordRow } from "../device/records.ts";
import { Follower, h } from "./dom.ts";

interface Region {
  section: HTMLElement;
  checkpoint: HTMLOListElement;
  checkpointLine: HTMLElement;
  tail: HTMLOListElement;
  isInCheckpoint: boolean;
  rows: RecordRow[];
}

const TONES: { readonly [type: number]: string } = {
  [RecordType.Commit]: "commit", [RecordType.Outcome]: "outcome",
  [RecordType.Rollback]: "rollback",
};

export class JournalView {
  readonly panel = h("div");
  private readonly follower = new Follower(this.panel);
  private regions: Region[] = [];
  private held: HTMLElement[] = [];
  private heldRows: RecordRow[] = [];

  /** @param onDurable  gets each record that has become durable, in order */
  constructor(
    private readonly onCount: (count: number) => void,
    private readonly onDurable: (row: RecordRow) => void,
  ) {
    this.draw();
  }

  take(event: JournalEvent): void {
    switch (event.what) {
      case "medium":
        this.showMedium(event.regions);
        break;
      case "erased":
        this.regions[event.region] = this.drawRegion(event.region);
        this.arrange();
        break;
      case "held":
        this.hold(event.rows);
        break;
      case "durable":
        this.settle();
        break;
    }
    if (event.what === "medium") this.show();
    else this.follower.follow();
    this.onCount(this.regions.reduce((sum, { rows }) => sum + rows.length, 0));
  }

  /** Brings what was written last into sight. */
  show(): void {
    this.follower.toEnd();
  }

  private draw(): void {
    this.regions = [0, 1].map((region) => this.drawRegion(region));
    this.held = [];
    this.heldRows = [];
    this.arrange();
  }

  /** What the core wrote since the last barrier and the medium does not have is lost. */
  private showMedium(regions: readonly RecordRow[][]): void {
    const had = this.regions.map(({ rows }) => rows);
    this.draw();
    regions.forEach((rows, index) => {
      for (const row of rows) this.append(row, "");
      const isSame = had[index]![0]?.sequence === rows[0]?.sequence;
      const lost = isSame ? had[index]!.slice(rows.length) : [];
      for (const row of lost) this.append(row, "lost");
      this.regions[index]!.rows = [...rows];
    });
    this.arrange();
  }

  private hold(rows: readonly RecordRow[]): void {
    for (const row of rows) {
      this.held.push(this.append(row, "held"));
      this.regions[row.region]!.rows.push(row);
      this.heldRows.push(row);
    }
    this.arrange();
  }

  private settle(): void {
    for (const item of this.held.splice(0)) {
      item.classList.remove("held");
      item.querySelector(".flag")!.textContent = "";
    }
    for (const row of this.heldRows.splice(0)) this.onDurable(row);
  }

  private append(row: RecordRow, state: "" | "held" | "lost"): HTMLElement {
    const region = this.regions[row.region]!;
    const flag = { "": "", held: "held", lost: "lost" }[state];
    const item = h("li", { class: `${state} ${TONES[row.type] ?? ""}` },
      h("span", { class: "place" }, String(row.place)),
      h("span", { class: "name" }, row.name),
      h("span", { class: "what" }, row.summary),
      h("span", { class: "flag" }, flag));
    if (row.isRunStart && !region.isInCheckpoint) item.classList.add("barrier");
    (region.isInCheckpoint ? region.checkpoint : region.tail).append(item);
    if (row.type === RecordType.CheckpointEnd) region.isInCheckpoint = false;
    const count = region.checkpoint.childElementCount;
    region.checkpointLine.textContent = count === 0 ? "empty" : `checkpoint of ${count} records`;
    return item;
  }

  private drawRegion(region: number): Region {
    const checkpoint = h("ol", { class: "records" });
    const checkpointLine = h("span", {}, "empty");
    const tail = h("ol", { class: "records" });
    const section = h("section", { class: "region" },
      h("h3", {}, `Region ${region}`),
      h("details", { class: "checkpoint" }, h("summary", {}, checkpointLine), checkpoint),
      tail);
    return { section, checkpoint, checkpointLine, tail, isInCheckpoint: true, rows: [] };
  }

  /** The region that is written lies below. */
  private arrange(): void {
    const last = (index: number) => this.regions[index]!.rows.at(-1)?.sequence ?? -1;
    const order = last(0) > last(1) ? [1, 0] : [0, 1];
    const sections = order.map((index) => this.regions[index]!.section);
    const isSame = sections.every((section, at) => this.panel.children[at + 1] === section);
    if (isSame) return;
    this.panel.replaceChildren(h("p", { class: "soft" },
      "Two regions; the lower one is written. A dashed line is a barrier, a dotted edge is held "
        + "and lost if the power goes now."), ...sections);
  }
}
