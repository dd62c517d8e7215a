// What the device says it has.
import type { CoreState } from "../device/device.ts";
import { h } from "./dom.ts";

const STATES: { readonly [state: number]: string } = { 0: "Removed", 10: "Inactive", 20: "Active" };
const DELIVERED: { readonly [state: number]: string } = { 10: "Delivered", 20: "Installed" };
const PRIMITIVES = [
  "Download", "DownloadInstall", "DownloadInstallInactive", "Install", "InstallInactive", "Remove",
  "Activate", "Deactivate", "Remove",
];

export class InventoryView {
  readonly panel = h("div");

  private core: CoreState | null = null;

  /** @param isShown  whether it is in sight; what is not is drawn when it comes there */
  constructor(private readonly isShown: () => boolean) {
    this.show();
  }

  set(core: CoreState | null): void {
    this.core = core;
    if (this.isShown()) this.show();
  }

  show(): void {
    const { core } = this;
    if (core === null) {
      this.panel.replaceChildren(h("p", { class: "empty" }, "The device is off and says nothing."));
      return;
    }
    const { operation } = core;
    const open = operation === null
      ? "No operation is open."
      : `Operation ${operation.id} is ${operation.state}: ${operation.components.join(", ")}.`;
    this.panel.replaceChildren(
      h("h3", {}, "Deployed"),
      table("deployed", ["Component", "Version", "State", "From", "Slot", "Bytes", "SHA-256"],
        core.deployed.map((entry) => [
          entry.id, entry.version, STATES[entry.state] ?? String(entry.state), entry.pkgIdRef,
          entry.slot === null ? "none" : String(entry.slot), String(entry.bytes),
          entry.sha256.slice(0, 16),
        ])),
      h("h3", {}, "Delivered"),
      core.delivered.length === 0
        ? h("p", { class: "soft" }, "No Delivery Package is kept.")
        : table("delivered", ["Package", "State", "Status", "Slot", "Bytes"],
          core.delivered.map(({ pkgId, state, status, slot, bytes }) => [
            pkgId, state === null ? "on its way" : DELIVERED[state] ?? String(state),
            String(status), slot === null ? "none" : String(slot), String(bytes),
          ])),
      h("h3", {}, "Jobs"),
      h("p", { class: "soft" }, `${open} ${owed(core.outboxCount)}`),
      core.jobs.length === 0
        ? ""
        : table("jobs", ["Job", "Primitive", "On", "Correlator"],
          core.jobs.map(({ job, primitive, identifier, correlator }) => [
            String(job), PRIMITIVES[primitive] ?? "", identifier, correlator,
          ])),
    );
  }
}

function owed(count: number): string {
  if (count === 0) return "Nothing is owed to the server.";
  return `${count} ${count === 1 ? "result is" : "results are"} owed to the server.`;
}

function table(id: string, head: readonly string[], rows: readonly string[][]): HTMLElement {
  const isMono = (at: number) => head[at] === "SHA-256" || head[at] === "Correlator";
  return h("div", { class: "table-wrap", tabindex: 0, role: "region", "aria-label": id },
    h("table", { id: `table-${id}` },
      h("thead", {}, h("tr", {}, ...head.map((cell) => h("th", { scope: "col" }, cell)))),
      h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((cell, at) => {
        return h("td", { class: isMono(at) ? "mono" : null }, cell);
      }))))));
}
