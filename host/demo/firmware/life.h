/*
 * One power-on of the device and what it is to do.
 */
#ifndef LIFE_H_
#define LIFE_H_

#include <stdint.h>

#include "runtime.h"

/* How a life went: a trap, or else what its run came to. */
struct life_end {
  wasm_rt_trap_t trap;
  int32_t err;
};

/*
 * Boots a fresh instance and runs it. `op` is connect, notify, bootstrap (the last two take their
 * bytes from the peer) or recover.
 */
struct life_end live(const char *op);

#endif
