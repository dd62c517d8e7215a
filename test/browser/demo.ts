// The demo page in Chromium, and what a test asks of it.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { CASES, type DemoCase } from "../../host/demo/cases.ts";
import { releasesOf } from "../../host/demo/setting.ts";
import { servePage } from "../../host/demo/browser/node/serve.ts";
import { launch } from "./chromium.ts";

const BUILD_MS_MAX = 120_000;
const IDLE_MS_MAX = 30_000;

export type Verdict = "all old" | "all new" | "neither";

/** Builds the page. It is in build/demo then. */
export function buildPage(): void {
  execFileSync(process.execPath, ["build.mjs", "--demo"], {
    stdio: "inherit", timeout: BUILD_MS_MAX,
  });
}

/** A browser with a profile of its own, at the page. */
export class DemoPage {
  private constructor(
    readonly url: string,
    private readonly server: Server,
    private readonly profile: string,
    readonly context: BrowserContext,
    readonly page: Page,
  ) {}

  static async start(): Promise<DemoPage> {
    const { server, url } = await servePage("build/demo");
    const profile = await mkdtemp(join(tmpdir(), "scomo-demo-"));
    const context = await launch(profile);
    const page = context.pages()[0] ?? (await context.newPage());
    return new DemoPage(url, server, profile, context, page);
  }

  async stop(): Promise<void> {
    await this.context.close();
    this.server.closeAllConnections();
    this.server.close();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
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

  /** What the inventory of the page says. */
  async inventory(): Promise<Verdict> {
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
