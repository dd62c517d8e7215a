#include "flash.h"

#include <string.h>

#include "port.h"

enum { AREAS_MAX = FLASH_SLOT_AREA + DM_BOUND_SLOTS_MAX, ERASED = 0xff };

/* First byte of each area; behind the last one, the end. */
static uint32_t starts[AREAS_MAX + 1];
static uint32_t capacity[AREAS_MAX];
static uint32_t area_count;

static uint32_t word_of(const uint8_t *config, uint32_t address) {
  const uint8_t *at = config + (address - DM_BLOCK_REGION_BYTES);
  return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static int32_t lay_out(const uint8_t *config) {
  const uint32_t slots = word_of(config, DM_BLOCK_SLOT_COUNT);
  const uint32_t unit = word_of(config, DM_BLOCK_WRITE_UNIT);
  if (slots > DM_BOUND_SLOTS_MAX || unit == 0 || unit % FLASH_UNIT != 0) return DM_ERR_MISUSE;
  uint32_t at = FLASH_SECTOR;
  for (uint32_t area = 0; area < FLASH_SLOT_AREA + slots; area++) {
    const uint32_t bytes = area < FLASH_SLOT_AREA
        ? word_of(config, DM_BLOCK_REGION_BYTES)
        : word_of(config, DM_BLOCK_SLOT_BYTES + 4 * (area - FLASH_SLOT_AREA));
    if (bytes > FLASH_BYTES_MAX - at) return DM_ERR_MISUSE;
    starts[area] = at;
    capacity[area] = bytes;
    at += (bytes + FLASH_SECTOR - 1) / FLASH_SECTOR * FLASH_SECTOR;
    if (at > FLASH_BYTES_MAX) return DM_ERR_MISUSE;
  }
  area_count = FLASH_SLOT_AREA + slots;
  starts[area_count] = at;
  return DM_ERR_OK;
}

int32_t flash_open(uint8_t config[FLASH_CONFIG_BYTES]) {
  uint8_t magic[FLASH_MAGIC_BYTES];
  area_count = 0;
  if (port_flash_read(0, magic, sizeof magic) != 0) return DM_ERR_STORAGE;
  if (memcmp(magic, FLASH_MAGIC, sizeof magic) != 0) return DM_ERR_NOT_FOUND;
  if (port_flash_read(FLASH_MAGIC_BYTES, config, FLASH_CONFIG_BYTES) != 0) return DM_ERR_STORAGE;
  return lay_out(config);
}

static int is_outside(uint32_t area, uint32_t offset, uint32_t bytes) {
  return area >= area_count || offset > capacity[area] || bytes > capacity[area] - offset;
}

int32_t flash_read(uint32_t area, uint32_t offset, uint8_t *to, uint32_t bytes) {
  if (is_outside(area, offset, bytes)) return DM_ERR_MISUSE;
  return port_flash_read(starts[area] + offset, to, bytes) == 0 ? DM_ERR_OK : DM_ERR_STORAGE;
}

/*
 * Programs a part of one unit. Its other bytes are given as erased, which leaves them as they are:
 * a chip that takes each unit once only needs another way (docs/firmware.md).
 */
static int program_part(uint32_t at, const uint8_t *from, uint32_t bytes) {
  uint8_t unit[FLASH_UNIT];
  const uint32_t first = at % FLASH_UNIT;
  memset(unit, ERASED, sizeof unit);
  memcpy(unit + first, from, bytes);
  return port_flash_program(at - first, unit, FLASH_UNIT);
}

/* How many bytes one step of a write takes: a part of a unit, or whole ones up to a page. */
static uint32_t step_of(uint32_t at, uint32_t bytes) {
  const uint32_t in_unit = FLASH_UNIT - at % FLASH_UNIT;
  const uint32_t in_page = FLASH_PAGE - at % FLASH_PAGE;
  if (in_unit < FLASH_UNIT || bytes < FLASH_UNIT) return bytes < in_unit ? bytes : in_unit;
  const uint32_t whole = bytes - bytes % FLASH_UNIT;
  return whole < in_page ? whole : in_page;
}

int32_t flash_write(uint32_t area, uint32_t offset, const uint8_t *from, uint32_t bytes) {
  if (is_outside(area, offset, bytes)) return DM_ERR_MISUSE;
  if (area < FLASH_SLOT_AREA && (offset % FLASH_UNIT != 0 || bytes % FLASH_UNIT != 0)) {
    return DM_ERR_MISUSE;
  }
  for (uint32_t at = starts[area] + offset; bytes > 0;) {
    const uint32_t step = step_of(at, bytes);
    const int err = step % FLASH_UNIT != 0 || at % FLASH_UNIT != 0
        ? program_part(at, from, step)
        : port_flash_program(at, from, step);
    if (err != 0) return DM_ERR_STORAGE;
    at += step;
    from += step;
    bytes -= step;
  }
  return DM_ERR_OK;
}

int32_t flash_erase(uint32_t area, uint32_t from) {
  if (is_outside(area, from, 0) || from % FLASH_SECTOR != 0) return DM_ERR_MISUSE;
  for (uint32_t at = starts[area] + from; at < starts[area + 1]; at += FLASH_SECTOR) {
    if (port_flash_erase(at) != 0) return DM_ERR_STORAGE;
  }
  return DM_ERR_OK;
}
