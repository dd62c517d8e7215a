// Behind a write of the journal that failed, `look` shows texts that are what they were, or none.
import { beforeAll, expect, it } from "vitest";
import { Err } from "../../../assembly/abi/codes.ts";
import * as look from "../../../host/core/look.ts";
import { type Fault, JOURNAL_AREAS } from "../../helpers/world-medium.ts";
import { download, entry } from "../../helpers/world-server.ts";
import { type Image, loadCore, newDevice, World } from "../../helpers/world.ts";

beforeAll(loadCore);

const ORDER = download("bundle");
/** Where the name of the entry is lost, so is its URI. */
const TEXT = /^(\.\/SCOMO\/Download\/(bundle|three)?\/Operations\/DownloadInstall)?$/;
const NAME = /^((pkg|order)-(bundle|three)(-DownloadInstall)?)?$/;
const COMPONENT = /^(jvm 8\.2\.0|antivirus 5\.0\.0|radio 1\.0\.0| )$/;

/** A device that owes an outcome, its regions full of records of all kinds. */
function owing(fillers: number): Image {
  const script = Array.from({ length: fillers }, (_, index) => entry(`filler${index}`));
  const first = new World(newDevice(), { script: [...script, ORDER], behaviour: {
    exchange: ({ results, accepted }) =>
      (accepted.some((each) => each.endsWith("Install")) && results.length === 0
        ? Err.Transport : Err.Ok),
  } });
  first.finish(fillers + 2);
  expect(look.outcomes(first.core)).toHaveLength(1);
  return first.image(first.medium.live);
}

/** Texts that `look` shows and that are of something else. */
function strangers({ core }: World): string[] {
  const jobs = look.jobs(core);
  const outcomes = look.outcomes(core);
  const items = outcomes.flatMap((outcome) => outcome.items);
  return [
    ...jobs.map(({ uri }) => uri).filter((text) => !TEXT.test(text)),
    ...[...jobs, ...items].map(({ correlator }) => correlator).filter((text) => !NAME.test(text)),
    ...jobs.map(({ identifier }) => identifier).filter((text) => !NAME.test(text)),
    ...outcomes.map(({ component }) => component).filter((text) => !/^(jvm|)$/.test(text)),
    ...look.deployed(core).map(({ id, version }) => `${id} ${version}`)
      .filter((text) => !COMPONENT.test(text)),
  ];
}

/** A run in which the write numbered `at`, and all behind it, fail. Undefined if none did. */
function failing(image: Image, at: number, effect: Fault["effect"]): World | undefined {
  const world = new World(image, { script: [entry("x1"), download("three")], goesOn: true });
  let writes = 0;
  world.medium.faultOf = (call, area) => {
    const isDue = call === "write" && area < JOURNAL_AREAS && ++writes >= at;
    return isDue ? { err: Err.Storage, effect } : undefined;
  };
  return world.connect() === Err.Ok ? undefined : world;
}

it.each(["none", "half", "done"] as const)(
  "a write that fails, its effect %s: no text comes from another record",
  (effect) => {
    let failed = 0;
    for (const fillers of [0, 1, 2, 3]) {
      const image = owing(fillers);
      for (let at = 1; at <= 70; at++) {
        const world = failing(image, at, effect);
        if (!world) continue;
        failed++;
        expect(strangers(world), `${fillers} fillers, write ${at}`).toEqual([]);
      }
    }
    expect(failed).toBeGreaterThan(100);
  },
);
