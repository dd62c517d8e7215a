// Elements, shorter. Text from a network goes in as text, never as markup.

type Child = Node | string | null;

/** Makes an element; attributes that are false or null are left out. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: { [name: string]: string | number | boolean | null } = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** An element of the page that is always there. */
export function byId<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element as Kind;
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(" ");
}

const NEAR_PX = 40;

/**
 * Keeps the end of a list in sight while it grows, unless the person scrolls away from it. Asks for
 * the layout once a frame at most.
 */
export class Follower {
  private isAtEnd = true;
  private isDue = false;

  constructor(private readonly panel: HTMLElement) {
    panel.addEventListener("scroll", () => {
      const { scrollTop, clientHeight, scrollHeight } = panel;
      if (!this.isDue) this.isAtEnd = scrollTop + clientHeight >= scrollHeight - NEAR_PX;
    }, { passive: true });
  }

  /** Something was added. */
  follow(): void {
    if (!this.isAtEnd || this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      this.panel.scrollTop = this.panel.scrollHeight;
    });
  }

  /** Goes to the end from wherever it is. */
  toEnd(): void {
    this.isAtEnd = true;
    this.follow();
  }
}
