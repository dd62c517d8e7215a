/*
 * From reset to main on a Cortex-M, and what its stack took.
 */
#ifndef BOOT_H_
#define BOOT_H_

#include <stdint.h>

/* Bytes of stack that were used at most since reset. */
uint32_t boot_stack_used(void);

#endif
