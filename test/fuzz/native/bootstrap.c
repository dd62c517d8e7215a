/*
 * Provisioning: the input is the message. A device that it makes is whole, or there is none.
 */
#include "drive.h"

static struct point *start;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  power_on((*argv)[0]);
  load_state("empty");
  if (start_again() != ERR_NOT_FOUND) fail("start");
  start = save_point();
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
  static struct kept kept;
  restore_point(start);
  if (bytes > argument(2)) return -1;
  put_bytes(argument(1), (struct span){data, bytes});
  const int32_t refused = core_bootstrap(bytes);
  if (refused == ERR_MISUSE || refused > 0) fail("bootstrap answers %d", refused);
  const int32_t wait = settle();
  if (wait != WAIT_DONE) fail("provisioning asks for %d", wait);
  const int32_t err = (int32_t)argument(0);
  if (refused && err != ERR_NOT_FOUND) fail("a refused message ends with %d", err);
  if (err) {
    if (cut_power() != ERR_NOT_FOUND) fail("a message that failed (%d) has left something", err);
    return 0;
  }
  read_kept(&kept);
  if (cut_power()) fail("the new device does not start");
  expect_kept(&kept, "a restart");
  const struct script script = {.seed = 1, .cut_at = -1};
  core_connect();
  check_end(drive(core_step(), script), &kept);
  return 0;
}
