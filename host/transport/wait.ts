// Waiting, and how long a server wants us to.
import { DmError } from "../errors.ts";

/** A server that says "at once" again and again is not asked more often than this. */
const RETRY_MS_MIN = 250;

/** Resolves after `delayMs`; rejects with DM_ABORTED as soon as `signal` says so. */
export function sleep(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      clearTimeout(timer);
      reject(new DmError("DM_ABORTED", "waiting was given up", { cause: signal.reason }));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", giveUp);
      resolve();
    }, delayMs);
    if (signal.aborted) giveUp();
    else signal.addEventListener("abort", giveUp, { once: true });
  });
}

/** Milliseconds after which a 429 or 503 wants to be asked again; null where it does not say. */
export function retryAfterMs(response: Response): number | null {
  if (response.status !== 429 && response.status !== 503) return null;
  const text = response.headers.get("retry-after") ?? "";
  const waitMs = /^\d{1,6}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(waitMs) ? null : Math.max(waitMs, RETRY_MS_MIN);
}
