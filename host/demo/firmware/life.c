#include "life.h"

#include <string.h>

#include "device.h"
#include "link.h"
#include "loop.h"

struct life {
  const char *op;
  int32_t err;
};

static int is(const struct life *life, const char *op) { return strcmp(life->op, op) == 0; }

/* What the device is told before its first step; DM_ERR_OK or what is wrong with it. */
static int32_t begin(const struct life *life) {
  if (is(life, "connect")) return core_connect(0);
  if (is(life, "recover")) return DM_ERR_OK;
  const int is_notification = is(life, "notify");
  if (!is_notification && !is(life, "bootstrap")) return DM_ERR_MISUSE;
  const int32_t bytes = link_input(is_notification ? 'N' : 'B', text(1));
  if (bytes < 0) return bytes;
  const int32_t err = is_notification ? core_notify((uint32_t)bytes)
                                      : core_bootstrap((uint32_t)bytes);
  return is_notification && err > 0 ? DM_ERR_OK : err; /* A ui-mode: nobody is there to see it. */
}

static void boot(void *about) {
  struct life *life = about;
  life->err = device_start();
  const int is_new = life->err == DM_ERR_NOT_FOUND && is(life, "bootstrap");
  if (life->err != DM_ERR_OK && !is_new) return;
  life->err = begin(life);
  if (life->err == DM_ERR_OK) life->err = run();
}

struct life_end live(const char *op) {
  struct life life = {op, DM_ERR_OK};
  const wasm_rt_trap_t trap = guard(boot, &life);
  return (struct life_end){trap, life.err};
}
