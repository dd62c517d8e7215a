import { Err } from "../../../assembly/abi/codes";
import { check } from "../../../assembly/wbxml/check";
import * as reader from "../../../assembly/wbxml/reader";
import { Event } from "../../../assembly/wbxml/reader";
import { MetaTag, Tag } from "../../../assembly/wbxml/tokens";
import * as writer from "../../../assembly/wbxml/writer";

const OUTPUT: usize = memory.data(64);

describe("wbxml/writer", () => {
  it("writes what the reader reads back", () => {
    writer.open(OUTPUT, 64);
    writer.header();
    writer.tag(Tag.Item);
    writer.leafNumber(MetaTag.Size, 4096);
    writer.empty(Tag.Data);
    writer.end();
    expect<i32>(writer.error()).toBe(Err.Ok);

    reader.open(OUTPUT, writer.position(), false);
    expect<i32>(check(8, 8, false)).toBe(Err.Ok);
    reader.open(OUTPUT, writer.position(), false);
    expect<i32>(reader.read()).toBe(Event.Start);
    expect<i32>(reader.read()).toBe(Event.Start);
    expect<i32>(reader.tag).toBe(MetaTag.Size);
    expect<i32>(reader.read()).toBe(Event.Text);
    expect<i32>(reader.textBytes).toBe(4);
    expect<i32>(reader.read()).toBe(Event.End);
    expect<i32>(reader.read()).toBe(Event.Start);
    expect<i32>(reader.tag).toBe(Tag.Data);
  });

  it("takes an element back that does not fit", () => {
    writer.open(OUTPUT, 8);
    writer.tag(Tag.Item);
    writer.mark();
    writer.leafNumber(MetaTag.Size, 1234567);
    expect<i32>(writer.error()).toBe(Err.DoesNotFit);
    writer.backToMark();
    expect<i32>(writer.error()).toBe(Err.Ok);
    expect<i32>(writer.position()).toBe(1);
  });
});
