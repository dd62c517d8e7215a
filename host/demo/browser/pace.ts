// How long things take in the page: a person cannot see what is over in a millisecond.

export type PaceStep = "message" | "block" | "barrier" | "component";

const WAIT_MS: { readonly [step in PaceStep]: number } = {
  message: 260, block: 24, barrier: 45, component: 420,
};

export class Pace {
  isFull = false;

  /** Waits as long as that step takes here; not at all at full speed. */
  wait(step: PaceStep): Promise<void> {
    if (this.isFull) return Promise.resolve();
    return new Promise((resolve) => setTimeout(resolve, WAIT_MS[step]));
  }
}
