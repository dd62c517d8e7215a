// crypto/ and journal/crc32c for test/unit/crypto.
export { decode as base64Decode, encode as base64Encode } from "../../assembly/crypto/base64";
export { close as md5Close, open as md5Open, update as md5Update } from "../../assembly/crypto/md5";
export { isOnCurve as p256IsOnCurve, verify as p256Verify } from "../../assembly/crypto/p256";
export { update as crc32cUpdate } from "../../assembly/journal/crc32c";
export {
  close as sha256Close,
  open as sha256Open,
  update as sha256Update,
} from "../../assembly/crypto/sha256";

const SCRATCH: usize = memory.data(8192);

/** 8 KiB for inputs and results. */
export function scratch(): usize {
  return SCRATCH;
}
