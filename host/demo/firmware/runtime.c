#include "runtime.h"

#include <setjmp.h>
#include <stddef.h>

#include "core_ram.h"
#include "port.h"

#ifdef BOARD_RAM
_Static_assert(CORE_RAM <= BOARD_RAM, "the core does not fit the RAM of this board");
#endif

static uint8_t linear[CORE_RAM] __attribute__((aligned(8)));
static jmp_buf *trap_exit;
static wasm_rt_trap_t last_trap;

uint32_t wasm_rt_call_stack_depth;

wasm_rt_trap_t guard(void (*act)(void *about), void *about) {
  jmp_buf here;
  /* A longjmp out of an import, as a power cut is one in the trials, leaves it where it was. */
  wasm_rt_call_stack_depth = 0;
  last_trap = WASM_RT_TRAP_NONE;
  trap_exit = &here;
  if (setjmp(here) == 0) act(about);
  trap_exit = NULL;
  return last_trap;
}

_Noreturn void wasm_rt_trap(wasm_rt_trap_t trap) {
  if (trap_exit == NULL) port_fatal("a trap that nobody guards");
  last_trap = trap;
  longjmp(*trap_exit, 1);
}

const char *trap_name(wasm_rt_trap_t trap) {
  switch (trap) {
    case WASM_RT_TRAP_NONE: return "none";
    case WASM_RT_TRAP_OOB: return "out of bounds";
    case WASM_RT_TRAP_INT_OVERFLOW: return "integer overflow";
    case WASM_RT_TRAP_DIV_BY_ZERO: return "division by zero";
    case WASM_RT_TRAP_UNREACHABLE: return "unreachable";
    case WASM_RT_TRAP_EXHAUSTION: return "calls nest too deep";
    default: return "another";
  }
}

bool wasm_rt_is_initialized(void) { return true; }

void wasm_rt_allocate_memory(wasm_rt_memory_t *memory, uint64_t pages, uint64_t max, bool is64,
                             uint32_t page_bytes) {
  if (pages != 1 || max != 1 || is64) wasm_rt_trap(WASM_RT_TRAP_OOB);
  memset(linear, 0, sizeof linear);
  memory->data = linear;
  memory->data_end = linear + sizeof linear;
  memory->page_size = page_bytes;
  memory->pages = pages;
  memory->max_pages = max;
  memory->size = sizeof linear;
  memory->is64 = is64;
}

void wasm_rt_free_memory(wasm_rt_memory_t *memory) { memory->size = 0; }
