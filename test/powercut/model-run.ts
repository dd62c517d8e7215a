// T5: runs of random orders against the model. A run that fails is made as short as it still fails,
// and printed as one line: seed, numbers of the orders, behind a colon the mishaps that are left.
// It begins with T5w where cells of slots may be metastable too.
import type { Machine } from "../helpers/world-machine.ts";
import type { Report } from "./proof.ts";
import { ModelDevice } from "./model-device.ts";
import { type Task, taskOf } from "./model-orders.ts";

/** Orders that one device is given, before the next one starts anew. */
export const RUN_ORDERS = 500;
const TRIES_MAX = 400;

export interface Ended {
  orders: number;
  mishaps: number;
  seconds: number;
  faults: string[];
}

/** One run as a row of the table: orders for points, mishaps for cases. */
export function reportModel(machine: Machine, name: string): Report {
  const [, seed, weak] = name.split(" ");
  const { orders, mishaps, seconds, faults } = runModel(machine, Number(seed), weak === undefined);
  return {
    tier: "T5", scenario: name, points: orders, states: 0, cases: mishaps, images: 0, lives: 0,
    seconds, faults,
  };
}

/**
 * @param hasFirmSlots  no cells of slots are metastable
 * @returns the place of the task behind which something is wrong, and what; none: -1
 */
export function carryOutAll(
  machine: Machine, tasks: readonly Task[], hasFirmSlots: boolean,
  log: (text: string) => void = () => {},
): { at: number; faults: string[] } {
  const device = new ModelDevice(machine, hasFirmSlots);
  for (const [at, task] of tasks.entries()) {
    const faults = device.carryOut(task);
    log(`${task.number} ${task.kind} ${JSON.stringify(task.mishaps)} ${faults.join("; ")}`);
    if (faults.length > 0) return { at, faults };
  }
  return { at: -1, faults: [] };
}

export function runModel(machine: Machine, seed: number, hasFirmSlots = true): Ended {
  const started = performance.now();
  const tasks = Array.from({ length: RUN_ORDERS }, (_, number) => taskOf(seed, number));
  const { at, faults } = carryOutAll(machine, tasks, hasFirmSlots);
  const ended: Ended = {
    orders: at < 0 ? RUN_ORDERS : at + 1,
    mishaps: tasks.reduce((sum, { mishaps }) => sum + mishaps.length, 0), seconds: 0, faults: [],
  };
  if (at >= 0) {
    const fails = (rest: readonly Task[]) => carryOutAll(machine, rest, hasFirmSlots).at >= 0;
    const short = shortenBy(fails, tasks.slice(0, at + 1));
    const found = carryOutAll(machine, short, hasFirmSlots).faults;
    const text = (found.length > 0 ? found : faults).join("; ");
    ended.faults.push(`${text}\n  replay: ${lineOf(seed, short, hasFirmSlots)}`);
  }
  ended.seconds = (performance.now() - started) / 1000;
  return ended;
}

/** Leaves out orders, then mishaps, as long as something is wrong behind the rest. */
export function shortenBy(
  isWrong: (tasks: readonly Task[]) => boolean, failing: readonly Task[],
): readonly Task[] {
  let tries = 0;
  const fails = (rest: readonly Task[]): boolean => tries++ < TRIES_MAX && isWrong(rest);
  let tasks = failing;
  for (let count = 1; count < tasks.length; count *= 2) {
    if (!fails(tasks.slice(-count))) continue;
    tasks = tasks.slice(-count);
    break;
  }
  for (let size = tasks.length >> 1; size >= 1; size >>= 1) {
    for (let from = tasks.length - size; from >= 0; from -= size) {
      const rest = tasks.filter((_, index) => index < from || index >= from + size);
      if (fails(rest)) tasks = rest;
    }
  }
  for (let index = 0; index < tasks.length; index++) {
    for (let mishap = tasks[index]!.mishaps.length - 1; mishap >= 0; mishap--) {
      const { mishaps } = tasks[index]!;
      const task = { ...tasks[index]!, mishaps: mishaps.filter((_, each) => each !== mishap) };
      const rest = tasks.map((each, place) => (place === index ? task : each));
      if (fails(rest)) tasks = rest;
    }
  }
  return tasks;
}

export function lineOf(seed: number, tasks: readonly Task[], hasFirmSlots = true): string {
  const words = tasks.map(({ number, mishaps }) => {
    const all = taskOf(seed, number).mishaps.map((each) => JSON.stringify(each));
    const left = mishaps.map((each) => all.indexOf(JSON.stringify(each)));
    return left.length === all.length ? String(number) : `${number}:${left.join("+")}`;
  });
  return `${hasFirmSlots ? "T5" : "T5w"}|${seed}|${words.join(",")}`;
}

export function tasksOf(line: string): Task[] {
  const [, seed, words = ""] = line.split("|");
  return words.split(",").filter((word) => word !== "").map((word) => {
    const [number, left] = word.split(":");
    const task = taskOf(Number(seed), Number(number));
    if (left === undefined) return task;
    const kept = left.split("+").filter((each) => each !== "").map(Number);
    return { ...task, mishaps: kept.map((index) => task.mishaps[index]!) };
  });
}

/** One failing run again. @returns whether something is wrong */
export function replayModel(
  machine: Machine, line: string, log: (text: string) => void,
): boolean {
  return carryOutAll(machine, tasksOf(line), !line.startsWith("T5w"), log).at >= 0;
}
