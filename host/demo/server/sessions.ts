import { randomBytes } from "node:crypto";
import { NONCE_BYTES, RESYNC_NONCE } from "./auth.ts";
import { decode } from "./decoder.ts";
import { Devices, type DeviceStatus, statusOf } from "./devices.ts";
import type { Listener } from "./events.ts";
import { parseMessage } from "./message.ts";
import { buildNotification, sessionIdText, UiMode } from "./notification.ts";
import type { Account, Policy } from "./policy.ts";
import { type Reply, Session } from "./session.ts";

export interface EndpointOptions {
  policy: Policy;
  isStrict: boolean;
  urlOf(path: string): string;
  bytesOf(path: string): Uint8Array | undefined;
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

/** All devices and their sessions: a message in, the answer out. */
export class Endpoint {
  private readonly devices = new Devices();
  private readonly sessions = new Map<string, Session[]>();
  private readonly listeners = new Set<Listener>();

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

  /**
   * Answers one message.
   *
   * @throws WbxmlError, MessageError  it is no SyncML message
   */
  receive(body: Uint8Array, hmac?: string): Reply {
    const root = decode(body, { typeIsKnown: true });
    const message = parseMessage(root);
    const { source, sessionId, msgId } = message.header;
    const known = this.sessionsOf(source).find((session) => session.sessionId === sessionId);
    const repeated = known?.repeated(body);
    if (repeated !== undefined) return repeated;
    const isNew = known === undefined || msgId === "1";
    const session = isNew ? this.open(source, sessionId) : known;
    return session.receive({ message, root, body, ...(hmac === undefined ? {} : { hmac }) });
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
    const number = (randomBytes(2).readUInt16BE() % 0xffff) + 1;
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
    const { policy, isStrict, urlOf, bytesOf } = this.options;
    // A name that has no account leaves no record behind.
    const account = this.accountOf(id);
    const device = account === undefined ? new Devices().get(id) : this.devices.get(id);
    const session = new Session({
      sessionId, device, policy, account, isStrict, urlOf, bytesOf,
      makeNonce: () => randomBytes(NONCE_BYTES),
      emit: (event) => this.emit({ ...event, device: id } as Parameters<Listener>[0]),
    });
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
