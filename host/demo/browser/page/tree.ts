// The management tree: open, close, search, see who may do what.
import type { TreeNode } from "../../../core/look.ts";
import { h, hex } from "./dom.ts";

const SHOWN_CHARACTERS = 60;
const OPEN_AT_FIRST = ["."];

export class TreeView {
  readonly panel = h("div");
  private readonly list = h("ul", { class: "tree", role: "tree", "aria-label": "Management tree" });
  private readonly search = h("input", {
    type: "search", id: "tree-search", placeholder: "name or value", autocomplete: "off",
  });
  private readonly found = h("output", { for: "tree-search", class: "soft" });
  private readonly open = new Set<string>(OPEN_AT_FIRST);
  private nodes: TreeNode[] = [];
  private active = ".";
  private isStale = true;
  private isReading = false;

  /**
   * @param isShown  whether it is in sight
   * @param read     gets the nodes as they are now
   */
  constructor(
    private readonly isShown: () => boolean,
    private readonly read: () => Promise<TreeNode[]>,
  ) {
    this.panel.append(
      h("div", { class: "search" }, h("label", { for: "tree-search" }, "Search"), this.search,
        this.found),
      h("p", { class: "soft" }, "Name, value, and where it has one its access control list."),
      this.list,
    );
    this.search.addEventListener("input", () => this.draw());
    this.list.addEventListener("click", (event) => this.click(event));
    this.list.addEventListener("keydown", (event) => this.key(event));
  }

  /** The device has changed: what is in sight is read again, the rest when it comes into sight. */
  change(): void {
    this.isStale = true;
    if (this.isShown()) this.show();
  }

  show(): void {
    if (!this.isStale || this.isReading) return;
    this.isReading = true;
    this.isStale = false;
    void this.read().then((nodes) => {
      this.isReading = false;
      this.nodes = nodes;
      this.draw();
      if (this.isShown()) this.show();
    });
  }

  private draw(): void {
    const hadFocus = this.list.contains(document.activeElement);
    const query = this.search.value.trim().toLowerCase();
    const hits = new Set(this.nodes.filter((node) => isHit(node, query)).map(({ uri }) => uri));
    this.found.textContent = query === "" ? "" : `${hits.size} of ${this.nodes.length} nodes`;
    const isBelowHit = (uri: string) => [...hits].some((hit) => hit.startsWith(`${uri}/`));
    const shown = this.nodes.filter(({ uri }) => {
      return query === "" ? this.isReachable(uri) : hits.has(uri) || isBelowHit(uri);
    });
    if (!shown.some(({ uri }) => uri === this.active)) this.active = shown[0]?.uri ?? ".";
    this.list.replaceChildren(...shown.map((node) => {
      const isOpen = query === "" ? this.open.has(node.uri) : isBelowHit(node.uri);
      return this.item(node, isOpen, query);
    }));
    if (hadFocus) this.focus(this.active);
  }

  private item(node: TreeNode, isOpen: boolean, query: string): HTMLElement {
    const { uri, depth, isInterior } = node;
    const value = valueOf(node);
    const mark = isInterior ? (isOpen ? "▾" : "▸") : "";
    return h("li", {
      role: "treeitem", "data-uri": uri, "aria-level": depth + 1, style: `--depth:${depth}`,
      "aria-expanded": isInterior ? String(isOpen) : null,
      tabindex: uri === this.active ? 0 : -1,
    }, h("div", { class: "node" },
      h("span", { class: "name" },
        h("span", { class: "mark", "aria-hidden": "true" }, mark),
        ...marked(uri.slice(uri.lastIndexOf("/") + 1), query)),
      h("span", { class: "value" }, ...marked(value, query)),
      h("span", { class: "acl" },
        node.acl === "" ? "" : `ACL ${node.acl.replaceAll("&", " & ")}`)));
  }

  private isReachable(uri: string): boolean {
    for (let at = uri.lastIndexOf("/"); at > 0; at = uri.lastIndexOf("/", at - 1)) {
      if (!this.open.has(uri.slice(0, at))) return false;
    }
    return true;
  }

  private click({ target }: Event): void {
    const uri = (target as HTMLElement).closest("li")?.dataset["uri"];
    if (uri === undefined) return;
    this.active = uri;
    this.toggle(uri, !this.open.has(uri));
    this.focus(uri);
  }

  private toggle(uri: string, isOpen: boolean): void {
    if (isOpen) this.open.add(uri);
    else this.open.delete(uri);
    this.draw();
  }

  /** Keys of the tree view of the ARIA Authoring Practices. */
  private key(event: KeyboardEvent): void {
    const items = [...this.list.children] as HTMLElement[];
    const index = items.findIndex(({ dataset }) => dataset["uri"] === this.active);
    const node = this.nodes.find(({ uri }) => uri === this.active);
    if (index < 0 || !node) return;
    const isOpen = items[index]!.getAttribute("aria-expanded") === "true";
    const parent = this.active.slice(0, Math.max(1, this.active.lastIndexOf("/")));
    const go = (to: number) => this.focus(items[to]?.dataset["uri"]);
    const actions: { [key: string]: () => void } = {
      ArrowDown: () => go(index + 1),
      ArrowUp: () => go(index - 1),
      Home: () => go(0),
      End: () => go(items.length - 1),
      ArrowRight: () => (node.isInterior && !isOpen ? this.toggle(node.uri, true) : go(index + 1)),
      ArrowLeft: () => (isOpen ? this.toggle(node.uri, false) : this.focus(parent)),
      Enter: () => node.isInterior && this.toggle(node.uri, !isOpen),
      " ": () => node.isInterior && this.toggle(node.uri, !isOpen),
    };
    const act = actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  private focus(uri: string | undefined): void {
    if (uri === undefined) return;
    for (const item of this.list.children as Iterable<Element> as Iterable<HTMLElement>) {
      const isIt = item.dataset["uri"] === uri;
      item.tabIndex = isIt ? 0 : -1;
      if (!isIt) continue;
      this.active = uri;
      item.focus();
    }
  }
}

function isHit(node: TreeNode, query: string): boolean {
  if (query === "") return false;
  return node.uri.toLowerCase().includes(query) || valueOf(node).toLowerCase().includes(query);
}

function valueOf({ value, isInterior, type }: TreeNode): string {
  if (isInterior) return type;
  if (value === null) return "secret";
  if (value instanceof Uint8Array) {
    const shown = hex(value.subarray(0, 16));
    return value.length > 16 ? `${shown} … ${value.length} bytes` : shown;
  }
  return value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value;
}

/** The text with what was searched for marked. */
function marked(text: string, query: string): (Node | string)[] {
  const at = query === "" ? -1 : text.toLowerCase().indexOf(query);
  if (at < 0) return [text];
  const end = at + query.length;
  return [text.slice(0, at), h("mark", {}, text.slice(at, end)), text.slice(end)];
}
