#include "boot.h"

#include <string.h>

#include "port.h"
#include "semihosting.h"

enum { PATTERN = 0xa5, SPARE_WORDS = 64, BELOW_FRAME = 64 };
enum { MPU_BASE = 0xe000ed90, MPU_CONTROL = 1, MPU_REGION, MPU_ADDRESS, MPU_SIZE };
enum {
  GUARD_NO_ACCESS = 1 << 28 | 7 << 1 | 1, /* 2^(7 + 1) bytes that nobody may touch. */
  MPU_ON_WITH_DEFAULT = 5,
};

extern uint8_t _guard[], _stack_start[], _stack_end[];
extern uint8_t _sidata[], _sdata[], _edata[], _sbss[], _ebss[];
int main(void);

/* A fault may have come of a stack without room: its handler has one of its own. */
__attribute__((used)) static uint32_t spare_stack[SPARE_WORDS];

__attribute__((used)) static void report_fault(void) {
  port_fatal("the processor has faulted");
}

__attribute__((naked)) static void fault(void) {
  __asm__ volatile(
      "ldr r0, =spare_stack + %c0\n"
      "mov sp, r0\n"
      "bl report_fault\n"
      :
      : "i"(SPARE_WORDS * 4));
}

/*
 * Closes the bytes below the stack: not every bus says no behind the end of RAM. A frame larger
 * than the guard could step over it; `-fstack-usage` says that ours are smaller.
 */
static void close_guard(void) {
  volatile uint32_t *const mpu = (volatile uint32_t *)MPU_BASE;
  mpu[MPU_REGION] = 0;
  mpu[MPU_ADDRESS] = (uint32_t)_guard;
  mpu[MPU_SIZE] = GUARD_NO_ACCESS;
  mpu[MPU_CONTROL] = MPU_ON_WITH_DEFAULT;
  __asm__ volatile("dsb\n isb" ::: "memory");
}

void reset(void);
void reset(void) {
  uint8_t *const here = (uint8_t *)__builtin_frame_address(0) - BELOW_FRAME;
  for (uint8_t *at = _stack_start; at < here; at++) *(volatile uint8_t *)at = PATTERN;
  memcpy(_sdata, _sidata, (size_t)(_edata - _sdata));
  memset(_sbss, 0, (size_t)(_ebss - _sbss));
  close_guard();
  semihosting_exit(main());
}

uint32_t boot_stack_used(void) {
  const uint8_t *at = _stack_start;
  while (at < _stack_end && *at == PATTERN) at++;
  return (uint32_t)(_stack_end - at);
}

typedef void (*vector)(void);

__attribute__((section(".vectors"), used)) static const vector vectors[16] = {
    (vector)_stack_end, reset, fault, fault, fault, fault, fault, fault,
    fault, fault, fault, fault, fault, fault, fault, fault,
};
