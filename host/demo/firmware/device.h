/*
 * One instance of the core: its memory, its exports, and behind its imports the flash.
 */
#ifndef DEVICE_H_
#define DEVICE_H_

#include <stdint.h>

#include "abi.h"

/* Bytes in linear memory. Good until the next call into the core. */
struct span {
  uint8_t *at;
  uint32_t bytes;
};

/*
 * Makes a fresh instance, reads the configuration sector and replays the journal; writes nothing.
 * Returns what `start` does, or DM_ERR_NOT_FOUND where the flash has no configuration. May trap.
 */
int32_t device_start(void);

/* Exports of the core, as docs/abi.md has them. All may trap. */
int32_t core_step(void);
int32_t core_feed(uint32_t bytes);
int32_t core_connect(uint32_t account);
int32_t core_notify(uint32_t bytes);
int32_t core_bootstrap(uint32_t bytes);
void core_resume(int32_t err);
uint32_t core_look(uint32_t what, uint32_t index, uint32_t offset);

/* Argument `index` of the reason, 0 to 7. */
uint32_t arg(uint32_t index);
/* A word of the block. */
uint32_t get32(uint32_t address);
void put32(uint32_t address, uint32_t value);
/* Where linear memory has `bytes` at `ptr`; traps where it has not. */
struct span bytes_at(uint32_t ptr, uint32_t bytes);
/* The bytes whose address and number are arguments `index` and `index + 1`. */
struct span text(uint32_t index);

#endif
