// Every message of the demo as two programs read it that others wrote: wbxml2xml of libwbxml, and
// the dissector of tshark.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CASES } from "../../host/demo/cases.ts";
import { runDemo } from "../../host/demo/run.ts";
import { type Element, element, elementsOf, encode } from "../../host/demo/server/wbxml.ts";
import { type LibwbxmlOutput, outlineOf, parseXml, readByLibwbxml } from "../helpers/libwbxml.ts";
import { hasTool } from "../helpers/tools.ts";
import { type Carried, captureOf, dissect, type Dissection } from "../helpers/tshark.ts";

const SYNCML_1_2 = 0x1201;
const COMMANDS = [
  "Add", "Alert", "Atomic", "Delete", "Exec", "Get", "Replace", "Results", "Sequence", "Status",
];

interface WireMessage extends Carried {
  /** What the server's own codec read or wrote. */
  readonly root: Element;
  /** Names the message in a red line. */
  readonly label: string;
}

const messages: WireMessage[] = [];
/** What the server's audit has to say of each session. */
const sessions: string[] = [];
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wire-"));
  let exchange = 0;
  const reports = await runDemo({
    flow: "all",
    signal: AbortSignal.timeout(100_000),
    onServer: (event) => {
      if (event.kind === "report") sessions.push(event.text);
      if (event.kind !== "message") return;
      const { bytes: body, root, sessionId } = event;
      const direction = event.direction === "in" ? "request" : "response";
      if (direction === "request") exchange++;
      const label = `${direction} ${exchange} in session ${sessionId}`;
      messages.push({ exchange, direction, body, root, label });
    },
  });
  expect(reports.flatMap(({ failures }) => failures)).toEqual([]);
  expect(reports.length).toBe(CASES.length);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("demo", () => {
  it("messages: every case has a session of several requests, each answered", () => {
    const requests = messages.filter(({ direction }) => direction === "request");
    const responses = messages.filter(({ direction }) => direction === "response");
    expect(requests.length).toBeGreaterThan(3 * CASES.length);
    expect(responses.map(({ exchange }) => exchange)).toEqual(
      requests.map(({ exchange }) => exchange),
    );
  });

  it("sessions: the server finds no deviation in any of them", () => {
    expect(sessions.length).toBeGreaterThan(CASES.length);
    const bad = sessions.filter((text) => !/ended: \d+ messages, 0 deviations$/.test(text));
    expect(bad).toEqual([]);
  });

  it("messages: together have every command of the flows", () => {
    const names = messages.flatMap(({ root }) => namesIn(root));
    expect([...new Set(names)]).toEqual(expect.arrayContaining(COMMANDS));
  });
});

describe.skipIf(!hasTool("wbxml2xml"))(titleOf("wbxml2xml", "libwbxml2-utils"), () => {
  let outputs: LibwbxmlOutput[] = [];

  beforeAll(async () => {
    outputs = await readByLibwbxml(messages.map(({ body }) => body), folder);
  });

  it("decoder: reads every message", () => {
    const faults = outputs.map(({ fault }, index) => fault && `${label(index)}: ${fault}`);
    expect(faults.filter((fault) => fault !== "")).toEqual([]);
    expect(outputs.length).toBe(messages.length);
  });

  it("decoder: sees the elements and texts that the server's codec saw", () => {
    outputs.forEach(({ xml }, index) => {
      expect(outlineOf(parseXml(xml)), label(index)).toEqual(outlineOf(messages[index]!.root));
    });
  });

  it("outline: takes on that outer blanks are dropped and a nonce is shown in Base64", async () => {
    const nonce = element("Meta", element("NextNonce", Uint8Array.of(0, 1, 0xfe, 0x80, 0xff)));
    const root = element("SyncML", element(
      "SyncBody",
      element("Status", element("Chal", nonce), element("Data", " 4 01\n")),
    ));
    const [output] = await readByLibwbxml([encode(root)], folder);
    expect(outlineOf(root).slice(-4)).toEqual([
      "          NextNonce", '            "AAH+gP8="', "      Data", '        "4 01"',
    ]);
    expect(outlineOf(parseXml(output!.xml))).toEqual(outlineOf(root));
  });

  it("outline: another element, another order, another text is another outline", () => {
    const outlines = [
      element("Item", element("Data", "1"), element("MoreData")),
      element("Item", element("MoreData"), element("Data", "1")),
      element("Item", element("Data", "1", element("MoreData"))),
      element("Item", element("Data", "1 "), element("Final")),
      element("Item", element("Data", "1\u00a0"), element("MoreData")),
    ].map((root) => outlineOf(root).join("\n"));
    expect(new Set(outlines).size).toBe(outlines.length);
  });
});

describe.skipIf(!hasTool("tshark"))(titleOf("tshark", "tshark"), () => {
  let dissections: Dissection[] = [];

  beforeAll(async () => {
    dissections = await dissectAll(messages, "messages.pcap");
  });

  it("dissector: recognises each message as WBXML of SyncML 1.2", () => {
    const unknown = dissections.flatMap(({ mediaType, publicId }, index) =>
      mediaType === "application/vnd.syncml.dm+wbxml" && publicId === SYNCML_1_2
        ? []
        : [`${label(index)}: ${mediaType} ${publicId}`],
    );
    expect(unknown).toEqual([]);
    expect(dissections.length).toBe(messages.length);
  });

  it("dissector: finds no message malformed, and its experts have no complaint", () => {
    const found = dissections.flatMap(({ isMalformed, complaints }, index) =>
      isMalformed || complaints.length > 0 ? [`${label(index)}: ${complaints.join(", ")}`] : [],
    );
    expect(found).toEqual([]);
  });

  it("dissector: sees the elements that the server's codec saw", () => {
    dissections.forEach(({ elements }, index) => {
      expect(elements, label(index)).toEqual(namesIn(messages[index]!.root));
    });
  });

  it("dissector: a message that ends inside its second text is malformed", async () => {
    const { body, ...rest } = messages[0]!;
    const cut = body.slice(0, Buffer.from(body).indexOf("DM/1.2") + 2);
    const [dissection] = await dissectAll([{ ...rest, body: cut }], "short.pcap");
    expect(dissection).toMatchObject({ isMalformed: true, publicId: SYNCML_1_2 });
  });
});

async function dissectAll(carried: readonly Carried[], name: string): Promise<Dissection[]> {
  const path = join(folder, name);
  await writeFile(path, captureOf(carried));
  return dissect(path);
}

function namesIn(root: Element): string[] {
  return [root.name, ...elementsOf(root).flatMap(namesIn)];
}

function label(index: number): string {
  return messages[index]?.label ?? "no message";
}

/** Name of a suite that needs `command`; says what to install where it is missing. */
function titleOf(command: string, debian: string): string {
  const isThere = hasTool(command);
  return isThere ? command : `${command} (skipped: install the Debian package ${debian})`;
}
