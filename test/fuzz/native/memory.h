/*
 * The memory of a module: static data, and behind it addresses that end the process.
 */
#ifndef FUZZ_MEMORY_H
#define FUZZ_MEMORY_H

#include "wasm-rt.h"

enum { PAGE_BYTES = 65536 };

/* Makes everything from `end` on unusable: nothing above the static data is ever used. */
void close_memory(wasm_rt_memory_t *, uint32_t end);

#endif
