// The exchange: every message, its bytes beside its elements.
import { Wbxml } from "../../../wbxml/index.ts";
import { drawFault, drawRows, rowsOf, summaryOf } from "../annotated.ts";
import { Follower, h } from "./dom.ts";

export class Messages {
  readonly panel = h("div");
  private readonly codec = fetch("wbxml.wasm").then(async (response) => {
    return Wbxml.load(await response.arrayBuffer());
  });
  private readonly follower = new Follower(this.panel);
  private count = 0;

  constructor(private readonly onCount: (count: number) => void) {
    this.clear();
  }

  clear(): void {
    this.count = 0;
    this.panel.replaceChildren(h("p", { class: "empty" },
      "Every DM message between device and server: its bytes beside what they mean."));
    this.onCount(0);
  }

  /** Messages stand in the order of their calls. */
  add(direction: "in" | "out", bytes: Uint8Array): void {
    if (this.count++ === 0) this.panel.replaceChildren();
    const what = h("span", { class: "what" });
    const details = h("details", { class: "message" }, h("summary", {},
      h("span", { class: "way" }, direction === "out" ? "to server" : "to device"),
      what,
      h("span", { class: "size" }, `${bytes.length} bytes`)));
    this.panel.append(details);
    this.follower.follow();
    this.onCount(this.count);
    void this.codec.then((codec) => {
      const { parts, fault } = codec.events(bytes);
      what.textContent = summaryOf(parts) || "no command";
      details.addEventListener("toggle", () => {
        if (details.childElementCount > 1) return;
        details.append(drawRows(bytes, rowsOf(bytes, parts)));
        if (fault) details.append(drawFault(bytes, fault.offset, fault.message));
      });
    });
  }
}
