// Questions and answers in words, for logs and for those who ask a person.
import type { Answer, Question } from "./confirm.ts";

/** What a person reads: of a job the core gives the name only. */
export function questionText({ kind, text }: Question): string {
  return kind === "job" ? `Allow the server's job on "${text}"?` : text;
}

/** An answer for a log, choices by their texts. */
export function answerText(question: Question, answer: Answer): string {
  if (typeof answer === "string") return answer;
  if ("text" in answer) return JSON.stringify(answer.text);
  const texts = "choices" in question ? question.choices : [];
  const numbers = "choice" in answer ? [answer.choice] : answer.choices;
  return numbers.map((number) => texts[number - 1] ?? `${number}`).join(", ") || "none";
}
