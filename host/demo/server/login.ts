import {
  isRight, isSame, macDigest, macHeader, md5Digest, basicDigest, parseMacHeader, RESYNC_NONCE,
  SCHEME_TYPES, schemeOf,
} from "./auth.ts";
import type { Device } from "./devices.ts";
import type { Credentials, Header, Meta } from "./message.ts";
import type { Account, Policy } from "./policy.ts";

/** Answers to wrong credentials that still carry a challenge. */
const FAILURE_COUNT_MAX = 1;
/** Challenges without any credentials in answer. */
const MISSING_COUNT_MAX = 2;

export interface Verdict {
  /** Status of the client's SyncHdr. */
  code: 200 | 212 | 401 | 407;
  challenge?: Meta;
  /** No further try in this session. */
  isOver: boolean;
}

/** Checks one client's credentials through one session. @spec DM SEC 1.2 §5.3 */
export class ClientLogin {
  private isIn = false;
  private failureCount = 0;
  private missingCount = 0;

  constructor(
    private readonly device: Device,
    private readonly account: Account | undefined,
    private readonly makeNonce: () => Uint8Array,
  ) {}

  /** Notified with the resynchronisation nonce, which the client may then use as well. */
  isResync = false;

  /** Whether no further credentials are asked for in this session. */
  get isAccepted(): boolean {
    return this.isIn;
  }

  /** @param body  the exact bytes of the message, which a MAC covers */
  check(header: Header, body: Uint8Array, hmac: string | undefined): Verdict {
    const { account } = this;
    if (account === undefined) return { code: 401, isOver: true };
    if (account.auth === "none") {
      this.isIn = true;
      return { code: header.credentials === undefined ? 200 : 212, isOver: false };
    }
    if (this.isIn && !account.eachMessage && account.auth !== "mac") {
      return { code: 200, isOver: false };
    }
    const isGiven = account.auth === "mac" ? hmac !== undefined : header.credentials !== undefined;
    if (!isGiven) return this.refuse(407, ++this.missingCount > MISSING_COUNT_MAX);
    if (!this.isProven(account, header, body, hmac)) {
      return this.refuse(401, ++this.failureCount > FAILURE_COUNT_MAX);
    }
    this.isIn = true;
    this.isResync = false;
    const isForSession = account.auth !== "mac" && !account.eachMessage;
    return { code: isForSession ? 212 : 200, ...this.challenge(account), isOver: false };
  }

  private isProven(
    account: Account, header: Header, body: Uint8Array, hmac: string | undefined,
  ): boolean {
    const nonces = [this.device.clientNonce, this.isResync ? RESYNC_NONCE : undefined];
    if (account.auth === "basic") nonces.push(new Uint8Array(0));
    for (const nonce of nonces) {
      if (nonce === undefined) continue;
      if (account.auth === "mac") {
        const given = parseMacHeader(hmac ?? "");
        const isUser = given?.user === account.user;
        if (isUser && isSame(macDigest(account, nonce, body), given.mac)) return true;
      } else if (account.auth !== "none" && header.credentials !== undefined) {
        if (isRight(account.auth, account, nonce, header.credentials)) return true;
      }
    }
    return false;
  }

  private refuse(code: 401 | 407, isOver: boolean): Verdict {
    this.isIn = false;
    const isOffered = !isOver && this.account !== undefined;
    return { code, ...(isOffered ? this.challenge(this.account, true) : {}), isOver };
  }

  /** A challenge with a fresh nonce; with basic there is nothing to hand over but the demand. */
  private challenge({ auth }: Account, isDemand = false): { challenge?: Meta } {
    if (auth === "none") return {};
    const meta = { format: "b64", type: SCHEME_TYPES[auth] };
    if (auth === "basic") return isDemand ? { challenge: meta } : {};
    this.device.clientNonce = this.makeNonce();
    return { challenge: { ...meta, nextNonce: this.device.clientNonce } };
  }
}

const ATTEMPT_COUNT_MAX = 2;

/** Presents the server's credentials to one client through one session. */
export class ServerLogin {
  private isAccepted = false;
  private attemptCount = 0;

  constructor(private readonly device: Device, private readonly server: Policy["server"]) {}

  /** Notified with the resynchronisation nonce, which is ours until the client gives another. */
  isResync = false;

  /** Name for SyncHdr Source, which goes with md5 and MAC. */
  get name(): string | undefined {
    return this.isDue && this.server?.auth !== "basic" ? this.server?.user : undefined;
  }

  /** Cred of the next message; undefined if none is due, or no nonce for it is known yet. */
  get credentials(): Credentials | undefined {
    const { server, nonce } = this;
    if (server === undefined || !this.isDue || server.auth === "mac") return undefined;
    const type = SCHEME_TYPES[server.auth];
    if (server.auth === "basic") return { type, digest: basicDigest(server) };
    return nonce && { type, digest: md5Digest(server, nonce) };
  }

  /** Value of x-syncml-hmac for a body, if that is how the server proves itself. */
  macFor(body: Uint8Array): string | undefined {
    const { server, nonce } = this;
    if (server?.auth !== "mac" || nonce === undefined) return undefined;
    return macHeader(server, nonce, body);
  }

  /**
   * Takes the client's Status for our SyncHdr.
   *
   * @returns again: send the same commands with new credentials; refused: give up
   */
  hear(code: number, challenge: Meta | undefined): "accepted" | "again" | "refused" {
    if (code !== 401 && code !== 407) {
      this.takeNonce(challenge);
      if (code === 212) this.isAccepted = true;
      return code >= 200 && code < 300 ? "accepted" : "refused";
    }
    this.isAccepted = false;
    const scheme = schemeOf(challenge?.type);
    if (scheme === undefined || scheme !== this.server?.auth) return "refused";
    if (++this.attemptCount > ATTEMPT_COUNT_MAX) return "refused";
    this.takeNonce(challenge);
    return "again";
  }

  private get isDue(): boolean {
    return this.server !== undefined && !this.isAccepted;
  }

  private get nonce(): Uint8Array | undefined {
    return this.isResync ? RESYNC_NONCE : this.device.serverNonce;
  }

  private takeNonce(challenge: Meta | undefined): void {
    if (challenge?.nextNonce === undefined) return;
    this.device.serverNonce = challenge.nextNonce;
    this.isResync = false;
  }
}
