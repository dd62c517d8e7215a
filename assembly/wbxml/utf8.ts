// UTF-8, as far as text in WBXML needs it.

const CODE_MAX: u32 = 0x10ffff;
/** D800..DFFF, the surrogates, are all the codes that begin with these bits. */
const SURROGATES: u32 = 0xd800 >> 11;

/** Largest byte of well-formed UTF-8. */
export const BYTE_MAX: u32 = 0xf4;

/** Whether `code` is the number of a character. */
export function isCharacter(code: u32): bool {
  return code <= CODE_MAX && code >> 11 != SURROGATES;
}

/**
 * Whether the bytes are well-formed UTF-8 without a NUL. May look at 3 bytes past the end.
 *
 * @param byteMax  BYTE_MAX, or 0x7f for ASCII
 */
export function isText(ptr: usize, byteCount: i32, byteMax: u32): bool {
  const end = ptr + byteCount;
  while (ptr < end) {
    let code: u32 = load<u8>(ptr++);
    if (code == 0 || code > byteMax) return false;
    if (code < 0x80) continue;
    // A byte more for each one at the top of the first, below its highest; with 6 bits a byte and
    // one bit less in the first, the next of these moves up by 5.
    let more: u32 = 0x40;
    for (; code & more; more <<= 5) {
      const bits: u32 = load<u8>(ptr++) ^ 0x80;
      if (bits > 0x3f) return false;
      code = (code << 6) | bits;
    }
    code &= more - 1;
    if (code < max<u32>(0x80, more >> 5) || !isCharacter(code)) return false;
  }
  return ptr == end;
}

/** Writes a character so that it ends before `end`; 4 bytes are enough. Returns its address. */
export function encodeBefore(end: usize, code: u32): usize {
  // Codes below `lead` fit into the first byte: 7 bits, or 5, 4, 3 under a mark of 256 - 2 * lead.
  let lead: u32 = 0x80;
  while (code >= lead) {
    store<u8>(--end, 0x80 | (code & 0x3f));
    code >>= 6;
    lead >>= 1 + (lead >> 7);
  }
  store<u8>(--end, code - 2 * lead);
  return end;
}
