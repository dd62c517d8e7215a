/*
 * Each way in which a core can be bad, and behind each that the next instance is well. Linked with
 * traps.wat in place of the core. `op=smash` takes more stack than there is, in C.
 */
#include <stddef.h>
#include <string.h>

#include "../device.h"
#include "../link.h"
#include "../loop.h"
#include "../options.h"
#include "../port.h"
#include "../runtime.h"

struct attempt {
  uint32_t how;
  int32_t err;
};

static void act(void *about) {
  struct attempt *attempt = about;
  attempt->err = device_start();
  if (attempt->err != DM_ERR_OK) return;
  core_connect(attempt->how);
  attempt->err = run();
}

static const struct expectation {
  wasm_rt_trap_t trap;
  int32_t err;
} expected[] = {
    {WASM_RT_TRAP_NONE, DM_ERR_OK},
    {WASM_RT_TRAP_OOB, 0},
    {WASM_RT_TRAP_OOB, 0},
    {WASM_RT_TRAP_OOB, 0},
    {WASM_RT_TRAP_DIV_BY_ZERO, 0},
    {WASM_RT_TRAP_INT_OVERFLOW, 0},
    {WASM_RT_TRAP_UNREACHABLE, 0},
    {WASM_RT_TRAP_EXHAUSTION, 0},
    {WASM_RT_TRAP_OOB, 0},
    {WASM_RT_TRAP_OOB, 0},
    {WASM_RT_TRAP_OOB, 0},
    {WASM_RT_TRAP_OOB, 0},
    {WASM_RT_TRAP_NONE, DM_ERR_OK},
    {WASM_RT_TRAP_NONE, DM_ERR_MISUSE},
};

static int is_as_expected(uint32_t how) {
  struct attempt attempt = {how, DM_ERR_OK};
  const wasm_rt_trap_t trap = guard(act, &attempt);
  link_log_begin("");
  link_log_number("trial ", how);
  link_log_number(": trap ", trap);
  link_log_number(" err -", (uint32_t)-attempt.err);
  link_log_end();
  if (trap != expected[how].trap) return 0;
  return trap != WASM_RT_TRAP_NONE || attempt.err == expected[how].err;
}

/* Each frame is looked at by the next one, so that a compiler has to make all of them. */
static int smash(const volatile uint8_t *above) {
  volatile uint8_t frame[64];
  frame[0] = *above;
  return frame[0] == 0 ? smash(frame) + frame[0] : 1;
}

int firmware_main(const struct options *options) {
  const uint32_t count = sizeof expected / sizeof *expected;
  nor_arm(0, CUT_BEFORE, NULL);
  if (strcmp(options->op, "smash") == 0) return smash((const volatile uint8_t *)"");
  for (uint32_t how = 0; how < count; how++) {
    if (!is_as_expected(how) || !is_as_expected(0)) return STATUS_FAILED;
  }
  link_log_begin("");
  link_log_number("trials ", count);
  link_log_end();
  return STATUS_OK;
}
