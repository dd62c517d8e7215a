// For each check a client that does exactly that wrong, and the same client without the fault. The
// messages are written by the tests' own encoder.
import { describe, expect, it } from "vitest";
import { type CheckId, CHECKS } from "../../../host/demo/server/audit/checks.ts";
import type { ServerEvent } from "../../../host/demo/server/events.ts";
import { parsePolicy } from "../../../host/demo/server/policy.ts";
import { Endpoint } from "../../../host/demo/server/sessions.ts";
import {
  accepted, alert, answer, chal, command, cred, deviceInfo, Dialogue, e, from, header, NODES,
  packageOne, type Part, results, status, to,
} from "../../helpers/dialogue.ts";
import { encodeTree, type Head, type Tree } from "../../helpers/encode.ts";

const FINAL = e("Final");
const DM = "application/vnd.syncml.dm+wbxml";
const OPERATION = "./SCOMO/Download/p/Operations/DownloadInstall";
const COMPLETE = "urn:oma:at:scomo:1.0:OperationComplete";
/** What the server orders; CmdIDs follow three Status elements. */
const GET = command("Get", to("./A/x"));
const ADD = command("Add", to("./A/n", e("Data", "v")));

type Scene = (isBad: boolean) => Dialogue;
const scenes = new Map<CheckId, Scene[]>();

function scene(check: CheckId, play: Scene): void {
  scenes.set(check, [...scenes.get(check) ?? [], play]);
}

/** A session of Package #1 alone. */
function first(parts: Part[], ...rest: [] | [Parameters<Dialogue["client"]>[1]]): Dialogue {
  return new Dialogue().client(parts, ...rest);
}

/** The server orders `orders`, the client says `parts`. */
function after(orders: Part[], parts: Part[]): Dialogue {
  return new Dialogue().begun(...orders.map(copy)).client(parts);
}

function copy(part: Part): Part {
  return structuredClone(part);
}

const value = (uri: string, ...more: Part[]): Part => from(uri, ...more, e("Data", "v"));
const answered = (...parts: Part[]): Part[] => [header(), ...parts, FINAL];

// Carrier.
scene("http-content-type", (isBad) => new Dialogue().client(packageOne(), {}, {
  contentType: isBad ? "application/vnd.syncml+wbxml" : `${DM}; charset=utf-8`, accept: DM,
}));
scene("http-accept", (isBad) => new Dialogue().client(packageOne(), {}, {
  contentType: DM, accept: isBad ? "text/html, application/xml" : `text/html, ${DM};q=0.5`,
}));
const withHead = (head: Head): Dialogue => new Dialogue().client(packageOne(), {}, { head });
for (const version of [1, 2, 3]) {
  scene("wbxml-charset", (isBad) => withHead({ version, charset: isBad ? "00" : "03" }));
}
const NAME = "-//SYNCML//DTD SyncML 1.2//EN\0";
scene("wbxml-public-id", (isBad) => withHead(isBad ? { publicId: "01" }
  : { publicId: "0000", table: NAME }));
scene("wbxml-public-id", (isBad) => withHead({ publicId: isBad ? "9f53" : "a401" }));

// Form.
scene("form-child", (isBad) => first([
  command("Alert", isBad ? e("NoResp") : undefined, e("Data", 1201)), deviceInfo(...NODES), FINAL,
]));
scene("form-order", (isBad) => after([ADD], answered(command(
  "Status", e("MsgRef", "1"), ...(isBad ? [e("Cmd", "Add"), e("CmdRef", "4")]
    : [e("CmdRef", "4"), e("Cmd", "Add")]), e("Data", 200),
))));
scene("form-missing", (isBad) => after([ADD], answered(command(
  "Status", e("MsgRef", "1"), e("CmdRef", "4"), e("Cmd", "Add"),
  isBad ? undefined : e("Data", 200),
))));
scene("form-repeated", (isBad) => after([ADD], answered(
  status("4", "Add", 200, isBad ? e("Cmd", "Add") : undefined),
)));
scene("form-empty", (isBad) => after([ADD], isBad ? [FINAL] : answered(status("4", "Add", 200)))
  .forgive("status-header", "status-missing"));
scene("body-command", (isBad) => after([ADD], answered(
  status("4", "Add", 200), isBad ? copy(GET) : undefined,
)));
scene("final-last", (isBad) => after([ADD], [
  header(), ...(isBad ? [FINAL, status("4", "Add", 200)] : [status("4", "Add", 200), FINAL]),
]));
const numbered = (id: string): Part =>
  e("Alert", id === "" ? undefined : e("CmdID", id), e("Data", 1224), event());
scene("cmdid-missing", (isBad) => first(packageOne(numbered(isBad ? "" : "3"))));
scene("cmdid-zero", (isBad) => first(packageOne(numbered(isBad ? "0" : "3"))));
scene("cmdid-unique", (isBad) => first(packageOne(numbered(isBad ? "2" : "3"))));

// Header.
scene("header-verdtd", (isBad) => first(packageOne(), { verDtd: isBad ? "1.1" : "1.2" }));
scene("header-verproto", (isBad) => first(packageOne(), { verProto: isBad ? "DM/1.3" : "DM/1.2" }));
const second = (isBad: boolean, changed: object): Dialogue => new Dialogue().begun(copy(ADD))
  .client(answered(status("4", "Add", 200)), isBad ? changed : {});
scene("header-session", (isBad) => second(isBad, { sessionId: "2B" }));
scene("header-msgid", (isBad) => second(isBad, { msgId: "3" }));
scene("header-msgid", (isBad) => first(packageOne(), { msgId: isBad ? "0" : "1" }));
scene("header-target", (isBad) => second(isBad, { target: "http://127.0.0.1:8080/other" }));
scene("header-source", (isBad) => first(packageOne(), { source: isBad ? "IMEI:2" : "IMEI:1" }));

// Login of the client.
const USER = { cred: cred(), locName: "u" };
scene("cred-after-212", (isBad) => new Dialogue().client(packageOne(), USER)
  .server([...accepted(212), copy(ADD), FINAL])
  .client(answered(status("4", "Add", 200)), isBad ? USER : {}));
const again = [header(), ...packageOne()];
scene("cred-missing", (isBad) => new Dialogue().client(packageOne())
  .server([...accepted(407, chal()), FINAL]).client(again, isBad ? {} : USER));
scene("cred-missing", (isBad) => new Dialogue().client(packageOne(), USER)
  .server([...accepted(200, chal()), copy(ADD), FINAL])
  .client(answered(status("4", "Add", 200)), isBad ? {} : USER));
scene("cred-scheme", (isBad) => new Dialogue().client(packageOne())
  .server([...accepted(407, chal()), FINAL])
  .client(again, { ...USER, cred: cred(isBad ? "syncml:auth-basic" : "syncml:auth-md5") }));
scene("cred-scheme", (isBad) => first(packageOne(), {
  ...USER, cred: cred(isBad ? "syncml:auth-MAC" : "syncml:auth-basic"),
}));
scene("cred-format", (isBad) => first(packageOne(), {
  ...USER, cred: cred(undefined, isBad ? "" : "b64"),
}));
scene("cred-locname", (isBad) => first(packageOne(), isBad ? { cred: cred() } : USER));
scene("mac-missing", (isBad) => new Dialogue().client(packageOne())
  .server([...accepted(407, chal("syncml:auth-MAC")), FINAL])
  .client(again, { locName: "u" }, { hasMac: !isBad }));

// Package #1.
scene("setup-alert", (isBad) => first([
  ...(isBad ? [deviceInfo(...NODES), alert(1201)] : [alert(1201), deviceInfo(...NODES)]), FINAL,
]));
scene("setup-alert", (isBad) => first([
  isBad ? undefined : alert(1201), deviceInfo(...NODES), FINAL,
]));
scene("setup-alert", (isBad) => after([ADD], answered(
  status("4", "Add", 200), isBad ? alert(1201) : undefined,
)));
scene("setup-cause", (isBad) => new Dialogue({ isNotified: !isBad })
  .client([alert(1200), deviceInfo(...NODES), FINAL]));
scene("setup-cause", (isBad) => new Dialogue({ isNotified: isBad }).client(packageOne()));
for (const missing of NODES) {
  scene("setup-devinfo", (isBad) => first([
    alert(1201), deviceInfo(...NODES.filter((node) => !isBad || node !== missing)), FINAL,
  ]));
}
scene("setup-devinfo", (isBad) => first([alert(1201), command(
  "Replace", ...NODES.map((node) => from(`./DevInfo/${node}`, node === "Lang" && isBad
    ? e("Data") : e("Data", node === "DevId" ? "IMEI:1" : "x"))),
), FINAL]));
scene("setup-source", (isBad) => first([alert(1201), command(
  "Replace", ...NODES.map((node) => (isBad && node === "Man" ? to : from)(
    `./DevInfo/${node}`, e("Data", node === "DevId" ? "IMEI:1" : "x"),
  )),
), FINAL]));
scene("replace-devinfo", (isBad) => after([ADD], answered(
  status("4", "Add", 200),
  command("Replace", from(isBad ? "./DevDetail/SwV" : "./DevInfo/Lang", e("Data", "x"))),
)));

// Packages and messages.
/** The server is in the middle of a large object. */
const chunked = (): Dialogue => new Dialogue().client(packageOne()).server([
  ...accepted(),
  command("Add", to("./A/n", e("Meta", e("Size", 4)), e("Data", "ab"), e("MoreData"))),
]);
scene("final-early", (isBad) => chunked().client([
  header(), status("4", "Add", 213), alert(1222), isBad ? FINAL : undefined,
]));
scene("final-missing", (isBad) => after([ADD], [
  header(), status("4", "Add", 200), isBad ? alert(1222) : FINAL,
]));
scene("next-missing", (isBad) => chunked().client([
  header(), status("4", "Add", 213), isBad ? undefined : alert(1222),
]));
scene("session-over", (isBad) => new Dialogue().begun(isBad ? undefined : copy(ADD))
  .client(answered(isBad ? undefined : status("4", "Add", 200))));
scene("session-over", (isBad) => new Dialogue().begun(isBad ? alert(1223) : copy(ADD))
  .client(answered(isBad ? undefined : status("4", "Add", 200))));
scene("size-message", (isBad) => {
  const play = (limits: object): Dialogue => new Dialogue().client(packageOne())
    .server([...accepted(), copy(ADD), FINAL], limits)
    .client(answered(status("4", "Add", 200)));
  const { byteCount } = play({});
  return play({ maxMsgSize: isBad ? byteCount - 1 : byteCount });
});
scene("size-object", (isBad) => new Dialogue().client(packageOne())
  .server([...accepted(), copy(GET), FINAL], { maxObjSize: 100 })
  .client(answered(status("4", "Get", 200),
    results("4", from("./A/x", e("Data", "v".repeat(isBad ? 101 : 100)))))));

// Status.
scene("status-header", (isBad) => after([ADD], [
  isBad ? undefined : header(), status("4", "Add", 200), FINAL,
]));
scene("status-header-first", (isBad) => after([ADD], [
  ...(isBad ? [status("4", "Add", 200), header()] : [header(), status("4", "Add", 200)]), FINAL,
]));
scene("status-reference", (isBad) => after([ADD], answered(
  status("4", "Add", 200), isBad ? status("77", "Add", 200) : undefined,
)));
scene("status-reference", (isBad) => after([ADD], answered(
  status("4", "Add", 200), isBad ? answer("2", "4", "Add", 200) : undefined,
)));
scene("status-cmd", (isBad) => after([ADD], answered(status("4", isBad ? "Get" : "Add", 200))));
scene("status-once", (isBad) => after([ADD], answered(
  status("4", "Add", 200), isBad ? status("4", "Add", 200) : undefined,
)));
const TWO = command("Delete", to("./A/x"), to("./A/y"));
const of = (uri: string): Part => e("TargetRef", uri);
scene("status-once", (isBad) => after([TWO], answered(
  status("4", "Delete", 200, of("./A/x")), status("4", "Delete", 404, of("./A/y")),
  isBad ? status("4", "Delete", 404, of("./A/y")) : undefined,
)));
scene("status-target", (isBad) => after([TWO], answered(
  status("4", "Delete", 200, of("./A/x")),
  status("4", "Delete", 404, of(isBad ? "./A/z" : "A/y")),
)));
scene("status-missing", (isBad) => after([ADD, GET], answered(
  isBad ? undefined : status("4", "Add", 200), status("5", "Get", 404),
)));
scene("status-missing", (isBad) => after([TWO], answered(
  status("4", "Delete", 200, of("./A/x")),
  isBad ? undefined : status("4", "Delete", 404, of("./A/y")),
)));
scene("status-order", (isBad) => {
  const both = [status("4", "Add", 200), status("5", "Get", 404)];
  return after([ADD, GET], answered(...(isBad ? both.toReversed() : both)));
});
const group = (name: string, ...members: Part[]): Part => command(name, ...members.map(copy));
scene("status-order", (isBad) => {
  const both = [status("4", "Sequence", 200), status("5", "Add", 200)];
  return after([group("Sequence", ADD)], answered(...(isBad ? both.toReversed() : both)));
});
scene("status-data", (isBad) => after([ADD], answered(status("4", "Add", isBad ? "OK" : "200"))));
const WRONG_CODES: [string, Part, number][] = [
  ["Add", ADD, 416], ["Get", GET, 418], ["Delete", command("Delete", to("./A/x")), 418],
  ["Copy", command("Copy", to("./A/x", e("Source", e("LocURI", "./A/y")))), 411],
  ["Exec", command("Exec", to("./A/x")), 304], ["Alert", alert(1100, e("Item")), 404],
  ["Replace", command("Replace", to("./A/x", e("Data", "v"))), 202],
];
for (const [name, order, code] of WRONG_CODES) {
  scene("status-code", (isBad) => after([order], answered(status("4", name, isBad ? code : 500)))
    .forgive("large-code"));
}
scene("status-code", (isBad) => after([ADD], [
  header(isBad ? 201 : 200), status("4", "Add", 200), FINAL,
]));
scene("status-unproven", (isBad) => after([ADD], [
  header(407, "1", chal()), status("4", "Add", isBad ? 200 : 407), FINAL,
]));
scene("chal-place", (isBad) => after([ADD], answered(
  status("4", "Add", 401, isBad ? chal() : undefined),
)));
scene("chal-missing", (isBad) => after([ADD], [
  header(401, "1", isBad ? undefined : chal()), status("4", "Add", 401), FINAL,
]));
for (const wrong of [chal("syncml:auth-other"), chal(undefined, ""), chal(undefined, "b64", "")]) {
  scene("chal-form", (isBad) => after([ADD], [
    header(401, "1", isBad ? wrong : chal("syncml:auth-basic", "b64", "")),
    status("4", "Add", 401), FINAL,
  ]));
}
const ATOMIC = group("Atomic", ADD, ADD, ADD);
const atomic = (code: number, ...codes: number[]): Dialogue => after([ATOMIC], answered(
  status("4", "Atomic", code), ...codes.map((each, i) => status(String(5 + i), "Add", each)),
));
scene("atomic-done", (isBad) => atomic(200, 200, isBad ? 404 : 200, 200));
for (const codes of [
  [507, 200, 404, 215], [507, 216, 404, 216], [507, 216, 216, 216], [507, 216, 215, 404],
]) {
  const [code, ...members] = codes as [number, ...number[]];
  scene("atomic-failed", (isBad) => isBad ? atomic(code, ...members) : atomic(507, 216, 404, 215));
}
scene("atomic-failed", (isBad) => isBad ? atomic(507, 200, 200, 200) : atomic(507, 215, 500, 215));
scene("sequence-stopped", (isBad) => after([group("Sequence", alert(1101, e("Item")), ADD)],
  answered(status("4", "Sequence", 200), status("5", "Alert", 304),
    status("6", "Add", isBad ? 200 : 215))));

// Results.
scene("results-reference", (isBad) => after([GET, ADD], answered(
  status("4", "Get", 200), results("4", value("./A/x")), status("5", "Add", 200),
  isBad ? results("5", value("./A/n")) : undefined,
)));
scene("results-order", (isBad) => {
  const both = [status("4", "Get", 200), results("4", value("./A/x"))];
  return after([GET], answered(...(isBad ? both.toReversed() : both)));
});
scene("results-missing", (isBad) => after([GET], answered(status("4", "Get", isBad ? 200 : 404))));
scene("results-unasked", (isBad) => after([GET], answered(
  status("4", "Get", isBad ? 404 : 200), results("4", value("./A/x")),
)));
scene("results-source", (isBad) => after([GET], answered(
  status("4", "Get", 200), results("4", value(isBad ? "./A/y" : "A/x")),
)));
scene("results-source", (isBad) => after(
  [command("Get", to(`./A${isBad ? "" : "?list=StructData"}`))],
  answered(status("4", "Get", 200), results("4", value("./A/x/y"))),
));

// Large objects.
/** The client's answer to a Get in two messages. */
const parts = (one: Part, two: Part[], last: Part[] = []): Dialogue => after([GET], [
  header(), status("4", "Get", 200), one, ...last,
]).server([header(200, "2"), alert(1222)]).client([
  header(200, "2"), answer("2", "2", "Alert", 200), ...two, FINAL,
]);
const chunk = (data: string, size?: number, hasMore = false): Part => results("4", from(
  "./A/x", size === undefined ? undefined : e("Meta", e("Size", size)), e("Data", data),
  hasMore ? e("MoreData") : undefined,
));
scene("large-size", (isBad) => parts(chunk("ab", isBad ? undefined : 4, true), [chunk("cd")]));
scene("large-size", (isBad) => parts(chunk("ab", 4, true), [chunk("cd", isBad ? 4 : undefined)]));
scene("large-sum", (isBad) => parts(chunk("ab", isBad ? 5 : 4, true), [chunk("cd")]));
scene("large-sum", (isBad) => parts(chunk("abcde", isBad ? 4 : 7, true), [chunk("cd")]));
scene("large-between", (isBad) => parts(chunk("ab", 4, true), [
  isBad ? alert(1224, event()) : undefined, chunk("cd"),
]));
scene("large-last", (isBad) => parts(chunk("ab", 4, true), [chunk("cd")], [
  isBad ? alert(1224, event()) : alert(1222),
]).forgive("large-between"));
scene("large-final", (isBad) => after([GET], [
  header(), status("4", "Get", 200), chunk("ab", 4, true), isBad ? FINAL : alert(1222),
]));
scene("large-code", (isBad) => chunked().client([
  header(), status("4", "Add", isBad ? 200 : 213), alert(1222),
]));
scene("large-code", (isBad) => after([ADD], [
  header(), status("4", "Add", isBad ? 213 : 200), alert(1222), FINAL,
]));
scene("size-item", (isBad) => after([GET], answered(
  status("4", "Get", 200), chunk("abcd", isBad ? 3 : 4),
)));

// Alerts.
function event(...more: Part[]): Part {
  return e("Item", e("Meta", e("Format", "chr"), e("Type", "text/plain"), ...more), e("Data", "x"));
}
scene("alert-code", (isBad) => first(packageOne(alert(isBad ? 1227 : 1222))));
scene("alert-items", (isBad) => first(packageOne(alert(1222, isBad ? e("Item") : undefined))));
scene("alert-interrupted", (isBad) => chunked().client([
  header(), alert(1225, isBad ? e("Item") : to("./A/n")), alert(1222),
]));
for (const [check, code] of [["event-item", 1224], ["generic-item", 1226]] as const) {
  scene(check, (isBad) => first(packageOne(alert(code, isBad ? undefined : event()))));
  for (const name of ["Format", "Type", "Data"]) {
    scene(check, (isBad) => first(packageOne(alert(code, e(
      "Item", e("Meta", isBad && name === "Format" ? undefined : e("Format", "chr"),
        isBad && name === "Type" ? undefined : e("Type", "text/plain")),
      isBad && name === "Data" ? undefined : e("Data", "x"),
    )))));
  }
}
scene("generic-mark", (isBad) => first(packageOne(
  alert(1226, event(e("Mark", isBad ? "urgent" : "fatal"))),
)));
interface Outcome {
  type?: string;
  source?: string;
  data?: string;
  correlator?: string;
}
const outcome = (changed: Outcome): Part => {
  const { type = COMPLETE, source = OPERATION, correlator } = changed;
  const data = changed.data ?? "<ResultCode>1200</ResultCode><Identifier>p</Identifier>";
  return alert(1226, correlator === undefined ? undefined : e("Correlator", correlator), from(
    source, e("Meta", e("Type", type), e("Format", "text/plain")), e("Data", data),
  ));
};
scene("generic-correlator", (isBad) => new Dialogue({ correlatorsOf: () => ["job-1"] })
  .client(packageOne(outcome({ correlator: isBad ? "job-2" : "job-1" }))));
const reports: [CheckId, Outcome][] = [
  ["scomo-type", { type: `Reversed-Domain-Name: ${COMPLETE}` }],
  ["scomo-source", { source: "./SCOMO/Download/p" }],
  ["scomo-data", { data: "<ResultCode>1201</ResultCode><Identifier>p</Identifier>" }],
  ["scomo-data", { data: "<ResultCode>1200</ResultCode>" }],
];
for (const [check, changed] of reports) {
  scene(check, (isBad) => first(packageOne(outcome(isBad ? changed : {}))));
}

describe("audit", () => {
  for (const [check, plays] of scenes) {
    it.each(plays.map((play, index) => ({ play, index })))(`${check}, $index`, ({ play }) => {
      expect(play(false).checks).toEqual([]);
      expect(play(true).checks).toEqual([check]);
    });
  }

  const unreadable: [string, CheckId, Head][] = [
    ["WBXML 1.0", "wbxml-version", { version: 0 }],
    ["an unknown public identifier", "wbxml-public-id", { publicId: "ff7f" }],
    ["a charset of two bytes", "wbxml-charset", { charset: "8777" }],
    ["a string table that is too short", "document-readable", { publicId: "0005" }],
  ];
  it.each(unreadable)("a message in %s cannot be read: %s", (_, check, head) => {
    const endpoint = new Endpoint({
      policy: parsePolicy({ serverId: "dms", accounts: {}, wanted: [] }),
      isStrict: false, urlOf: (path) => path, bytesOf: () => undefined,
    });
    const found: ServerEvent[] = [];
    endpoint.on((event) => found.push(event));
    const root = e("SyncML", e("SyncHdr"), e("SyncBody"));
    expect(() => endpoint.receive(encodeTree(root as Tree, head))).toThrow("WBXML");
    expect(found).toMatchObject([{ kind: "deviation", device: "?", deviation: { check } }]);
  });

  it("every check that one session shows has a client that fails it", () => {
    const missing = Object.keys(CHECKS).filter((check) => !scenes.has(check as CheckId));
    const elsewhere = new Set(unreadable.map(([, check]) => check));
    expect(missing.filter((check) => !elsewhere.has(check as CheckId))).toEqual([]);
  });

  it("a finding says where: clause, sentence, message, and no secret", () => {
    const { found } = first(packageOne(), { cred: cred(undefined, ""), locName: "u" });
    expect(found).toEqual([{
      check: "cred-format", clause: "DM REP 1.2 §6.1.6", sentence: CHECKS["cred-format"].sentence,
      message: "1", found: "Format is none", path: "SyncHdr/Cred",
    }]);
  });
});
