// DM TND 1.2 §7.7: properties of a node, and what a server may do with them.
import { describe, expect, it } from "vitest";
import { Device } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import { entry } from "../../helpers/packages.ts";
import {
  add, addLeaf, addNode, codes, del, exec, get, item, replace, results,
} from "../../helpers/syncml.ts";

const L = "./SCOMO/n/leaf";

describe.each(BUILDS)("properties, %s build", (build) => {
  const fresh = Device.provisioned(build);
  fresh.order(
    addNode("1", "./SCOMO/n", "urn:x:1.0"), addLeaf("2", L, "größe", { type: "text/x" }),
    addLeaf("3", "./SCOMO/i", "7", { format: "int" }),
    add("4", ...entry("p")), add("5", item("./SCOMO/z", undefined, { format: "null" })),
  );
  const start = (): Device => {
    const device = new Device(build, { medium: fresh.medium.copy() });
    device.connect();
    return device;
  };

  it.each([
    ["ACL of a node without one", `${L}?prop=ACL`, ""],
    ["Format of a leaf", `${L}?prop=Format`, "chr"],
    ["Format of an interior node", "./SCOMO/n?prop=Format", "node"],
    ["Format of an int", "./SCOMO/i?prop=Format", "int"],
    ["Name of a leaf", `${L}?prop=Name`, "leaf"], ["Name of the root", ".?prop=Name", "."],
    ["Type of a leaf", `${L}?prop=Type`, "text/x"],
    ["Type of an interior node", "./SCOMO/n?prop=Type", "urn:x:1.0"],
    ["Type that was not given", "./SCOMO/i?prop=Type", ""],
    ["Size: bytes, not characters", `${L}?prop=Size`, "7"],
    ["Size of null", "./SCOMO/z?prop=Size", "0"],
    ["Format of a computed leaf", "./SCOMO/Download/p/Status?prop=Format", "int"],
    ["Name of a computed node", "./SCOMO/Download/p/Operations?prop=Name", "Operations"],
    ["Format of a primitive", "./SCOMO/Download/p/Operations/Download?prop=Format", "null"],
    ["Size of a computed leaf", "./SCOMO/Download/p/Status?prop=Size", "2"],
    ["ACL of a computed node", "./SCOMO/Download/p/Status?prop=ACL", ""],
  ])("§3: Get of %s", (_, uri, value) => {
    const answer = start().reply([get("1", uri)]);
    expect(codes(answer)).toEqual({ 1: 200 });
    expect(results(answer)).toEqual({ [uri]: value });
  });

  it("§3: their values need no Meta", () => {
    expect(
      JSON.stringify(start().reply([get("1", "./SCOMO/i?prop=Format")])),
    ).not.toContain('"int"]}]}],"Meta"');
  });

  it.each(
    ["Title", "TStamp", "VerNo", "Foo", "acl", "ACLs", ""],
  )("§3: property %o: 406 for any command", (name) => {
    const uri = `${L}?prop=${name}`;
    const answer = start().reply(
      [
        get("1", uri), replace("2", uri, "x"), del("3", uri), add("4", item(uri, "x")),
        exec("5", uri),
      ],
    );
    expect(codes(answer)).toEqual({ 1: 406, 2: 406, 3: 406, 4: 406, 5: 406 });
  });

  it("§3: Size of an interior node: 406", () => {
    expect(codes(start().reply([get("1", "./SCOMO/n?prop=Size")]))).toEqual({ 1: 406 });
  });

  it.each(["Format", "Type", "Size"])("§3: Replace of %s: 405", (name) => {
    expect(codes(start().reply([replace("1", `${L}?prop=${name}`, "x")]))).toEqual({ 1: 405 });
  });

  it.each(
    ["ACL", "Format", "Name", "Type", "Size"],
  )("§3: Add, Delete and Exec of %s: 405", (name) => {
    const uri = `${L}?prop=${name}`;
    expect(
      codes(start().reply([add("1", item(uri, "x")), del("2", uri), exec("3", uri)])),
    ).toEqual({ 1: 405, 2: 405, 3: 405 });
  });

  it("§3: a permanent node cannot be renamed: 405", () => {
    expect(
      codes(start().reply([replace("1", "./SCOMO/Download?prop=Name", "Other")])),
    ).toEqual({ 1: 405 });
  });

  it("§3: a property of what is missing: 404", () => {
    expect(
      codes(
        start().reply(
          [get("1", "./SCOMO/none?prop=Name"), replace("2", "./SCOMO/none?prop=ACL", "")],
        ),
      ),
    ).toEqual({
      1: 404, 2: 404,
    });
  });

  it("§3: nothing may follow a property", () => {
    expect(
      codes(start().reply([get("1", `${L}?prop=Name&x`), get("2", `${L}?prop=Name/x`)])),
    ).toEqual({ 1: 406, 2: 406 });
  });

  it("§4.3: a property needs the Get right on the node", () => {
    const device = Device.provisioned(build, { acls: { "./SCOMO": "Add=srv&Replace=srv" } });
    device.connect();
    const uris = ["Format", "Name", "Type"].map((name) => `./SCOMO?prop=${name}`);
    expect(codes(device.reply([get("1", ...uris)]))).toEqual({ 1: 425 });
  });
});
