// The example at the end of docs/delivery-format.md is a Delivery Package.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { Err } from "../../../assembly/abi/codes.ts";
import { Reader } from "../../helpers/delivery.ts";
import * as suit from "../../helpers/suit.ts";
import { array, bstr, hex, tstr } from "../../helpers/suit.ts";

const PAYLOAD = Buffer.from("sixteen bytes ..");
const page = readFileSync(new URL("../../../docs/delivery-format.md", import.meta.url), "utf8");

/** The bytes of some lines: hexadecimal digits, "text" and <values>, up to two spaces in a row. */
function bytesOf(lines: readonly string[], values: Record<string, Uint8Array>): Uint8Array {
  const tokens = lines.flatMap((line) => {
    const written = line.trimStart().split("  ")[0] ?? "";
    return line.startsWith(" ".repeat(20))
      ? []
      : (written.match(/<[^>]+>|"[^"]*"|[0-9A-F]{2}/g) ?? []);
  });
  const parts = tokens.map((token) => {
    if (token.startsWith('"')) return Buffer.from(token.slice(1, -1));
    if (!token.startsWith("<")) return hex(token);
    return values[token.slice(1, -1)] ?? expect.fail(`${token} has no value`);
  });
  return suit.join(...parts);
}

it("delivery-format.md: the example is read, with the values it says", async () => {
  const key = suit.makeKey("t-es");
  const example = (page.split("## 12 ")[1] ?? "").split("```")[1]?.trim().split("\n") ?? [];
  const manifestLine = example.findIndex((line) => line.startsWith("03 58"));
  const payloadLine = example.findIndex((line) => line.startsWith("62"));
  const values: Record<string, Uint8Array> = {
    vendor: suit.VENDOR,
    class: suit.CLASS,
    payload: PAYLOAD,
    "payload digest": suit.sha256(PAYLOAD),
  };
  const manifest = bytesOf(example.slice(manifestLine, payloadLine), values).subarray(1);
  values["manifest digest"] = suit.sha256(manifest);
  const signed = bstr(array(suit.int(-16), bstr(suit.sha256(manifest))));
  const message = array(tstr("Signature1"), hex("43 a1 01 26 40"), signed);
  const joined = suit.join(hex("84"), message.subarray(1)); // Array of 4: the header counts, too.
  values["signature"] = suit.signatureOf(key, joined);

  const reader = await Reader.load("release");
  const outcome = reader.read(bytesOf(example, values), { keys: [key] });
  expect(outcome).toMatchObject({ err: Err.Ok, isComplete: true });
  expect(outcome.payloads.get(0)).toEqual(new Uint8Array(PAYLOAD));
  expect(reader.string("idInto", 0)).toBe("jvm");
  expect(reader.string("versionTextInto", 0)).toBe("8.2.0");
  expect(reader.call("sequence")).toBe(1001);
});
