// What a policy, a person and an order itself decide, through a whole client over HTTP.
import { afterEach, describe, expect, test } from "vitest";
import type { Confirm } from "../../host/confirm/confirm.ts";
import type { PolicyStep, PolicyVerdict } from "../../host/core/policy.ts";
import type { Component } from "../../host/components/components.ts";
import type { Handler } from "../unit/host/http.ts";
import {
  addDelivered, addDownload, download, exec, Outside, packageOf, Whole,
} from "../helpers/whole-client.ts";

let whole: Whole;
afterEach(() => whole.close());

const FACTORY = ["jvm", "scanner"];
const OLD = ["jvm 1.0.0 20", "scanner 1.0.0 20"];
const NEW = ["jvm 2.0.0 20", "scanner 2.0.0 20"];
const BOTH = packageOf("2.0.0", FACTORY);
const files: Handler = (_, response) => response.end(BOTH);
const url = (): string => `${whole.files.url}/p`;

describe("a policy", () => {
  const asked: PolicyStep["kind"][] = [];
  const policy = (kind: PolicyStep["kind"], verdict: PolicyVerdict) => (step: PolicyStep) => {
    asked.push(step.kind);
    return step.kind === kind ? verdict : "allow";
  };
  afterEach(() => void asked.splice(0));

  test("is asked before a session, orders, the download, the job and each component", async () => {
    whole = await Whole.start({ factory: FACTORY, files, policy: policy("connect", "allow") });
    whole.order(...download("p", url()));
    await whole.connect();
    expect(asked).toEqual(
      ["connect", "order", "download", "job", "download", "install", "install"],
    );
  });

  test("that refuses a session: DM_REFUSED, nothing is sent", async () => {
    whole = await Whole.start({ policy: policy("connect", "refuse") });
    await expect(whole.connect()).rejects.toMatchObject({ code: "DM_REFUSED" });
    expect(whole.server.status().devices).toEqual([]);
  });

  test.each(["postpone", "refuse"] as const)(
    "SC-16: a policy that takes no orders (%s): 403, no job; the next run takes them",
    async (verdict) => {
      whole = await Whole.start({ factory: FACTORY, files, policy: policy("order", verdict) });
      const install = download("p", url());
      whole.order(...install, exec("Inventory/Deployed/jvm/Operations/Deactivate"));
      await whole.connect();
      expect(whole.answered()).toEqual([200, 403, 403]);
      expect(whole.client.jobs()).toEqual([]);
      await whole.restart({ policy: () => "allow" });
      whole.order(install[1]!);
      await whole.connect();
      expect(whole.deployed()).toEqual(NEW);
    },
  );

  test.each(["job", "download"] as const)(
    "SC-15: a job that is put off at its %s stays recorded over a restart, nothing is planned",
    async (kind) => {
      whole = await Whole.start({ factory: FACTORY, files, policy: policy(kind, "postpone") });
      whole.order(...download("p", url()));
      const report = await whole.connect();
      expect(report).toMatchObject({ err: 0, jobs: [] });
      for (const _ of [1, 2]) {
        expect(whole.client.jobs()).toMatchObject([{ identifier: "p", hasOutcome: false }]);
        expect(whole.client.status()).toMatchObject({ operation: null, outbox: [] });
        expect(whole.slotChanges).toBe(0);
        await whole.restart();
      }
      await whole.restart({ policy: () => "allow" });
      await whole.connect();
      expect(whole.deployed()).toEqual(NEW);
      expect(whole.heard()).toEqual([[1200, "jvm"], [1200, "scanner"]]);
    },
  );

  test("a job that is put off lets later ones pass, and counts among the eight", async () => {
    const late = (text: string): boolean => text.startsWith("late");
    whole = await Whole.start({
      factory: FACTORY, files,
      policy: (step) => (step.kind === "job" && late(step.text) ? "postpone" : "allow"),
    });
    const names = Array.from({ length: 8 }, (_, index) => `late${index}`);
    for (const name of names) whole.order(...download(name, url(), "Download"));
    whole.order(...download("now", url(), "Download"));
    for (const _ of names) await whole.connect();
    expect(whole.client.jobs().map(({ identifier }) => identifier)).toEqual(names);
    await whole.connect();
    expect(whole.answered()).toEqual([200, 500]);
    whole.order(exec("Inventory/Deployed/jvm/Operations/Deactivate"));
    await whole.connect();
    expect(whole.answered()).toEqual([500]);
  });
});

describe("a person", () => {
  const asking = (answers: Record<string, "yes" | "no" | "later">) => {
    const asked: string[] = [];
    const confirm: Confirm = async ({ text }) => {
      asked.push(text);
      return answers[text] ?? "yes";
    };
    return { asked, confirm };
  };

  test("SC-15: is asked once for each Download or Install, not for the rest", async () => {
    const { asked, confirm } = asking({});
    whole = await Whole.start({ factory: FACTORY, files, confirm });
    whole.order(...download("a", url(), "Download"));
    await whole.connect();
    whole.order(exec("Inventory/Delivered/a/Operations/Install"));
    await whole.connect();
    whole.order(exec("Inventory/Delivered/a/Operations/Remove"));
    whole.order(exec("Inventory/Deployed/jvm/Operations/Deactivate"));
    await whole.connect();
    await whole.connect();
    expect(asked).toEqual(["a", "a"]);
    expect(whole.heard().map(([code]) => code)).toEqual([1200, 1200, 1200, 1200, 1200]);
  });

  test("SC-15: later: asked once in each run, then once more; a no ends it", async () => {
    const { asked, confirm } = asking({ p: "later" });
    whole = await Whole.start({ factory: FACTORY, files, confirm });
    whole.order(...download("p", url()));
    await whole.connect();
    await whole.connect();
    expect(asked).toEqual(["p", "p"]);
    expect(whole.slotChanges).toBe(0);
    await whole.restart({ confirm: asking({ p: "no" }).confirm });
    await whole.connect();
    expect(whole.heard()).toEqual([[1401, "p"]]);
    expect(whole.deployed()).toEqual(OLD);
  });
});

describe("an order", () => {
  test.each([
    ["EnvType", "envTypes"], ["PkgType", "pkgTypes"],
  ] as const)("%s of an order: in any case that of the list, or not there; else 1413", async (
    leaf, list,
  ) => {
    whole = await Whole.start({ factory: FACTORY, files, lists: { [list]: ["One/a", "Two"] } });
    whole.order(...download("a", url(), "Download", { [leaf]: "oNE/A" }));
    whole.order(...download("b", url(), "Download"));
    whole.order(...download("c", url(), "Download", { [leaf]: "Three" }));
    for (const _ of "abc") await whole.connect();
    expect(whole.heard()).toEqual([[1200, "a"], [1200, "b"], [1413, "c"]]);
    expect(whole.files.seen.length).toBeGreaterThan(0);
  });

  /** Keeps what the adapter was told, and what was open then. */
  class Told extends Outside {
    readonly told: [string, string, string][] = [];
    override prepare = this.note("prepare");
    override ensure = this.note("ensure");
    override health = this.note("health");

    private note(verb: string) {
      return async ({ id, installParams, reboot }: Component) => {
        this.told.push([`${verb} ${id}`, installParams, reboot]);
        return "yes" as const;
      };
    }
  }

  test("InstallParams and Reboot: for the adapter; a reboot is for after the run", async () => {
    const components = new Told();
    whole = await Whole.start({ factory: FACTORY, files, components });
    const leaves = { InstallParams: "fast=1", Reboot: "after" };
    whole.order(...download("p", url(), "DownloadInstall", leaves));
    const report = await whole.connect();
    expect(components.told).toEqual(["prepare", "ensure", "health"].flatMap((verb) =>
      FACTORY.map((id) => [`${verb} ${id}`, "fast=1", "after"])));
    expect(report.reboot).toEqual(["after"]);
    expect(whole.client.status().operation).toBe(null);
    whole.order(exec("Inventory/Deployed/jvm/Operations/Deactivate"));
    expect((await whole.connect()).reboot).toEqual([]);
    expect(components.told.at(-1)).toEqual(["ensure jvm", "", ""]);
  });

  test("Reboot of an order that failed, and of a Download: nothing is asked for", async () => {
    whole = await Whole.start({
      factory: FACTORY, files,
      components: new Outside((asked) => (asked.startsWith("prepare") ? "no" : "yes")),
    });
    whole.order(...download("p", url(), "DownloadInstall", { Reboot: "before" }));
    expect((await whole.connect()).reboot).toEqual([]);
    whole.order(...download("q", url(), "Download", { Reboot: "before" }));
    expect((await whole.connect()).reboot).toEqual([]);
    expect(whole.heard()).toEqual([[1405, "p"], [1200, "q"]]);
  });

  test("InstallParams of two Installs in one Atomic: each adapter call has its own", async () => {
    const components = new Told();
    whole = await Whole.start({ factory: FACTORY, components });
    const [a, b] = FACTORY.map((id) => packageOf("2.0.0", [id])) as [Uint8Array, Uint8Array];
    whole.order(
      ...addDelivered("a", a, { InstallParams: "for jvm" }),
      ...addDelivered("b", b, { InstallParams: "for scanner" }),
      {
        kind: "Atomic",
        members: ["a", "b"].map((name) => exec(`Inventory/Delivered/${name}/Operations/Install`)),
      },
    );
    await whole.connect();
    expect(whole.deployed()).toEqual(NEW);
    expect(components.told.slice(0, 2)).toEqual([
      ["prepare jvm", "for jvm", ""], ["prepare scanner", "for scanner", ""],
    ]);
  });

  test("an entry cannot be changed while its job is put off", async () => {
    whole = await Whole.start({ factory: FACTORY, files, policy: ({ kind }) =>
      (kind === "job" ? "postpone" : "allow") });
    whole.order(...download("p", url(), "DownloadInstall", { InstallParams: "one" }));
    await whole.connect();
    const target = "./SCOMO/Download/p/InstallParams";
    whole.order({ kind: "Replace", items: [{ target, data: "two" }] }, addDownload("q", url()));
    await whole.connect();
    expect(whole.answered()).toEqual([403, 200]);
    expect(whole.leaf("Download/p/InstallParams")).toBe("one");
  });
});
