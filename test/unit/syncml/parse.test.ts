import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { BUILDS, loadModule, type TestModule } from "../../helpers/module.ts";
import {
  element,
  entity,
  fromHex,
  header,
  message,
  meta,
  opaque,
  sample,
  strI,
  strT,
  tagged,
  usualHeader,
} from "../../helpers/wbxml.ts";
import { Message } from "./message.ts";

const [MALFORMED, UNSUPPORTED] = [-2, -3];

const cmdId = (id: string): string => element("CmdID", strI(id));
const target = (uri: string): string => element("Target", element("LocURI", strI(uri)));
const source = (uri: string): string => element("Source", element("LocURI", strI(uri)));
const data = (text: string): string => element("Data", strI(text));
const item = (...content: string[]): string => element("Item", ...content);

describe.each(BUILDS)("syncml/parse, %s build", (build) => {
  let module: TestModule;
  let parsed: Message;

  beforeAll(async () => {
    module = await loadModule("syncml", build);
  });

  beforeEach(() => {
    parsed = new Message(module);
  });

  function open(...commands: string[]): void {
    expect(parsed.open(message(...commands))).toBe(0);
  }

  describe("open", () => {
    it("reads the header of S4", () => {
      expect(parsed.open(sample("S4"))).toBe(0);
      expect(parsed.header()).toEqual({
        verDtd: "1.2",
        verProto: "DM/1.2",
        sessionId: "1",
        msgId: "1",
        target: "http://dm.example/dm",
        source: "IMEI:493005100592800",
        maxMsgBytes: 4096,
      });
      expect(parsed.next()).toEqual({ kind: "Alert", cmdId: "1", code: 1201 });
    });

    it("reads every header field, in any order, trimmed", () => {
      const cred = element(
        "Cred",
        data(" Y5dBqLoFpIr+uX3l8nXwdQ==\n"),
        meta({ Type: "syncml:auth-md5", Format: "b64" }),
      );
      const hdr = element(
        "SyncHdr",
        meta({ MaxObjSize: "1048576", MaxMsgSize: " 8192 " }),
        cred,
        element("RespURI", strI("https://dm.example/s?1")),
        element("Source", element("LocName", strI("dev")), element("LocURI", strI("\tdev-1 "))),
        target("srv"),
        element("MsgID", strI("7")),
        element("SessionID", strI(" 2A\r\n")),
        element("NoResp"),
        element("VerProto", strI("DM/1.2")),
        element("VerDTD", strI("1.2")),
      );
      const bytes = fromHex(header() + element("SyncML", hdr, element("SyncBody")));
      expect(parsed.open(bytes)).toBe(0);
      expect(parsed.header()).toEqual({
        verDtd: "1.2",
        verProto: "DM/1.2",
        sessionId: "2A",
        msgId: "7",
        target: "srv",
        source: "dev-1",
        respUri: "https://dm.example/s?1",
        credType: "syncml:auth-md5",
        credFormat: "b64",
        cred: "Y5dBqLoFpIr+uX3l8nXwdQ==",
        maxMsgBytes: 8192,
        maxObjBytes: 1048576,
      });
    });

    it("forgets the header of the message before", () => {
      open();
      const bytes = fromHex(header() + element("SyncML", element("SyncHdr"), element("SyncBody")));
      expect(parsed.open(bytes)).toBe(0);
      expect(parsed.header()).toEqual({});
    });

    it.each([
      ["not a number", 0],
      ["4294967296", 0],
      ["2147483647", 2147483647],
    ])("takes MaxMsgSize %s as %d", (text, expected) => {
      const hdr = element("SyncHdr", meta({ MaxMsgSize: text }));
      parsed.open(fromHex(header() + element("SyncML", hdr, element("SyncBody"))));
      expect(parsed.call("maxMsgBytes")).toBe(expected);
    });

    it.each<[string, string, number]>([
      ["no SyncHdr (S1)", "6d6b120101", MALFORMED],
      ["no content", "2d", MALFORMED],
      ["another root", "6b1201", MALFORMED],
      ["no SyncBody", element("SyncML", element("SyncHdr")), MALFORMED],
      ["the body first", element("SyncML", element("SyncBody"), element("SyncHdr")), MALFORMED],
      ["an empty SyncHdr and SyncBody", element("SyncML", "2c", "2b"), 0],
      ["blanks between them", element("SyncML", strI("\n"), "2c", strI(" "), "2b"), 0],
    ])("%s", (_what, body, expected) => {
      expect(parsed.open(fromHex(header() + body))).toBe(expected);
    });

    it("takes public id 01, whose type the transport named, and SyncML by number or string", () => {
      const body = element("SyncML", "2c", "2b");
      const id = Buffer.from("-//SYNCML//DTD SyncML 1.2//EN\0").toString("hex");
      for (const start of ["02016a00", "029f536a00", "029f516a00", `0200006a1e${id}`]) {
        expect(parsed.open(fromHex(start + body))).toBe(0);
      }
      expect(parsed.open(fromHex(`02a4036a00${body}`))).toBe(UNSUPPORTED);
    });

    it("after a refused message nothing is left of it", () => {
      expect(parsed.open(fromHex("02a4016a006d"))).toBe(-1);
      open(element("Get", cmdId("1")));
      expect(parsed.all()).toEqual([{ kind: "Get", cmdId: "1", items: [] }]);
    });
  });

  describe("nextCommand", () => {
    it("names every command of DM", () => {
      const names = [
        ...["Add", "Alert", "Copy", "Delete", "Exec", "Get", "Replace", "Results", "Status"],
      ];
      open(...names.map((name, index) => element(name, cmdId(String(index)))), element("Final"));
      const found = parsed.all();
      expect(found.map(({ kind }) => kind)).toEqual([...names, "Final"]);
      expect(found.map(({ cmdId: id }) => id)).toEqual([...names.keys(), ""].map(String));
    });

    it("answers End again and again after the last", () => {
      open(element("Get", cmdId("1")));
      parsed.all();
      expect(parsed.next().kind).toBe("End");
      expect(parsed.next().kind).toBe("End");
      expect(parsed.call("nextItem")).toBe(0);
    });

    it("reads a body without commands", () => {
      open();
      expect(parsed.next().kind).toBe("End");
      expect(parsed.next().kind).toBe("End");
    });

    it.each(["Put", "Map", "Sync", "Search", "Move"])("names %s, which DM bars, in cmd", (name) => {
      open(element(name, item(), cmdId("4")), element("Get", cmdId("5")));
      expect(parsed.next()).toEqual({ kind: "Other", cmdId: "4", cmd: name });
      expect(parsed.next()).toEqual({ kind: "Get", cmdId: "5" });
    });

    it("passes elements that are no commands as Other, with their token", () => {
      open(element("Lang", cmdId("4")), "0001", tagged(0x106, []), "0000", element("Get"));
      expect(parsed.next()).toEqual({ kind: "Other", cmdId: "4" });
      expect(parsed.call("token")).toBe(0x15);
      expect(parsed.next()).toEqual({ kind: "Other", cmdId: "" });
      expect(parsed.call("token")).toBe(0x106);
      expect(parsed.next()).toEqual({ kind: "Get", cmdId: "" });
    });

    it("reads a Status with its challenge, children in any order", () => {
      const chal = element(
        "Chal",
        meta({ Format: "b64", NextNonce: " Tm9uY2U= ", Type: "syncml:auth-md5" }),
      );
      open(
        element(
          "Status",
          data(" 212 "),
          chal,
          element("Cmd", strI("SyncHdr")),
          element("TargetRef", strI("x")),
          element("CmdRef", strI("0")),
          element("MsgRef", strI("1")),
          cmdId("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
        ),
      );
      expect(parsed.next()).toEqual({
        kind: "Status",
        cmdId: "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        msgRef: "1",
        cmdRef: "0",
        cmd: "SyncHdr",
        code: 212,
        chalType: "syncml:auth-md5",
        chalNonce: "Tm9uY2U=",
      });
      expect(parsed.call("chalNonceIsOpaque")).toBe(0);
    });

    it("keeps the octets of a nonce that came as bytes, blanks and NUL too", () => {
      const nonce = fromHex("200001fe80ff0a");
      const inside = tagged(0x110, [opaque(nonce)]);
      open(element("Status", element("Chal", element("Meta", "0001", inside, "0000"))));
      parsed.next();
      expect(parsed.hex("chalNonce")).toBe("200001fe80ff0a");
      expect(parsed.call("chalNonceIsOpaque")).toBe(1);
    });

    it("forgets what the command before had", () => {
      open(
        element(
          "Status",
          cmdId("1"),
          element("MsgRef", strI("1")),
          element("CmdRef", strI("2")),
          element("Cmd", strI("Add")),
          element("Chal", meta({ Type: "t", NextNonce: "n" })),
          element("Correlator", strI("c")),
          data("200"),
          item(data("x")),
        ),
        element("Get"),
      );
      parsed.next();
      expect(parsed.call("itemCount")).toBe(1);
      expect(parsed.next()).toEqual({ kind: "Get", cmdId: "" });
      expect(parsed.call("itemCount")).toBe(0);
    });

    it("reads an Exec with its Correlator before and after the Item", () => {
      const target_ = item(target("./SCM/Op"));
      open(
        element("Exec", cmdId("1"), element("Correlator", strI("job-1")), target_),
        element("Exec", target_, element("Correlator", strI("job-2")), cmdId("2")),
      );
      for (const id of ["1", "2"]) {
        expect(parsed.next()).toEqual({ kind: "Exec", cmdId: id, correlator: `job-${id}` });
        expect(parsed.items()).toEqual([{ itemTarget: "./SCM/Op" }]);
      }
    });

    it("skips Items that were not asked for", () => {
      open(
        element("Get", cmdId("1"), item(target("./A")), item(target("./B"))),
        element("Delete", cmdId("2"), item(target("./C"))),
      );
      parsed.next();
      expect(parsed.call("itemCount")).toBe(2);
      expect(parsed.nextItem()).toEqual({ itemTarget: "./A" });
      expect(parsed.next().kind).toBe("Delete");
      expect(parsed.items()).toEqual([{ itemTarget: "./C" }]);
    });

    it("takes a code that is no number as -1", () => {
      open(element("Alert", cmdId("1"), data("12x")), element("Alert", cmdId("2")));
      parsed.next();
      expect(parsed.call("code")).toBe(-1);
      parsed.next();
      expect(parsed.call("code")).toBe(-1);
    });
  });

  describe("containers", () => {
    const atomic = element(
      "Atomic",
      cmdId("5"),
      meta({ Format: "int" }),
      element("NoResp"),
      element("Replace", cmdId("6"), item(target("./A"), data("1"))),
      element("Exec", cmdId("7"), element("Correlator", strI("c")), item(target("./B"))),
    );

    it("gives the members, then ContainerEnd, then what follows", () => {
      open(atomic, element("Get", cmdId("8")));
      expect(parsed.all().map(({ kind, cmdId: id }) => kind + id)).toEqual([
        ...["Atomic5", "Replace6", "Exec7", "ContainerEnd", "Get8"],
      ]);
    });

    it("goes back to its mark as often as asked, with the same members", () => {
      open(atomic, element("Get", cmdId("8")));
      expect(parsed.next()).toEqual({ kind: "Atomic", cmdId: "5" });
      const mark = parsed.call("mark");
      const members = (): string[] => {
        const found: string[] = [];
        for (let next = parsed.next(); next.kind !== "ContainerEnd"; next = parsed.next()) {
          found.push(JSON.stringify([next, parsed.items()]));
        }
        return found;
      };
      const first = members();
      expect(first.length).toBe(2);
      for (let round = 0; round < 3; round++) {
        parsed.call("rewind", mark);
        expect(members()).toEqual(first);
      }
      expect(parsed.next()).toEqual({ kind: "Get", cmdId: "8" });
    });

    it("gives nested containers and empty ones", () => {
      open(
        element("Sequence", cmdId("1"), element("Atomic", cmdId("2"), element("Get", cmdId("3")))),
        element("Atomic"),
        element("Sequence", cmdId("4")),
        element("Final"),
      );
      expect(parsed.all().map(({ kind, cmdId: id }) => kind + id)).toEqual([
        ...["Sequence1", "Atomic2", "Get3", "ContainerEnd", "ContainerEnd"],
        ...["Atomic", "ContainerEnd", "Sequence4", "ContainerEnd", "Final"],
      ]);
    });

    it("gives a barred member as Other", () => {
      open(element("Atomic", cmdId("1"), element("Put", cmdId("2"))));
      parsed.next();
      expect(parsed.next()).toEqual({ kind: "Other", cmdId: "2", cmd: "Put" });
    });

    it("finds CmdID and Meta behind the members", () => {
      const members = element("Replace", cmdId("6"), item(data("1")));
      open(element("Atomic", members, meta({ Format: "int" }), cmdId("5")));
      expect(parsed.next().cmdId).toBe("5");
      expect(parsed.next().cmdId).toBe("6");
      expect(parsed.items()).toEqual([{ data: "1", hasData: true, format: "int" }]);
      expect(parsed.next().kind).toBe("ContainerEnd");
    });

    it("hands Meta down element by element: container, command, Item", () => {
      const bare = item(data("x"));
      open(
        element(
          "Sequence",
          meta({ Format: "int", Type: "a/a", Size: "1" }),
          element(
            "Atomic",
            meta({ Type: "b/b" }),
            element("Add", meta({ Size: "3" }), item(meta({ Format: "bin" }), data("x")), bare),
            element("Add", bare),
          ),
          element("Add", bare),
        ),
        element("Add", bare),
      );
      const has = { data: "x", hasData: true };
      expect(parsed.all().map(({ items }) => items)).toEqual([
        [],
        [],
        [
          { ...has, format: "bin", type: "b/b", size: 3 },
          { ...has, format: "int", type: "b/b", size: 3 },
        ],
        [{ ...has, format: "int", type: "b/b", size: 1 }],
        [],
        [{ ...has, format: "int", type: "a/a", size: 1 }],
        [],
        [has],
      ]);
    });

    it("are followed to the limit of depth", () => {
      // SyncML and SyncBody are outside, and the innermost holds a Get.
      const nest = (count: number): string =>
        "48".repeat(count) + element("Get") + "01".repeat(count);
      open(nest(29));
      const kinds = parsed.all().map(({ kind }) => kind);
      expect(kinds).toEqual([
        ...Array<string>(29).fill("Atomic"),
        "Get",
        ...Array<string>(29).fill("ContainerEnd"),
      ]);
      expect(parsed.open(message(nest(30)))).toBe(-25);
    });
  });

  describe("nextItem", () => {
    it("reads S5: target, Meta and data", () => {
      open(
        element(
          "Add",
          cmdId("5"),
          item(
            target("./A/b"),
            meta({ Format: "chr", Type: "text/plain" }),
            element("Data", opaque("hi")),
          ),
        ),
      );
      parsed.next();
      expect(parsed.items()).toEqual([
        {
          itemTarget: "./A/b",
          format: "chr",
          type: "text/plain",
          data: "hi",
          hasData: true,
          dataIsOpaque: true,
        },
      ]);
    });

    it("tells empty Data from none, and sees MoreData, Size and Source", () => {
      open(
        element(
          "Replace",
          item("0f"),
          item(element("Data", strI(""))),
          item(source("./S"), target("./T")),
          item(element("MoreData"), data("x"), meta({ Size: "3000" })),
        ),
      );
      parsed.next();
      expect(parsed.items()).toEqual([
        { hasData: true },
        { hasData: true },
        { itemTarget: "./T", itemSource: "./S" },
        { data: "x", hasData: true, moreData: true, size: 3000 },
      ]);
    });

    it("trims identifiers and URIs, never values", () => {
      open(element("Add", cmdId(" 1\n"), item(target("\t./A \r\n"), data(" v "))));
      expect(parsed.next().cmdId).toBe("1");
      expect(parsed.nextItem()).toEqual({ itemTarget: "./A", data: " v ", hasData: true });
    });

    it("reads a text of nothing but blanks as empty", () => {
      open(element("Get", cmdId("  "), item(target(" "))));
      expect(parsed.next().cmdId).toBe("");
      expect(parsed.nextItem()).toEqual({});
    });

    it.each([
      ...["chr", "node", "int", "bin", "bool", "b64", "null", "xml", "date", "time", "float"],
    ])("knows the Format %s in any case, with blanks around", (word) => {
      const upper = word.toUpperCase();
      const mixed = upper.charAt(0) + word.slice(1);
      for (const text of [word, upper, mixed, ` ${word}\n`]) {
        open(element("Add", item(meta({ Format: text }))));
        parsed.next();
        expect(parsed.nextItem()).toEqual({ format: word });
      }
    });

    it.each(["ch", "chrs", "x", "floats", "nodes", "b6", "chr int", "4hr"])(
      "does not know the Format %s",
      (word) => {
        open(element("Add", item(meta({ Format: word }))));
        parsed.next();
        expect(parsed.nextItem()).toEqual({ format: -1 });
      },
    );

    it("gives a tree inline in Data as WBXML of its own (S17)", () => {
      const tree = sample("S17").slice(10, 30);
      open(element("Add", item("4f" + Buffer.from(tree).toString("hex") + "01", target("./T"))));
      parsed.next();
      expect(parsed.nextItem()).toMatchObject({
        itemTarget: "./T",
        hasData: true,
        dataIsInline: true,
      });
      expect(parsed.hex("data")).toBe(Buffer.from(tree).toString("hex"));
      expect(parsed.call("inlineTag")).toBe(0x220);
      expect(parsed.nextItem()).toBeUndefined();
      expect(parsed.next().kind).toBe("End");
    });

    it("reads inline Data behind white space", () => {
      const tree = "00026001" + "0000";
      open(element("Add", item(element("Data", strI("\n "), tree))));
      parsed.next();
      expect(parsed.nextItem()).toMatchObject({ dataIsInline: true });
      expect(parsed.hex("data")).toBe(strI("\n ") + tree);
      expect(parsed.call("inlineTag")).toBe(0);
    });

    it("is not led astray by Items, CmdIDs or LocURIs in other places", () => {
      const stray = element("SourceParent", element("LocURI", strI("no")));
      open(
        element(
          "Copy",
          element("Cred", item(target("no"))),
          element("Data", element("Item")),
          item(stray, target("./T"), element("Item", target("no"))),
          cmdId("1"),
        ),
      );
      expect(parsed.next().cmdId).toBe("1");
      expect(parsed.call("itemCount")).toBe(1);
      expect(parsed.items()).toEqual([{ itemTarget: "./T" }]);
      expect(parsed.call("itemCount")).toBe(1);
    });
  });

  describe("text in pieces", () => {
    const uri = element("LocURI", strI("./"), entity(0xe9), strT(0));
    const add = (id: string, ...pieces: string[]): string =>
      element("Add", cmdId(id), item(element("Target", uri), element("Data", ...pieces)));
    const bytes = fromHex(
      header("/DevDetail\0") +
        element(
          "SyncML",
          usualHeader(),
          element(
            "SyncBody",
            element(
              "Atomic",
              cmdId("1"),
              add("2", strI("a"), strI("b")),
              add("3", strT(0)),
            ),
          ),
        ),
    );
    const members = [
      { itemTarget: "./é/DevDetail", data: "ab", hasData: true },
      { itemTarget: "./é/DevDetail", data: "/DevDetail", hasData: true },
    ];

    it("is one text, before and after going back", () => {
      expect(parsed.open(bytes)).toBe(0);
      parsed.next();
      const mark = parsed.call("mark");
      for (let round = 0; round < 3; round++) {
        const found = [];
        while (parsed.next().kind === "Add") found.push(...parsed.items());
        expect(found).toEqual(members);
        parsed.call("rewind", mark);
      }
    });

    it("stays while another document is read", () => {
      expect(parsed.open(bytes)).toBe(0);
      parsed.next();
      const other = sample("S11");
      const place = parsed.call("input") + 8192;
      module.put(place, other);
      for (const expected of members) {
        expect(parsed.next().kind).toBe("Add");
        expect(parsed.call("readOther", place, other.length)).toBe(0);
        expect(parsed.nextItem()).toEqual(expected);
        expect(parsed.call("readOther", place, other.length)).toBe(0);
        expect(parsed.nextItem()).toBeUndefined();
      }
    });

    it("does not fill SCRATCH for the message after", () => {
      const full = element("Get", ...Array<string>(100).fill(item(element("Data", entity(0x26)))));
      for (let round = 0; round < 5; round++) {
        open(full);
        parsed.next();
        expect(parsed.items().length).toBe(100);
      }
    });
  });
});
