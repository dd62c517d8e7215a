import { childOf, childrenOf, type Element, elementsOf, wordOf } from "../element.ts";
import { type CheckId, CHECKS, type Deviation, FOUND_CHARS_MAX, type Note } from "./checks.ts";
import { checkDocument } from "./document.ts";
import { checkForm } from "./form.ts";
import { checkGroup } from "./groups.ts";
import { Ledger } from "./ledger.ts";
import { LoginAudit } from "./login.ts";
import { Objects } from "./objects.ts";
import { checkReports, type CorrelatorsOf } from "./scomo.ts";
import { checkReplaces, checkSetup, isStart } from "./setup.ts";

export interface AuditOptions {
  sessionId: string;
  /** The server has notified this session. */
  isNotified: boolean;
  correlatorsOf?: CorrelatorsOf;
}

/** A client's message as it came in. */
export interface Heard {
  root: Element;
  body: Uint8Array;
  /** Headers of the HTTP request; none is looked at where there was no HTTP. */
  http?: { contentType?: string | undefined; accept?: string | undefined };
  /** An x-syncml-hmac header came with it. */
  hasMac?: boolean;
}

const MEDIA_TYPE = "application/vnd.syncml.dm+wbxml";

/**
 * Holds a client against the documents through one session. It hears the messages of both sides, as
 * they are on the wire, and knows nothing of what the server makes of them.
 */
export class Audit {
  private readonly ledger = new Ledger();
  private readonly login = new LoginAudit();
  private readonly objects = new Objects();
  private msgId = 0;
  private target: string | undefined;
  private hasServerSpoken = false;
  private isOver = false;
  /** The client's last message closed its package. */
  private isClientDone = false;
  /** The server's last message closed its package, or asked for more of the client's. */
  private isServerDone = true;
  private bytesMax = Number.MAX_SAFE_INTEGER;
  private objectBytesMax = Number.MAX_SAFE_INTEGER;

  constructor(private readonly options: AuditOptions) {}

  /** Takes a message of the client that is no repetition. @returns what is wrong with it */
  hear(heard: Heard): Deviation[] {
    const header = childOf(heard.root, "SyncHdr")!;
    const body = childOf(heard.root, "SyncBody")!;
    const message = wordOf(header, "MsgID") ?? "";
    const found: Deviation[] = [];
    const note: Note = (check, what, path) => found.push(deviation(check, message, what, path));
    checkCarrier(heard, note);
    this.checkHeader(header, heard, note);
    checkForm(heard.root, note);
    if (this.isOver) {
      note("session-over", `message ${message} after the end of the session`);
      return found;
    }
    this.isClientDone = childOf(body, "Final") !== undefined;
    this.checkBody(header, body, note);
    return found;
  }

  /** Takes a message of the server. */
  say(root: Element): void {
    const header = childOf(root, "SyncHdr")!;
    const body = childOf(root, "SyncBody")!;
    const status = childrenOf(body, "Status").find((each) => wordOf(each, "CmdRef") === "0");
    this.login.say(status);
    this.ledger.enter(wordOf(header, "MsgID") ?? "", body);
    this.hasServerSpoken = true;
    this.objects.hearServer(body);
    const meta = childOf(header, "Meta");
    this.bytesMax = Number(wordOf(meta, "MaxMsgSize") ?? this.bytesMax);
    this.objectBytesMax = Number(wordOf(meta, "MaxObjSize") ?? this.objectBytesMax);
    const commands = elementsOf(body).filter(({ name }) => name !== "Status" && name !== "Final");
    const isFinal = childOf(body, "Final") !== undefined;
    const asksForMore = commands.some((command) => isAlert(command, "1222"));
    this.isServerDone = isFinal || (asksForMore && this.isServerDone);
    const hasChal = childOf(status, "Chal") !== undefined;
    this.isOver = (isFinal && this.isClientDone && commands.length === 0 && !hasChal)
      || commands.some((command) => isAlert(command, "1223"));
  }

  private checkHeader(header: Element, { body, hasMac }: Heard, note: Note): void {
    const { sessionId } = this.options;
    const version = wordOf(header, "VerDTD");
    const protocol = wordOf(header, "VerProto");
    if (version !== "1.2") note("header-verdtd", `VerDTD is ${version ?? "missing"}`);
    if (protocol !== "DM/1.2") note("header-verproto", `VerProto is ${protocol ?? "missing"}`);
    const own = wordOf(header, "SessionID");
    if (own !== sessionId) note("header-session", `SessionID is ${own ?? ""}, was ${sessionId}`);
    const text = wordOf(header, "MsgID") ?? "";
    if (text !== String(this.msgId + 1)) note("header-msgid", `MsgID ${text} after ${this.msgId}`);
    this.msgId = /^\d{1,9}$/.test(text) ? Number(text) : this.msgId + 1;
    const target = wordOf(childOf(header, "Target"), "LocURI") ?? "";
    if (target === "" || (this.target !== undefined && target !== this.target)) {
      note("header-target", `Target is "${target}", was "${this.target ?? ""}"`, "SyncHdr/Target");
    }
    this.target ??= target;
    this.login.checkHeader(header, hasMac === true, note);
    if (body.length > this.bytesMax) {
      note("size-message", `${body.length} bytes, MaxMsgSize is ${this.bytesMax}`);
    }
  }

  private checkBody(header: Element, body: Element, note: Note): void {
    const source = wordOf(childOf(header, "Source"), "LocURI") ?? "";
    const { isNotified, correlatorsOf } = this.options;
    if (!this.hasServerSpoken || this.login.mustRepeat) {
      checkSetup({ body, source, isNotified }, note);
    } else if (childrenOf(body, "Alert").some(isStart)) {
      note("setup-alert", "Alert 1200 or 1201 in a session that has begun", "SyncBody/Alert");
    }
    checkReplaces(body, note);
    this.checkAnswers(body, note);
    this.objects.check(body, this.objectBytesMax, note);
    checkReports(body, correlatorsOf ?? (() => undefined), note);
    this.checkEnd(body, note);
  }

  /** Status and Results, in the order in which they stand. */
  private checkAnswers(body: Element, note: Note): void {
    let hasHeaderStatus = false;
    let place = 0;
    let hasTakenChunk = false;
    for (const part of elementsOf(body)) {
      if (part.name === "Results") this.ledger.takeResults(part, note);
      if (part.name !== "Status") continue;
      if (wordOf(part, "CmdRef") === "0") {
        if (hasHeaderStatus || place > 0) {
          note("status-header-first", "Status for SyncHdr is not the first");
        }
        hasHeaderStatus = true;
        this.login.checkStatus(part, note);
      } else this.ledger.takeStatus(part, this.login.headerCode, note);
      hasTakenChunk ||= wordOf(part, "Data") === "213";
      place++;
    }
    if (!hasHeaderStatus && this.hasServerSpoken) note("status-header", "no Status for SyncHdr");
    if (hasTakenChunk && !hasAlert(body, "1222")) {
      note("next-missing", "a chunk was taken, and there is no Alert 1222");
    }
  }

  /** What holds once the client has said all it has to say. */
  private checkEnd(body: Element, note: Note): void {
    if (hasAlert(body, "1223")) {
      this.isOver = true;
      this.ledger.settle();
      return;
    }
    if (hasAlert(body, "1225")) this.ledger.interrupt();
    if (childOf(body, "Final") === undefined) {
      const isAll = this.ledger.isComplete && !this.objects.isOpen;
      if (this.hasServerSpoken && this.isServerDone && isAll && hasAlert(body, "1222")) {
        note("final-missing", "Alert 1222, and everything has been answered");
      }
      return;
    }
    if (!this.isServerDone) note("final-early", "Final before the server's");
    for (const group of this.ledger.groups) checkGroup(group, note);
    this.ledger.close(note);
  }
}

function checkCarrier({ body, http }: Heard, note: Note): void {
  checkDocument(body, note);
  if (http === undefined) return;
  const type = http.contentType?.split(";")[0]?.trim().toLowerCase();
  if (type !== MEDIA_TYPE) note("http-content-type", `Content-Type is ${type ?? "missing"}`);
  const accepted = (http.accept ?? "").toLowerCase().split(",")
    .map((each) => each.split(";")[0]!.trim());
  const wanted = [MEDIA_TYPE, "application/*", "*/*"];
  if (http.accept === undefined || !accepted.some((each) => wanted.includes(each))) {
    note("http-accept", `Accept is ${http.accept ?? "missing"}`);
  }
}

export function deviation(
  check: CheckId, message: string, what: string, path?: string,
): Deviation {
  const { clause, sentence } = CHECKS[check];
  const found = what.length > FOUND_CHARS_MAX ? `${what.slice(0, FOUND_CHARS_MAX - 1)}…` : what;
  return { check, clause, sentence, message, found, ...(path === undefined ? {} : { path }) };
}

function hasAlert(body: Element, code: string): boolean {
  return elementsOf(body).some((command) => isAlert(command, code));
}

function isAlert(command: Element, code: string): boolean {
  return command.name === "Alert" && wordOf(command, "Data") === code;
}
