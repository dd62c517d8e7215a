import { describe, expect, test } from "vitest";
import { traced } from "../../../host/cli/trace.ts";
import { decode, element, encode, toXml } from "../../../host/demo/server/wbxml.ts";
import type { Element } from "../../../host/demo/server/wbxml.ts";

function message(...header: Element[]): Uint8Array {
  return encode(element(
    "SyncML",
    element("SyncHdr", element("VerDTD", "1.2"), ...header),
    element("SyncBody", element("Final")),
  ));
}

const meta = element("Meta", element("Format", "b64"), element("Type", "syncml:auth-md5"));

describe("traced", () => {
  test("traced: a message without credentials is shown as it is", () => {
    const bytes = message();
    const shown = traced(bytes);
    expect(shown.hex).toBe(Buffer.from(bytes).toString("hex"));
    expect(shown.xml).toBe(toXml(decode(bytes)));
  });

  test.each([
    ["text", "QnJ1Y2UyOk9oQmVoYXZl"],
    ["bytes", new Uint8Array(Buffer.from("QnJ1Y2UyOk9oQmVoYXZl"))],
  ])("traced: credentials as %s are masked in hex and xml", (_, secret) => {
    const bytes = message(element("Cred", meta, element("Data", secret)));
    const shown = traced(bytes);
    const hidden = Buffer.from("*".repeat(20)).toString("hex");
    expect(Buffer.from(shown.hex, "hex").includes("QnJ1Y2UyOk9oQmVoYXZl")).toBe(false);
    expect(shown.hex).toContain(hidden);
    expect(shown.hex).toHaveLength(2 * bytes.length);
    expect(shown.xml).not.toContain("QnJ1Y2UyOk9oQmVoYXZl");
    expect(shown.xml).toContain(`>${"*".repeat(20)}</Data>`);
    expect(shown.xml).toContain("syncml:auth-md5");
  });

  test("traced: bytes that are no message have no xml", () => {
    expect(traced(new Uint8Array([1, 2, 3]))).toEqual({ hex: "010203", xml: "" });
  });
});
