// Asks on a terminal, one line a question.
import { createInterface } from "node:readline";
import { parseOptions, plainText, type Answer, type Confirm, type Question } from "./confirm.ts";

export interface TerminalOptions {
  input?: NodeJS.ReadStream | NodeJS.ReadableStream;
  output?: NodeJS.WritableStream;
}

const ASK_JOB = 0;
const ASK_DISPLAY = 1100;

/**
 * Asks on standard input and error. An empty line is the highlighted answer, no unless the server
 * highlights yes; ctrl-C cancels; where nobody can type, the answer is no.
 */
export function terminalConfirm(options: TerminalOptions = {}): Confirm {
  const input = options.input ?? process.stdin;
  const output = options.output ?? process.stderr;
  return async (question, signal) => {
    if (question.ask === ASK_DISPLAY) {
      output.write(`${plainText(question.text)}\n`);
      return "yes";
    }
    const isTerminal = "isTTY" in input && input.isTTY === true;
    return isTerminal ? askLine(question, { input, output, signal }) : "no";
  };
}

interface Line {
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream;
  signal: AbortSignal;
}

function askLine(question: Question, { input, output, signal }: Line): Promise<Answer> {
  const { answerSecondsMax, isYesFirst } = parseOptions(question.options);
  const choices = `${isYesFirst ? "Y/n" : "y/N"}${question.ask === ASK_JOB ? "/later" : ""}`;
  const line = createInterface({ input, output, terminal: true });
  return new Promise((resolve) => {
    const finish = (answer: Answer) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
      // Closing is told at once, and must not come before the answer.
      resolve(answer);
      line.close();
    };
    const giveUp = () => finish("cancel");
    const timer = setTimeout(() => finish("timeout"), answerSecondsMax * 1000);
    signal.addEventListener("abort", giveUp, { once: true });
    line.on("SIGINT", giveUp);
    // End of input without an answer: nobody said yes.
    line.on("close", () => finish("no"));
    line.question(`${plainText(question.text)} [${choices}] `, (text) => {
      finish(answerOf(text.trim().toLowerCase(), question, isYesFirst));
    });
    if (signal.aborted) giveUp();
  });
}

function answerOf(text: string, question: Question, isYesFirst: boolean): Answer {
  if (text === "") return isYesFirst ? "yes" : "no";
  if (text === "y" || text === "yes") return "yes";
  if (question.ask === ASK_JOB && /^l(ater)?$/.test(text)) return "later";
  return "no";
}
