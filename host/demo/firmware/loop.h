/*
 * The loop that drives the core; host/core/pump.ts is the same in TypeScript.
 */
#ifndef LOOP_H_
#define LOOP_H_

#include <stdint.h>

/* Steps the core until it is done; returns how the run went (a DM_ERR). May trap. */
int32_t run(void);

#endif
