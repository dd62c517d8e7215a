// A session as the wire has it, for tests of the audit: messages of a client and of a server made
// of elements, each encoded by the tests' own writer.
import { Audit, type AuditOptions } from "../../host/demo/server/audit/audit.ts";
import type { CheckId, Deviation } from "../../host/demo/server/audit/checks.ts";
import { decode, element as e, type Element } from "../../host/demo/server/wbxml.ts";
import { encodeTree, type Head, type Tree } from "./encode.ts";

export type Part = Element | string | undefined;

export const DEVICE = "IMEI:1";
export const SERVER = "http://127.0.0.1:8080/dm";
export const SESSION = "2A";

/** What a header says other than usual; null leaves an element out. */
export interface HeaderOf {
  msgId?: string;
  sessionId?: string;
  verDtd?: string;
  verProto?: string;
  target?: string;
  source?: string;
  locName?: string;
  cred?: Element | undefined;
  maxMsgSize?: number;
  maxObjSize?: number;
}

export interface Transport {
  contentType?: string;
  accept?: string;
  hasMac?: boolean;
  head?: Head;
}

/** Both sides of one session, heard by an audit. */
export class Dialogue {
  readonly found: Deviation[] = [];
  /** Bytes of the client's last message. */
  byteCount = 0;
  private readonly audit: Audit;
  private forgiven: CheckId[] = [];
  private clientId = 0;
  private serverId = 0;

  constructor(options: Partial<AuditOptions> = {}) {
    this.audit = new Audit({ sessionId: SESSION, isNotified: false, ...options });
  }

  /** A message of the client; CmdIDs that are left open are counted. */
  client(parts: Part[], header: HeaderOf = {}, transport: Transport = {}): this {
    this.clientId++;
    const root = messageOf({ msgId: String(this.clientId), ...header }, parts);
    const body = encodeTree(root as Tree, transport.head);
    this.byteCount = body.length;
    const { contentType, accept, hasMac } = transport;
    const isByHttp = contentType !== undefined || accept !== undefined;
    this.found.push(...this.audit.hear({
      root: decode(body, { typeIsKnown: true }), body,
      ...(isByHttp ? { http: { contentType, accept } } : {}),
      ...(hasMac === undefined ? {} : { hasMac }),
    }));
    return this;
  }

  server(parts: Part[], header: HeaderOf = {}): this {
    this.serverId++;
    const usual = { msgId: String(this.serverId), target: DEVICE, source: SERVER };
    this.audit.say(decode(encodeTree(messageOf({ ...usual, ...header }, parts) as Tree)));
    return this;
  }

  /** Package #1 and a server that takes it and orders `commands`. */
  begun(...commands: Part[]): this {
    return this.client(packageOne()).server([...accepted(), ...commands, e("Final")]);
  }

  /** Leaves out what cannot but follow from the fault that is meant. */
  forgive(...checks: CheckId[]): this {
    this.forgiven = checks;
    return this;
  }

  /** Ids of what was found, each once. */
  get checks(): CheckId[] {
    const ids = this.found.map(({ check }) => check);
    return [...new Set(ids)].filter((check) => !this.forgiven.includes(check));
  }
}

/** A message as elements: without more, one of the client. */
export function messageOf(of: HeaderOf & { msgId: string }, parts: Part[]): Element {
  const { maxMsgSize, maxObjSize } = of;
  const sizes = e(
    "Meta",
    maxMsgSize === undefined ? undefined : e("MaxMsgSize", maxMsgSize),
    maxObjSize === undefined ? undefined : e("MaxObjSize", maxObjSize),
  );
  const header = e(
    "SyncHdr", e("VerDTD", of.verDtd ?? "1.2"), e("VerProto", of.verProto ?? "DM/1.2"),
    e("SessionID", of.sessionId ?? SESSION), e("MsgID", of.msgId),
    e("Target", e("LocURI", of.target ?? SERVER)),
    e("Source", e("LocURI", of.source ?? DEVICE), of.locName && e("LocName", of.locName)),
    of.cred, sizes.children.length > 0 ? sizes : undefined,
  );
  const made = parts.filter((part): part is Element => typeof part === "object");
  number(made, 1);
  return e("SyncML", header, e("SyncBody", ...made));
}

/** CmdIDs of `?` count through the message, members of groups included. */
function number(parts: readonly Element[], first: number): number {
  let next = first;
  for (const part of parts) {
    const [id] = part.children;
    if (typeof id === "object" && "name" in id && id.name === "CmdID" && id.children[0] === "?") {
      id.children = [String(next)];
    }
    if (part.name !== "Final") next++;
    if (part.name === "Atomic" || part.name === "Sequence") {
      next = number(part.children.filter((child): child is Element =>
        typeof child === "object" && "name" in child && child.name !== "CmdID"), next);
    }
  }
  return next;
}

export function command(name: string, ...parts: Part[]): Element {
  return e(name, e("CmdID", "?"), ...parts);
}

export function to(uri: string, ...parts: Part[]): Element {
  return e("Item", e("Target", e("LocURI", uri)), ...parts);
}

export function from(uri: string, ...parts: Part[]): Element {
  return e("Item", e("Source", e("LocURI", uri)), ...parts);
}

export function alert(code: number, ...parts: Part[]): Element {
  return command("Alert", e("Data", code), ...parts);
}

/** A Status for `name` with that CmdID in message 1 of the other side. */
export function status(cmdRef: string, name: string, code: number | string, ...more: Part[]) {
  return answer("1", cmdRef, name, code, ...more);
}

export function answer(
  msgRef: string, cmdRef: string, name: string, code: number | string, ...more: Part[]
): Element {
  return command(
    "Status", e("MsgRef", msgRef), e("CmdRef", cmdRef), e("Cmd", name), ...more, e("Data", code),
  );
}

export function header(code = 200, msgRef = "1", ...more: Part[]): Element {
  return answer(msgRef, "0", "SyncHdr", code, ...more);
}

export function results(cmdRef: string, ...items: Part[]): Element {
  return command("Results", e("MsgRef", "1"), e("CmdRef", cmdRef), ...items);
}

export function deviceInfo(...nodes: string[]): Element {
  return command("Replace", ...nodes.map((node) => from(
    `./DevInfo/${node}`, e("Data", node === "DevId" ? DEVICE : "x"),
  )));
}

export const NODES = ["DevId", "Man", "Mod", "DmV", "Lang"];

export function packageOne(...more: Part[]): Part[] {
  return [alert(1201), deviceInfo(...NODES), ...more, e("Final")];
}

/** What a server says to Package #1. */
export function accepted(code = 200, ...more: Part[]): Part[] {
  return [header(code, "1", ...more), status("1", "Alert", 200), status("2", "Replace", 200)];
}

/** Challenge of one side to the other. */
export function chal(type = "syncml:auth-md5", format = "b64", nonce = "Tm9uY2U="): Element {
  return e("Chal", e(
    "Meta", format === "" ? undefined : e("Format", format), e("Type", type),
    nonce === "" ? undefined : e("NextNonce", nonce),
  ));
}

export function cred(type = "syncml:auth-md5", format = "b64"): Element {
  return e(
    "Cred", e("Meta", format === "" ? undefined : e("Format", format), e("Type", type)),
    e("Data", "Zz6EivR3yeaaENcRN6lpAQ=="),
  );
}

export { e };
