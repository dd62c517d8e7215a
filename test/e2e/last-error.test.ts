// `Ext/LastError` for the operator, through a whole client over HTTP.
import { afterEach, expect, test } from "vitest";
import { download, exec, Outside, packageOf, STRANGER, Whole } from "../helpers/whole-client.ts";

const URI = "./SCOMO/Ext/LastError";
const FACTORY = ["jvm", "scanner"];

let whole: Whole;
afterEach(() => whole.close());

test("SC-10: it names reason and component; a server may read it, nobody write it", async () => {
  whole = await Whole.start({
    factory: FACTORY,
    files: (_, response) => response.end(packageOf("2.0.0", FACTORY)),
    components: new Outside((asked) => (asked === "health scanner 2.0.0 active" ? "no" : "yes")),
  });
  expect(whole.leaf("Ext/LastError")).toBe(undefined);
  whole.order(...download("p", `${whole.files.url}/p`));
  await whole.connect();
  expect(whole.heard()).toEqual([[1405, "p"]]);
  whole.order(
    { kind: "Get", items: [{ target: URI }] },
    { kind: "Replace", items: [{ target: URI, data: "nothing" }] },
    { kind: "Delete", items: [{ target: URI }] },
    { kind: "Add", items: [{ target: URI, data: "nothing" }] },
  );
  await whole.connect();
  expect(whole.answered()).toEqual([200, 405, 405, 200]);
  expect(whole.leaf("Ext/LastError")).toBe("suit:11 scanner");
  await whole.restart();
  expect(whole.leaf("Ext/LastError")).toBe("suit:11 scanner");
});

test("the last failure counts; what goes well leaves it as it is", async () => {
  whole = await Whole.start({
    factory: FACTORY,
    files: (_, response) => response.end(packageOf("2.0.0", FACTORY, { key: STRANGER })),
    components: new Outside((asked) => (asked.startsWith("remove") ? "no" : "yes")),
  });
  whole.order(exec("Inventory/Deployed/jvm/Operations/Remove"));
  await whole.connect();
  expect(whole.leaf("Ext/LastError")).toBe("suit:11 jvm");
  whole.order(...download("p", `${whole.files.url}/p`));
  await whole.connect();
  expect(whole.leaf("Ext/LastError")).toBe("suit:4");
  whole.order(exec("Inventory/Deployed/jvm/Operations/Deactivate"));
  await whole.connect();
  expect(whole.heard().map(([code]) => code)).toEqual([1408, 1407, 1200]);
  expect(whole.leaf("Ext/LastError")).toBe("suit:4");
});
