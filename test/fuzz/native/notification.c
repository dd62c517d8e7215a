/*
 * A notification (Package #0): the input is the octets behind its digest, or all of it.
 *
 *   0      1       3
 *   +------+-------+----------------------------+
 *   | mode | seed  | trigger, or digest + trigger|
 *   +------+-------+----------------------------+
 *   mode: 1 as it is, else the right digest is put in front
 */
#include <string.h>

#include "digest.h"
#include "drive.h"
#include "secrets.h"

enum { HEADER_BYTES = 3, DIGEST_BYTES = 16, ROOM = 5000 };

static struct point *start;
static struct kept kept;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  power_on((*argv)[0]);
  load_state("guarded");
  if (start_again()) fail("start");
  start = save_point();
  read_kept(&kept);
  return 0;
}

/* H(B64(H(server ":" secret)) ":" nonce ":" B64(H(trigger))), DM NOT 1.2 §6.2.2. */
static void digest_of(const uint8_t *trigger, size_t bytes, uint8_t digest[DIGEST_BYTES]) {
  uint8_t text[24 + 1 + sizeof SECRET_NONCE + 1 + 24];
  memcpy(text, SECRET_TEXT, 24);
  text[24] = ':';
  memcpy(text + 25, SECRET_NONCE, sizeof SECRET_NONCE);
  text[25 + sizeof SECRET_NONCE] = ':';
  md5(trigger, bytes, digest);
  base64_of_16(digest, text + 26 + sizeof SECRET_NONCE);
  md5(text, sizeof text, digest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
  static uint8_t octets[ROOM];
  if (bytes < HEADER_BYTES || bytes > ROOM - DIGEST_BYTES) return -1;
  const bool is_whole = data[0] & 1;
  uint8_t *to = is_whole ? octets : octets + DIGEST_BYTES;
  size_t count = bytes - HEADER_BYTES;
  memcpy(to, data + HEADER_BYTES, count);
  if (!is_whole) {
    digest_of(to, count, octets);
    count += DIGEST_BYTES;
  }
  restore_point(start);
  if (count > argument(2)) return -1;
  put_bytes(argument(1), (struct span){octets, count});
  const int32_t mode = core_notify(count);
  if (mode > 3 || mode == ERR_MISUSE) fail("notify answers %d", mode);
  if (mode >= 0) {
    uint8_t digest[DIGEST_BYTES];
    digest_of(octets + DIGEST_BYTES, count - DIGEST_BYTES, digest);
    if (memcmp(digest, octets, DIGEST_BYTES) != 0) fail("a forged notification is taken");
  }
  const struct script script = {.seed = data[1] | data[2] << 8, .cut_at = -1};
  check_end(drive(core_step(), script), &kept);
  return 0;
}
