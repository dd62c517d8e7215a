import type { Note } from "./checks.ts";
import { isDone } from "./codes.ts";
import { type Asked, nameOf } from "./ledger.ts";

/** Alert answers after which a person's will stops what follows. */
const STOPPED: readonly number[] = [304, 214, 408];
const NOT_RUN = 215;
/** Undone, and could not be undone. */
const UNDONE: readonly number[] = [216, 516];
/** The Atomic was never run at all. */
const REFUSED: readonly number[] = [400, 401, 406, 407];

/** Holds the answers to the members of a group against the answer to the group. */
export function checkGroup(group: Asked, note: Note): void {
  const code = group.codes[0];
  if (code === undefined || REFUSED.includes(code)) return;
  if (group.name === "Sequence") checkSequence(group, note);
  else if (code === 200) checkDone(group, note);
  else checkFailed(group, code, note);
}

function checkSequence({ members }: Asked, note: Note): void {
  let stop: Asked | undefined;
  for (const member of members) {
    if (stop !== undefined && member.codes.some((code) => code !== NOT_RUN)) {
      note("sequence-stopped", `${nameOf(member)} is ${member.codes[0]} behind ${nameOf(stop)}`);
    }
    if (member.codes.some((code) => STOPPED.includes(code))) stop = member;
  }
}

function checkDone(group: Asked, note: Note): void {
  for (const member of group.members) {
    const bad = member.codes.find((code) => !isDone(code));
    if (bad !== undefined) {
      note("atomic-done", `${nameOf(group)} is 200, ${nameOf(member)} is ${bad}`);
    }
  }
}

/** Undone members, then the one that failed, then those that were never run. */
function checkFailed(group: Asked, code: number, note: Note): void {
  const codes = group.members.flatMap((member) => member.codes);
  if (code === NOT_RUN && codes.every((each) => each === NOT_RUN)) return;
  const what = `${nameOf(group)} is ${code}, its members are ${codes.join(", ")}`;
  const causes = codes.filter((each) => !isNeutral(each));
  const needsCause = code === 507 || code === NOT_RUN;
  const hasDone = causes.some(isDone);
  const cause = codes.findIndex((each) => !isNeutral(each));
  const isEarlyUndone = codes.slice(0, cause).every((each) => UNDONE.includes(each));
  // Where what cannot be a member is seen before anything has run, nothing has been undone.
  const isEarlyNotRun = codes.slice(0, cause).every((each) => each === NOT_RUN);
  const isLateUndone = codes.slice(cause + 1).some((each) => UNDONE.includes(each));
  const isOrdered = (isEarlyUndone || isEarlyNotRun) && !isLateUndone;
  if (needsCause && (causes.length === 0 || hasDone || !isOrdered)) note("atomic-failed", what);
  else if (!needsCause && hasDone) note("atomic-failed", what);
}

function isNeutral(code: number): boolean {
  return code === NOT_RUN || UNDONE.includes(code);
}
