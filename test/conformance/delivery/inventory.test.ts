// docs/delivery-format.md §7, §8, §11 C6 to C9: what only the device can decide, since it depends
// on what it is and has. Nothing may be written to a slot before.
import { generateKeyPairSync } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { Option } from "../../../assembly/abi/codes.ts";
import * as look from "../../../host/core/look.ts";
import { packDelivery, signingKey, trustKey } from "../../../host/pack/index.ts";
import { BUILDS } from "../../helpers/module.ts";
import { fill, OLD, RADIO, type Release, release } from "../../helpers/world-content.ts";
import { download, install } from "../../helpers/world-server.ts";
import { LAYOUT, loadCore, provision, World } from "../../helpers/world.ts";

const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
const author = signingKey(pair.privateKey.export({ format: "pem", type: "pkcs8" }));
const trust = trustKey(pair.publicKey.export({ format: "pem", type: "spki" }));
const JVM = release("jvm", "8.2.0", 2600);
const SCANNER = release("antivirus", "5.0.0", 1100);

interface Changes {
  sequence?: number;
  needs?: Record<string, string>;
  vendor?: string;
  class?: string;
}

function make(components: Release[], { sequence = 10, needs = {}, ...identity }: Changes = {}) {
  const requires = Object.entries(needs).map(([id, version]) => ({ id, version: `>=${version}` }));
  return packDelivery(
    { vendor: "scomo.example", class: "edge-gw-1", ...identity, sequence, components, requires },
    author,
  );
}

beforeAll(loadCore);

describe.each(BUILDS)("what the device decides, %s build", (build) => {
  /** Orders one package after the other; the results, and bytes that went into slots. */
  function outcome(packages: Uint8Array[], options = 0): { codes: number[]; bytes: number[] } {
    let image = provision(LAYOUT, OLD, [trust]);
    const codes: number[] = [];
    const bytes: number[] = [];
    packages.forEach((delivery, index) => {
      const script = [download(`p${index}`)];
      const world = new World(
        image, { build, script, options, packages: new Map([[`p${index}`, delivery]]) },
      );
      world.finish();
      codes.push(...new Set(world.server.state.results.map(({ code }) => code)));
      bytes.push(world.medium.writtenBytes.slice(2).reduce((sum, count) => sum + count, 0));
      image = { ...world.image(), server: { results: [], accepted: [], refused: [] } };
    });
    return { codes, bytes };
  }

  it.each<[string, Uint8Array, number]>([
    ["a need that the inventory meets", make([SCANNER], { needs: { jvm: "8.1" } }), 1200],
    ["a need that is above what is in force", make([SCANNER], { needs: { jvm: "8.1.1" } }), 1405],
    ["a need of a component that is not there", make([SCANNER], { needs: { libc: "1" } }), 1405],
    ["another vendor", make([JVM], { vendor: "other.example" }), 1413],
    ["another class", make([JVM], { class: "edge-gw-2" }), 1413],
    ["a component larger than every slot", make([{ ...JVM, content: fill("x", 8193) }]), 1406],
    ["a component as large as a slot", make([{ ...JVM, content: fill("x", 8192) }]), 1200],
  ])("%s", (_, delivery, code) => {
    const { codes, bytes } = outcome([delivery]);
    expect(codes).toEqual([code]);
    if (code !== 1200) expect(bytes).toEqual([0]);
  });

  it("a new component where only known ones may come: 1413; else it is installed", () => {
    expect(outcome([make([RADIO])], Option.KnownComponents)).toEqual({ codes: [1413], bytes: [0] });
    expect(outcome([make([RADIO])]).codes).toEqual([1200]);
  });

  it.each<[string, Release, number, number]>([
    ["higher", JVM, 11, 1200], ["lower", JVM, 9, 1405], ["equal, the same content", JVM, 10, 1200],
    ["equal, other content", { ...JVM, content: fill("other", 2600) }, 10, 1405],
    ["higher, with a lower version", { ...JVM, version: "8.0.0" }, 11, 1200],
  ])("a sequence number that is %s", (_, next, sequence, code) => {
    const { codes, bytes } = outcome([make([JVM]), make([next], { sequence })]);
    expect(codes).toEqual([1200, code]);
    if (sequence < 11) expect(bytes[1]).toBe(0);
  });

  it("a sequence number counts for each component: another one may be older", () => {
    const second = make([SCANNER], { sequence: 3 });
    expect(outcome([make([JVM], { sequence: 10 }), second]).codes).toEqual([1200, 1200]);
  });

  function bound(first: Uint8Array, second: Uint8Array): World {
    const script = [download("a", "Download"), download("b", "Download"), install(["a", "b"])];
    const packages = new Map([["a", first], ["b", second]]);
    const world = new World(provision(LAYOUT, OLD, [trust]), { build, script, packages });
    world.finish();
    return world;
  }

  const codesOf = ({ server }: World) => server.state.results.slice(2).map(({ code }) => code);

  it("a circle: two packages that need each other come together, and neither alone", () => {
    const jvm = make([JVM], { needs: { antivirus: "5" } });
    const scanner = make([SCANNER], { needs: { jvm: "8.2" } });
    expect(outcome([jvm]).codes).toEqual([1405]);
    expect(outcome([scanner]).codes).toEqual([1405]);
    const world = bound(jvm, scanner);
    expect(codesOf(world)).toEqual([1200, 1200]);
    expect(look.deployed(world.core).map(({ version }) => version)).toEqual(["8.2.0", "5.0.0"]);
  });

  it("a component in two packages of one group: 1405 for both", () => {
    const world = bound(make([JVM]), make([JVM, SCANNER], { sequence: 11 }));
    expect(codesOf(world)).toEqual([1405, 1405]);
    expect(look.deployed(world.core).map(({ version }) => version)).toEqual(["8.1.0", "4.0.7"]);
  });
});
