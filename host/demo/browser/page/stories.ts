// The cases of the demo as buttons.
import { CASES, type DemoCase } from "../../cases.ts";
import { byId, h } from "./dom.ts";

const FLOWS: { readonly [flow: string]: string } = {
  "normal": "The server begins",
  "alternative-1": "The device begins",
  "alternative-2": "Both or neither",
};

/** Name within all cases. */
export function storyName({ flow, name }: DemoCase): string {
  return `${flow}: ${name}`;
}

export function storyCalled(name: string): DemoCase | undefined {
  return CASES.find((story) => storyName(story) === name);
}

export class Stories {
  private readonly buttons = new Map<string, HTMLButtonElement>();

  constructor(onPlay: (story: DemoCase) => void) {
    for (const [flow, title] of Object.entries(FLOWS)) {
      const cases = CASES.filter((story) => story.flow === flow);
      byId("stories").append(h("h3", {}, title), h("ul", {}, ...cases.map((story) => {
        const button = h("button", { type: "button", disabled: true },
          titleOf(story.name), h("span", {}, story.story));
        button.addEventListener("click", () => onPlay(story));
        this.buttons.set(storyName(story), button);
        return h("li", {}, button);
      })));
    }
  }

  enable(isEnabled: boolean): void {
    for (const button of this.buttons.values()) button.disabled = !isEnabled;
  }

  mark(story: DemoCase | undefined): void {
    for (const [name, button] of this.buttons) {
      if (story && name === storyName(story)) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }
}

function titleOf(name: string): string {
  return name[0]!.toUpperCase() + name.slice(1);
}
