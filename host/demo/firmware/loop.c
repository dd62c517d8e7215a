#include "loop.h"

#include "device.h"
#include "link.h"
#include "outside.h"
#include "port.h"

static int32_t exchange(void) {
  struct message_head head;
  const struct span hmac = bytes_at(DM_BLOCK_HMAC, DM_BOUND_HMAC_BYTES_MAX);
  const struct message message = {text(0), text(6), text(2)};
  const int32_t err = link_post(&message, hmac, text(4), &head);
  if (err != DM_ERR_OK) return err;
  put32(DM_BLOCK_HTTP_STATUS, head.status);
  put32(DM_BLOCK_MEDIA_TYPE, head.media);
  put32(DM_BLOCK_HMAC_BYTES, head.hmac_bytes);
  core_feed(head.body_bytes);
  return DM_ERR_OK;
}

static int32_t fetch(void) {
  struct object_head head;
  const struct span validator = bytes_at(DM_BLOCK_VALIDATOR, DM_BOUND_VALIDATOR_BYTES_MAX);
  const struct object object = {text(0), arg(2), arg(7), text(3)};
  const int32_t err = link_get(&object, validator, &head);
  if (err != DM_ERR_OK) return err;
  put32(DM_BLOCK_HTTP_STATUS, head.status);
  put32(DM_BLOCK_FIRST_OFFSET, head.first_offset);
  put32(DM_BLOCK_TOTAL_BYTES, head.total_bytes);
  put32(DM_BLOCK_MEDIA_TYPE, head.media);
  put32(DM_BLOCK_VALIDATOR_BYTES, head.validator_bytes);
  if (head.status != 200 && head.status != 206) {
    core_feed(0);
    return DM_ERR_OK;
  }
  for (;;) {
    const int32_t count = link_read(text(5));
    if (count < 0) return DM_ERR_TRANSPORT;
    if (count == 0 || core_feed((uint32_t)count) != 0) return DM_ERR_OK;
  }
}

static int32_t confirm(void) {
  struct question question = {.ask = arg(0), .text = text(1), .options = text(3)};
  if (question.ask >= DM_ASK_SINGLE_CHOICE) question.choices = text(5);
  if (question.ask < DM_ASK_TEXT_INPUT) return outside_ask(&question);
  question.input = bytes_at(arg(7), DM_BOUND_INPUT_BYTES_MAX);
  const int32_t count = outside_ask(&question);
  return count < 0 ? count : core_feed((uint32_t)count);
}

static int32_t ask(int32_t (*step)(const struct component *)) {
  const struct component component = {text(0), text(2), (int32_t)arg(4), arg(5), arg(6)};
  return step(&component);
}

static int32_t verify(void) {
  return outside_verify((int32_t)arg(0), text(1), text(3), bytes_at(arg(5), 64));
}

int32_t run(void) {
  for (;;) {
    int32_t err;
    switch (core_step()) {
      case DM_WAIT_DONE: return (int32_t)arg(0);
      case DM_WAIT_EXCHANGE: err = exchange(); break;
      case DM_WAIT_FETCH: err = fetch(); break;
      case DM_WAIT_DURABLE: err = port_flash_sync() == 0 ? DM_ERR_OK : DM_ERR_STORAGE; break;
      case DM_WAIT_CONFIRM: err = confirm(); break;
      case DM_WAIT_PREPARE: err = ask(outside_prepare); break;
      case DM_WAIT_ENSURE: err = ask(outside_ensure); break;
      case DM_WAIT_HEALTH: err = ask(outside_health); break;
      case DM_WAIT_VERIFY: err = verify(); break;
      case DM_WAIT_PAUSE: err = port_sleep_ms(arg(0)); break;
      default: return DM_ERR_MISUSE; /* A core of another version. */
    }
    put32(DM_BLOCK_NOW, port_seconds());
    core_resume(err);
  }
}
