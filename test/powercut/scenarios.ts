// The lives that are cut: what is ordered, what goes wrong, and how it may end.
import { Err } from "../../assembly/abi/codes.ts";
import { NEW, OLD, PACKAGES, RADIO } from "../helpers/world-content.ts";
import type { Scenario } from "../helpers/world-crash.ts";
import { download, install } from "../helpers/world-server.ts";
import { LAYOUT, type Asked } from "../helpers/world.ts";

const ATOMIC = [download("jvm", "Download"), download("antivirus", "Download")];
const isNew = ({ id, version }: Asked): boolean =>
  [...NEW, RADIO].some((release) => release.id === id && release.version === version);
const refuses = (id: string) => (asked: Asked) =>
  asked.id === id && isNew(asked) && asked.slot >= 0 ? Err.Refused : Err.Ok;

export const SUCCESS: Scenario = {
  name: "success", script: [download("bundle")], codes: [1200],
};
export const HEALTH_FAILS: Scenario = {
  name: "health fails", script: [download("bundle")], codes: [1200, 1405],
  behaviour: () => ({ health: refuses("antivirus") }),
};

export const SCENARIOS: readonly Scenario[] = [
  SUCCESS,
  HEALTH_FAILS,
  {
    name: "payloads outside the package", script: [download("apart")], codes: [1200],
  },
  {
    name: "atomic of two Installs", script: [...ATOMIC, install(["jvm", "antivirus"])],
    codes: [1200],
  },
  {
    name: "a third component that is new", script: [download("three")], codes: [1200, 1405],
    after: [...NEW, RADIO], behaviour: () => ({ health: refuses("radio") }),
  },
  {
    name: "second digest wrong", script: [download("broken")], codes: [1407],
  },
  {
    name: "ensure fails at the first component", script: [download("bundle")], codes: [1200, 1405],
    behaviour: () => ({ ensure: refuses("jvm") }),
  },
  {
    name: "ensure fails at the last component", script: [download("bundle")], codes: [1200, 1405],
    behaviour: () => ({ ensure: refuses("antivirus") }),
  },
  {
    name: "prepare vetoes", script: [download("bundle")], codes: [1200, 1405],
    behaviour: () => ({ prepare: refuses("antivirus") }),
  },
  {
    name: "user refuses", script: [download("bundle")], codes: [1200, 1401],
    behaviour: () => ({ confirm: () => Err.Refused }),
  },
  {
    name: "Download alone", script: [download("bundle", "Download")], codes: [1200], after: OLD,
  },
  {
    name: "no slot is free", script: [download("bundle")], codes: [1406],
    layout: { ...LAYOUT, slotBytes: [4096, 4096, 4096] },
  },
];

export { PACKAGES };
