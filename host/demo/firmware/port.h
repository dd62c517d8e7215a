/*
 * What a board must provide. docs/firmware.md says more of each. All calls are synchronous; none
 * may call the core.
 */
#ifndef PORT_H_
#define PORT_H_

#include <stdint.h>

/* Geometry of the flash, in bytes; powers of two. */
enum {
  FLASH_UNIT = 4,      /* What one program step writes is a multiple of this. 1 to 64. */
  FLASH_PAGE = 256,    /* One program step stays within a page. */
  FLASH_SECTOR = 4096, /* What one erase sets to 0xff. */
  FLASH_BYTES_MAX = 512 * 1024,
};

/* Flash. `at` counts from its first byte. 0, or anything else for a failure. */
int port_flash_read(uint32_t at, void *to, uint32_t bytes);
/* Clears bits. `at` and `bytes` are multiples of FLASH_UNIT, in one page. */
int port_flash_program(uint32_t at, const void *from, uint32_t bytes);
/* Sets the sector at `at` to 0xff. */
int port_flash_erase(uint32_t at);
/* Returns when all of the above has reached the medium. */
int port_flash_sync(void);

/* The way out: a byte stream to the peer. 0 when all bytes are through, else it is broken. */
int port_send(const void *from, uint32_t bytes);
int port_receive(void *to, uint32_t bytes);

/* Octets that nobody can predict. 0 or a DM_ERR. */
int32_t port_random(void *to, uint32_t bytes);
/* Seconds since 1970 UTC, 0 unknown. */
uint32_t port_seconds(void);
/* Returns after that many milliseconds, 1 to 32,000. 0 or a DM_ERR. */
int32_t port_sleep_ms(uint32_t delay);

/* The end of the program, for a fault that no boot can mend. */
_Noreturn void port_fatal(const char *why);
/* Bytes of stack that were used at most, 0 where it is not known. */
uint32_t port_stack_used(void);

#endif
