import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { parseOptions, plainText } from "../../../host/confirm/confirm.ts";
import { terminalConfirm } from "../../../host/confirm/terminal.ts";

const never = new AbortController().signal;

function terminal(isTTY = true) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = new PassThrough();
  const confirm = terminalConfirm({ input, output });
  return { input, output, confirm, shown: () => String(output.read() ?? "") };
}

describe("parseOptions", () => {
  it.each([
    ["", 0, 300, false],
    ["MAXDT=30&DR=1", 0, 30, true],
    ["MINDT=5&MAXDT=10&DR=0", 5, 10, false],
    ["MAXDT=15DR=1", 0, 15, true],
    ["MAXDT=abc&DR=yes&NEW=1", 0, 300, false],
    ["MAXDT=0", 0, 300, false],
    ["MAXDT=999999999", 0, 86_400, false],
    ["MAXDT=-5", 0, 300, false],
    ["DR=12", 0, 300, false],
    ["&&==%%", 0, 300, false],
  ])("%j: MINDT %i, MAXDT %i, yes first %s", (text, min, max, isYesFirst) => {
    expect(parseOptions(text)).toEqual({ showSecondsMin: min, answerSecondsMax: max, isYesFirst });
  });
});

describe("plainText", () => {
  it("control, direction and line characters: become spaces", () => {
    expect(plainText("a\x1b[2Jb\r\nc\u202ed\u2028e")).toBe("a [2Jb c d e");
    expect(plainText("Größe 你好")).toBe("Größe 你好");
  });
});

describe("terminalConfirm", () => {
  const question = (ask: number, options = "") => ({ ask, text: "Install\x07 it?", options });

  it.each([
    ["y", 1101, "yes"],
    ["YES", 1101, "yes"],
    ["n", 1101, "no"],
    ["", 1101, "no"],
    ["whatever", 1101, "no"],
    ["later", 1101, "no"],
    ["later", 0, "later"],
    ["l", 0, "later"],
    ["", 0, "no"],
  ])("the line %j to a question %i: is %s", async (line, ask, answer) => {
    const { input, confirm } = terminal();
    const asked = confirm(question(ask), never);
    input.write(`${line}\n`);
    expect(await asked).toBe(answer);
  });

  it("an empty line: is yes where the server highlights yes", async () => {
    const { input, confirm } = terminal();
    const asked = confirm(question(1101, "DR=1"), never);
    input.write("\n");
    expect(await asked).toBe("yes");
  });

  it("the text: is shown without its control characters", async () => {
    const { input, confirm, shown } = terminal();
    const asked = confirm(question(0), never);
    input.write("n\n");
    await asked;
    const text = shown();
    expect(text).toContain("Install  it? [y/N/later] ");
    expect(text).not.toContain("\x07");
  });

  it("ctrl-C: cancels", async () => {
    const { input, confirm } = terminal();
    const asked = confirm(question(1101), never);
    input.write("\x03");
    expect(await asked).toBe("cancel");
  });

  it("the end of the input: is no", async () => {
    const { input, confirm } = terminal();
    const asked = confirm(question(1101), never);
    input.end();
    expect(await asked).toBe("no");
  });

  it("MAXDT: ends the wait, and is never a yes", async () => {
    const { confirm } = terminal();
    expect(await confirm(question(1101, "MAXDT=1&DR=1"), never)).toBe("timeout");
  });

  it("abort: ends the wait", async () => {
    const abort = new AbortController();
    const asked = terminal().confirm(question(1101), abort.signal);
    abort.abort();
    expect(await asked).toBe("cancel");
  });

  it("no terminal: a question is no, and a text is shown", async () => {
    const { confirm, shown } = terminal(false);
    expect(await confirm(question(1101, "DR=1"), never)).toBe("no");
    expect(await confirm(question(0), never)).toBe("no");
    expect(await confirm(question(1100), never)).toBe("yes");
    expect(shown()).toBe("Install  it?\n");
  });
});
