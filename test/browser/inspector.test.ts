// The WBXML inspector: what goes in on one side comes out on the other.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { decode, toXml } from "../../host/demo/server/wbxml.ts";
import { hasChromium, note } from "./chromium.ts";
import { DemoPage } from "./demo.ts";

/** The last byte of WBXML 1.3 §8.1's kind of document: an empty SyncML 1.2 with a header. */
const SMALL = "02 A4 01 6A 00 6D 6C 01 01";
const FINAL = '<SyncML xmlns="SYNCML:SYNCML1.2"><SyncBody><Final/></SyncBody></SyncML>';

describe.skipIf(!hasChromium)(`inspector in Chromium${note}`, () => {
  let demo: DemoPage;
  const value = (side: "wbxml" | "xml") => demo.page.inputValue(`#${side}`);

  beforeAll(async () => {
    demo = await DemoPage.start();
  });
  afterAll(() => demo.stop());
  beforeEach(async () => {
    await demo.visit("inspector.html");
    await demo.page.waitForFunction(() => document.body.dataset["ready"] === "true");
  });

  it("example: its XML says what the reference server's own codec reads", async () => {
    const bytes = readFileSync(`${demo.folder}/bootstrap-old.wbxml`);
    await demo.page.click("#example");
    await demo.page.locator(".row").first().waitFor();
    const shown = await value("xml");
    const texts = (xml: string) => [...xml.matchAll(/<LocURI>([^<]*)</g)].map(([, uri]) => uri);
    expect(texts(shown).length).toBeGreaterThan(50);
    expect(texts(shown)).toEqual(texts(toXml(decode(bytes))));
    expect((await value("wbxml")).replaceAll(" ", "")).toBe(bytes.toString("hex").toUpperCase());
  });

  it.each([
    ["hex", SMALL],
    ["hex without blanks", SMALL.replaceAll(" ", "").toLowerCase()],
    ["hex with 0x and commas", SMALL.split(" ").map((code) => `0x${code}`).join(", ")],
    ["Base64", Buffer.from(SMALL.replaceAll(" ", ""), "hex").toString("base64")],
  ])("WBXML: %s becomes XML", async (_, text) => {
    await demo.page.fill("#wbxml", text);
    expect(await value("xml")).toMatch(/<SyncML xmlns="SYNCML:SYNCML1.2">\s*<SyncHdr\/>/);
    expect(await demo.page.innerText("#said")).toContain("SyncML 1.2, 9 bytes");
    const offsets = await demo.page.locator(".row .offset").allInnerTexts();
    expect(offsets).toEqual(["0", "1", "3", "4", "5", "6", "7", "8"].filter((at) =>
      offsets.includes(at)));
    expect(offsets).toContain("6");
  });

  it("XML: becomes WBXML that the reference server's codec reads, and back", async () => {
    await demo.page.fill("#xml", FINAL);
    const hex = (await value("wbxml")).replaceAll(" ", "");
    expect(toXml(decode(Buffer.from(hex, "hex")))).toContain("<Final/>");
    await demo.page.check("input[value=base64]");
    expect(await value("wbxml")).toBe(Buffer.from(hex, "hex").toString("base64"));
  });

  it("file: WBXML as it is", async () => {
    await demo.page.setInputFiles("#file", `${demo.folder}/bootstrap-new.wbxml`);
    await demo.page.locator(".row").first().waitFor();
    expect(await value("xml")).toContain("8.2.0");
  });

  it("drop: a file with hex in it", async () => {
    await demo.page.evaluate((text) => {
      const data = new DataTransfer();
      data.items.add(new File([text], "message.txt"));
      const drop = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
      document.getElementById("wbxml")!.dispatchEvent(drop);
    }, SMALL);
    await demo.page.locator(".row").first().waitFor();
    expect(await value("xml")).toContain("<SyncHdr/>");
  });

  it.each([
    ["wbxml", "02 A4 01 6A 00 6D 6C 01", /^Byte 8: the document ends early/],
    ["wbxml", "02 A4 01 6A 00 6D FF", /^Byte 6: /],
    ["wbxml", "02 A", /^Character 4: the last byte has one hex digit only/],
    ["wbxml", "no message!", /^Character 11: "!" is neither hex nor Base64/],
    ["xml", "<SyncML>\n  <Nonsense/>\n</SyncML>", /^Line \d+, column \d+: /],
    ["xml", "<SyncML", /^Line 1, column \d+: it is not well-formed/],
  ] as const)("fault in %s %j: says where", async (side, text, words) => {
    await demo.page.fill(`#${side}`, text);
    expect(await demo.page.innerText("#fault")).toMatch(words);
    expect(await demo.page.getAttribute(`#${side}`, "aria-invalid")).toBe("true");
    expect(await value(side === "wbxml" ? "xml" : "wbxml")).toBe("");
  });
});
