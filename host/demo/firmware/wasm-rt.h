/*
 * What code made by wasm2c (wabt 1.0.39) needs of its runtime: a module of integers with one memory
 * of its own, without tables. The memory is smaller than a page of WebAssembly: CORE_RAM bytes, and
 * an access above them traps as one above 64 KiB would. runtime.c has the functions.
 */
#ifndef WASM_RT_H_
#define WASM_RT_H_

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
#define WASM_RT_SEGUE_FREE_SEGMENT 0
#define WASM_RT_SANITY_CHECKS 0
#define WASM_RT_MEMCHECK_GUARD_PAGES 0
#define WASM_RT_STACK_DEPTH_COUNT 1
/* The release core nests 32 calls at most; test/tidy/module.test.ts holds it to that. */
#define WASM_RT_MAX_CALL_STACK_DEPTH 40
#define WASM_RT_NO_RETURN _Noreturn
#define wasm_rt_memcpy memcpy
#define wasm_rt_unreachable() wasm_rt_trap(WASM_RT_TRAP_UNREACHABLE)

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

/* A linear memory: `size` bytes at `data` are there, whatever `pages` says. */
typedef struct {
  uint8_t *data;
  uint8_t *data_end;
  uint32_t page_size;
  uint64_t pages;
  uint64_t max_pages;
  uint32_t size;
  bool is64;
} wasm_rt_memory_t;

/* Named by the generated header only: the core has no table. */
typedef void (*wasm_rt_function_ptr_t)(void);
typedef void (*wasm_rt_tailcallee_t)(void **, void *, void *);
typedef const char *wasm_rt_func_type_t;
typedef void *wasm_rt_externref_t;
typedef struct {
  wasm_rt_func_type_t func_type;
  wasm_rt_function_ptr_t func;
  wasm_rt_tailcallee_t func_tailcallee;
  void *module_instance;
} wasm_rt_funcref_t;
typedef struct {
  wasm_rt_funcref_t *data;
  uint32_t size;
} wasm_rt_funcref_table_t;
typedef struct {
  wasm_rt_externref_t *data;
  uint32_t size;
} wasm_rt_externref_table_t;
#define wasm_rt_externref_null_value NULL
#define wasm_rt_funcref_null_value ((wasm_rt_funcref_t){NULL, NULL, NULL, NULL})

/* Functions that stand on the stack; a trap leaves it where it was. */
extern uint32_t wasm_rt_call_stack_depth;

_Noreturn void wasm_rt_trap(wasm_rt_trap_t trap);
bool wasm_rt_is_initialized(void);
void wasm_rt_allocate_memory(wasm_rt_memory_t *, uint64_t pages, uint64_t max, bool is64,
                             uint32_t page_bytes);
void wasm_rt_free_memory(wasm_rt_memory_t *);

#endif
