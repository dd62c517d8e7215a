#include "outside.h"

#include <stddef.h>
#include <string.h>

#include "link.h"

static const char *sick;

void outside_set_sick(const char *id) { sick = id; }

static void tell(const char *step, const struct component *component) {
  link_log_begin(step);
  link_log_bytes(component->id.at, component->id.bytes);
  link_log_bytes((const uint8_t *)" ", 1);
  link_log_bytes(component->version.at, component->version.bytes);
  link_log_end();
}

int32_t outside_prepare(const struct component *component) {
  tell("prepare ", component);
  return DM_ERR_OK;
}

/*
 * A product would switch to the content of the slot here. This one runs its components in place:
 * the inventory says where they are.
 */
int32_t outside_ensure(const struct component *component) {
  tell(component->slot < 0 ? "remove " : "ensure ", component);
  return DM_ERR_OK;
}

int32_t outside_health(const struct component *component) {
  tell("health ", component);
  const size_t bytes = sick == NULL ? 0 : strlen(sick);
  const int is_sick = bytes > 0 && bytes == component->id.bytes &&
      memcmp(sick, component->id.at, bytes) == 0;
  return is_sick ? DM_ERR_REFUSED : DM_ERR_OK;
}

/* Nobody is there: what a server has ordered may run, and what it asks a person is not answered. */
int32_t outside_ask(const struct question *question) {
  link_log_begin("asked: ");
  link_log_bytes(question->text.at, question->text.bytes);
  link_log_end();
  const int is_order = question->ask == DM_ASK_JOB || question->ask == DM_ASK_DISPLAY;
  return is_order ? DM_ERR_OK : DM_ERR_NOT_IMPLEMENTED;
}

int32_t outside_verify(int32_t algorithm, struct span key, struct span bytes,
                       struct span signature) {
  (void)algorithm, (void)key, (void)bytes, (void)signature;
  return DM_ERR_REFUSED;
}
