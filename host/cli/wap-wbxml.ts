import type { Characteristic } from "./wap.ts";
import { refuse } from "./values.ts";

// Tokens of a connectivity profile in WBXML. Only those that the profile of an application uses
// have names here; the rest is read over.
//
// Numbers: OMA-WAP-ProvCont 1.1 §8.

export const PROVISIONING_PUBLIC_ID = 0x0b;

const SWITCH_PAGE = 0x00;
const END = 0x01;
const STR_I = 0x03;
const STR_T = 0x83;
const OPAQUE = 0xc3;
const FIRST_VALUE = 0x80;

const TAG_MASK = 0x3f;
const DOCUMENT = 0x05;
const CHARACTERISTIC = 0x06;
const HAS_CONTENT = 0x40;
const HAS_ATTRIBUTES = 0x80;

/** Attribute starts by page: attribute and the beginning of its value. */
const STARTS: readonly { readonly [token: number]: readonly [string, string] }[] = [
  {
    0x05: ["name", ""], 0x06: ["value", ""], 0x07: ["name", "NAME"], 0x14: ["name", "INTERNET"],
    0x22: ["name", "TO-NAPID"], 0x23: ["name", "PORTNBR"], 0x24: ["name", "SERVICE"],
    0x50: ["type", ""], 0x53: ["type", "PORT"], 0x55: ["type", "NAPDEF"],
    0x56: ["type", "BOOTSTRAP"],
  },
  {
    0x05: ["name", ""], 0x06: ["value", ""], 0x07: ["name", "NAME"], 0x14: ["name", "INTERNET"],
    0x1c: ["name", "STARTPAGE"], 0x22: ["name", "TO-NAPID"], 0x23: ["name", "PORTNBR"],
    0x24: ["name", "SERVICE"], 0x2e: ["name", "AACCEPT"], 0x2f: ["name", "AAUTHDATA"],
    0x30: ["name", "AAUTHLEVEL"], 0x31: ["name", "AAUTHNAME"], 0x32: ["name", "AAUTHSECRET"],
    0x33: ["name", "AAUTHTYPE"], 0x34: ["name", "ADDR"], 0x35: ["name", "ADDRTYPE"],
    0x36: ["name", "APPID"], 0x37: ["name", "APROTOCOL"], 0x38: ["name", "PROVIDER-ID"],
    0x39: ["name", "TO-PROXY"], 0x3a: ["name", "URI"], 0x3b: ["name", "RULE"],
    0x50: ["type", ""], 0x53: ["type", "PORT"], 0x55: ["type", "APPLICATION"],
    0x56: ["type", "APPADDR"], 0x57: ["type", "APPAUTH"], 0x58: ["type", "CLIENTIDENTITY"],
    0x59: ["type", "RESOURCE"],
  },
];

const VALUES: readonly { readonly [token: number]: string }[] = [
  { 0x85: "IPV4", 0x86: "IPV6", 0x87: "E164", 0x88: "ALPHA" },
  {
    0x86: "IPV6", 0x87: "E164", 0x88: "ALPHA", 0x8d: "APPSRV", 0x8e: "OBEX", 0x90: ",",
    0x91: "HTTP-", 0x92: "BASIC", 0x93: "DIGEST",
  },
];

/** Reads a connectivity profile in WBXML; the root's characteristics. */
export function readWapWbxml(bytes: Uint8Array): Characteristic {
  return new Reader(bytes).document();
}

class Reader {
  private offset = 0;
  private table: Uint8Array = new Uint8Array(0);
  private tagPage = 0;
  private attributePage = 0;

  constructor(private readonly bytes: Uint8Array) {}

  document(): Characteristic {
    this.byte();
    if (this.integer() !== PROVISIONING_PUBLIC_ID) refuse("the profile is of another type");
    this.integer();
    this.table = this.take(this.integer());
    const root: Characteristic = { type: "", parms: new Map(), children: [] };
    const token = this.tag();
    if ((token & TAG_MASK) !== DOCUMENT) refuse("the profile is no wap-provisioningdoc");
    if ((token & HAS_ATTRIBUTES) !== 0) this.attributes();
    if ((token & HAS_CONTENT) !== 0) this.content([root]);
    if (this.offset !== this.bytes.length) refuse("the profile goes on after its end");
    return root;
  }

  /** Reads up to the END of the root; the stack holds the characteristics that are open. */
  private content(stack: Characteristic[]): void {
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const token = this.tag();
      if (token === END) {
        stack.pop();
        continue;
      }
      const attributes = (token & HAS_ATTRIBUTES) !== 0 ? this.attributes() : new Map();
      if ((token & TAG_MASK) === CHARACTERISTIC) {
        const type = String(attributes.get("type") ?? "");
        const child: Characteristic = { type, parms: new Map(), children: [] };
        top.children.push(child);
        if ((token & HAS_CONTENT) !== 0) stack.push(child);
        continue;
      }
      if ((token & HAS_CONTENT) !== 0) refuse("the profile has an element with content in it");
      const name = String(attributes.get("name") ?? "");
      top.parms.set(name, String(attributes.get("value") ?? ""));
    }
  }

  private tag(): number {
    for (;;) {
      const token = this.byte();
      if (token !== SWITCH_PAGE) return token;
      this.tagPage = this.byte();
      if (this.tagPage > 1) refuse(`the profile uses code page ${this.tagPage}`);
    }
  }

  private attributes(): Map<string, string> {
    const found = new Map<string, string>();
    let name = "";
    for (;;) {
      const token = this.byte();
      if (token === END) return found;
      if (token === SWITCH_PAGE) this.attributePage = this.byte();
      else if (token < FIRST_VALUE && token !== STR_I) {
        const [attribute, prefix] = STARTS[this.attributePage]?.[token] ?? [`#${token}`, ""];
        name = attribute;
        found.set(name, prefix);
      } else found.set(name, (found.get(name) ?? "") + this.value(token));
    }
  }

  private value(token: number): string {
    if (token === STR_I) return this.text(this.bytes, this.offset, true);
    if (token === STR_T) return this.text(this.table, this.integer(), false);
    if (token === OPAQUE) return Buffer.from(this.take(this.integer())).toString();
    return VALUES[this.attributePage]?.[token] ?? "";
  }

  /** A text up to its NUL; where it stands in the document, what follows is read next. */
  private text(source: Uint8Array, start: number, isInline: boolean): string {
    const end = source.indexOf(0, start);
    if (end < 0) refuse("the profile ends inside a text");
    if (isInline) this.offset = end + 1;
    return Buffer.from(source.subarray(start, end)).toString();
  }

  private byte(): number {
    const byte = this.bytes[this.offset++];
    return byte ?? refuse("the profile ends too early");
  }

  private integer(): number {
    let value = 0;
    for (let count = 0; count < 4; count++) {
      const byte = this.byte();
      value = value * 128 + (byte & 0x7f);
      if (byte < 128) return value;
    }
    return refuse("the profile has a number that is too large");
  }

  private take(count: number): Uint8Array {
    if (count > this.bytes.length - this.offset) refuse("the profile ends too early");
    this.offset += count;
    return this.bytes.subarray(this.offset - count, this.offset);
  }
}
