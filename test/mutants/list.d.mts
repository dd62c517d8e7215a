/** File, what stands there once, what stands there instead. */
export type Edit = readonly [file: string, before: string, after: string];

export interface Mutant {
  name: string;
  edits: readonly Edit[];
  /** Why it is no bug. */
  equivalent?: string;
}

export const MUTANTS: readonly Mutant[];
