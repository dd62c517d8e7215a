#include "semihosting.h"

#include <string.h>

enum {
  SYS_OPEN = 0x01,
  SYS_CLOSE = 0x02,
  SYS_WRITE0 = 0x04,
  SYS_WRITE = 0x05,
  SYS_READ = 0x06,
  SYS_SEEK = 0x0a,
  SYS_FLEN = 0x0c,
  SYS_CLOCK = 0x10,
  SYS_TIME = 0x11,
  SYS_GET_CMDLINE = 0x15,
  SYS_EXIT_EXTENDED = 0x20,
  APPLICATION_EXIT = 0x20026,
};

static int32_t call(uint32_t operation, const void *block) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = block;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return (int32_t)r0;
}

int semihosting_open(const char *path, int mode) {
  const uint32_t block[] = {(uint32_t)path, (uint32_t)mode, strlen(path)};
  return call(SYS_OPEN, block);
}

void semihosting_close(int file) {
  const uint32_t block[] = {(uint32_t)file};
  call(SYS_CLOSE, block);
}

int semihosting_seek(int file, uint32_t at) {
  const uint32_t block[] = {(uint32_t)file, at};
  return call(SYS_SEEK, block);
}

/* The call answers how many bytes were left over. */
uint32_t semihosting_read(int file, void *to, uint32_t bytes) {
  const uint32_t block[] = {(uint32_t)file, (uint32_t)to, bytes};
  const uint32_t left = (uint32_t)call(SYS_READ, block);
  return left > bytes ? 0 : bytes - left;
}

uint32_t semihosting_write(int file, const void *from, uint32_t bytes) {
  const uint32_t block[] = {(uint32_t)file, (uint32_t)from, bytes};
  const uint32_t left = (uint32_t)call(SYS_WRITE, block);
  return left > bytes ? 0 : bytes - left;
}

uint32_t semihosting_length(int file) {
  const uint32_t block[] = {(uint32_t)file};
  const int32_t bytes = call(SYS_FLEN, block);
  return bytes < 0 ? 0 : (uint32_t)bytes;
}

uint32_t semihosting_clock(void) { return (uint32_t)call(SYS_CLOCK, 0); }
uint32_t semihosting_time(void) { return (uint32_t)call(SYS_TIME, 0); }

int semihosting_command_line(char *to, uint32_t room) {
  uint32_t block[] = {(uint32_t)to, room};
  return call(SYS_GET_CMDLINE, block);
}

void semihosting_print(const char *text) { call(SYS_WRITE0, text); }

_Noreturn void semihosting_exit(int status) {
  const uint32_t block[] = {APPLICATION_EXIT, (uint32_t)status};
  call(SYS_EXIT_EXTENDED, block);
  for (;;) {
  }
}
