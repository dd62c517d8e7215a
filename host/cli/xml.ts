import { SaxesParser } from "saxes";
import { refuse } from "./values.ts";

/** One element of an XML document, names without prefix. */
export interface XmlElement {
  name: string;
  attributes: { readonly [name: string]: string };
  children: XmlElement[];
  text: string;
}

const DEPTH_MAX = 64;

/** Reads an XML document. */
export function readXml(text: string, what: string): XmlElement {
  const parser = new SaxesParser();
  const root: XmlElement = { name: "", attributes: {}, children: [], text: "" };
  const stack = [root];
  const top = (): XmlElement => stack.at(-1) ?? root;
  parser.on("error", (error) => refuse(`${what} is not well-formed XML: ${error.message}`));
  parser.on("opentag", ({ name, attributes }) => {
    const element: XmlElement = {
      name: name.replace(/^.*:/, ""), attributes, children: [], text: "",
    };
    top().children.push(element);
    if (stack.push(element) > DEPTH_MAX) refuse(`${what} is nested deeper than ${DEPTH_MAX}`);
  });
  parser.on("closetag", () => void stack.pop());
  const addText = (piece: string): void => void (top().text += piece);
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.write(text).close();
  return root.children[0] ?? refuse(`${what} holds no element`);
}
