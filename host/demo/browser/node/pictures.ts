// Makes the pictures of the page for the documents: `npm run screenshots`.
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { servePage } from "./folder.ts";

const FOLDER = "docs/pictures";
const BYTES_MAX = 200_000;
const WAIT_MS_MAX = 60_000;
/** Place of the story that loses its power in between. */
const CUT_STORY = -1;

const profile = mkdtempSync(join(tmpdir(), "scomo-pictures-"));
const { server, url } = await servePage("build/demo");
const context = await chromium.launchPersistentContext(profile, {
  executablePath: "/usr/bin/chromium", headless: true, args: ["--no-sandbox", "--disable-gpu"],
});
try {
  mkdirSync(FOLDER, { recursive: true });
  const page = context.pages()[0] ?? (await context.newPage());
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.setViewportSize({ width: 1240, height: 780 });
  await page.goto(url);
  await power(page, "on, idle");
  await page.setChecked("#full-speed", true);
  await page.setChecked("#auto-answer", true);
  await page.locator("#stories button").nth(CUT_STORY).click();
  await power(page, "power is off");
  await page.getByRole("tab", { name: "Journal" }).click();
  await page.evaluate(() => {
    (document.activeElement as HTMLElement).blur();
    scrollTo(0, 0);
  });
  await picture(page, "demo-light", "light");
  await picture(page, "demo-dark", "dark");
  await page.setViewportSize({ width: 360, height: 740 });
  await page.evaluate(() => document.getElementById("device")!.scrollIntoView());
  await picture(page, "demo-phone", "dark");
  await page.click("#plug");
  await power(page, "on, idle");
  await page.setViewportSize({ width: 1240, height: 780 });
  await page.goto(`${url}inspector.html`);
  await page.click("#example");
  await page.locator(".row").first().waitFor();
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await picture(page, "inspector", "light");
} finally {
  await context.close();
  server.closeAllConnections();
  server.close();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
}

async function power(page: Page, text: string): Promise<void> {
  await page.waitForFunction(
    (wanted) => document.getElementById("power-text")?.textContent === wanted, text,
    { timeout: WAIT_MS_MAX },
  );
}

async function picture(page: Page, name: string, colorScheme: "light" | "dark"): Promise<void> {
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  await page.waitForTimeout(200);
  const path = join(FOLDER, `${name}.png`);
  await page.screenshot({ path });
  const bytes = statSync(path).size;
  console.log(`${path}  ${bytes} bytes`);
  if (bytes > BYTES_MAX) throw new Error(`${path} has more than ${BYTES_MAX} bytes`);
}
