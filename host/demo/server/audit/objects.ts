import { fromBase64 } from "../bytes.ts";
import {
  bytesOf, childOf, childrenOf, type Element, elementsOf, textOf, wordOf,
} from "../element.ts";
import { type Note, quoted } from "./checks.ts";

interface LargeObject {
  /** Get and URI that the chunks belong to. */
  key: string;
  size: number | undefined;
  carriedBytes: number;
  /** Text so far, for an object in Base64. */
  text: string;
}

/** Holds the large objects that a client sends against the rules for their chunks. */
export class Objects {
  private open: LargeObject | undefined;

  /** The client is in the middle of an object. */
  get isOpen(): boolean {
    return this.open !== undefined;
  }

  /** The server does not want the rest of an object: it says 1225, or refuses what has come. */
  hearServer(body: Element): void {
    const isRefused = childrenOf(body, "Status").some((status) =>
      wordOf(status, "Cmd") === "Results" && Number(wordOf(status, "Data")) >= 300);
    if (isRefused || elementsOf(body).some((command) => isAlert(command, "1225"))) {
      this.open = undefined;
    }
  }

  /** Looks at one message. @param bytesMax  the server's MaxObjSize */
  check(body: Element, bytesMax: number, note: Note): void {
    const commands = elementsOf(body).filter(({ name }) => name !== "Final");
    if (commands.some((command) => isAlert(command, "1225") || isAlert(command, "1223"))) {
      this.open = undefined;
    }
    for (const command of commands) {
      if (command.name !== "Results") this.checkBetween(command, note);
      else this.checkResults(command, command === lastThatCounts(commands), bytesMax, note);
    }
    const hasFinal = childOf(body, "Final") !== undefined;
    if (this.open !== undefined && hasFinal) note("large-final", `${this.open.key} goes on`);
  }

  /** Between two chunks there is Status and the demand for more. */
  private checkBetween(command: Element, note: Note): void {
    if (this.open === undefined || command.name === "Status" || isAlert(command, "1222")) return;
    const label = `${command.name} ${wordOf(command, "CmdID") ?? ""}`;
    note("large-between", `${label} while ${this.open.key} goes on`);
    this.open = undefined;
  }

  private checkResults(results: Element, isLast: boolean, bytesMax: number, note: Note): void {
    const outer = childOf(results, "Meta");
    const items = childrenOf(results, "Item");
    for (const [index, item] of items.entries()) {
      const meta = childOf(item, "Meta");
      const size = wordOf(meta, "Size") ?? wordOf(outer, "Size");
      const format = wordOf(meta, "Format") ?? wordOf(outer, "Format") ?? "";
      const object = this.begin(keyOf(results, item), size, note);
      const data = childOf(item, "Data");
      object.carriedBytes += data === undefined ? 0 : bytesOf(data).length;
      object.text += format === "b64" ? textOf(data) ?? "" : "";
      const hasMore = childOf(item, "MoreData") !== undefined;
      if (hasMore && (index < items.length - 1 || !isLast)) {
        note("large-last", `${object.key} goes on, and more stands behind it`);
      }
      this.count(object, { hasMore, bytesMax }, note);
    }
  }

  /** The object that an Item carries on, or a new one. */
  private begin(key: string, size: string | undefined, note: Note): LargeObject {
    const { open } = this;
    if (open?.key === key) {
      if (size !== undefined) note("large-size", `${key}: Size in a later chunk`);
      return open;
    }
    if (open !== undefined) note("large-between", `${key} while ${open.key} goes on`);
    this.open = undefined;
    return {
      key, size: size === undefined ? undefined : Number(size), carriedBytes: 0, text: "",
    };
  }

  private count(
    object: LargeObject, { hasMore, bytesMax }: { hasMore: boolean; bytesMax: number }, note: Note,
  ): void {
    const { key, size, carriedBytes } = object;
    const isFirst = this.open !== object;
    if (isFirst && hasMore && size === undefined) note("large-size", `${key}: no Size`);
    if (isFirst && Math.max(size ?? 0, carriedBytes) > bytesMax) {
      note("size-object", `${key}: ${Math.max(size ?? 0, carriedBytes)} of ${bytesMax} bytes`);
    }
    if (hasMore) {
      if (size !== undefined && carriedBytes > size) {
        note("large-sum", `${key}: more than ${size} bytes before the last chunk`);
      }
      this.open = object;
      return;
    }
    this.open = undefined;
    if (size === undefined || isOfSize(object, size)) return;
    const check = isFirst ? "size-item" : "large-sum";
    note(check, `${key}: Size ${quoted(String(size))} for ${carriedBytes} bytes`);
  }
}

/** Base64 may be counted as it is carried or as what it stands for. */
function isOfSize({ carriedBytes, text }: LargeObject, size: number): boolean {
  return carriedBytes === size || (text !== "" && fromBase64(text).length === size);
}

function keyOf(results: Element, item: Element): string {
  const uri = wordOf(childOf(item, "Source"), "LocURI") ?? "";
  const own = uri === "" ? wordOf(results, "SourceRef") ?? "" : uri;
  return `Results for ${wordOf(results, "CmdRef") ?? ""} of message `
    + `${wordOf(results, "MsgRef") ?? "1"}, ${own}`;
}

/** The last command but for the demand for more. */
function lastThatCounts(commands: readonly Element[]): Element | undefined {
  return commands.findLast((command) => !isAlert(command, "1222"));
}

function isAlert(command: Element, code: string): boolean {
  return command.name === "Alert" && wordOf(command, "Data") === code;
}
