/*
 * The C host on a POSIX system: flash in a file, the stream on stdin and stdout.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "abi.h"
#include "nor.h"
#include "options.h"
#include "port.h"

static int flash_file = -1;
static struct options options;
static uint8_t predictable;

int port_open(const struct options *chosen) {
  options = *chosen;
  predictable = (uint8_t)chosen->seed;
  flash_file = open(chosen->flash, O_RDWR | O_CLOEXEC);
  return flash_file < 0 ? -1 : 0;
}

void port_close(void) { close(flash_file); }

_Noreturn void port_exit(int status) { exit(status); }

/* Medium. */

int medium_read(uint32_t at, void *to, uint32_t bytes) {
  return pread(flash_file, to, bytes, at) == (ssize_t)bytes ? 0 : -1;
}

int medium_write(uint32_t at, const void *from, uint32_t bytes) {
  return pwrite(flash_file, from, bytes, at) == (ssize_t)bytes ? 0 : -1;
}

int medium_sync(void) { return fdatasync(flash_file); }

/* Stream. */

int port_send(const void *from, uint32_t bytes) {
  for (const uint8_t *at = from; bytes > 0;) {
    const ssize_t done = write(STDOUT_FILENO, at, bytes);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return -1;
    at += done;
    bytes -= (uint32_t)done;
  }
  return 0;
}

int port_receive(void *to, uint32_t bytes) {
  for (uint8_t *at = to; bytes > 0;) {
    const ssize_t done = read(STDIN_FILENO, at, bytes);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return -1;
    at += done;
    bytes -= (uint32_t)done;
  }
  return 0;
}

/* The rest. */

int32_t port_random(void *to, uint32_t bytes) {
  if (options.seed == 0) {
    return getrandom(to, bytes, 0) == (ssize_t)bytes ? DM_ERR_OK : DM_ERR_STORAGE;
  }
  for (uint32_t i = 0; i < bytes; i++) {
    predictable = (uint8_t)(predictable * 5 + 77);
    ((uint8_t *)to)[i] = predictable;
  }
  return DM_ERR_OK;
}

uint32_t port_seconds(void) { return options.now != 0 ? options.now : (uint32_t)time(NULL); }

int32_t port_sleep_ms(uint32_t delay) {
  struct timespec rest = {delay / 1000, (long)(delay % 1000) * 1000000};
  while (nanosleep(&rest, &rest) != 0) {
  }
  return DM_ERR_OK;
}

_Noreturn void port_fatal(const char *why) {
  fprintf(stderr, "fatal: %s\n", why);
  exit(STATUS_FATAL);
}

uint32_t port_stack_used(void) { return 0; }

int main(int count, char **words) {
  struct options chosen;
  if (options_read(&chosen, count - 1, words + 1) != 0) {
    fprintf(stderr, "usage: %s flash=FILE [op=connect] [name=value ...]\n", words[0]);
    return STATUS_USAGE;
  }
  if (port_open(&chosen) != 0) {
    perror(chosen.flash);
    return STATUS_FATAL;
  }
  const int status = firmware_main(&chosen);
  port_close();
  return status;
}
