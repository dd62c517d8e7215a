// DM PRO 1.2 §7: large objects, in both directions.
import { describe, expect, it } from "vitest";
import { Device, type Reply } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  add, addLeaf, addNode, alert, at, atomic, bytesOf, childOf, childrenOf, codes, command, del, e,
  type Element, get, item, type ItemMeta, lines, meta, partsOf, results, sequence, textOf, to,
  wordOf,
} from "../../helpers/syncml.ts";
import { documentOf, object, WBXML_TYPE } from "../../helpers/tnds.ts";

const TARGET = "./SCOMO/big";
const MORE: Reply = { isFinal: false };

interface Chunk {
  name?: string;
  id?: string;
  target?: string;
  about?: ItemMeta;
  isLast?: boolean;
}

/** A command with one Item that has a chunk of an object. */
function chunk(data: string | Uint8Array, options: Chunk = {}): Element {
  const { name = "Add", id = "1", target = TARGET, about, isLast = false } = options;
  return command(
    name, id,
    e(
      "Item", to(target), about && meta(about), e("Data", data),
      isLast ? undefined : e("MoreData"),
    ),
  );
}

describe.each(BUILDS)("large objects in, %s build", (build) => {
  const fresh = Device.provisioned(build);
  fresh.order(addLeaf("1", "./SCOMO/old", "old"), addNode("2", "./SCOMO/in"));
  const start = (): Device => {
    const device = new Device(build, { medium: fresh.medium.copy() });
    device.connect();
    return device;
  };
  const code = (device: Device, part: Element, reply: Reply = MORE) =>
    codes(device.reply([part], reply))[wordOf(part, "CmdID")!];

  it("§7.1: 213 and Alert 1222 for each chunk, no Final; then the command's Status", () => {
    const device = start();
    const about = { size: 10 };
    expect(
      lines(device.reply([chunk("abcd", { about })], MORE)),
    ).toEqual(["SyncHdr 200", "1 Add 213", "Alert 1222"]);
    expect(device.has(TARGET)).toBe(false);
    expect(
      lines(device.reply([alert("a", 1222), chunk("efgh", { id: "2" })], MORE)),
    ).toEqual(["SyncHdr 200", "a Alert 200", "2 Add 213", "Alert 1222"]);
    expect(
      lines(device.reply([chunk("ij", { id: "3", isLast: true })])),
    ).toEqual(["SyncHdr 200", "3 Add 200", "Final"]);
    expect(device.value(TARGET)).toBe("abcdefghij");
    expect(device.nodes().get(TARGET)).toMatchObject({ format: "chr" });
    device.close();
    device.cut();
    expect(device.value(TARGET)).toBe("abcdefghij");
  });

  it("§7.1: cut at every byte, as text and as octets", () => {
    const whole = "0123456789äß€𝄞";
    const octets = Buffer.from(whole);
    for (let cut = 0; cut <= octets.length; cut++) {
      const device = start();
      const about = { format: "bin", type: "application/x", size: octets.length };
      expect(code(device, chunk(octets.subarray(0, cut), { about }))).toBe(213);
      expect(code(device, chunk(octets.subarray(cut), { isLast: true }))).toBe(200);
      const made = device.nodes().get(TARGET)!;
      expect(Buffer.from(made.value as Uint8Array)).toEqual(octets);
      expect(made).toMatchObject({ format: "bin", type: "application/x" });
    }
  });

  it("§7.1: Base64 is put together first, and then decoded, wherever it was cut", () => {
    const octets = Buffer.from(Array.from({ length: 31 }, (_, i) => i * 8));
    const text = octets.toString("base64");
    for (let cut = 1; cut < text.length; cut++) {
      const device = start();
      const about = { format: "b64", type: "application/x", size: text.length };
      expect(code(device, chunk(text.slice(0, cut), { about }))).toBe(213);
      expect(code(device, chunk(text.slice(cut), { about, isLast: true }))).toBe(200);
      expect(Buffer.from(device.nodes().get(TARGET)!.value as Uint8Array)).toEqual(octets);
    }
  });

  it.each([29, 30, 31])(
    "§7.1: Size may count the octets of Base64 as well as its characters: %i octets", (length) => {
      const text = Buffer.alloc(length, 7).toString("base64");
      for (const [size, wanted] of [
        [length, 200], [text.length, 200], [length - 1, 424], [length + 1, 424],
      ]) {
        const device = start();
        const about = { format: "b64", type: "application/x", size: size! };
        expect(code(device, chunk(text.slice(0, 8), { about }))).toBe(213);
        expect(code(device, chunk(text.slice(8), { isLast: true }))).toBe(wanted);
        expect(device.has(TARGET)).toBe(wanted === 200);
      }
    },
  );

  it("§7.1: no Size in the first chunk: 411, and nothing is kept", () => {
    const device = start();
    expect(code(device, chunk("abc"))).toBe(411);
    expect(code(device, chunk("def", { id: "2" }))).toBe(411);
    expect(device.has(TARGET)).toBe(false);
  });

  it.each([["less", 7], ["more", 5]])(
    "§7.1: %s than Size said: 424, nothing happened", (_, size) => {
      const device = start();
      expect(code(device, chunk("abc", { about: { size } }))).toBe(213);
      expect(code(device, chunk("def", { isLast: true }))).toBe(424);
      expect(device.has(TARGET)).toBe(false);
      expect(code(device, addLeaf("9", TARGET, "v"), {})).toBe(200);
    },
  );

  it("§7.1: above Size before the last chunk: 424 at once, the next chunk starts anew", () => {
    const device = start();
    expect(code(device, chunk("abc", { about: { size: 5 } }))).toBe(213);
    expect(code(device, chunk("def"))).toBe(424);
    expect(code(device, chunk("ghi"))).toBe(411);
  });

  it("§7.1: above MaxObjSize, or above what a leaf may have: 413", () => {
    const device = start();
    expect(code(device, chunk("a", { about: { size: 65_537 } }))).toBe(413);
    expect(code(device, chunk("a", { about: { size: 2733 } }))).toBe(413);
    expect(code(device, chunk("a".repeat(1366), { about: { size: 2732 } }))).toBe(213);
    expect(code(device, chunk("a".repeat(1366), { isLast: true }))).toBe(413);
    expect(device.has(TARGET)).toBe(false);
  });

  it("limits: a value of 2,048 bytes in chunks, as text and as Base64 of 2,732 characters", () => {
    for (const [value, about] of [
      ["x".repeat(2048), {}],
      [Buffer.alloc(2048, 0x78).toString("base64"), { format: "b64", type: "a/b" }],
    ] as [string, ItemMeta][]) {
      const device = start();
      const first = { about: { ...about, size: value.length } };
      expect(code(device, chunk(value.slice(0, 1000), first))).toBe(213);
      expect(code(device, chunk(value.slice(1000, 2000)))).toBe(213);
      expect(code(device, chunk(value.slice(2000), { isLast: true }))).toBe(200);
      expect(device.value(TARGET)).toBe("x".repeat(2048));
    }
  });

  it("§7.1: Replace, and Meta of the first chunk counts", () => {
    const device = start();
    const options = { name: "Replace", target: "./SCOMO/old" };
    expect(code(device, chunk("new", { ...options, about: { size: 6 } }))).toBe(213);
    expect(device.value("./SCOMO/old")).toBe("old");
    expect(code(device, chunk("est", { ...options, isLast: true }))).toBe(200);
    expect(device.value("./SCOMO/old")).toBe("newest");
  });

  it.each<[string, Chunk, number]>([
    ["it is there already", { target: "./SCOMO/old" }, 418],
    ["it is not there", { name: "Replace" }, 404],
    ["no right", { name: "Replace", target: "./DevInfo/Man" }, 425],
    ["an interior node", { name: "Replace", target: "./SCOMO/in" }, 405],
    ["below a leaf", { target: "./SCOMO/old/x" }, 405],
    ["too deep a name", { target: `./SCOMO/${"n".repeat(65)}` }, 414],
    ["an unknown Format", { about: { format: "odd", size: 6 } }, 415],
    ["a property", { name: "Replace", target: "./SCOMO/old?prop=ACL" }, 406],
    ["not a command with a value", { name: "Delete", target: "./SCOMO/old" }, 406],
    ["no Target", { target: "" }, 412],
  ])("§7.1: refused with the first chunk: %s", (_, options, wanted) => {
    const device = start();
    const first = chunk("abc", { about: { size: 6 }, ...options });
    expect(code(device, first)).toBe(wanted);
    expect(code(device, chunk("def", { ...options, about: {} }))).toBeGreaterThanOrEqual(400);
  });

  it("§7.1: another command in between: Alert 1225 with the object's Target, and it runs", () => {
    const device = start();
    device.reply([chunk("abc", { about: { size: 6 } })], MORE);
    const answer = device.reply([addLeaf("2", "./SCOMO/x", "v")], MORE)!;
    expect(lines(answer)).toEqual(["SyncHdr 200", "Alert 1225", "2 Add 200", "Alert 1222"]);
    expect(at(partsOf(answer, "Alert")[0], "Item", "Target", "LocURI")).toBe(TARGET);
    expect(code(device, chunk("def", { id: "3" }))).toBe(411);
    expect(device.has(TARGET)).toBe(false);
    expect(device.has("./SCOMO/x")).toBe(true);
  });

  it.each<[string, Element]>([
    ["the same command on another Target", chunk("x", { id: "2", target: "./SCOMO/y" })],
    ["another command on the same Target", del("2", TARGET)],
    ["a Get", get("2", "./SCOMO/old")],
    ["an Atomic", atomic("2", chunk("def", { id: "3", isLast: true }))],
    ["a Sequence", sequence("2", chunk("def", { id: "3", isLast: true }))],
    ["an Alert to a person", alert("2", 1100, "", "hello")],
    ["an unknown command", command("Put", "2", "./SCOMO/old")],
  ])("§7.1: interrupted by %s", (_, other) => {
    const device = start();
    device.reply([chunk("abc", { about: { size: 6 } })], MORE);
    expect(lines(device.reply([other], MORE))[1]).toBe("Alert 1225");
    expect(device.value(TARGET)).not.toBe("abcdef");
  });

  it("§7.1: interrupted in the same message, and by the next object", () => {
    const device = start();
    const other = chunk("x", { id: "2", target: "./SCOMO/y", about: { size: 2 } });
    const answer = device.reply(
      [chunk("abc", { about: { size: 6 } }), other, del("3", "./no")], MORE,
    )!;
    expect(lines(answer)).toEqual([
      "SyncHdr 200", "1 Add 213", "Alert 1225", "2 Add 213", "Alert 1225", "3 Delete 404",
      "Alert 1222",
    ]);
    expect(
      partsOf(answer, "Alert").map((part) => at(part, "Item", "Target", "LocURI")),
    ).toEqual([TARGET, "./SCOMO/y", undefined]);
  });

  it("§4.3: in an Atomic or a Sequence, or not as the last Item: 406", () => {
    const about = { size: 6 };
    const part = chunk("abc", { id: "m", about });
    const device = start();
    expect(code(device, atomic("1", addLeaf("2", "./SCOMO/x"), part), {})).toBe(507);
    expect(codes(device.reply([sequence("1", part)]))).toMatchObject({ m: 406 });
    const [one] = childrenOf(part, "Item");
    expect(
      lines(device.reply([add("5", one!, item("./SCOMO/z", "v"))])),
    ).toEqual(["SyncHdr 200", `5 Add 406 ${TARGET}`, "5 Add 200 ./SCOMO/z", "Final"]);
    expect(device.has("./SCOMO/x")).toBe(false);
  });

  it("§7.1: an Item before the chunk in the same command is whole by itself", () => {
    const device = start();
    const [one] = childrenOf(chunk("abc", { about: { size: 6 } }), "Item");
    expect(
      lines(device.reply([add("1", item("./SCOMO/z", "v"), one!)], MORE)).slice(1, 3),
    ).toEqual(["1 Add 200 ./SCOMO/z", `1 Add 213 ${TARGET}`]);
    expect(code(device, chunk("def", { isLast: true }))).toBe(200);
    expect(device.value(TARGET)).toBe("abcdef");
  });

  it("§7.1: a server that sets Final inside an object is asked for the rest all the same", () => {
    const device = start();
    expect(
      lines(device.reply([chunk("abc", { about: { size: 6 } })])),
    ).toEqual(["SyncHdr 200", "1 Add 213", "Alert 1222"]);
    expect(lines(device.reply([chunk("def", { isLast: true })])).at(-1)).toBe("Final");
  });

  it("§7.1: the session ends inside an object: nothing of it is left", () => {
    const device = start();
    device.reply([chunk("abc", { about: { size: 6 } })], MORE);
    device.close();
    device.connect();
    expect(code(device, chunk("def", { isLast: true }))).toBe(200);
    expect(device.value(TARGET)).toBe("def");
  });

  it("§1.6: the same message again gets the same answer; the chunk counts once", () => {
    const device = start();
    device.reply([chunk("abc", { about: { size: 6 } })], MORE);
    const last = device.received.at(-1)!;
    const said = lines(device.message);
    expect(lines(device.answer(last))).toEqual(said);
    expect(code(device, chunk("def", { isLast: true }))).toBe(200);
    expect(device.value(TARGET)).toBe("abcdef");
  });

  it("DM TNDS: a serialised tree in chunks, added below a node", () => {
    const bytes = documentOf(object({ name: "t", format: "node", children: [
      { name: "a", format: "chr", value: "x".repeat(900) },
      { name: "b", format: "chr", value: "y".repeat(900) },
    ] }));
    const target = "./SCOMO/in";
    for (const cut of [1, 40, 900, bytes.length - 1]) {
      const device = start();
      const about = { format: "bin", type: WBXML_TYPE, size: bytes.length };
      const options = { target, name: "Replace" };
      expect(code(device, chunk(bytes.subarray(0, cut), { ...options, about }))).toBe(213);
      expect(code(device, chunk(bytes.subarray(cut), { ...options, isLast: true }))).toBe(200);
      expect(device.value("./SCOMO/in/t/b")).toBe("y".repeat(900));
    }
  });

  it("the power goes inside an object: the old value is there, never a part of the new one", () => {
    const device = start();
    const options = { name: "Replace", target: "./SCOMO/old" };
    device.reply([chunk("new", { ...options, about: { size: 6 } })], MORE);
    device.cut();
    expect(device.value("./SCOMO/old")).toBe("old");
  });
});

describe.each(BUILDS)("large objects out, %s build", (build) => {
  const fresh = Device.provisioned(build);
  const VALUE = Array.from({ length: 2048 }, (_, i) => String.fromCharCode(97 + (i % 26))).join("");
  const ACCENTS = "aä€𝄞".repeat(180);
  fresh.order(add("1", item("./SCOMO/a", VALUE), item("./SCOMO/s", "small")));
  fresh.order(
    add("2", item("./SCOMO/n/b", Buffer.alloc(1800, 0xe2), { format: "bin", type: "a/b" })),
  );
  fresh.order(
    addLeaf("3", "./SCOMO/u", ACCENTS), addLeaf("4", "./SCOMO/n/v", VALUE.slice(0, 1500)),
  );
  const start = (): Device => {
    const device = new Device(build, { medium: fresh.medium.copy() });
    device.connect();
    return device;
  };

  interface Sent {
    messages: Element[];
    sizes: number[];
    /** Items of all Results, in order. */
    items: Element[];
  }

  /** All messages of the answer to a command. */
  const run = (device: Device, parts: Element[], reply: Reply): Sent => {
    const sent: Sent = { messages: [], sizes: [], items: [] };
    device.reply(parts, { ...reply, isFinal: false });
    for (let i = 0; device.message !== undefined && i < 200; i++) {
      sent.messages.push(device.message);
      sent.sizes.push(device.raw.length);
      for (const part of partsOf(device.message, "Results")) {
        sent.items.push(...childrenOf(part, "Item"));
      }
      if (lines(device.message).at(-1) === "Alert 1222") break;
      device.reply([alert(`n${i}`, 1222)], { isFinal: false });
    }
    return sent;
  };
  const isCut = (one: Element) => childOf(one, "MoreData") !== undefined;
  const octets = (one: Element): Buffer => {
    const data = childOf(one, "Data");
    return Buffer.from((data && bytesOf(data)) ?? []);
  };
  const whole = (items: Element[]) => Buffer.concat(items.map(octets));

  it("§7.2: Size in the first chunk only, MoreData in all but the last, one CmdRef", () => {
    const { messages, items, sizes } = run(start(), [get("g", "./SCOMO/a")], { maxMsgSize: 1000 });
    expect(items.length).toBeGreaterThan(2);
    expect(whole(items).toString()).toBe(VALUE);
    expect(items.map((one) => at(one, "Meta", "Size"))).toEqual(
      ["2048", ...items.slice(1).map(() => undefined)],
    );
    expect(items.map(isCut)).toEqual([...items.slice(1).map(() => true), false]);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
    for (const part of messages.flatMap((message) => partsOf(message, "Results"))) {
      expect(wordOf(part, "CmdRef")).toBe("g");
      expect(wordOf(part, "MsgRef")).toBe("1");
      expect(at(part, "Item", "Source", "LocURI")).toBe("./SCOMO/a");
    }
    expect(messages.map((message) => lines(message).includes("Final"))).not.toContain(true);
  });

  it("§7.2: nothing but Statuses of header and Alert 1222 between two chunks", () => {
    const { messages } = run(
      start(), [get("g", "./SCOMO/a"), get("h", "./SCOMO/s")], { maxMsgSize: 1000 },
    );
    const chunks = messages.filter((message) =>
      partsOf(message, "Results").some((part) => isCut(childOf(part, "Item")!)));
    for (const message of chunks.slice(1)) {
      const names = lines(message).map((line) => line.replace(/^n\d+ | = .*$/gs, ""));
      expect(names).toEqual(["SyncHdr 200", "Alert 200", "Results g ./SCOMO/a"]);
    }
    expect(results(messages.at(-1))).toMatchObject({ "./SCOMO/s": "small" });
  });

  it("§7.2: at every MaxMsgSize the whole value arrives, no message is above it", () => {
    for (let maxMsgSize = 480; maxMsgSize < 2600; maxMsgSize += 37) {
      const { items, sizes } = run(start(), [get("g", "./SCOMO/a")], { maxMsgSize });
      expect(Math.max(...sizes)).toBeLessThanOrEqual(maxMsgSize);
      expect(whole(items).toString()).toBe(VALUE);
    }
  });

  it("§7.2: text is cut between characters", () => {
    for (let maxMsgSize = 500; maxMsgSize < 520; maxMsgSize++) {
      const { items } = run(start(), [get("g", "./SCOMO/u")], { maxMsgSize });
      expect(items.length).toBeGreaterThan(2);
      for (const one of items) {
        expect(Buffer.from(octets(one).toString("utf8"))).toEqual(octets(one));
      }
      expect(whole(items).toString()).toBe(ACCENTS);
    }
  });

  it("§7.2: octets may be cut anywhere; Format and Type go with each chunk", () => {
    const { items } = run(start(), [get("g", "./SCOMO/n/b")], { maxMsgSize: 700 });
    expect(whole(items)).toEqual(Buffer.alloc(1800, 0xe2));
    for (const one of items) {
      expect([at(one, "Meta", "Format"), at(one, "Meta", "Type")]).toEqual(["bin", "a/b"]);
    }
  });

  it("§7.2: lists: an Item in chunks among whole ones, each node once", () => {
    const { items, sizes } = run(
      start(), [get("g", "./SCOMO?list=StructData")], { maxMsgSize: 900 },
    );
    expect(Math.max(...sizes)).toBeLessThanOrEqual(900);
    const byUri = new Map<string, Element[]>();
    for (const one of items) {
      const uri = at(one, "Source", "LocURI")!;
      byUri.set(uri, [...(byUri.get(uri) ?? []), one]);
    }
    expect(whole(byUri.get("./SCOMO/a")!).toString()).toBe(VALUE);
    expect(whole(byUri.get("./SCOMO/n/v")!).toString()).toBe(VALUE.slice(0, 1500));
    expect(whole(byUri.get("./SCOMO/n/b")!)).toEqual(Buffer.alloc(1800, 0xe2));
    expect(textOf(childOf(byUri.get("./SCOMO/s")![0]!, "Data"))).toBe("small");
    for (const [uri, chunks] of byUri) expect([uri, isCut(chunks.at(-1)!)]).toEqual([uri, false]);
  });

  it("§7.2: a serialised tree in chunks is what it is in one", () => {
    const query = "./SCOMO/n?list=TNDS";
    const one = run(start(), [get("g", query)], {}).items;
    const many = run(start(), [get("g", query)], { maxMsgSize: 600 }).items;
    expect(one).toHaveLength(1);
    expect(many.length).toBeGreaterThan(5);
    expect(whole(many)).toEqual(whole(one));
    expect(at(many[0], "Meta", "Size")).toBe(String(whole(one).length));
  });

  it("§7.2: names of children in chunks", () => {
    const device = start();
    const names = Array.from({ length: 40 }, (_, i) => `child-${i}-${"x".repeat(20)}`);
    device.reply(names.map((name, i) => addLeaf(`${i}`, `./SCOMO/n/${name}`, "")), {
      maxMsgSize: 600, isFinal: false,
    });
    while (lines(device.message).at(-1) !== "Alert 1222") device.reply([alert("m", 1222)], MORE);
    const { items } = run(device, [get("g", "./SCOMO/n")], { maxMsgSize: 600 });
    expect(items.length).toBeGreaterThan(2);
    expect(new Set(whole(items).toString().split("/"))).toEqual(new Set([...names, "b", "v"]));
  });

  it("§7.2: MaxObjSize of the server, to the byte: 413 above it", () => {
    const ask = (uri: string, maxObjSize: number) =>
      codes(start().reply([get("g", uri)], { maxObjSize }))["g"];
    expect(ask("./SCOMO/a", 2047)).toBe(413);
    expect(ask("./SCOMO/a", 2048)).toBe(200);
    expect(ask("./SCOMO?list=StructData", 2047)).toBe(413);
    expect(ask("./SCOMO?list=StructData", 2048)).toBe(200);
  });

  it.each<[string, Element]>([
    ["Alert 1225", e("Alert", e("CmdID", "9"), e("Data", 1225), item("./SCOMO/a"))],
    ["an error Status for the Results", e(
      "Status", e("CmdID", "9"), e("MsgRef", "2"), e("CmdRef", "3"), e("Cmd", "Results"),
      e("Data", 500),
    )],
  ])("§7.2: %s: the rest is not sent, the next answer is", (_, stop) => {
    const device = start();
    const both = [get("g", "./SCOMO/a"), get("h", "./SCOMO/s")];
    device.reply(both, { maxMsgSize: 700, isFinal: false });
    device.reply([alert("n", 1222)], MORE);
    const said = lines(device.reply([stop, alert("m", 1222)], MORE));
    expect(said.filter((line) => line.startsWith("Results"))).toEqual(
      ["Results h ./SCOMO/s = small"],
    );
  });

  it("§7.2: Status 213 for a chunk is a request to go on", () => {
    const device = start();
    device.reply([get("g", "./SCOMO/a")], { maxMsgSize: 700, isFinal: false });
    const sent: Element[] = [];
    for (let i = 0; i < 20 && lines(device.message).at(-1) !== "Alert 1222"; i++) {
      const [part] = partsOf(device.message, "Results");
      if (part !== undefined) sent.push(childOf(part, "Item")!);
      const ref = part === undefined ? [] : [e(
        "Status", e("CmdID", "s"), e("MsgRef", i + 2), e("CmdRef", wordOf(part, "CmdID")!),
        e("Cmd", "Results"), e("Data", 213),
      )];
      device.reply([...ref, alert("m", 1222)], MORE);
    }
    for (const part of partsOf(device.message, "Results")) sent.push(childOf(part, "Item")!);
    expect(whole(sent).toString()).toBe(VALUE);
  });

  it("the node goes between two chunks: the server sees an end, and a wrong size", () => {
    const device = start();
    device.reply([get("g", "./SCOMO/a")], { maxMsgSize: 700, isFinal: false });
    device.reply([alert("n", 1222)], MORE);
    device.reply([alert("m", 1222), del("d", "./SCOMO/a")], MORE);
    const answer = lines(device.reply([alert("o", 1222)], MORE));
    expect(answer.filter((line) => line.startsWith("Results")).length).toBeLessThanOrEqual(1);
    const { items } = run(device, [get("h", "./SCOMO/s")], {});
    expect(whole(items).toString()).toBe("small");
  });
});
