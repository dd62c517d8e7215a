// Calls and events over a port between the page and its workers.

/** The part of a Worker, or of a worker's own scope, that is used. */
export interface Port {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
}

/** What a worker does when it is called. */
export type Handlers = Record<string, (...args: never[]) => unknown>;

export interface Failure {
  code: string;
  message: string;
}

type Message =
  | { call: string; id: number; args: unknown[] }
  | { id: number; result?: unknown; failure?: Failure }
  | { event: unknown };

/** What a call in a worker failed with: the code of its DmError, or an empty one. */
export class CallError extends Error {
  readonly code: string;
  constructor({ code, message }: Failure) {
    super(message);
    this.code = code;
  }
}

/** Answers calls by `handlers`, whatever they take. */
export function serve(port: Port, handlers: Handlers): void {
  port.addEventListener("message", ({ data }) => {
    const message = data as Message;
    if (!("call" in message)) return;
    const { call, id, args } = message;
    const act = async () => handlers[call]!(...(args as never[]));
    act().then(
      (result) => port.postMessage({ id, result }),
      (error: unknown) => port.postMessage({ id, failure: failureOf(error) }),
    );
  });
}

function failureOf(error: unknown): Failure {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return { code: typeof code === "string" ? code : "", message: String(message ?? error) };
}

export function emit(port: Port, event: unknown): void {
  port.postMessage({ event });
}

type Calls<Of extends Handlers> = {
  [Name in keyof Of]: (
    ...args: Parameters<Of[Name]>
  ) => Promise<Awaited<ReturnType<Of[Name]>>>;
};

/**
 * The other side of `serve`.
 *
 * @param onEvent  gets every event; calls and events arrive in the order in which they were sent
 */
export function caller<Of extends Handlers, Event>(
  port: Port, onEvent: (event: Event) => void,
): Calls<Of> {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  port.addEventListener("message", ({ data }) => {
    const message = data as Message;
    if ("event" in message) {
      onEvent(message.event as Event);
    } else if (!("call" in message)) {
      const call = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.failure) call?.reject(new CallError(message.failure));
      else call?.resolve(message.result);
    }
  });
  const send = (call: string) => (...args: unknown[]) => {
    return new Promise((resolve, reject) => {
      const id = ++lastId;
      waiting.set(id, { resolve, reject });
      const ports = args.filter((arg) => arg instanceof MessagePort);
      port.postMessage({ call, id, args }, ports);
    });
  };
  return new Proxy({} as Calls<Of>, { get: (_, name) => send(String(name)) });
}
