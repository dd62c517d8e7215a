// Asking a person: what there is to ask, what an alert's options mean for it, and the answers.
import { Ask, Bound, Err } from "../../assembly/abi/codes.ts";
import { fitsType, readOptions, type InputType } from "./options.ts";

export type { InputType } from "./options.ts";

interface Shown {
  /** From the network: show it as text, without the control characters in it (`plainText`). */
  text: string;
  /** Host name of the server that asks, to be shown with it; empty where that is not known. */
  server: string;
  /** Show it at least that long, a wish. */
  minSeconds: number;
  /** The client gives up after that, 1 to 86,400, and aborts the signal. */
  maxSeconds: number;
}

/** A job of the server's that the device has recorded; the text is its identifier. */
export type JobQuestion = Shown & { kind: "job" };
/** Alert 1100: a text to show. */
export type ShowQuestion = Shown & { kind: "show" };
/** Alert 1101: a yes or no; `default` is what is highlighted at first. */
export type YesNoQuestion = Shown & { kind: "confirm"; default: boolean };
/** Alert 1102: a line of text; `default` stands in the field at first. */
export type TextQuestion = Shown & {
  kind: "text";
  default: string;
  /** Characters; besides, a text has at most 256 bytes of UTF-8. */
  maxLength: number;
  input: InputType;
  /** False: what is typed is not to be seen. */
  echo: boolean;
};
/** Alert 1103: one of the choices, which count from 1; `default` is null where none is marked. */
export type ChoiceQuestion = Shown & {
  kind: "choice";
  choices: readonly string[];
  default: number | null;
};
/** Alert 1104: any of the choices, none included. */
export type ChoicesQuestion = Shown & {
  kind: "choices";
  choices: readonly string[];
  default: readonly number[];
};

export type Question =
  | JobQuestion
  | ShowQuestion
  | YesNoQuestion
  | TextQuestion
  | ChoiceQuestion
  | ChoicesQuestion;

/**
 * A text or numbers answer the questions that ask for them, `yes` all others; it also says that a
 * text was shown. `no` to one that asks for a text or a choice is `cancel`. `later` is for a job
 * only: it stays recorded and is asked again in the next run. `unsupported`: this device has nobody
 * to ask. `unshowable`: it cannot show this question.
 */
export type Answer =
  | "yes"
  | "no"
  | "cancel"
  | "timeout"
  | "later"
  | "unsupported"
  | "unshowable"
  | { text: string }
  | { choice: number }
  | { choices: readonly number[] };

/** What the core hears of an answer that is one word. */
export const ANSWERS: Record<Extract<Answer, string>, Err> = {
  yes: Err.Ok,
  no: Err.Refused,
  cancel: Err.Cancelled,
  timeout: Err.TimedOut,
  later: Err.Later,
  unsupported: Err.NotImplemented,
  unshowable: Err.TooLarge,
};

/** Puts a question to a person. After `signal` the answer is not used any more. */
export type Confirm = (question: Question, signal: AbortSignal) => Promise<Answer>;

/** What the core asks, as it has it from the server. */
export interface Asked {
  ask: Ask;
  text: string;
  /** As in `MAXDT=30&DR=1`. */
  options: string;
  choices: readonly string[];
}

/** @spec DM PRO 1.2 §10.3 */
export function questionOf({ ask, text, options, choices }: Asked, server: string): Question {
  const { default: initial, ...read } = readOptions(options, ask === Ask.TextInput);
  const { minSeconds, maxSeconds } = read;
  const shown: Shown = { text, server, minSeconds, maxSeconds };
  const numbers = numbersIn(initial).filter((number) => isChoice(number, choices.length));
  switch (ask) {
    case Ask.Job:
      return { ...shown, kind: "job" };
    case Ask.Display:
      return { ...shown, kind: "show" };
    case Ask.TextInput:
      return withDefault({ ...shown, ...read, kind: "text", default: "" }, initial);
    case Ask.SingleChoice:
      return { ...shown, kind: "choice", choices, default: numbers[0] ?? null };
    case Ask.MultipleChoice:
      return { ...shown, kind: "choices", choices, default: ascending(numbers) };
    default:
      return { ...shown, kind: "confirm", default: initial === "1" };
  }
}

/** A default that the question itself does not allow is none. */
function withDefault(question: TextQuestion, text: string): TextQuestion {
  return fitsText(question, text) ? { ...question, default: text } : question;
}

/** Whether a text is an answer that the question allows; the empty one always is. */
export function fitsText(question: TextQuestion, text: string): boolean {
  const isShort =
    [...text].length <= question.maxLength &&
    new TextEncoder().encode(text).length <= Bound.InputBytesMax;
  // A lone surrogate and a NUL have no place in a message.
  return isShort && !/[\0\p{Cs}]/u.test(text) && (text === "" || fitsType(question.input, text));
}

/** What goes to the server; undefined where the answer is none to this question. */
export function inputOf(
  question: Question, answer: Exclude<Answer, string>,
): string | readonly number[] | undefined {
  if ("text" in answer) {
    const isFit = question.kind === "text" && fitsText(question, answer.text);
    return isFit ? answer.text : undefined;
  }
  if ("choice" in answer) {
    const isFit =
      question.kind === "choice" && isChoice(answer.choice, question.choices.length);
    return isFit ? [answer.choice] : undefined;
  }
  if (question.kind !== "choices") return undefined;
  const isFit = answer.choices.every((number) => isChoice(number, question.choices.length));
  return isFit ? ascending(answer.choices) : undefined;
}

function isChoice(number: number, count: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= count;
}

/** Each number once. */
function ascending(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function numbersIn(text: string): number[] {
  return text.split("-").map((part) => (/^\d{1,9}$/.test(part) ? Number(part) : 0));
}

/** Asks, and gives up after the question's time or when `signal` fires; the answer is then late. */
export async function askWithin(
  confirm: Confirm,
  question: Question,
  signal: AbortSignal,
): Promise<Answer> {
  const end = new AbortController();
  let late: (answer: Answer) => void = () => undefined;
  const lateness = new Promise<Answer>((resolve) => (late = resolve));
  const giveUp = () => {
    late("cancel");
    end.abort(signal.reason);
  };
  const timer = setTimeout(() => {
    late("timeout");
    end.abort();
  }, question.maxSeconds * 1000);
  signal.addEventListener("abort", giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    return await Promise.race([lateness, confirm(question, end.signal)]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}

/** The answer as others may see it: what was not to be echoed is left out. */
export function withoutSecret(question: Question, answer: Answer): Answer {
  const isSecret = question.kind === "text" && !question.echo && typeof answer !== "string";
  return isSecret ? { text: "" } : answer;
}

/** Text from the network for a terminal or a log: control characters become spaces. */
export function plainText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
}
