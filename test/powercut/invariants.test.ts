// Each rule finds what it is there for: a history that breaks it, and the same one without the
// slip.
import { describe, expect, it } from "vitest";
import { type Entry, type Fact, type Seen, type Step, Watch } from "./invariants.ts";

const RULES = { sets: new Set(["a 1, b 1", "a 2, b 2"]), triesMax: 3, bootsMax: 5 };

const entry = (
  component: number, version: number, slot: number, more: Partial<Entry> = {},
): Entry =>
  ({
    component, name: `${"ab"[component]} ${version}`, slot, isActive: true, isDirty: false,
    isRemoved: false, floor: version, bytes: 10, digest: `${component} ${version}`, ...more,
  });
const OLD = [entry(0, 1, 0), entry(1, 1, 1)];
const NEW = [entry(0, 2, 2), entry(1, 2, 3)];
const DIGESTS = ["0 1", "1 1", "0 2", "1 2"];

const seen = (more: Partial<Seen> = {}): Seen => ({
  generation: 1, isDegraded: false, isDoubtful: false, inventory: OLD, open: null, owed: [],
  kept: [], missing: [], halves: [], digestOf: (slot) => DIGESTS[slot]!, ...more,
});
const open = (state: "planned" | "committed" | "rolling", attempts = 0) =>
  ({ id: 7, state, attempts, entries: NEW });
const at = (generation: number, state: "planned" | "committed" | "rolling", attempts = 0) =>
  seen({ generation, open: open(state, attempts) });

const boot = (start = seen()): Fact => ({ is: "boot", seen: start, heard: [] });
const durable = (next: Seen): Fact => ({ is: "durable", seen: next });
const ask = (step: "ensure" | "health", name: string, slot: number, isRecorded = true): Fact =>
  ({ is: "ask", step, name, slot, isRecorded });
const sent = (code: number): Fact =>
  ({ is: "sent", heard: { source: "s", correlator: "c", code } });
const DONE = seen({ generation: 2, inventory: NEW, owed: [{ id: 7, code: 1200 }] });
const FAILED = seen({ generation: 2, owed: [{ id: 7, code: 1405 }] });
const ended = (more: Partial<Fact & { is: "end" }> = {}): Fact => ({
  is: "end", isQuiet: true, boots: 1, seen: seen(), outside: ["a 1 0 1", "b 1 1 1"], owing: [],
  ...more,
});
const rot = (more: Partial<Fact & { is: "rot" }> = {}): Fact => ({
  is: "rot", isSame: false, isDegraded: true, isRefused: false, isRepeat: false, isWhole: true,
  ...more,
});

/** Rule, what is wrong, the history that has it, the history that has not. */
const CASES: readonly [string, string, Fact[], Fact[]][] = [
  ["I1", "half of the new set is in force",
    [boot(seen({ inventory: [NEW[0]!, OLD[1]!] }))], [boot(seen({ inventory: NEW }))]],
  ["I1", "no region is whole", [boot(seen({ generation: 0 }))], [boot()]],
  ["I1", "half of an Atomic is there",
    [boot(), { is: "cut", seen: seen({ halves: ["x"] }) }], [boot(), { is: "cut", seen: seen() }]],
  ["I2", "a slot in force has other bytes",
    [boot(), { is: "cut", seen: seen({ digestOf: () => "other" }) }], [boot()]],
  ["I3", "outside is older than the inventory", [ended({ outside: ["a 0 x", "b 1 1 1"] })],
    [ended({
      outside: ["a 0 x", "b 1 1 1"],
      seen: seen({ inventory: [{ ...OLD[0]!, isDirty: true }, OLD[1]!] }),
    })]],
  ["I4", "it never comes to rest", [ended({ isQuiet: false })], [ended()]],
  ["I4", "it takes too many boots", [ended({ boots: 6 })], [ended({ boots: 5 })]],
  ["I5", "a slot in force is erased", [boot(), { is: "slot", slot: 1 }],
    [boot(), { is: "slot", slot: 2 }]],
  ["I5", "a slot of a package is erased", [boot(seen({ kept: [2] })), { is: "slot", slot: 2 }],
    [boot(seen({ kept: [3] })), { is: "slot", slot: 2 }]],
  ["I6", "COMMIT is durable, content is not",
    [boot(), { is: "cut", seen: seen({
      open: open("committed"), digestOf: (slot) => (slot === 3 ? "" : DIGESTS[slot]!),
    }) }],
    [boot(), { is: "cut", seen: seen({ open: open("committed") }) }]],
  ["I7", "a success is owed and the old set is in force",
    [boot(), durable(at(2, "committed")), durable({ ...DONE, inventory: OLD })],
    [boot(), durable(at(2, "committed")), durable(DONE)]],
  ["I7", "a failure is owed and the new set is in force",
    [boot(), durable(at(2, "rolling")), durable({ ...FAILED, inventory: NEW })],
    [boot(), durable(at(2, "rolling")), durable(FAILED)]],
  ["I8", "two results for one operation",
    [boot(), durable(FAILED), sent(1405), durable(DONE), sent(1200)],
    [boot(), durable(FAILED), sent(1405), sent(1405)]],
  ["I8", "an operation ends without an outcome",
    [boot(), durable(at(2, "planned")), durable(seen({ generation: 2 }))],
    [boot(), durable(at(2, "planned")), durable(FAILED)]],
  ["I8", "an outcome is gone that nobody heard",
    [boot(), durable(FAILED), durable(seen({ generation: 2 }))],
    [boot(), durable(FAILED), sent(1405), durable(seen({ generation: 2 }))]],
  ["I8", "a Status has left, and what it spoke of has gone",
    [boot(), { is: "cut", seen: seen({ missing: ["x"] }) }], [boot()]],
  ["I9", "from ROLLBACK back to COMMITTED",
    [boot(), durable(at(2, "rolling")), { is: "cut", seen: at(2, "committed") }],
    [boot(), durable(at(2, "committed")), { is: "cut", seen: at(2, "rolling") }]],
  ["I9", "the old set before ROLLBACK",
    [boot(), durable(at(2, "committed")), ask("ensure", "a 1", 0)],
    [boot(), durable(at(2, "rolling")), ask("ensure", "a 1", 0)]],
  ["I9", "the new set behind ROLLBACK",
    [boot(), durable(at(2, "rolling")), ask("ensure", "a 2", 2)],
    [boot(), durable(at(2, "committed")), ask("ensure", "a 2", 2)]],
  ["I9", "a success behind ROLLBACK", [boot(), durable(at(2, "rolling")), durable(DONE)],
    [boot(), durable(at(2, "rolling")), durable(FAILED)]],
  ["I10", "a boot that tries and is not counted",
    [boot(at(1, "committed", 1)), durable(at(2, "committed", 1)), ask("health", "a 2", 2)],
    [boot(at(1, "committed", 1)), durable(at(2, "committed", 2)), ask("health", "a 2", 2)]],
  ["I10", "one boot too many",
    [boot(at(1, "committed", 3)), durable(at(2, "committed", 4)), ask("health", "a 2", 2)],
    [boot(at(1, "committed", 2)), durable(at(2, "committed", 3)), ask("health", "a 2", 2)]],
  ["I10", "an attempt is forgotten",
    [boot(at(1, "committed", 2)), { is: "cut", seen: at(2, "committed", 1) }],
    [boot(at(1, "committed", 2)), { is: "cut", seen: at(2, "committed", 3) }]],
  ["I11", "a floor falls",
    [boot(), durable(seen({ inventory: [{ ...OLD[0]!, floor: 0 }, OLD[1]!] }))], [boot()]],
  ["I11", "a floor rises with a failure",
    [boot(), durable(at(2, "rolling")),
      durable({ ...FAILED, inventory: OLD.map((each) => ({ ...each, floor: 9 })) })],
    [boot(), durable(at(2, "committed")), durable(DONE)]],
  ["I12", "the set changes with no operation", [boot(), durable(seen({ inventory: NEW }))],
    [boot(), durable(at(2, "committed")), durable(DONE)]],
  ["I13", "a component changes that is of no plan",
    [boot(), durable(seen({ generation: 2, open: { ...open("committed"), entries: [NEW[0]!] } })),
      durable(DONE)],
    [boot(), durable(at(2, "committed")), durable(DONE)]],
  ["I13", "a component is ensured that is of no plan",
    [boot(), durable(seen({ generation: 2, open: { ...open("rolling"), entries: [NEW[0]!] } })),
      ask("ensure", "b 1", 1)],
    [boot(), durable(seen({ generation: 2, open: { ...open("rolling"), entries: [NEW[0]!] } })),
      ask("ensure", "a 1", 0)]],
  ["I14", "degraded without rot", [boot(), { is: "cut", seen: seen({ isDegraded: true }) }],
    [boot()]],
  ["I14", "another set, and it does not know it", [rot({ isDegraded: false })], [rot()]],
  ["I14", "a mixture after rot", [rot({ isWhole: false })], [rot({ isRepeat: true })]],
  ["I15", "no room behind the PLAN",
    [boot(), durable(at(2, "planned")), { is: "done", isSpace: true }],
    [boot(), { is: "done", isSpace: true }]],
  ["I16", "two boots on one image differ", [{ is: "twice", left: "x", right: "y" }],
    [{ is: "twice", left: "x", right: "x" }]],
  ["I17", "a boot with nothing to do writes", [{ is: "idle", changes: 1 }],
    [{ is: "idle", changes: 0 }]],
  ["I18", "a region is written behind a failure",
    [boot(), { is: "failed", region: 1 }, { is: "journal", region: 1 }],
    [boot(), { is: "failed", region: 0 }, { is: "journal", region: 1 }]],
  ["I18", "a region is written behind a failed barrier",
    [boot(), { is: "failed", region: -1 }, { is: "journal", region: 1 }],
    [{ is: "failed", region: -1 }, boot(), { is: "journal", region: 1 }]],
  ["I19", "ensured before COMMIT", [boot(), durable(at(2, "planned")), ask("ensure", "a 2", 2)],
    [boot(), durable(at(2, "committed")), ask("ensure", "a 2", 2)]],
  ["I19", "ensured before the barrier of COMMIT",
    [boot(), durable(at(2, "committed")), ask("ensure", "a 2", 2, false)],
    [boot(), durable(at(2, "committed")), ask("ensure", "a 2", 2)]],
  ["I19", "it rests on a region of another boot",
    [boot(at(2, "committed")), ask("ensure", "a 2", 2)],
    [boot(at(2, "committed")), durable(at(3, "committed", 1)), ask("ensure", "a 2", 2)]],
  ["I19", "ensured without a reason", [boot(), ask("ensure", "a 1", 0)],
    [boot(seen({ inventory: [{ ...OLD[0]!, isDirty: true }, OLD[1]!] })), ask("ensure", "a 1", 0)]],
  ["I19", "a result is sent that is not recorded", [boot(), sent(1405)],
    [boot(), durable(FAILED), sent(1405)]],
];

const said = (step: Step, id: string, isYes: boolean): Fact => ({ is: "answer", step, id, isYes });
/** Both components agree to everything. */
const AGREED = (["prepare", "ensure", "health"] as const).flatMap((step) =>
  ["a", "b"].map((id) => said(step, id, true)));
const COMMITTED: readonly Fact[] = [boot(), durable(at(2, "committed"))];

const VERDICTS: typeof CASES = [
  ["I20", "COMMIT although one has vetoed",
    [boot(), ...AGREED, said("prepare", "b", false), durable(at(2, "planned")),
      durable(at(2, "committed"))],
    [boot(), ...AGREED, durable(at(2, "planned")), durable(at(2, "committed"))]],
  ["I20", "COMMIT, and one was asked in another boot only",
    [boot(), ...AGREED, boot(at(1, "planned")), durable(at(2, "committed"))],
    [boot(at(1, "planned")), ...AGREED, durable(at(2, "committed"))]],
  ["I20", "a success although one is not well",
    [...COMMITTED, ...AGREED, said("health", "a", false), durable(DONE)],
    [...COMMITTED, ...AGREED, durable(DONE)]],
  ["I20", "a success, and nobody was asked for its health",
    [...COMMITTED, ...AGREED.slice(0, 4), durable(DONE)], [...COMMITTED, ...AGREED, durable(DONE)]],
  ["I20", "a success although one could not be made the one in force",
    [...COMMITTED, ...AGREED, said("ensure", "a", false), durable(DONE)],
    [...COMMITTED, ...AGREED, said("ensure", "a", false), said("ensure", "a", true),
      durable(DONE)]],
];

const judge = (facts: readonly Fact[]): string[] => {
  const watch = new Watch(RULES);
  for (const fact of facts) watch.take(fact);
  return watch.violations;
};

describe("invariants", () => {
  it.each([...CASES, ...VERDICTS])("%s: %s", (rule, _, broken, whole) => {
    expect(judge(broken).map((text) => text.split(" ")[0])).toContain(rule);
    expect(judge(whole).filter((text) => text.startsWith(`${rule} `))).toEqual([]);
  });

  it("each of the twenty has a case", () => {
    const rules = new Set([...CASES, ...VERDICTS].map(([rule]) => rule));
    expect(rules).toEqual(new Set(Array.from({ length: 20 }, (_, index) => `I${index + 1}`)));
  });
});
