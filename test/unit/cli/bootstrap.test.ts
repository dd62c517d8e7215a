import { describe, expect, test } from "vitest";
import { accountNodes, bootstrapMessage } from "../../../host/cli/bootstrap.ts";
import type { Account, BootstrapContent } from "../../../host/cli/bootstrap.ts";
import {
  bytesOf, childOf, childrenOf, decode, textOf, wordOf,
} from "../../../host/demo/server/wbxml.ts";
import type { Element } from "../../../host/demo/server/wbxml.ts";
import { ed25519Trust, p256Trust } from "../pack/fixtures.ts";

const account: Account = {
  serverId: "dms.example", url: "https://dms.example/dm", auth: "md5", user: "u", password: "p",
  serverUser: "dms", serverPassword: "s",
};
const content: BootstrapContent = {
  deviceId: "IMEI:1", rootName: "SCOMO", moUrn: "urn:oma:mo:oma-scomo:1.0",
  accounts: accountNodes(account), serverIds: ["dms.example"],
  trust: [], components: [], clientVersion: "0.1.0",
};

interface Item {
  format: string;
  type: string;
  data: string;
  bytes: Uint8Array;
}

const NONE: Element = { name: "Item", children: [] };

function uriOf(item: Element): string {
  return `./${wordOf(childOf(item, "Target") ?? NONE, "LocURI") ?? ""}`;
}

function readItem(item: Element, command: Element): [string, Item] {
  const meta = childOf(item, "Meta") ?? NONE;
  const data = childOf(item, "Data") ?? NONE;
  const inForce = wordOf(childOf(command, "Meta") ?? NONE, "Format") ?? "chr";
  return [uriOf(item), {
    format: wordOf(meta, "Format") ?? inForce,
    type: wordOf(meta, "Type") ?? "",
    data: textOf(data) ?? "",
    bytes: bytesOf(data),
  }];
}

function read(message: Uint8Array): { adds: Map<string, Item>; acls: Map<string, string> } {
  const body = childOf(decode(message), "SyncBody") ?? NONE;
  const adds = childrenOf(body, "Add").flatMap((command) => {
    return childrenOf(command, "Item").map((item) => readItem(item, command));
  });
  const acls = childrenOf(childOf(body, "Replace") ?? NONE, "Item").map((item) => {
    return [uriOf(item), textOf(childOf(item, "Data")) ?? ""] as const;
  });
  return { adds: new Map(adds), acls: new Map(acls) };
}

describe("bootstrapMessage", () => {
  test("bootstrapMessage: no node comes twice or before one above it", () => {
    const { adds } = read(bootstrapMessage({ ...content, trust: [p256Trust, ed25519Trust] }));
    const uris = [...adds.keys()];
    for (const [index, uri] of uris.entries()) {
      expect(uris.indexOf(uri), uri).toBe(index);
      expect(uris.slice(0, index).some((other) => other.startsWith(`${uri}/`)), uri).toBe(false);
    }
  });

  test("bootstrapMessage: the standard objects carry their types", () => {
    const { adds } = read(bootstrapMessage(content));
    const types = ["./DevInfo", "./DevDetail", "./DMAcc/acc1", "./SCOMO", "./Inbox"]
      .map((uri) => [adds.get(uri)?.format, adds.get(uri)?.type]);
    expect(types).toEqual([
      ["node", "urn:oma:mo:oma-dm-devinfo:1.0"],
      ["node", "urn:oma:mo:oma-dm-devdetail:1.0"],
      ["node", "urn:oma:mo:oma-dm-dmacc:1.0"],
      ["node", "urn:oma:mo:oma-scomo:1.0"],
      ["node", "urn:oma:mo:oma-dm-inbox:1.0"],
    ]);
    expect(adds.get("./DevInfo/DevId")?.data).toBe("IMEI:1");
    expect(adds.get("./DevDetail/LrgObj")).toMatchObject({ format: "bool", data: "true" });
    expect(adds.get("./DMAcc/acc1/AppID")?.data).toBe("w7");
  });

  test("bootstrapMessage: the server's ACLs are those of a new device", () => {
    const { acls } = read(bootstrapMessage(content));
    const all = "Add=dms.example&Delete=dms.example&Exec=dms.example"
      + "&Get=dms.example&Replace=dms.example";
    expect(Object.fromEntries(acls)).toEqual({
      "./DevInfo?prop=ACL": "Get=*",
      "./DevDetail?prop=ACL": "Get=*",
      "./DMAcc?prop=ACL": "Get=dms.example&Replace=dms.example",
      "./SCOMO?prop=ACL": all,
      "./Inbox?prop=ACL": all,
    });
  });

  test.each([
    ["md5", "DIGEST"], ["basic", "BASIC"], ["mac", "HMAC"],
  ] as const)("bootstrapMessage: %s becomes the account type %s", (auth, type) => {
    const { adds } = read(bootstrapMessage({
      ...content, accounts: accountNodes({ ...account, auth }),
    }));
    expect(adds.get("./DMAcc/acc1/AAuthPref")?.data).toBe(type);
    expect(adds.get("./DMAcc/acc1/AppAuth/c/AAuthType")?.data).toBe(type);
    expect(adds.get("./DMAcc/acc1/AppAuth/c/AAuthSecret")?.data).toBe("p");
    expect(adds.get("./DMAcc/acc1/AppAuth/s/AAuthType")?.data).toBe("DIGEST");
    expect(adds.get("./DMAcc/acc1/AppAuth/s/AAuthData")?.bytes).toHaveLength(16);
  });

  test("bootstrapMessage: without credentials there is no AppAuth", () => {
    const open = { ...account, auth: "none" as const, user: "", serverUser: "" };
    const { adds } = read(bootstrapMessage({ ...content, accounts: accountNodes(open) }));
    expect([...adds.keys()].filter((uri) => uri.includes("Auth"))).toEqual([]);
  });

  test("bootstrapMessage: trusted keys are stored as points, with the kid if there is one", () => {
    const { adds } = read(bootstrapMessage({ ...content, trust: [p256Trust, ed25519Trust] }));
    const key = (n: number, leaf: string) => adds.get(`./SCOMO/Ext/Trust/k${n}/${leaf}`);
    // Public key of RFC 6979 A.2.5.
    expect(Buffer.from(key(1, "Key")?.bytes ?? []).toString("hex")).toBe(
      "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6" +
        "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
    );
    // Public key of RFC 8032 §7.1 test 1.
    expect(Buffer.from(key(2, "Key")?.bytes ?? []).toString("hex")).toBe(
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    );
    expect([key(1, "Kid")?.data, key(2, "Kid")?.data]).toEqual(["test-es", ""]);
    expect([key(1, "Key")?.format, key(2, "Kid")?.format]).toEqual(["bin", "bin"]);
  });

  test("bootstrapMessage: a factory component names its slot and size", () => {
    const components = [{ id: "apps/jvm", version: "8.1.0", slot: 3, bytes: 4096 }];
    const { adds } = read(bootstrapMessage({ ...content, components }));
    const base = "./SCOMO/Inventory/Deployed/0";
    expect(adds.get(`${base}/ID`)?.data).toBe("apps/jvm");
    expect(adds.get(`${base}/Version`)?.data).toBe("8.1.0");
    expect(adds.get(`${base}/Ext/Slot`)).toMatchObject({ format: "int", data: "3" });
    expect(adds.get(`${base}/Ext/Size`)).toMatchObject({ format: "int", data: "4096" });
  });

  test("bootstrapMessage: eight keys and five components fit a receive buffer of 4,096", () => {
    const keys = Array.from({ length: 8 }, (_, n) => (n % 2 === 0 ? p256Trust : ed25519Trust));
    const components = Array.from({ length: 5 }, (_, slot) => {
      return { id: `component-${slot}`, version: "1.0.0", slot, bytes: 1_000_000 };
    });
    expect(bootstrapMessage({ ...content, trust: keys, components }).length).toBeLessThan(4096);
  });
});
