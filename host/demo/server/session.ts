import { addDeviation, type Device } from "./devices.ts";
import { checkFirst, checkForm } from "./deviations.ts";
import type { Element } from "./element.ts";
import type { DeviceEvent } from "./events.ts";
import type { Script } from "./inventory.ts";
import { ClientLogin, ServerLogin, type Verdict } from "./login.ts";
import {
  type Alert, type Command, type Header, type Message, nameOfCommand, type Status, textOfData,
  type TreeCommand,
} from "./message.ts";
import { manage } from "./orders.ts";
import { type Frame, Outgoing } from "./outgoing.ts";
import type { Account, Policy } from "./policy.ts";
import { takeReport } from "./reports.ts";

export interface SessionOptions {
  sessionId: string;
  device: Device;
  policy: Policy;
  account: Account | undefined;
  /** A message with a deviation ends the session with Alert 1223. */
  isStrict: boolean;
  makeNonce(): Uint8Array;
  urlOf(path: string): string;
  bytesOf(path: string): Uint8Array | undefined;
  emit(event: DeviceEvent): void;
}

/** One message with what the transport said of it. */
export interface Incoming {
  message: Message;
  root: Element;
  body: Uint8Array;
  /** Value of the x-syncml-hmac header. */
  hmac?: string;
}

export interface Reply {
  body: Uint8Array;
  hmac?: string;
}

const NEXT_MESSAGE = 1222;
const SESSION_ABORT = 1223;

/** Messages in one session; a client that goes on for ever is cut off. */
const MESSAGE_COUNT_MAX = 500;

/**
 * The server's side of one DM session: each call of `receive` takes a message and gives the answer.
 *
 * Nothing here waits or knows of HTTP. The session is over when `isClosed`.
 */
export class Session {
  isClosed = false;

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
  private lastRequest: Uint8Array | undefined;
  private lastReply: Reply | undefined;
  private headerCode = 0;
  private noteCount = 0;
  /** The script is done: the session ends with the next Final. */
  private isEnding = false;
  /** Status of SyncHdr for what comes after the end. */
  private endCode = 200;

  constructor(private readonly options: SessionOptions) {
    const { device, account, policy, makeNonce } = options;
    this.device = device;
    this.clientLogin = new ClientLogin(device, account, makeNonce);
    this.serverLogin = new ServerLogin(device, policy.server);
  }

  private get isBroken(): boolean {
    return this.options.isStrict && this.noteCount > 0;
  }

  get sessionId(): string {
    return this.options.sessionId;
  }

  /** The stored answer, if these are the bytes of the last message again. */
  repeated(body: Uint8Array): Reply | undefined {
    const isSame = this.lastRequest !== undefined && Buffer.compare(this.lastRequest, body) === 0;
    return isSame ? this.lastReply : undefined;
  }

  /** Takes a message that is no repetition, and answers it. */
  receive(incoming: Incoming): Reply {
    const { message, root, body } = incoming;
    this.tellMessage("in", body, root);
    this.checkOrder(message, root, body);
    this.clientBytesMax = message.header.maxMsgBytes ?? this.clientBytesMax;
    const reply = this.isClosed ? this.answerLate(message) : this.answer(incoming);
    this.lastRequest = body;
    this.lastReply = reply;
    return reply;
  }

  /** A client has nothing to say after the end; it is told so in a way that asks for no answer. */
  private answerLate(message: Message): Reply {
    this.note(`message ${message.header.msgId} after the end of the session`);
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

  /** Identifiers, form and the rules of Final. */
  private checkOrder({ header, isFinal }: Message, root: Element, body: Uint8Array): void {
    const msgId = Number(header.msgId);
    if (msgId !== this.receivedId + 1) {
      this.note(`MsgID ${header.msgId} after ${this.receivedId}`);
    }
    this.receivedId = msgId;
    for (const deviation of checkForm(root)) this.note(deviation);
    if (msgId === 1) for (const deviation of checkFirst(root)) this.note(deviation);
    const { maxMsgSize } = this.options.policy;
    if (msgId > 1 && body.length > maxMsgSize) {
      this.note(`message ${msgId}: ${body.length} bytes, MaxMsgSize is ${maxMsgSize}`);
    }
    if (isFinal && !this.isPackageComplete) {
      this.note(`message ${msgId}: Final before the server's`);
    }
  }

  /** Runs through the commands in order. @returns the Status elements that they are owed */
  private take(message: Message): Status[] {
    const owed: Status[] = [];
    let place = 0;
    let hasHeaderStatus = false;
    for (const command of message.commands) {
      if (command.kind !== "Status") {
        owed.push(...this.takeCommand(message, command));
        continue;
      }
      if (command.cmdRef === "0") {
        if (hasHeaderStatus || place > 0) this.note("Status for SyncHdr is not the first");
        hasHeaderStatus = true;
        this.takeHeaderStatus(command);
        continue;
      }
      const taken = this.outgoing.answer(command);
      if (typeof taken === "string") this.note(taken);
      else if (taken !== 0 && taken < place) {
        this.note(`Status ${command.cmdId} for ${command.cmdRef} comes late`);
      } else place = Math.max(place, taken);
    }
    if (!hasHeaderStatus && this.sentCount > 0) this.note("no Status for SyncHdr");
    return owed;
  }

  private takeCommand(message: Message, command: Command): Status[] {
    switch (command.kind) {
      case "Results": {
        const taken = this.outgoing.results(command);
        if (typeof taken === "string") this.note(taken);
        return typeof taken === "number" ? [statusFor(message, command, taken)] : [];
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
      case NEXT_MESSAGE: case 1224: case 1225:
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
      } else this.note(`Alert ${alert.cmdId}: Item cannot be used, ${code}`);
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
    if (code === 1200 && index < 0) this.note("Alert 1200 in a session that was not notified");
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
    for (const { command, msgId } of waiting) {
      const name = nameOfCommand(command);
      this.note(`${name} ${command.cmdId} of message ${msgId} is not answered`);
    }
    if (this.isBroken) return this.abort(message, "deviation from the protocol");
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
    const { device, policy, urlOf, bytesOf, emit } = this.options;
    const frame = this.frame(message, header, false);
    this.script ??= manage({
      device, policy, isNotified: this.isNotified, urlOf, bytesOf, emit,
      fits: (command) => this.outgoing.fits(command, frame),
    });
    const { done, value } = this.script.next(this.outgoing);
    this.outgoing.begin(done === true ? [] : value);
    this.isEnding = done === true;
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

  private note(deviation: string): void {
    this.noteCount++;
    const { sessionId } = this;
    addDeviation(this.device, `session ${sessionId}: ${deviation}`);
    this.options.emit({ kind: "deviation", sessionId, text: deviation });
  }

  private close(phase: "end" | "abort", text: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.tellSession(phase, `Session ${this.sessionId} ends: ${text}`);
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
