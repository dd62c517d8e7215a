/*
 * The core as C, its storage in memory, and points to which both go back. One device at a time.
 */
#ifndef FUZZ_HOST_H
#define FUZZ_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  AREAS_MAX = 2 + 32,
  KEPT_BYTES_MAX = 1 << 19,
  ANSWERS_MAX = 16,
};

/* Numbers of assembly/abi/codes.ts. */
enum {
  BLOCK_REASON = 16,
  BLOCK_ARG0 = 20,
  BLOCK_NOW = 52,
  BLOCK_HTTP_STATUS = 80,
  BLOCK_FIRST_OFFSET = 84,
  BLOCK_TOTAL_BYTES = 88,
  BLOCK_MEDIA_TYPE = 92,
  BLOCK_VALIDATOR_BYTES = 96,
  BLOCK_VALIDATOR = 100,
  BLOCK_LOOK = 768,
  BLOCK_END = 1024,
  LOOK_BYTES = 256,
  FETCH_BYTES = 1024,
};
enum { MEDIA_MESSAGE = 0, MEDIA_DELIVERY = 2 };
enum {
  WAIT_DONE = 0,
  WAIT_EXCHANGE = 1,
  WAIT_FETCH = 2,
  WAIT_DURABLE = 3,
  WAIT_CONFIRM = 4,
  WAIT_PREPARE = 5,
  WAIT_ENSURE = 6,
  WAIT_HEALTH = 7,
};
enum {
  ERR_OK = 0,
  ERR_NOT_FOUND = -10,
  ERR_TOO_LARGE = -20,
  ERR_STORAGE = -40,
  ERR_DAMAGED = -41,
  ERR_TRANSPORT = -42,
  ERR_REFUSED = -43,
  ERR_LATER = -44,
  ERR_CANCELLED = -45,
  ERR_TIMED_OUT = -46,
  ERR_MISUSE = -60,
};
enum {
  LOOK_NODE,
  LOOK_DELIVERED,
  LOOK_DEPLOYED,
  LOOK_OPERATION,
  LOOK_JOB,
  LOOK_OUTCOME,
};

/* Bytes that someone else owns. */
struct span {
  const uint8_t *at;
  size_t bytes;
};

/* What a file of build/fuzz says about a device. */
struct state {
  struct span answers[ANSWERS_MAX]; /* Of the server, before hostile ones. */
  size_t answer_count;
  struct span offered; /* A Delivery Package. */
};

struct point;

/* Ends the process: the input has shown a fault. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Makes the instance, once in a process. */
void power_on(const char *program);
/* Configuration and storage of `build/fuzz/<name>.state`; the instance is as before `start`. */
struct state load_state(const char *name);

struct point *save_point(void);
void restore_point(const struct point *);

/* Storage. */
void make_durable(void);
bool has_changed(void); /* Anything was written or erased since `restore_point`. */
int32_t start_again(void);
int32_t cut_power(void);

/* The core and its memory. */
int32_t core_step(void);
int32_t core_feed(size_t bytes);
int32_t core_notify(size_t bytes);
int32_t core_bootstrap(size_t bytes);
void core_resume(int32_t err);
void core_connect(void);
uint32_t argument(int index);
void put_number(uint32_t at, uint32_t value);
void put_bytes(uint32_t at, struct span);
struct span memory_at(uint32_t at, uint32_t bytes);

/* Items of a kind as `look` shows them, each behind 4 bytes of length. Returns the bytes at `to`. */
size_t look_at(int kind, uint8_t *to, size_t room);
/* Everything that is kept. Two states are the same if their bytes are. */
struct kept {
  size_t bytes;
  uint8_t at[KEPT_BYTES_MAX];
};
void read_kept(struct kept *);
void expect_kept(const struct kept *, const char *when);

#endif
