// Download descriptors of OMA Download OTA 1.0: a small XML file that says where an object is, how
// large and of which type, and who wants to hear what became of it. Loaded when there is one.
import { DmError } from "../errors.ts";

export interface Descriptor {
  /** Absolute. */
  objectUrl: string;
  objectBytes: number;
  types: string[];
  /** Absolute; null: nobody wants to hear. */
  notifyUrl: string | null;
}

/** Statuses that are posted to installNotifyURI. @spec OMA DLOTA 1.0 §5.2 */
const STATUSES = {
  success: "900 Success",
  memory: "901 Insufficient memory",
  cancelled: "902 User Cancelled",
  loss: "903 Loss of Service",
  mismatch: "905 Attribute mismatch",
  descriptor: "906 Invalid descriptor",
  version: "951 Invalid DDVersion",
  aborted: "952 Device Aborted",
  content: "953 Non-Acceptable Content",
  loader: "954 Loader Error",
} as const;
export type ReportStatus = keyof typeof STATUSES;

/** A descriptor that cannot be used; `notifyUrl` wants to hear why where it could be read. */
export class DescriptorError extends DmError {
  constructor(
    why: string,
    readonly report: ReportStatus,
    readonly notifyUrl: string | null = null,
  ) {
    super("DM_UNSUPPORTED", `the download descriptor ${why}`);
  }
}

export const DESCRIPTOR_BYTES_MAX = 8192;
const NAMESPACE = "http://www.openmobilealliance.org/xmlns/dd";
const TAGS_MAX = 128;
const DEPTH_MAX = 4;
const TEXT_CHARS_MAX = 2048;

/** Line of a status report. */
export function reportLine(status: ReportStatus): string {
  return STATUSES[status];
}

/** What a SCOMO result is in a status report. */
export function reportOf(result: number): ReportStatus {
  const isMemory = result === 1404 || result === 1406;
  if (result >= 1200 && result < 1300) return "success";
  if (isMemory) return "memory";
  if (result === 1401) return "cancelled";
  if (result === 1402) return "loss";
  if (result === 1407) return "mismatch";
  if (result === 1413) return "content";
  return result === 1403 || result >= 1500 ? "loader" : "aborted";
}

/**
 * Reads a descriptor.
 *
 * @param baseUrl  what relative URLs in it are resolved against
 * @fails DM_UNSUPPORTED  a DescriptorError; nothing of the descriptor counts but who is to hear
 * @spec OMA DLOTA 1.0 §6.2
 */
export function parseDescriptor(bytes: Uint8Array, baseUrl: string): Descriptor {
  const fields = readFields(textOf(bytes));
  const url = (name: string) => {
    const value = fields.get(name)?.[0] ?? "";
    return value !== "" && URL.canParse(value, baseUrl) ? new URL(value, baseUrl).href : null;
  };
  const notifyUrl = url("installNotifyURI");
  const refuse = (why: string, report: ReportStatus = "descriptor") =>
    new DescriptorError(why, report, notifyUrl);
  for (const [name, values] of fields) {
    if (name !== "type" && values.length > 1) throw refuse(`has more than one ${name}`);
  }
  const version = fields.get("DDVersion")?.[0] ?? "1.0";
  if (!/^1(\.\d{1,4})?$/.test(version)) throw refuse("is not of version 1", "version");
  const objectUrl = url("objectURI");
  if (objectUrl === null) throw refuse("has no objectURI");
  const size = fields.get("size")?.[0] ?? "";
  if (!/^\d{1,10}$/.test(size) || Number(size) === 0) throw refuse("has no size");
  const types = (fields.get("type") ?? []).map(typeName).filter((type) => type !== "");
  if (types.length === 0) throw refuse("has no type");
  return { objectUrl, objectBytes: Number(size), types, notifyUrl };
}

/** A media type without its parameters. */
export function typeName(type: string): string {
  return type.split(";")[0]!.trim().toLowerCase();
}

function textOf(bytes: Uint8Array): string {
  if (bytes.length > DESCRIPTOR_BYTES_MAX) {
    throw new DescriptorError(`has more than ${DESCRIPTOR_BYTES_MAX} bytes`, "descriptor");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new DescriptorError("is not in UTF-8", "descriptor");
  }
}

const ATTRIBUTE = /\s+[A-Za-z_][\w:.-]*\s*=\s*(?:"[^"<]*"|'[^'<]*')/.source;
const TAG = `<(/?)([A-Za-z_][\\w.-]*:)?([A-Za-z_][\\w.-]*)((?:${ATTRIBUTE})*)\\s*(/?)>`;
const CDATA = /<!\[CDATA\[([\s\S]*?)\]\]>/.source;
/** A CDATA section, a comment, a tag, or text between them; a DOCTYPE is none of these. */
const TOKEN = new RegExp(`${CDATA}|<!--[\\s\\S]*?-->|${TAG}|([^<]+)`, "y");
const DECLARATION = /^<\?xml\s[^?<>]*\?>/;

/** Texts of the elements right below the root, by name. */
function readFields(whole: string): Map<string, string[]> {
  const text = whole.replace(DECLARATION, "").trim();
  const malformed = new DescriptorError("is malformed", "descriptor");
  if (/encoding\s*=\s*["'](?!utf-8|us-ascii)/i.test(DECLARATION.exec(whole)?.[0] ?? "")) {
    throw malformed;
  }
  const fields = new Map<string, string[]>();
  const open: string[] = [];
  let value = "";
  let tags = 0;
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length; ) {
    const found = TOKEN.exec(text);
    if (!found) throw malformed;
    const [, cdata, slash, , name = "", attributes = "", isEmpty, plain] = found;
    if (cdata !== undefined || plain !== undefined) {
      if (open.length === 0 && plain?.trim() !== "") throw malformed;
      if (open.length === 2) value += cdata ?? unescapeText(plain!, malformed);
      if (value.length > TEXT_CHARS_MAX) throw malformed;
      continue;
    }
    if (name === "") continue;
    if (++tags > TAGS_MAX || (open.length === 0 && tags > 1)) throw malformed;
    if (tags === 1 && (name !== "media" || slash || !isOurs(attributes))) throw malformed;
    if (!slash) {
      open.push(name);
      if (open.length > DEPTH_MAX) throw malformed;
      if (open.length === 2) value = "";
    }
    if (!slash && !isEmpty) continue;
    if (open.pop() !== name) throw malformed;
    if (open.length === 1) fields.set(name, [...(fields.get(name) ?? []), value.trim()]);
  }
  if (open.length > 0 || tags === 0) throw malformed;
  return fields;
}

/** The namespace, where the root names one. */
function isOurs(attributes: string): boolean {
  const names = [...attributes.matchAll(/xmlns(?::[\w.-]+)?\s*=\s*["']([^"']*)["']/g)];
  return names.length === 0 || names.some(([, name]) => name === NAMESPACE);
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

function unescapeText(text: string, malformed: DescriptorError): string {
  return text.replace(/&([^;&]{0,8});?/g, (whole, name: string) => {
    const code = /^#(?:x([0-9A-Fa-f]{1,6})|(\d{1,7}))$/.exec(name);
    const point = code ? parseInt(code[1] ?? code[2]!, code[1] ? 16 : 10) : 0;
    const isCharacter = point >= 0x20 && point <= 0x10_ffff && !(point >= 0xd800 && point < 0xe000);
    const value = code ? (isCharacter ? String.fromCodePoint(point) : undefined) : ENTITIES[name];
    if (value === undefined || !whole.endsWith(";")) throw malformed;
    return value;
  });
}
