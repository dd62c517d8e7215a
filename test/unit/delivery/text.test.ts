import { beforeAll, describe, expect, it } from "vitest";
import { Err } from "../../../assembly/abi/codes.ts";
import { Reader } from "../../helpers/delivery.ts";
import { BUILDS } from "../../helpers/module.ts";
import {
  array,
  draft,
  head,
  hex,
  int,
  join,
  makeKey,
  map,
  seal,
  textOf,
  tstr,
  type Draft,
} from "../../helpers/suit.ts";

const key = makeKey("k1");

function packageWith(text: Uint8Array | undefined): Draft {
  const parts = draft(
    [
      { id: "jvm", version: [8, 2, 0], content: Buffer.from("jvm") },
      { id: "vendor/av", version: [1023, 10, 4095], content: Buffer.from("av") },
    ],
    [{ id: "libc", atLeast: [2, 3] }],
  );
  parts.text = text;
  return parts;
}

describe.each(BUILDS)("delivery text, %s build", (build) => {
  let reader: Reader;

  beforeAll(async () => {
    reader = await Reader.load(build);
  });

  function read(text: Uint8Array | undefined): void {
    const outcome = reader.read(seal(key, packageWith(text)), { keys: [key] });
    expect(outcome).toMatchObject({ err: Err.Ok, isComplete: true });
  }

  function stringsOf(entry: number): string[] {
    return ["nameInto", "descriptionInto", "versionTextInto"].map((name) =>
      reader.string(name, entry),
    );
  }

  function manifestStrings(): string[] {
    return [reader.string("manifestDescriptionInto"), reader.string("updateDescriptionInto")];
  }

  it("strings: come from the text, each for its component", () => {
    const jvm = { id: "jvm", name: "Java", description: "Runs it", version: "8 update 2" };
    read(textOf([{ id: "vendor/av", name: "Scanner" }, jvm], "Both", "Faster"));
    expect(stringsOf(0)).toEqual(["Java", "Runs it", "8 update 2"]);
    expect(stringsOf(1)).toEqual(["Scanner", "", "1023.10.4095"]);
    expect(manifestStrings()).toEqual(["Both", "Faster"]);
  });

  it("strings: without a text they are made from the table", () => {
    read(undefined);
    expect(stringsOf(0)).toEqual(["jvm", "", "8.2.0"]);
    expect(stringsOf(1)).toEqual(["av", "", "1023.10.4095"]);
    expect(stringsOf(2)).toEqual(["libc", "", "2.3.0"]);
    expect(manifestStrings()).toEqual(["", ""]);
  });

  it("strings: nothing is left of the text of the last package", () => {
    read(textOf([{ id: "jvm", name: "Java" }]));
    read(undefined);
    expect(stringsOf(0)).toEqual(["jvm", "", "8.2.0"]);
  });

  it.each([
    ["nameInto", 2, 128, "jvm"],
    ["descriptionInto", 5, 512, ""],
    ["versionTextInto", 6, 32, "8.2.0"],
  ])("%s: key %i with %i bytes is taken, one more is not", (name, textKey, bytesMax, fallback) => {
    const textWith = (byteCount: number): Uint8Array =>
      map(tstr("en"), map(array(hex("43 6a766d")), map(int(textKey), tstr("x".repeat(byteCount)))));
    read(textWith(bytesMax));
    expect(reader.string(name, 0)).toBe("x".repeat(bytesMax));
    read(textWith(bytesMax + 1));
    expect(reader.string(name, 0)).toBe(fallback);
  });

  it("nameInto: an empty string is no name", () => {
    read(textOf([{ id: "jvm", name: "", version: "" }]));
    expect(stringsOf(0)).toEqual(["jvm", "", "8.2.0"]);
  });

  it("nameInto: control bytes are replaced", () => {
    read(textOf([{ id: "jvm", name: "a\u0001b\nc\u001fd e" }]));
    expect(reader.string("nameInto", 0)).toBe("a b c d e");
  });

  it("nameInto: characters of every length are kept", () => {
    read(textOf([{ id: "jvm", name: "é߿ࠀ퟿\uffff𐀀\u{10ffff}" }]));
    expect(reader.string("nameInto", 0)).toBe("é߿ࠀ퟿\uffff𐀀\u{10ffff}");
  });

  it.each([
    "00",
    "80",
    "c0 80",
    "c1 bf",
    "e0 9f bf",
    "ed a0 80",
    "f0 8f bf bf",
    "f4 90 80 80",
    "f5 80 80 80",
    "c3",
    "e2 82",
    "c3 41",
  ])("nameInto: %s is not UTF-8 without NUL, and not taken", (bytes) => {
    read(map(tstr("en"), map(array(hex("43 6a766d")), map(int(2), tstr(hex(`41 ${bytes}`))))));
    expect(reader.string("nameInto", 0)).toBe("jvm");
  });

  it("strings: only the first language counts", () => {
    const strings = (name: string): Uint8Array =>
      map(array(hex("43 6a766d")), map(int(2), tstr(name)));
    read(map(tstr("de"), strings("Erste"), tstr("en"), strings("Second")));
    expect(reader.string("nameInto", 0)).toBe("Erste");
  });

  it("strings: keys of others, private ones too, are passed over", () => {
    const strings = map(int(1), tstr("vendor"), int(2), tstr("Java"), int(-300), tstr("private"));
    read(
      map(
        tstr("en"),
        map(int(3), tstr("source"), int(-257), tstr("x"), array(hex("43 6a766d")), strings),
      ),
    );
    expect(reader.string("nameInto", 0)).toBe("Java");
    expect(manifestStrings()).toEqual(["", ""]);
  });

  it.each<[string, Uint8Array]>([
    ["is empty", hex("")],
    ["has no language", map()],
    ["is an array", array(tstr("en"))],
    ["has a number as language", map(int(1), map())],
    ["claims more than there is", join(head(5, 1), tstr("en"), head(5, 0xffff_ffff))],
    [
      "has a string that is bytes",
      map(tstr("en"), map(array(hex("43 6a766d")), map(int(2), hex("41 41")))),
    ],
    ["has a length not in shortest form", join(head(5, 1), tstr("en"), hex("b8 00"))],
    ["has an indefinite length", hex("bf 62 656e a0 ff")],
    ["ends in a string", hex("a1 62 656e a1 81 43 6a766d a1 02 78 20 41")],
  ])("strings: a text that %s gives the fallbacks", (_, text) => {
    read(text);
    expect(stringsOf(0)).toEqual(["jvm", "", "8.2.0"]);
    expect(manifestStrings()).toEqual(["", ""]);
  });

  it("strings: every proper prefix of a text gives strings or fallbacks, never a trap", () => {
    const text = textOf(
      [{ id: "jvm", name: "Java", description: "Runs it", version: "8" }],
      "Both",
      "Faster",
    );
    for (let length = 0; length < text.length; length++) {
      read(text.subarray(0, length));
      const [name] = stringsOf(0);
      expect(["Java", "jvm"]).toContain(name);
    }
  });
});
