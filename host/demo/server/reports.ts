import type { Device, Order, OrderedPackage, Result } from "./devices.ts";
import { type Alert, type Item, textOfData } from "./message.ts";

/** Type of a Generic Alert that tells the outcome of a Primitive. */
export const OPERATION_COMPLETE = "urn:oma:at:scomo:1.0:OperationComplete";

/** Kept for each device; the oldest go first. */
const RESULT_COUNT_MAX = 1000;

export interface Report {
  /** Status for the Item. */
  code: number;
  /** Absent where the Item could not be read. */
  result?: Result;
  isRepeated: boolean;
}

/**
 * Takes one Item of a Generic Alert 1226 and applies it to the order it belongs to.
 *
 * The same report again is answered the same way and only counted.
 */
export function takeReport(device: Device, alert: Alert, item: Item): Report {
  const parsed = parseReport(alert, item);
  if (typeof parsed === "number") return { code: parsed, isRepeated: false };
  const known = device.results.find((result) => isSameReport(result, parsed));
  if (known !== undefined) {
    known.count++;
    return { code: 200, result: known, isRepeated: true };
  }
  device.results.push(parsed);
  if (device.results.length > RESULT_COUNT_MAX) device.results.shift();
  const found = orderFor(device, parsed);
  if (found !== undefined) {
    parsed.order = found.order.number;
    apply(found.order, found.ordered, parsed.code);
  }
  return { code: 200, result: parsed, isRepeated: false };
}

/** @returns the Status that refuses the Item */
function parseReport(alert: Alert, item: Item): Result | number {
  const data = textOfData(item);
  if (item.meta?.type === undefined || item.source === undefined || data === undefined) return 412;
  if (item.meta.type.replace(/^Reversed-Domain-Name:\s*/i, "") !== OPERATION_COMPLETE) return 415;
  const code = /<ResultCode>\s*(\d{4})\s*<\/ResultCode>/.exec(data)?.[1];
  const identifier = /<Identifier>([^<]*)<\/Identifier>/.exec(data)?.[1];
  if (code === undefined || identifier === undefined) return 412;
  return {
    ...(alert.correlator === undefined ? {} : { correlator: alert.correlator }),
    source: item.source,
    ...(item.target === undefined ? {} : { target: item.target }),
    code: Number(code),
    identifier: unescapeXml(identifier),
    count: 1,
  };
}

function isSameReport(left: Result, right: Result): boolean {
  return left.correlator === right.correlator && left.source === right.source
    && left.target === right.target && left.identifier === right.identifier;
}

/** By correlator and Source; a report without a correlator that we know, by Source alone. */
function orderFor(
  device: Device, { correlator, source }: Result,
): { order: Order; ordered: OrderedPackage } | undefined {
  const candidates = device.orders.toReversed().flatMap((order) =>
    order.packages.filter((ordered) => ordered.source === source)
      .map((ordered) => ({ order, ordered })));
  const exact = candidates.find(({ ordered }) => ordered.correlator === correlator);
  return exact ?? candidates.find(({ order }) => isOpen(order));
}

export function isOpen({ state }: Order): boolean {
  return state === "downloading" || state === "installing";
}

export function isSuccess(code: number | undefined): boolean {
  return code !== undefined && code >= 1200 && code < 1300;
}

/** Notes the outcome of one Exec; the first failure decides the order. */
export function apply(order: Order, ordered: OrderedPackage, code: number): void {
  if (ordered.code === undefined || !isSuccess(code)) ordered.code = code;
  if (order.state === "failed") return;
  if (!isSuccess(code)) {
    order.state = "failed";
    order.code = code;
    return;
  }
  const isInstalling = order.state === "installing" || order.state === "lost";
  if (isInstalling && order.packages.every((each) => isSuccess(each.code))) {
    order.state = "done";
    order.code = code;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<", gt: ">", amp: "&", quot: "\"", apos: "'",
};

function unescapeXml(text: string): string {
  return text.replace(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => ENTITIES[name]!);
}
