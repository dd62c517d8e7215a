/*
 * A session: the input is what the server answers.
 *
 *   0       1        3       4
 *   +-------+--------+-------+----------------+--------------+----------------+-----
 *   | state | seed   | flags | bytes, 2, LE   | answer ...   | bytes          | ...
 *   +-------+--------+-------+----------------+--------------+----------------+-----
 *   flags: 0-2 cut at this barrier, counted from 1; 4-7 blocks of a download, in 64 bytes
 */
#include "drive.h"

enum { HEADER_BYTES = 4, STATES = 3 };

static struct point *points[STATES];
static struct kept kept[STATES];
static int32_t waits[STATES];
static struct span offered;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  static const char *const names[STATES] = {"plain", "guarded", "strict"};
  (void)argc;
  power_on((*argv)[0]);
  for (int i = 0; i < STATES; i++) {
    const struct state state = load_state(names[i]);
    offered = state.offered;
    waits[i] = enter(state);
    points[i] = save_point();
    read_kept(&kept[i]);
  }
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
  if (bytes < HEADER_BYTES) return -1;
  const int state = data[0] % STATES;
  struct span answers[ANSWERS_MAX];
  struct script script = {
      .answers = answers, .seed = data[1] | data[2] << 8, .object = offered, .elsewhere = offered,
      .cut_at = (data[3] & 7) - 1, .block_bytes = data[3] >> 4 ? (data[3] >> 4) * 64u : FETCH_BYTES,
  };
  size_t at = HEADER_BYTES;
  while (at + 2 <= bytes && script.answer_count < ANSWERS_MAX) {
    size_t count = data[at] | (size_t)data[at + 1] << 8;
    at += 2;
    if (count > bytes - at) count = bytes - at;
    answers[script.answer_count++] = (struct span){data + at, count};
    at += count;
  }
  restore_point(points[state]);
  check_end(drive(waits[state], script), &kept[state]);
  return 0;
}
