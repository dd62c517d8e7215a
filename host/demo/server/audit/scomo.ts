import { childOf, childrenOf, type Element, textOf, wordOf } from "../element.ts";
import { type Note, quoted } from "./checks.ts";

const OPERATION_COMPLETE = "urn:oma:at:scomo:1.0:OperationComplete";

/** Primitives, each a node below Operations. */
const PRIMITIVES: readonly string[] = [
  "Download", "DownloadInstall", "DownloadInstallInactive", "Install", "InstallInactive", "Remove",
  "Activate", "Deactivate",
];

/** Correlators with which an operation was executed; undefined: nobody knows. */
export type CorrelatorsOf = (source: string) => readonly (string | undefined)[] | undefined;

/** Holds Generic Alerts with the outcome of an operation against SCOMO. */
export function checkReports(body: Element, correlatorsOf: CorrelatorsOf, note: Note): void {
  for (const alert of childrenOf(body, "Alert")) {
    if (wordOf(alert, "Data") !== "1226") continue;
    const label = `Alert ${wordOf(alert, "CmdID") ?? ""}`;
    for (const item of childrenOf(alert, "Item")) {
      const type = wordOf(childOf(item, "Meta"), "Type") ?? "";
      if (!/scomo|softwarecomponent/i.test(type)) continue;
      if (type !== OPERATION_COMPLETE) note("scomo-type", `${label}: Type is ${quoted(type)}`);
      checkReport(item, label, note);
      checkCorrelator(alert, item, { correlatorsOf, label }, note);
    }
  }
}

function checkReport(item: Element, label: string, note: Note): void {
  const source = wordOf(childOf(item, "Source"), "LocURI");
  const primitive = /\/Operations\/(\w+)$/.exec(source ?? "")?.[1];
  if (primitive === undefined || !PRIMITIVES.includes(primitive)) {
    note("scomo-source", `${label}: Source is ${quoted(source)}`);
  }
  const data = textOf(childOf(item, "Data")) ?? "";
  const code = Number(/<ResultCode>\s*(\d{4})\s*<\/ResultCode>/.exec(data)?.[1] ?? 0);
  const hasIdentifier = /<Identifier>[^<]+<\/Identifier>/.test(data);
  if (!isResultCode(code) || !hasIdentifier) {
    note("scomo-data", `${label}: Data is ${quoted(data)}`);
  }
}

function checkCorrelator(
  alert: Element, item: Element,
  { correlatorsOf, label }: { correlatorsOf: CorrelatorsOf; label: string }, note: Note,
): void {
  const known = correlatorsOf(wordOf(childOf(item, "Source"), "LocURI") ?? "");
  const correlator = textOf(childOf(alert, "Correlator"));
  if (known === undefined || known.includes(correlator)) return;
  note("generic-correlator", `${label}: Correlator is ${quoted(correlator)}`);
}

/** Codes that are assigned, and the ranges for vendors. @spec SCOMO 1.0 §8.7 */
function isResultCode(code: number): boolean {
  const ranges = [
    [1200, 1200], [1250, 1299], [1400, 1413], [1450, 1499], [1500, 1501], [1550, 1599],
  ];
  return ranges.some(([first, last]) => code >= first! && code <= last!);
}
