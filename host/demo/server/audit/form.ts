import { childOf, childrenOf, type Element, elementsOf, wordOf } from "../element.ts";
import { type Note, quoted } from "./checks.ts";

// What can be seen in one message by itself, without the messages before it.

/** Content models of what a client may send; `?` optional, `*` any number, `+` at least one. */
const MODELS: Readonly<Record<string, string>> = {
  SyncML: "SyncHdr SyncBody",
  SyncHdr: "VerDTD VerProto SessionID MsgID Target Source RespURI? Cred? Meta?",
  Target: "LocURI LocName?",
  Source: "LocURI LocName?",
  Cred: "Meta Data",
  Chal: "Meta",
  Item: "Target? Source? Meta? Data? MoreData?",
  Replace: "CmdID Meta? Item+",
  Alert: "CmdID Data Correlator? Item*",
  Status: "CmdID MsgRef CmdRef Cmd TargetRef* SourceRef* Chal? Data Item*",
  Results: "CmdID MsgRef? CmdRef Meta? TargetRef? SourceRef? Item+",
  Meta: "Format? Type? Mark? Size? NextNonce? MaxMsgSize? MaxObjSize? EMI*",
};

/** The DTD gives the children of Meta no order, and neither do the examples of the documents. */
const UNORDERED: readonly string[] = ["Meta"];

/** Has a check of its own, with a message that a session cannot go on without. */
const CHECKED_APART = "CmdID";

const COMMANDS: readonly string[] = ["Alert", "Replace", "Results", "Status"];
const ALERT_CODES: readonly string[] = ["1200", "1201", "1222", "1223", "1224", "1225", "1226"];
const MARKS: readonly string[] = [
  "fatal", "critical", "minor", "warning", "informational", "harmless", "indeterminate",
];

export function checkForm(root: Element, note: Note): void {
  checkElement(root, root.name, note);
  const body = childOf(root, "SyncBody");
  if (body !== undefined) checkBody(body, note);
}

/** Recursion is bounded by the decoder's depth limit. */
function checkElement(parent: Element, path: string, note: Note): void {
  const model = MODELS[parent.name];
  if (model !== undefined) checkModel(parent, model.split(" "), path, note);
  if (parent.name === "Data" || parent.name === "EMI") return;
  for (const child of elementsOf(parent)) checkElement(child, `${path}/${child.name}`, note);
}

function checkModel(parent: Element, model: string[], path: string, note: Note): void {
  const names = model.map((entry) => entry.replace(/[?*+]$/, ""));
  const isOrdered = !UNORDERED.includes(parent.name);
  let place = 0;
  for (const { name } of elementsOf(parent)) {
    const index = names.indexOf(name);
    if (index < 0) note("form-child", `${name} has no place here`, path);
    else if (index < place && isOrdered) note("form-order", `${name} comes too late`, path);
    else place = index;
  }
  model.forEach((entry, index) => {
    const name = names[index]!;
    const { length } = childrenOf(parent, name);
    if (length === 0 && !/[?*]$/.test(entry) && name !== CHECKED_APART) {
      note("form-missing", `${name} is missing`, path);
    }
    if (length > 1 && !/[*+]$/.test(entry)) note("form-repeated", `${name} more than once`, path);
  });
}

function checkBody(body: Element, note: Note): void {
  const children = elementsOf(body);
  const commands = children.filter(({ name }) => name !== "Final");
  if (commands.length === 0) note("form-empty", "no command", "SyncBody");
  const final = children.findIndex(({ name }) => name === "Final");
  if (final >= 0 && final !== children.length - 1) {
    note("final-last", "Final is not last", "SyncBody");
  }
  if (children.length - commands.length > 1) {
    note("form-repeated", "Final more than once", "SyncBody");
  }
  const cmdIds = new Set<string>();
  for (const command of commands) {
    const { name } = command;
    if (!COMMANDS.includes(name)) note("body-command", `a client sends no ${name}`, "SyncBody");
    const cmdId = wordOf(command, "CmdID") ?? "";
    const path = `SyncBody/${name}`;
    if (cmdId === "") note("cmdid-missing", `${name} without CmdID`, path);
    else if (cmdId === "0") note("cmdid-zero", `${name} has CmdID 0`, path);
    else if (cmdIds.has(cmdId)) note("cmdid-unique", `CmdID ${quoted(cmdId)} again`, path);
    cmdIds.add(cmdId);
    checkCommand(command, `${name} ${cmdId}`, note);
  }
}

function checkCommand(command: Element, label: string, note: Note): void {
  const data = wordOf(command, "Data");
  if (command.name === "Status") {
    if (data !== undefined && !/^\d{3}$/.test(data)) {
      note("status-data", `${label}: Data is ${quoted(data)}`);
    }
    const isOfHeader = wordOf(command, "CmdRef") === "0";
    if (!isOfHeader && childOf(command, "Chal") !== undefined) {
      note("chal-place", `${label} has a Chal`);
    }
  }
  if (command.name === "Alert" && data !== undefined) checkAlert(command, data, label, note);
}

function checkAlert(alert: Element, code: string, label: string, note: Note): void {
  const items = childrenOf(alert, "Item");
  if (!ALERT_CODES.includes(code)) note("alert-code", `${label}: Data is ${quoted(code)}`);
  if ((code === "1222" || code === "1223") && items.length > 0) {
    note("alert-items", `${label}: ${code} with an Item`);
  }
  if (code === "1225" && !items.some(hasPlace)) {
    note("alert-interrupted", `${label}: 1225 names nothing`);
  }
  if (code !== "1224" && code !== "1226") return;
  const check = code === "1224" ? "event-item" : "generic-item";
  if (items.length === 0) note(check, `${label}: no Item`);
  for (const item of items) {
    const meta = childOf(item, "Meta");
    const missing = ["Type", "Format"].filter((name) => !wordOf(meta, name));
    if (childOf(item, "Data") === undefined) missing.push("Data");
    if (missing.length > 0) note(check, `${label}: an Item without ${missing.join(", ")}`);
    const mark = wordOf(meta, "Mark");
    if (mark !== undefined && !MARKS.includes(mark)) {
      note("generic-mark", `${label}: Mark is ${quoted(mark)}`);
    }
  }
}

function hasPlace(item: Element): boolean {
  return ["Target", "Source"].some((name) => Boolean(wordOf(childOf(item, name), "LocURI")));
}
