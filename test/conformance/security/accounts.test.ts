// DM STDOBJ 1.2 §5.3.1, DM TND 1.2 §7.7.1: several servers, and one that leaves the device.
import { describe, expect, it } from "vitest";
import { Device, Err } from "../../helpers/device.ts";
import { BUILDS } from "../../helpers/module.ts";
import { entry, IDENTITY, makePackage, operation, TRUSTING } from "../../helpers/packages.ts";
import {
  basicDigest, chal, type Credential, md5Cred, md5Digest, notification, type Provision,
} from "../../helpers/provision.ts";
import {
  add, addLeaf, at, atomic, codes, del, exec, get, headerOf, item, lines, partsOf, replace,
  results, wordOf,
} from "../../helpers/syncml.ts";

const ONE = "https://dm.example.net/s";
const TWO = "https://two.example/dm";
const RIGHTS = ["Add", "Delete", "Exec", "Get", "Replace"];
const all = (ids: string): string => RIGHTS.map((right) => `${right}=${ids}`).join("&");
const client: Credential = {
  type: "DIGEST", name: "dev", secret: "devpwd", nonce: Buffer.from("n"),
};
const BOTH: Provision = {
  ...TRUSTING, other: { serverId: "two", url: TWO },
  acls: { "./DMAcc": all("srv"), "./SCOMO": all("srv+two") },
};
const GOOD = makePackage("1.0.0", "app");
const URI = "./DMAcc/b";
const account = (name: string, id: string, url: string) => [
  item(`./DMAcc/${name}/ServerID`, id), item(`./DMAcc/${name}/AppAddr/1/Addr`, url),
];

describe.each(BUILDS)("accounts, %s build", (build) => {
  const fresh = (provision: Provision = BOTH): Device => {
    const device = Device.provisioned(build, provision, IDENTITY);
    device.fetch = () => GOOD;
    return device;
  };
  const acls = (device: Device): { [uri: string]: string } =>
    Object.fromEntries([...device.nodes()].map(([uri, { acl }]) => [uri, acl]));
  const reports = (device: Device): number =>
    partsOf(device.message, "Alert").filter((one) => wordOf(one, "Data") === "1226").length;
  /** A job of the second server, which the person puts off. */
  const postponed = (device: Device): void => {
    device.confirm = () => Err.Later;
    device.connect(1);
    device.reply([add("1", ...entry("p")), exec("2", operation("p", "DownloadInstall"), "c")]);
    device.close();
    expect(device.jobs()).toHaveLength(1);
    device.confirm = () => Err.Ok;
  };
  /** A result that the second server has not heard. */
  const owed = (device: Device): void => {
    device.connect(1);
    device.reply([add("1", ...entry("p")), exec("2", operation("p", "Download"), "c")]);
    device.reply();
    expect([device.url, reports(device)]).toEqual([TWO, 1]);
    device.fail(Err.Transport);
    expect([device.outcomes().length, device.jobs().length]).toEqual([1, 1]);
  };

  // Several.

  it("§5.3.1: the host says with whom: address and credentials are that account's", () => {
    const second: Credential = { type: "BASIC", name: "me", secret: "pwd" };
    const device = fresh({ client, other: { serverId: "two", url: TWO, client: second } });
    const seen = [0, 1].map((index) => {
      device.connect(index);
      const cred = at(headerOf(device.message!), "Cred", "Data");
      device.close();
      return [device.url, cred];
    });
    expect(seen).toEqual([
      [ONE, md5Digest("dev", "devpwd", Buffer.from("n"))], [TWO, basicDigest("me", "pwd")],
    ]);
  });

  it("abi: an account that is not there: NotFound, and no session", () => {
    const device = fresh();
    expect(device.core.connect(2)).toBe(Err.NotFound);
    expect(new Device(build).core.connect(0)).toBe(Err.NotFound);
  });

  it("§6: a notification chooses the account by its ServerID", () => {
    const server: Credential = {
      type: "DIGEST", name: "two", secret: "pwd", nonce: Buffer.from("n"),
    };
    const device = fresh({ other: { serverId: "two", url: TWO, server } });
    const notice = { serverId: "two", secret: "pwd", nonce: Buffer.from("n"), sessionId: 5 };
    expect(device.notify(notification(notice))).toBe(1);
    expect(device.url).toBe(TWO);
    const answer = device.reply([get("1", ".")], { cred: md5Cred("two", "pwd", notice.nonce) });
    expect(lines(answer)[0]).toBe("SyncHdr 212");
  });

  it("§7.7.1: each server sees what its own rights allow", () => {
    const device = fresh({
      ...BOTH, acls: { "./DMAcc": "Get=srv", "./SCOMO": "Get=two", "./DevInfo": "Get=*" },
    });
    const uris = ["./DMAcc", "./SCOMO", "./DevInfo"];
    const seen = [0, 1].map((index) => {
      device.connect(index);
      const answer = device.reply(uris.map((uri, i) => get(`${i}`, uri)));
      device.close();
      return codes(answer);
    });
    expect(seen).toEqual([{ 0: 200, 1: 425, 2: 200 }, { 0: 425, 1: 200, 2: 200 }]);
  });

  it("architecture §3: a report goes to the server that ordered, to no other", () => {
    const device = fresh();
    owed(device);
    // The session with the other one does not have it; then it is the turn of the right one.
    device.connect(0);
    expect([device.url, reports(device)]).toEqual([ONE, 0]);
    device.reply();
    expect([device.url, reports(device)]).toEqual([TWO, 1]);
    device.close();
    expect([device.err, device.outcomes()]).toEqual([Err.Ok, []]);
  });

  // One leaves.

  it("§5.3.1: a provisioned account may be removed, by who has the right", () => {
    const device = fresh();
    device.connect(1);
    expect(codes(device.reply([del("1", URI)]))).toEqual({ 1: 425 });
    device.close();
    expect(codes(device.order(del("1", URI)))).toEqual({ 1: 200 });
    expect(device.has(URI)).toBe(false);
    expect(device.cut()).toBe(Err.Ok);
    expect(device.has(URI)).toBe(false);
    expect(device.core.connect(1)).toBe(Err.NotFound);
  });

  it("§5.3.1: the last one may not, nor may ./DMAcc: nobody could manage the device", () => {
    const device = fresh({ acls: { "./DMAcc": all("srv") } });
    expect(codes(device.order(del("1", "./DMAcc/a"), del("2", "./DMAcc")))).toEqual({
      1: 405, 2: 405,
    });
    expect(device.has("./DMAcc/a/ServerID")).toBe(true);
  });

  const MANY = {
    ".": "Add=*&Get=two&Replace=srv", "./DMAcc": all("srv"), "./DevInfo": "Get=two",
    "./SCOMO": "Add=srv+two&Delete=two&Exec=two+srv&Get=srv+two+three&Replace=srv",
    "./SCOMO/Download": "Add=two2+twofold&Get=*", "./SCOMO/Inventory": "Add=srv&Get=two",
  };
  const FEW = {
    ".": "Add=*&Get=*&Replace=srv", "./DMAcc": all("srv"), "./DevInfo": "",
    "./SCOMO": "Add=srv&Exec=srv&Get=srv+three&Replace=srv",
    "./SCOMO/Download": "Add=two2+twofold&Get=*", "./SCOMO/Inventory": "Add=srv",
  };

  it.each([
    ["its account is removed", del("1", URI)],
    ["it gets another identifier", replace("1", `${URI}/ServerID`, "neu")],
    ["its identifier is removed", del("1", `${URI}/ServerID`)],
    ["its identifier is renamed", replace("1", `${URI}/ServerID?prop=Name`, "Gone")],
    ["an Atomic removes it", atomic("1", del("2", URI))],
  ])("§7.7.1: a server leaves every ACL when %s", (_, order) => {
    const device = fresh({ ...BOTH, acls: MANY });
    expect(acls(device)).toMatchObject(MANY);
    expect(lines(device.order(order))).toContain(`1 ${order.name} 200`);
    expect(acls(device)).toMatchObject(FEW);
    device.cut();
    expect(acls(device)).toMatchObject(FEW);
  });

  it("§7.7.1: an Atomic that fails has not removed it", () => {
    const device = fresh({ ...BOTH, acls: MANY });
    const before = device.dump();
    const order = atomic("1", del("2", URI), del("3", "./SCOMO/none"));
    expect(codes(device.order(order))).toEqual({ 1: 507, 2: 216, 3: 404 });
    expect(device.dump()).toBe(before);
    device.boot();
    expect(device.dump()).toBe(before);
  });

  it("§7.7.1: an identifier that another account has stays", () => {
    const device = fresh({ ...BOTH, acls: MANY });
    device.order(add("1", ...account("c", "two", "https://three.example/")), del("2", URI));
    expect(acls(device)).toMatchObject(MANY);
  });

  it("architecture §3: what the server was owed is not owed any more, durably", () => {
    const device = fresh();
    owed(device);
    expect(codes(device.order(del("1", URI)))).toEqual({ 1: 200 });
    expect([device.outcomes(), device.jobs(), device.err]).toEqual([[], [], Err.Ok]);
    expect(device.cut()).toBe(Err.Ok);
    expect([device.outcomes(), device.jobs()]).toEqual([[], []]);
  });

  it("architecture §3: cut before the barrier: both are there", () => {
    const device = fresh();
    owed(device);
    device.connect(0);
    device.durable = () => {
      throw new Error("the power is gone");
    };
    expect(() => device.reply([del("1", URI)])).toThrow();
    device.durable = () => Err.Ok;
    device.cut();
    expect([device.has(URI), device.outcomes().length]).toEqual([true, 1]);
  });

  it("architecture §3: an Atomic that fails: it is still owed", () => {
    const device = fresh();
    owed(device);
    device.connect(0);
    device.reply([atomic("1", del("2", URI), del("3", "./SCOMO/none"))]);
    device.reply();
    expect([device.url, reports(device)]).toEqual([TWO, 1]);
  });

  it("architecture §3: its job runs to its end, of which nobody hears", () => {
    const device = fresh();
    postponed(device);
    expect(codes(device.order(del("1", URI)))).toEqual({ 1: 200 });
    expect(device.deployed().map(({ id }) => id)).toEqual(["app"]);
    expect([device.outcomes(), device.jobs(), device.err]).toEqual([[], [], Err.Ok]);
    device.cut();
    expect([device.outcomes(), device.jobs()]).toEqual([[], []]);
  });

  it("architecture §3: a new account does not get the number that a job names", () => {
    const device = fresh();
    postponed(device);
    device.confirm = () => Err.Later;
    device.order(del("1", URI));
    device.boot();
    device.order(add("1", ...account("c", "three", "https://three.example/")));
    device.confirm = () => Err.Ok;
    device.connect(0);
    device.reply();
    // Else the new one would hear of what it has not ordered.
    expect([device.isDone, device.jobs(), device.outcomes()]).toEqual([true, [], []]);
    device.connect(1);
    expect([device.url, reports(device)]).toEqual(["https://three.example/", 0]);
  });

  it("architecture §3: a server that removes itself is served to the end of the session", () => {
    const server: Credential = {
      type: "DIGEST", name: "srv", secret: "srvpwd", nonce: Buffer.from("s"),
    };
    const device = fresh({ ...BOTH, client, server });
    device.connect(0);
    device.reply([del("1", "./DMAcc/a")], {
      cred: md5Cred("srv", "srvpwd", Buffer.from("s")), code: 200,
      chal: chal("syncml:auth-md5", Buffer.from("n2")),
    });
    expect(lines(device.message)).toEqual(["SyncHdr 212", "1 Delete 200", "Final"]);
    // Nodes that get numbers of what is gone must not get its nonce.
    const third = Array.from({ length: 8 }, (_, i) => addLeaf(`${i}`, `./SCOMO/x${i}`));
    const answer = device.reply([
      get("g", "./DevInfo/Lang"), ...third, add("a", ...account("c", "three", ONE)),
    ], { code: 200, chal: chal("syncml:auth-md5", Buffer.from("n3")) });
    // Its rights have gone with its identifier, the session has not.
    expect(results(answer)["./DevInfo/Lang"]).toBe("en");
    // An ACL that is left empty is inherited, and everybody may add at the root.
    expect(codes(answer)).toMatchObject({ 0: 425, a: 200 });
    expect(at(headerOf(answer!), "Cred", "Data")).toBe(
      md5Digest("dev", "devpwd", Buffer.from("n3")),
    );
    device.close({ code: 200, chal: chal("syncml:auth-md5", Buffer.from("n4")) });
    expect(device.err).toBe(Err.Ok);
    expect([...device.nodes().keys()].filter((uri) => uri.includes("AAuthData"))).toEqual([]);
    device.connect();
    expect(device.url).toBe(TWO);
  });

  it("architecture §4: credentials that are removed in the session keep it going", () => {
    const device = fresh({ ...BOTH, client });
    device.connect(0);
    device.reply([del("1", "./DMAcc/a/AppAuth/c"), addLeaf("2", "./SCOMO/x")], {
      code: 200, chal: chal("syncml:auth-md5", Buffer.from("n2")),
    });
    expect(codes(device.message)).toEqual({ 1: 200, 2: 200 });
    device.reply([get("1", ".")], {
      code: 200, chal: chal("syncml:auth-md5", Buffer.from("n3")),
    });
    expect(at(headerOf(device.message!), "Cred", "Data")).toBe(
      md5Digest("dev", "devpwd", Buffer.from("n3")),
    );
    device.close({ code: 200 });
    expect([...device.nodes().keys()].filter((uri) => uri.includes("AAuthData"))).toEqual([]);
    device.connect(0);
    expect(at(headerOf(device.message!), "Cred", "Data")).toBeUndefined();
  });

  // Reports and proof.

  const server: Credential = {
    type: "DIGEST", name: "srv", secret: "srvpwd", nonce: Buffer.from("s"),
  };
  /** The server has ordered something and has to be told. */
  const reporting = (provision: Provision): Device => {
    const device = fresh({ ...TRUSTING, ...provision });
    device.connect();
    const cred = md5Cred("srv", "srvpwd", Buffer.from("s"));
    device.reply([add("1", ...entry("p")), exec("2", operation("p", "Download"), "c")], { cred });
    device.reply();
    expect(reports(device)).toBe(1);
    return device;
  };
  const nonceFor = (device: Device): Buffer => {
    const status = partsOf(device.message, "Status")[0];
    return Buffer.from(at(status, "Chal", "Meta", "NextNonce")!, "base64");
  };

  it("§5.3: what an unproven server says of a report counts when it is said again", () => {
    const device = reporting({ server });
    device.reply([get("1", ".")]);
    expect(lines(device.message)[0]).toBe("SyncHdr 407");
    expect(device.outcomes()).toHaveLength(1);
    device.reply([get("1", ".")], { cred: md5Cred("srv", "srvpwd", nonceFor(device)) });
    expect(lines(device.message)[0]).toBe("SyncHdr 212");
    expect([reports(device), device.outcomes().length]).toEqual([1, 1]);
    device.reply();
    expect([device.isDone, device.err, device.outcomes()]).toEqual([true, Err.Ok, []]);
  });

  it("§5.3: proof and Status in one message: said once", () => {
    const device = reporting({});
    device.reply([get("1", ".")]);
    expect([reports(device), device.outcomes()]).toEqual([0, []]);
  });

  it("§9.1: refused in the middle of a session: it ends, and nothing that is owed is lost", () => {
    const device = reporting({ client });
    device.reply([get("1", ".")], { code: 200, others: null });
    const challenge = chal("syncml:auth-md5", Buffer.from("n2"));
    device.reply([], { code: 401, chal: challenge, others: 401 });
    expect([device.isDone, device.err]).toEqual([true, Err.LoginRefused]);
    expect(device.outcomes()).toHaveLength(1);
    device.boot();
    device.connect();
    expect(reports(device)).toBe(1);
    // The nonce came with a refusal: it is not the stored one.
    expect(at(headerOf(device.message!), "Cred", "Data")).toBe(
      md5Digest("dev", "devpwd", Buffer.from("n")),
    );
    device.close();
    expect([device.err, device.outcomes()]).toEqual([Err.Ok, []]);
  });
});
