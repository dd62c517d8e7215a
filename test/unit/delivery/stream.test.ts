import { beforeAll, describe, expect, it } from "vitest";
import { Err } from "../../../assembly/abi/codes.ts";
import { Event, Reader } from "../../helpers/delivery.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  draft,
  hex,
  int,
  join,
  makeKey,
  seal,
  sha256,
  textOf,
  tstr,
  bstr,
  type Draft,
} from "../../helpers/suit.ts";

const key = makeKey("k1");
const keys = [key];
const JVM = Buffer.alloc(300, "jvm content");
const SCANNER = Buffer.alloc(70, "scanner");

function twoTargets(): Draft {
  const parts = draft([
    { id: "jvm", version: [8, 2, 0], content: JVM },
    { id: "antivirus", version: [5, 0, 0], content: SCANNER },
  ]);
  parts.text = textOf([{ id: "jvm", name: "Java" }], "Both");
  return parts;
}

/** Order of events of a package with text and two payloads. */
const ALL_EVENTS = [
  ...[
    Event.Manifest,
    Event.Text,
    Event.Payload,
    Event.PayloadEnd,
    Event.Payload,
    Event.PayloadEnd,
    Event.End,
  ],
];

describe.each(BUILDS)("delivery stream, %s build", (build) => {
  let reader: Reader;
  const envelope = seal(key, twoTargets());
  const headLength = envelope.length - JVM.length - SCANNER.length - 5;

  beforeAll(async () => {
    reader = await Reader.load(build);
  });

  it("next: a whole envelope gives its events in order and its payloads", () => {
    const outcome = reader.read(envelope, { keys });
    expect(outcome).toMatchObject({
      err: Err.Ok,
      reason: 0,
      failedEntry: -1,
      events: ALL_EVENTS,
      isComplete: true,
    });
    expect(outcome.payloads.get(0)).toEqual(new Uint8Array(JVM));
    expect(outcome.payloads.get(1)).toEqual(new Uint8Array(SCANNER));
    expect(reader.call("consumed")).toBe(envelope.length);
  });

  it("next: fed byte by byte it gives the same", () => {
    const outcome = reader.read(envelope, { keys, pieceBytes: 1 });
    expect(outcome).toMatchObject({ err: Err.Ok, events: ALL_EVENTS, isComplete: true });
    expect(outcome.payloads.get(1)).toEqual(new Uint8Array(SCANNER));
  });

  it("next: cut in two at any byte it gives the same", () => {
    for (let cut = 1; cut < envelope.length; cut++) {
      const { err, events, isComplete } = reader.read(envelope, { keys, pieces: [cut] });
      expect({ cut, err, events, isComplete }).toEqual({
        cut,
        err: Err.Ok,
        events: ALL_EVENTS,
        isComplete: true,
      });
    }
  });

  it("next: cut off at any byte it is never complete and asks for more", () => {
    for (let length = 0; length < envelope.length; length++) {
      const { err, isComplete } = reader.read(envelope.subarray(0, length), { keys });
      expect({ length, err, isComplete }).toEqual({ length, err: Err.Ok, isComplete: false });
    }
  });

  it("next: one byte behind the end is refused, in the same window or in the next", () => {
    const longer = join(envelope, hex("00"));
    for (const pieces of [[], [envelope.length]]) {
      const outcome = reader.read(longer, { keys, pieces });
      expect(outcome).toMatchObject({ err: Err.Untrusted, reason: 1, isComplete: false });
    }
  });

  it("next: after the end an empty window asks for more and stays complete", () => {
    reader.read(envelope, { keys });
    expect(reader.call("next")).toBe(Event.More);
    expect(reader.call("isComplete")).toBe(1);
  });

  it("next: a failure stays", () => {
    reader.read(join(envelope, hex("00")), { keys });
    expect(reader.call("next")).toBe(Err.Untrusted);
    expect(reader.call("next")).toBe(Err.Untrusted);
  });

  it("next: without parseManifest it goes no further than the manifest", () => {
    reader.begin();
    reader.module.put(reader.call("window"), envelope);
    reader.call("input", reader.call("window"), envelope.length);
    expect(reader.call("next")).toBe(Event.Manifest);
    expect(reader.call("next")).toBe(Err.Misuse);
    reader.tryKeys(keys);
    expect(reader.call("parseManifest")).toBe(Err.Ok);
    expect(reader.call("next")).toBe(Event.Text);
  });

  it("parseManifest: before the manifest is there it is refused and nothing is lost", () => {
    reader.begin();
    expect(reader.call("parseManifest")).toBe(Err.Misuse);
    expect(reader.feed(envelope, { keys }).isComplete).toBe(true);
  });

  it("open: after a failure the next envelope is read as if nothing had been", () => {
    reader.read(envelope.subarray(1), { keys });
    expect(reader.read(envelope, { keys })).toMatchObject({
      err: Err.Ok,
      reason: 0,
      isComplete: true,
    });
  });

  it("consumed: at the first payload it is the length of the head", () => {
    let consumed = 0;
    const onPayload = (entry: number): void => {
      if (entry === 0) consumed = reader.call("consumed");
    };
    reader.read(envelope, { keys, onPayload });
    expect(consumed).toBe(headLength);
  });

  it("text: announced and severed is legal", () => {
    const parts = twoTargets();
    parts.isTextSevered = true;
    const outcome = reader.read(seal(key, parts), { keys });
    expect(outcome).toMatchObject({ err: Err.Ok, isComplete: true });
    expect(outcome.events).not.toContain(Event.Text);
  });

  it("payload: an empty one begins and ends", () => {
    const parts = draft([{ id: "jvm", version: [1, 0, 0], content: hex("") }]);
    const outcome = reader.read(seal(key, parts), { keys });
    expect(outcome.events).toEqual([Event.Manifest, Event.Payload, Event.PayloadEnd, Event.End]);
    expect(outcome.payloads.get(0)).toEqual(new Uint8Array());
  });

  it("payload: sixteen of them come in canonical order", () => {
    const targets = Array.from({ length: 16 }, (_, index) => {
      return {
        id: `c${index}`,
        version: [1, 0, index] as const,
        content: Buffer.from(`content ${index}`),
      };
    });
    const outcome = reader.read(seal(key, draft(targets)), { keys, pieceBytes: 7 });
    expect(outcome).toMatchObject({ err: Err.Ok, isComplete: true });
    expect([...outcome.payloads.keys()]).toEqual(targets.map((_, index) => index));
    expect(outcome.payloads.get(15)).toEqual(new Uint8Array(Buffer.from("content 15")));
  });

  it("payload: inside under its real URI it is taken for that target", () => {
    const uris = ["bb/x.bin", "a.bin"];
    const parts = draft(
      uris.map((uri) => ({
        id: uri.slice(0, 1),
        version: [1, 0, 0],
        content: Buffer.from(uri),
        uri,
      })),
    );
    parts.payloads = ["a.bin", "bb/x.bin"].map((uri) => [tstr(uri), bstr(Buffer.from(uri))]);
    const outcome = reader.read(seal(key, parts), { keys });
    expect(outcome).toMatchObject({ err: Err.Ok, isComplete: true });
    expect([...outcome.payloads.keys()]).toEqual([1, 0]);
  });

  it("payload: absent under a real URI is legal", () => {
    const target = { id: "jvm", version: [1, 0, 0] as const, content: JVM, uri: "jvm.bin" };
    const outcome = reader.read(seal(key, draft([target])), { keys });
    expect(outcome).toMatchObject({
      err: Err.Ok,
      events: [Event.Manifest, Event.End],
      isComplete: true,
    });
  });

  it("payload: a changed byte fails at its end and names the entry", () => {
    const broken = envelope.slice();
    const last = broken.length - 1;
    broken[last] = (broken[last] ?? 0) ^ 1;
    const outcome = reader.read(broken, { keys });
    expect(outcome).toMatchObject({
      err: Err.Untrusted,
      reason: 10,
      failedEntry: 1,
      isComplete: false,
    });
    expect(outcome.events).toEqual(ALL_EVENTS.slice(0, 5));
  });

  it("skipPayload: its bytes are neither reported nor checked", () => {
    const broken = envelope.slice();
    broken[headLength] = 0xff;
    const onPayload = (entry: number): void => {
      if (entry === 0) reader.call("skipPayload");
    };
    const outcome = reader.read(broken, { keys, onPayload, pieceBytes: 11 });
    expect(outcome).toMatchObject({ err: Err.Ok, isComplete: true });
    expect(outcome.events).toEqual([
      Event.Manifest,
      Event.Text,
      Event.Payload,
      Event.Payload,
      Event.PayloadEnd,
      Event.End,
    ]);
    expect(outcome.payloads.get(0)).toEqual(new Uint8Array());
    expect(outcome.payloads.get(1)).toEqual(new Uint8Array(SCANNER));
  });

  it("skipPayload: without a payload it is refused", () => {
    reader.begin();
    expect(reader.call("skipPayload")).toBe(Err.Misuse);
  });

  it("skipPayload: with resumePayload of the whole size the input goes on behind it", () => {
    const onPayload = (entry: number): void => {
      if (entry !== 0) return;
      reader.call("skipPayload");
      reader.call("resumePayload", JVM.length);
    };
    reader.begin();
    reader.feed(envelope.subarray(0, headLength), { keys, onPayload });
    expect(reader.call("consumed")).toBe(headLength + JVM.length);
    const outcome = reader.feed(envelope.subarray(reader.call("consumed")), { keys });
    expect(outcome).toMatchObject({ err: Err.Ok, isComplete: true });
  });

  function resumeAt(haveBytes: number, slot: Uint8Array): ReturnType<Reader["read"]> {
    const onPayload = (entry: number): void => {
      if (entry !== 0) return;
      reader.module.put(reader.call("window"), slot);
      reader.call("rehash", reader.call("window"), haveBytes);
      reader.call("resumePayload", haveBytes);
    };
    reader.begin();
    reader.feed(envelope.subarray(0, headLength + 9), { keys, onPayload });
    return reader.feed(envelope.subarray(reader.call("consumed")), { keys });
  }

  it.each([0, 1, 64, 299, 300])(
    "resumePayload: with %i bytes in the slot the rest is read and the digest agrees",
    (have) => {
      const outcome = resumeAt(have, JVM);
      expect(outcome).toMatchObject({ err: Err.Ok, events: ALL_EVENTS, isComplete: true });
      expect(outcome.payloads.get(0)).toEqual(new Uint8Array(JVM.subarray(have)));
    },
  );

  it("resumePayload: wrong bytes in the slot fail at the payload's end", () => {
    const outcome = resumeAt(64, Buffer.alloc(64, "other"));
    expect(outcome).toMatchObject({ err: Err.Untrusted, reason: 10, failedEntry: 0 });
  });

  describe("openExternal", () => {
    const target = { id: "jvm", version: [1, 0, 0] as const, content: JVM, uri: "jvm.bin" };

    function readHead(): void {
      reader.read(seal(key, draft([target])), { keys });
    }

    it("reads a payload from its own source", () => {
      readHead();
      reader.call("openExternal", 0, 0);
      expect(reader.call("isComplete")).toBe(0);
      const outcome = reader.feed(JVM, { keys, pieceBytes: 100 });
      expect(outcome.events.slice(2)).toEqual([Event.PayloadEnd, Event.End]);
      expect(outcome.isComplete).toBe(true);
      expect(reader.call("consumed")).toBe(JVM.length);
    });

    it("goes on in the middle", () => {
      readHead();
      reader.call("openExternal", 0, 120);
      expect(reader.call("consumed")).toBe(120);
      reader.module.put(reader.call("window"), JVM);
      reader.call("rehash", reader.call("window"), 120);
      const outcome = reader.feed(JVM.subarray(120), { keys });
      expect(outcome).toMatchObject({ err: Err.Ok, isComplete: true });
    });

    it("one byte missing leaves it incomplete", () => {
      readHead();
      reader.call("openExternal", 0, 0);
      const outcome = reader.feed(JVM.subarray(1), { keys });
      expect(outcome).toMatchObject({ err: Err.Ok, isComplete: false });
    });

    it.each([[[]], [[300]]])("one byte too many is refused, pieces %j", (pieces) => {
      readHead();
      reader.call("openExternal", 0, 0);
      const outcome = reader.feed(join(JVM, hex("00")), { keys, pieces });
      expect(outcome).toMatchObject({
        err: Err.Transport,
        reason: 11,
        failedEntry: 0,
        isComplete: false,
      });
    });

    it("wrong bytes fail, and a second try may succeed", () => {
      readHead();
      reader.call("openExternal", 0, 0);
      expect(reader.feed(Buffer.alloc(300), { keys })).toMatchObject({
        err: Err.Untrusted,
        reason: 10,
        failedEntry: 0,
      });
      reader.call("openExternal", 0, 0);
      expect(reader.feed(JVM, { keys })).toMatchObject({
        err: Err.Ok,
        reason: 0,
        failedEntry: -1,
        isComplete: true,
      });
    });

    it("may begin right after the manifest", () => {
      reader.read(seal(key, draft([target, { ...target, id: "b", uri: "#1" }])).subarray(0, 600), {
        keys,
      });
      reader.call("openExternal", 0, 0);
      expect(reader.feed(JVM, { keys })).toMatchObject({ err: Err.Ok, isComplete: true });
    });

    it("without a table does nothing, and the failure stays", () => {
      const parts = draft([target]);
      parts.version = int(2);
      reader.read(seal(key, parts), { keys });
      reader.call("openExternal", 0, 0);
      expect(reader.call("next")).toBe(Err.NotForDevice);
    });
  });

  it("digestOf: is that of the content", () => {
    reader.read(envelope, { keys });
    expect(reader.bytesOf("digestOf", 0, 32)).toEqual(sha256(JVM));
  });
});
