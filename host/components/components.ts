// The outside world of a device: what a component means there.

export type Verdict = "yes" | "no" | "later";

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
