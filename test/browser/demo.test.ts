// The demo page as a person meets it: every story, pulled plugs, reloads, two tabs.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CASES, type DemoCase } from "../../host/demo/cases.ts";
import { hasChromium, note } from "./chromium.ts";
import { DemoPage } from "./demo.ts";

/** Each has one reload and one pulled plug, in either order. */
const ROUNDS = Number(process.env["SCOMO_ROUNDS"] ?? 50);
const STORM_MS_MAX = 600_000;
const STORY_MS_MAX = 60_000;
const ONE = CASES.find(({ name }) => name === "one package")!;

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function seedOf(): number {
  const seed = Number(process.env["SCOMO_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`SCOMO_SEED=${seed}`);
  return seed;
}

describe.skipIf(!hasChromium)(`demo page in Chromium${note}`, { timeout: STORY_MS_MAX }, () => {
  let demo: DemoPage;
  const asked: string[] = [];
  const errors: string[] = [];

  beforeAll(async () => {
    demo = await DemoPage.start();
    demo.page.on("request", (request) => asked.push(request.url()));
    demo.page.on("pageerror", (error) => errors.push(error.message));
  });
  afterAll(() => demo.stop());

  it("cold start: shows what is on the device, all old", async () => {
    await demo.visit();
    await demo.idle();
    const usefulMs = await demo.page.evaluate(() => {
      return performance.getEntriesByName("useful")[0]!.startTime;
    });
    console.log(`first useful view ${Math.round(usefulMs)} ms after the start of navigation`);
    expect(await demo.verdict()).toBe("all old");
    expect(await demo.page.innerText("#verdict")).toContain("All old.");
  });

  it.each(CASES.map((story) => [`${story.flow}: ${story.name}`, story] as const))(
    "story: %s ends as the use case says", async (_, story) => {
      await demo.set("full-speed", true);
      await demo.press(story);
      await demo.answer(story);
      if (story.isCut === true) {
        await demo.power("power is off");
        expect(await demo.contents()).toBe("neither");
        expect(await demo.page.innerText("#verdict")).toContain("Mixed.");
        await demo.page.click("#plug");
        await demo.answer(story);
      }
      await demo.idle();
      expect(await demo.verdict()).toBe(story.expect.files);
      const received = (await demo.said("server")).at(-1);
      expect(resultsIn(received)).toEqual(resultsOf(story));
    },
  );

  it("reload: the device is kept, nothing is begun anew", async () => {
    await demo.set("auto-answer", true);
    await demo.press(ONE);
    await demo.idle();
    await demo.page.reload();
    await demo.idle();
    expect(await demo.verdict()).toBe("all new");
    expect(await demo.page.locator(".message").count()).toBe(0);
  });

  it(`${ROUNDS} reloads and ${ROUNDS} pulled plugs: all old or all new every time`, async () => {
    await demo.set("full-speed", true);
    await demo.set("auto-answer", true);
    const random = randomOf(seedOf());
    const wholeMs = await timeOf(demo);
    const seen: string[] = [];
    const left: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const isReloadFirst = round % 2 === 1;
      await demo.press(ONE);
      await demo.page.waitForTimeout(random() * wholeMs);
      if (isReloadFirst) await demo.reload();
      await demo.page.waitForTimeout(isReloadFirst ? (random() * wholeMs) / 2 : 0);
      await demo.pull();
      left.push(await demo.contents());
      await demo.page.click("#plug");
      await demo.page.waitForTimeout(isReloadFirst ? 0 : (random() * wholeMs) / 2);
      if (!isReloadFirst) await demo.reload();
      await demo.idle();
      seen.push(await demo.verdict());
    }
    expect(seen.filter((verdict) => !/^all (old|new)$/.test(verdict))).toEqual([]);
    console.log(`power off: ${countOf(left)}; after recovery: ${countOf(seen)}`);
  }, STORM_MS_MAX);

  it("slider: cuts at the operation that it names, and the device recovers", async () => {
    await demo.press(ONE);
    await demo.idle();
    const cut = demo.page.locator("#cut");
    const count = Number(await cut.getAttribute("max"));
    expect(count).toBeGreaterThan(50);
    for (const share of [0.2, 0.5, 0.8]) {
      const operation = Math.round(count * share);
      await cut.fill(String(operation));
      expect(await demo.page.innerText("#cut-text")).toMatch(`${operation} of ${count}: `);
      await demo.press(ONE);
      await demo.power("power is off");
      const words = `has lost its power at storage operation ${operation}`;
      expect(await demo.said("device")).toContainEqual(words);
      await demo.page.click("#plug");
      await demo.idle();
      expect(await demo.verdict()).toMatch(/^all (old|new)$/);
    }
  });

  it("second tab: gets a sentence, and the device when the first is gone", async () => {
    const second = await demo.context.newPage();
    await second.goto(demo.url);
    const alert = second.locator("#alert");
    await alert.waitFor({ timeout: 20_000 });
    expect(await alert.innerText()).toContain("open in another tab");
    await demo.page.goto("about:blank");
    await alert.getByRole("button", { name: "try again" }).click();
    await second.waitForFunction(() => {
      return document.getElementById("power-text")?.textContent === "on, idle";
    });
    await second.close();
    await demo.visit();
    await demo.idle();
  });

  it("keyboard: a story is played and the plug pulled without a pointer", async () => {
    await demo.set("auto-answer", false);
    const { keyboard } = demo.page;
    const focusIs = () => demo.page.evaluate(() => document.activeElement?.textContent ?? "");
    await demo.page.evaluate(() => (document.activeElement as HTMLElement).blur());
    for (let presses = 0; !(await focusIs()).startsWith("One package"); presses++) {
      expect(presses).toBeLessThan(40);
      await keyboard.press("Tab");
    }
    await keyboard.press("Enter");
    const question = demo.page.locator("#ask[open]");
    await question.waitFor();
    expect(await focusIs()).toBe("Yes");
    await keyboard.press("Tab");
    expect(await focusIs()).toBe("Pull the plug");
    await keyboard.press("Enter");
    await demo.power("power is off");
    expect(await focusIs()).toBe("Switch on again");
    await keyboard.press("Enter");
    await question.waitFor();
    expect(await focusIs()).toBe("Yes");
    await keyboard.press("Enter");
    await demo.idle();
    expect(await demo.verdict()).toBe("all new");
  });

  it("tree: opens by arrows, search finds values, ACLs are shown", async () => {
    const { page } = demo;
    await page.getByRole("tab", { name: "Tree" }).click();
    const root = page.getByRole("treeitem").first();
    await root.focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    const focused = page.locator("[role=treeitem]:focus");
    expect(await focused.getAttribute("aria-level")).toBe("3");
    await page.keyboard.press("ArrowLeft");
    expect(await focused.getAttribute("aria-expanded")).toBe("true");
    await page.keyboard.press("ArrowLeft");
    expect(await focused.getAttribute("aria-expanded")).toBe("false");
    await page.fill("#tree-search", "8.2.0");
    expect(await page.innerText(".search output")).toMatch(/^1 of \d+ nodes$/);
    await page.fill("#tree-search", "Inbox");
    expect(await page.locator(".tree .acl").allInnerTexts())
      .toContainEqual(expect.stringContaining("dms.example"));
    await page.fill("#tree-search", "");
    await page.getByRole("tab", { name: "Story" }).click();
  });

  it("messages and journal: bytes stand beside elements, records are decoded", async () => {
    const { page } = demo;
    await page.getByRole("tab", { name: "Messages" }).click();
    const first = page.locator(".message").first();
    await first.locator("summary").click();
    expect(await first.locator(".row").first().innerText()).toContain("WBXML 1.2");
    expect(await first.locator(".rows").innerText()).toContain("<LocURI>");
    await page.getByRole("tab", { name: "Journal" }).click();
    const names = await page.locator(".region").last().locator(".name").allTextContents();
    for (const name of ["CKPT_BEGIN", "PLAN", "COMMIT", "OUTCOME", "ACK"]) {
      expect(names).toContain(name);
    }
    await page.getByRole("tab", { name: "Story" }).click();
  });

  it("IndexedDB: takes over where the browser has no OPFS for workers", async () => {
    const page = await demo.context.newPage();
    await page.route("**/device.js", async (route) => {
      const response = await route.fetch();
      const gone = "delete FileSystemFileHandle.prototype.createSyncAccessHandle;";
      await route.fulfill({ response, body: gone + (await response.text()) });
    });
    await page.goto(demo.url);
    await page.waitForFunction(() => {
      return document.getElementById("power-text")?.textContent === "on, idle";
    });
    expect(await page.innerText("#kept")).toContain("IndexedDB");
    await page.close();
  });

  it("nothing leaves the page: every request goes to where it came from", () => {
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((url) => !url.startsWith(demo.url) && !/^(data|about):/.test(url)))
      .toEqual([]);
    expect(errors).toEqual([]);
  });
});

/** How long the page takes for a whole install, from the button on. */
async function timeOf(demo: DemoPage): Promise<number> {
  const startMs = performance.now();
  await demo.press(ONE);
  await demo.idle();
  return performance.now() - startMs;
}

function resultsIn(line = ""): string[] {
  const text = line.replace(/^has received /, "");
  return text === "no result" ? [] : text.split(", ").sort();
}

function resultsOf(story: DemoCase): string[] {
  return story.expect.results.map(({ identifier, result }) => `${result} ${identifier}`).sort();
}

function countOf(seen: readonly string[]): string {
  const kinds = [...new Set(seen)].sort();
  return kinds.map((kind) => {
    return `${seen.filter((each) => each === kind).length} ${kind}`;
  }).join(", ");
}
