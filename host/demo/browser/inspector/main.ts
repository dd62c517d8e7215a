// The inspector: WBXML on one side, XML on the other, and what each byte is below.
import { Wbxml, WbxmlError } from "../../../wbxml/index.ts";
import { drawFault, drawRows, rowsOf } from "../annotated.ts";
import { byId } from "../page/dom.ts";
import { type Form, InputError, readBytes, showBytes } from "./input.ts";

const DM_TYPE = "application/vnd.syncml.dm+wbxml";
const BYTES_MAX = 1_048_576;
/** A message of the demo: the one that provisions its device. */
const EXAMPLE = "bootstrap-old.wbxml";

type Side = "wbxml" | "xml";

class Inspector {
  private readonly texts: { [side in Side]: HTMLTextAreaElement } = {
    wbxml: byId("wbxml"), xml: byId("xml"),
  };
  private readonly save = byId<HTMLButtonElement>("save");
  private readonly file = byId<HTMLInputElement>("file");
  private bytes = new Uint8Array(0);

  constructor(private readonly codec: Wbxml) {
    this.texts.wbxml.addEventListener("input", () => this.takeWbxml());
    this.texts.xml.addEventListener("input", () => this.takeXml());
    for (const radio of this.forms()) radio.addEventListener("change", () => this.showWbxml());
    this.file.addEventListener("change", () => void this.takeFile(this.file.files?.[0]));
    byId("example").addEventListener("click", () => void this.takeExample());
    byId("clear").addEventListener("click", () => this.clear());
    this.save.addEventListener("click", () => this.download());
    this.acceptDrops();
  }

  private takeWbxml(): void {
    const { value } = this.texts.wbxml;
    if (value.trim() === "") return this.clear();
    try {
      const { bytes, form } = readBytes(value);
      this.choose(form);
      this.show(bytes);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const { at, message } = error;
      this.refuse("wbxml", `Character ${at + 1}: ${message}.`);
      this.mark("wbxml", at);
    }
  }

  /** Shows a document on both sides. */
  private take(bytes: Uint8Array): void {
    this.bytes = new Uint8Array(bytes);
    this.showWbxml();
    this.show(bytes);
  }

  /** Decodes, and says what each byte is up to where the document is at fault. */
  private show(bytes: Uint8Array): void {
    this.bytes = new Uint8Array(bytes);
    this.accept();
    const options = { mediaType: DM_TYPE, maxBytes: BYTES_MAX };
    const { parts, fault, documentType } = this.codec.events(bytes, options);
    const rows = drawRows(bytes, rowsOf(bytes, parts));
    byId("rows").replaceChildren(rows);
    byId("bytes").hidden = false;
    this.save.disabled = false;
    if (fault) {
      rows.append(drawFault(bytes, fault.offset, reasonOf(fault)));
      this.texts.xml.value = "";
      this.refuse("wbxml", `Byte ${fault.offset}: ${reasonOf(fault)}.`);
      return;
    }
    this.texts.xml.value = this.codec.decode(bytes, { ...options, indent: "  " });
    this.say(`${documentType}, ${bytes.length} bytes.`);
  }

  private takeXml(): void {
    const { value } = this.texts.xml;
    if (value.trim() === "") return this.clear();
    try {
      const bytes = this.codec.encode(value, { maxBytes: BYTES_MAX });
      this.bytes = new Uint8Array(bytes);
      this.showWbxml();
      this.accept();
      const { parts, documentType } = this.codec.events(bytes, { maxBytes: BYTES_MAX });
      byId("rows").replaceChildren(drawRows(bytes, rowsOf(bytes, parts)));
      byId("bytes").hidden = false;
      this.save.disabled = false;
      this.say(`${documentType}, ${value.length} characters of XML, ${bytes.length} bytes.`);
    } catch (error) {
      if (!(error instanceof WbxmlError)) throw error;
      this.texts.wbxml.value = "";
      this.save.disabled = true;
      byId("bytes").hidden = true;
      this.refuse("xml", `${placeIn(value, error.offset)}: ${reasonOf(error)}.`);
    }
  }

  private async takeFile(file: File | undefined): Promise<void> {
    if (!file) return;
    this.file.value = "";
    if (file.size > BYTES_MAX) {
      this.refuse("wbxml", `${file.name} has ${file.size} bytes, more than ${BYTES_MAX}.`);
      return;
    }
    const bytes = new Uint8Array(await file.arrayBuffer());
    // A text file holds one of the forms that can be pasted; the first byte of WBXML is 1 to 3.
    if (bytes.length === 0 || bytes[0]! < 0x09) return this.take(bytes);
    const text = new TextDecoder().decode(bytes);
    const side = /^\ufeff?\s*</.test(text) ? "xml" : "wbxml";
    this.texts[side].value = text;
    if (side === "xml") this.takeXml();
    else this.takeWbxml();
  }

  private async takeExample(): Promise<void> {
    const response = await fetch(EXAMPLE);
    this.take(new Uint8Array(await response.arrayBuffer()));
  }

  private acceptDrops(): void {
    const sides = [...document.querySelectorAll(".side")];
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      for (const side of sides) side.classList.add("drop");
    });
    const leave = () => sides.forEach((side) => side.classList.remove("drop"));
    document.addEventListener("dragleave", leave);
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      leave();
      void this.takeFile(event.dataTransfer?.files[0]);
    });
  }

  private showWbxml(): void {
    this.texts.wbxml.value = showBytes(this.bytes, this.form);
  }

  private download(): void {
    const url = URL.createObjectURL(new Blob([this.bytes], { type: DM_TYPE }));
    const link = document.createElement("a");
    link.href = url;
    link.download = "message.wbxml";
    link.click();
    URL.revokeObjectURL(url);
  }

  private clear(): void {
    this.bytes = new Uint8Array(0);
    this.texts.wbxml.value = "";
    this.texts.xml.value = "";
    this.save.disabled = true;
    byId("bytes").hidden = true;
    this.accept();
    this.say("No message yet.");
  }

  private forms(): HTMLInputElement[] {
    return [...document.querySelectorAll<HTMLInputElement>("input[name=form]")];
  }

  private get form(): Form {
    return this.forms().find(({ checked }) => checked)!.value as Form;
  }

  private choose(form: Form): void {
    for (const radio of this.forms()) radio.checked = radio.value === form;
  }

  private accept(): void {
    byId("fault").hidden = true;
    for (const text of Object.values(this.texts)) {
      text.removeAttribute("aria-invalid");
      text.removeAttribute("aria-describedby");
    }
  }

  private refuse(side: Side, why: string): void {
    this.accept();
    byId("fault").textContent = why;
    byId("fault").hidden = false;
    this.texts[side].setAttribute("aria-invalid", "true");
    this.texts[side].setAttribute("aria-describedby", "fault");
    this.say("");
  }

  /** Puts the cursor where a text is at fault. */
  private mark(side: Side, at: number): void {
    this.texts[side].setSelectionRange(at, at + 1);
  }

  private say(what: string): void {
    byId("said").textContent = what;
  }
}

/** The message without what the page says in its own way. */
function reasonOf({ message }: WbxmlError): string {
  return message.slice(message.indexOf(": ") + 2);
}

function placeIn(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `Line ${before.length}, column ${before.at(-1)!.length + 1}`;
}

const response = await fetch("wbxml.wasm");
new Inspector(await Wbxml.load(await response.arrayBuffer()));
document.body.dataset["ready"] = "true";
