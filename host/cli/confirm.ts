import { Ask } from "../../assembly/abi/codes.ts";
import { plainText } from "../confirm/confirm.ts";
import type { Confirm, Question } from "../confirm/confirm.ts";
import { terminalConfirm } from "../confirm/terminal.ts";
import type { Io } from "./output.ts";
import { choice } from "./values.ts";

export type ConfirmWord = "yes" | "no" | "ask";

/** What `--confirm` says, or else whether there is somebody to ask. */
export function confirmWord(flag: string | undefined, io: Io): ConfirmWord {
  if (flag === undefined) return io.canAsk ? "ask" : "no";
  return choice("--confirm", flag, ["yes", "no", "ask"]);
}

/** Plays the user's part. */
export function confirmBy(word: ConfirmWord, io: Io): Confirm {
  const askPerson = terminalConfirm();
  return async (question, signal) => {
    const asked = { ...question, text: questionText(question) };
    if (word === "ask") return askPerson(asked, signal);
    const isShown = question.ask === Ask.Display;
    io.complain(isShown ? plainText(asked.text) : `${plainText(asked.text)} ${word}`);
    return isShown ? "yes" : word;
  };
}

/** What a person reads: of a job the core gives the name only. */
export function questionText({ ask, text }: Question): string {
  return ask === Ask.Job ? `Allow the server's job on "${text}"?` : text;
}
