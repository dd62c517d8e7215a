// The form that a value must have by its Format.
import { Format } from "../abi/codes";

const DIGIT: u32 = 0x30;
/** Patterns of dates and times: `0` stands for any digit. */
const FORMS: usize = memory.data<u8>([
  0x30, 0x30, 0x30, 0x30, 0x2d, 0x30, 0x30, 0x2d, 0x30, 0x30, // 0000-00-00
  0x30, 0x30, 0x3a, 0x30, 0x30, 0x3a, 0x30, 0x30, // 00:00:00
]);
const LONG_DATE_BYTES: i32 = 10;
const LONG_TIME_BYTES: i32 = 8;
/** Bytes without separators. */
const DATE_BYTES: i32 = 8;
const TIME_BYTES: i32 = 6;

/**
 * True when a value of a format that is neither text nor octets has its form.
 *
 * @spec DM TND 1.2 §7.7.2
 */
export function isLegal(format: i32, ptr: usize, byteCount: i32): bool {
  switch (format) {
    case Format.Null:
      return byteCount == 0;
    case Format.Bool:
      return isBoolean(ptr, byteCount);
    case Format.Int:
      return isInteger(ptr, byteCount);
    case Format.Date:
      if (byteCount == LONG_DATE_BYTES) return fits(ptr, FORMS, byteCount);
      return byteCount == DATE_BYTES && digits(ptr, byteCount) == byteCount;
    case Format.Time:
      if (byteCount == LONG_TIME_BYTES) return fits(ptr, FORMS + LONG_DATE_BYTES, byteCount);
      return byteCount == TIME_BYTES && digits(ptr, byteCount) == byteCount;
    case Format.Float:
      return isFloat(ptr, byteCount);
    default:
      return true;
  }
}

/** -2^31 to 2^31 - 1. */
function isInteger(ptr: usize, byteCount: i32): bool {
  const sign = byteCount > 0 && load<u8>(ptr) == 0x2d ? 1 : 0;
  let number: u64 = 0;
  for (let i = sign; i < byteCount; i++) {
    const digit: u32 = load<u8>(ptr + i) - DIGIT;
    number = number * 10 + digit;
    if (digit > 9 || number > <u64>0x7fffffff + sign) return false;
  }
  return byteCount > sign;
}

/** `true` or `false`, in any case. */
function isBoolean(ptr: usize, byteCount: i32): bool {
  const word = load<u32>(ptr) | 0x20202020;
  if (byteCount == 4) return word == 0x65757274;
  return byteCount == 5 && word == 0x736c6166 && (load<u8>(ptr, 4) | 0x20) == 0x65;
}

function fits(ptr: usize, form: usize, byteCount: i32): bool {
  for (let i = 0; i < byteCount; i++) {
    const wanted = load<u8>(form + i);
    const isThere = wanted == DIGIT ? digits(ptr + i, 1) == 1 : load<u8>(ptr + i) == wanted;
    if (!isThere) return false;
  }
  return true;
}

/** How many of the bytes are digits before another comes. */
function digits(ptr: usize, byteCount: i32): i32 {
  let count = 0;
  while (count < byteCount && <u32>load<u8>(ptr + count) - DIGIT < 10) count++;
  return count;
}

/** A decimal number with or without an exponent, `INF`, `-INF` or `NaN`. */
function isFloat(ptr: usize, byteCount: i32): bool {
  let at = sign(ptr, byteCount);
  if (byteCount - at == 3) {
    const word = load<u32>(ptr + at) & 0xffffff;
    if (word == 0x464e49) return at == 0 || load<u8>(ptr) == 0x2d;
    if (word == 0x4e614e) return at == 0;
  }
  let count = digits(ptr + at, byteCount - at);
  at += count;
  if (at < byteCount && load<u8>(ptr + at) == 0x2e) {
    const fraction = digits(ptr + ++at, byteCount - at);
    at += fraction;
    count += fraction;
  }
  if (count == 0) return false;
  if (at == byteCount) return true;
  if ((load<u8>(ptr + at++) | 0x20) != 0x65) return false;
  at += sign(ptr + at, byteCount - at);
  return at < byteCount && digits(ptr + at, byteCount - at) == byteCount - at;
}

function sign(ptr: usize, byteCount: i32): i32 {
  return byteCount > 0 && (load<u8>(ptr) == 0x2d || load<u8>(ptr) == 0x2b) ? 1 : 0;
}
