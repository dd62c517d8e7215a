// No message, however damaged, traps the parser, keeps it for ever or gives it text from elsewhere.
import { beforeAll, describe, expect, it } from "vitest";
import { BUILDS, loadModule, type TestModule } from "../../helpers/module.ts";
import {
  element,
  entity,
  fromHex,
  header,
  message,
  meta,
  numbers,
  opaque,
  samples,
  strI,
  strT,
  usualHeader,
} from "../../helpers/wbxml.ts";

const DAMAGE = [0x00, 0x01, 0x7f, 0x80, 0xc3, 0xff];
const ERRORS = [-1, -2, -3, -20, -25];
const MUTATIONS = 20_000;
const [END, ATOMIC, SEQUENCE, CONTAINER_END] = [0, 4, 11, 13];
const TEXT_COUNT = 21;
const DATA = 20;

/** Has a bit of everything: containers, pieces, a table, inline and opaque Data, pages. */
const rich = fromHex(
  header("./Table\0") +
    element(
      "SyncML",
      usualHeader(),
      element(
        "SyncBody",
        element("Status", element("Chal", meta({ Type: "t", NextNonce: "bm9uY2U=" }))),
        element(
          "Atomic",
          element("CmdID", strI("1")),
          element(
            "Add",
            element("Item", element("Target", element("LocURI", strT(0), strI("a"), entity(0xe9)))),
            element("Item", element("Data", opaque("\0\x01")), meta({ Format: "bin" })),
          ),
          element("Sequence", element("Exec", element("Correlator", strI("c")), element("Item"))),
        ),
        element("Replace", element("Item", element("Data", "0002607703312e3200010100", "00"))),
        element("Final"),
      ),
    ),
);

const messages = [
  rich,
  message(element("Alert", element("Data", strI("1201"))), element("Final")),
  ...samples.map(({ hex }) => fromHex(hex)),
  // The samples that have no header, with one.
  ...samples
    .filter(({ hex }) => hex.startsWith("02a4016a006d6b"))
    .map(({ hex }) => fromHex(`${header()}6d${usualHeader()}${hex.slice(12)}`)),
];

describe.each(BUILDS)("syncml/parse, damaged messages, %s build", (build) => {
  let module: TestModule;
  let input: number;
  let call: (name: string, ...args: number[]) => number;

  beforeAll(async () => {
    module = await loadModule("syncml", build);
    call = (name, ...args) => module.exports[name](...args);
    input = call("input");
  });

  /** Opens and walks a message, containers twice. Returns its error or the number of commands. */
  function walk(bytes: Uint8Array): number {
    module.put(input, bytes);
    const err = call("open", input, bytes.length);
    if (err !== 0) return err;
    let steps = 0;
    let again = -1;
    for (let kind = call("nextCommand"); kind !== END; kind = call("nextCommand")) {
      if (++steps > 4 * bytes.length) throw new Error("does not end");
      checkTexts();
      for (let items = 0; call("nextItem") === 1; items++) {
        if (items > bytes.length) throw new Error("Items do not end");
        checkTexts();
      }
      if ((kind === ATOMIC || kind === SEQUENCE) && again < 0) again = call("mark");
      if (kind === CONTAINER_END && again > 0) {
        call("rewind", again);
        again = 0;
      }
    }
    return steps;
  }

  /** Every text lies in memory and is as long as a message at most. */
  function checkTexts(): void {
    for (let index = 0; index < TEXT_COUNT; index++) {
      const byteCount = call("textBytes", index);
      const isSound = byteCount >= 0 && byteCount <= 16384;
      if (!isSound || call("text", index) + byteCount > module.memory.buffer.byteLength) {
        throw new Error(`text ${index}: ${byteCount} bytes`);
      }
      if (index !== DATA && byteCount > 0) checkTrimmed(call("text", index), byteCount, index);
    }
  }

  function checkTrimmed(ptr: number, byteCount: number, index: number): void {
    const text = module.bytes(ptr, byteCount);
    const isNonce = index === 16 || index === 9;
    if (!isNonce && (text[0]! <= 0x20 || text.at(-1)! <= 0x20)) throw new Error(`text ${index}`);
  }

  it("the whole messages are read", () => {
    expect(walk(rich)).toBe(13);
    expect(messages.filter((bytes) => walk(bytes) > 0).length).toBeGreaterThan(10);
  });

  it("every proper prefix is refused as truncated", () => {
    // Of another document type it is known before that it is no message.
    for (const bytes of messages.filter((whole) => walk(whole) !== -3)) {
      for (let length = 0; length < bytes.length; length++) {
        expect(walk(bytes.slice(0, length))).toBe(-1);
      }
    }
  });

  it("every damaged byte gives a message or an error", () => {
    const places = messages.flatMap((bytes) => [...bytes.keys()].map((at) => ({ bytes, at })));
    for (const { bytes, at } of places) {
      for (const value of DAMAGE) {
        const damaged = bytes.with(at, value);
        const result = walk(damaged);
        if (result < 0) expect(ERRORS).toContain(result);
      }
    }
  });

  it(`${MUTATIONS} random mutations give a message or an error`, () => {
    const below = numbers(1998);
    let accepted = 0;
    for (let round = 0; round < MUTATIONS; round++) {
      const bytes = messages[below(messages.length)]!.slice();
      for (let count = 1 + below(3); count > 0; count--) {
        const at = below(bytes.length);
        const other = below(bytes.length);
        bytes[at] = [below(256), DAMAGE[below(6)]!, bytes[other]!, bytes[at]! ^ 0x40][below(4)]!;
      }
      const result = walk(bytes);
      if (result < 0) expect(ERRORS, `round ${round}`).toContain(result);
      else accepted++;
    }
    expect(accepted).toBeGreaterThan(MUTATIONS / 20);
  });
});
