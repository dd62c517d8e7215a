// Lives that change what is there already: Activate, Deactivate, Remove, and accounts.
import { ComponentState, Err } from "../../assembly/abi/codes.ts";
import { accountNodes } from "../../host/cli/bootstrap.ts";
import { type Behaviour, type Image, World } from "../helpers/world.ts";
import {
  addAll, download, execute, inOneAtomic, removal, replaceAcl, SERVER_URL, type Step,
} from "../helpers/world-server.ts";
import type { Machine } from "../helpers/world-machine.ts";
import { grown, type Scenario } from "./scenario.ts";

const JVM = "./SCOMO/Inventory/Deployed/jvm/Operations";

const order = (primitive: string): Step => execute(`${JVM}/${primitive}`, primitive);

/** A device on which some steps were done that bring nothing into force. */
const after = (...script: Step[]) => (machine: Machine): Image =>
  grown({ name: "before", script, makes: script.map(() => null), codes: [1200] }, machine);

const CHANGES: readonly Scenario[] = [
  {
    name: "Activate", script: [order("Activate")], makes: [null], codes: [1200, 1409],
    device: after(order("Deactivate")),
  },
  {
    name: "Activate, and it is not well", script: [order("Activate")], makes: [null],
    codes: [1200, 1409], device: after(order("Deactivate")),
    behaviour: () => ({ health: () => Err.Refused }),
  },
  { name: "Deactivate", script: [order("Deactivate")], makes: [null], codes: [1200, 1410] },
  {
    name: "Deactivate, and Ensure fails", script: [order("Deactivate")], makes: [null],
    codes: [1200, 1410],
    behaviour: () => ({
      ensure: ({ state }) => (state === ComponentState.Inactive ? Err.Refused : Err.Ok),
    }),
  },
  {
    name: "Remove of a component", script: [order("Remove")], makes: [null], takes: [["jvm"]],
    codes: [1200, 1408],
  },
  {
    name: "Remove of a component, and Ensure fails", script: [order("Remove")], makes: [null],
    takes: [["jvm"]], codes: [1200, 1408],
    behaviour: () => ({ ensure: ({ slot }) => (slot < 0 ? Err.Refused : Err.Ok) }),
  },
  {
    name: "Remove of a component that does not come back", script: [order("Remove")],
    makes: [null], takes: [["jvm"]], codes: [1200, 1408, 1475],
    behaviour: () => ({ ensure: ({ id }) => (id === "jvm" ? Err.Refused : Err.Ok) }),
  },
  {
    name: "Remove of a package",
    script: [execute("./SCOMO/Inventory/Delivered/bundle/Operations/Remove", "remove")],
    makes: [null], codes: [1200], device: after(download("bundle", "Download")),
  },
];

const SECOND = "./DMAcc/second";
const SECOND_ID = "second.example";
const RIGHTS = ["Add", "Delete", "Exec", "Get", "Replace"];

const none = { user: "", password: "", serverUser: "", serverPassword: "" };
const NODES = accountNodes({ serverId: SECOND_ID, url: SERVER_URL, auth: "none", ...none })
  .map(({ uri, value }) => ({
    uri: uri.replace("./DMAcc/acc1", SECOND).replace("AppAddr/1", "AppAddr/second-address"),
    ...(value === undefined ? {} : { value: String(value) }),
  }));
const rightsOf = (...ids: string[]): string =>
  RIGHTS.map((right) => `${right}=${ids.join("+")}`).join("&");

/** One account more, and rights for its server, all at once. */
const ACCOUNT = inOneAtomic(
  {
    correlator: "account", execs: [],
    commands: [
      replaceAcl("./DMAcc", rightsOf("dms.example")),
      replaceAcl("./SCOMO", rightsOf("dms.example", SECOND_ID)),
    ],
  },
  addAll("account", NODES),
);

/**
 * A device whose second account is owed what became of so many Downloads of packages that are not
 * there. Its server has heard of them, but the device does not know.
 */
const owing = (count: number) => (machine: Machine): Image => {
  const made = grown({
    name: "account", script: [ACCOUNT], makes: [null], codes: [],
  }, machine);
  const steps = Array.from({ length: count }, (_, index) => download(`gone${index}`));
  const script: Step[] = [{
    correlator: "gone", execs: steps.flatMap(({ execs }) => execs),
    commands: steps.flatMap(({ commands }) => commands),
  }];
  const behaviour: Behaviour = {
    answer: ({ results }) => (results.length > 0 ? Err.Transport : Err.Ok),
  };
  const world = new World(made, { script, machine, behaviour, goesOn: true });
  world.account = 1;
  const err = world.connect();
  const { results, refused } = world.server.state;
  if (err !== Err.Transport || results.length !== count || refused.length > 0) {
    throw new Error(`the second account was to be owed ${count}: ${err}, ${results.length}`);
  }
  const server = { results, accepted: [], refused };
  return { ...world.image(world.medium.live), server };
};

const ACCOUNTS: readonly Scenario[] = [
  {
    name: "an account is added in an Atomic", script: [ACCOUNT], makes: [null], codes: [],
    units: [{ name: "account", nodes: ["second", "second-address"] }],
  },
  {
    name: "an account is removed that nothing is owed to", script: [removal(SECOND)],
    makes: [null], codes: [], device: after(ACCOUNT),
  },
  {
    name: "an account is removed that is owed one outcome", script: [removal(SECOND)],
    makes: [null], codes: [], goesOn: true, device: owing(1),
  },
  {
    name: "an account is removed that is owed three outcomes", script: [removal(SECOND)],
    makes: [null], codes: [], goesOn: true, device: owing(3),
  },
];

/** Servers that do not ask what became of it: what is owed to nobody any more must go by itself. */
const FORGETFUL: readonly Scenario[] = ACCOUNTS.slice(-1).map((scenario) => ({
  ...scenario, name: `${scenario.name}, by a server that orders it once`,
  script: scenario.script.map((step) => ({ ...step, isOnce: true })),
}));

export const OBJECTS: readonly Scenario[] = [...CHANGES, ...ACCOUNTS, ...FORGETFUL];
