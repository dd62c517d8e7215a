// What must hold behind every run, whatever came from the network. test/fuzz/native/drive.c checks
// the same.
import { Err, Look } from "../../assembly/abi/codes.ts";
import type { Rewind } from "../helpers/rewind.ts";
import { drive, type End, SILENT } from "./drive.ts";

/** A job that a person put off is asked about again in the next run. */
const POSTPONED = 1;
const JOB_FLAGS_AT = 11;
/** Storage never fails here, and no call comes out of order. */
const NEVER: readonly Err[] = [Err.Storage, Err.Damaged, Err.Misuse];

/** Everything that is kept, as one text: two states are the same if their texts are. */
export function keptBy(device: Rewind): string {
  const kinds = [Look.Node, Look.Delivered, Look.Deployed, Look.Operation, Look.Outcome];
  const jobs = device.look(Look.Job).map((job) => {
    job[JOB_FLAGS_AT]! &= ~POSTPONED;
    return job;
  });
  return [...jobs, ...kinds.flatMap((kind) => device.look(kind))]
    .map((item) => item.toString("latin1"))
    .join("\n");
}

function hold(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(what);
}

/**
 * In memory is what a restart finds and, where nothing was written, what was there before. Then the
 * device still comes to an end.
 *
 * @param before  what was kept when the run began
 */
export function checkEnd(device: Rewind, end: End, before: string): void {
  if (end.isCut) {
    hold(device.cut() === Err.Ok, "it starts behind a cut");
  } else {
    hold(!NEVER.includes(end.err), `the run ended with ${end.err}`);
    const after = keptBy(device);
    if (!device.changed) return hold(after === before, "nothing was written, all is as before");
    hold(device.cut() === Err.Ok, "it starts again");
    hold(keptBy(device) === after, "a restart finds what was there");
  }
  device.core.connect(0);
  const rest = drive(device, device.core.step(), { ...SILENT, draw: () => 2 });
  hold(!NEVER.includes(rest.err), `the recovery ended with ${rest.err}`);
  const after = keptBy(device);
  hold(device.cut() === Err.Ok, "it starts behind its recovery");
  hold(keptBy(device) === after, "a restart behind the recovery finds what was there");
}
