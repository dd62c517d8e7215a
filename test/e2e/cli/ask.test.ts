// A server that asks a person, and who answers: somebody at a terminal, or `--confirm`.
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startDevice } from "../../../host/demo/device.ts";
import { startServer } from "../../../host/demo/server/index.ts";
import type { Command, ReferenceServer } from "../../../host/demo/server/index.ts";
import { hasTool } from "../../helpers/tools.ts";
import { makeFolder, scomo } from "./harness.ts";

function alert(code: number, ...texts: string[]): Command {
  return { kind: "Alert", code, items: texts.map((data) => ({ data })) };
}

const COMMANDS = [
  alert(1100, "MINDT=3", "Hello \x1b[2Jworld"),
  alert(1101, "MAXDT=30&DR=1", "Go on?"),
  alert(1102, "MAXLEN=10&DR=J%C3%BCrgen", "Your name?"),
  alert(1102, "IT=N&ET=P&DR=7", "Your PIN?"),
  alert(1103, "DR=2", "Which network?", "home", "off\x1b]0;evil\x07ice"),
  alert(1103, "", "Which colour?", "red", "blue"),
  alert(1104, "DR=1-3", "Which parts?", "a", "b", "c"),
];

/** Code of each answer, and what was put in. */
type Answered = [number, ...(string | undefined)[]][];

let answered: Answered;
let commands: Command[];
let server: ReferenceServer;
let folder: ReturnType<typeof makeFolder>;
let connect: string[];

beforeEach(async () => {
  answered = [];
  commands = COMMANDS;
  folder = makeFolder();
  server = await startServer({
    policy: { serverId: "dms.example", accounts: { "IMEI:1": { auth: "none" } }, wanted: [] },
    *script() {
      const answers = yield commands;
      answered = commands.map((command) => {
        const { code, items } = answers.answerOf(command);
        return [code, ...items.map(({ data }) => data?.toString())];
      });
    },
  });
  connect = ["connect", "--state", folder.in("device")];
  const made = await scomo([
    "provision", "--state", folder.in("device"), "--device-id", "IMEI:1",
    "--server", `${server.url}/dm`, "--server-id", "dms.example", "--slots", "2",
    "--slot-bytes", "4096",
  ]);
  expect(made.exit).toBe(0);
});

afterEach(async () => {
  expect(server.status().devices.flatMap(({ deviations }) => deviations)).toEqual([]);
  await server.close();
  folder.remove();
});

/**
 * Connects at a terminal of 80 columns; each time that the first text left is shown, the keys
 * beside it are typed.
 */
function atTerminal(dialogue: [string, string][]): Promise<{ exit: number | null; shown: string }> {
  const command = [process.execPath, resolve("build/cli.js"), ...connect].join(" ");
  const child = spawn("script", ["-qec", `stty cols 80; ${command}`, "/dev/null"]);
  const left = [...dialogue];
  let shown = "";
  let seen = 0;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
    const [wanted, keys] = left[0] ?? [];
    if (wanted === undefined || !shown.slice(seen).includes(wanted)) return;
    seen = shown.length;
    left.shift();
    child.stdin.write(keys);
  });
  return new Promise((end) => child.once("close", (exit) => end({ exit, shown })));
}

describe.skipIf(!hasTool("script"))("connect at a terminal", () => {
  test("every kind of question: what was typed goes to the server, a password unseen", async () => {
    const { exit, shown } = await atTerminal([
      ["[Y/n] ", "y\r"], ["[Jürgen] ", "Zoë is too long\r"], ["[Jürgen] ", "Zoë\r"],
      ["PIN? (a number) [*] ", "12x\r"], ["PIN? (a number) [*] ", "1234\r"], ["[2] ", "9\r"],
      ["[2] ", "\r"], ["1 to 2 ", "1\r"], ["[1 3] ", "2,3\r"],
    ]);
    expect(exit).toBe(0);
    expect(answered).toEqual([[200], [200], [200, "Zoë"], [200, "1234"], [200, "2"], [200, "1"],
      [200, "2", "3"]]);
    expect(shown).toContain(`${new URL(server.url).host}: Hello  [2Jworld\r\n`);
    expect(shown).toContain("It has to be a text of at most 10 characters.\r\n");
    expect(shown).toContain("  1) home\r\n  2) off ]0;evil ice\r\n");
    expect(shown).not.toMatch(/\x1b\[2J|\x1b\]|\x07|1234|12x/);
  });

  test("ctrl-C at a question: exit 130, and nothing was answered", async () => {
    const { exit, shown } = await atTerminal([["[Y/n] ", "\x03"]]);
    expect(exit).toBe(130);
    expect(shown).not.toContain("Your name?");
    expect(answered).toEqual([]);
  });
});

describe("DmClient.event", () => {
  test("a server that knows 1224: the report of the run says 200, once", async () => {
    const signal = new AbortController().signal;
    const confirm = async () => "no" as const;
    const { client, close } = await startDevice(folder.in("device"), { confirm }, signal);
    client.event({ type: "org.example.low", format: "chr", data: "5 %" });
    expect((await client.connect()).event).toBe(200);
    expect((await client.connect()).event).toBe(null);
    await close();
  });
});

describe("connect --confirm", () => {
  test("yes: what the server marks; else an empty text, the first choice, none", async () => {
    commands = [...COMMANDS, alert(1102, "", "Why?"), alert(1104, "", "Which?", "a")];
    const ran = await scomo([...connect, "--confirm", "yes"]);
    expect(ran.exit).toBe(0);
    expect(answered).toEqual([[200], [200], [200, "Jürgen"], [200, "7"], [200, "2"], [200, "1"],
      [200, "1", "3"], [200, ""], [200]]);
    expect(ran.stderr.split("\n").slice(0, 7)).toEqual([
      "Hello  [2Jworld", "Go on? yes", 'Your name? "Jürgen"', 'Your PIN? ""',
      "Which network? off ]0;evil ice", "Which colour? red", "Which parts? a, c",
    ]);
  });

  test.each([["no", ["--confirm", "no"]], ["none off a terminal", []]])(
    "%s: 1100 is shown, 1101 gets 304, what is behind it runs",
    async (_, flags) => {
      commands = COMMANDS.slice(0, 2);
      expect((await scomo([...connect, ...flags])).exit).toBe(0);
      expect(answered).toEqual([[200], [304]]);
    },
  );

  test.each([COMMANDS[2]!, COMMANDS[4]!, COMMANDS[6]!])(
    "no: 1102 to 1104 get 214, the rest of the message 215 (%#)",
    async (command) => {
      commands = [command, COMMANDS[0]!];
      const ran = await scomo([...connect, "--confirm", "no"]);
      expect(ran.exit).toBe(0);
      expect(answered).toEqual([[214], [215]]);
    },
  );
});
