// Messages that nobody on this project wrote. They are not in the repository: the folder
// shared/vectors/corpus beside the checkout holds them, or the test is skipped.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { BUILDS, loadModule, type TestModule } from "../../helpers/module.ts";
import { readXml, verdict } from "../../helpers/wbxml.ts";

const FOLDER = fileURLToPath(new URL("../../../../shared/vectors/corpus/", import.meta.url));
const isThere = existsSync(FOLDER);
const files = isThere ? readdirSync(FOLDER) : [];
const documents = files.filter((file) => /_syncml1\d_.*\.wbxml$/.test(file));
const crashers = files.filter((file) => file.endsWith(".bin"));

const title = isThere ? "wbxml, corpus" : "wbxml, corpus (needs ../shared/vectors/corpus)";
describe.skipIf(!isThere).each(BUILDS)(`${title}, %s build`, (build) => {
  let module: TestModule;

  beforeAll(async () => {
    module = await loadModule("wbxml", build);
  });

  it("has its files", () => {
    expect(documents.length).toBeGreaterThan(10);
    expect(crashers.length).toBeGreaterThan(2);
  });

  it.each(documents)("%s is accepted, and reads as the elements of its XML twin", (file) => {
    const bytes = readFileSync(FOLDER + file);
    expect(verdict(module, bytes)).toBe(0);
    module.exports["open"](module.exports["input"](), bytes.length, 0);
    const xml = readFileSync(FOLDER + file.replace(/wbxml$/, "xml"), "utf8");
    expect(elementsOf(readXml(module))).toEqual(elementsOf(xml));
  });

  it.each(crashers)("%s, which crashes libwbxml 0.11.8, is refused", (file) => {
    expect(verdict(module, readFileSync(FOLDER + file), true)).toBeLessThan(0);
  });
});

/** Names of the elements in order; those of documents nested in Data are left out. */
function elementsOf(xml: string): string[] {
  const outer = xml.replace(/<(DevInf|MgmtTree)[\s>].*?<\/\1>/gs, "");
  return [...outer.matchAll(/<([A-Za-z]\w*)/g)].map(([, name]) => name as string);
}
