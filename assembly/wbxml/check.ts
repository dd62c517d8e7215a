// Whether a document is well-formed: one walk over all of it before anything of it is used.
import { Err } from "../abi/codes";
import { WBXML_EXPANSION_MAX } from "../base/limits";
import { joinPieces } from "./join";
import * as reader from "./reader";
import { Event } from "./reader";

/**
 * Walks the document that `reader.open` opened, to its last byte. What it lets pass, `reader.read`
 * reads without a failure, after another `open`.
 *
 * @param mustJoin  makes every text one piece (`join`); the document is then opened as a joined
 *                  one, and checked only once
 * @returns Err.Ok or the first failure; `reader.position` says where
 * @fails Err.Truncated  the document ends inside something
 * @fails Err.Malformed  a token, page, reference, character or byte that may not be there
 * @fails Err.TooLarge   too many elements, attributes or bytes of expanded text, an integer above
 *                       32 bits, or no room to join
 * @fails Err.TooDeep    more than `depthMax` elements inside each other
 * @spec WBXML 1.3 §5.3
 */
export function check(depthMax: i32, elementsMax: i32, mustJoin: bool): i32 {
  let depth = 0;
  let elements = 0;
  let room = reader.byteCount() * WBXML_EXPANSION_MAX;
  let pieces = 0;
  let from = 0;
  let to = 0;
  do {
    const before = reader.place();
    const event = reader.read();
    if (event == Event.Failed) break;
    if (event == Event.Text) {
      room -= reader.textBytes;
      if (room < 0) reader.fail(Err.TooLarge);
      reader.checkText();
      if (pieces == 0) from = before;
      // A lone entity is joined like two pieces: its text has no address yet.
      pieces += reader.isEntity() ? 2 : 1;
      to = reader.place();
      continue;
    }
    if (mustJoin && pieces > 1) {
      const after = reader.place();
      joinPieces(from, to);
      reader.seek(after);
    }
    pieces = 0;
    depth--;
    if (event != Event.Start) continue;
    depth += 2;
    if (depth > depthMax) reader.fail(Err.TooDeep);
    if (++elements > elementsMax) reader.fail(Err.TooLarge);
  } while (depth > 0);
  // Without elements the body began with a text or an END.
  if (elements == 0 || !reader.isAtEnd()) reader.fail(Err.Malformed);
  return reader.error();
}
