// T5: random orders with random mishaps against a reference model. `npm run powercut -- --tier T5
// --operations N --seed S` does more of the same.
import { beforeAll, describe, expect, it } from "vitest";
import { Machine } from "../helpers/world-machine.ts";
import { type Bundle, Model, type Order, type Part } from "./model.ts";
import type { Task } from "./model-orders.ts";

// So many messages are too many for test/wire, whose helper looks at this when it is loaded.
delete process.env["SCOMO_WIRE_DIR"];
const { loadCore } = await import("../helpers/world.ts");
const { taskOf } = await import("./model-orders.ts");
const { lineOf, RUN_ORDERS, runModel, shortenBy, tasksOf } = await import("./model-run.ts");

const SEED = 1;
const RUNS = 40;
const TIME_MS = 600_000;

beforeAll(loadCore);

describe("random orders, random mishaps", () => {
  let machine: Machine;
  beforeAll(() => {
    machine = new Machine("build/core.wasm");
  });

  it(`${RUNS * RUN_ORDERS} orders: the device ends each as the model says`, () => {
    let orders = 0;
    let mishaps = 0;
    let seconds = 0;
    const faults: string[] = [];
    for (let seed = SEED; seed < SEED + RUNS && faults.length === 0; seed++) {
      const ended = runModel(machine, seed);
      orders += ended.orders;
      mishaps += ended.mishaps;
      seconds += ended.seconds;
      faults.push(...ended.faults);
    }
    console.log(`T5, seeds ${SEED} to ${SEED + RUNS - 1}: ${orders} orders, ${mishaps} mishaps, `
      + `${seconds.toFixed(1)} s, ${Math.round(orders / seconds)} orders a second`);
    expect(faults).toEqual([]);
    expect(orders).toBe(RUNS * RUN_ORDERS);
  }, TIME_MS);
});

describe("the model", () => {
  const part = (id: string, version: number) => ({ id, version });
  const bundle = (serial: number, ...parts: Part[]): Bundle =>
    ({ serial, parts, needs: [], isSigned: true, isWhole: true });
  const install = (...bundles: Bundle[]): Order =>
    ({ is: "install", bundles, isActive: true });

  it("an install: all come into force, and a serial that does not rise is refused", () => {
    const { code, after } = new Model(3).end(install(bundle(7, part("a", 1), part("b", 2))));
    expect(code).toBe(1200);
    expect([...after.inForce.keys()]).toEqual(["a", "b"]);
    expect(after.end(install(bundle(6, part("a", 3)))).code).toBe(1405);
    expect(after.end(install(bundle(7, part("a", 3)))).code).toBe(1405);
    expect(after.end(install(bundle(8, part("a", 3)))).code).toBe(1200);
    expect(after.end(install(bundle(8, part("a", 3), part("b", 3)))).code).toBe(1406);
  });

  it("needs: hold in the set as it would be, so a circle of two packages is met", () => {
    const left = { ...bundle(7, part("a", 2)), needs: [part("b", 2)] };
    const right = { ...bundle(7, part("b", 2)), needs: [part("a", 2)] };
    expect(new Model(4).end(install(left)).code).toBe(1405);
    expect(new Model(4).end(install(left, right)).code).toBe(1200);
  });
});

describe("a run that fails", () => {
  it("is left with the orders and mishaps that it takes to fail", () => {
    const tasks = Array.from({ length: 200 }, (_, number) => taskOf(3, number));
    const both = tasks.filter(({ mishaps }) => mishaps.length > 1).slice(0, 2);
    const [first, second] = both.map(({ number }) => number);
    const fails = (left: readonly Task[]) => [first, second].every((number) =>
      left.some((task) => task.number === number && task.mishaps.length > 0));
    const short = shortenBy(fails, tasks);
    expect(short.map(({ number, mishaps }) => [number, mishaps.length]))
      .toEqual([[first, 1], [second, 1]]);
    const line = lineOf(3, short);
    expect(line).toBe(`T5|3|${first}:0,${second}:0`);
    expect(tasksOf(line)).toEqual(short);
  });
});
