import type { DmEvent } from "../client.ts";
import { answerText, questionText } from "../confirm/words.ts";
import type { ServerEvent } from "./server/events.ts";

export type Who = "server" | "device" | "user";

export interface Moment {
  /** Milliseconds since the case began. */
  at: number;
  who: Who;
  what: string;
}

/** What happened in a case, in order. */
export class Timeline {
  readonly moments: Moment[] = [];
  private readonly startedMs = performance.now();
  private downloading = "";

  add(who: Who, what: string): void {
    this.moments.push({ at: Math.round(performance.now() - this.startedMs), who, what });
  }

  addServerEvent(event: ServerEvent): void {
    if (event.kind === "message") return;
    this.add("server", event.text);
  }

  addDeviceEvent(event: DmEvent): void {
    switch (event.type) {
      case "download":
        this.addDownload(event);
        return;
      case "step":
        this.add("device", `${event.step} ${event.id} ${event.version}: ${event.verdict}`);
        return;
      case "confirm":
        this.add("device", `asks: ${questionText(event.question)}`);
        this.add("user", `answers: ${answerText(event.question, event.answer)}`);
        return;
      case "outcome":
        for (const { operation, identifier, result, component, reason } of event.jobs) {
          const why = [component, reason].filter((part) => part !== null).join(", ");
          const detail = why === "" ? "" : ` (${why})`;
          this.add("device", `${operation} of ${identifier} ends with ${result}${detail}`);
        }
        return;
      case "message":
      case "barrier":
        return;
    }
  }

  private addDownload({ bytes, totalBytes, url }: DmEvent & { type: "download" }): void {
    const name = url.slice(url.lastIndexOf("/") + 1);
    if (this.downloading !== url) this.add("device", `downloads ${name}, ${totalBytes} bytes`);
    this.downloading = url;
    if (bytes === totalBytes) this.add("device", `has all of ${name}`);
  }
}
