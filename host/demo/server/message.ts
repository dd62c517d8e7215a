import { fromBase64, textIn, toBase64, utf8 } from "./bytes.ts";
import {
  bytesOf, type Child, childOf, childrenOf, element, type Element, elementsOf, isElement, textOf,
  wordOf,
} from "./element.ts";

// SyncML messages as typed values. Parsing is lenient where the documents ask for it (children in
// any order, unknown elements kept by name); audit/ looks at the same elements strictly.

export interface Meta {
  format?: string;
  type?: string;
  mark?: string;
  size?: number;
  /** The octets, not their Base64 text. */
  nextNonce?: Uint8Array;
  maxMsgBytes?: number;
  maxObjBytes?: number;
}

export interface Credentials {
  type: string;
  /** As carried, normally Base64 text. */
  digest: string;
}

export interface Header {
  verDtd: string;
  verProto: string;
  sessionId: string;
  msgId: string;
  target: string;
  source: string;
  /** User name, by md5 and MAC authentication. */
  sourceName?: string;
  respUri?: string;
  credentials?: Credentials;
  maxMsgBytes?: number;
  maxObjBytes?: number;
}

export interface Item {
  target?: string;
  source?: string;
  meta?: Meta;
  data?: string | Uint8Array | Element;
  hasMoreData?: boolean;
}

export type TreeKind = "Add" | "Replace" | "Delete" | "Get" | "Copy" | "Exec";
export type GroupKind = "Atomic" | "Sequence";

interface Numbered {
  /** Filled in when a message is composed. */
  cmdId?: string;
}

export interface Alert extends Numbered {
  kind: "Alert";
  code: number;
  correlator?: string;
  items: Item[];
}

export interface TreeCommand extends Numbered {
  kind: TreeKind;
  correlator?: string;
  meta?: Meta;
  items: Item[];
}

export interface Group extends Numbered {
  kind: GroupKind;
  members: Command[];
}

export interface Status extends Numbered {
  kind: "Status";
  msgRef: string;
  cmdRef: string;
  cmd: string;
  code: number;
  targetRefs?: string[];
  sourceRefs?: string[];
  challenge?: Meta;
  items?: Item[];
}

export interface Results extends Numbered {
  kind: "Results";
  msgRef: string;
  cmdRef: string;
  meta?: Meta;
  items: Item[];
}

/** A command that has no place in DM. */
export interface Unknown extends Numbered {
  kind: "Unknown";
  name: string;
}

export type Command = Alert | TreeCommand | Group | Status | Results | Unknown;

export interface Message {
  header: Header;
  commands: Command[];
  isFinal: boolean;
}

/** A document that is no SyncML message at all. */
export class MessageError extends Error {
  constructor(what: string) {
    super(`SyncML: ${what}`);
    this.name = "MessageError";
  }
}

const TREE_KINDS: readonly string[] = ["Add", "Replace", "Delete", "Get", "Copy", "Exec"];

/** @throws MessageError  header, body or one of the identifiers is missing */
export function parseMessage(root: Element): Message {
  const header = childOf(root, "SyncHdr");
  const body = childOf(root, "SyncBody");
  if (root.name !== "SyncML" || header === undefined || body === undefined) {
    throw new MessageError("SyncML with SyncHdr and SyncBody expected");
  }
  const children = elementsOf(body);
  return {
    header: parseHeader(header),
    commands: children.filter(({ name }) => name !== "Final").map((child) => parseCommand(child)),
    isFinal: children.some(({ name }) => name === "Final"),
  };
}

function parseHeader(header: Element): Header {
  const word = (name: string): string => {
    const value = wordOf(header, name);
    if (value === undefined || value === "") throw new MessageError(`SyncHdr without ${name}`);
    return value;
  };
  const source = wordOf(childOf(header, "Source"), "LocURI");
  if (!source) throw new MessageError("SyncHdr without Source");
  const credentials = childOf(header, "Cred");
  const meta = parseMeta(childOf(header, "Meta"));
  return {
    verDtd: word("VerDTD"),
    verProto: word("VerProto"),
    sessionId: word("SessionID"),
    msgId: word("MsgID"),
    target: wordOf(childOf(header, "Target"), "LocURI") ?? "",
    source,
    ...given("sourceName", textOf(childOf(childOf(header, "Source"), "LocName"))),
    ...given("respUri", wordOf(header, "RespURI")),
    ...given("credentials", credentials && {
      type: parseMeta(childOf(credentials, "Meta"))?.type ?? "",
      digest: wordOf(credentials, "Data") ?? "",
    }),
    ...given("maxMsgBytes", meta?.maxMsgBytes),
    ...given("maxObjBytes", meta?.maxObjBytes),
  };
}

/** Members of groups are parsed by recursion, which the decoder's depth limit bounds. */
function parseCommand(source: Element): Command {
  const cmdId = wordOf(source, "CmdID") ?? "";
  const meta = given("meta", parseMeta(childOf(source, "Meta")));
  const correlator = given("correlator", textOf(childOf(source, "Correlator")));
  const items = childrenOf(source, "Item").map(parseItem);
  const { name } = source;
  if (TREE_KINDS.includes(name)) {
    return { kind: name as TreeKind, cmdId, ...meta, ...correlator, items };
  }
  switch (name) {
    case "Alert": {
      const code = numberIn(wordOf(source, "Data")) ?? 0;
      return { kind: name, cmdId, code, ...correlator, items };
    }
    case "Atomic": case "Sequence":
      return { kind: name, cmdId, members: membersOf(source).map((m) => parseCommand(m)) };
    case "Status":
      return parseStatus(source, cmdId, items);
    case "Results": {
      const cmdRef = wordOf(source, "CmdRef") ?? "";
      return { kind: name, cmdId, msgRef: wordOf(source, "MsgRef") ?? "1", cmdRef, ...meta, items };
    }
    default:
      return { kind: "Unknown", cmdId, name };
  }
}

function membersOf(group: Element): Element[] {
  return elementsOf(group).filter(({ name }) => !["CmdID", "NoResp", "Meta"].includes(name));
}

function parseStatus(source: Element, cmdId: string, items: Item[]): Status {
  const texts = (name: string): string[] =>
    childrenOf(source, name).map((child) => textOf(child)!.trim());
  return {
    kind: "Status",
    cmdId,
    msgRef: wordOf(source, "MsgRef") ?? "",
    cmdRef: wordOf(source, "CmdRef") ?? "",
    cmd: wordOf(source, "Cmd") ?? "",
    code: numberIn(wordOf(source, "Data")) ?? 0,
    targetRefs: texts("TargetRef"),
    sourceRefs: texts("SourceRef"),
    ...given("challenge", parseMeta(childOf(childOf(source, "Chal"), "Meta"))),
    items,
  };
}

function parseItem(source: Element): Item {
  const data = childOf(source, "Data");
  return {
    ...given("target", wordOf(childOf(source, "Target"), "LocURI")),
    ...given("source", wordOf(childOf(source, "Source"), "LocURI")),
    ...given("meta", parseMeta(childOf(source, "Meta"))),
    ...given("data", data && contentOf(data)),
    ...given("hasMoreData", childOf(source, "MoreData") ? true : undefined),
  };
}

function contentOf(data: Element): string | Uint8Array | Element {
  const inline = data.children.find(isElement);
  if (inline !== undefined) return inline;
  return data.children.some((child) => child instanceof Uint8Array) ? bytesOf(data) : textOf(data)!;
}

function parseMeta(meta: Element | undefined): Meta | undefined {
  if (meta === undefined) return undefined;
  const format = wordOf(meta, "Format");
  return {
    ...given("format", format),
    ...given("type", wordOf(meta, "Type")),
    ...given("mark", wordOf(meta, "Mark")),
    ...given("size", numberIn(wordOf(meta, "Size"))),
    ...given("nextNonce", parseNonce(childOf(meta, "NextNonce"), format)),
    ...given("maxMsgBytes", numberIn(wordOf(meta, "MaxMsgSize"))),
    ...given("maxObjBytes", numberIn(wordOf(meta, "MaxObjSize"))),
  };
}

/**
 * Octets of a nonce. DM wants Base64 text; raw OPAQUE without Format b64 is met in traffic, and a
 * text that is no Base64 is taken as it stands.
 */
function parseNonce(nonce: Element | undefined, format = ""): Uint8Array | undefined {
  if (nonce === undefined) return undefined;
  const isRaw = nonce.children.some((child) => child instanceof Uint8Array);
  if (isRaw && format.toLowerCase() !== "b64") return bytesOf(nonce);
  const text = textOf(nonce)!.trim();
  const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text);
  return isBase64 ? fromBase64(text) : utf8(text);
}

function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** A property that is present only with a value. */
function given<K extends string, V>(key: K, value: V | undefined): { [k in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [k in K]?: V };
}

export function buildMessage(message: Message): Element {
  const body = element("SyncBody", ...message.commands.map((command) => buildCommand(command)));
  if (message.isFinal) body.children.push(element("Final"));
  return element("SyncML", buildHeader(message.header), body);
}

function buildHeader(header: Header): Element {
  const { credentials, maxMsgBytes, maxObjBytes } = header;
  return element(
    "SyncHdr",
    element("VerDTD", header.verDtd),
    element("VerProto", header.verProto),
    element("SessionID", header.sessionId),
    element("MsgID", header.msgId),
    place("Target", header.target),
    element("Source", element("LocURI", header.source), text("LocName", header.sourceName)),
    text("RespURI", header.respUri),
    credentials && element(
      "Cred",
      buildMeta({ format: "b64", type: credentials.type }),
      element("Data", credentials.digest),
    ),
    buildMeta({ ...given("maxMsgBytes", maxMsgBytes), ...given("maxObjBytes", maxObjBytes) }),
  );
}

export function buildCommand(command: Command): Element {
  const cmdId = element("CmdID", command.cmdId ?? "");
  switch (command.kind) {
    case "Alert":
      return element(
        "Alert", cmdId, element("Data", command.code), text("Correlator", command.correlator),
        ...command.items.map(buildItem),
      );
    case "Atomic": case "Sequence":
      return element(command.kind, cmdId, ...command.members.map((m) => buildCommand(m)));
    case "Status":
      return element(
        "Status", cmdId, element("MsgRef", command.msgRef), element("CmdRef", command.cmdRef),
        element("Cmd", command.cmd),
        ...(command.targetRefs ?? []).map((uri) => element("TargetRef", uri)),
        ...(command.sourceRefs ?? []).map((uri) => element("SourceRef", uri)),
        command.challenge && element("Chal", buildMeta(command.challenge)),
        element("Data", command.code), ...(command.items ?? []).map(buildItem),
      );
    case "Results":
      return element(
        "Results", cmdId, element("MsgRef", command.msgRef), element("CmdRef", command.cmdRef),
        buildMeta(command.meta), ...command.items.map(buildItem),
      );
    case "Unknown":
      return element(command.name, cmdId);
    default:
      return element(
        command.kind, cmdId, buildMeta(command.meta), text("Correlator", command.correlator),
        ...command.items.map(buildItem),
      );
  }
}

function buildItem(item: Item): Element {
  return element(
    "Item",
    item.target === undefined ? undefined : place("Target", item.target),
    item.source === undefined ? undefined : place("Source", item.source),
    buildMeta(item.meta),
    item.data === undefined ? undefined : element("Data", item.data as Child),
    item.hasMoreData === true ? element("MoreData") : undefined,
  );
}

function buildMeta(meta: Meta | undefined): Element | undefined {
  if (meta === undefined) return undefined;
  const { nextNonce, size, maxMsgBytes, maxObjBytes } = meta;
  const built = element(
    "Meta",
    text("Format", meta.format),
    text("Type", meta.type),
    text("Mark", meta.mark),
    size === undefined ? undefined : element("Size", size),
    nextNonce && element("NextNonce", toBase64(nextNonce)),
    maxMsgBytes === undefined ? undefined : element("MaxMsgSize", maxMsgBytes),
    maxObjBytes === undefined ? undefined : element("MaxObjSize", maxObjBytes),
  );
  return built.children.length === 0 ? undefined : built;
}

function place(name: string, uri: string): Element {
  return element(name, element("LocURI", uri));
}

function text(name: string, value: string | undefined): Element | undefined {
  return value === undefined ? undefined : element(name, value);
}

/** Name of a command as Status's Cmd has it. */
export function nameOfCommand(command: Command): string {
  return command.kind === "Unknown" ? command.name : command.kind;
}

/** Data of an Item as text; bytes are read as UTF-8. */
export function textOfData(item: Item | undefined): string | undefined {
  const data = item?.data;
  if (data === undefined || typeof data === "string") return data;
  return data instanceof Uint8Array ? textIn(data) : textOf(data);
}
