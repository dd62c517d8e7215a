import * as cbor from "../../../assembly/delivery/cbor";
import { Major } from "../../../assembly/delivery/cbor";

const input: usize = memory.data(64);
let inputBytes: i32 = 0;

function put(bytes: u64, byteCount: i32): void {
  for (let i = 0; i < byteCount; i++) {
    store<u8>(input + i, u8(bytes >> u64(8 * (byteCount - 1 - i))));
  }
  inputBytes = byteCount;
  cbor.open(input, byteCount);
}

function readsAs(bytes: u64, byteCount: i32, major: i32, value: u32): bool {
  put(bytes, byteCount);
  cbor.head();
  return cbor.isHead(major, value) && cbor.isAtEnd();
}

function breaks(bytes: u64, byteCount: i32): bool {
  put(bytes, byteCount);
  cbor.head();
  return cbor.isBroken && cbor.isHead(Major.None, 0) && cbor.next == input;
}

describe("cbor.head", () => {
  it("reads the shortest form of each length, at its limits", () => {
    expect<bool>(readsAs(0x00, 1, Major.Unsigned, 0)).toBe(true);
    expect<bool>(readsAs(0x37, 1, Major.Negative, 23)).toBe(true);
    expect<bool>(readsAs(0x5818, 2, Major.Bytes, 24)).toBe(true);
    expect<bool>(readsAs(0x78ff, 2, Major.Text, 255)).toBe(true);
    expect<bool>(readsAs(0x990100, 3, Major.Array, 256)).toBe(true);
    expect<bool>(readsAs(0xb9ffff, 3, Major.Map, 65535)).toBe(true);
    expect<bool>(readsAs(0xda00010000, 5, Major.Tag, 65536)).toBe(true);
    expect<bool>(readsAs(0x1affffffff, 5, Major.Unsigned, 0xffffffff)).toBe(true);
    expect<bool>(readsAs(0xf5, 1, Major.Simple, cbor.SIMPLE_TRUE)).toBe(true);
  });

  it("refuses a longer form than needed", () => {
    expect<bool>(breaks(0x1817, 2)).toBe(true);
    expect<bool>(breaks(0x1900ff, 3)).toBe(true);
    expect<bool>(breaks(0x1a0000ffff, 5)).toBe(true);
  });

  it("refuses 64 bits, reserved forms and indefinite lengths of every type", () => {
    for (let major: u64 = 0; major < 8; major++) {
      for (let form: u64 = 27; form < 32; form++) {
        expect<bool>(breaks((major << 61) | (form << 56), 8)).toBe(true);
      }
    }
  });

  it("refuses a head that is cut off, at every byte", () => {
    expect<bool>(breaks(0, 0)).toBe(true);
    expect<bool>(breaks(0x18, 1)).toBe(true);
    expect<bool>(breaks(0x1901, 2)).toBe(true);
    expect<bool>(breaks(0x1a000100, 4)).toBe(true);
  });
});

describe("cbor.readString", () => {
  it("takes a string that ends with the input", () => {
    put(0x43616263, 4);
    cbor.readString(Major.Bytes);
    expect<u32>(cbor.itemBytes).toBe(3);
    expect<usize>(cbor.item).toBe(input + 1);
    expect<bool>(cbor.isAtEnd()).toBe(true);
  });

  it("refuses one byte more, and a length near 2^32", () => {
    put(0x44616263, 4);
    cbor.readString(Major.Bytes);
    expect<bool>(cbor.isBroken).toBe(true);
    put(0x5affffffff61, 6);
    cbor.readString(Major.Bytes);
    expect<bool>(cbor.isBroken).toBe(true);
    expect<u32>(cbor.itemBytes).toBe(0);
  });

  it("refuses another type", () => {
    put(0x6161, 2);
    cbor.readString(Major.Bytes);
    expect<bool>(cbor.isBroken).toBe(true);
  });
});

describe("cbor.enter and leave", () => {
  it("let only the content be read, and then the rest", () => {
    put(0x420102_03, 4);
    const outer = cbor.enter();
    expect<u32>(cbor.want(Major.Unsigned)).toBe(1);
    expect<u32>(cbor.want(Major.Unsigned)).toBe(2);
    cbor.leave(outer);
    expect<u32>(cbor.want(Major.Unsigned)).toBe(3);
    expect<bool>(cbor.isAtEnd()).toBe(true);
  });

  it("refuse to read past the content", () => {
    put(0x4101_02, 3);
    cbor.enter();
    cbor.want(Major.Unsigned);
    cbor.want(Major.Unsigned);
    expect<bool>(cbor.isBroken).toBe(true);
  });

  it("refuse to leave before its end", () => {
    put(0x420102, 3);
    cbor.leave(cbor.enter());
    expect<bool>(cbor.isBroken).toBe(true);
  });
});

describe("a broken reader", () => {
  it("stays broken and moves nothing", () => {
    put(0xff00, 2);
    cbor.head();
    cbor.readString(Major.Bytes);
    expect<u32>(cbor.want(Major.Unsigned)).toBe(0);
    expect<usize>(cbor.next).toBe(input);
    expect<bool>(cbor.isBroken).toBe(true);
  });
});
