import type { Answer, Question } from "../confirm/confirm.ts";
import { ANTIVIRUS_ALONE, BROKEN_BUNDLE, BUNDLE, JVM_ALONE } from "./setting.ts";
import type { Generation } from "./setting.ts";

export type FlowName = "normal" | "alternative-1" | "alternative-2";

export const FLOWS: readonly FlowName[] = ["normal", "alternative-1", "alternative-2"];

/** A code that the server must have received, and what it was about. */
export interface ExpectedResult {
  identifier: string;
  result: number;
}

/** One run through a flow of the use case, and what must come of it. */
export interface DemoCase {
  flow: FlowName;
  name: string;
  /** One sentence for the reader. */
  story: string;
  /** What is on the device before. */
  has: Generation;
  /** Entry of the server's policy. */
  wanted: object;
  /** Who opens the session. */
  opener: "server" | "device";
  /** The user's part: what is answered to the server's question and to the device's own. */
  user: { server: Answer; job: Answer };
  sick?: string;
  isCut?: boolean;
  expect: { files: "all old" | "all new"; results: readonly ExpectedResult[] };
}

const COMPONENTS = { jvm: "8.2.0", antivirus: "5.0.0" };
const ONE = { bind: "package", package: BUNDLE, components: COMPONENTS, urgent: true };
const WILLING = { server: "yes", job: "yes" } as const;
const BOTH_DONE = [
  { identifier: "jvm", result: 1200 },
  { identifier: "antivirus", result: 1200 },
];

/** PkgIDs of the packages: their names on the server without the extension. */
const BUNDLE_ID = "scanner-77";
const BROKEN_ID = "scanner-78";

export const CASES: readonly DemoCase[] = [
  {
    flow: "normal",
    name: "normal",
    story: "The server notifies the device and asks the user before it orders the update.",
    has: "old",
    wanted: { ...ONE, urgent: false, askUser: "Install the new scanner?" },
    opener: "server",
    user: WILLING,
    expect: { files: "all new", results: BOTH_DONE },
  },
  {
    flow: "alternative-1",
    name: "outdated device",
    story: "The device connects; the server sees old versions and orders the urgent update.",
    has: "old",
    wanted: ONE,
    opener: "device",
    user: WILLING,
    expect: { files: "all new", results: BOTH_DONE },
  },
  {
    flow: "alternative-1",
    name: "current device",
    story: "The device connects; the server sees current versions and orders nothing.",
    has: "new",
    wanted: ONE,
    opener: "device",
    user: WILLING,
    expect: { files: "all new", results: [] },
  },
  {
    flow: "alternative-2",
    name: "one package",
    story: "Scanner and JVM need each other and come bound in one Delivery Package.",
    has: "old",
    wanted: ONE,
    opener: "device",
    user: WILLING,
    expect: { files: "all new", results: BOTH_DONE },
  },
  {
    flow: "alternative-2",
    name: "atomic of two",
    story: "Two Delivery Packages that need each other, bound by an Atomic of two Installs.",
    has: "old",
    wanted: {
      bind: "atomic", packages: [JVM_ALONE, ANTIVIRUS_ALONE], components: COMPONENTS, urgent: true,
    },
    opener: "device",
    user: WILLING,
    expect: {
      files: "all new",
      results: [
        { identifier: "jvm-8.2.0", result: 1200 },
        { identifier: "antivirus-5.0.0", result: 1200 },
        ...BOTH_DONE,
      ],
    },
  },
  {
    flow: "alternative-2",
    name: "second digest wrong",
    story: "A bit of the second component changed on the way; the first one arrived well.",
    has: "old",
    wanted: { ...ONE, package: BROKEN_BUNDLE },
    opener: "device",
    user: WILLING,
    expect: { files: "all old", results: [{ identifier: BROKEN_ID, result: 1407 }] },
  },
  {
    flow: "alternative-2",
    name: "health fails",
    story: "Both are installed, then the new JVM says that it is not well.",
    has: "old",
    wanted: ONE,
    opener: "device",
    user: WILLING,
    sick: "jvm",
    expect: { files: "all old", results: [{ identifier: BUNDLE_ID, result: 1405 }] },
  },
  {
    flow: "alternative-2",
    name: "user refuses in session",
    story: "The server asks the user within the session, and the user says no.",
    has: "old",
    wanted: { ...ONE, askUser: "Install the new scanner?" },
    opener: "device",
    user: { server: "no", job: "yes" },
    expect: {
      files: "all old",
      results: [{ identifier: "Alert 1101", result: 304 }, { identifier: "Exec", result: 215 }],
    },
  },
  {
    flow: "alternative-2",
    name: "user refuses the job",
    story: "The server does not ask, so the device does, and the user says no.",
    has: "old",
    wanted: ONE,
    opener: "device",
    user: { server: "yes", job: "no" },
    expect: { files: "all old", results: [{ identifier: BUNDLE_ID, result: 1401 }] },
  },
  {
    flow: "alternative-2",
    name: "power cut",
    story: "The power goes when one of the two files is new and the other one still old.",
    has: "old",
    wanted: ONE,
    opener: "device",
    user: WILLING,
    isCut: true,
    expect: { files: "all new", results: BOTH_DONE },
  },
];

/** The user's answer to a question; what is only shown is shown. */
export function answerOf({ user }: DemoCase, { kind }: Question): Answer {
  if (kind === "confirm") return user.server;
  return kind === "job" ? user.job : "yes";
}
