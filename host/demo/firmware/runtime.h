/*
 * Traps of the core: where they end up, and the memory that they are about.
 */
#ifndef RUNTIME_H_
#define RUNTIME_H_

#include "wasm-rt.h"

/*
 * Calls `act(about)`. Returns WASM_RT_TRAP_NONE, or the trap that ended it; the instance is then
 * lost, and so is what `act` was doing. Guards do not nest.
 */
wasm_rt_trap_t guard(void (*act)(void *about), void *about);

/* Name of a trap for a log line. */
const char *trap_name(wasm_rt_trap_t trap);

#endif
