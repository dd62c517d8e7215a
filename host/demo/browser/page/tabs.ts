// Tabs as the ARIA practices have them: arrows move, the panel follows.
import { byId, h } from "./dom.ts";

export interface View {
  id: string;
  title: string;
  panel: HTMLElement;
  /** Called when it comes into sight. */
  onShow?: () => void;
}

export class Tabs {
  private readonly buttons: HTMLButtonElement[];
  private shown = -1;

  constructor(private readonly views: readonly View[]) {
    this.buttons = views.map(({ id, title }) => h("button", {
      type: "button", role: "tab", id: `tab-${id}`, "aria-controls": `panel-${id}`,
    }, title, h("span", { class: "count" })));
    byId("tabs").append(...this.buttons);
    byId("panels").append(...views.map(({ id, panel }) => {
      panel.id = `panel-${id}`;
      panel.classList.add("panel");
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", `tab-${id}`);
      panel.tabIndex = 0;
      return panel;
    }));
    this.buttons.forEach((button, index) => {
      button.addEventListener("click", () => this.show(index));
      button.addEventListener("keydown", (event) => this.move(event, index));
    });
    this.show(0);
  }

  isShown(id: string): boolean {
    return this.views[this.shown]?.id === id;
  }

  /** How many things a view has, beside its title. */
  count(id: string, count: number): void {
    const index = this.views.findIndex((view) => view.id === id);
    this.buttons[index]!.querySelector(".count")!.textContent = count > 0 ? String(count) : "";
  }

  private show(index: number): void {
    this.shown = index;
    this.buttons.forEach((button, at) => {
      button.setAttribute("aria-selected", String(at === index));
      button.tabIndex = at === index ? 0 : -1;
      this.views[at]!.panel.hidden = at !== index;
    });
    this.views[index]!.onShow?.();
  }

  private move(event: KeyboardEvent, index: number): void {
    const last = this.buttons.length - 1;
    const next: { [key: string]: number } = {
      ArrowRight: index === last ? 0 : index + 1, ArrowLeft: index === 0 ? last : index - 1,
      Home: 0, End: last,
    };
    const to = next[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.show(to);
    this.buttons[to]!.focus();
  }
}
