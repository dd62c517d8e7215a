// Words of a DM session for tests: commands of a server as elements, and what a client's message
// says as lines.
// Built on the codec of the reference server, which shares nothing with the core.
import {
  bytesOf, type Child, childOf, childrenOf, element as e, type Element, elementsOf, textOf, wordOf,
} from "../../host/demo/server/wbxml.ts";

export type Part = Child | number | undefined;

export interface ItemMeta {
  format?: string;
  type?: string;
  size?: number;
}

export function meta({ format, type, size }: ItemMeta): Element {
  return e(
    "Meta",
    format === undefined ? undefined : e("Format", format),
    type === undefined ? undefined : e("Type", type),
    size === undefined ? undefined : e("Size", size),
  );
}

/** An Item with its Target; Data where it is given, the empty one too. */
export function item(target: string, data?: string | Uint8Array, about?: ItemMeta): Element {
  const content = data === undefined ? undefined : e("Data", data);
  return e("Item", to(target), about && meta(about), content);
}

export function to(target: string): Element {
  return e("Target", e("LocURI", target));
}

/** A command with its CmdID; Items may be given as bare URIs. */
export function command(name: string, id: string, ...parts: (Part | string)[]): Element {
  const children = parts.map((part) => (typeof part === "string" ? item(part) : part));
  return e(name, e("CmdID", id), ...children);
}

export function add(id: string, ...parts: Part[]): Element {
  return command("Add", id, ...parts);
}

/** An Add of one leaf. */
export function addLeaf(
  id: string, target: string, data: string | Uint8Array = "v", about?: ItemMeta,
): Element {
  return add(id, item(target, data, about));
}

export function addNode(id: string, target: string, type?: string): Element {
  return add(id, item(target, undefined, { format: "node", ...(type ? { type } : {}) }));
}

export function replace(id: string, target: string, data?: string | Uint8Array, about?: ItemMeta) {
  return command("Replace", id, item(target, data, about));
}

export function del(id: string, ...targets: string[]): Element {
  return command("Delete", id, ...targets);
}

export function get(id: string, ...targets: string[]): Element {
  return command("Get", id, ...targets);
}

export function exec(id: string, target: string, correlator?: string): Element {
  const word = correlator === undefined ? undefined : e("Correlator", correlator);
  return command("Exec", id, word, item(target));
}

export function atomic(id: string, ...members: Element[]): Element {
  return command("Atomic", id, ...members);
}

export function sequence(id: string, ...members: Element[]): Element {
  return command("Sequence", id, ...members);
}

/** A user interaction alert, or one without Items where no text is given. */
export function alert(id: string, code: number, ...texts: string[]): Element {
  const items = texts.map((text) => e("Item", e("Data", text)));
  return e("Alert", e("CmdID", id), e("Data", code), ...items);
}

/** Alert 1101 with its two Items. */
export function ask(id: string, text = "Install?"): Element {
  return alert(id, 1101, "MAXDT=30", text);
}

export function bodyOf(message: Element): Element[] {
  return elementsOf(childOf(message, "SyncBody")!);
}

export function headerOf(message: Element): Element {
  return childOf(message, "SyncHdr")!;
}

/** Text at a path of element names below `parent`, trimmed. */
export function at(parent: Element | undefined, ...path: string[]): string | undefined {
  return textOf(path.reduce<Element | undefined>(childOf, parent))?.trim();
}

/**
 * What a message says, a line for each element of its body:
 * `SyncHdr 200`, `3 Add 418`, `3 Add 418 ./A` (with TargetRef), `Results 4 ./A = v`, `Alert 1226`,
 * `Replace`, `Final`.
 */
export function lines(message: Element | undefined): string[] {
  return message === undefined ? [] : bodyOf(message).flatMap(line);
}

function line(part: Element): string[] {
  switch (part.name) {
    case "Status":
      return [statusLine(part)];
    case "Results":
      return childrenOf(part, "Item").map((one) => {
        const value = childOf(one, "Data");
        const uri = at(one, "Source", "LocURI");
        return `Results ${wordOf(part, "CmdRef")} ${uri} = ${textOf(value) ?? "-"}`;
      });
    case "Alert":
      return [`Alert ${wordOf(part, "Data")}`];
    default:
      return [part.name];
  }
}

function statusLine(part: Element): string {
  const cmd = wordOf(part, "Cmd");
  const code = wordOf(part, "Data");
  const target = wordOf(part, "TargetRef");
  if (cmd === "SyncHdr" && wordOf(part, "CmdRef") === "0") return `SyncHdr ${code}`;
  return `${wordOf(part, "CmdRef")} ${cmd} ${code}${target === undefined ? "" : ` ${target}`}`;
}

/** Codes of the Statuses by CmdRef, in order. */
export function codes(message: Element | undefined): { [cmdRef: string]: number | number[] } {
  const found: { [cmdRef: string]: number | number[] } = {};
  for (const part of message === undefined ? [] : bodyOf(message)) {
    if (part.name !== "Status" || wordOf(part, "Cmd") === "SyncHdr") continue;
    const code = Number(wordOf(part, "Data"));
    const ref = wordOf(part, "CmdRef")!;
    const before = found[ref];
    found[ref] = before === undefined ? code : [before, code].flat();
  }
  return found;
}

/** Values of all Results of a message by URI. */
export function results(message: Element | undefined): { [uri: string]: string } {
  const found: { [uri: string]: string } = {};
  for (const part of message === undefined ? [] : bodyOf(message)) {
    if (part.name !== "Results") continue;
    for (const one of childrenOf(part, "Item")) {
      found[at(one, "Source", "LocURI")!] = textOf(childOf(one, "Data")) ?? "-";
    }
  }
  return found;
}

/** The elements of the body called `name`. */
export function partsOf(message: Element | undefined, name: string): Element[] {
  return message === undefined ? [] : bodyOf(message).filter((part) => part.name === name);
}

/** The Statuses of a message but for that of the header. */
export function headerStatusOf(message: Element | undefined): Element | undefined {
  return partsOf(message, "Status").find((part) => wordOf(part, "Cmd") === "SyncHdr");
}

/** Names of the child elements in order. */
export function namesOf(parent: Element | undefined): string[] {
  return parent === undefined ? [] : elementsOf(parent).map(({ name }) => name);
}

export { bytesOf, childOf, childrenOf, e, type Element, elementsOf, textOf, wordOf };
