import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Err } from "../../../assembly/abi/codes.ts";
import { asDmError, DmError, errOf, errorFor } from "../../../host/errors.ts";

/** Names and numbers of `Err`, read from the file that declares it. */
function declaredErrors(): [string, number][] {
  const text = readFileSync(new URL("../../../assembly/abi/codes.ts", import.meta.url), "utf8");
  const body = /const enum Err \{([^}]*)\}/.exec(text)![1]!;
  return [...body.matchAll(/^ {2}(\w+) = (-\d+),/gm)].map(([, name, value]) => [
    name!,
    Number(value),
  ]);
}

describe("errorFor", () => {
  it("every Err: has a code of its own, and finds its way back", () => {
    const declared = declaredErrors();
    expect(declared.length).toBeGreaterThan(30);
    const codes = declared.map(([, err]) => errorFor(err, "trying").code);
    expect(new Set(codes).size).toBe(declared.length);
    expect(codes).not.toContain("DM_CORE");
    const back = declared.map(([, err]) => errOf(errorFor(err, "trying"), Err.Misuse));
    expect(back).toEqual(declared.map(([, err]) => err));
  });

  it("the message: says what was attempted and on what", () => {
    const cause = new Error("ECONNREFUSED");
    const error = errorFor(Err.Transport, "connecting to https://dms.example/dm", { cause });
    expect(error).toMatchObject({ name: "DmError", code: "DM_TRANSPORT", cause });
    expect(error.message).toContain("https://dms.example/dm failed: no connection");
  });

  it("an Err that nobody knows: is a failure of the core", () => {
    expect(errorFor(-99 as Err, "trying")).toMatchObject({ code: "DM_CORE" });
  });

  it("status and result: are kept", () => {
    const error = errorFor(Err.Denied, "trying", { status: 425, resultCode: 1405 });
    expect(error).toMatchObject({ status: 425, resultCode: 1405 });
    expect("cause" in error).toBe(false);
  });
});

describe("errOf and asDmError", () => {
  it("errOf: what has no Err becomes the given one", () => {
    expect(errOf(new DmError("DM_ABORTED", "x"), Err.Transport)).toBe(Err.Transport);
    expect(errOf(new Error("x"), Err.Storage)).toBe(Err.Storage);
    expect(errOf(undefined, Err.Storage)).toBe(Err.Storage);
  });

  it("asDmError: keeps a DmError and wraps the rest with its cause", () => {
    const known = new DmError("DM_BUSY", "x");
    expect(asDmError(known, "DM_CORE", "trying")).toBe(known);
    const cause = new TypeError("bad");
    const wrapped = asDmError(cause, "DM_CORE", "trying");
    expect(wrapped).toMatchObject({ code: "DM_CORE", message: "trying failed: bad", cause });
    expect(asDmError("text", "DM_CORE", "trying").message).toBe("trying failed: text");
  });
});
