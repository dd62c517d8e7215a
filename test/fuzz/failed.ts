// A message without the commands that failed in it, by the Statuses of the reply. Both are written
// by the reference server's codec.
import {
  childOf, decode, type Element, elementsOf, encode, isElement, wordOf,
} from "../../host/demo/server/wbxml.ts";

/** 214 to 216: cancelled, not executed, rolled back. */
const isDone = (code: number): boolean => code < 300 && (code < 214 || code > 216);

export function statusesOf(reply: Uint8Array | undefined): Element[] {
  const body = reply === undefined ? undefined : childOf(decode(reply), "SyncBody");
  return body === undefined ? [] : elementsOf(body).filter(({ name }) => name === "Status");
}

/**
 * The message, and what is left of it.
 *
 * @returns nothing where no command failed, or where the reply does not tell which
 */
export function withoutFailed(
  message: Uint8Array, reply: Uint8Array | undefined,
): [Uint8Array, Uint8Array] | undefined {
  const codes = codesOf(reply);
  let root: Element;
  try {
    root = decode(message);
  } catch {
    return undefined;
  }
  const body = childOf(root, "SyncBody");
  if (body === undefined || !areDistinct(body)) return undefined;
  const whole = encode(root);
  return dropFrom(body, codes) > 0 ? [whole, encode(root)] : undefined;
}

/** Codes of each command's Statuses by its CmdID. */
function codesOf(reply: Uint8Array | undefined): Map<string, number[]> {
  const codes = new Map<string, number[]>();
  for (const status of statusesOf(reply)) {
    const ref = wordOf(status, "CmdRef") ?? "";
    if (wordOf(status, "Cmd") === "SyncHdr") continue;
    codes.set(ref, [...(codes.get(ref) ?? []), Number(wordOf(status, "Data"))]);
  }
  return codes;
}

function areDistinct(body: Element): boolean {
  const ids = commandsIn(body).map((command) => wordOf(command, "CmdID"));
  return ids.every((id) => id !== undefined) && new Set(ids).size === ids.length;
}

function isCommand(part: Element): boolean {
  return childOf(part, "CmdID") !== undefined && part.name !== "Status" && part.name !== "Results";
}

function commandsIn(parent: Element): Element[] {
  return elementsOf(parent)
    .filter(isCommand)
    .flatMap((command) => [command, ...commandsIn(command)]);
}

/** Takes out what failed whole. An Alert stays: what a person said counts for what follows. */
function dropFrom(parent: Element, codes: ReadonlyMap<string, number[]>): number {
  let dropped = 0;
  parent.children = parent.children.filter((part) => {
    if (!isElement(part) || !isCommand(part) || part.name === "Alert") return true;
    const own = codes.get(wordOf(part, "CmdID")!) ?? [];
    if (own.length > 0 && !own.some(isDone)) {
      dropped++;
      return false;
    }
    if (part.name === "Sequence") dropped += dropFrom(part, codes);
    return true;
  });
  return dropped;
}
