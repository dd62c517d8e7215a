// DM TND 1.2 §7.6, DM TNDS 1.2: Get with ?list=.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Device } from "../../helpers/device.ts";
import { parseXml, readByLibwbxml } from "../../helpers/libwbxml.ts";
import { BUILDS } from "../../helpers/module.ts";
import { entry } from "../../helpers/packages.ts";
import {
  add, addLeaf, addNode, alert, at, bytesOf, childOf, childrenOf, codes, del, e, type Element,
  elementsOf, get, item, lines, partsOf, replace, results, wordOf,
} from "../../helpers/syncml.ts";
import { documentOf, HEADER, hexOf, object, WBXML_TYPE } from "../../helpers/tnds.ts";
import { hasTool } from "../../helpers/tools.ts";

const T = "./SCOMO/t";
const HIDDEN = "Replace=srv";

/** URIs, Format, Type and value of all Items of all Results, in order. */
function rows(messages: readonly (Element | undefined)[]): string[][] {
  return messages.flatMap((message) => partsOf(message, "Results")).flatMap((one) =>
    childrenOf(one, "Item").map((part) => [
      at(part, "Source", "LocURI")!, at(part, "Meta", "Format") ?? "chr",
      at(part, "Meta", "Type") ?? "",
      ...(childOf(part, "Data") === undefined ? [] : [valueOf(childOf(part, "Data")!)]),
    ]));
}

function valueOf(data: Element): string {
  const bytes = Buffer.from(bytesOf(data));
  return bytes.includes(0) ? `#${bytes.toString("hex")}` : bytes.toString();
}

describe.each(BUILDS)("?list=, %s build", (build) => {
  const fresh = Device.provisioned(build, {
    acls: { "./DMAcc": "Get=srv&Replace=srv" }, trust: new Uint8Array(64).fill(7),
  });
  fresh.order(
    addNode("1", T, "com.example/1.0/T"), addLeaf("2", `${T}/a`, "one", { type: "text/x" }),
    addNode("3", `${T}/sub`), addLeaf("4", `${T}/sub/n`, "7", { format: "int" }),
    addLeaf("5", `${T}/sub/bytes`, Uint8Array.of(0, 1, 255), { format: "bin" }),
    addLeaf("6", `${T}/z`, ""), replace("7", `${T}/a?prop=Title`, "First"),
    replace("8", `${T}/sub?prop=ACL`, "Add=srv&Get=*&Replace=srv&Delete=srv"),
  );
  const start = (): Device => {
    const device = new Device(build, { medium: fresh.medium.copy() });
    device.connect();
    return device;
  };

  /** All messages up to the end of the client's package. */
  function all(device: Device, order: Element[], reply = {}): Element[] {
    const messages = [device.reply(order, reply)!];
    while (!lines(messages.at(-1)).includes("Final")) {
      messages.push(device.reply([alert("next", 1222)], reply)!);
      if (messages.length > 400) throw new Error("no end");
    }
    return messages;
  }

  const STRUCT = [
    [T, "node", "com.example/1.0/T"], [`${T}/a`, "chr", "text/x"], [`${T}/sub`, "node", ""],
    [`${T}/sub/n`, "int", ""], [`${T}/sub/bytes`, "bin", ""], [`${T}/z`, "chr", ""],
  ];
  const VALUES: { [uri: string]: string } = {
    [`${T}/a`]: "one", [`${T}/sub/n`]: "7", [`${T}/sub/bytes`]: "#0001ff", [`${T}/z`]: "",
  };
  const withValues = STRUCT.map((row) => {
    const value = VALUES[row[0]!];
    return value === undefined ? row : [...row, value];
  });

  it("§7.6 Struct: an Item for each node, parents first, without Data", () => {
    const answer = start().reply([get("1", `${T}?list=Struct`)]);
    expect(codes(answer)).toEqual({ 1: 200 });
    expect(partsOf(answer, "Results")).toHaveLength(1);
    expect(rows([answer])).toEqual(STRUCT);
  });

  it("§7.6 StructData: the same with the values of leaves", () => {
    expect(rows([start().reply([get("1", `${T}?list=StructData`)])])).toEqual(withValues);
  });

  it("§7.6: of a leaf it is the leaf alone; of the root, every node", () => {
    const device = start();
    const answer = device.reply([get("1", `${T}/a?list=StructData`)]);
    expect(rows([answer])).toEqual([[`${T}/a`, "chr", "text/x", "one"]]);
    const uris = rows(all(start(), [get("1", ".?list=Struct")])).map(([uri]) => uri);
    expect(uris).toEqual([...device.nodes().keys()]);
  });

  it("§7.6: computed nodes are in it, a Primitive without Data", () => {
    const device = start();
    device.reply([add("1", ...entry("p"))]);
    const uri = "./SCOMO/Download/p";
    const found = rows([device.reply([get("1", `${uri}?list=StructData`)])]);
    expect(found).toContainEqual([`${uri}/Status`, "int", "", "10"]);
    expect(found).toContainEqual([`${uri}/Operations`, "node", ""]);
    expect(found).toContainEqual([`${uri}/Operations/Download`, "null", ""]);
  });

  it("§7.6: secrets are in it without their value", () => {
    const uri = "./SCOMO/Ext/Trust/k1/Key";
    const answer = start().reply([get("1", `${uri}?list=StructData`, `${uri}?list=TNDS`)]);
    expect(codes(answer)).toEqual({ 1: 200 });
    expect(rows([answer])[0]).toEqual([uri, "bin", ""]);
    expect(JSON.stringify(answer)).not.toContain("0707");
    expect(Buffer.from(bytesOf(dataOf(answer, 1))).includes(Buffer.alloc(8, 7))).toBe(false);
  });

  it("§7.6: only nodes that the server may Get; below one that it may not, those it may", () => {
    const device = start();
    device.reply([replace("1", `${T}/sub/n?prop=ACL`, HIDDEN)]);
    const uris = (): string[] =>
      rows([device.reply([get("1", `${T}?list=Struct`)])]).map(([uri]) => uri!);
    expect(uris()).toEqual([T, `${T}/a`, `${T}/sub`, `${T}/sub/bytes`, `${T}/z`]);
    device.reply([
      replace("1", `${T}/sub/n?prop=ACL`, "Get=*"), replace("2", `${T}/sub?prop=ACL`, HIDDEN),
    ]);
    expect(uris()).toEqual([T, `${T}/a`, `${T}/sub/n`, `${T}/z`]);
  });

  it("§7.6: the first node must be one that the server may Get, 425", () => {
    const device = start();
    device.reply([replace("1", `${T}/sub?prop=ACL`, HIDDEN)]);
    const order = ["Struct", "StructData", "TNDS"].map((list) =>
      get(list, `${T}/sub?list=${list}`));
    expect(codes(device.reply(order))).toEqual({ Struct: 425, StructData: 425, TNDS: 425 });
  });

  it.each([
    "Foo", "struct", "Struct+ACL", "StructData-Value", "TNDS+", "TNDS-", "TNDS+Foo",
    "TNDS+ACL-Value",
    "TNDS+Name", "TNDS-Size", "TNDS+TNDS", "ACL", "Value", "", "TNDS+ ACL", "TNDS+ACL+",
  ])("§7.6: ?list=%s is not supported, 406", (word) => {
    expect(codes(start().reply([get("1", `${T}?list=${word}`)]))).toEqual({ 1: 406 });
  });

  it("§7.6: no other command has a list, 405", () => {
    const uri = `${T}?list=Struct`;
    const order = [replace("1", uri, "x"), add("2", item(uri, "x")), del("3", uri)];
    expect(codes(start().reply(order))).toEqual({ 1: 405, 2: 405, 3: 405 });
  });

  // TNDS.

  const dataOf = (message: Element | undefined, index = 0): Element =>
    childOf(childOf(partsOf(message, "Results")[index]!, "Item")!, "Data")!;

  /** What the server says of the tree, as an object without times and versions. */
  const OBJECT = object({
    name: "", format: "node", type: "com.example/1.0/T", children: [
      { name: "a", title: "First", format: "chr", type: "text/x", value: "one" },
      {
        name: "sub", acl: "Add=srv&Get=*&Replace=srv&Delete=srv", format: "node", type: "",
        children: [
          { name: "n", format: "int", type: "text/plain", value: "7" },
          { name: "bytes", format: "bin", type: "text/plain", value: Uint8Array.of(0, 1, 255) },
        ],
      },
      { name: "z", format: "chr", type: "text/plain", value: "" },
    ],
  });

  it("TNDS: one Item whose Data is a WBXML document of the serialised tree", () => {
    const answer = start().reply([get("1", `${T}?list=TNDS-TStamp-VerNo`)]);
    expect(codes(answer)).toEqual({ 1: 200 });
    const part = childOf(partsOf(answer, "Results")[0]!, "Item")!;
    expect(rows([answer])[0]!.slice(0, 3)).toEqual([T, "bin", WBXML_TYPE]);
    expect(Buffer.from(bytesOf(childOf(part, "Data")!)).toString("hex")).toBe(
      Buffer.from(documentOf(OBJECT)).toString("hex"),
    );
  });

  it("TNDS: without a selection it has all; TStamp and VerNo are those of ?prop=", () => {
    const device = start();
    const answer = device.reply([get("1", `${T}/a?list=TNDS`, `${T}/a?prop=TStamp`)]);
    expect(results(answer)[`${T}/a?prop=TStamp`]).toBe("20231114T221320Z");
    const properties = e(
      "RTProperties", e("Format", e("chr")), e("Title", "First"), e("TStamp", "20231114T221320Z"),
      e("Type", e("MIME", "text/x")), e("VerNo", "2"),
    );
    const node = e("Node", e("NodeName"), properties, e("Value", "one"));
    const expected = documentOf(e("MgmtTree", e("VerDTD", "1.2"), node));
    expect(Buffer.from(bytesOf(dataOf(answer)))).toEqual(Buffer.from(expected));
  });

  it.each<[string, Element[]]>([
    ["+Value", [e("Value", "one")]],
    ["+Title", [e("RTProperties", e("Title", "First"))]],
    ["+Title+Value", [e("RTProperties", e("Title", "First")), e("Value", "one")]],
    ["-Title-Type-TStamp-VerNo-Value", [e("RTProperties", e("Format", e("chr")))]],
    ["-ACL-Format-Title-TStamp-Type-VerNo-Value", []],
  ])("TNDS: the selection %s", (words, parts) => {
    const answer = start().reply([get("1", `${T}/a?list=TNDS${words}`)]);
    const node = e("Node", e("NodeName"), ...parts);
    const expected = `${HEADER}0002${hexOf(e("MgmtTree", e("VerDTD", "1.2"), node))}`;
    expect(Buffer.from(bytesOf(dataOf(answer))).toString("hex")).toBe(expected);
  });

  it("TNDS: a node that may not be read is left out with all below it", () => {
    const device = start();
    device.reply([
      replace("1", `${T}/sub/n?prop=ACL`, "Get=*"), replace("2", `${T}/sub?prop=ACL`, HIDDEN),
    ]);
    const answer = device.reply([get("1", `${T}?list=TNDS+Value`)]);
    const tree = e(
      "MgmtTree", e("VerDTD", "1.2"),
      e(
        "Node", e("NodeName"), e("Node", e("NodeName", "a"), e("Value", "one")),
        e("Node", e("NodeName", "z"), e("Value")),
      ),
    );
    const expected = `${HEADER}0002${hexOf(tree)}`;
    expect(Buffer.from(bytesOf(dataOf(answer))).toString("hex")).toBe(expected);
  });

  it("TNDS: given back by a Replace it makes the same tree", () => {
    const device = start();
    const state = (): unknown =>
      [...device.nodes().values()].filter(({ uri }) => uri.startsWith(T));
    const before = state();
    const data = dataOf(device.reply([get("1", `${T}?list=TNDS-TStamp-VerNo-Type`)]));
    const meta = e("Meta", e("Format", "bin"), e("Type", WBXML_TYPE));
    const target = e("Target", e("LocURI", T));
    const again = e("Replace", e("CmdID", "1"), e("Item", target, meta, data));
    device.reply([del("1", `${T}/a`), addLeaf("2", `${T}/more`)]);
    expect(codes(device.reply([again]))).toEqual({ 1: 200 });
    expect(JSON.stringify(state())).toBe(
      JSON.stringify(before).replace('"text/x"', '""'),
    );
  });

  it.skipIf(!hasTool("wbxml2xml"))("TNDS: libwbxml reads the documents", async () => {
    const device = start();
    // It writes octets into XML as they are.
    const uris = [`${T}?list=TNDS-Value`, "./DevInfo?list=TNDS", `${T}/a?list=TNDS+Value`];
    const answer = device.reply([get("1", ...uris)]);
    const documents = uris.map((_, index) => bytesOf(dataOf(answer, index)));
    const folder = mkdtempSync(join(tmpdir(), "tnds-"));
    const outputs = await readByLibwbxml(documents, folder);
    for (const { xml, fault } of outputs) {
      expect(fault).toBe("");
      expect(parseXml(xml).name).toBe("MgmtTree");
    }
    const first = parseXml(outputs[1]!.xml);
    const names = childrenOf(childOf(first, "Node")!, "Node").map((one) => wordOf(one, "NodeName"));
    expect(names).toEqual(["DevId", "Man", "Mod", "DmV", "Lang"]);
    const values = elementsOf(childOf(first, "Node")!).map((one) => wordOf(one, "Value"));
    expect(values).toContain("Example Works");
  });

  // Sizes.

  /** A device with a list that needs several messages of up to 1,200 bytes. */
  function startLong(): Device {
    const device = start();
    const leaves = Array.from({ length: 40 }, (_, i) => item(`${T}/long/n${i}`, "v".repeat(i)));
    device.reply([add("1", ...leaves)]);
    return device;
  }

  it("§6: a list that does not fit goes on in further messages, whatever their size", () => {
    const order = [get("1", `${T}?list=StructData`)];
    const whole = rows(all(startLong(), order));
    expect(whole).toHaveLength(STRUCT.length + 41);
    for (let maxMsgSize = 560; maxMsgSize < 1200; maxMsgSize += 11) {
      const device = startLong();
      const before = device.sent.length;
      const messages = all(device, order, { maxMsgSize });
      expect(rows(messages), `${maxMsgSize}`).toEqual(whole);
      expect(messages.length).toBeGreaterThan(1);
      const sizes = device.sent.slice(before).map(({ length }) => length);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(maxMsgSize);
    }
  });

  it("§6: a node that goes while the list goes on is no longer in it", () => {
    const device = startLong();
    const reply = { maxMsgSize: 600 };
    const messages = [device.reply([get("1", `${T}?list=Struct`)], reply)!];
    const order = [alert("n", 1222), del("d", `${T}/long/n39`)];
    while (!lines(messages.at(-1)).includes("Final")) {
      messages.push(device.reply(messages.length === 1 ? order : [alert("n", 1222)], reply)!);
    }
    const uris = rows(messages).map(([uri]) => uri);
    expect(uris).toHaveLength(STRUCT.length + 40);
    expect(new Set(uris).size).toBe(STRUCT.length + 40);
    expect(uris).not.toContain(`${T}/long/n39`);
  });

  it("§7.2: what one message cannot hold goes out in chunks", () => {
    const device = start();
    const [id, big] = [`${T}/big`, "x".repeat(600)];
    device.reply([addLeaf("1", id, big)]);
    const order = ["Struct", "StructData", "TNDS"].map((list) => get(list, `${T}?list=${list}`));
    const answers = all(device, order, { maxMsgSize: 700 });
    expect(
      Object.assign({}, ...answers.map(codes)),
    ).toMatchObject({ Struct: 200, StructData: 200, TNDS: 200 });
  });

  it("§3.5: what is above the server's MaxObjSize is refused, 413", () => {
    for (const [maxObjSize, code] of [[3, 200], [2, 413]] as const) {
      const order = [get("1", `${T}/a`), get("2", `${T}?list=StructData`)];
      expect(codes(start().reply(order, { maxObjSize }))).toEqual({ 1: code, 2: code });
    }
    const nested = documentOf(OBJECT).length;
    for (const [maxObjSize, code] of [[nested, 200], [nested - 1, 413]] as const) {
      const order = [get("1", `${T}?list=TNDS-TStamp-VerNo`)];
      expect(codes(start().reply(order, { maxObjSize }))).toEqual({ 1: code });
    }
  });
});
