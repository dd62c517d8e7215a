import { Audit, deviation, type Heard } from "./audit/audit.ts";
import { type CheckId, type Deviation, isFatal, lineOf } from "./audit/checks.ts";
import { linesOf, type SessionReport } from "./audit/report.ts";
import { isEqual } from "./bytes.ts";
import { addDeviation, type Device } from "./devices.ts";
import type { Element } from "./element.ts";
import type { DeviceEvent } from "./events.ts";
import type { Script } from "./inventory.ts";
import { ClientLogin, ServerLogin, type Verdict } from "./login.ts";
import {
  type Alert, type Command, type Header, type Message, nameOfCommand, type Status, textOfData,
  type TreeCommand,
} from "./message.ts";
import { manage, type Management } from "./orders.ts";
import { type Frame, Outgoing } from "./outgoing.ts";
import type { Account, Policy } from "./policy.ts";
import { takeReport } from "./reports.ts";
import type { PackageContents } from "./resolve.ts";

export interface SessionOptions {
  sessionId: string;
  device: Device;
  policy: Policy;
  account: Account | undefined;
  /** A deviation without which the session means nothing ends it with Alert 1223. */
  isStrict: boolean;
  /** What the server does in the session; by default what the policy wants. */
  script?: ScriptOf;
  makeNonce(): Uint8Array;
  urlOf(path: string): string;
  bytesOf(path: string): Uint8Array | undefined;
  contentsOf(path: string): PackageContents | undefined;
  emit(event: DeviceEvent): void;
}

/** One message with what the transport said of it. */
export interface Incoming extends Heard {
  message: Message;
  /** Value of the x-syncml-hmac header. */
  hmac?: string;
}

/** Makes what a server does in one session. */
export type ScriptOf = (management: Management) => Script;

export interface Reply {
  body: Uint8Array;
  hmac?: string;
}

const NEXT_MESSAGE = 1222;
const SESSION_ABORT = 1223;
const NO_END_OF_DATA = 1225;

/** Messages in one session; a client that goes on for ever is cut off. */
const MESSAGE_COUNT_MAX = 500;
/** Kept in the report of one session. */
const DEVIATION_COUNT_MAX = 200;

/**
 * The server's side of one DM session: each call of `receive` takes a message and gives the answer.
 *
 * Nothing here waits or knows of HTTP. The session is over when `isClosed`.
 */
export class Session {
  isClosed = false;
  readonly report: SessionReport;

  private readonly audit: Audit;
  private readonly outgoing = new Outgoing();
  private readonly clientLogin: ClientLogin;
  private readonly serverLogin: ServerLogin;
  private readonly device: Device;
  private script: Script | undefined;
  private hasBegun = false;
  private isNotified = false;
  /** Our last package has gone out whole, with Final. */
  private isPackageComplete = true;
  private sentCount = 0;
  private receivedId = 0;
  private clientBytesMax = Number.MAX_SAFE_INTEGER;
  private clientObjectBytesMax = Number.MAX_SAFE_INTEGER;
  private lastRequest: Uint8Array | undefined;
  private lastReply: Reply | undefined;
  private headerCode = 0;
  /** A strict server has seen enough. */
  private isBroken = false;
  /** The script is done: the session ends with the next Final. */
  private isEnding = false;
  /** Status of SyncHdr for what comes after the end. */
  private endCode = 200;

  constructor(private readonly options: SessionOptions) {
    const { device, account, policy, makeNonce } = options;
    this.device = device;
    const { sessionId } = options;
    const isNotified = device.notified.some((each) => each.sessionId === sessionId);
    this.report = {
      device: device.id, sessionId, state: "open", messages: 0, deviations: [],
    };
    this.audit = new Audit({
      sessionId, isNotified, correlatorsOf: (source) => correlatorsOf(device, source),
    });
    this.clientLogin = new ClientLogin(device, account, makeNonce);
    this.serverLogin = new ServerLogin(device, policy.server);
  }

  get sessionId(): string {
    return this.options.sessionId;
  }

  /** The stored answer, if these are the bytes of the last message again. */
  repeated(body: Uint8Array): Reply | undefined {
    const isSame = this.lastRequest !== undefined && isEqual(this.lastRequest, body);
    return isSame ? this.lastReply : undefined;
  }

  /** Takes a message that is no repetition, and answers it. */
  receive(incoming: Incoming): Reply {
    const { message, root, body, hmac } = incoming;
    const { header } = message;
    this.tellMessage("in", body, root);
    this.receivedId = Number(header.msgId);
    this.report.messages++;
    for (const found of this.audit.hear({ ...incoming, hasMac: hmac !== undefined })) {
      this.note(found);
    }
    this.clientBytesMax = header.maxMsgBytes ?? this.clientBytesMax;
    this.clientObjectBytesMax = header.maxObjBytes ?? this.clientObjectBytesMax;
    const reply = this.isClosed ? this.answerLate(message) : this.answer(incoming);
    this.lastRequest = body;
    this.lastReply = reply;
    return reply;
  }

  /** A client has nothing to say after the end; it is told so in a way that asks for no answer. */
  private answerLate(message: Message): Reply {
    this.tellReport();
    this.outgoing.begin([]);
    return this.compose(message, this.headerStatus(message, this.endCode));
  }

  private answer(incoming: Incoming): Reply {
    const { message, body, hmac } = incoming;
    const version = versionFault(message.header);
    if (version !== undefined) {
      this.endCode = version.code;
      this.close("abort", `it speaks no ${textOfData(version.items?.[0])}`);
      return this.compose(message, { ...this.headerStatus(message, version.code), ...version });
    }
    const verdict = this.clientLogin.check(message.header, body, hmac);
    this.tellClientLogin(verdict);
    const header = this.headerStatus(message, verdict.code);
    if (verdict.challenge !== undefined) header.challenge = verdict.challenge;
    if (verdict.code === 401 || verdict.code === 407) {
      return this.refuse(message, header, verdict.isOver);
    }
    this.headerCode = 0;
    for (const status of this.take(message)) this.outgoing.owe(status);
    if (this.isBroken) return this.abort(message, "deviation from the protocol");
    return this.proceed(message, header);
  }

  /** A failure answer has Status elements only: one for each command. */
  private refuse(message: Message, header: Status, isOver: boolean): Reply {
    for (const command of message.commands) {
      if (command.kind === "Status" || command.kind === "Results") continue;
      this.outgoing.owe(statusFor(message, command, header.code));
    }
    if (isOver) {
      this.endCode = header.code;
      this.close("abort", "the client could not prove itself");
    }
    return this.compose(message, header);
  }

  /** Runs through the commands in order. @returns the Status elements that they are owed */
  private take(message: Message): Status[] {
    const owed: Status[] = [];
    for (const command of message.commands) {
      if (command.kind !== "Status") owed.push(...this.takeCommand(message, command));
      else if (command.cmdRef === "0") this.takeHeaderStatus(command);
      else this.outgoing.answer(command);
    }
    return owed;
  }

  private takeCommand(message: Message, command: Command): Status[] {
    switch (command.kind) {
      case "Results": {
        const code = this.outgoing.results(command, this.options.policy.maxObjSize);
        return code === undefined ? [] : [statusFor(message, command, code)];
      }
      case "Alert":
        return this.takeAlert(message, command);
      case "Replace":
        return [statusFor(message, command, this.takeReplace(command))];
      default:
        return [statusFor(message, command, command.kind === "Unknown" ? 501 : 405)];
    }
  }

  private takeReplace({ items }: TreeCommand): number {
    for (const item of items) {
      const uri = item.source ?? item.target;
      if (uri === undefined || !uri.startsWith("./DevInfo/")) return 405;
      this.device.info.set(uri, textOfData(item) ?? "");
    }
    return 200;
  }

  private takeAlert(message: Message, alert: Alert): Status[] {
    switch (alert.code) {
      case 1200: case 1201:
        this.begin(alert.code);
        return [statusFor(message, alert, 200)];
      case SESSION_ABORT:
        this.close("abort", "the client ends it");
        return [statusFor(message, alert, 200)];
      case NO_END_OF_DATA:
        this.outgoing.interrupt();
        return [statusFor(message, alert, 200)];
      case NEXT_MESSAGE: case 1224:
        return [statusFor(message, alert, 200)];
      case 1226:
        return this.takeGenericAlert(message, alert);
      default:
        return [statusFor(message, alert, 406)];
    }
  }

  /** One Status for all Items, or one each where their codes differ. */
  private takeGenericAlert(message: Message, alert: Alert): Status[] {
    if (alert.items.length === 0) return [statusFor(message, alert, 412)];
    const statuses = alert.items.map((item) => {
      const { code, result, isRepeated } = takeReport(this.device, alert, item);
      if (result !== undefined) {
        const text = `${result.identifier}: ${result.code} of ${result.source}`
          + (isRepeated ? `, reported ${result.count} times` : "");
        this.options.emit({ kind: "alert", text, result, isRepeated });
      }
      return {
        ...statusFor(message, alert, code),
        ...(item.target === undefined ? {} : { targetRefs: [item.target] }),
        ...(item.source === undefined ? {} : { sourceRefs: [item.source] }),
      };
    });
    const isUniform = statuses.every(({ code }) => code === statuses[0]!.code);
    return isUniform ? [statusFor(message, alert, statuses[0]!.code)] : statuses;
  }

  private begin(code: number): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    const { notified } = this.device;
    const index = notified.findIndex(({ sessionId }) => sessionId === this.sessionId);
    if (index >= 0) notified.splice(index, 1);
    this.isNotified = code === 1200 && index >= 0;
    const cause = code === 1200 ? "after a notification" : "by the client";
    this.tellSession("start", `Session ${this.sessionId} starts ${cause}`);
  }

  /** The session was notified with the nonce of the resynchronisation. */
  setResync(): void {
    this.clientLogin.isResync = true;
    this.serverLogin.isResync = true;
  }

  private takeHeaderStatus({ code, challenge }: Status): void {
    this.headerCode = code;
    const hadCredentials = this.serverLogin.credentials !== undefined;
    const outcome = this.serverLogin.hear(code, challenge);
    const { sessionId } = this;
    if (outcome === "refused") {
      const text = `The device refuses the server: ${code}`;
      this.options.emit({ kind: "auth", sessionId, who: "server", code, text });
      this.close("abort", text);
    } else if (outcome === "again") {
      const text = `The device asks the server for credentials: ${code}`;
      this.options.emit({ kind: "auth", sessionId, who: "server", code, text });
    } else if (hadCredentials) {
      const text = "The server has proved itself";
      this.options.emit({ kind: "auth", sessionId, who: "server", code, text });
    }
  }

  /** Says what comes next: more of this package, the client's rest, or the next package. */
  private proceed(message: Message, header: Status): Reply {
    if (this.isClosed) return this.compose(message, header);
    if (this.headerCode === 401 || this.headerCode === 407) {
      this.outgoing.resend();
      // Where nothing but the header was refused, what comes next goes out with the credentials: a
      // package without a command would end the session.
      if (this.outgoing.hasCommands || !this.isPackageComplete) {
        return this.compose(message, header);
      }
    }
    const waiting = this.outgoing.unanswered();
    const isClientDone = message.isFinal || (!this.isPackageComplete && waiting.length === 0);
    if (!isClientDone) return this.compose(message, header, true);
    const isPackageSent = this.isPackageComplete || !this.outgoing.hasCommands;
    if (isPackageSent && !this.isEnding) this.nextPackage(message, header);
    return this.compose(message, header);
  }

  private nextPackage(message: Message, header: Status): void {
    if (this.receivedId > MESSAGE_COUNT_MAX) {
      this.outgoing.begin([{ kind: "Alert", code: SESSION_ABORT, items: [] }]);
      this.close("abort", "too many messages");
      return;
    }
    this.script ??= this.begun(this.frame(message, header, false));
    // A package of which nothing can be sent would end the session: the script goes on at once.
    do {
      const { done, value } = this.script.next(this.outgoing);
      this.outgoing.begin(done === true ? [] : value, this.clientObjectBytesMax);
      this.isEnding = done === true;
    } while (!this.isEnding && !this.outgoing.hasCommands);
  }

  private begun(frame: Frame): Script {
    const { device, policy, urlOf, bytesOf, contentsOf, emit, script = manage } = this.options;
    return script({
      device, policy, isNotified: this.isNotified, urlOf, bytesOf, contentsOf, emit,
      fits: (command) => this.outgoing.fits(command, frame),
    });
  }

  private abort(message: Message, text: string): Reply {
    this.outgoing.begin([{ kind: "Alert", code: SESSION_ABORT, items: [] }]);
    this.close("abort", text);
    return this.compose(message, this.headerStatus(message, 200));
  }

  private compose(message: Message, headerStatus: Status, asksForMore = false): Reply {
    this.sentCount++;
    const frame = this.frame(message, headerStatus, asksForMore);
    const { root, body, isFinal } = this.outgoing.compose(frame);
    this.audit.say(root);
    this.isPackageComplete = isFinal || (asksForMore && this.isPackageComplete);
    if (isFinal && this.isEnding) this.close("end", "nothing more to do");
    this.tellMessage("out", body, root);
    const hmac = this.serverLogin.macFor(body);
    return hmac === undefined ? { body } : { body, hmac };
  }

  private frame({ header }: Message, headerStatus: Status, asksForMore: boolean): Frame {
    const { credentials, name } = this.serverLogin;
    return {
      header: {
        verDtd: "1.2",
        verProto: "DM/1.2",
        sessionId: this.sessionId,
        msgId: String(this.sentCount),
        target: header.source,
        source: header.target,
        ...(name === undefined ? {} : { sourceName: name }),
        ...(credentials === undefined ? {} : { credentials }),
        maxMsgBytes: this.options.policy.maxMsgSize,
        maxObjBytes: this.options.policy.maxObjSize,
      },
      headerStatus,
      bytesMax: this.clientBytesMax,
      mayCommand: !asksForMore,
      asksForMore,
    };
  }

  private headerStatus({ header }: Message, code: number): Status {
    return {
      kind: "Status", msgRef: header.msgId, cmdRef: "0", cmd: "SyncHdr", code,
      targetRefs: [header.target], sourceRefs: [header.source],
    };
  }

  /** The message says another SessionID or comes from elsewhere than those before. */
  noteStray(check: CheckId, msgId: string, found: string): void {
    this.note(deviation(check, msgId, found));
  }

  /** The client has left this session open and begun another, or the server ends. */
  abandon(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.report.state = "abandoned";
    this.tellReport();
  }

  private note(found: Deviation): void {
    this.isBroken ||= this.options.isStrict && isFatal(found.check);
    const { sessionId } = this;
    const text = lineOf(found);
    const { deviations } = this.report;
    if (deviations.length < DEVIATION_COUNT_MAX) deviations.push(found);
    addDeviation(this.device, `session ${sessionId}, ${text}`);
    this.options.emit({ kind: "deviation", sessionId, text, deviation: found });
  }

  private close(phase: "end" | "abort", text: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.report.state = phase === "end" ? "ended" : "aborted";
    this.tellSession(phase, `Session ${this.sessionId} ends: ${text}`);
    this.tellReport();
  }

  private tellReport(): void {
    const { report, sessionId } = this;
    const text = linesOf(report)[0]!;
    this.options.emit({ kind: "report", sessionId, report: structuredClone(report), text });
  }

  private tellSession(phase: "start" | "end" | "abort", text: string): void {
    this.options.emit({ kind: "session", sessionId: this.sessionId, phase, text });
  }

  private tellClientLogin({ code, isOver }: Verdict): void {
    if (code === 200 && this.sentCount > 0) return;
    const text = {
      200: "The client is let in",
      212: "The client has proved itself",
      401: "The client's credentials are wrong",
      407: "The client is asked for credentials",
    }[code] + (isOver ? ", for the last time" : "");
    this.options.emit({ kind: "auth", sessionId: this.sessionId, who: "client", code, text });
  }

  private tellMessage(direction: "in" | "out", bytes: Uint8Array, root: Element): void {
    const { sessionId } = this;
    const text = direction === "in" ? `Message of ${bytes.length} bytes from the device`
      : `Message of ${bytes.length} bytes to the device`;
    this.options.emit({ kind: "message", sessionId, direction, bytes, root, text });
  }
}

/** Status for a command of `message`; Results and chunks of it are answered the same way. */
function statusFor({ header }: Message, command: Command, code: number): Status {
  return {
    kind: "Status", msgRef: header.msgId, cmdRef: command.cmdId ?? "",
    cmd: nameOfCommand(command), code,
  };
}

/** Status with the versions that this server speaks, if the client speaks none of them. */
function versionFault({ verDtd, verProto }: Header): Pick<Status, "code" | "items"> | undefined {
  if (verDtd !== "1.2" && verDtd !== "1.1") return { code: 505, items: [{ data: "1.2" }] };
  if (!/^DM\/1\.\d$/.test(verProto)) return { code: 513, items: [{ data: "DM/1.2" }] };
  return undefined;
}

/** Correlators of the Execs of an operation; undefined where this server knows of none. */
function correlatorsOf(device: Device, source: string): (string | undefined)[] | undefined {
  const known = device.orders.flatMap((order) => order.packages)
    .filter((ordered) => ordered.source === source)
    .map(({ correlator }) => correlator);
  return known.length === 0 ? undefined : known;
}
