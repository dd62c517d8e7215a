// What wbxml2xml of libwbxml makes of a message, in a form that can be compared with what the
// reference server's codec saw.
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { SaxesParser } from "saxes";
import { type Child, type Element, isElement } from "../../host/demo/server/wbxml.ts";

const PROCESSES_MAX = 4;
const run = promisify(execFile);

/** What wbxml2xml prints of a message; `fault` is empty where its exit status was 0. */
export interface LibwbxmlOutput {
  readonly xml: string;
  readonly fault: string;
}

/** Runs wbxml2xml on each message. Its files go to `folder`. */
export async function readByLibwbxml(
  messages: readonly Uint8Array[],
  folder: string,
): Promise<LibwbxmlOutput[]> {
  const outputs: LibwbxmlOutput[] = [];
  let next = 0;
  const runSome = async (): Promise<void> => {
    for (let index = next++; index < messages.length; index = next++) {
      outputs[index] = await readOne(messages[index]!, join(folder, `${index}.wbxml`));
    }
  };
  await Promise.all(Array.from({ length: PROCESSES_MAX }, runSome));
  return outputs;
}

async function readOne(message: Uint8Array, path: string): Promise<LibwbxmlOutput> {
  await writeFile(path, message);
  try {
    const { stdout } = await run("wbxml2xml", ["-m", "0", "-o", "-", path]);
    return { xml: stdout, fault: "" };
  } catch (error) {
    return { xml: "", fault: String(error) };
  }
}

/** Parses XML. @throws Error  it is not well-formed */
export function parseXml(xml: string): Element {
  const parser = new SaxesParser();
  const document: Element = { name: "", children: [] };
  const open = [document];
  const add = (child: Child): void => void open.at(-1)!.children.push(child);
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name }) => {
    const element: Element = { name, children: [] };
    add(element);
    open.push(element);
  });
  parser.on("closetag", () => void open.pop());
  // Outside of the root there is nothing but blanks, which the parser checks.
  parser.on("text", (text) => open.length > 1 && add(text));
  parser.on("cdata", add);
  parser.write(xml).close();
  return document.children.find(isElement)!;
}

/**
 * Elements and texts in document order, a line each, indented by depth.
 *
 * Two ways in which libwbxml shows a message differently are taken on: blanks at the ends of a text
 * are gone, and a NextNonce in binary is shown in Base64.
 */
export function outlineOf({ name, children }: Element, indent = ""): string[] {
  const lines = [`${indent}${name}`];
  const inner = `${indent}  `;
  let text: Uint8Array[] = [];
  const endText = (): void => {
    const shown = Buffer.concat(text).toString("utf8").replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
    if (shown !== "") lines.push(`${inner}${JSON.stringify(shown)}`);
    text = [];
  };
  for (const child of children) {
    if (!isElement(child)) {
      text.push(Buffer.from(name === "NextNonce" ? nonceText(child) : child));
      continue;
    }
    endText();
    lines.push(...outlineOf(child, inner));
  }
  endText();
  return lines;
}

function nonceText(nonce: string | Uint8Array): string {
  return typeof nonce === "string" ? nonce : Buffer.from(nonce).toString("base64");
}
