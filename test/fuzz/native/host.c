#include "host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core.h"
#include "memory.h"

enum { AREA_BYTES_MAX = 1 << 18, ERASED = 0xff, ITEM_BYTES_MAX = 16384 };

struct w2c_host {
  int unused;
};
struct w2c_env {
  int unused;
};

struct storage {
  uint8_t now[AREA_BYTES_MAX];
  uint8_t durable[AREA_BYTES_MAX];
};

struct point {
  w2c_core core;
  uint8_t page[PAGE_BYTES];
  struct storage storage;
  uint32_t randoms;
};

static w2c_core core;
static struct w2c_host host;
static struct w2c_env env;
static uint8_t *page;
static struct storage storage;
static uint32_t area_at[AREAS_MAX + 1]; /* Offset of each area in `storage`, then the end. */
static uint32_t area_count;
static uint32_t changed; /* Areas that were written since the last `restore_point`. */
static uint32_t loose;   /* Areas that differ from what is durable. */
static uint32_t randoms;
static uint32_t write_unit;
static struct point off; /* The instance before `start`. */
static char folder[4096];

_Noreturn void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("FINDING: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  abort();
}

void w2c_env_abort(struct w2c_env *e, uint32_t text, uint32_t file, uint32_t line,
                   uint32_t column) {
  (void)e, (void)text, (void)file;
  fail("an assertion of the core failed at %u:%u", line, column);
}

/* Imports of the core. */

static uint8_t *area(uint32_t index, uint32_t offset, uint32_t bytes) {
  if (index >= area_count) fail("there is no area %u", index);
  const uint64_t end = (uint64_t)area_at[index] + offset + bytes;
  if (offset > AREA_BYTES_MAX || end > area_at[index + 1]) fail("area %u ends before %u", index, offset);
  return storage.now + area_at[index] + offset;
}

static uint32_t read_area(uint32_t index, uint32_t offset, uint32_t ptr, uint32_t bytes) {
  const uint8_t *from = area(index, offset, bytes);
  memory_at(ptr, bytes);
  memcpy(page + ptr, from, bytes);
  return 0;
}

static uint32_t write_area(uint32_t index, uint32_t offset, uint32_t ptr, uint32_t bytes) {
  uint8_t *to = area(index, offset, bytes);
  const uint8_t *from = memory_at(ptr, bytes).at;
  for (uint32_t i = 0; i < bytes; i++) {
    if (to[i] != ERASED) fail("area %u is written twice at %u", index, offset + i);
  }
  memcpy(to, from, bytes);
  changed |= 1u << index;
  loose |= 1u << index;
  return 0;
}

static uint32_t erase_area(uint32_t index) {
  memset(area(index, 0, 0), ERASED, area_at[index + 1] - area_at[index]);
  changed |= 1u << index;
  loose |= 1u << index;
  return 0;
}

uint32_t w2c_host_jRead(struct w2c_host *h, uint32_t region, uint32_t offset, uint32_t ptr,
                        uint32_t bytes) {
  (void)h;
  if (region > 1) fail("region %u", region);
  return read_area(region, offset, ptr, bytes);
}

uint32_t w2c_host_jWrite(struct w2c_host *h, uint32_t region, uint32_t offset, uint32_t ptr,
                         uint32_t bytes) {
  (void)h;
  if (region > 1) fail("region %u", region);
  if (offset % write_unit || bytes % write_unit) fail("not in write units: %u, %u", offset, bytes);
  return write_area(region, offset, ptr, bytes);
}

uint32_t w2c_host_jErase(struct w2c_host *h, uint32_t region) {
  (void)h;
  if (region > 1) fail("region %u", region);
  return erase_area(region);
}

uint32_t w2c_host_sRead(struct w2c_host *h, uint32_t slot, uint32_t offset, uint32_t ptr,
                        uint32_t bytes) {
  (void)h;
  return read_area(slot + 2, offset, ptr, bytes);
}

uint32_t w2c_host_sWrite(struct w2c_host *h, uint32_t slot, uint32_t offset, uint32_t ptr,
                         uint32_t bytes) {
  (void)h;
  if (bytes > FETCH_BYTES) fail("%u bytes at once to slot %u", bytes, slot);
  return write_area(slot + 2, offset, ptr, bytes);
}

uint32_t w2c_host_sErase(struct w2c_host *h, uint32_t slot, uint32_t from) {
  (void)h;
  if (from != 0) fail("slot %u is erased from %u on, without ProgressBytes", slot, from);
  return erase_area(slot + 2);
}

uint32_t w2c_host_random(struct w2c_host *h, uint32_t ptr, uint32_t bytes) {
  (void)h;
  memory_at(ptr, bytes);
  for (uint32_t i = 0; i < bytes; i++) page[ptr + i] = (uint8_t)(++randoms * 37);
  return 0;
}

/* Points. */

void power_on(const char *program) {
  const char *slash = strrchr(program, '/');
  const int bytes = slash == NULL ? 1 : (int)(slash - program);
  snprintf(folder, sizeof folder, "%.*s", bytes, slash == NULL ? "." : program);
  wasm2c_core_instantiate(&core, &env, &host);
  close_memory(&core.w2c_memory, *w2c_core_0x5F_data_end(&core));
  page = core.w2c_memory.data;
}

static void copy_to_point(struct point *to) {
  to->core = core;
  memcpy(to->page, page, core.w2c_memory.size);
  to->storage = storage;
  to->randoms = randoms;
}

struct point *save_point(void) {
  struct point *made = malloc(sizeof *made);
  if (made == NULL) fail("no memory");
  copy_to_point(made);
  return made;
}

static const struct point *last;

void restore_point(const struct point *from) {
  core = from->core;
  memcpy(page, from->page, core.w2c_memory.size);
  for (uint32_t i = 0; i < area_count; i++) {
    if (from == last && !(changed >> i & 1)) continue;
    const uint32_t at = area_at[i], bytes = area_at[i + 1] - at;
    memcpy(storage.now + at, from->storage.now + at, bytes);
    memcpy(storage.durable + at, from->storage.durable + at, bytes);
  }
  randoms = from->randoms;
  changed = 0;
  loose = 0;
  last = from;
}

static uint32_t number_at(const uint8_t *at) {
  return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
}

static struct span read_file(const char *name) {
  char path[8192];
  snprintf(path, sizeof path, "%s/%s.state", folder, name);
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail("%s cannot be read", path);
  uint8_t *bytes = malloc(1 << 20);
  const size_t count = fread(bytes, 1, 1 << 20, file);
  fclose(file);
  return (struct span){bytes, count};
}

static const uint8_t *take_span(const uint8_t *at, struct span *to) {
  to->bytes = number_at(at);
  to->at = at + 4;
  return to->at + to->bytes;
}

struct state load_state(const char *name) {
  const uint8_t *at = read_file(name).at;
  static bool has_off;
  struct state state = {.answer_count = 0};
  area_count = number_at(at);
  at += 4;
  for (uint32_t i = 0; i < area_count; i++, at += 4) {
    area_at[i + 1] = area_at[i] + number_at(at);
  }
  if (area_count > AREAS_MAX || area_at[area_count] > AREA_BYTES_MAX) fail("%s: storage", name);
  if (has_off) restore_point(&off);
  memcpy(page, at, BLOCK_END);
  write_unit = number_at(page + 60);
  at += BLOCK_END;
  memcpy(storage.now, at, area_at[area_count]);
  memcpy(storage.durable, at, area_at[area_count]);
  at += area_at[area_count];
  copy_to_point(&off);
  has_off = true;
  state.answer_count = number_at(at);
  at += 4;
  for (size_t i = 0; i < state.answer_count; i++) at = take_span(at, &state.answers[i]);
  take_span(at, &state.offered);
  last = NULL;
  changed = 0;
  loose = 0;
  return state;
}

void make_durable(void) {
  for (uint32_t i = 0; i < area_count; i++) {
    if (!(loose >> i & 1)) continue;
    memcpy(storage.durable + area_at[i], storage.now + area_at[i], area_at[i + 1] - area_at[i]);
  }
  loose = 0;
}

bool has_changed(void) { return changed != 0; }

int32_t start_again(void) {
  uint8_t block[BLOCK_END];
  memcpy(block, page, BLOCK_END);
  core = off.core;
  memcpy(page, off.page, core.w2c_memory.size);
  memcpy(page + BLOCK_NOW, block + BLOCK_NOW, BLOCK_HTTP_STATUS - BLOCK_NOW);
  return (int32_t)w2c_core_start(&core);
}

int32_t cut_power(void) {
  for (uint32_t i = 0; i < area_count; i++) {
    if (!(loose >> i & 1)) continue;
    memcpy(storage.now + area_at[i], storage.durable + area_at[i], area_at[i + 1] - area_at[i]);
  }
  loose = 0;
  return start_again();
}

/* The core. */

int32_t core_step(void) { return (int32_t)w2c_core_step(&core); }
int32_t core_feed(size_t bytes) { return (int32_t)w2c_core_feed(&core, (uint32_t)bytes); }
int32_t core_notify(size_t bytes) { return (int32_t)w2c_core_notify(&core, (uint32_t)bytes); }
int32_t core_bootstrap(size_t bytes) { return (int32_t)w2c_core_bootstrap(&core, (uint32_t)bytes); }
void core_resume(int32_t err) { w2c_core_resume(&core, (uint32_t)err); }
void core_connect(void) { w2c_core_connect(&core, 0); }
uint32_t argument(int index) { return number_at(page + BLOCK_ARG0 + 4 * index); }

struct span memory_at(uint32_t at, uint32_t bytes) {
  const uint64_t end = (uint64_t)at + bytes;
  if (end > core.w2c_memory.size || (bytes > 0 && at < BLOCK_REASON)) {
    fail("%u bytes at %u, which is outside the static data", bytes, at);
  }
  return (struct span){page + at, bytes};
}

void put_number(uint32_t at, uint32_t value) {
  for (int i = 0; i < 4; i++) page[at + (uint32_t)i] = (uint8_t)(value >> 8 * i);
}

void put_bytes(uint32_t at, struct span bytes) {
  memory_at(at, (uint32_t)bytes.bytes);
  memcpy(page + at, bytes.at, bytes.bytes);
}

/* What is seen. */

static size_t look_at_item(int kind, uint32_t index, uint8_t *to, size_t room) {
  size_t bytes = 0;
  for (;;) {
    const int32_t count =
        (int32_t)w2c_core_look(&core, (uint32_t)kind, index, (uint32_t)bytes);
    if (count < 0 || count > LOOK_BYTES || bytes + (size_t)count > room) {
      fail("look(%d, %u, %zu) answers %d", kind, index, bytes, count);
    }
    memcpy(to + bytes, page + BLOCK_LOOK, (size_t)count);
    bytes += (size_t)count;
    if (count < LOOK_BYTES) return bytes;
  }
}

size_t look_at(int kind, uint8_t *to, size_t room) {
  size_t total = 0;
  for (uint32_t index = 0; room - total > ITEM_BYTES_MAX; index++) {
    const size_t bytes = look_at_item(kind, index, to + total + 4, ITEM_BYTES_MAX);
    if (bytes == 0) return total;
    for (int i = 0; i < 4; i++) to[total + (size_t)i] = (uint8_t)(bytes >> 8 * i);
    total += 4 + bytes;
  }
  fail("look(%d) comes to no end", kind);
}

/* A job that a person put off is asked about again in the next run. */
static void forget_postponed(uint8_t *jobs, size_t bytes) {
  enum { FLAGS_AT = 11, POSTPONED = 1 };
  for (size_t at = 0; at < bytes; at += 4 + number_at(jobs + at)) {
    jobs[at + 4 + FLAGS_AT] &= (uint8_t)~POSTPONED;
  }
}

void read_kept(struct kept *kept) {
  kept->bytes = 0;
  for (int kind = LOOK_NODE; kind <= LOOK_OUTCOME; kind++) {
    uint8_t *to = kept->at + kept->bytes;
    const size_t bytes = look_at(kind, to, KEPT_BYTES_MAX - kept->bytes);
    if (kind == LOOK_JOB) forget_postponed(to, bytes);
    kept->bytes += bytes;
  }
}

void expect_kept(const struct kept *expected, const char *when) {
  static struct kept found;
  read_kept(&found);
  size_t at = 0;
  while (at < found.bytes && at < expected->bytes && found.at[at] == expected->at[at]) at++;
  if (at == found.bytes && at == expected->bytes) return;
  const size_t from = at < 60 ? 0 : at - 60;
  fprintf(stderr, "expected: %.*s\nfound:    %.*s\n", 120, expected->at + from, 120,
          found.at + from);
  fail("%s: another state, from byte %zu on", when, at);
}
