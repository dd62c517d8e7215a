import { Ask } from "../../assembly/abi/codes.ts";
import { plainText } from "../confirm/confirm.ts";
import type { Confirm } from "../confirm/confirm.ts";
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
  if (word === "ask") return terminalConfirm();
  return async (question) => {
    io.complain(plainText(question.text));
    if (question.ask === Ask.Display) return "yes";
    return word;
  };
}
