// The demo page in Chromium, and what a test asks of it.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { rm } from "node:fs/promises";
import type { BrowserContext, Page } from "playwright-core";
import { CASES, type DemoCase } from "../../host/demo/cases.ts";
import { releasesOf } from "../../host/demo/setting.ts";
import { servePage } from "../../host/demo/browser/node/folder.ts";
import { launch } from "./chromium.ts";

const BUILD_MS_MAX = 120_000;
const IDLE_MS_MAX = 30_000;

export type Verdict = "all old" | "all new" | "neither";

/** A browser with a profile of its own, at the page. */
export class DemoPage {
  private constructor(
    /** Where the page lies and is served. */
    readonly folder: string,
    readonly url: string,
    private readonly stopServer: () => void,
    readonly context: BrowserContext,
  ) {}

  get page(): Page {
    return this.context.pages()[0]!;
  }

  /** Builds the page, of the cores that are there, and opens a browser. */
  static async start(): Promise<DemoPage> {
    const folder = `build/test/page-${process.pid}`;
    execFileSync(process.execPath, ["build.mjs", "--page", folder], {
      stdio: "inherit", timeout: BUILD_MS_MAX,
    });
    const { server, url } = await servePage(folder);
    const context = await launch(`${folder}-profile`);
    if (context.pages().length === 0) await context.newPage();
    const stopServer = () => {
      server.closeAllConnections();
      server.close();
    };
    return new DemoPage(folder, url, stopServer, context);
  }

  async stop(): Promise<void> {
    await this.context.close();
    this.stopServer();
    for (const folder of [this.folder, `${this.folder}-tools`, `${this.folder}-profile`]) {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  async visit(path = ""): Promise<void> {
    await this.page.goto(this.url + path);
  }

  /** Waits until nothing goes on any more. */
  async idle(): Promise<void> {
    await this.power("on, idle");
  }

  async power(text: string): Promise<void> {
    await this.page.waitForFunction(
      (wanted) => document.getElementById("power-text")?.textContent === wanted, text,
      { timeout: IDLE_MS_MAX, polling: 20 },
    );
  }

  async set(option: "full-speed" | "auto-answer", isOn: boolean): Promise<void> {
    await this.page.setChecked(`#${option}`, isOn);
  }

  /** Presses the button of a story. */
  async press(story: DemoCase): Promise<void> {
    await this.page.locator("#stories button").nth(CASES.indexOf(story)).click();
  }

  /** Answers what is asked as the story has it, until the device rests or has lost its power. */
  async answer(story: DemoCase): Promise<void> {
    for (;;) {
      const state = await this.page.waitForFunction(() => {
        const dialog = document.getElementById("ask") as HTMLDialogElement;
        const text = document.getElementById("power-text")!.textContent;
        if (dialog.open) return `asks ${document.getElementById("ask-title")!.textContent}`;
        return text === "on, idle" || text === "power is off" ? "rests" : null;
      }, undefined, { timeout: IDLE_MS_MAX, polling: 20 });
      const text = String(await state.jsonValue());
      if (text === "rests") return;
      const isServer = text.startsWith("asks The server");
      const answer = isServer ? story.user.server : story.user.job;
      await this.page.click(answer === "yes" ? "#ask-yes" : "#ask-no");
    }
  }

  /** Ends page and workers, and loads them again as far as the plug is there. */
  async reload(): Promise<void> {
    await this.page.reload({ waitUntil: "commit" });
    await this.page.locator("#plug:enabled").waitFor({ timeout: IDLE_MS_MAX });
  }

  /** Pulls the plug, whatever else is on the page. */
  async pull(): Promise<void> {
    await this.page.evaluate(() => document.getElementById("plug")!.click());
    await this.power("power is off");
  }

  /** What the inventory of the page says. */
  async inventory(): Promise<Verdict> {
    await this.page.evaluate(() => document.getElementById("tab-inventory")!.click());
    const rows = await this.page.locator("#table-deployed tbody tr").evaluateAll((all) => {
      return all.map((row) => [...row.children].map((cell) => cell.textContent ?? ""));
    });
    const found = rows.map(([id, version, state, , , , sha256]) => {
      return `${id} ${version} ${state} ${sha256}`;
    });
    return verdictOf(found, ({ id, version, content }) => {
      return `${id} ${version} Active ${digest(content).slice(0, 16)}`;
    });
  }

  /** What the bytes are that run, read off the browser's files past the page. */
  async contents(): Promise<Verdict> {
    const digests = await this.page.evaluate(async (names) => {
      const root = await navigator.storage.getDirectory();
      const folder = await root.getDirectoryHandle("scomo-demo");
      const found: string[] = [];
      for (const name of names) {
        const file = await (await folder.getFileHandle(name)).getFile();
        const bytes = await file.arrayBuffer();
        const byteCount = new DataView(bytes).getUint32(0, true);
        const sum = await crypto.subtle.digest("SHA-256", bytes.slice(4, 4 + byteCount));
        const codes = Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, "0"));
        found.push(codes.join(""));
      }
      return found;
    }, ["slot-08", "slot-09"]);
    return verdictOf(digests, ({ content }) => digest(content));
  }

  /** Both, which have to say the same. */
  async verdict(): Promise<string> {
    const [inventory, contents] = [await this.inventory(), await this.contents()];
    return inventory === contents ? inventory : `inventory ${inventory}, contents ${contents}`;
  }

  /** The last lines of the story that begin with `who`. */
  async said(who: "server" | "device"): Promise<string[]> {
    return this.page.locator(`.log li.${who} .what`).allInnerTexts();
  }
}

function verdictOf(
  found: readonly string[], expected: (release: ReturnType<typeof releasesOf>[number]) => string,
): Verdict {
  const is = (generation: "old" | "new") => {
    const wanted = releasesOf(generation).map(expected);
    return wanted.length === found.length && wanted.every((each) => found.includes(each));
  };
  if (is("old")) return "all old";
  return is("new") ? "all new" : "neither";
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
