import * as md5 from "../../../assembly/crypto/md5";
import * as sha256 from "../../../assembly/crypto/sha256";
import * as crc32c from "../../../assembly/journal/crc32c";

const ABC: usize = memory.data<u8>([0x61, 0x62, 0x63]);
const DIGITS: usize = memory.data<u8>([0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39]);
const DIGEST: usize = memory.data(32, 4);

describe("digests", () => {
  it("sha256 of abc is the example of FIPS 180-4", () => {
    sha256.open();
    sha256.update(ABC, 3);
    sha256.close(DIGEST);
    expect<u32>(bswap<u32>(load<u32>(DIGEST, 0))).toBe(0xba7816bf);
    expect<u32>(bswap<u32>(load<u32>(DIGEST, 28))).toBe(0xf20015ad);
  });

  it("md5 of abc is the example of RFC 1321", () => {
    md5.open();
    md5.update(ABC, 3);
    md5.close(DIGEST);
    expect<u32>(bswap<u32>(load<u32>(DIGEST, 0))).toBe(0x90015098);
    expect<u32>(bswap<u32>(load<u32>(DIGEST, 12))).toBe(0x28e17f72);
  });

  it("crc32c of 123456789 is the check value", () => {
    expect<u32>(~crc32c.update(0xffffffff, DIGITS, 9)).toBe(0xe3069283);
  });
});
