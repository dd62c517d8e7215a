/*
 * A Delivery Package that a device was told to download and install. Unless it is to be served as
 * it is, the envelope is made around the manifest of the input and signed with the trusted key.
 *
 *   0      1       3       4     5         6          8
 *   +------+-------+-------+-----+---------+----------+-------------+----------+---------+---------
 *   | mode | seed  | flags | web | entries | bytes, LE| manifest ...| bytes    | rest .. | elsewhere
 *   +------+-------+-------+-----+---------+----------+-------------+----------+---------+---------
 *   mode: 1 the manifest is the whole file; 2 the digest of the text stays as it is
 *   flags: 0-2 cut at this barrier, counted from 1; 4-7 blocks of the download, in 64 bytes
 *   web: bits of WEB_; entries: of the envelope; rest: what follows the manifest in it
 *   elsewhere: what any other URL gives
 */
#include <string.h>

#include "digest.h"
#include "drive.h"
#include "secrets.h"

enum {
  HEADER_BYTES = 6,
  FILE_BYTES_MAX = 1 << 16,
  ITEM_BYTES_MAX = 1 << 16,
  AS_IT_IS = 1,
  TEXT_DIGEST_STAYS = 2,
};

static struct point *start;
static int32_t wait;
static struct kept kept;
static uint8_t before[ITEM_BYTES_MAX];
static size_t before_bytes;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  power_on((*argv)[0]);
  wait = enter(load_state("ordered"));
  if (wait != WAIT_FETCH) fail("the order led to %d", wait);
  start = save_point();
  read_kept(&kept);
  before_bytes = look_at(LOOK_DEPLOYED, before, sizeof before);
  return 0;
}

/* The envelope. */

static size_t put_head(uint8_t *to, size_t bytes) {
  if (bytes < 24) {
    to[0] = (uint8_t)(0x40 + bytes);
    return 1;
  }
  if (bytes < 256) {
    to[0] = 0x58;
    to[1] = (uint8_t)bytes;
    return 2;
  }
  to[0] = 0x59;
  to[1] = (uint8_t)(bytes >> 8);
  to[2] = (uint8_t)bytes;
  return 3;
}

/* Bytes of the byte string at the start, head included; 0 where there is none. */
static size_t string_bytes(struct span at) {
  size_t bytes = 0;
  if (at.bytes > 0 && at.at[0] >= 0x40 && at.at[0] < 0x58) bytes = 1 + at.at[0] - 0x40u;
  if (at.bytes > 1 && at.at[0] == 0x58) bytes = 2 + at.at[1];
  if (at.bytes > 2 && at.at[0] == 0x59) bytes = 3 + ((size_t)at.at[1] << 8 | at.at[2]);
  return bytes <= at.bytes ? bytes : 0;
}

/* s = digest + addend modulo the order of the group: a signature with k = 1. */
static void sign(const uint8_t digest[32], uint8_t signature[64]) {
  uint32_t carry = 0, borrow = 0;
  uint8_t sum[32], less[32];
  for (int i = 31; i >= 0; i--) {
    carry += (uint32_t)digest[i] + SIGNING_ADDEND[i];
    sum[i] = (uint8_t)carry;
    carry >>= 8;
    const uint32_t taken = SIGNING_ORDER[i] + borrow;
    borrow = sum[i] < taken;
    less[i] = (uint8_t)(sum[i] - taken);
  }
  memcpy(signature, SIGNING_R, 32);
  memcpy(signature + 32, carry || !borrow ? less : sum, 32);
}

static size_t put_wrapper(uint8_t *to, const uint8_t digest[32]) {
  static const uint8_t digest_head[] = {0x82, 0x58, 0x24, 0x82, 0x2f, 0x58, 0x20};
  static const uint8_t block_head[] = {
      0x58, 0x4a, 0xd2, 0x84, 0x43, 0xa1, 0x01, 0x28, 0xa0, 0xf6, 0x58, 0x40,
  };
  uint8_t signed_bytes[55] = {
      0x84, 0x6a, 'S', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e', '1', 0x43, 0xa1, 0x01, 0x28, 0x40,
      0x58, 0x24, 0x82, 0x2f, 0x58, 0x20,
  };
  uint8_t hash[32];
  memcpy(signed_bytes + 23, digest, 32);
  sha256(signed_bytes, sizeof signed_bytes, hash);
  memcpy(to, digest_head, 7);
  memcpy(to + 7, digest, 32);
  memcpy(to + 39, block_head, 12);
  sign(hash, to + 51);
  return 115;
}

/* Puts the digest of the text, which comes first in `rest`, where the manifest has one. */
static void fix_text_digest(uint8_t *manifest, size_t bytes, struct span rest) {
  static const uint8_t head[] = {0x17, 0x82, 0x2f, 0x58, 0x20};
  if (rest.bytes < 1 || rest.at[0] != 0x17) return;
  const struct span text = {rest.at + 1, rest.bytes - 1};
  const size_t count = string_bytes(text);
  for (size_t at = bytes; count > 0 && at-- > 0;) {
    if (bytes - at < sizeof head + 32 || memcmp(manifest + at, head, sizeof head) != 0) continue;
    sha256(text.at, count, manifest + at + sizeof head);
    return;
  }
}

static struct span make_envelope(struct span manifest, struct span rest, int mode, int entries) {
  static uint8_t file[FILE_BYTES_MAX];
  static uint8_t string[FILE_BYTES_MAX];
  uint8_t digest[32];
  const size_t head = put_head(string, manifest.bytes);
  memcpy(string + head, manifest.at, manifest.bytes);
  if (!(mode & TEXT_DIGEST_STAYS)) fix_text_digest(string + head, manifest.bytes, rest);
  sha256(string, head + manifest.bytes, digest);
  size_t at = 0;
  file[at++] = 0xd8;
  file[at++] = 0x6b;
  file[at++] = (uint8_t)(0xa0 + entries % 24);
  file[at++] = 2;
  file[at++] = 0x58;
  file[at++] = 115;
  at += put_wrapper(file + at, digest);
  file[at++] = 3;
  memcpy(file + at, string, head + manifest.bytes);
  at += head + manifest.bytes;
  memcpy(file + at, rest.at, rest.bytes);
  return (struct span){file, at + rest.bytes};
}

/* All or none. */

static const uint8_t *item_at(const uint8_t *items, size_t bytes, size_t at, size_t *count) {
  if (at + 4 > bytes) return NULL;
  *count = items[at] | (size_t)items[at + 1] << 8;
  return items + at + 4;
}

static bool has_item(const uint8_t *items, size_t bytes, const uint8_t *item, size_t count) {
  size_t found;
  for (size_t at = 0; item_at(items, bytes, at, &found) != NULL; at += 4 + found) {
    if (found == count && memcmp(items + at + 4, item, count) == 0) return true;
  }
  return false;
}

/* Entries of the inventory that are not as they were: none, or every one of the package. */
static void check_inventory(struct end end) {
  static uint8_t after[ITEM_BYTES_MAX];
  static uint8_t outcomes[ITEM_BYTES_MAX];
  enum { RESULT_AT = 8, SUCCESS = 1200, UNDONE_BADLY = 1475 };
  const size_t bytes = look_at(LOOK_DEPLOYED, after, sizeof after);
  size_t changed = 0, count;
  for (size_t at = 0; item_at(after, bytes, at, &count) != NULL; at += 4 + count) {
    changed += !has_item(before, before_bytes, after + at + 4, count);
  }
  const size_t total = look_at(LOOK_OUTCOME, outcomes, sizeof outcomes);
  size_t outcome_bytes = 0;
  const uint8_t *outcome = item_at(outcomes, total, 0, &outcome_bytes);
  if (outcome == NULL) {
    if (changed) fail("%zu entries changed without an outcome", changed);
    return;
  }
  const int result = outcome[RESULT_AT] | outcome[RESULT_AT + 1] << 8;
  if (result == SUCCESS) {
    const bool is_all = changed == end.components || changed == 0;
    if (!end.is_cut && !is_all) fail("%zu of %u entries changed", changed, end.components);
  } else if (changed && result != UNDONE_BADLY) {
    fail("%zu entries changed though it failed (%d)", changed, result);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
  struct span parts[3] = {0};
  if (bytes < HEADER_BYTES || bytes > FILE_BYTES_MAX / 2) return -1;
  size_t at = HEADER_BYTES;
  for (int i = 0; i < 3; i++) {
    size_t count = bytes - at;
    if (i < 2 && bytes - at >= 2) {
      count = data[at] | (size_t)data[at + 1] << 8;
      at += 2;
      if (count > bytes - at) count = bytes - at;
    }
    parts[i] = (struct span){data + at, count};
    at += count;
  }
  const struct script script = {
      .seed = data[1] | data[2] << 8, .elsewhere = parts[2], .is_always_there = true,
      .object = data[0] & AS_IT_IS ? parts[0] : make_envelope(parts[0], parts[1], data[0], data[5]),
      .web = data[4] & 15, .cut_at = (data[3] & 7) - 1,
      .block_bytes = data[3] >> 4 ? (data[3] >> 4) * 64u : FETCH_BYTES,
  };
  restore_point(start);
  const struct end end = drive(wait, script);
  check_end(end, &kept);
  check_inventory(end);
  return 0;
}
