// What a DM message is made of.

/** What `parse.nextCommand` found. */
export const enum Kind {
  /** No more commands in the message. */
  End = 0,
  Final,
  Add,
  Alert,
  /** A container: its members come next, then ContainerEnd. */
  Atomic,
  Copy,
  Delete,
  Exec,
  Get,
  Replace,
  Results,
  /** A container, as Atomic. */
  Sequence,
  Status,
  ContainerEnd,
  /** An element that is no command of DM. */
  Other,
}
