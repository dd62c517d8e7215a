import { childOf, type Element, wordOf } from "../element.ts";
import { type Note, quoted } from "./checks.ts";
import { mayAnswerHeader } from "./codes.ts";

const MD5 = "syncml:auth-md5";
const MAC = "syncml:auth-mac";
const BASIC = "syncml:auth-basic";

/** Holds the credentials of both sides against the rules, through one session. */
export class LoginAudit {
  /** Code of our Status for the client's last message, 0 before any. */
  private ourCode = 0;
  /** Scheme of our last challenge, in lower case. */
  private demanded: string | undefined;
  private hadCredentials = false;
  private hadMac = false;
  private isForSession = false;
  private wasChallenged = false;
  /** Code of the client's last Status for our header. */
  private theirCode = 200;

  /** What the client last said to our header. */
  get headerCode(): number {
    return this.theirCode;
  }

  /** The client's last message was answered 401 or 407: it comes again. */
  get mustRepeat(): boolean {
    return this.ourCode === 401 || this.ourCode === 407;
  }

  /** Notes what the server says to the client's message. */
  say(headerStatus: Element | undefined): void {
    const chal = childOf(childOf(headerStatus, "Chal"), "Meta");
    this.ourCode = Number(wordOf(headerStatus, "Data") ?? 0);
    this.demanded = this.mustRepeat ? wordOf(chal, "Type")?.toLowerCase() : undefined;
    this.isForSession ||= this.ourCode === 212;
    if (this.mustRepeat) this.isForSession = false;
  }

  /** Looks at the credentials of the client's next message. */
  checkHeader(header: Element, hasMac: boolean, note: Note): void {
    const cred = childOf(header, "Cred");
    if (cred === undefined) this.checkAbsence(hasMac, note);
    else this.checkCred(cred, note);
    const scheme = cred === undefined ? undefined
      : wordOf(childOf(cred, "Meta"), "Type")?.toLowerCase();
    const needsName = scheme === MD5 || hasMac;
    if (needsName && !wordOf(childOf(header, "Source"), "LocName")) {
      note("cred-locname", "Source has no LocName", "SyncHdr/Source");
    }
    const mustHaveMac = this.demanded === MAC || this.hadMac;
    if (mustHaveMac && !hasMac) note("mac-missing", "no x-syncml-hmac header");
    this.hadCredentials = cred !== undefined;
    this.hadMac ||= hasMac;
  }

  private checkAbsence(hasMac: boolean, note: Note): void {
    const isDemanded = this.demanded === MD5 || this.demanded === BASIC;
    const isPerMessage = this.ourCode === 200 && this.hadCredentials;
    if (hasMac || (!isDemanded && !isPerMessage)) return;
    const why = isDemanded ? `after a challenge for ${this.demanded}` : "after 200 for a Cred";
    note("cred-missing", `no Cred ${why}`, "SyncHdr");
  }

  private checkCred(cred: Element, note: Note): void {
    const path = "SyncHdr/Cred";
    const meta = childOf(cred, "Meta");
    const type = wordOf(meta, "Type")?.toLowerCase();
    if (this.isForSession) note("cred-after-212", "Cred after 212", path);
    const isOther = this.demanded !== undefined && this.demanded !== MAC && type !== this.demanded;
    if (type === undefined || type === MAC || isOther) {
      const asked = isOther ? `, ${this.demanded} was asked for` : "";
      note("cred-scheme", `Type is ${quoted(type)}${asked}`, path);
    }
    const format = wordOf(meta, "Format");
    if (format !== "b64") note("cred-format", `Format is ${quoted(format)}`, path);
  }

  /** Looks at the client's Status for our header. */
  checkStatus(status: Element, note: Note): void {
    const code = Number(wordOf(status, "Data"));
    const label = `Status ${wordOf(status, "CmdID") ?? ""} for SyncHdr`;
    if (!mayAnswerHeader(code)) note("status-code", `${label}: ${code}`);
    const chal = childOf(status, "Chal");
    const isRefusal = code === 401 || code === 407;
    if (isRefusal && chal === undefined && !this.wasChallenged) {
      note("chal-missing", `${label}: ${code} without Chal`);
    }
    this.wasChallenged ||= isRefusal;
    this.theirCode = code;
    if (chal !== undefined) checkChal(chal, label, note);
  }
}

function checkChal(chal: Element, label: string, note: Note): void {
  const meta = childOf(chal, "Meta");
  const type = wordOf(meta, "Type")?.toLowerCase();
  if (type === undefined || ![MD5, MAC, BASIC].includes(type)) {
    note("chal-form", `${label}: Type of Chal is ${quoted(type)}`);
    return;
  }
  const format = wordOf(meta, "Format");
  const nonce = wordOf(meta, "NextNonce");
  if (format !== "b64") note("chal-form", `${label}: Format of Chal is ${quoted(format)}`);
  if (type !== BASIC && !nonce) note("chal-form", `${label}: Chal without NextNonce`);
}
