// What one call of the application gathers.
import type { JobReport } from "./report.ts";

/** Tells somebody besides the server what an object came to. */
export type Report = (result: number) => Promise<void>;

export interface Run {
  what: string;
  /** Ends the transport's connections when the run is over. */
  end: AbortController;
  cause: unknown;
  jobs: Map<string, JobReport[]>;
  /** `Reboot` of orders that ended well. */
  reboots: Set<string>;
  /** The policy takes no orders in this run. */
  refusesExec: boolean;
  /** Of the objects that job groups have fetched, by the number of the group. */
  reports: Map<number, Report>;
  /** Reports that are on their way. */
  told: Promise<void>[];
  sessions: number;
  /** Components whose last `ensure` did not say yes. */
  failedEnsures: Set<string>;
  /** The core has the client event. */
  hasEvent: boolean;
  eventStatus: number | null;
}

export function newRun(what: string): Run {
  return {
    what,
    end: new AbortController(),
    cause: null,
    jobs: new Map(),
    reboots: new Set(),
    refusesExec: false,
    reports: new Map(),
    told: [],
    sessions: 0,
    failedEnsures: new Set(),
    hasEvent: false,
    eventStatus: null,
  };
}

/** What stands behind a failure, for the options of an error. */
export function causeOf(run: Run): { cause?: unknown } {
  return run.cause === null ? {} : { cause: run.cause };
}
