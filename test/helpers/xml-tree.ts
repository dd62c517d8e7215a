// XML documents as trees of elements, attributes and texts, and where two of them differ.
import { SaxesParser } from "saxes";

export interface XmlElement {
  readonly name: string;
  /** `name="value"`, in alphabetical order. */
  readonly attributes: readonly string[];
  readonly children: readonly XmlChild[];
}

export type XmlChild = XmlElement | string;

/** One place where two trees are not the same. */
export interface Difference {
  /** Names of the elements from the root, each with its place among its siblings of that name. */
  readonly path: string;
  readonly ours: string;
  readonly theirs: string;
}

const BLANK = /^[ \t\r\n]*$/;

/**
 * Parses XML. Blanks between elements mean nothing and are left out; CDATA is text.
 *
 * @throws Error  it is not well-formed
 */
export function parseTree(xml: string): XmlElement {
  const parser = new SaxesParser();
  type Open = { name: string; attributes: string[]; children: XmlChild[] };
  const outside: Open = { name: "", attributes: [], children: [] };
  const open = [outside];
  const addText = (text: string): void => {
    const { children } = open.at(-1)!;
    const last = children.at(-1);
    if (typeof last === "string") children[children.length - 1] = last + text;
    else children.push(text);
  };
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) => {
    const element: Open = {
      name,
      attributes: Object.entries(attributes).map(([key, value]) => `${key}="${value}"`).sort(),
      children: [],
    };
    open.at(-1)!.children.push(element);
    open.push(element);
  });
  parser.on("closetag", () => {
    const closed = open.pop()!;
    if (closed.children.every((child) => typeof child === "string")) return;
    closed.children = closed.children.filter((child) =>
      typeof child !== "string" || !BLANK.test(child));
  });
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.write(xml).close();
  return outside.children.find((child) => typeof child !== "string")!;
}

/** Every place where two trees differ; below an element of another name it does not look. */
export function differencesOf(ours: XmlElement, theirs: XmlElement, path = ""): Difference[] {
  const here = `${path}/${ours.name}`;
  if (ours.name !== theirs.name) return [{ path: here, ours: ours.name, theirs: theirs.name }];
  const found: Difference[] = [];
  const note = (place: string, own: string, other: string): void => {
    if (own !== other) found.push({ path: place, ours: own, theirs: other });
  };
  note(here, ours.attributes.join(" "), theirs.attributes.join(" "));
  const [own, other] = [ours.children.filter(notEmpty), theirs.children.filter(notEmpty)];
  if (own.length !== other.length) {
    note(here, shownAs(own), shownAs(other));
    return found;
  }
  const counts = new Map<string, number>();
  own.forEach((child, index) => {
    const twin = other[index]!;
    if (typeof child === "string" || typeof twin === "string") {
      note(here, shownAs([child]), shownAs([twin]));
      return;
    }
    const count = (counts.get(child.name) ?? 0) + 1;
    counts.set(child.name, count);
    const place = count === 1 ? here : `${here}[${count}]`;
    found.push(...differencesOf(child, twin, place));
  });
  return found;
}

function notEmpty(child: XmlChild): boolean {
  return child !== "";
}

function shownAs(children: readonly XmlChild[]): string {
  return children.map((child) =>
    typeof child === "string" ? JSON.stringify(child) : `<${child.name}>`).join(" ");
}
