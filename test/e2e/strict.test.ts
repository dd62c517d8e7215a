// The core against the strict reference server: every command, in every way of logging in, with
// messages of every size. The server's audit must find no deviation.
import { describe, expect, it } from "vitest";
import { Err, Media } from "../../assembly/abi/codes.ts";
import {
  type Answer, type Command, element as e, type Item, parsePolicy, type Script, type TreeCommand,
} from "../../host/demo/server/index.ts";
import { Endpoint } from "../../host/demo/server/sessions.ts";
import { Device } from "../helpers/device.ts";
import { BUILDS } from "../helpers/module.ts";
import { type Credential, DEVICE_ID, type Provision } from "../helpers/provision.ts";

const TYPE = "application/vnd.syncml.dm+wbxml";
const MESSAGES_MAX = 400;
const LARGE = Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * 7) % 256));
const A = "./SCOMO/Ext/A";

const item = (target: string, more: Omit<Item, "target"> = {}): Item => ({ target, ...more });
const tree = (kind: TreeCommand["kind"], ...items: Item[]): TreeCommand => ({ kind, items });
const get = (...targets: string[]): Command => tree("Get", ...targets.map((uri) => item(uri)));
const alert = (code: number, ...texts: string[]): Command =>
  ({ kind: "Alert", code, items: texts.map((data) => ({ data })) });
const tnds = e("MgmtTree", e("VerDTD", "1.2"), e(
  "Node", e("NodeName"), e("RTProperties", e("Format", e("node")), e("Type", e("DDFName"))),
  e("Node", e("NodeName", "n"), e("Value", "v")),
));

/** Packages of a session; each command with the code that it must have. */
const PACKAGES: [Command, number][][] = [
  [
    [get("./DevInfo/Lang", "./DevInfo/None"), 404], [get("."), 200],
    [get("./DevInfo?list=StructData"), 200], [get("./DevInfo?list=TNDS"), 200],
    [get("./DevInfo/Lang?prop=Foo"), 406],
  ],
  [
    [tree("Add", item(A, { meta: { format: "node" } }), item(`${A}/x`, { data: "1" })), 200],
    [tree("Add", item(`${A}/x`, { data: "2" }), item(`${A}/y`, { data: "2" })), 418],
    [tree("Replace", item(`${A}/x`, { data: "3" })), 200],
    [tree("Copy", item(`${A}/z`, { source: `${A}/x` })), 200],
    [tree("Delete", item(`${A}/none`)), 404],
    [tree("Exec", item(`${A}/x`)), 405],
  ],
  [[tree("Add", item(`${A}/big`, { meta: { format: "bin" }, data: LARGE })), 200]],
  [[get(`${A}/big`), 200], [get(`${A}/x`), 200]],
  [[tree("Add", item(`${A}/t`, {
    meta: { format: "xml", type: "application/vnd.syncml.dmtnds+wbxml" }, data: tnds,
  })), 200]],
  [
    [{ kind: "Atomic", members: [tree("Replace", item(`${A}/x`, { data: "4" })),
      tree("Delete", item(`${A}/none`)), tree("Delete", item(`${A}/z`))] }, 507],
    [{ kind: "Atomic", members: [tree("Replace", item(`${A}/x`, { data: "5" })),
      tree("Delete", item(`${A}/z`))] }, 200],
    [{ kind: "Atomic", members: [tree("Delete", item(`${A}/y`)), get(A)] }, 507],
    [{ kind: "Sequence", members: [alert(1101, "", "Go on?"), get(A)] }, 200],
    [{ kind: "Sequence", members: [alert(1101, "", "no"), get(A)] }, 200],
    [{ kind: "Atomic", members: [tree("Delete", item(`${A}/y`)), alert(1101, "", "no")] }, 215],
  ],
  [[alert(1100, "MINDT=1", "Hello"), 200], [alert(1105, "", "x"), 406], [alert(1101, ""), 412]],
  [[tree("Delete", item(A)), 200]],
];

const client = (type: Credential["type"]): Credential => ({
  type, name: "u", secret: "p", nonce: Buffer.from("an old nonce"),
});
const server: Credential = {
  type: "DIGEST", name: "dms", secret: "s", nonce: Buffer.from("another old nonce"),
};

const LOGINS: [string, Provision, object][] = [
  ["nobody asks", {}, { accounts: { [DEVICE_ID]: { auth: "none" } } }],
  ["md5", { client: client("DIGEST") }, { auth: "md5" }],
  ["md5 in each message", { client: client("DIGEST") }, { auth: "md5", eachMessage: true }],
  ["basic", { client: client("BASIC") }, { auth: "basic" }],
  ["MAC", { client: client("HMAC") }, { auth: "mac" }],
  ["both sides", { client: client("DIGEST"), server }, { auth: "md5" }],
];

describe.each(BUILDS)("the strict server, %s build", (build) => {
  /** Runs the packages in one session. @returns the server and the codes it was answered */
  function run(provision: Provision, account: object, maxMsgSize: number): [Endpoint, number[]] {
    const found: Answer[] = [];
    const endpoint = new Endpoint({
      policy: parsePolicy({
        serverId: "srv", wanted: [], maxMsgSize,
        accounts: { [DEVICE_ID]: { user: "u", password: "p", ...account } },
        ...(provision.server === undefined ? {} : { server: { user: "dms", password: "s" } }),
        ...("accounts" in account ? account : {}),
      }),
      isStrict: true, urlOf: (path) => path, bytesOf: () => undefined,
      *script(): Script {
        for (const orders of PACKAGES) {
          const answers = yield orders.map(([command]) => command);
          found.push(...orders.map(([command]) => structuredClone(answers.answerOf(command))));
        }
      },
    });
    const device = Device.provisioned(build, provision, { maxMsgBytes: 1024 });
    device.confirm = ({ text }) => (text === "no" ? Err.Refused : Err.Ok);
    device.connect();
    for (let count = 0; !device.isDone && count < MESSAGES_MAX; count++) {
      const { hmac } = device;
      const carrier = { contentType: TYPE, accept: TYPE, ...(hmac === "" ? {} : { hmac }) };
      const reply = endpoint.receive(device.raw, carrier);
      device.answer(reply.body, 200, Media.Message, reply.hmac);
    }
    expect([device.isDone, device.err]).toEqual([true, Err.Ok]);
    return [endpoint, found.map(({ code }) => code)];
  }

  describe.each([700, 1500, 16_384])("MaxMsgSize %i", (maxMsgSize) => {
    it.each(LOGINS)("%s: every command has its code, and no deviation", (_, provision, account) => {
      const [endpoint, codes] = run(provision, account, maxMsgSize);
      expect(codes).toEqual(PACKAGES.flatMap((orders) => orders.map(([, code]) => code)));
      expect(endpoint.sessionReports()).toMatchObject([{ state: "ended", deviations: [] }]);
    });
  });
});
