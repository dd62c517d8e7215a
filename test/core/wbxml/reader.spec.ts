import { Err } from "../../../assembly/abi/codes";
import { check } from "../../../assembly/wbxml/check";
import * as reader from "../../../assembly/wbxml/reader";
import { Event } from "../../../assembly/wbxml/reader";
import { MetaTag, Tag } from "../../../assembly/wbxml/tokens";

// <Meta><Type>t</Type></Meta>, on pages 0 and 1.
const DOCUMENT: usize = memory.data<u8>([
  0x02, 0xa4, 0x01, 0x6a, 0x00, 0x5a, 0x00, 0x01, 0x53, 0x03, 0x74, 0x00, 0x01, 0x01,
]);
const DOCUMENT_BYTES: i32 = 14;

describe("wbxml/reader", () => {
  it("yields tags with their page, texts and ENDs", () => {
    expect<i32>(reader.open(DOCUMENT, DOCUMENT_BYTES, false)).toBe(Err.Ok);
    expect<i32>(check(8, 8, false)).toBe(Err.Ok);
    reader.open(DOCUMENT, DOCUMENT_BYTES, false);
    expect<i32>(reader.read()).toBe(Event.Start);
    expect<i32>(reader.tag).toBe(Tag.Meta);
    expect<i32>(reader.read()).toBe(Event.Start);
    expect<i32>(reader.tag).toBe(MetaTag.Type);
    expect<i32>(reader.read()).toBe(Event.Text);
    expect<i32>(reader.textBytes).toBe(1);
    expect<u32>(load<u8>(reader.text)).toBe(0x74);
    expect<i32>(reader.read()).toBe(Event.End);
    expect<i32>(reader.read()).toBe(Event.End);
  });

  it("keeps to the limits that check is given", () => {
    reader.open(DOCUMENT, DOCUMENT_BYTES, false);
    expect<i32>(check(2, 2, false)).toBe(Err.Ok);
    reader.open(DOCUMENT, DOCUMENT_BYTES, false);
    expect<i32>(check(1, 2, false)).toBe(Err.TooDeep);
    reader.open(DOCUMENT, DOCUMENT_BYTES, false);
    expect<i32>(check(2, 1, false)).toBe(Err.TooLarge);
  });

  it("fails on every proper prefix as truncated", () => {
    for (let byteCount = 0; byteCount < DOCUMENT_BYTES; byteCount++) {
      reader.open(DOCUMENT, byteCount, false);
      expect<i32>(check(8, 8, false)).toBe(Err.Truncated);
    }
  });
});
