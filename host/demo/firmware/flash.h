/*
 * The areas of the device in its flash: which sectors they have, and writes of any length made of
 * what the chip can do.
 *
 *   sector 0        configuration: 8 bytes of FLASH_MAGIC, then the block from RegionBytes to
 *                   HmacBytes as the core wants it before `start`
 *   then            journal region 0, region 1, slot 0, slot 1 ...; each begins with a sector
 */
#ifndef FLASH_H_
#define FLASH_H_

#include <stdint.h>

#include "abi.h"

enum {
  FLASH_SLOT_AREA = 2,
  FLASH_MAGIC_BYTES = 8,
  FLASH_CONFIG_BYTES = DM_BLOCK_HMAC_BYTES - DM_BLOCK_REGION_BYTES,
};
#define FLASH_MAGIC "scomo\0\0\1"

/*
 * Reads the configuration into `config` and lays out the areas. DM_ERR_NOT_FOUND: there is none;
 * DM_ERR_MISUSE: it does not fit this flash; DM_ERR_STORAGE.
 */
int32_t flash_open(uint8_t config[FLASH_CONFIG_BYTES]);

/* 0, DM_ERR_MISUSE for a range outside the area, or DM_ERR_STORAGE. */
int32_t flash_read(uint32_t area, uint32_t offset, uint8_t *to, uint32_t bytes);
/* Journal areas take whole write units only. */
int32_t flash_write(uint32_t area, uint32_t offset, const uint8_t *from, uint32_t bytes);
/* From a sector on; what lies before it stays. */
int32_t flash_erase(uint32_t area, uint32_t from);

#endif
