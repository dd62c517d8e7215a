import type { Deviation } from "./audit/checks.ts";
import type { SessionReport } from "./audit/report.ts";
import type { Inventory, Order, Result } from "./devices.ts";
import type { Element } from "./element.ts";

interface Happened {
  /** Device id as the client gave it. */
  device: string;
  /** One sentence for a person. */
  text: string;
}

/** What a listener of the server is told. */
export type ServerEvent =
  | Happened & { kind: "session"; sessionId: string; phase: "start" | "end" | "abort" }
  | Happened & { kind: "auth"; sessionId: string; who: "client" | "server"; code: number }
  | Happened & { kind: "inventory"; inventory: Inventory }
  | Happened & { kind: "order"; order?: Order }
  | Happened & { kind: "order-done"; order: Order }
  | Happened & { kind: "alert"; result: Result; isRepeated: boolean }
  | Happened & { kind: "notification"; sessionId: string; bytes: Uint8Array }
  | Happened & { kind: "deviation"; sessionId: string; deviation: Deviation }
  | Happened & { kind: "report"; sessionId: string; report: SessionReport }
  | Happened & {
    kind: "message";
    sessionId: string;
    direction: "in" | "out";
    bytes: Uint8Array;
    root: Element;
  };

export type Listener = (event: ServerEvent) => void;

type WithoutDevice<E> = E extends ServerEvent ? Omit<E, "device"> : never;

/** An event of one device, whose id is added by whoever passes it on. */
export type DeviceEvent = WithoutDevice<ServerEvent>;
