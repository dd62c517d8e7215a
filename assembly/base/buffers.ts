// The buffers that session and installer share: the two never run together, so the head of a Delivery Package,
// its table and the download block lie over the message buffers.
//
//   0                 4096               8192
//   +------------------+------------------+
//   | receive          | send             |   session
//   +------------------+------------------+
//   | head (wrapper, manifest, text) 6656 | table 512 | block 1024 |   installer
//   +-------------------------------------+
import {
  MANIFEST_BYTES_MAX,
  RECEIVE_BYTES,
  SEND_BYTES,
  TARGETS_MAX,
  TEXT_BYTES_MAX,
  WRAPPER_BYTES_MAX,
} from "./limits";

export const RECEIVE: usize = memory.data(8192, 8);
export const SEND: usize = RECEIVE + RECEIVE_BYTES;

export const HEAD: usize = RECEIVE;
export const HEAD_BYTES: i32 = WRAPPER_BYTES_MAX + MANIFEST_BYTES_MAX + TEXT_BYTES_MAX;
export const TABLE: usize = HEAD + HEAD_BYTES;
export const TABLE_ENTRY_BYTES: i32 = 32;
export const BLOCK: usize = TABLE + TARGETS_MAX * TABLE_ENTRY_BYTES;
export const BLOCK_BYTES: i32 = 1024;

assert(BLOCK + BLOCK_BYTES <= SEND + SEND_BYTES);
