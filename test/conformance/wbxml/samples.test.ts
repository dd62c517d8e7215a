// The verified samples: read to the XML they were made from, and damaged in every place.
import { beforeAll, describe, expect, it } from "vitest";
import { BUILDS, loadModule, type TestModule } from "../../helpers/module.ts";
import {
  DEPTH_MAX,
  ELEMENTS_MAX,
  fromHex,
  numbers,
  readXml,
  sample,
  samples,
  verdict,
} from "../../helpers/wbxml.ts";

/** Of other document types, which a message cannot be. */
const OTHER_TYPES = ["S9", "S11", "S13"];
/** Their XML shows the nested document, which is bytes to the reader of the outer one. */
const NESTED = ["S9", "S10", "S12"];
const DAMAGE = [0x00, 0x01, 0x7f, 0x80, 0xc3, 0xff];
const MUTATIONS = 20_000;

const xmlOf = new Map(
  samples.flatMap(({ id, xml }) => (xml === undefined ? [] : [[id, plain(xml)] as const])),
);
xmlOf.set("S8t", xmlOf.get("S8") as string);

/** Without namespaces, CDATA and character references. */
function plain(xml: string): string {
  return xml
    .replace(/ xmlns="[^"]*"/g, "")
    .replace(/<!\[CDATA\[(.*?)\]\]>/g, (_, text: string) => text.replaceAll("<", "&lt;"))
    .replace(/&#x(\w+);/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)));
}

describe.each(BUILDS)("wbxml, samples, %s build", (build) => {
  let module: TestModule;
  let input: number;

  beforeAll(async () => {
    module = await loadModule("wbxml", build);
    input = module.exports["input"]();
  });

  /** Opens, checks and, if that passes, reads the whole document twice. */
  function readAll(bytes: Uint8Array, mustJoin: number): string | number {
    module.put(input, bytes);
    let err = module.exports["open"](input, bytes.length, 0);
    if (err === 0) err = module.exports["check"](DEPTH_MAX, ELEMENTS_MAX, mustJoin);
    if (err !== 0) return err;
    module.exports["open"](input, bytes.length, mustJoin);
    const first = readXml(module);
    module.exports["open"](input, bytes.length, mustJoin);
    expect(readXml(module)).toBe(first);
    return first;
  }

  it.each(samples)("§11 $id is accepted, as a message where it is one", ({ id, hex }) => {
    expect(verdict(module, fromHex(hex))).toBe(OTHER_TYPES.includes(id) ? -3 : 0);
  });

  it.each([...xmlOf].filter(([name]) => !NESTED.includes(name)))(
    "§11 %s reads as its XML",
    (name, xml) => {
      for (const mustJoin of [0, 1]) expect(readAll(sample(name), mustJoin)).toBe(xml);
    },
  );

  it("§11 S12 carries its tree as a document of its own", () => {
    const outer = sample("S12");
    const inner = outer.slice(outer.indexOf(0x37) + 1).slice(0, 0x37);
    expect(readAll(inner, 0)).toBe(/<MgmtTree>.*<\/MgmtTree>/.exec(xmlOf.get("S12") ?? "")?.[0]);
  });

  it("§11 S17 has page 2 inside Data, S18 bytes inside NextNonce", () => {
    expect(readAll(sample("S17"), 1)).toContain(
      "<Data><MgmtTree><VerDTD>1.2</VerDTD><Node><NodeName>N</NodeName></Node></MgmtTree></Data>",
    );
    expect(readAll(sample("S18"), 1)).toContain("<NextNonce>{0001fe80ff}</NextNonce>");
  });

  it.each(samples)("§14 $id: every proper prefix is truncated", ({ hex }) => {
    const bytes = fromHex(hex);
    for (let length = 0; length < bytes.length; length++) {
      for (const mustJoin of [0, 1]) expect(readAll(bytes.slice(0, length), mustJoin)).toBe(-1);
    }
  });

  it.each(samples)("§14 $id: every byte damaged is a document or an error", ({ hex }) => {
    const bytes = fromHex(hex);
    for (let index = 0; index < bytes.length; index++) {
      for (const value of DAMAGE) {
        const damaged = bytes.slice();
        damaged[index] = value;
        expectSound(readAll(damaged, index & 1));
      }
    }
  });

  it(`§14 ${MUTATIONS} random mutations are documents or errors`, () => {
    const below = numbers(20_000);
    for (let round = 0; round < MUTATIONS; round++) {
      const bytes = fromHex(samples[below(samples.length)]!.hex);
      for (let count = 1 + below(4); count > 0; count--) {
        bytes[below(bytes.length)] = below(4) > 0 ? below(256) : DAMAGE[below(6)]!;
      }
      const result = readAll(bytes, round & 1);
      expectSound(result, `round ${round}`);
    }
  });
});

function expectSound(result: string | number, hint?: string): void {
  if (typeof result === "number") expect([-1, -2, -3, -20, -25], hint).toContain(result);
  else expect(result.endsWith(" failed"), hint).toBe(false);
}
