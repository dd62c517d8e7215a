import type { Element } from "./element.ts";

// Code pages of a SyncML document, from the DM Representation Protocol and the TND annex.
// Typed in from the documents; deliberately not shared with the client's core.

// Global tokens, the same in every code page.
export const SWITCH_PAGE = 0x00;
export const END = 0x01;
export const ENTITY = 0x02;
export const STR_I = 0x03;
export const LITERAL = 0x04;
export const PI = 0x43;
export const STR_T = 0x83;
export const OPAQUE = 0xc3;

// Parts of a tag byte.
export const HAS_CONTENT = 0x40;
export const HAS_ATTRIBUTES = 0x80;
export const TAG_MASK = 0x3f;
export const FIRST_TAG = 0x05;

export const UTF8 = 106;
export const US_ASCII = 3;

/** Place of a number that no version defines. */
const RESERVED = "-";

const SYNCML = `
  Add Alert Archive Atomic Chal Cmd CmdID CmdRef Copy Cred Data
  Delete Exec Final Get Item Lang LocName LocURI Map MapItem Meta
  MsgID MsgRef NoResp NoResults Put Replace RespURI Results Search Sequence SessionID
  SftDel Source SourceRef Status Sync SyncBody SyncHdr SyncML Target TargetRef -
  VerDTD VerProto NumberOfChanges MoreData Field Filter Record FilterType SourceParent
  TargetParent Move Correlator`;

const METINF = `
  Anchor EMI Format FreeID FreeMem Last Mark MaxMsgSize Mem MetInf Next NextNonce
  SharedMem Size Type Version MaxObjSize FieldLevel`;

const DMDDF = `
  AccessType ACL Add b64 bin bool chr CaseSense CIS Copy CS date DDFName DefaultValue
  Delete Description DFFormat DFProperties DFTitle DFType Dynamic Exec float Format
  Get int Man MgmtTree MIME Mod Name Node node NodeName null Occurrence One OneOrMore
  OneOrN Path Permanent Replace RTProperties Scope Size time Title TStamp Type Value
  VerDTD VerNo xml ZeroOrMore ZeroOrN ZeroOrOne`;

const PAGES = [SYNCML, METINF, DMDDF].map((names) => names.trim().split(/\s+/));

const TOKENS = PAGES.map((names) => new Map(names.map((name, i) => [name, i + FIRST_TAG])));

export const PAGE_COUNT = PAGES.length;

export const NAMESPACES = ["SYNCML:SYNCML1.2", "syncml:metinf", "syncml:dmddf1.2"];

/** Name of tag `token` (05 to 3F) of `page`, undefined where none is defined. */
export function nameOf(page: number, token: number): string | undefined {
  const name = PAGES[page]?.[token - FIRST_TAG];
  return name === RESERVED ? undefined : name;
}

/** Token of `name` on `page`. */
export function tokenOf(page: number, name: string): number | undefined {
  return name === RESERVED ? undefined : TOKENS[page]?.get(name);
}

/** The page on which the children of an element stand, if their names are defined there. */
export function contextOf(page: number, name: string): number {
  return page === 0 && name === "Meta" ? 1 : page;
}

/** Page of `name` below an element whose children stand on `context`; undefined if unknown. */
export function pageOf(name: string, context: number): number | undefined {
  return [context, 0, 1, 2].find((page) => tokenOf(page, name) !== undefined);
}

export interface DocumentType {
  /** Registered number, 0 where there is none and the identifier goes into the string table. */
  number: number;
  identifier: string;
  xmlns: string;
  root: string;
}

/** What a DM server may receive; the first of each root is what it sends. */
export const DOCUMENT_TYPES: readonly DocumentType[] = [
  type(0x1201, "-//SYNCML//DTD SyncML 1.2//EN", "SYNCML:SYNCML1.2", "SyncML"),
  type(0x0fd3, "-//SYNCML//DTD SyncML 1.1//EN", "SYNCML:SYNCML1.1", "SyncML"),
  type(0x0fd1, "-//SYNCML//DTD SyncML 1.0//EN", "SYNCML:SYNCML1.0", "SyncML"),
  type(0x1202, "-//SYNCML//DTD MetInf 1.2//EN", "syncml:metinf", "MetInf"),
  type(0, "-//OMA//DTD-DM-DDF 1.2//EN", "syncml:dmddf1.2", "MgmtTree"),
];

function type(number: number, identifier: string, xmlns: string, root: string): DocumentType {
  return { number, identifier, xmlns, root };
}

/** The document type that names a root; of an unknown root, SyncML 1.2. */
export function documentTypeOf(root: Element): DocumentType {
  return DOCUMENT_TYPES.find(
    (known) => known.root === root.name && (root.xmlns ?? known.xmlns) === known.xmlns,
  ) ?? DOCUMENT_TYPES.find((known) => known.root === root.name) ?? DOCUMENT_TYPES[0]!;
}
