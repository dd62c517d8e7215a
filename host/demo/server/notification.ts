import { notificationDigest } from "./auth.ts";
import { utf8 } from "./bytes.ts";
import { joinBytes } from "./element.ts";

/** What the device does before it connects. */
export const enum UiMode {
  Unspecified = 0,
  Background = 1,
  Informative = 2,
  /** The person is asked first. */
  UserInteraction = 3,
}

export interface Notification {
  serverId: string;
  password: string;
  /** Nonce of the server's credentials, as the device gave it last. */
  nonce: Uint8Array;
  /** 1 to FFFF. */
  sessionId: number;
  uiMode: number;
  isServerInitiated?: boolean;
}

/** "1.1", in ten bits: the message version of DM 1.2. */
const VERSION = 0x0b;

/**
 * Bytes of a Package #0.
 *
 *    0         16                          21         23          24
 *    +---------+---------------------------+----------+-----------+------------+
 *    | digest  | version 10, ui-mode 2,    | session  | length of | server id  |
 *    |         | initiator 1, future 27    | id, u16  | server id |            |
 *    +---------+---------------------------+----------+-----------+------------+
 *
 * @spec DM NOT 1.2 §6
 */
export function buildNotification(notification: Notification): Uint8Array {
  const { serverId, password, nonce } = notification;
  const trigger = buildTrigger(notification);
  const digest = notificationDigest({ user: serverId, password }, nonce, trigger);
  return joinBytes([digest, trigger]);
}

function buildTrigger(notification: Notification): Uint8Array {
  const { serverId, sessionId, uiMode, isServerInitiated } = notification;
  const name = utf8(serverId);
  if (name.length === 0 || name.length > 255) throw new RangeError("serverId: 1 to 255 bytes");
  if (sessionId < 1 || sessionId > 0xffff) throw new RangeError("sessionId: 1 to 65535");
  const trigger = new Uint8Array(8);
  trigger[0] = VERSION >> 2;
  trigger[1] = ((VERSION & 3) << 6) | (uiMode << 4) | (isServerInitiated === true ? 8 : 0);
  trigger[5] = sessionId >> 8;
  trigger[6] = sessionId & 0xff;
  trigger[7] = name.length;
  return joinBytes([trigger, name]);
}

/** A notified session's SessionID: upper-case hex without leading zeros. */
export function sessionIdText(sessionId: number): string {
  return sessionId.toString(16).toUpperCase();
}
