/*
 * The flash chip of the demo ports: a NOR flash on a medium that takes anything, with a plug. A
 * program step only clears bits, an erase sets a whole sector, and a cut leaves one of them half
 * done.
 */
#ifndef NOR_H_
#define NOR_H_

#include <stdint.h>

enum cut_mode {
  CUT_BEFORE, /* The operation was not begun. */
  CUT_TORN,   /* A third of the bytes was programmed, half of the sector erased. */
};

/* What a demo port provides in place of a chip. 0, or anything else for a failure. */
int medium_read(uint32_t at, void *to, uint32_t bytes);
int medium_write(uint32_t at, const void *from, uint32_t bytes);
int medium_sync(void);

/*
 * Counts from 0 again. At operation `cut_at` (from 1; 0: never) the power goes: `power_lost` is
 * called, which does not return.
 */
void nor_arm(uint32_t cut_at, enum cut_mode mode, void (*power_lost)(void));
/* Program steps and erases of sectors so far. */
uint32_t nor_operations(void);
/* Program steps that wanted a bit set, which a chip cannot do: a fault of the caller. */
uint32_t nor_faults(void);

#endif
