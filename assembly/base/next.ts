/**
 * What a machine answers when it does not wait for the host (a `Wait` is 0 or above).
 *
 * Again: call it once more. End: it has come to its end. Open: open a journal region first, then
 * call it once more.
 */
export const enum Next {
  Again = -1,
  End = -2,
  Open = -3,
}
