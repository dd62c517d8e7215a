// Who cannot see the page, or has little room for it: axe-core on every view, and 360 pixels.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CASES } from "../../host/demo/cases.ts";
import { hasChromium, note } from "./chromium.ts";
import { DemoPage } from "./demo.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const LOOKS = [
  { colorScheme: "light", width: 1280 },
  { colorScheme: "dark", width: 1280 },
  { colorScheme: "light", width: 360 },
] as const;
const VIEW_MS_MAX = 120_000;
const ONE = CASES.find(({ name }) => name === "one package")!;
const CUT = CASES.find(({ isCut }) => isCut === true)!;

/** What axe-core holds against the page as it is, in each look, and what is wider than the page. */
async function complaintsOf(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE);
  const found: string[] = [];
  for (const { colorScheme, width } of LOOKS) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 800 });
    const { violations } = await page.evaluate(() => {
      const { axe } = globalThis as unknown as { axe: typeof import("axe-core") };
      return axe.run({ resultTypes: ["violations"] });
    });
    const look = `${colorScheme}, ${width} px`;
    for (const { id, nodes } of violations) {
      found.push(...nodes.map(({ html }) => `${look}: ${id} at ${html.slice(0, 160)}`));
    }
    const pageWidth = await page.evaluate(() => document.documentElement.scrollWidth);
    if (pageWidth > width) found.push(`${look}: the page is ${pageWidth} px wide`);
  }
  return found;
}

const TITLE = `axe-core finds nothing in Chromium${note}`;

describe.skipIf(!hasChromium)(TITLE, { timeout: VIEW_MS_MAX }, () => {
  let demo: DemoPage;

  beforeAll(async () => {
    demo = await DemoPage.start();
    await demo.visit();
    await demo.idle();
    await demo.set("full-speed", true);
  });
  afterAll(() => demo.stop());

  it("axe-core: a mistake is seen", async () => {
    await demo.page.evaluate(() => document.body.insertAdjacentHTML("beforeend", "<img id=bad>"));
    expect(await complaintsOf(demo.page)).toContainEqual(expect.stringContaining("image-alt"));
    await demo.page.evaluate(() => document.getElementById("bad")!.remove());
  });

  it("demo: at the start", async () => {
    expect(await complaintsOf(demo.page)).toEqual([]);
  });

  it("demo: while the person is asked", async () => {
    await demo.press(ONE);
    await demo.page.locator("#ask[open]").waitFor();
    expect(await complaintsOf(demo.page)).toEqual([]);
    await demo.answer(ONE);
  });

  it.each(["Messages", "Journal", "Inventory", "Tree", "Story"])("demo: %s", async (name) => {
    await demo.page.getByRole("tab", { name }).click();
    if (name === "Messages") await demo.page.locator(".message summary").nth(1).click();
    if (name === "Journal") await demo.page.locator(".checkpoint summary").last().click();
    if (name === "Tree") await demo.page.fill("#tree-search", "SCOMO");
    expect(await complaintsOf(demo.page)).toEqual([]);
  });

  it("demo: with the power off and the set mixed", async () => {
    await demo.press(CUT);
    await demo.answer(CUT);
    await demo.power("power is off");
    expect(await complaintsOf(demo.page)).toEqual([]);
  });

  it("demo: a second tab", async () => {
    const second = await demo.context.newPage();
    await second.goto(demo.url);
    await second.locator("#alert:visible").waitFor({ timeout: 20_000 });
    expect(await complaintsOf(second)).toEqual([]);
    await second.close();
  });

  it("inspector: empty, with a message, and with a fault", async () => {
    await demo.visit("inspector.html");
    await demo.page.waitForFunction(() => document.body.dataset["ready"] === "true");
    expect(await complaintsOf(demo.page)).toEqual([]);
    await demo.page.click("#example");
    await demo.page.locator(".row").first().waitFor();
    expect(await complaintsOf(demo.page)).toEqual([]);
    await demo.page.fill("#wbxml", "02 00 00");
    expect(await complaintsOf(demo.page)).toEqual([]);
  });
});
