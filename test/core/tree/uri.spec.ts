import { Err } from "../../../assembly/abi/codes";
import * as uri from "../../../assembly/tree/uri";

const TEXT: usize = memory.data(1024);

function parse(text: string): i32 {
  String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, TEXT);
  return uri.parse(TEXT, String.UTF8.byteLength(text));
}

function nextSegment(): string {
  return uri.nextSegment() ? String.UTF8.decodeUnsafe(uri.segment, uri.segmentBytes) : "(none)";
}

describe("uri", () => {
  it("parse: gives the segments and the query", () => {
    expect(parse("./A/B%20?prop=ACL")).toBe(Err.Ok);
    expect(uri.depth()).toBe(2);
    expect(nextSegment()).toBe("A");
    expect(nextSegment()).toBe("B%20");
    expect(nextSegment()).toBe("(none)");
    expect(String.UTF8.decodeUnsafe(uri.query, uri.queryBytes)).toBe("prop=ACL");
    uri.rewindSegments();
    expect(nextSegment()).toBe("A");
  });

  it("parse: a lone dot is the root", () => {
    expect(parse(".")).toBe(Err.Ok);
    expect(uri.depth()).toBe(0);
    expect(nextSegment()).toBe("(none)");
  });

  it("parse: refuses what is no URI, and what is too long", () => {
    expect(parse("A//B")).toBe(Err.Malformed);
    expect(parse("A/../B")).toBe(Err.Malformed);
    expect(parse("A".repeat(64))).toBe(Err.Ok);
    expect(parse("A".repeat(65))).toBe(Err.UriTooLong);
  });
});
