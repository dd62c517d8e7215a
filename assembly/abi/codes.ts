// Numbers that the core, the TypeScript host and the C host share. Written in the part of the
// language that AssemblyScript and TypeScript have in common, so that both compilers read this one
// file.

/**
 * Addresses in linear memory of the block through which core and host talk. It ends where static
 * data begins.
 *
 *   core -> host   Reason, Arg0..Arg7, Hmac of our message, Look
 *   host -> core   everything else; configuration before `start`, Now before `start` and
 *                  every `resume`, the answer fields before the first `feed` of an answer
 */
export const enum Block {
  Reason = 16,
  Arg0 = 20,
  Arg1 = 24,
  Arg2 = 28,
  Arg3 = 32,
  Arg4 = 36,
  Arg5 = 40,
  Arg6 = 44,
  Arg7 = 48,
  /** Seconds since 1970 UTC, 0 unknown. */
  Now = 52,
  /** Size of one journal region in bytes, REGION_BYTES_MIN at least. */
  RegionBytes = 56,
  /** Write unit of the journal in bytes: a power of two, 1 to 64. */
  WriteUnit = 60,
  /** Number of content slots, 2 to SLOTS_MAX. */
  SlotCount = 64,
  /** Bits of `Option`. */
  Options = 68,
  /** MaxMsgSize announced to the server, 512 to the size of the receive buffer. */
  MaxMsgBytes = 72,
  /** MaxObjSize announced to the server. */
  MaxObjBytes = 76,
  /** HTTP status of the answer. */
  HttpStatus = 80,
  /** Offset of the first byte that this answer to a Fetch delivers. */
  FirstOffset = 84,
  /** Length of the whole object, -1 unknown. */
  TotalBytes = 88,
  /** A value of `Media`. */
  MediaType = 92,
  /** Length of Validator, 0 to VALIDATOR_BYTES_MAX. */
  ValidatorBytes = 96,
  Validator = 100,
  /** Length of RootName, 1 to 31. */
  RootNameBytes = 164,
  /** Name of the SCOMO object's root below `.`, UTF-8. */
  RootName = 168,
  /** How many of Vendors and of Classes are filled, 0 to 4 each. */
  VendorCount = 200,
  ClassCount = 204,
  Vendors = 208,
  Classes = 272,
  /** Capacity of each slot in bytes, SLOTS_MAX numbers. */
  SlotBytes = 336,
  /** Length of Hmac in the answer, 0 where it has none. */
  HmacBytes = 464,
  /** Value of the header x-syncml-hmac: of our message, then of the answer. */
  Hmac = 468,
  /**
   * Bytes of a payload after which it is recorded how far it has come: a multiple of 1,024 at which
   * a slot can be erased, 0 never.
   */
  ProgressBytes = 724,
  /** Where `look` puts up to LOOK_BYTES. */
  Look = 768,
  End = 1024,
}

export const enum Bound {
  LookBytes = 256,
  ValidatorBytesMax = 64,
  HmacBytesMax = 256,
  SlotsMax = 32,
  RegionBytesMin = 24576,
  WriteUnitMax = 64,
  RootNameBytesMax = 31,
  /** What a person may put in to answer an alert, in bytes of UTF-8. */
  InputBytesMax = 256,
  /** Format, Type and Data of a client event. */
  EventBytesMax = 256,
  /** Fetch delivers blocks of at most this many bytes. */
  FetchBytes = 1024,
}

export const enum Option {
  /** Execs inside Atomic are refused (DM 1.2 to the letter) instead of bound. */
  AtomicRefuse = 1,
  /** A Delivery Package may only bring components that have an inventory entry. */
  KnownComponents = 2,
  /** Every Exec that would record a job is refused. May change between runs. */
  RefuseExec = 4,
}

/**
 * What `step` answers: why it handed control to the host. The arguments are in Block.Arg0 and
 * following.
 */
export const enum Wait {
  /** Nothing left to do. Err of the run, receive buffer address, its size. */
  Done = 0,
  /**
   * POST a message: url, url bytes, body, body bytes, receive buffer, its size, value of
   * x-syncml-hmac, its bytes (0: without that header). Answer by one `feed`, then `resume`.
   */
  Exchange = 1,
  /**
   * GET part of an object: url, url bytes, first offset, validator, validator bytes, buffer, its
   * size, 1 if relative to the last object that was not.
   */
  Fetch = 2,
  /** Make every earlier write and erase durable. */
  Durable = 3,
  /**
   * Ask a person: a value of `Ask`, text, text bytes, options, options bytes, choices, their bytes,
   * buffer of INPUT_BYTES_MAX. What the person puts in by one `feed`, then `resume`.
   */
  Confirm = 4,
  /**
   * Last chance to veto: id, id bytes, version, version bytes, slot, bytes in the slot, wanted
   * `ComponentState`.
   */
  Prepare = 5,
  /** Make this the one in force; slot -1: remove it. Arguments as for Prepare. */
  Ensure = 6,
  /** Is this component well? Arguments as for Prepare. */
  Health = 7,
  /**
   * Is this signature good? COSE algorithm, key, key bytes (32: Ed25519; 64: x and y of P-256),
   * what was signed, its bytes, signature of 64 bytes. Anything but Ok is a no.
   */
  Verify = 8,
  /** Come back after Arg0 milliseconds. */
  Pause = 9,
}

/** What a Confirm is about: the code of a user interaction alert, or a job of the device's own. */
export const enum Ask {
  Job = 0,
  Display = 1100,
  ConfirmOrReject = 1101,
  TextInput = 1102,
  SingleChoice = 1103,
  MultipleChoice = 1104,
}

/** Kind of content that an answer carries, from its media type. */
export const enum Media {
  Message = 0,
  Descriptor = 1,
  Delivery = 2,
  Other = 3,
}

/**
 * Failures inside the core and at its exports; 0 is success. Gaps by meaning: -1..-19 the input is
 * bad, -20..-39 the device cannot, -40..-59 the host failed, -60.. we are wrong. docs/errors.md has
 * a row for each.
 */
export const enum Err {
  Ok = 0,
  /** The input ends inside a structure. */
  Truncated = -1,
  /** The input breaks the grammar of its format. */
  Malformed = -2,
  /** Well-formed, but a version, charset, scheme or kind that this client does not speak. */
  Unsupported = -3,
  /** Signature or digest of a Delivery Package could not be positively validated. */
  Untrusted = -4,
  /** A Delivery Package for another device or with something this device does not know. */
  NotForDevice = -5,
  /**
   * A Delivery Package that contradicts itself, is older than what is in force, or lacks a
   * dependency.
   */
  Inconsistent = -6,
  /** The server refused our credentials for good. */
  LoginRefused = -7,
  /** The server did not prove who it is. */
  ServerUnproven = -8,
  /** A notification that does not prove itself: forged, or its nonce has been used since. */
  Replayed = -9,
  /** No such node, account or entry. */
  NotFound = -10,
  /** A node of that name is there already. */
  Exists = -11,
  /** The node does not allow this command. */
  NotAllowed = -12,
  /** The ACL does not grant it. */
  Denied = -13,
  /** A URI, segment or depth above the limits of DevDetail/URI. */
  UriTooLong = -14,
  /** A format or media type that the node does not take. */
  BadFormat = -15,
  /** The peer ended the session by Alert 1223. */
  Aborted = -16,
  /** A command lacks a part that it needs. */
  Incomplete = -17,
  /** The answer was HTTP, but its status was not 200. */
  HttpStatus = -18,
  /** What the answer holds is not a DM message in WBXML. */
  WrongMedia = -19,
  /** A value above a limit of this build. */
  TooLarge = -20,
  /** Storage has no room left. */
  NoSpace = -21,
  /** A table of this build is full. */
  Full = -22,
  /** The object is in use by an operation. */
  Busy = -23,
  /** An optional feature that this build does not have. */
  NotImplemented = -24,
  /** Nested deeper than this build follows. */
  TooDeep = -25,
  /** The message would be larger than the peer takes. */
  DoesNotFit = -26,
  /** Storage failed; what was written is unknown. */
  Storage = -40,
  /** Stored bytes do not match their checksum. */
  Damaged = -41,
  /** No connection, or it broke. */
  Transport = -42,
  /** The person or the host said no. */
  Refused = -43,
  /** Not now; ask again. */
  Later = -44,
  /** The person cancelled. */
  Cancelled = -45,
  /** Nobody answered in time. */
  TimedOut = -46,
  /** The peer is there but answers with a server failure. */
  ServerError = -47,
  /** The peer wants HTTP credentials. */
  HttpLogin = -48,
  /** An export was called when it may not be. */
  Misuse = -60,
}

/** What `look` reads. Layouts: docs/abi.md. */
export const enum Look {
  Node = 0,
  Delivered = 1,
  Deployed = 2,
  Operation = 3,
  Job = 4,
  Outcome = 5,
  Device = 6,
}

/** Values of the State leaf of a Deployed component. */
export const enum ComponentState {
  Inactive = 10,
  Active = 20,
}

/** Values of the State leaf of a Delivered package. */
export const enum DeliveryState {
  Delivered = 10,
  Installed = 20,
}

/** SCOMO Primitives, as stored in a JOB record. */
export const enum Primitive {
  Download = 0,
  DownloadInstall = 1,
  DownloadInstallInactive = 2,
  Install = 3,
  InstallInactive = 4,
  RemoveDelivered = 5,
  Activate = 6,
  Deactivate = 7,
  RemoveDeployed = 8,
}

/** State of the open operation. */
export const enum OperationState {
  Planned = 0,
  Committed = 1,
  Rolling = 2,
}

/** Format property of a node. */
export const enum Format {
  Chr = 0,
  Node = 1,
  Int = 2,
  Bin = 3,
  Bool = 4,
  B64 = 5,
  Null = 6,
  Xml = 7,
  Date = 8,
  Time = 9,
  Float = 10,
}
