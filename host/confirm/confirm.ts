// Asking a person.
import type { Ask } from "../../assembly/abi/codes.ts";

export interface Question {
  /** 0 a job of the device's own, 1100 something to show, 1101 a yes or no of the server's. */
  ask: Ask;
  /** From the network: show it as text, without the control characters in it. */
  text: string;
  /** The option string of the alert, as in `MAXDT=30&DR=1`; see `parseOptions`. */
  options: string;
}

/**
 * `yes` also says that a text was shown. `later` is for a job only: it stays recorded and is asked
 * again in the next run. `unsupported`: this device has nobody to ask.
 */
export type Answer = "yes" | "no" | "cancel" | "timeout" | "later" | "unsupported";

/** Puts a question to a person. After `signal` the answer is not used any more. */
export type Confirm = (question: Question, signal: AbortSignal) => Promise<Answer>;

export interface QuestionOptions {
  /** Show it at least that long, seconds. */
  showSecondsMin: number;
  /** Give up after that, seconds; a timeout is never a yes. */
  answerSecondsMax: number;
  /** What is highlighted at first. */
  isYesFirst: boolean;
}

const SECONDS_DEFAULT = 300;
const SECONDS_MAX = 86_400;

/**
 * Reads an option string; what is unknown or unusable is skipped, a missing `&` included.
 *
 * @spec DM PRO 1.2 §10.3
 */
export function parseOptions(text: string): QuestionOptions {
  const seconds = (name: string, otherwise: number) => {
    const value = Number(new RegExp(`${name}=(\\d{1,9})`).exec(text)?.[1] ?? otherwise);
    return Math.min(value, SECONDS_MAX);
  };
  return {
    showSecondsMin: seconds("MINDT", 0),
    answerSecondsMax: seconds("MAXDT", 0) || SECONDS_DEFAULT,
    isYesFirst: /DR=1(?!\d)/.test(text),
  };
}

/** Text from the network for a terminal or a log: control characters become spaces. */
export function plainText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
}
