export { decode, type DecodeOptions, WbxmlError, type WbxmlFailure } from "./decoder.ts";
export {
  bytesOf, type Child, childOf, childrenOf, element, type Element, elementsOf, isElement, textOf,
  wordOf,
} from "./element.ts";
export { encode } from "./encoder.ts";
export { escapeXml, toXml } from "./xml.ts";
