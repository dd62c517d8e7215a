#include "nor.h"

#include <string.h>

#include "port.h"

enum { CHUNK = 64, ERASED = 0xff };

static uint32_t operations;
static uint32_t faults;
static uint32_t cut_operation;
static enum cut_mode mode;
static void (*on_power_lost)(void);

void nor_arm(uint32_t cut_at, enum cut_mode how, void (*power_lost)(void)) {
  operations = 0;
  cut_operation = cut_at;
  mode = how;
  on_power_lost = power_lost;
}

uint32_t nor_operations(void) { return operations; }
uint32_t nor_faults(void) { return faults; }

int port_flash_read(uint32_t at, void *to, uint32_t bytes) {
  if (at > FLASH_BYTES_MAX || bytes > FLASH_BYTES_MAX - at) return -1;
  return medium_read(at, to, bytes);
}

static int clear_bits(uint32_t at, const uint8_t *from, uint32_t bytes) {
  uint8_t cells[CHUNK];
  for (uint32_t step; bytes > 0; at += step, from += step, bytes -= step) {
    step = bytes < CHUNK ? bytes : CHUNK;
    if (medium_read(at, cells, step) != 0) return -1;
    for (uint32_t i = 0; i < step; i++) {
      /* The bytes that a caller pads with are erased: they mean "leave it". */
      if (from[i] != ERASED && (from[i] & ~cells[i]) != 0) faults++;
      cells[i] &= from[i];
    }
    if (medium_write(at, cells, step) != 0) return -1;
  }
  return 0;
}

static int set_bits(uint32_t at, uint32_t bytes) {
  uint8_t cells[CHUNK];
  memset(cells, ERASED, sizeof cells);
  for (uint32_t done = 0; done < bytes; done += CHUNK) {
    if (medium_write(at + done, cells, CHUNK) != 0) return -1;
  }
  return 0;
}

static int is_cut(void) { return ++operations == cut_operation; }

int port_flash_program(uint32_t at, const void *from, uint32_t bytes) {
  const uint32_t in_page = FLASH_PAGE - at % FLASH_PAGE;
  const int is_wrong = at % FLASH_UNIT != 0 || bytes % FLASH_UNIT != 0 || bytes > in_page;
  if (is_wrong || at >= FLASH_BYTES_MAX) return -1;
  if (is_cut()) {
    if (mode == CUT_TORN) clear_bits(at, from, bytes / 3);
    on_power_lost();
  }
  return clear_bits(at, from, bytes);
}

int port_flash_erase(uint32_t at) {
  if (at % FLASH_SECTOR != 0 || at >= FLASH_BYTES_MAX) return -1;
  if (is_cut()) {
    if (mode == CUT_TORN) set_bits(at, FLASH_SECTOR / 2);
    on_power_lost();
  }
  return set_bits(at, FLASH_SECTOR);
}

int port_flash_sync(void) { return medium_sync(); }
