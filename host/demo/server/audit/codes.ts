/** What any command may be answered with. */
const COMMON = [200, 215, 400, 401, 407, 412, 500, 501, 514];

/** Further codes for each command. @spec DM REP 1.2 §6.6 */
const CODES: Readonly<Record<string, readonly number[]>> = {
  Add: [213, 216, 404, 405, 406, 411, 413, 414, 415, 418, 420, 424, 425, 510, 516],
  Alert: [202, 214, 216, 304, 406, 408, 415, 416, 516],
  Atomic: [406, 507, 517],
  Copy: [216, 403, 404, 405, 406, 413, 414, 415, 418, 420, 425, 510, 516],
  Delete: [216, 403, 404, 405, 406, 414, 425, 510, 516],
  Exec: [202, 216, 403, 404, 405, 406, 414, 420, 425, 510, 516],
  Get: [404, 405, 406, 413, 414, 415, 425, 510],
  Replace: [213, 216, 403, 404, 405, 406, 411, 413, 414, 415, 418, 420, 424, 425, 510, 516],
  Sequence: [406],
};

/** Codes for SyncHdr: the outcome of the login, or why the message cannot be taken. */
const HEADER_CODES = [200, 212, 400, 401, 402, 403, 406, 407, 500, 503, 505, 513];

/** Whether a code says that the command has been done, or will be. */
export function isDone(code: number): boolean {
  return code >= 200 && code < 213;
}

export function mayAnswer(command: string, code: number): boolean {
  return COMMON.includes(code) || (CODES[command] ?? []).includes(code);
}

export function mayAnswerHeader(code: number): boolean {
  return HEADER_CODES.includes(code);
}
