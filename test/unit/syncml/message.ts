// A message as syncml/parse reads it: header, commands and Items as objects.
import type { TestModule } from "../../helpers/module.ts";

/** Texts by their number in test/modules/syncml.ts. */
const TEXTS = [
  ...["sessionId", "msgId", "verDtd", "verProto", "target", "source", "respUri"],
  ...["credType", "credFormat", "cred", "cmdId", "msgRef", "cmdRef", "cmd", "correlator"],
  ...["chalType", "chalNonce", "itemTarget", "itemSource", "type", "data"],
];
const KINDS = [
  ...["End", "Final", "Add", "Alert", "Atomic", "Copy", "Delete", "Exec", "Get", "Replace"],
  ...["Results", "Sequence", "Status", "ContainerEnd", "Other"],
];
const FORMATS = [
  ...["chr", "node", "int", "bin", "bool", "b64", "null", "xml", "date", "time", "float"],
];

export interface Command {
  kind: string;
  cmdId: string;
  [field: string]: unknown;
}

export type Item = Record<string, unknown>;

export class Message {
  readonly #module: TestModule;

  constructor(module: TestModule) {
    this.#module = module;
  }

  open(bytes: Uint8Array): number {
    const input: number = this.call("input");
    this.#module.put(input, bytes);
    return this.call("open", input, bytes.length);
  }

  call(name: string, ...args: number[]): number {
    return this.#module.exports[name](...args);
  }

  text(name: string): string {
    const index = TEXTS.indexOf(name);
    const bytes = this.#module.bytes(this.call("text", index), this.call("textBytes", index));
    return Buffer.from(bytes).toString("utf8");
  }

  hex(name: string): string {
    const index = TEXTS.indexOf(name);
    const bytes = this.#module.bytes(this.call("text", index), this.call("textBytes", index));
    return Buffer.from(bytes).toString("hex");
  }

  header(): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    for (const name of TEXTS.slice(0, 10)) {
      if (this.text(name) !== "") found[name] = this.text(name);
    }
    for (const name of ["maxMsgBytes", "maxObjBytes"]) {
      if (this.call(name) !== 0) found[name] = this.call(name);
    }
    return found;
  }

  next(): Command {
    const kind = KINDS[this.call("nextCommand")] ?? "?";
    const command: Command = { kind, cmdId: this.text("cmdId") };
    if (kind === "End" || kind === "ContainerEnd") return { kind, cmdId: "" };
    for (const name of TEXTS.slice(11, 17)) {
      if (this.text(name) !== "") command[name] = this.text(name);
    }
    if (this.call("code") !== -1) command["code"] = this.call("code");
    return command;
  }

  nextItem(): Item | undefined {
    if (this.call("nextItem") === 0) return undefined;
    const item: Item = {};
    for (const name of TEXTS.slice(17)) if (this.text(name) !== "") item[name] = this.text(name);
    const format = this.call("format");
    if (this.call("hasFormat") === 1) item["format"] = FORMATS[format] ?? format;
    if (this.call("size") !== -1) item["size"] = this.call("size");
    for (const name of ["hasData", "dataIsOpaque", "dataIsInline", "moreData"]) {
      if (this.call(name) === 1) item[name] = true;
    }
    return item;
  }

  items(): Item[] {
    const found: Item[] = [];
    for (let item = this.nextItem(); item !== undefined; item = this.nextItem()) found.push(item);
    return found;
  }

  /** Kind, CmdID and Items of every command. */
  all(): { kind: string; cmdId: string; items: Item[] }[] {
    const found = [];
    for (let next = this.next(); next.kind !== "End"; next = this.next()) {
      found.push({ kind: next.kind, cmdId: next.cmdId, items: this.items() });
    }
    return found;
  }
}
