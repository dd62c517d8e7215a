#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

/* An address and an offset of 32 bits each. */
static const size_t RESERVED = (size_t)1 << 33;
enum { MACHINE_PAGE = 4096 };

_Noreturn void wasm_rt_trap(wasm_rt_trap_t trap) {
  static const char *const names[] = {
      "none", "access outside the memory", "overflow", "division by zero", "conversion",
      "unreachable", "indirect call", "calls nest too deep",
  };
  fprintf(stderr, "FINDING: trap: %s\n", names[trap]);
  abort();
}

bool wasm_rt_is_initialized(void) { return true; }

static uint8_t *reserve(size_t usable) {
  uint8_t *at = mmap(NULL, RESERVED, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED || mprotect(at, usable, PROT_READ | PROT_WRITE) != 0) abort();
  return at;
}

void wasm_rt_allocate_memory(wasm_rt_memory_t *memory, uint64_t pages, uint64_t max, bool is64,
                             uint32_t page_bytes) {
  if (pages != 1 || max < 1 || is64 || page_bytes != PAGE_BYTES) abort();
  memory->data = reserve(PAGE_BYTES);
  memory->data_end = memory->data + PAGE_BYTES;
  memory->size = PAGE_BYTES;
}

void close_memory(wasm_rt_memory_t *memory, uint32_t end) {
  const size_t usable = (end + MACHINE_PAGE - 1) / MACHINE_PAGE * MACHINE_PAGE;
  uint8_t *at = reserve(usable) + (usable - end);
  memcpy(at, memory->data, end);
  munmap(memory->data, RESERVED);
  memory->data = at;
  memory->data_end = at + end;
  memory->size = end;
}

void wasm_rt_free_memory(wasm_rt_memory_t *memory) { munmap(memory->data, RESERVED); }

void wasm_rt_allocate_funcref_table(wasm_rt_funcref_table_t *table, uint32_t count, uint32_t max) {
  static wasm_rt_funcref_t one;
  if (count != 1 || max != 1) abort();
  table->data = &one;
  table->size = 1;
}

void wasm_rt_free_funcref_table(wasm_rt_funcref_table_t *table) { (void)table; }
