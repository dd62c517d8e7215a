import { describe, expect, it } from "vitest";
import { Look } from "../../../assembly/abi/codes.ts";
import * as look from "../../../host/core/look.ts";
import { deviceStatus, reportsOf } from "../../../host/core/report.ts";
import { FakeCore, item } from "./fake-core.ts";

function coreWith(what: Look, ...items: Uint8Array[]): FakeCore {
  const core = new FakeCore();
  core.items.set(what, items);
  return core;
}

const DIGEST = Uint8Array.from({ length: 32 }, (_, index) => index);
const HEX = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

const entry = (id: string, state: number, slot: number, flags: number) =>
  item(
    [state, 1],
    [70, 1],
    [slot, 1],
    [flags, 1],
    [100_000, 4],
    [0x0100_0203, 4],
    [7, 4],
    DIGEST,
    `node-${id}`,
    id,
    "1.2.3",
    "av-77",
  );

const outcome = (result: number, reason: number, component: string, uris: string[]) =>
  item(
    [5, 4],
    [6, 4],
    [result, 2],
    [reason, 1],
    [uris.length, 1],
    component,
    ...uris.flatMap((uri) => [uri, "av-bundle-77", "job-0042"]),
  );

describe("look", () => {
  it("nodes: leaf, interior, secret and binary nodes are told apart", () => {
    const core = coreWith(
      Look.Node,
      item([0, 1], [1, 1], [6, 1], ".", "", "Add=*&Get=*", ""),
      item([2, 1], [0, 1], [0, 1], "./DevInfo/DevId", "text/plain", "", "IMEI:1é"),
      item([2, 1], [3, 1], [0, 1], "./X/Bin", "application/octet-stream", "", "abc"),
      item([2, 1], [0, 1], [1, 1], "./X/Secret", "", "", ""),
    );
    expect(look.nodes(core)).toEqual([
      {
        uri: ".",
        depth: 0,
        format: "node",
        type: "",
        acl: "Add=*&Get=*",
        isInterior: true,
        isPermanent: true,
        value: null,
      },
      expect.objectContaining({ uri: "./DevInfo/DevId", format: "chr", value: "IMEI:1é" }),
      expect.objectContaining({ format: "bin", value: Uint8Array.of(97, 98, 99) }),
      expect.objectContaining({ uri: "./X/Secret", value: null }),
    ]);
  });

  it.each([0, 1, 230, 255, 256, 257, 511, 512, 513, 2048])(
    "nodes: a value of %i bytes is read whole, over as many parts as it takes",
    (count) => {
      const value = "v".repeat(count);
      const core = coreWith(Look.Node, item([1, 1], [0, 1], [0, 1], "./a", "", "", value));
      expect(look.nodes(core)[0]!.value).toBe(value);
    },
  );

  it("nodes: an item cut short anywhere reads as empty, and nothing throws", () => {
    const whole = item([1, 1], [0, 1], [0, 1], "./a", "t", "a", "value");
    for (let count = 1; count < whole.length; count++) {
      expect(look.nodes(coreWith(Look.Node, whole.subarray(0, count))).length).toBe(1);
    }
  });

  it("deployed: numbers, digest and flags", () => {
    const [first, second] = look.deployed(
      coreWith(Look.Deployed, entry("jvm", 20, 3, 0), entry("av", 0, 255, 3)),
    );
    expect(first).toEqual({
      node: "node-jvm",
      id: "jvm",
      version: "1.2.3",
      state: 20,
      status: 70,
      pkgIdRef: "av-77",
      sha256: HEX,
      slot: 3,
      bytes: 100_000,
      order: 0x0100_0203,
      floor: 7,
      isRemoved: false,
      isDirty: false,
    });
    expect(second).toMatchObject({ state: 0, slot: null, isRemoved: true, isDirty: true });
  });

  it("operation: none, and each state by name", () => {
    expect(look.operation(new FakeCore())).toBeNull();
    const states = [0, 1, 2].map((state) =>
      look.operation(
        coreWith(Look.Operation, item([9, 4], [state, 1], [2, 1], [1, 1], [0, 1], "jvm", "av")),
      ),
    );
    expect(states[0]).toEqual({ id: 9, state: "planned", components: ["jvm", "av"] });
    const names = states.map((operation) => operation?.state);
    expect(names).toEqual(["planned", "committed", "rolling"]);
  });

  it("jobs: every field", () => {
    const bytes = item([1, 4], [2, 4], [3, 2], [4, 1], [5, 1], "./S/Install", "pkg", "cor");
    expect(look.jobs(coreWith(Look.Job, bytes))).toEqual([
      {
        job: 1,
        group: 2,
        account: 3,
        primitive: 4,
        isPostponed: true,
        isAllowed: false,
        hasOutcome: true,
        uri: "./S/Install",
        identifier: "pkg",
        correlator: "cor",
      },
    ]);
  });

  it("health: the device's own numbers", () => {
    const bytes = item([1, 1], [2, 1], [406, 2], [7, 4], [40, 4]);
    expect(look.health(coreWith(Look.Device, bytes))).toEqual({
      isDegraded: true,
      sessions: 2,
      eventStatus: 406,
      generation: 7,
      nodes: 40,
    });
    expect(look.health(new FakeCore()).sessions).toBe(0);
  });

  it("a failure of look: is thrown", () => {
    const core = new FakeCore();
    core.look = () => -41;
    expect(() => look.nodes(core)).toThrow(expect.objectContaining({ code: "DM_STATE_DAMAGED" }));
  });
});

describe("reports", () => {
  const URI = "./SCOMO/Inventory/Delivered/p/Operations/Install";

  it("reportsOf: a failure names component and reason in every item", () => {
    const [failed] = look.outcomes(coreWith(Look.Outcome, outcome(1405, 11, "av", [URI, URI])));
    const report = {
      operation: "Install",
      uri: URI,
      identifier: "av-bundle-77",
      result: 1405,
      correlator: "job-0042",
      component: "av",
      reason: "suit:11",
    };
    expect(reportsOf(failed!)).toEqual([report, report]);
  });

  it.each([
    [1200, 11, "av", null, null],
    [1299, 11, "av", null, null],
    [1401, 0, "", null, null],
    [1400, 1, "", null, "suit:1"],
  ])("reportsOf: result %i", (result, reason, component, named, why) => {
    const core = coreWith(Look.Outcome, outcome(result, reason, component, [URI]));
    expect(reportsOf(look.outcomes(core)[0]!)[0]).toMatchObject({ component: named, reason: why });
  });

  it("deviceStatus: the shape of the command line's JSON, without removed components", () => {
    const core = coreWith(Look.Deployed, entry("jvm", 20, 3, 0), entry("av", 0, 255, 1));
    const ghost = item([0, 1], [10, 1], [255, 1], [0, 1], [0, 4], "d0", "pkg-0");
    const whole = item([10, 1], [30, 1], [1, 1], [0, 1], [9, 4], "d1", "pkg-1");
    core.items.set(Look.Delivered, [ghost, whole]);
    core.items.set(Look.Outcome, [outcome(1405, 0, "av", [URI])]);
    expect(deviceStatus(core)).toEqual({
      inventory: {
        delivered: [
          { node: "d0", pkgId: "pkg-0", state: null, status: 10 },
          { node: "d1", pkgId: "pkg-1", state: 10, status: 30 },
        ],
        deployed: [
          {
            node: "node-jvm",
            id: "jvm",
            version: "1.2.3",
            state: 20,
            status: 70,
            pkgIdRef: "av-77",
            sha256: HEX,
          },
        ],
      },
      operation: null,
      outbox: [{ uri: URI, identifier: "av-bundle-77", result: 1405, correlator: "job-0042" }],
    });
  });
});
