import { describe, expect, test } from "vitest";
import { fold, paint, printable, table } from "../../../host/cli/output.ts";
import { recordIo } from "./io.ts";

describe("table", () => {
  test("table: columns are as wide as their longest cell", () => {
    expect(table(["id", "version"], [["antivirus", "5.0.0"], ["jvm", "8"]])).toEqual([
      "id         version",
      "antivirus  5.0.0",
      "jvm        8",
    ]);
  });

  test("table: a row wider than the screen loses the end of its widest cell", () => {
    const [head, row] = table(["id", "node"], [["i".repeat(30), "n".repeat(90)]]);
    expect(head?.length).toBeLessThanOrEqual(80);
    expect(row).toBe(`${"i".repeat(30)}  ${"n".repeat(47)}…`);
  });

  test("table: without rows it says so", () => {
    expect(table(["id"], [])).toEqual(["none"]);
  });
});

describe("text", () => {
  test("printable: what could steer a terminal becomes a question mark", () => {
    expect(printable("a\u001b[31mb\nc\u202ed\u0085")).toBe("a?[31mb?c?d?");
  });

  test("fold: lines break at blanks and a long word stays whole", () => {
    expect(fold("one two three", 7)).toEqual(["one two", "three"]);
    expect(fold("abcdefghij kl", 4)).toEqual(["abcdefghij", "kl"]);
  });

  test("paint: colours are for a terminal without NO_COLOR", () => {
    expect(paint(recordIo({ isTerminal: true }), "red", "x")).toBe("\u001b[31mx\u001b[0m");
    expect(paint(recordIo({ isTerminal: true, env: { NO_COLOR: "1" } }), "red", "x")).toBe("x");
    expect(paint(recordIo(), "red", "x")).toBe("x");
  });
});
