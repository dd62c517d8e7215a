/*
 * Calls to the debugger, here QEMU: "Semihosting for AArch32 and AArch64", Arm IHI 0103.
 */
#ifndef SEMIHOSTING_H_
#define SEMIHOSTING_H_

#include <stdint.h>

enum { SEMIHOSTING_READ = 1, SEMIHOSTING_UPDATE = 3, SEMIHOSTING_WRITE = 5 };

int semihosting_open(const char *path, int mode); /* A handle, or -1. */
void semihosting_close(int file);
int semihosting_seek(int file, uint32_t at); /* 0, or below. */
/* Bytes that were read or written. */
uint32_t semihosting_read(int file, void *to, uint32_t bytes);
uint32_t semihosting_write(int file, const void *from, uint32_t bytes);
uint32_t semihosting_length(int file);
uint32_t semihosting_clock(void); /* Hundredths of a second. */
uint32_t semihosting_time(void);  /* Seconds since 1970 UTC. */
int semihosting_command_line(char *to, uint32_t room);
void semihosting_print(const char *text);
_Noreturn void semihosting_exit(int status);

#endif
