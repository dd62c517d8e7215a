/*
 * Plays the world to a device: test/fuzz/drive.ts does the same.
 */
#ifndef FUZZ_DRIVE_H
#define FUZZ_DRIVE_H

#include "host.h"

/* How the server of a download behaves. */
enum {
  WEB_NO_RANGE = 1,  /* Answers a range with the whole object. */
  WEB_NO_TOTAL = 2,  /* Does not say how long the object is. */
  WEB_CHANGES = 4,   /* Another validator in each answer. */
  WEB_BREAKS = 8,    /* The connection breaks once in the middle. */
};

struct script {
  const struct span *answers; /* Of the server; after them it cannot be reached. */
  size_t answer_count;
  uint32_t seed;         /* Of what a person and the components say. */
  struct span object;    /* What the server has to download. */
  struct span elsewhere; /* The same for any other URL than the first. */
  bool is_always_there;  /* Else in one request of two. */
  uint32_t web;          /* Bits of WEB_. */
  int32_t cut_at;        /* The power goes at this barrier, counted from 0; -1: it stays. */
  uint32_t block_bytes;  /* Of a download, at most. */
};

struct end {
  bool is_cut;
  int32_t err; /* Of the run, where it came to its end. */
  uint32_t components; /* Of the operation that was carried out, 0 if none was. */
};

/* A number from 0 to below `limit`. */
uint32_t draw(uint32_t *seed, uint32_t limit);

/* From the wait that the device stands at to the end of the run, or to the cut. */
struct end drive(int32_t wait, struct script);

/* Steps on a device that only wants barriers, up to another wait. */
int32_t settle(void);

/* Starts a device and its session. Returns what it waits for behind the prelude. */
int32_t enter(struct state);

int32_t exchange(struct span body);

/*
 * What must hold behind a run that began where `before` was kept: in memory what a restart finds,
 * and, where nothing was written, what was there before. Then the device still comes to an end.
 */
void check_end(struct end, const struct kept *before);

#endif
