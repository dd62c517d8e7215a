// Stands in for vitest where a suite is bundled for a browser: it keeps the tests that the suite
// declares, each to be run by its name. It knows no more of vitest than the suites use.
import { JestAsymmetricMatchers, JestChaiExpect, JestExtend } from "@vitest/expect";
import * as chai from "chai";

type Act = () => unknown;

interface Suite {
  name: string;
  before: Act[];
  after: Act[];
}

const tests = new Map<string, Act>();
const open: Suite[] = [];

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);
export const expect = chai.expect;

export function describe(name: string, declare: () => void): void {
  open.push({ name, before: [], after: [] });
  declare();
  open.pop();
}

export function beforeEach(act: Act): void {
  open.at(-1)!.before.push(act);
}

export function afterEach(act: Act): void {
  open.at(-1)!.after.push(act);
}

export function it(name: string, act: Act): void {
  const suites = [...open];
  const fullName = [...suites.map((suite) => suite.name), name].join(" > ");
  if (tests.has(fullName)) throw new Error(`two tests are called ${fullName}`);
  tests.set(fullName, async () => {
    for (const before of suites.flatMap((suite) => suite.before)) await before();
    try {
      await act();
    } finally {
      for (const after of suites.flatMap((suite) => suite.after)) await after();
    }
  });
}

it.each = <Row>(rows: readonly Row[]) => {
  return (name: string, act: (row: Row) => unknown) => {
    for (const row of rows) it(name.replace("%i", String(row)), () => act(row));
  };
};

export function testNames(): string[] {
  return [...tests.keys()];
}

/** Resolves with what went wrong, or an empty text. */
export async function runTest(name: string): Promise<string> {
  const act = tests.get(name);
  if (!act) return `there is no test ${name}`;
  try {
    await act();
    return "";
  } catch (error) {
    return error instanceof Error ? `${error}\n${error.stack}` : String(error);
  }
}
