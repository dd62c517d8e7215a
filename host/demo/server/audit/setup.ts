import { childOf, childrenOf, type Element, elementsOf, textOf, wordOf } from "../element.ts";
import { type Note, quoted } from "./checks.ts";

/** Nodes of ./DevInfo that the first message must bring. @spec DM PRO 1.2 §8.3 */
const DEV_INFO: readonly string[] = ["DevId", "Man", "Mod", "DmV", "Lang"];

export interface Setup {
  body: Element;
  /** Source of SyncHdr. */
  source: string;
  /** The server has notified this session. */
  isNotified: boolean;
}

/** Holds Package #1 against its rules. */
export function checkSetup({ body, source, isNotified }: Setup, note: Note): void {
  const commands = elementsOf(body).filter(({ name }) => name !== "Status" && name !== "Final");
  const starts = commands.filter(isStart);
  if (starts.length !== 1) {
    note("setup-alert", `first message: ${starts.length} Alerts 1200 or 1201`, "SyncBody");
  } else if (commands[0] !== starts[0]) {
    note("setup-alert", `first message: ${commands[0]!.name} before the Alert`, "SyncBody");
  }
  const code = wordOf(starts[0], "Data");
  if (code === "1200" && !isNotified) {
    note("setup-cause", "Alert 1200 in a session that was not notified", "SyncBody/Alert");
  }
  if (code === "1201" && isNotified) {
    note("setup-cause", "Alert 1201 in a session that was notified", "SyncBody/Alert");
  }
  checkDevInfo(commands, source, note);
}

function checkDevInfo(commands: readonly Element[], source: string, note: Note): void {
  const items = commands.filter(({ name }) => name === "Replace")
    .flatMap((replace) => childrenOf(replace, "Item"));
  const path = "SyncBody/Replace/Item";
  const values = new Map<string, string>();
  for (const item of items) {
    const uri = wordOf(childOf(item, "Source"), "LocURI");
    const target = wordOf(childOf(item, "Target"), "LocURI");
    if (uri === undefined && target !== undefined) {
      note("setup-source", `Item names ${quoted(target)} in Target`, path);
    }
    const name = nodeOf(uri ?? target);
    if (name !== undefined) values.set(name, textOf(childOf(item, "Data")) ?? "");
  }
  for (const name of DEV_INFO) {
    const value = values.get(name);
    if (value === undefined || value === "") {
      const what = value === undefined ? "missing" : "empty";
      note("setup-devinfo", `first message: ./DevInfo/${name} is ${what}`, "SyncBody");
    }
  }
  const id = values.get("DevId");
  if (id !== undefined && id !== "" && id !== source) {
    note("header-source", `Source is ${quoted(source)}, DevId is ${quoted(id)}`, "SyncHdr/Source");
  }
}

/** Only nodes of ./DevInfo may be replaced by a client. */
export function checkReplaces(body: Element, note: Note): void {
  for (const replace of childrenOf(body, "Replace")) {
    for (const item of childrenOf(replace, "Item")) {
      const uri = wordOf(childOf(item, "Source"), "LocURI")
        ?? wordOf(childOf(item, "Target"), "LocURI");
      if (nodeOf(uri) === undefined) {
        note("replace-devinfo", `Replace of ${quoted(uri)}`, "SyncBody/Replace/Item");
      }
    }
  }
}

function nodeOf(uri: string | undefined): string | undefined {
  return /^(?:\.\/)?DevInfo\/(.+)$/.exec(uri ?? "")?.[1];
}

export function isStart(command: Element): boolean {
  const code = command.name === "Alert" ? wordOf(command, "Data") : undefined;
  return code === "1200" || code === "1201";
}
