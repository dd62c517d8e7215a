import { childOf, childrenOf, type Element, elementsOf, textOf, wordOf } from "./element.ts";

// What a client does against the DM Representation Protocol, seen in one message by itself.
// What depends on the messages before it is found in session.ts and outgoing.ts.

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
  Meta: "Format? Type? Mark? Size? NextNonce? MaxMsgSize? MaxObjSize? EMI?",
};

const COMMANDS: readonly string[] = ["Alert", "Replace", "Results", "Status"];

/** Nodes of ./DevInfo that the first message must bring. @spec DM PRO 1.2 §8.3 */
const DEV_INFO: readonly string[] = ["DevId", "Man", "Mod", "DmV", "Lang"];

/** Deviations in the form of a message, each a sentence without a full stop. */
export function checkForm(root: Element): string[] {
  const found: string[] = [];
  checkElement(root, root.name, found);
  checkBody(childOf(root, "SyncBody"), found);
  return found;
}

/** Recursion is bounded by the decoder's depth limit. */
function checkElement(parent: Element, path: string, found: string[]): void {
  const model = MODELS[parent.name];
  if (model !== undefined) checkModel(parent, model.split(" "), path, found);
  if (parent.name === "Data") return;
  for (const child of elementsOf(parent)) checkElement(child, `${path}/${child.name}`, found);
}

function checkModel(parent: Element, model: string[], path: string, found: string[]): void {
  const names = model.map((entry) => entry.replace(/[?*+]$/, ""));
  let place = 0;
  for (const { name } of elementsOf(parent)) {
    const index = names.indexOf(name);
    if (index < 0) found.push(`${path}: ${name} has no place here`);
    else if (index < place) found.push(`${path}: ${name} comes too late`);
    else place = index;
  }
  model.forEach((entry, index) => {
    const { length } = childrenOf(parent, names[index]!);
    const isOptional = /[?*]$/.test(entry);
    const isMany = /[*+]$/.test(entry);
    if (length === 0 && !isOptional) found.push(`${path}: ${names[index]} is missing`);
    if (length > 1 && !isMany) found.push(`${path}: ${names[index]} more than once`);
  });
}

function checkBody(body: Element | undefined, found: string[]): void {
  if (body === undefined) return;
  const children = elementsOf(body);
  const cmdIds = new Set<string>();
  for (const [index, child] of children.entries()) {
    if (child.name === "Final") {
      if (index !== children.length - 1) found.push("SyncBody: Final is not last");
      continue;
    }
    if (!COMMANDS.includes(child.name)) found.push(`SyncBody: a client sends no ${child.name}`);
    const cmdId = wordOf(child, "CmdID") ?? "";
    if (cmdId === "0") found.push(`${child.name}: CmdID 0`);
    if (cmdIds.has(cmdId)) found.push(`${child.name}: CmdID ${cmdId} is used twice`);
    cmdIds.add(cmdId);
    checkCommand(child, cmdId, found);
  }
}

function checkCommand(command: Element, cmdId: string, found: string[]): void {
  const data = wordOf(command, "Data") ?? "";
  if (command.name === "Status" && !/^\d{3}$/.test(data)) {
    found.push(`Status ${cmdId}: Data is not three digits: ${JSON.stringify(data)}`);
  }
  if (command.name === "Alert" && !/^1[12]\d\d$/.test(data)) {
    found.push(`Alert ${cmdId}: Data is no alert code: ${JSON.stringify(data)}`);
  }
  if (command.name === "Results") checkSizes(command, cmdId, found);
}

/** Size of an undivided object counts its data as carried. */
function checkSizes(results: Element, cmdId: string, found: string[]): void {
  for (const item of childrenOf(results, "Item")) {
    const size = wordOf(childOf(item, "Meta"), "Size");
    if (size === undefined || childOf(item, "MoreData") !== undefined) continue;
    const { length } = new TextEncoder().encode(textOf(childOf(item, "Data")) ?? "");
    if (Number(size) !== length) found.push(`Results ${cmdId}: Size ${size} for ${length} bytes`);
  }
}

/** Deviations in the content of the first message of a session. */
export function checkFirst(root: Element): string[] {
  const found: string[] = [];
  const body = childOf(root, "SyncBody");
  if (body === undefined) return found;
  const starts = childrenOf(body, "Alert").filter((alert) => isStart(wordOf(alert, "Data")));
  if (starts.length !== 1) found.push(`first message: ${starts.length} Alerts 1200 or 1201`);
  const items = childrenOf(body, "Replace").flatMap((replace) => childrenOf(replace, "Item"));
  const uris = new Set(items.map((item) => wordOf(childOf(item, "Source"), "LocURI")));
  for (const name of DEV_INFO) {
    if (!uris.has(`./DevInfo/${name}`)) found.push(`first message: ./DevInfo/${name} is missing`);
  }
  return found;
}

function isStart(code: string | undefined): boolean {
  return code === "1200" || code === "1201";
}
