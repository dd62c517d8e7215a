import { createHmac } from "node:crypto";
import { writeFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import type { Node } from "../../../host/cli/bootstrap.ts";
import { readProfile } from "../../../host/cli/profile.ts";
import type { Profile } from "../../../host/cli/profile.ts";
import { element, encode } from "../../../host/demo/server/wbxml.ts";
import type { Element } from "../../../host/demo/server/wbxml.ts";
import { makeFolder } from "../../e2e/cli/harness.ts";

const folder = makeFolder();
afterAll(() => folder.remove());

function read(bytes: Uint8Array | string, change: object = {}): Profile {
  writeFileSync(folder.in("profile"), bytes);
  return readProfile({ bootstrap: folder.in("profile"), isHttpAllowed: false, ...change });
}

function valueOf({ nodes }: { nodes: readonly Node[] }, uri: string): string | undefined {
  const value = nodes.find((node) => node.uri === `./DMAcc/${uri}`)?.value;
  return value === undefined ? undefined : Buffer.from(value).toString();
}

const XML = `<?xml version="1.0"?>
<!DOCTYPE wap-provisioningdoc PUBLIC "-//WAPFORUM//DTD PROV 1.0//EN" "prov.dtd">
<wap-provisioningdoc version="1.1">
  <characteristic type="NAPDEF"><parm name="NAPID" value="x"/></characteristic>
  <characteristic type="APPLICATION">
    <parm name="APPID" value="w7"/><parm name="PROVIDER-ID" value="dms.example"/>
    <parm name="NAME" value="Example &amp; Co"/>
    <characteristic type="APPADDR">
      <parm name="ADDR" value="https://dms.example/dm"/>
      <characteristic type="PORT"><parm name="PORTNBR" value="8443"/></characteristic>
    </characteristic>
    <characteristic type="APPAUTH">
      <parm name="AAUTHLEVEL" value="APPSRV"/><parm name="AAUTHTYPE" value="DIGEST"/>
      <parm name="AAUTHNAME" value="u"/><parm name="AAUTHSECRET" value="p"/>
      <parm name="AAUTHDATA" value="Tm9uY2U="/>
    </characteristic>
    <characteristic type="APPAUTH">
      <parm name="AAUTHLEVEL" value="CLIENT"/><parm name="AAUTHTYPE" value="DIGEST"/>
      <parm name="AAUTHNAME" value="dms"/><parm name="AAUTHSECRET" value="s"/>
    </characteristic>
  </characteristic>
</wap-provisioningdoc>`;

// The same profile by the tables of OMA WAP ProvCont 1.1 §8, written by hand.
const text = (value: string): string => `03${Buffer.from(value).toString("hex")}00`;
const parm = (name: string, value: string): string => `87${name}06${value}01`;
const WBXML = Buffer.from([
  "030b6a00", "c5", "46", "01", // Document with version 1.0.
  "c6", "55", "01", `8715${"06"}${text("x")}01`, "01", // NAPDEF with a NAPID that has no name here.
  "0001", "c6", "0001", "55", "01",
  parm("36", text("w7")), parm("38", text("dms.example")), parm("07", text("Example & Co")),
  "c6", "56", "01", parm("34", text("https://dms.example/dm")),
  "c6", "53", "01", parm("23", text("8443")), "01", "01",
  "c6", "57", "01", parm("30", "8d"), parm("33", "93"),
  parm("31", text("u")), parm("32", text("p")), parm("2f", text("Tm9uY2U=")), "01",
  "c6", "57", "01", parm("30", text("CLIENT")), parm("33", "93"),
  parm("31", text("dms")), parm("32", text("s")), "01",
  "01", "01",
].join(""), "hex");

describe("connectivity profile", () => {
  test.each([["XML", XML], ["WBXML", WBXML]])("readProfile: %s gives the account", (_, bytes) => {
    const profile = read(bytes);
    expect(profile).toMatchObject({
      serverIds: ["dms.example"], url: "https://dms.example:8443/dm",
    });
    const leaves = [
      "AppID", "ServerID", "Name", "AppAddr/1/Addr", "AppAddr/1/AddrType",
      "AppAuth/1/AAuthLevel", "AppAuth/1/AAuthType", "AppAuth/1/AAuthName",
      "AppAuth/1/AAuthSecret", "AppAuth/1/AAuthData", "AppAuth/2/AAuthLevel",
      "AppAuth/2/AAuthName", "AppAuth/2/AAuthSecret",
    ];
    expect(leaves.map((leaf) => valueOf(profile, `acc1/${leaf}`))).toEqual([
      "w7", "dms.example", "Example & Co", "https://dms.example:8443/dm", "URI",
      "CLCRED", "DIGEST", "u", "p", "Nonce", "SRVCRED", "dms", "s",
    ]);
    const drawn = profile.nodes.find(({ uri }) => uri === "./DMAcc/acc1/AppAuth/2/AAuthData");
    expect(drawn?.value).toHaveLength(16);
  });

  test("readProfile: no proper prefix of a profile is taken", () => {
    for (let n = 0; n < WBXML.length; n++) {
      expect(() => read(WBXML.subarray(0, n)), `${n} bytes`).toThrow();
    }
    for (let n = 0; n < XML.length; n += 7) {
      expect(() => read(XML.slice(0, n)), `${n} characters`).toThrow();
    }
  });

  test.each([
    ["no account", XML.replace("\"w7\"", "\"w2\""), "no APPLICATION"],
    ["no ServerID", XML.replace("PROVIDER-ID", "PROVIDER"), "no usable ServerID"],
    ["plain http", XML.replace("https://dms.example/dm", "http://dms.example/dm"), "plain http"],
    ["no address", XML.replace("\"ADDR\"", "\"ADR\""), "URL"],
    ["another document", "<html/>", "not a wap-provisioningdoc"],
    ["broken XML", "<wap-provisioningdoc>", "not well-formed"],
  ])("readProfile: %s is refused", (_, bytes, sentence) => {
    expect(() => read(bytes)).toThrow(sentence);
  });
});

function message(...items: Element[]): Uint8Array {
  return encode(element(
    "SyncML",
    element("SyncHdr", element("VerDTD", "1.2"), element("VerProto", "DM/1.2")),
    element("SyncBody", element("Add", element("CmdID", 1), ...items), element("Final")),
  ));
}

function item(uri: string, value: string, format?: string): Element {
  const meta = format === undefined ? undefined : element("Meta", element("Format", format));
  return element("Item", element("Target", element("LocURI", uri)), meta, element("Data", value));
}

const TNDS = `<MgmtTree xmlns="syncml:dmddf1.2"><VerDTD>1.2</VerDTD><Node><NodeName>op</NodeName>
  <RTProperties><Format><node/></Format><Type><DDFName>urn:oma:mo:oma-dm-dmacc:1.0</DDFName></Type>
  </RTProperties>
  <Node><NodeName>AppID</NodeName><Value>w7</Value></Node>
  <Node><NodeName>ServerID</NodeName><Value>dms.example</Value></Node>
  <Node><NodeName>AppAddr</NodeName><Node><NodeName>1</NodeName>
    <Node><NodeName>Addr</NodeName><Value>https://dms.example/dm</Value></Node></Node></Node>
  <Node><NodeName>AppAuth</NodeName><Node><NodeName>cl</NodeName>
    <Node><NodeName>AAuthLevel</NodeName><Value>CLCRED</Value></Node>
    <Node><NodeName>AAuthData</NodeName><RTProperties><Format><bin/></Format><Type><MIME/></Type>
      </RTProperties><Value>Tm9uY2U=</Value></Node></Node></Node>
</Node></MgmtTree>`;

function inbox(type: string, content: Element | string | Uint8Array): Element {
  return element(
    "Item",
    element("Target", element("LocURI", "./Inbox")),
    element("Meta", element("Format", "xml"), element("Type", type)),
    element("Data", content),
  );
}

function tndsElement(name: string, ...children: (Element | string)[]): Element {
  return { name, children };
}

const NODE = tndsElement(
  "Node", tndsElement("NodeName", "op"),
  tndsElement("RTProperties", tndsElement("Format", tndsElement("node")),
    tndsElement("Type", tndsElement("DDFName", "urn:oma:mo:oma-dm-dmacc:1.0"))),
  tndsElement("Node", tndsElement("NodeName", "ServerID"), tndsElement("Value", "dms.example")),
  tndsElement("Node", tndsElement("NodeName", "AppAddr"),
    tndsElement("Node", tndsElement("NodeName", "1"),
      tndsElement("Node", tndsElement("NodeName", "Addr"),
        tndsElement("Value", "https://dms.example/dm")))),
);
const TREE = tndsElement("MgmtTree", tndsElement("VerDTD", "1.2"), NODE);

describe("DM profile", () => {
  test("readProfile: a message that adds nodes one by one gives the account", () => {
    const profile = read(message(
      item("./DMAcc/op/ServerID", "dms.example"),
      item("DMAcc/op/AppAddr/1/Addr", "https://dms.example/dm"),
      item("./DMAcc/op/AppAuth/cl/AAuthLevel", "CLCRED"),
    ));
    expect(profile).toMatchObject({ serverIds: ["dms.example"], url: "https://dms.example/dm" });
    expect(valueOf(profile, "op/AppAddr/1/Addr")).toBe("https://dms.example/dm");
    expect(valueOf(profile, "op/AppAuth/cl/AAuthData")).toBe("");
  });

  test("readProfile: an object for the Inbox in XML gets its place from its type", () => {
    const profile = read(message(inbox("application/vnd.syncml.dmtnds+xml", TNDS)));
    expect(profile.serverIds).toEqual(["dms.example"]);
    expect(profile.nodes[0]).toMatchObject({ uri: "./DMAcc/op", format: "node" });
    expect(valueOf(profile, "op/AppAddr/1/Addr")).toBe("https://dms.example/dm");
    expect(valueOf(profile, "op/AppAuth/cl/AAuthData")).toBe("Nonce");
  });

  test.each([
    ["elements of the message", TREE], ["a document of its own", encode(TREE)],
  ])("readProfile: an object as %s is the same", (_, content) => {
    const profile = read(message(inbox("application/vnd.syncml.dmtnds+wbxml", content)));
    expect(profile.serverIds).toEqual(["dms.example"]);
    expect(valueOf(profile, "op/AppAddr/1/Addr")).toBe("https://dms.example/dm");
  });

  test("readProfile: nodes outside of ./DMAcc are refused", () => {
    expect(() => read(message(item("./DevInfo/Man", "evil")))).toThrow("only ./DMAcc is taken");
  });

  test("readProfile: bytes that are no message are refused", () => {
    expect(() => read(new Uint8Array([2, 0xa4, 1]))).toThrow("no DM message");
    expect(() => read("")).toThrow("no DM message");
  });
});

describe("proof", () => {
  const mac = createHmac("sha1", "1234").update(WBXML).digest("hex");

  test("readProfile: the right MAC under the PIN is taken, in either case of letters", () => {
    expect(read(WBXML, { pin: "1234", mac }).serverIds).toEqual(["dms.example"]);
    expect(read(WBXML, { pin: "1234", mac: mac.toUpperCase() }).serverIds).toHaveLength(1);
  });

  test.each([
    [{ pin: "1235", mac }], [{ pin: "1234", mac: mac.slice(2) }], [{ pin: "1234", mac: "" }],
  ])("readProfile: %j is refused", (proof) => {
    expect(() => read(WBXML, proof)).toThrow("vouch for");
  });

  test.each([[{ pin: "1234" }], [{ mac }]])("readProfile: %j alone is refused", (proof) => {
    expect(() => read(WBXML, proof)).toThrow("go together");
  });
});
