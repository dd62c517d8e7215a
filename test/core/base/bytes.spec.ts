import * as bytes from "../../../assembly/base/bytes";

const scratch: usize = memory.data(64);

describe("bytes.writeDecimal", () => {
  it("writes what readDecimal reads back", () => {
    const byteCount = bytes.writeDecimal(2147483647, scratch);
    expect<i32>(byteCount).toBe(10);
    expect<i32>(bytes.readDecimal(scratch, byteCount)).toBe(2147483647);
  });
});
