import { childOf, childrenOf, type Element, elementsOf, textOf, wordOf } from "../element.ts";
import { type Note, quoted } from "./checks.ts";
import { isDone, mayAnswer } from "./codes.ts";

/** One command of the server, until the client has answered it. */
export interface Asked {
  readonly name: string;
  readonly msgId: string;
  readonly cmdId: string;
  /** Alert code, empty for other commands. */
  readonly alertCode: string;
  /** Target of each Item, in order. */
  readonly targets: readonly string[];
  /** Data of the Item goes on in the next message. */
  readonly isChunk: boolean;
  readonly parent: Asked | undefined;
  readonly members: Asked[];
  /** Place in the order of the package; 0 for Alert 1222, which is answered before older ones. */
  readonly place: number;
  /** Code of each Status, in order. */
  readonly codes: number[];
  /** Targets that Status elements have named so far; undefined: one spoke of all Items. */
  named: string[] | undefined;
  hasResults: boolean;
}

/** The server's commands, and what the client has answered to each. */
export class Ledger {
  private readonly all = new Map<string, Asked>();
  private open: Asked[] = [];
  private placeCount = 0;
  /** Place of the command whose Status came last. */
  private reached = 0;

  /** Enters the commands of a server's message. */
  enter(msgId: string, body: Element): void {
    for (const command of elementsOf(body)) {
      if (command.name !== "Status" && command.name !== "Final") {
        this.enterCommand(msgId, command, undefined);
      }
    }
  }

  private enterCommand(msgId: string, command: Element, parent: Asked | undefined): void {
    const { name } = command;
    const cmdId = wordOf(command, "CmdID") ?? "";
    const items = childrenOf(command, "Item");
    const alertCode = name === "Alert" ? wordOf(command, "Data") ?? "" : "";
    const asked: Asked = {
      name, msgId, cmdId, alertCode, parent, members: [],
      targets: items.map((item) => wordOf(childOf(item, "Target"), "LocURI") ?? ""),
      isChunk: items.some((item) => childOf(item, "MoreData") !== undefined),
      place: alertCode === "1222" ? 0 : ++this.placeCount,
      codes: [], named: [], hasResults: false,
    };
    this.all.set(`${msgId}/${cmdId}`, asked);
    this.open.push(asked);
    parent?.members.push(asked);
    if (name !== "Atomic" && name !== "Sequence") return;
    for (const member of elementsOf(command)) {
      if (member.name !== "CmdID" && member.name !== "Meta") {
        this.enterCommand(msgId, member, asked);
      }
    }
  }

  /** Commands that have no Status, or not one for each Item. */
  get unanswered(): Asked[] {
    return this.open.filter((asked) => !isAnswered(asked) && !isExcused(asked));
  }

  /** Nothing is open: every command has its Status, every Get that succeeded its Results. */
  get isComplete(): boolean {
    return this.unanswered.length === 0 && this.withoutResults.length === 0;
  }

  private get withoutResults(): Asked[] {
    return this.open.filter(({ name, codes, hasResults }) =>
      name === "Get" && codes.some(isDone) && !hasResults);
  }

  /** Takes a Status that is not the header's. @param headerCode  that of the header's */
  takeStatus(status: Element, headerCode: number, note: Note): void {
    const cmdRef = wordOf(status, "CmdRef") ?? "";
    const msgRef = wordOf(status, "MsgRef") ?? "";
    const label = `Status ${wordOf(status, "CmdID") ?? ""}`;
    const asked = this.all.get(`${msgRef}/${cmdRef}`);
    if (asked === undefined) {
      const what = `command ${quoted(cmdRef)} of message ${quoted(msgRef)}`;
      note("status-reference", `${label}: there is no such command: ${what}`);
      return;
    }
    const cmd = wordOf(status, "Cmd");
    if (cmd !== asked.name) {
      note("status-cmd", `${label}: Cmd is ${quoted(cmd)}, the command is ${asked.name}`);
    }
    if (asked.place !== 0 && asked.place < this.reached) {
      note("status-order", `${label} for ${nameOf(asked)} comes late`);
    }
    this.reached = Math.max(this.reached, asked.place);
    takeTargets(asked, status, label, note);
    const text = wordOf(status, "Data") ?? "";
    const code = /^\d{3}$/.test(text) ? Number(text) : 0;
    asked.codes.push(code);
    if (code === 0) return;
    const named = refs(status);
    const isOfLast = named.length === 0 || named.includes(asked.targets.at(-1)!);
    const of = { ...asked, isChunk: asked.isChunk && isOfLast };
    checkCode(of, code, headerCode, (check, found) => note(check, `${label}: ${found}`));
  }

  takeResults(results: Element, note: Note): void {
    const cmdRef = wordOf(results, "CmdRef") ?? "";
    const msgRef = wordOf(results, "MsgRef") ?? "1";
    const label = `Results ${wordOf(results, "CmdID") ?? ""}`;
    const asked = this.all.get(`${msgRef}/${cmdRef}`);
    if (asked?.name !== "Get") {
      const what = `${quoted(cmdRef)} of message ${quoted(msgRef)}`;
      note("results-reference", `${label}: there is no such Get: ${what}`);
      return;
    }
    asked.hasResults = true;
    if (asked.codes.length === 0) note("results-order", `${label}: before the Status of its Get`);
    else if (!asked.codes.some(isDone)) {
      note("results-unasked", `${label}: its Get was answered ${asked.codes.join(", ")}`);
    }
    const outer = wordOf(results, "SourceRef");
    for (const item of childrenOf(results, "Item")) {
      const source = wordOf(childOf(item, "Source"), "LocURI") ?? outer;
      if (source === undefined || !asked.targets.some((target) => isOf(source, target))) {
        note("results-source", `${label}: Source is ${quoted(source)}`);
      }
    }
  }

  /** The client has given up on an object: its last chunk gets no Status. */
  interrupt(): void {
    this.open = this.open.filter(({ isChunk, codes }) => !isChunk || codes.length > 0);
  }

  /** The client has closed its package: nothing more will be answered. */
  close(note: Note): void {
    for (const asked of this.unanswered) {
      note("status-missing", `${nameOf(asked)} is not answered`);
    }
    for (const asked of this.withoutResults) {
      note("results-missing", `${nameOf(asked)} is answered without Results`);
    }
    this.settle();
  }

  /** Forgets what is open. @returns it */
  settle(): Asked[] {
    const settled = this.open;
    this.open = [];
    this.reached = 0;
    return settled;
  }

  /** Groups that are open. */
  get groups(): Asked[] {
    return this.open.filter(({ name }) => name === "Atomic" || name === "Sequence");
  }
}

export function nameOf({ name, cmdId, msgId }: Asked): string {
  return `${name} ${cmdId} of message ${msgId}`;
}

function isAnswered({ codes, named, targets }: Asked): boolean {
  if (codes.length === 0) return false;
  return named === undefined || targets.length <= 1 || named.length >= targets.length;
}

/** Whether nothing is owed to members of a group that the client does not support. */
function isExcused({ parent }: Asked): boolean {
  return parent !== undefined && parent.codes.some((code) => code === 406 || code === 400);
}

/** Keeps book of which Items a command's Status elements have spoken of. */
function takeTargets(asked: Asked, status: Element, label: string, note: Note): void {
  const named = refs(status);
  for (const ref of named) {
    if (!asked.targets.some((target) => isSameUri(ref, target))) {
      note("status-target", `${label}: TargetRef is ${quoted(ref)}`);
    }
  }
  const speaksOfAll = named.length === 0 || asked.targets.length <= 1;
  const wasNamed = asked.named ?? [];
  const isAgain = asked.named === undefined || (speaksOfAll && asked.codes.length > 0)
    || wasNamed.length + named.length > Math.max(asked.targets.length, 1);
  if (isAgain) note("status-once", `${label}: ${nameOf(asked)} has been answered`);
  asked.named = speaksOfAll ? undefined : [...wasNamed, ...named];
}

function refs(status: Element): string[] {
  return childrenOf(status, "TargetRef").map((ref) => textOf(ref)!.trim());
}

type Found = (check: "large-code" | "status-code" | "status-unproven", found: string) => void;

function checkCode(asked: Asked, code: number, headerCode: number, note: Found): void {
  const { name, isChunk } = asked;
  if (headerCode === 401 || headerCode === 407) {
    if (code !== 401 && code !== 407) note("status-unproven", `${code} for ${nameOf(asked)}`);
    return;
  }
  // A message that cannot be taken at all answers each of its commands with the same code.
  if (headerCode >= 300 && code === headerCode) return;
  if (isChunk && isDone(code)) note("large-code", `${code} for a chunk of ${name}`);
  else if (!isChunk && code === 213) note("large-code", `213 for ${nameOf(asked)}, no chunk`);
  else if (!mayAnswer(name, code)) note("status-code", `${code} for ${name}`);
}

/** Whether Results with this Source may answer a Get of `target`. */
function isOf(source: string, target: string): boolean {
  if (isSameUri(source, target)) return true;
  const [node, query = ""] = target.split("?");
  if (!query.startsWith("list=")) return false;
  const [below, start] = [plain(source), plain(node!)];
  return start === "." || below === start || below.startsWith(`${start}/`);
}

function isSameUri(left: string, right: string): boolean {
  return plain(left) === plain(right);
}

/** `./A` and `A` are the same node. */
function plain(uri: string): string {
  return uri.replace(/^\.\//, "");
}
