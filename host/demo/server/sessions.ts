import { deviation } from "./audit/audit.ts";
import { lineOf } from "./audit/checks.ts";
import { checkOf } from "./audit/document.ts";
import type { SessionReport } from "./audit/report.ts";
import { NONCE_BYTES, RESYNC_NONCE } from "./auth.ts";
import { randomBytes } from "./bytes.ts";
import { decode, WbxmlError } from "./decoder.ts";
import { Devices, type DeviceStatus, statusOf } from "./devices.ts";
import type { Listener } from "./events.ts";
import type { Element } from "./element.ts";
import { type Message, MessageError, parseMessage } from "./message.ts";
import { buildNotification, sessionIdText, UiMode } from "./notification.ts";
import type { Account, Policy } from "./policy.ts";
import type { PackageContents } from "./resolve.ts";
import { type Reply, type ScriptOf, Session } from "./session.ts";

export interface EndpointOptions {
  policy: Policy;
  isStrict: boolean;
  urlOf(path: string): string;
  bytesOf(path: string): Uint8Array | undefined;
  /** What a Delivery Package brings and needs; without it `bind: "auto"` finds none. */
  contentsOf?(path: string): PackageContents | undefined;
  /** What the server does in each session; by default what the policy wants. */
  script?: ScriptOf;
}

/** What the transport says of a message besides its bytes. */
export interface Carrier {
  hmac?: string;
  contentType?: string | undefined;
  accept?: string | undefined;
}

export interface NotifyOptions {
  /** 0 unspecified, 1 background, 2 informative, 3 ask first; by default 1. */
  uiMode?: number;
  /** Use the nonce of the resynchronisation although a better one is known. */
  isResync?: boolean;
}

/** Sessions kept for each device: their last answers may be asked for again. */
const SESSION_COUNT_MAX = 4;
const NOTIFIED_COUNT_MAX = 16;
const REPORT_COUNT_MAX = 100;
/** Stands for the device and the session of a message that cannot be read. */
const UNREADABLE = "?";

/** All devices and their sessions: a message in, the answer out. */
export class Endpoint {
  private readonly devices = new Devices();
  private readonly sessions = new Map<string, Session[]>();
  private readonly listeners = new Set<Listener>();
  private readonly reports: SessionReport[] = [];

  constructor(private readonly options: EndpointOptions) {}

  /** Calls `listener` for each event until the returned function is called. */
  on(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Failed and refused orders are tried again under another policy; sessions keep theirs. */
  setPolicy(policy: Policy): void {
    this.options.policy = policy;
  }

  status(): { devices: DeviceStatus[] } {
    return { devices: this.devices.all().map(statusOf) };
  }

  /** Reports of the last sessions, the oldest first. */
  sessionReports(): SessionReport[] {
    return structuredClone(this.reports);
  }

  /** Ends what is open; its reports are told. */
  close(): void {
    for (const session of [...this.sessions.values()].flat()) session.abandon();
  }

  /**
   * Answers one message.
   *
   * @param carrier  undefined where the message did not come by HTTP
   * @throws WbxmlError, MessageError  it is no SyncML message
   */
  receive(body: Uint8Array, carrier?: Carrier): Reply {
    const { root, message } = this.read(body);
    const { source, sessionId, msgId } = message.header;
    const known = this.sessionsOf(source).find((session) => session.sessionId === sessionId);
    const repeated = known?.repeated(body);
    if (repeated !== undefined) return repeated;
    const isNew = known === undefined || msgId === "1";
    const stray = isNew && msgId !== "1" ? this.openSessionOf(source) : undefined;
    const session = isNew ? this.open(source, sessionId) : known;
    if (stray !== undefined) {
      session.noteStray("header-session", msgId, `SessionID is ${sessionId}, was ${stray}`);
    }
    const { hmac } = carrier ?? {};
    return session.receive({
      message, root, body,
      ...(carrier === undefined ? {} : { http: carrier }),
      ...(hmac === undefined ? {} : { hmac }),
    });
  }

  private read(body: Uint8Array): { root: Element; message: Message } {
    try {
      const root = decode(body, { typeIsKnown: true });
      return { root, message: parseMessage(root) };
    } catch (error) {
      if (error instanceof WbxmlError || error instanceof MessageError) {
        const found = deviation(checkOf(error), UNREADABLE, error.message);
        const of = { device: UNREADABLE, sessionId: UNREADABLE };
        this.emit({ kind: "deviation", ...of, text: lineOf(found), deviation: found });
      }
      throw error;
    }
  }

  private openSessionOf(id: string): string | undefined {
    return this.sessionsOf(id).find(({ isClosed }) => !isClosed)?.sessionId;
  }

  /**
   * Bytes of a Package #0 for a device, whose session may then take orders that are not urgent.
   *
   * @returns undefined if the device has no account
   * @throws Error  the policy has no server credentials
   */
  notify(id: string, options: NotifyOptions = {}): Uint8Array | undefined {
    const { server, serverId } = this.options.policy;
    if (this.accountOf(id) === undefined) return undefined;
    if (server === undefined) throw new Error("policy: server is missing, nothing can be signed");
    const device = this.devices.get(id);
    const isResync = options.isResync === true || device.serverNonce === undefined;
    const nonce = isResync ? RESYNC_NONCE : device.serverNonce!;
    const [low, high] = randomBytes(2);
    const number = ((low! | (high! << 8)) % 0xffff) + 1;
    const bytes = buildNotification({
      serverId, password: server.password, nonce, sessionId: number,
      uiMode: options.uiMode ?? UiMode.Background, isServerInitiated: true,
    });
    const sessionId = sessionIdText(number);
    device.notified.push({ sessionId, isResync });
    if (device.notified.length > NOTIFIED_COUNT_MAX) device.notified.shift();
    const text = `Notification for session ${sessionId}`;
    this.emit({ kind: "notification", device: id, sessionId, bytes, text });
    return bytes;
  }

  private open(id: string, sessionId: string): Session {
    const { policy, isStrict, urlOf, bytesOf, script } = this.options;
    const { contentsOf = () => undefined } = this.options;
    // A name that has no account leaves no record behind.
    const account = this.accountOf(id);
    const device = account === undefined ? new Devices().get(id) : this.devices.get(id);
    for (const other of this.sessionsOf(id)) other.abandon();
    const session = new Session({
      sessionId, device, policy, account, isStrict, urlOf, bytesOf, contentsOf,
      ...(script === undefined ? {} : { script }),
      makeNonce: () => randomBytes(NONCE_BYTES),
      emit: (event) => this.emit({ ...event, device: id } as Parameters<Listener>[0]),
    });
    this.reports.push(session.report);
    if (this.reports.length > REPORT_COUNT_MAX) this.reports.shift();
    const notified = device.notified.find((each) => each.sessionId === sessionId);
    if (notified?.isResync === true) session.setResync();
    if (account !== undefined) {
      const others = this.sessionsOf(id).filter((each) => each.sessionId !== sessionId);
      this.sessions.set(id, [...others, session].slice(-SESSION_COUNT_MAX));
    }
    return session;
  }

  private sessionsOf(id: string): Session[] {
    return this.sessions.get(id) ?? [];
  }

  private accountOf(id: string): Account | undefined {
    const { accounts } = this.options.policy;
    return accounts.get(id) ?? accounts.get("*");
  }

  private emit(event: Parameters<Listener>[0]): void {
    for (const listener of this.listeners) listener(event);
  }
}
