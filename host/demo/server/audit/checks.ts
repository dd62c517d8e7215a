/** One rule of the documents that a client's message is held against. */
export interface Check {
  /** Document by its short name, and section where the section is known. */
  readonly clause: string;
  /** What the client must do, in one sentence without a full stop. */
  readonly sentence: string;
  /** Without it the session means nothing: a strict server ends it. */
  readonly isFatal?: true;
}

/** Every check by its id. An id, once published, keeps its meaning. */
export const CHECKS = {
  // The carrier of a message.
  "http-content-type": {
    clause: "DM REP 1.2 §5.1",
    sentence: "a message goes out as application/vnd.syncml.dm+wbxml",
  },
  "http-accept": {
    clause: "SyncML HTTP 1.2",
    sentence: "Accept names the type of the answer, the one of the message",
  },
  "wbxml-version": {
    clause: "DM REP 1.2 §5.2",
    sentence: "a message is WBXML 1.1, 1.2 or 1.3",
  },
  "wbxml-public-id": {
    clause: "DM REP 1.2 §5.2",
    sentence: "the public identifier is 0x1201 or -//SYNCML//DTD SyncML 1.2//EN",
  },
  "wbxml-charset": {
    clause: "WBXML 1.3 §5.6",
    sentence: "the charset is named and is UTF-8 or a part of it",
  },
  "document-readable": {
    clause: "DM REP 1.2 §5.2",
    sentence: "a message is a WBXML document of a SyncML message with its header",
    isFatal: true,
  },

  // Form: the content models of the DTD.
  "form-child": {
    clause: "SyncML Common 1.2 DTD; DM REP 1.2 §6",
    sentence: "an element holds no child but those that DM knows there",
  },
  "form-order": {
    clause: "SyncML Common 1.2 DTD",
    sentence: "children stand in the order of the DTD",
  },
  "form-missing": {
    clause: "SyncML Common 1.2 DTD; DM REP 1.2 §6",
    sentence: "an element holds every child that it must have",
  },
  "form-repeated": {
    clause: "SyncML Common 1.2 DTD",
    sentence: "a child stands once where the DTD allows one",
  },
  "form-empty": {
    clause: "SyncML Common 1.2 DTD",
    sentence: "SyncBody holds a command",
  },
  "body-command": {
    clause: "DM PRO 1.2 §8",
    sentence: "a client sends Replace, Results, Alert and Status, nothing else",
  },
  "final-last": {
    clause: "SyncML Common 1.2 DTD",
    sentence: "Final is the last element of SyncBody",
  },
  "cmdid-missing": {
    clause: "DM REP 1.2 §6.1.4",
    sentence: "every command has a CmdID",
    isFatal: true,
  },
  "cmdid-zero": {
    clause: "DM REP 1.2 §6.1.4",
    sentence: "CmdID 0 is not used",
    isFatal: true,
  },
  "cmdid-unique": {
    clause: "DM REP 1.2 §6.1.4",
    sentence: "a CmdID is used once in a message",
    isFatal: true,
  },

  // Header.
  "header-verdtd": {
    clause: "DM PRO 1.2 §8.3",
    sentence: "VerDTD is 1.2",
  },
  "header-verproto": {
    clause: "DM PRO 1.2 §8.3",
    sentence: "VerProto is DM/1.2",
  },
  "header-session": {
    clause: "DM PRO 1.2 §8.3",
    sentence: "SessionID is the same in all messages of a session",
    isFatal: true,
  },
  "header-msgid": {
    clause: "SyncML Common 1.2",
    sentence: "MsgID begins with 1 and grows by 1 with each message",
    isFatal: true,
  },
  "header-target": {
    clause: "DM PRO 1.2 §8.3",
    sentence: "Target is the address of the server, the same in all messages of a session",
  },
  "header-source": {
    clause: "DM STDOBJ 1.2 §5.3.2",
    sentence: "Source is the value of ./DevInfo/DevId",
  },
  "cred-after-212": {
    clause: "DM SEC 1.2 §5.3",
    sentence: "after 212 no message of the session carries Cred",
  },
  "cred-missing": {
    clause: "DM SEC 1.2 §5.3",
    sentence: "after a challenge, and after 200 for a message with Cred, the next carries Cred",
  },
  "cred-scheme": {
    clause: "DM SEC 1.2 §5.3",
    sentence: "Cred is of the scheme that was asked for, and never syncml:auth-MAC",
  },
  "cred-format": {
    clause: "DM REP 1.2 §6.1.6",
    sentence: "Format of a Cred is b64",
  },
  "cred-locname": {
    clause: "DM SEC 1.2 §5.3",
    sentence: "with md5 and MAC, LocName of Source is the user's name",
  },
  "mac-missing": {
    clause: "DM SEC 1.2 §5.4",
    sentence: "once MAC is used, every message has the x-syncml-hmac header",
  },

  // Package #1.
  "setup-alert": {
    clause: "DM PRO 1.2 §8.3",
    sentence: "the first command of a session is one Alert 1200 or 1201, and there is no other",
    isFatal: true,
  },
  "setup-cause": {
    clause: "DM PRO 1.2 §8.3",
    sentence: "Alert 1200 opens a session that was notified, Alert 1201 any other",
  },
  "setup-devinfo": {
    clause: "DM PRO 1.2 §8.3",
    sentence: "the first message brings DevId, Man, Mod, DmV and Lang of ./DevInfo with a value",
    isFatal: true,
  },
  "setup-source": {
    clause: "DM PRO 1.2 §8.3",
    sentence: "an Item of the Replace names its node in Source, not in Target",
  },
  "replace-devinfo": {
    clause: "DM PRO 1.2 §8",
    sentence: "a client replaces nodes of ./DevInfo only",
  },

  // Packages and messages.
  "final-early": {
    clause: "DM PRO 1.2 §6",
    sentence: "a client closes no package before the server has closed the one it answers",
  },
  "final-missing": {
    clause: "DM PRO 1.2 §6",
    sentence: "the last message of a package has Final, and asks a server that is done for nothing",
  },
  "next-missing": {
    clause: "DM REP 1.2 §6.5",
    sentence: "a chunk that was taken is answered with Alert 1222",
  },
  "session-over": {
    clause: "DM PRO 1.2 §8",
    sentence: "nothing is sent after the session has ended",
    isFatal: true,
  },
  "size-message": {
    clause: "SyncML MetaInfo 1.2",
    sentence: "no message is larger than the server's MaxMsgSize",
  },
  "size-object": {
    clause: "SyncML MetaInfo 1.2",
    sentence: "no object is larger than the server's MaxObjSize; the Get is answered 413",
  },

  // Status.
  "status-header": {
    clause: "DM PRO 1.2 §8",
    sentence: "every answer has a Status for SyncHdr",
    isFatal: true,
  },
  "status-header-first": {
    clause: "DM PRO 1.2 §11",
    sentence: "the Status for SyncHdr comes before all others",
  },
  "status-reference": {
    clause: "SyncML Common 1.2",
    sentence: "MsgRef and CmdRef name a command of the server",
  },
  "status-cmd": {
    clause: "SyncML Common 1.2",
    sentence: "Cmd is the name of the command",
  },
  "status-once": {
    clause: "DM REP 1.2 §6.5",
    sentence: "a command has one Status, or one for each Item with its TargetRef",
  },
  "status-target": {
    clause: "DM REP 1.2 §6.5",
    sentence: "TargetRef is the Target of an Item of the command",
  },
  "status-missing": {
    clause: "DM PRO 1.2 §8",
    sentence: "every command is answered before the package is closed",
  },
  "status-order": {
    clause: "DM PRO 1.2 §11",
    sentence: "Status elements stand in the order of the commands, a group's before its members'",
  },
  "status-data": {
    clause: "SyncML Common 1.2 §10",
    sentence: "Data of a Status is a code of three digits",
  },
  "status-code": {
    clause: "DM REP 1.2 §6.6",
    sentence: "the code is one that the command may be answered with",
  },
  "status-unproven": {
    clause: "DM SEC 1.2 §5.3",
    sentence: "while the server has not proved itself, each command is answered 401 or 407",
  },
  "chal-place": {
    clause: "DM SEC 1.2 §5.3",
    sentence: "Chal stands in the Status for SyncHdr only",
  },
  "chal-missing": {
    clause: "DM PRO 1.2 §9.1",
    sentence: "the first 401 or 407 of a session comes with Chal",
  },
  "chal-form": {
    clause: "DM SEC 1.2 §5.3",
    sentence: "Chal has a Type that is known, Format b64 and, but for basic, NextNonce",
  },
  "atomic-done": {
    clause: "DM REP 1.2 §6.6.3",
    sentence: "an Atomic is 200 only where every member succeeded",
  },
  "atomic-failed": {
    clause: "DM REP 1.2 §6.6.3",
    sentence: "a failed Atomic has members with 216, 516 or 215, the failing one, then 215",
  },
  "sequence-stopped": {
    clause: "DM PRO 1.2 §10.2.2",
    sentence: "behind an Alert that was answered 304, 214 or 408 the members of a Sequence are 215",
  },

  // Results.
  "results-reference": {
    clause: "DM REP 1.2 §6.6.12",
    sentence: "Results refer to a Get of the server",
  },
  "results-order": {
    clause: "DM REP 1.2 §6.6.12",
    sentence: "Results come after the Status of their Get",
  },
  "results-missing": {
    clause: "DM REP 1.2 §6.6.7",
    sentence: "a Get that succeeded has Results",
  },
  "results-unasked": {
    clause: "DM REP 1.2 §6.6.7",
    sentence: "a Get that failed has no Results",
  },
  "results-source": {
    clause: "DM REP 1.2 §6.6.12",
    sentence: "Source of a Results Item is the URI that was asked for, or below it with ?list",
  },

  // Large objects.
  "large-size": {
    clause: "DM PRO 1.2 §7",
    sentence: "the first chunk, and no other, has Size",
  },
  "large-sum": {
    clause: "DM PRO 1.2 §7",
    sentence: "the chunks together have as many bytes as Size says",
  },
  "large-between": {
    clause: "DM PRO 1.2 §7",
    sentence: "nothing new comes between the chunks of an object, but for Alert 1225",
  },
  "large-last": {
    clause: "DM PRO 1.2 §7",
    sentence: "a chunk with MoreData is the last Item of its command and its message",
  },
  "large-final": {
    clause: "DM PRO 1.2 §7",
    sentence: "a message whose object goes on has no Final",
  },
  "large-code": {
    clause: "DM PRO 1.2 §7",
    sentence: "a chunk with MoreData is answered 213 or with a failure, anything else without 213",
  },
  "size-item": {
    clause: "DM TND 1.2 §7.7.4",
    sentence: "Size of an object in one piece is the number of its bytes",
  },

  // Alerts.
  "alert-code": {
    clause: "DM REP 1.2 §7",
    sentence: "a client sends Alert 1200, 1201 and 1222 to 1226",
  },
  "alert-items": {
    clause: "DM REP 1.2 §7",
    sentence: "Alert 1222 and 1223 have no Item",
  },
  "alert-interrupted": {
    clause: "DM REP 1.2 §7",
    sentence: "Alert 1225 names the interrupted object in an Item with Target or Source",
  },
  "event-item": {
    clause: "DM REP 1.2 §6.6.2",
    sentence: "Alert 1224 has an Item, and each has Type, Format and Data",
  },
  "generic-item": {
    clause: "DM PRO 1.2 §8.7",
    sentence: "Alert 1226 has an Item, and each has Type, Format and Data",
  },
  "generic-mark": {
    clause: "DM PRO 1.2 §8.7",
    sentence: "Mark is one of the seven words for importance",
  },
  "generic-correlator": {
    clause: "DM PRO 1.2 §8.7",
    sentence: "Correlator is that of the Exec whose outcome the alert tells",
  },
  "scomo-type": {
    clause: "SCOMO 1.0",
    sentence: "Type of an outcome is exactly urn:oma:at:scomo:1.0:OperationComplete",
  },
  "scomo-source": {
    clause: "SCOMO 1.0",
    sentence: "Source of an outcome is the operation that was executed",
  },
  "scomo-data": {
    clause: "SCOMO 1.0 §8.7",
    sentence: "Data of an outcome is a ResultCode of the table and an Identifier",
  },
} as const satisfies Readonly<Record<string, Check>>;

export type CheckId = keyof typeof CHECKS;

/** What a client did against one of the checks. */
export interface Deviation {
  check: CheckId;
  clause: string;
  sentence: string;
  /** MsgID of the client's message. */
  message: string;
  /** What was found there; never a secret, at most `FOUND_CHARS_MAX` characters. */
  found: string;
  /** Element, as a path of names, where it is one. */
  path?: string;
}

/** Takes what one check has found. */
export type Note = (check: CheckId, found: string, path?: string) => void;

export const FOUND_CHARS_MAX = 160;

/** A value from the network for `found`: short and on one line. */
export function quoted(value: string | undefined): string {
  if (value === undefined) return "none";
  return JSON.stringify(value.length > 48 ? `${value.slice(0, 47)}…` : value);
}

export function isFatal(check: CheckId): boolean {
  return (CHECKS[check] as Check).isFatal === true;
}

/** A deviation in one line. */
export function lineOf({ check, clause, message, found, path }: Deviation): string {
  const place = path === undefined ? "" : ` at ${path}`;
  return `message ${message}: ${check} (${clause}): ${found}${place}`;
}
