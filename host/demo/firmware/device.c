#include "device.h"

#include <string.h>

#include "core.h"
#include "flash.h"
#include "port.h"
#include "runtime.h"

struct w2c_host {
  char unused;
};

static w2c_core core;
static struct w2c_host host;

/* Memory. */

struct span bytes_at(uint32_t ptr, uint32_t bytes) {
  if ((uint64_t)ptr + bytes > core.w2c_memory.size) wasm_rt_trap(WASM_RT_TRAP_OOB);
  return (struct span){core.w2c_memory.data + ptr, bytes};
}

uint32_t get32(uint32_t address) {
  const uint8_t *at = bytes_at(address, 4).at;
  return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

void put32(uint32_t address, uint32_t value) {
  uint8_t *at = bytes_at(address, 4).at;
  for (int i = 0; i < 4; i++) at[i] = (uint8_t)(value >> 8 * i);
}

uint32_t arg(uint32_t index) { return get32(DM_BLOCK_ARG0 + 4 * index); }

struct span text(uint32_t index) { return bytes_at(arg(index), arg(index + 1)); }

/* Exports. */

int32_t device_start(void) {
  memset(&core, 0, sizeof core);
  wasm2c_core_instantiate(&core, &host);
  const struct span config = bytes_at(DM_BLOCK_REGION_BYTES, FLASH_CONFIG_BYTES);
  const int32_t err = flash_open(config.at);
  if (err != DM_ERR_OK) return err;
  put32(DM_BLOCK_NOW, port_seconds());
  return (int32_t)w2c_core_start(&core);
}

int32_t core_step(void) { return (int32_t)w2c_core_step(&core); }
int32_t core_feed(uint32_t bytes) { return (int32_t)w2c_core_feed(&core, bytes); }
int32_t core_connect(uint32_t account) { return (int32_t)w2c_core_connect(&core, account); }
int32_t core_notify(uint32_t bytes) { return (int32_t)w2c_core_notify(&core, bytes); }
int32_t core_bootstrap(uint32_t bytes) { return (int32_t)w2c_core_bootstrap(&core, bytes); }
void core_resume(int32_t err) { w2c_core_resume(&core, (uint32_t)err); }

uint32_t core_look(uint32_t what, uint32_t index, uint32_t offset) {
  return w2c_core_look(&core, what, index, offset);
}

/* Imports. The core is not trusted with an address, an area or a range. */

typedef struct w2c_host unused;

u32 w2c_host_jRead(unused *h, u32 region, u32 offset, u32 ptr, u32 bytes) {
  (void)h;
  if (region > 1) return (u32)DM_ERR_MISUSE;
  return (u32)flash_read(region, offset, bytes_at(ptr, bytes).at, bytes);
}

u32 w2c_host_jWrite(unused *h, u32 region, u32 offset, u32 ptr, u32 bytes) {
  (void)h;
  if (region > 1) return (u32)DM_ERR_MISUSE;
  return (u32)flash_write(region, offset, bytes_at(ptr, bytes).at, bytes);
}

u32 w2c_host_jErase(unused *h, u32 region) {
  (void)h;
  return (u32)(region > 1 ? DM_ERR_MISUSE : flash_erase(region, 0));
}

u32 w2c_host_sRead(unused *h, u32 slot, u32 offset, u32 ptr, u32 bytes) {
  (void)h;
  if (slot >= DM_BOUND_SLOTS_MAX) return (u32)DM_ERR_MISUSE;
  return (u32)flash_read(FLASH_SLOT_AREA + slot, offset, bytes_at(ptr, bytes).at, bytes);
}

u32 w2c_host_sWrite(unused *h, u32 slot, u32 offset, u32 ptr, u32 bytes) {
  (void)h;
  if (slot >= DM_BOUND_SLOTS_MAX) return (u32)DM_ERR_MISUSE;
  return (u32)flash_write(FLASH_SLOT_AREA + slot, offset, bytes_at(ptr, bytes).at, bytes);
}

u32 w2c_host_sErase(unused *h, u32 slot, u32 from) {
  (void)h;
  if (slot >= DM_BOUND_SLOTS_MAX) return (u32)DM_ERR_MISUSE;
  return (u32)flash_erase(FLASH_SLOT_AREA + slot, from);
}

u32 w2c_host_random(unused *h, u32 ptr, u32 bytes) {
  (void)h;
  return (u32)port_random(bytes_at(ptr, bytes).at, bytes);
}
