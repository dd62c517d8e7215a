import { Err } from "../abi/codes";

/**
 * Codes of Status elements that this client sends or tells apart.
 *
 * @spec SyncML Common 1.2 §10, DM REP 1.2 §6.6
 */
export const enum Status {
  Ok = 200,
  Accepted = 202,
  Authenticated = 212,
  /** A piece of a large object was taken. */
  Chunk = 213,
  Cancelled = 214,
  NotExecuted = 215,
  RolledBack = 216,
  NotModified = 304,
  Malformed = 400,
  WrongCredentials = 401,
  Forbidden = 403,
  NotFound = 404,
  NotAllowed = 405,
  NotSupported = 406,
  MissingCredentials = 407,
  TimedOut = 408,
  SizeRequired = 411,
  Incomplete = 412,
  TooLarge = 413,
  UriTooLong = 414,
  BadFormat = 415,
  /** The device cannot show it. */
  TooLargeToShow = 416,
  Exists = 418,
  Full = 420,
  SizeMismatch = 424,
  Denied = 425,
  Failed = 500,
  NotImplemented = 501,
  WrongDtd = 505,
  AtomicFailed = 507,
  WrongProtocol = 513,
  AnswerTooLarge = 517,
}

/** The Status that tells a server of a failure of a command. */
export function statusFor(err: i32): i32 {
  switch (err) {
    case Err.Ok:
      return Status.Ok;
    case Err.Malformed:
    case Err.NotFound:
      return Status.NotFound;
    case Err.Exists:
      return Status.Exists;
    case Err.NotAllowed:
      return Status.NotAllowed;
    case Err.Denied:
      return Status.Denied;
    case Err.UriTooLong:
      return Status.UriTooLong;
    case Err.BadFormat:
      return Status.BadFormat;
    case Err.Incomplete:
      return Status.Incomplete;
    case Err.TooLarge:
      return Status.TooLarge;
    case Err.NoSpace:
      return Status.Full;
    case Err.Busy:
      return Status.Forbidden;
    case Err.Later:
      return Status.Chunk;
    case Err.NotImplemented:
      return Status.NotSupported;
    default:
      return Status.Failed;
  }
}
