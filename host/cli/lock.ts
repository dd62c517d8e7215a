import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DmError } from "../errors.ts";

interface Holder {
  pid: number;
  /** Tells this process from a later one with the same id; empty where the system does not say. */
  started: string;
  command: string;
}

/** How often a lock that goes away between two looks is tried anew. */
const TRIES_MAX = 5;

/**
 * Locks a state directory for this process. A lock whose process is gone is taken over.
 *
 * @returns the function that unlocks
 * @fails DM_BUSY  another process has it; the message says which
 */
export function lockState(directory: string, command: string): () => void {
  const path = join(directory, "lock");
  const own: Holder = { pid: process.pid, started: startOf(process.pid), command };
  const draft = `${path}.${process.pid}`;
  try {
    writeDraft(draft, own);
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      // A link is made whole or not at all, so nobody reads a lock half written.
      if (tryLink(draft, path)) return () => rmSync(path, { force: true });
      const text = readLock(path);
      const holder = parseHolder(text);
      if (holder !== null && isAlive(holder)) throw busy(directory, holder);
      if (text !== null) breakLock(path, text);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw new DmError("DM_BUSY", `${directory} is being locked by other commands`);
}

function writeDraft(draft: string, own: Holder): void {
  try {
    writeFileSync(draft, JSON.stringify(own));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isFull = code === "ENOSPC" || code === "EDQUOT";
    const what = `locking the state directory failed: ${message}`;
    throw new DmError(isFull ? "DM_NO_SPACE" : "DM_STORAGE", what, { cause });
  }
}

function busy(directory: string, { pid, command }: Holder): DmError {
  return new DmError("DM_BUSY", `${directory} is in use by process ${pid} (scomo ${command})`);
}

function tryLink(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function readLock(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function parseHolder(text: string | null): Holder | null {
  try {
    const holder = JSON.parse(text ?? "null") as Partial<Holder> | null;
    if (typeof holder?.pid !== "number") return null;
    return { pid: holder.pid, started: holder.started ?? "", command: holder.command ?? "" };
  } catch {
    return null;
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const started = startOf(holder.pid);
  return started === "" || holder.started === "" || started === holder.started;
}

/** Start time of a process in ticks since boot, from Linux's table of processes. */
function startOf(pid: number): string {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold blanks; the 20th field after it is the start time.
    return line.slice(line.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

/** Takes a stale lock away, unless another process has replaced it meanwhile. */
function breakLock(path: string, stale: string): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (readLock(aside) !== stale) tryLink(aside, path);
  rmSync(aside, { force: true });
}
