// The outside world of a device: what a component means there.
import { Err } from "../../assembly/abi/codes.ts";

/** `unsupported`: a no for good, since this device cannot do such a thing at all; 1411. */
export type Verdict = "yes" | "no" | "later" | "unsupported";

/** What the core hears. */
export const VERDICTS: Record<Verdict, Err> = {
  yes: Err.Ok,
  no: Err.Refused,
  later: Err.Later,
  unsupported: Err.NotImplemented,
};

/** Bytes of a content slot. */
export interface Content {
  readonly bytes: number;
  /** Fills `target` from `offset` on. */
  read(offset: number, target: Uint8Array): void;
}

export interface Component {
  id: string;
  version: string;
  /** -1 where the component leaves. */
  slot: number;
  bytes: number;
  /** The one wanted; for `remove` the one it had. */
  state: "active" | "inactive";
  /** `InstallParams` of the order that brings it, as the server wrote them; empty: none. */
  installParams: string;
  /**
   * `Reboot` of that order. For the adapter to know of: a device reboots before the run or behind
   * it, never in one (`RunReport.reboot`).
   */
  reboot: string;
  open(): Content;
}

/**
 * Makes the outside world what the inventory says. Called for one component at a time. A call that
 * rejects counts as "no"; "later" is asked again, for 60 seconds in all.
 */
export interface Components {
  /** Last chance to veto. Without an effect that matters if the change never comes. */
  prepare(component: Component, signal: AbortSignal): Promise<Verdict>;
  /**
   * Makes this version and state the one in force. Called again after a power cut, so it must
   * converge.
   */
  ensure(component: Component, signal: AbortSignal): Promise<Verdict>;
  /** Takes the component away, if it is there at all. */
  remove(component: Component, signal: AbortSignal): Promise<Verdict>;
  /** Is the component well in its new state? */
  health(component: Component, signal: AbortSignal): Promise<Verdict>;
}
