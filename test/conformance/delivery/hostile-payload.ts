// Rows 26 to 34 of hostile Delivery Packages: payloads, where they come from, and the text.
import { Err } from "../../../assembly/abi/codes.ts";
import * as suit from "../../helpers/suit.ts";
import { bstr, head, hex, int, join, map, seal, tstr } from "../../helpers/suit.ts";
import {
  BAD_LENGTH,
  INCONSISTENT,
  JVM,
  UNTRUSTED_CBOR,
  UNTRUSTED_SIGNATURE,
  broken,
  key,
  one,
  two,
  withEntries,
  type Case,
} from "./broken.ts";

export const PAYLOAD_CASES: Case[] = [
  [
    26,
    "two payloads of one name",
    () => withEntries(two(), [one().payloads, one().payloads].flat()),
    UNTRUSTED_CBOR,
  ],
  [
    26,
    "payload nobody asked for",
    () => withEntries(one(), [[tstr("#1"), bstr(JVM)]]),
    UNTRUSTED_CBOR,
  ],
  [
    26,
    "payload with an empty name",
    () => withEntries(one(), [[tstr(""), bstr(JVM)]]),
    UNTRUSTED_CBOR,
  ],
  [
    26,
    "one payload too many",
    () => withEntries(one(), [...one().payloads, [tstr("#1"), bstr(JVM)]]),
    UNTRUSTED_CBOR,
  ],
  [
    29,
    "one payload too many, in the place of the text in the count",
    () => {
      const parts = one();
      parts.text = suit.textOf([], "about");
      return withEntries(parts, [...parts.payloads, [tstr("#1"), bstr(JVM)]]);
    },
    UNTRUSTED_CBOR,
  ],
  [26, "order changed", () => withEntries(two(), two().payloads.toReversed()), UNTRUSTED_CBOR],
  [
    26,
    "longer name first",
    () => {
      const parts = suit.draft(
        ["bb", "a"].map((uri) => ({ id: uri, version: [1, 0, 0], content: JVM, uri })),
      );
      return withEntries(
        parts,
        ["bb", "a"].map((uri) => [tstr(uri), bstr(JVM)]),
      );
    },
    UNTRUSTED_CBOR,
  ],
  [
    26,
    "name of 128 bytes",
    () => withEntries(one(), [[tstr("#".repeat(128)), bstr(JVM)]]),
    UNTRUSTED_CBOR,
  ],
  [
    26,
    "name that begins like a URI",
    () => withEntries(one(), [[tstr("#"), bstr(JVM)]]),
    UNTRUSTED_CBOR,
  ],
  [
    26,
    "name that is bytes",
    () => withEntries(one(), [[bstr(Buffer.from("#0")), bstr(JVM)]]),
    UNTRUSTED_CBOR,
  ],
  [26, "payload that is text", () => withEntries(one(), [[tstr("#0"), tstr(JVM)]]), UNTRUSTED_CBOR],
  [
    26,
    "text behind a payload",
    () => {
      const parts = two();
      parts.text = suit.textOf([], "about");
      parts.install.splice(11, 1, map(int(21), tstr("scanner.bin")));
      return withEntries(parts, [...parts.payloads.slice(0, 1), [int(23), bstr(parts.text)]]);
    },
    UNTRUSTED_CBOR,
  ],

  [
    27,
    "payload one byte longer than image-size",
    () => withEntries(one(), [[tstr("#0"), bstr(join(JVM, hex("00")))]]),
    BAD_LENGTH,
  ],
  [
    27,
    "payload one byte shorter than image-size",
    () => withEntries(one(), [[tstr("#0"), bstr(JVM.subarray(1))]]),
    BAD_LENGTH,
  ],
  [
    28,
    "payload longer than its own head says",
    () =>
      withEntries(two(), [[tstr("#0"), join(bstr(JVM), hex("00"))], ...two().payloads.slice(1)]),
    UNTRUSTED_CBOR,
  ],
  [
    28,
    "payload shorter than its own head says",
    () => withEntries(two(), [[tstr("#0"), bstr(JVM).subarray(0, -1)], ...two().payloads.slice(1)]),
    [Err.Untrusted, 10],
  ],

  [29, "payload missing", () => withEntries(two(), two().payloads.slice(0, 1)), BAD_LENGTH],
  [
    29,
    "payload missing, text in its place in the count",
    () => {
      const parts = two();
      parts.text = suit.textOf([], "about");
      return withEntries(parts, [[int(23), bstr(parts.text)], ...parts.payloads.slice(0, 1)]);
    },
    BAD_LENGTH,
  ],
  [29, "all payloads missing", () => withEntries(one(), []), BAD_LENGTH],
  [
    29,
    "payload missing, that of a real URI in its place",
    () => {
      const target = { id: "jvm", version: [1, 0, 0] as const, content: JVM };
      const parts = suit.draft([target, { ...target, id: "b", uri: "b.bin" }]);
      return withEntries(parts, [[tstr("b.bin"), bstr(JVM)]]);
    },
    BAD_LENGTH,
  ],

  ...["#zz", "#1", "#", "#A", "#00", "#0#", "a b", "a\nb", "é", "", "x".repeat(128)].map(
    (uri): Case => {
      const make = (): Uint8Array =>
        broken((parts) => (parts.install[3] = map(int(21), tstr(uri))));
      return [32, `URI ${JSON.stringify(uri.slice(0, 9))} of component 0`, make, INCONSISTENT];
    },
  ),
  [
    32,
    "URI that is bytes",
    () => broken((parts) => (parts.install[3] = map(int(21), bstr(Buffer.from("#0"))))),
    INCONSISTENT,
  ],
  [
    32,
    "URI of two targets",
    () => {
      return seal(
        key,
        suit.draft(
          ["a", "b"].map((id) => ({ id, version: [1, 0, 0], content: JVM, uri: "x.bin" })),
        ),
      );
    },
    INCONSISTENT,
  ],

  [
    34,
    "text changed",
    () => {
      const parts = one();
      parts.text = suit.textOf([], "about");
      return withEntries(parts, [[int(23), bstr(suit.textOf([], "About"))], ...parts.payloads]);
    },
    UNTRUSTED_SIGNATURE,
  ],
  [
    34,
    "text of 2049 bytes",
    () => broken((parts) => (parts.text = new Uint8Array(2049))),
    UNTRUSTED_CBOR,
  ],
  [34, "text of 1 MiB", () => withText(head(2, 0x10_0000)), UNTRUSTED_CBOR],
  [
    34,
    "text not announced",
    () => withEntries(two(), [[int(23), bstr(hex("a0"))], ...two().payloads.slice(0, 1)]),
    [Err.Untrusted, 9],
  ],
  [34, "text that is text", () => withText(tstr("about")), UNTRUSTED_CBOR],
];

function withText(text: Uint8Array): Uint8Array {
  const parts = one();
  parts.text = suit.textOf([], "about");
  return withEntries(parts, [[int(23), text], ...parts.payloads]);
}
