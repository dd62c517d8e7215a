// Every limit of the codec. Each has a test one step before and one step after it.

/** Bytes of a document, unless the caller says otherwise. */
export const MESSAGE_BYTES_DEFAULT = 65_536;
/** Bytes of a document that a caller may ask for at most: what wbxml.wasm has room for. */
export const MESSAGE_BYTES_MAX = 1_048_576;
/** Characters of an XML document that is encoded. */
export const XML_CHARS_MAX = 16 * MESSAGE_BYTES_MAX;
/** Elements inside each other. */
export const DEPTH_MAX = 32;
/** Elements inside each other where the inner ones are those of a management tree. */
export const TREE_DEPTH_MAX = 64;
export const ELEMENTS_MAX = 262_144;
/** Strings, references, entities and OPAQUEs of a document. */
export const PIECES_MAX = 262_144;
/** Attributes, each with its value, of an element or processing instruction. */
export const ATTRIBUTES_MAX = 4;
/** Text of a document with its string references followed, in multiples of the document. */
export const EXPANSION_MAX = 4;
/** Documents inside each other, the outermost not counted. */
export const NESTED_MAX = 1;
