/*
 * What code made by wasm2c needs of its runtime, for modules of integers with one memory of their
 * own and no call through a table. The memory ends at pages that nobody may touch, so that loads and
 * stores need no check, which would be most of what the fuzzer sees. A trap ends the process.
 */
#ifndef FUZZ_WASM_RT_H
#define FUZZ_WASM_RT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifndef __has_builtin
#define __has_builtin(x) 0
#endif

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define WABT_BIG_ENDIAN 0
#define WASM_RT_USE_SEGUE 0
#define WASM_RT_SANITY_CHECKS 0
#define WASM_RT_MEMCHECK_GUARD_PAGES 1
/* The core has no recursion. */
#define WASM_RT_STACK_DEPTH_COUNT 0
#define WASM_RT_NO_RETURN _Noreturn
#define wasm_rt_memcpy memcpy

typedef enum {
  WASM_RT_TRAP_NONE,
  WASM_RT_TRAP_OOB,
  WASM_RT_TRAP_INT_OVERFLOW,
  WASM_RT_TRAP_DIV_BY_ZERO,
  WASM_RT_TRAP_INVALID_CONVERSION,
  WASM_RT_TRAP_UNREACHABLE,
  WASM_RT_TRAP_CALL_INDIRECT,
  WASM_RT_TRAP_EXHAUSTION,
} wasm_rt_trap_t;

typedef enum {
  WASM_RT_I32,
  WASM_RT_I64,
  WASM_RT_F32,
  WASM_RT_F64,
} wasm_rt_type_t;

typedef struct {
  uint8_t *data;
  uint8_t *data_end;
  uint64_t size;
} wasm_rt_memory_t;

/* The debug build has an empty table, which nothing is called through. */
typedef void (*wasm_rt_function_ptr_t)(void);
typedef void (*wasm_rt_tailcallee_t)(void **, void *, void *);
typedef const char *wasm_rt_func_type_t;
typedef struct {
  wasm_rt_func_type_t func_type;
  wasm_rt_function_ptr_t func;
  wasm_rt_tailcallee_t func_tailcallee;
  void *module_instance;
} wasm_rt_funcref_t;
typedef void *wasm_rt_externref_t;
typedef struct {
  wasm_rt_funcref_t *data;
  uint32_t size;
} wasm_rt_funcref_table_t;
typedef struct {
  wasm_rt_externref_t *data;
  uint32_t size;
} wasm_rt_externref_table_t;
#define wasm_rt_externref_null_value NULL
#define wasm_rt_funcref_null_value ((wasm_rt_funcref_t){0})

_Noreturn void wasm_rt_trap(wasm_rt_trap_t trap);
bool wasm_rt_is_initialized(void);
void wasm_rt_allocate_memory(wasm_rt_memory_t *, uint64_t pages, uint64_t max, bool is64,
                             uint32_t page_bytes);
void wasm_rt_free_memory(wasm_rt_memory_t *);
void wasm_rt_allocate_funcref_table(wasm_rt_funcref_table_t *, uint32_t count, uint32_t max);
void wasm_rt_free_funcref_table(wasm_rt_funcref_table_t *);

#endif
