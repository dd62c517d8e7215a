/*
 * The power goes at each operation of the flash, in one program: an install is begun again and
 * again from the same image, cut each time one operation later, and led to its end. The peer plays
 * the server and judges what it is told:
 *
 *   Z  number of the operation: all is as it was at the beginning
 *   D  field with an item of Look.Deployed; the content that its slot holds
 *   S  behind the cut, before anything else: DM_ERR of the start
 *   E  at the end: DM_ERR of the last life, trap, lives, 1 if the device owes nothing, 1 if the
 *      power was cut, faults of the flash
 */
#include <setjmp.h>
#include <stddef.h>
#include <string.h>

#include "../device.h"
#include "../flash.h"
#include "../life.h"
#include "../link.h"
#include "../options.h"
#include "../outside.h"
#include "../port.h"

enum { LIVES_MAX = 6, IMAGE_BYTES_MAX = 256 * 1024, BLOCK = 256, SLOT_NONE = 255 };

#ifdef FLASH_IN_RAM
extern uint8_t _flash_copy[];
#else
static uint8_t _flash_copy[IMAGE_BYTES_MAX];
#endif

static jmp_buf power_switch;

static void power_lost(void) { longjmp(power_switch, 1); }

/* Bytes of the item that `look` shows; none of the kinds asked for here is longer than a window. */
static uint32_t look(uint32_t what, uint32_t index, uint8_t item[DM_BOUND_LOOK_BYTES]) {
  const uint32_t bytes = core_look(what, index, 0);
  if (bytes > DM_BOUND_LOOK_BYTES) return 0;
  memcpy(item, bytes_at(DM_BLOCK_LOOK, bytes).at, bytes);
  return bytes;
}

static void send_content(uint32_t slot, uint32_t bytes) {
  uint8_t block[BLOCK];
  for (uint32_t at = 0, step; at < bytes; at += step) {
    step = bytes - at < sizeof block ? bytes - at : (uint32_t)sizeof block;
    if (flash_read(FLASH_SLOT_AREA + slot, at, block, step) != 0) memset(block, 0, step);
    link_bytes(block, step);
  }
}

static void tell_deployed(void) {
  uint8_t item[DM_BOUND_LOOK_BYTES];
  uint32_t count;
  for (uint32_t i = 0; (count = look(DM_LOOK_DEPLOYED, i, item)) > 0; i++) {
    const uint32_t slot = item[2];
    const uint32_t all = item[4] | (uint32_t)item[5] << 8 | (uint32_t)item[6] << 16;
    const uint32_t bytes = slot == SLOT_NONE ? 0 : all;
    link_begin('D', 4 + count + bytes);
    link_number(count);
    link_bytes(item, count);
    send_content(slot, bytes);
  }
}

/* Acts that may trap. */

static void tell_start(void *about) {
  const int32_t err = device_start();
  if (err == DM_ERR_OK) tell_deployed();
  link_begin('S', 4);
  link_number((uint32_t)err);
  *(int32_t *)about = err;
}

static void tell_end(void *about) {
  (void)about;
  tell_deployed();
}

static void count_owed(void *about) {
  static const uint32_t kinds[] = {DM_LOOK_OPERATION, DM_LOOK_JOB, DM_LOOK_OUTCOME};
  uint32_t *owed = about;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (core_look(kinds[i], 0, 0) > 0) ++*owed;
  }
}

/* Lives until the device owes nothing. */
static void lead_to_end(uint32_t was_cut) {
  struct life_end end = {WASM_RT_TRAP_NONE, DM_ERR_OK};
  uint32_t lives = 0, owed = 1;
  while (owed > 0 && lives++ < LIVES_MAX && end.trap == WASM_RT_TRAP_NONE) {
    end = live("connect");
    owed = 0;
    if (end.trap == WASM_RT_TRAP_NONE) end.trap = guard(count_owed, &owed);
  }
  if (end.trap == WASM_RT_TRAP_NONE) end.trap = guard(tell_end, NULL);
  link_begin('E', 24);
  link_number((uint32_t)end.err);
  link_number(end.trap);
  link_number(lives);
  link_number(owed == 0);
  link_number(was_cut);
  link_number(nor_faults());
}

static void put_back(uint32_t bytes) {
  for (uint32_t at = 0; at < bytes; at += FLASH_SECTOR) {
    medium_write(at, _flash_copy + at, FLASH_SECTOR);
  }
}

/* One install with a cut. Returns whether there was such an operation. */
static int cut_at(uint32_t operation, const struct options *options) {
  volatile int was_cut = 1;
  int32_t err = DM_ERR_OK;
  link_begin('Z', 4);
  link_number(operation);
  nor_arm(operation, options->mode, power_lost);
  if (setjmp(power_switch) == 0) {
    live("connect");
    was_cut = 0;
  }
  nor_arm(0, CUT_BEFORE, NULL);
  guard(tell_start, &err);
  lead_to_end(was_cut != 0);
  return was_cut;
}

static uint32_t image_bytes(void) {
  uint32_t bytes = 0;
  while (bytes < IMAGE_BYTES_MAX && medium_read(bytes, _flash_copy + bytes, FLASH_SECTOR) == 0) {
    bytes += FLASH_SECTOR;
  }
  return bytes;
}

int firmware_main(const struct options *options) {
  const uint32_t bytes = image_bytes();
  outside_set_sick(options->sick);
  uint32_t operation = options->first;
  while (cut_at(operation, options)) {
    put_back(bytes);
    operation += options->step;
  }
  return STATUS_OK;
}
