/*
 * The C host on an emulated Cortex-M. Semihosting plays what such a board has outside: the flash
 * chip (a file, or memory that is read from a file), a source of random numbers, a clock. The
 * stream is the UART, or two files.
 */
#include <stddef.h>
#include <string.h>

#include "abi.h"
#include "boot.h"
#include "nor.h"
#include "options.h"
#include "port.h"
#include "semihosting.h"
#include "uart.h"

enum { WORDS_MAX = 12, LINE_BYTES_MAX = 256, SILENCE_HUNDREDTHS_MAX = 3000 };

static struct options options;
static int flash_file = -1, in_file = -1, out_file = -1, random_file = -1;
static uint8_t predictable;

#ifdef FLASH_IN_RAM
extern uint8_t _flash_ram[];
#endif

int port_open(const struct options *chosen) {
  options = *chosen;
  predictable = (uint8_t)chosen->seed;
  uart_open();
  flash_file = semihosting_open(chosen->flash, SEMIHOSTING_UPDATE);
  if (flash_file < 0) return -1;
  if (chosen->in != NULL) in_file = semihosting_open(chosen->in, SEMIHOSTING_READ);
  if (chosen->out != NULL) out_file = semihosting_open(chosen->out, SEMIHOSTING_WRITE);
#ifdef FLASH_IN_RAM
  memset(_flash_ram, 0xff, FLASH_BYTES_MAX);
  semihosting_read(flash_file, _flash_ram, semihosting_length(flash_file));
#endif
  return 0;
}

void port_close(void) {
#ifdef FLASH_IN_RAM
  const uint32_t bytes = semihosting_length(flash_file);
  semihosting_seek(flash_file, 0);
  semihosting_write(flash_file, _flash_ram, bytes);
#endif
  semihosting_close(flash_file);
}

_Noreturn void port_exit(int status) {
  port_close();
  semihosting_exit(status);
}

/* Medium. */

#ifdef FLASH_IN_RAM

int medium_read(uint32_t at, void *to, uint32_t bytes) {
  memcpy(to, _flash_ram + at, bytes);
  return 0;
}

int medium_write(uint32_t at, const void *from, uint32_t bytes) {
  memcpy(_flash_ram + at, from, bytes);
  return 0;
}

#else

int medium_read(uint32_t at, void *to, uint32_t bytes) {
  if (semihosting_seek(flash_file, at) != 0) return -1;
  return semihosting_read(flash_file, to, bytes) == bytes ? 0 : -1;
}

int medium_write(uint32_t at, const void *from, uint32_t bytes) {
  if (semihosting_seek(flash_file, at) != 0) return -1;
  return semihosting_write(flash_file, from, bytes) == bytes ? 0 : -1;
}

#endif

int medium_sync(void) { return 0; }

/* Stream. */

int port_send(const void *from, uint32_t bytes) {
  if (out_file >= 0) return semihosting_write(out_file, from, bytes) == bytes ? 0 : -1;
  for (uint32_t i = 0; i < bytes; i++) uart_put(((const uint8_t *)from)[i]);
  return 0;
}

static int receive_by_uart(uint8_t *to, uint32_t bytes) {
  uint32_t last = semihosting_clock();
  for (uint32_t i = 0; i < bytes;) {
    if (uart_get(to + i)) {
      i++;
      continue;
    }
    uart_wait();
    if (!uart_is_empty()) continue;
    if (semihosting_clock() - last > SILENCE_HUNDREDTHS_MAX) return -1;
  }
  return 0;
}

int port_receive(void *to, uint32_t bytes) {
  if (in_file < 0) return receive_by_uart(to, bytes);
  for (uint8_t *at = to; bytes > 0;) {
    const uint32_t done = semihosting_read(in_file, at, bytes);
    if (done == 0) return -1;
    at += done;
    bytes -= done;
  }
  return 0;
}

/* The rest. */

int32_t port_random(void *to, uint32_t bytes) {
  if (options.seed == 0) {
    if (random_file < 0) random_file = semihosting_open("/dev/urandom", SEMIHOSTING_READ);
    const int is_whole = random_file >= 0 && semihosting_read(random_file, to, bytes) == bytes;
    return is_whole ? DM_ERR_OK : DM_ERR_STORAGE;
  }
  for (uint32_t i = 0; i < bytes; i++) {
    predictable = (uint8_t)(predictable * 5 + 77);
    ((uint8_t *)to)[i] = predictable;
  }
  return DM_ERR_OK;
}

uint32_t port_seconds(void) { return options.now != 0 ? options.now : semihosting_time(); }

int32_t port_sleep_ms(uint32_t delay) {
  const uint32_t start = semihosting_clock();
  while (semihosting_clock() - start < (delay + 9) / 10) {
  }
  return DM_ERR_OK;
}

_Noreturn void port_fatal(const char *why) {
  semihosting_print("fatal: ");
  semihosting_print(why);
  semihosting_print("\n");
  semihosting_exit(STATUS_FATAL);
}

uint32_t port_stack_used(void) { return boot_stack_used(); }

int main(void) {
  static char line[LINE_BYTES_MAX];
  static char *words[WORDS_MAX];
  static struct options chosen;
  int count = 0;
  if (semihosting_command_line(line, sizeof line) != 0) port_fatal("no command line");
  for (char *at = line; *at != '\0' && count < WORDS_MAX; count++) {
    words[count] = at;
    while (*at != '\0' && *at != ' ') at++;
    while (*at == ' ') *at++ = '\0';
  }
  if (count == 0 || options_read(&chosen, count - 1, words + 1) != 0) return STATUS_USAGE;
  if (port_open(&chosen) != 0) port_fatal("the image of the flash cannot be opened");
  const int status = firmware_main(&chosen);
  port_close();
  return status;
}
