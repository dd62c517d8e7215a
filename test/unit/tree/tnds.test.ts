import { beforeAll, describe, expect, it } from "vitest";
import { BUILDS, loadModule, type TestModule } from "../../helpers/module.ts";
import { command, e, type Element, to } from "../../helpers/syncml.ts";
import {
  documentOf, HEADER, hexOf, object, type Shape, SHAPES, shaped, type TreeNode, xmlOf,
} from "../../helpers/tnds.ts";
import { fromHex, numbers, sample, strI, toHex } from "../../helpers/wbxml.ts";
import { encode } from "../../../host/demo/server/wbxml.ts";
import { Err as E } from "./fixtures.ts";

const BAD_FORMAT = -15;
const MUTATIONS = 5000;
const DEPTH_MAX = 16;
const CAPACITY = 4096;
const FAILURES = [BAD_FORMAT, E.NotAllowed, E.UriTooLong, E.TooLarge];
const FORMATS = [
  "chr", "node", "int", "bin", "bool", "b64", "null", "xml", "date", "time", "float",
];
const PIECES = ["name", "path", "type", "acl", "title", "value"];

/** One node of everything. */
const ACCOUNT: TreeNode = {
  name: "x", path: "DMAcc", format: "node", type: "urn:oma:mo:oma-dm-dmacc:1.0",
  acl: "Get=*&Replace=srv", title: "An account", children: [
    { name: "AppID", value: "w7" },
    { name: "Empty", format: "node" },
    {
      name: "AppAuth",
      children: [{ name: "c", children: [{ name: "Data", format: "bin", value: "AQI=" }] }],
    },
    { name: "Name", format: "chr", type: "text/plain", value: "<a & b>" },
  ],
};

describe.each(BUILDS)("tree/tnds, %s build", (build) => {
  let core: TestModule["exports"];
  let module: TestModule;
  let input: number;

  beforeAll(async () => {
    module = await loadModule("tnds", build);
    core = module.exports;
    input = core["input"]();
    core["setCapacity"](CAPACITY);
  });

  /** What is read of a document: a line for each step, or the failure. */
  function read(bytes: Uint8Array | string): string[] | number {
    const document = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
    module.put(input, document);
    const steps = pull(core["open"](input, document.length));
    expect(toHex(module.bytes(input, document.length)), "unchanged").toBe(toHex(document));
    return steps;
  }

  /** The same of what the first Item of a message holds. */
  function readMessage(bytes: Uint8Array): string[] | number {
    module.put(input, bytes);
    return pull(core["openMessage"](bytes.length));
  }

  function pull(opened: number): string[] | number {
    const steps: string[] = [];
    for (let step = opened; step === 0; ) {
      step = core["next"]();
      if (step === 0) return steps;
      if (step < 0) return step;
      steps.push(step === 1 ? describeNode() : "/");
      step = 0;
    }
    return opened;
  }

  function describeNode(): string {
    const pieces = PIECES.flatMap((name, piece) => {
      if (!core["has"](piece)) return [];
      const bytes = Buffer.from(module.bytes(core["at"](piece), core["bytesOf"](piece)));
      const isBytes = name === "value" && core["isOpaque"]() !== 0;
      return [`${name}=${isBytes ? `#${bytes.toString("hex")}` : bytes.toString()}`];
    });
    const end = core["hasChildren"]() ? ["+"] : [];
    return [...pieces, FORMATS[core["format"]()], ...end].join(" ");
  }

  function readShape(shape: Shape, root: Element): string[] | number {
    const data = e("Data", shaped(shape, root));
    const body = e("SyncBody", command("Add", "1", e("Item", to("./A"), data)));
    return readMessage(encode(e("SyncML", e("SyncHdr", e("VerDTD", "1.2")), body)));
  }

  const inXml = (inside: string): string =>
    `<MgmtTree><VerDTD>1.2</VerDTD><Node>${inside}</Node></MgmtTree>`;

  it.each(SHAPES)("next: shape %s gives each node with all that is said of it", (shape) => {
    expect(readShape(shape, object(ACCOUNT, { name: "" }))).toEqual([
      "name=x path=DMAcc type=urn:oma:mo:oma-dm-dmacc:1.0 acl=Get=*&Replace=srv title=An account " +
        "node +",
      "name=AppID value=w7 chr", "/",
      "name=Empty node", "/",
      "name=AppAuth node +",
      "name=c node +",
      "name=Data value=AQI= bin", "/",
      "/",
      "/",
      "name=Name type=text/plain value=<a & b> chr", "/",
      "/",
      "name= chr", "/",
    ]);
  });

  it.each(FORMATS)("next: Format %s is told in every shape", (format) => {
    for (const shape of SHAPES) {
      expect(readShape(shape, object({ name: "a", format }))).toEqual([`name=a ${format}`, "/"]);
    }
  });

  it("next: a Value that came as bytes is told apart from a text", () => {
    const root = object({ name: "a", format: "bin", value: Uint8Array.of(0, 1, 255) });
    expect(read(documentOf(root))).toEqual(["name=a value=#0001ff bin", "/"]);
    expect(readShape("B", root)).toEqual(["name=a value=#0001ff bin", "/"]);
  });

  it("next: samples S11, S12 and S17 give their nodes", () => {
    expect(read(sample("S11"))).toEqual(["name=N type=text/plain value=v chr", "/"]);
    const whole = (hex: string): Uint8Array =>
      fromHex(hex.replace("02a4016a006d6b", `02a4016a006d6c71${strI("1.2")}01016b`));
    expect(readMessage(whole(toHex(sample("S12"))))).toEqual(["name=N value=v chr", "/"]);
    expect(readMessage(whole(toHex(sample("S17"))))).toEqual(["name=N chr", "/"]);
  });

  it("next: of XML it reads references, CDATA, comments, instructions and prefixes", () => {
    const text =
      "\ufeff<?xml version='1.0' encoding=\"UTF-8\"?>\r\n<!DOCTYPE MgmtTree PUBLIC \"a > b\" 'c'>" +
      "<!-- <Node> --><d:MgmtTree xmlns:d='syncml:dmddf1.2' a=\"x/>\"><d:VerDTD> 1.2</d:VerDTD>" +
      "<d:Node\n><d:NodeName> n&#x31;<!-- - -->&#50; </d:NodeName ><?pi ?>" +
      "<Value> a\r\nb\rc&lt;&gt;&amp;&quot;&apos;<![CDATA[<]]&gt;]]>&#x20AC; </Value></d:Node>" +
      "</d:MgmtTree> <!-- end --> <?end?>\n";
    expect(read(text.replace(" 1.2<", "1.2<"))).toEqual([
      "name=n12 value= a\nb\nc<>&\"'<]]&gt;€  chr", "/",
    ]);
  });

  it("next: what it does not know is skipped with all that is in it", () => {
    const strange =
      "<NodeName>a</NodeName><RTProperties><Name>b</Name><Size>3</Size><TStamp/><VerNo>1</VerNo>" +
      "<New><NodeName>c</NodeName><Node/></New></RTProperties><DFProperties><AccessType><Get/>" +
      "</AccessType><DFFormat><int/></DFFormat><DFType><MIME>x</MIME></DFType></DFProperties>";
    expect(read(inXml(strange))).toEqual(["name=a chr", "/"]);
    const root = e(
      "MgmtTree", e("VerDTD", "1.2"), e("Man", "m"), e("Mod", "m"),
      e("Node", e("NodeName", "a"), e("DFProperties", e("DFType", e("MIME", "x")))),
    );
    expect(read(documentOf(root))).toEqual(["name=a chr", "/"]);
  });

  it.each<[string, string]>([
    ["another version", "<MgmtTree><VerDTD>2.0</VerDTD></MgmtTree>"],
    ["another root", "<Node/>"],
    ["a DOCTYPE with an internal subset", `<!DOCTYPE MgmtTree [<!ENTITY a "b">]>${inXml("")}`],
    ["an entity that XML does not have", inXml("<Value>&nbsp;</Value>")],
    ["a long entity name", inXml("<Value>&quotquot;</Value>")],
    ["a reference to NUL", inXml("<Value>&#0;</Value>")],
    ["a reference to a surrogate", inXml("<Value>&#xD800;</Value>")],
    ["a reference without digits", inXml("<Value>&#;</Value>")],
    ["a reference that is too long", inXml("<Value>&#000000065;</Value>")],
    ["tags that cross", "<MgmtTree><Node><NodeName></Node></NodeName></MgmtTree>"],
    ["a start tag as a longer one ends", inXml("<NodeNames></NodeName>")],
    ["an element inside a Value", inXml("<Value><b/></Value>")],
    ["an unknown Format", inXml("<RTProperties><Format><decimal/></Format></RTProperties>")],
    ["two Formats", inXml("<RTProperties><Format><chr/><int/></Format></RTProperties>")],
    ["an empty Format", inXml("<RTProperties><Format/></RTProperties>")],
    ["a Node inside RTProperties", inXml("<RTProperties><Node/></RTProperties>")],
    ["a name behind a child", inXml("<Node/><NodeName>a</NodeName>")],
    ["a text behind the root", `${inXml("")}x`],
    ["a second root", `${inXml("")}<a/>`],
    ["an open comment behind the root", `${inXml("")}<!-`],
    ["an END behind the root", `${inXml("")}</a>`],
    ["a reference behind the root", `${inXml("")}&`],
  ])("next: %s is refused", (_, text) => {
    expect(read(text)).toBe(BAD_FORMAT);
  });

  it("next: text of XML that is not UTF-8, and a NUL in it, are refused", () => {
    const around = inXml("<Value>|</Value>").split("|");
    for (const bad of ["ff", "c0af", "00"]) {
      const [before, after] = around.map((part) => Buffer.from(part).toString("hex"));
      expect(read(fromHex(`${before}${bad}${after}`)), bad).toBe(BAD_FORMAT);
    }
  });

  it("next: a nested document with a name that is not UTF-8 is refused", () => {
    const root = e("MgmtTree", e("Node", e("NodeName", Uint8Array.of(0xff))));
    expect(read(fromHex(`${HEADER}0002${hexOf(root)}`))).toBe(BAD_FORMAT);
  });

  it("next: a nested document with bytes behind its end is refused", () => {
    expect(read(Uint8Array.from([...documentOf(object({ name: "a" })), 1]))).toBe(BAD_FORMAT);
  });

  it.each(SHAPES)("next: shape %s, a node with a Value and children is refused", (shape) => {
    const node: TreeNode = { name: "a", value: "v", children: [{ name: "b" }] };
    expect(readShape(shape, object(node))).toBe(E.NotAllowed);
  });

  it.each(SHAPES)("next: shape %s, DEPTH_MAX nodes in one another pass, one more not", (shape) => {
    const nested = (depth: number): TreeNode =>
      depth === 1 ? { name: "z" } : { name: "a", children: [nested(depth - 1)] };
    expect(readShape(shape, object(nested(DEPTH_MAX)))).toHaveLength(2 * DEPTH_MAX);
    // A message has no room for that many elements inside each other.
    const deeper = object(nested(DEPTH_MAX + 1));
    expect(readShape(shape, deeper)).toBe(E.UriTooLong);
  });

  it("next: XML_DEPTH_MAX elements inside each other pass, one more not", () => {
    const nested = (depth: number): string => `${"<a>".repeat(depth)}${"</a>".repeat(depth)}`;
    expect(read(inXml(nested(22)))).toEqual(["chr", "/"]);
    expect(read(inXml(nested(23)))).toBe(BAD_FORMAT);
  });

  it("next: texts that fill the buffer pass, one byte more not", () => {
    for (const [capacity, expected] of [[11, 2], [10, E.TooLarge]] as const) {
      core["setCapacity"](capacity);
      for (const shape of SHAPES) {
        const steps = readShape(shape, object({ name: "a", value: "0123456789" }));
        expect(typeof steps === "number" ? steps : steps.length, shape).toBe(expected);
      }
    }
    core["setCapacity"](CAPACITY);
  });

  it.each(["A", "C"] as const)("next: every proper prefix of shape %s is refused", (shape) => {
    const root = object(ACCOUNT);
    const whole = shape === "A" ? documentOf(root) : Buffer.from(xmlOf(root));
    expect(read(whole)).not.toBe(BAD_FORMAT);
    for (let n = 0; n < whole.length; n++) {
      expect(read(whole.slice(0, n)), `${n} bytes`).toBe(BAD_FORMAT);
    }
  });

  it(`next: ${MUTATIONS} random mutations are objects or errors`, () => {
    const below = numbers(17);
    const root = object(ACCOUNT);
    const marked = inXml("<Value>&#x41;<![CDATA[]]></Value>");
    const seeds = [documentOf(root), Buffer.from(xmlOf(root)), Buffer.from(marked)];
    for (let round = 0; round < MUTATIONS; round++) {
      const bytes = Uint8Array.from(seeds[round % seeds.length]!);
      for (let count = 1 + below(4); count > 0; count--) {
        const at = below(bytes.length);
        bytes[at] = below(2) > 0 ? below(256) : bytes[below(bytes.length)]!;
      }
      const result = read(bytes);
      if (typeof result === "number") expect(FAILURES, `round ${round}`).toContain(result);
      else expect(result.filter((line) => line === "/")).toHaveLength(result.length / 2);
    }
  });
});
