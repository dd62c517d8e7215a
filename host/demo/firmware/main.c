/*
 * One life of the device, and one more where the core has trapped in it.
 */
#include "life.h"
#include "link.h"
#include "options.h"
#include "outside.h"
#include "port.h"

static void power_lost(void) { port_exit(STATUS_CUT); }

static void report(struct life_end end) {
  if (end.trap != WASM_RT_TRAP_NONE) {
    link_log_begin("trap: ");
    const char *name = trap_name(end.trap);
    uint32_t bytes = 0;
    while (name[bytes] != '\0') bytes++;
    link_log_bytes((const uint8_t *)name, bytes);
    link_log_end();
    return;
  }
  link_log_begin(end.err < 0 ? "end: err=-" : "end: err=");
  link_log_number("", (uint32_t)(end.err < 0 ? -end.err : end.err));
  link_log_number(" flash-operations=", nor_operations());
  link_log_number(" flash-faults=", nor_faults());
  link_log_number(" stack=", port_stack_used());
  link_log_end();
}

int firmware_main(const struct options *options) {
  nor_arm(options->cut, options->mode, power_lost);
  outside_set_sick(options->sick);
  struct life_end end = live(options->op);
  report(end);
  if (end.trap == WASM_RT_TRAP_NONE) return end.err == DM_ERR_OK ? STATUS_OK : STATUS_FAILED;
  /* The instance is lost. What was durable is not: a fresh one takes it up. */
  end = live("recover");
  report(end);
  return STATUS_TRAPPED;
}
