// A DM client written by hand for the tests of the server: a flat tree, no persistence, every
// message built as elements. It shares nothing with the core.
import { createHash } from "node:crypto";
import {
  childOf, childrenOf, decode, element as e, type Element, elementsOf, encode, textOf, wordOf,
} from "../../../host/demo/server/wbxml.ts";

export type Exchange = (body: Uint8Array) => Uint8Array | Promise<Uint8Array>;

export interface ClientOptions {
  id: string;
  sessionId?: string;
  /** What the client presents. */
  user?: string;
  password?: string;
  nonce?: string;
  isBasic?: boolean;
  /** What the server must present; without it the server is trusted. */
  server?: { user: string; password: string };
  maxMsgSize?: number;
  /** Status for Alert 1101. */
  answer?: number;
  /** Statuses and Results put into one message, all by default. */
  piecesMax?: number;
}

export interface Job {
  uri: string;
  correlator: string;
}

const META = "Meta";

export class FakeClient {
  /** Values of leaves by URI; interior nodes have undefined. */
  readonly tree = new Map<string, string | undefined>();
  readonly jobs: Job[] = [];
  /** Alerts 1226 for the next package 1. */
  readonly alerts: Element[] = [];
  /** Decoded messages of the server, newest last. */
  readonly received: Element[] = [];
  readonly sent: Uint8Array[] = [];
  /** Codes of the server's Status for SyncHdr. */
  readonly headerCodes: number[] = [];
  /** Code with which each Exec is answered. */
  execCode = 202;
  /** Code with which the Data of a Delivered node is answered. */
  dataCode = 200;
  /** Codes other than those that follow from the tree, by URI. */
  readonly getCodes = new Map<string, number>();
  asked: string[] = [];

  nonce: Buffer;
  serverNonce = Buffer.from("first-server-nonce");
  /** The server has proved itself in this session. */
  isServerKnown = false;
  private isIn = false;
  private msgId = 0;
  private chunks = "";

  constructor(readonly options: ClientOptions) {
    this.nonce = Buffer.from(options.nonce ?? "stale");
    for (const path of ["Download", "Inventory/Delivered", "Inventory/Deployed"]) {
      this.tree.set(`./SCOMO/${path}`, undefined);
    }
  }

  deploy(id: string, version: string): void {
    const node = `./SCOMO/Inventory/Deployed/${id}`;
    this.tree.set(node, undefined);
    this.tree.set(`${node}/ID`, id).set(`${node}/Version`, version).set(`${node}/State`, "20");
  }

  deliver(name: string, pkgId: string): void {
    const node = `./SCOMO/Inventory/Delivered/${name}`;
    this.tree.set(node, undefined);
    this.tree.set(`${node}/PkgID`, pkgId).set(`${node}/State`, "10");
  }

  /** Owes the server the outcome of a job. */
  report(job: Job, code: number, identifier: string, target: string): void {
    this.alerts.push(e(
      "Alert", e("CmdID", "0"), e("Data", 1226), e("Correlator", job.correlator),
      e("Item", e("Target", e("LocURI", target)), e("Source", e("LocURI", job.uri)),
        e(META, e("Format", "text/plain"), e("Type", "urn:oma:at:scomo:1.0:OperationComplete")),
        e("Data", `<ResultCode>${code}</ResultCode><Identifier>${identifier}</Identifier>`)),
    ));
  }

  /** One whole session. @returns the number of messages sent */
  async run(exchange: Exchange, alert = 1201): Promise<number> {
    this.msgId = 0;
    this.isIn = false;
    this.isServerKnown = false;
    let pieces = this.packageOne(alert);
    for (let count = 1; count < 60; count++) {
      const { message, rest } = this.message(pieces);
      const root = await this.exchange(exchange, message);
      const outcome = this.authenticate(root);
      if (outcome === "over") return count;
      if (outcome === "again") {
        pieces = [this.serverStatus(root), ...this.packageOne(alert)];
        continue;
      }
      if (rest.length > 0) {
        pieces = [this.headerStatus(root, 200), ...this.statusesFor(root), ...rest];
        continue;
      }
      this.alerts.length = 0;
      const answers = this.answers(root);
      if (answers === undefined) return count;
      pieces = answers;
    }
    throw new Error("the session does not end");
  }

  packageOne(alert: number): Element[] {
    const info = ["DevId", "Man", "Mod", "DmV", "Lang"].map((name) => e(
      "Item", e("Source", e("LocURI", `./DevInfo/${name}`)),
      e("Data", name === "DevId" ? this.options.id : "x"),
    ));
    return [
      e("Alert", e("CmdID", "0"), e("Data", alert)), e("Replace", e("CmdID", "0"), ...info),
      ...this.alerts,
    ];
  }

  /** Numbers the pieces that fit and closes the message; the last one of a package has Final. */
  message(pieces: Element[], isFinal = true): { message: Element; rest: Element[] } {
    const { piecesMax = 1000 } = this.options;
    const part = pieces.slice(0, piecesMax);
    const rest = pieces.slice(piecesMax);
    part.forEach((piece, index) => {
      childOf(piece, "CmdID")!.children = [String(index + 1)];
    });
    const body = e("SyncBody", ...part);
    const isLast = isFinal && rest.length === 0 && !this.isServerInMiddle();
    if (isLast) body.children.push(e("Final"));
    else {
      body.children.push(e("Alert", e("CmdID", part.length + 1), e("Data", 1222)));
    }
    return { message: e("SyncML", this.header(), body), rest };
  }

  async exchange(exchange: Exchange, message: Element): Promise<Element> {
    const body = encode(message);
    this.sent.push(body);
    const root = decode(await exchange(body));
    this.received.push(root);
    return root;
  }

  header(): Element {
    const { id, sessionId = "2A", maxMsgSize } = this.options;
    this.msgId++;
    const credentials = this.isIn ? undefined : this.credentials();
    return e(
      "SyncHdr", e("VerDTD", "1.2"), e("VerProto", "DM/1.2"), e("SessionID", sessionId),
      e("MsgID", this.msgId), e("Target", e("LocURI", "http://server/dm")),
      e("Source", e("LocURI", id), credentials && e("LocName", this.options.user ?? "")),
      credentials,
      maxMsgSize === undefined ? undefined : e(META, e("MaxMsgSize", maxMsgSize)),
    );
  }

  private credentials(): Element | undefined {
    const { user, password, isBasic } = this.options;
    if (user === undefined) return undefined;
    const pair = `${user}:${password}`;
    const type = isBasic === true ? "syncml:auth-basic" : "syncml:auth-md5";
    const data = isBasic === true ? Buffer.from(pair).toString("base64") : digest(pair, this.nonce);
    return e("Cred", e(META, e("Format", "b64"), e("Type", type)), e("Data", data));
  }

  /** Takes the server's Status for our header and looks at its credentials. */
  private authenticate(root: Element): "go" | "again" | "over" {
    const body = childOf(root, "SyncBody")!;
    const status = childrenOf(body, "Status").find((each) => wordOf(each, "CmdRef") === "0")!;
    const code = Number(wordOf(status, "Data"));
    this.headerCodes.push(code);
    const challenge = childOf(childOf(status, "Chal"), META);
    const nonce = wordOf(challenge, "NextNonce");
    if (nonce !== undefined) this.nonce = Buffer.from(nonce, "base64");
    if (code === 212) this.isIn = true;
    if (code === 401 || code === 407) return challenge === undefined ? "over" : "again";
    return code >= 300 ? "over" : "go";
  }

  private isServerRight(root: Element): boolean {
    const { server } = this.options;
    if (server === undefined || this.isServerKnown) return true;
    const credentials = childOf(childOf(root, "SyncHdr"), "Cred");
    const wanted = digest(`${server.user}:${server.password}`, this.serverNonce);
    this.isServerKnown = wordOf(credentials, "Data") === wanted;
    return this.isServerKnown;
  }

  private headerStatus(root: Element, code: number, challenge?: Element): Element {
    return this.status(root, "0", "SyncHdr", code, challenge);
  }

  status(root: Element, cmdRef: string, cmd: string, code: number, more?: Element): Element {
    return e(
      "Status", e("CmdID", "0"), e("MsgRef", wordOf(childOf(root, "SyncHdr"), "MsgID")!),
      e("CmdRef", cmdRef), e("Cmd", cmd), more, e("Data", code),
    );
  }

  /** Answers to a whole message; undefined if the server has ended the session. */
  private answers(root: Element): Element[] | undefined {
    const commands = this.commandsIn(root);
    if (commands.some((command) => wordOf(command, "Data") === "1223")) return undefined;
    if (commands.length === 0 && this.hasFinal(root)) return undefined;
    const status = this.serverStatus(root);
    const code = Number(wordOf(status, "Data"));
    if (code < 300) return [status, ...commands.flatMap((each) => this.perform(root, each))];
    return [status, ...commands.map((command) => this.statusOf(root, command, code))];
  }

  /** Status for the server's header: 407 or 401 with a challenge until it has proved itself. */
  private serverStatus(root: Element): Element {
    const hasCredentials = childOf(childOf(root, "SyncHdr"), "Cred") !== undefined;
    const wasKnown = this.isServerKnown || this.options.server === undefined;
    if (!this.isServerRight(root)) {
      this.serverNonce = Buffer.from(`nonce ${this.received.length}`);
      return this.headerStatus(root, hasCredentials ? 401 : 407, this.challenge());
    }
    if (wasKnown) return this.headerStatus(root, 200);
    this.serverNonce = Buffer.from(`next ${this.received.length}`);
    return this.headerStatus(root, 212, this.challenge());
  }

  private challenge(): Element {
    return e("Chal", e(META, e("Format", "b64"), e("Type", "syncml:auth-md5"),
      e("NextNonce", this.serverNonce.toString("base64"))));
  }

  private commandsIn(root: Element): Element[] {
    const body = childOf(root, "SyncBody")!;
    return elementsOf(body).filter(({ name }) => name !== "Status" && name !== "Final");
  }

  private hasFinal(root: Element): boolean {
    return childOf(childOf(root, "SyncBody"), "Final") !== undefined;
  }

  private isServerInMiddle(): boolean {
    const last = this.received.at(-1);
    if (last === undefined || this.hasFinal(last)) return false;
    const asks = this.commandsIn(last).some((command) => wordOf(command, "Data") === "1222");
    return !asks;
  }

  private statusesFor(root: Element): Element[] {
    return this.commandsIn(root).map((command) => this.statusOf(root, command, 200));
  }

  private statusOf(root: Element, command: Element, code: number): Element {
    return this.status(root, wordOf(command, "CmdID")!, command.name, code);
  }

  /** Runs one command. @returns its Status, those of its members, its Results */
  private perform(root: Element, command: Element): Element[] {
    const code = (value: number): Element[] => [this.statusOf(root, command, value)];
    switch (command.name) {
      case "Sequence": return [...code(200), ...this.members(root, command)];
      case "Atomic": return this.atomic(root, command);
      case "Alert": return code(this.alert(command));
      case "Get": return this.get(root, command);
      case "Add": return code(this.add(command));
      case "Delete": return code(this.remove(command));
      case "Exec": return code(this.exec(command));
      default: return code(406);
    }
  }

  private members(root: Element, group: Element): Element[] {
    let isStopped = false;
    return elementsOf(group).filter(({ name }) => name !== "CmdID").flatMap((member) => {
      if (isStopped) return [this.statusOf(root, member, 215)];
      const statuses = this.perform(root, member);
      isStopped = member.name === "Alert" && wordOf(statuses[0], "Data") !== "200";
      return statuses;
    });
  }

  /** The Execs of an Atomic are accepted together, or the first one is refused. */
  private atomic(root: Element, group: Element): Element[] {
    if (this.execCode < 300) {
      return [this.statusOf(root, group, 200), ...this.members(root, group)];
    }
    const members = elementsOf(group).filter(({ name }) => name !== "CmdID");
    return [this.statusOf(root, group, 507), ...members.map((member, index) =>
      this.statusOf(root, member, index === 0 ? this.execCode : 215))];
  }

  private alert(command: Element): number {
    if (wordOf(command, "Data") !== "1101") return 200;
    const text = childrenOf(command, "Item")[1];
    this.asked.push(textOf(childOf(text, "Data")) ?? "");
    return this.options.answer ?? 200;
  }

  private get(root: Element, command: Element): Element[] {
    const uri = targetOf(childrenOf(command, "Item")[0]!);
    const code = this.getCodes.get(uri) ?? (this.tree.has(uri) ? 200 : 404);
    if (code !== 200) return [this.statusOf(root, command, code)];
    const value = this.tree.get(uri);
    const names = [...this.tree.keys()]
      .filter((key) => key.startsWith(`${uri}/`) && !key.slice(uri.length + 1).includes("/"))
      .map((key) => key.slice(uri.length + 1));
    return [this.statusOf(root, command, 200), e(
      "Results", e("CmdID", "0"), e("MsgRef", wordOf(childOf(root, "SyncHdr"), "MsgID")!),
      e("CmdRef", wordOf(command, "CmdID")!),
      e("Item", e("Source", e("LocURI", uri)), e("Data", value ?? names.join("/"))),
    )];
  }

  private add(command: Element): number {
    for (const item of childrenOf(command, "Item")) {
      if (targetOf(item).endsWith("/Data") && this.dataCode !== 200) return this.dataCode;
      const data = textOf(childOf(item, "Data"));
      this.chunks += data ?? "";
      if (childOf(item, "MoreData") !== undefined) return 213;
      const isNode = wordOf(childOf(item, META), "Format") === "node";
      this.tree.set(targetOf(item), isNode ? undefined : this.chunks);
      this.chunks = "";
    }
    return 200;
  }

  private remove(command: Element): number {
    const uri = targetOf(childrenOf(command, "Item")[0]!);
    if (!this.tree.has(uri)) return 404;
    for (const key of [...this.tree.keys()]) {
      if (key === uri || key.startsWith(`${uri}/`)) this.tree.delete(key);
    }
    return 200;
  }

  private exec(command: Element): number {
    const uri = targetOf(childrenOf(command, "Item")[0]!);
    if (this.execCode === 202) this.jobs.push({ uri, correlator: wordOf(command, "Correlator")! });
    return this.execCode;
  }
}

function targetOf(item: Element): string {
  return wordOf(childOf(item, "Target"), "LocURI")!;
}

function digest(pair: string, nonce: Buffer): string {
  const inner = createHash("md5").update(pair).digest("base64");
  return createHash("md5").update(`${inner}:`).update(nonce).digest("base64");
}

/** The commands of the server's messages, by name, members of groups included. */
export function commandsNamed(received: readonly Element[], name: string): Element[] {
  const found: Element[] = [];
  const visit = (parent: Element): void => {
    for (const child of elementsOf(parent)) {
      if (child.name === name) found.push(child);
      visit(child);
    }
  };
  received.forEach(visit);
  return found;
}
