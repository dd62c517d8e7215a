export type Version = readonly [major: number, minor: number, patch: number];

/** Largest value of each number, so that a version packs into 32 bits. */
const NUMBER_MAX: Version = [1023, 1023, 4095];

/** Reads "major.minor.patch"; null where it is no such text or a number is too large. */
export function parseVersion(text: string): Version | null {
  const numbers = parseNumbers(text);
  const [major, minor, patch] = numbers ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return null;
  return [major, minor, patch];
}

/** Reads ">=" and 1 to 3 numbers; null where it is no such text or a number is too large. */
export function parseNeed(text: string): number[] | null {
  return text.startsWith(">=") ? parseNumbers(text.slice(2).trim()) : null;
}

function parseNumbers(text: string): number[] | null {
  if (!/^(0|[1-9]\d{0,3})(\.(0|[1-9]\d{0,3})){0,2}$/.test(text)) return null;
  const numbers = text.split(".").map(Number);
  return isInRange(numbers) ? numbers : null;
}

/** True where each number is within its range of a packed version. */
export function isInRange(numbers: readonly number[]): boolean {
  return numbers.every((value, index) => {
    return Number.isInteger(value) && value >= 0 && value <= (NUMBER_MAX[index] ?? -1);
  });
}
