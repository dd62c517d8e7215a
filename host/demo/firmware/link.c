#include "link.h"

#include <string.h>

#include "port.h"

enum { LINE_BYTES_MAX = 120 };

/* Once the stream broke, nothing is sent any more and every number that is received is 0. */
static int is_broken;
static char line[LINE_BYTES_MAX];
static uint32_t line_bytes;

void link_bytes(const void *bytes, uint32_t count) {
  if (!is_broken && count > 0 && port_send(bytes, count) != 0) is_broken = 1;
}

void link_number(uint32_t value) {
  const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                            (uint8_t)(value >> 24)};
  link_bytes(bytes, sizeof bytes);
}

void link_begin(char kind, uint32_t bytes) {
  link_bytes(&kind, 1);
  link_number(bytes);
}

static void send_field(struct span field) {
  link_number(field.bytes);
  link_bytes(field.at, field.bytes);
}

static void receive(void *to, uint32_t bytes) {
  if (!is_broken && bytes > 0 && port_receive(to, bytes) != 0) is_broken = 1;
}

static uint32_t receive_number(void) {
  uint8_t at[4] = {0};
  receive(at, sizeof at);
  if (is_broken) return 0;
  return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void skip(uint32_t bytes) {
  uint8_t rest[16];
  for (uint32_t step; bytes > 0 && !is_broken; bytes -= step) {
    step = bytes < sizeof rest ? bytes : (uint32_t)sizeof rest;
    receive(rest, step);
  }
}

/* Number of bytes of a field that came; those that do not fit `to` are read and dropped. */
static uint32_t receive_field(struct span to) {
  const uint32_t bytes = receive_number();
  if (bytes <= to.bytes) receive(to.at, bytes);
  else skip(bytes);
  return bytes;
}

int32_t link_post(const struct message *message, struct span hmac, struct span body,
                  struct message_head *head) {
  link_begin('P', 16 + message->url.bytes + message->hmac.bytes + message->body.bytes);
  link_number(body.bytes);
  send_field(message->url);
  send_field(message->hmac);
  send_field(message->body);
  const int32_t err = (int32_t)receive_number();
  if (is_broken) return DM_ERR_TRANSPORT;
  if (err != DM_ERR_OK) return err;
  head->status = receive_number();
  head->media = receive_number();
  head->hmac_bytes = receive_field(hmac);
  if (head->hmac_bytes > hmac.bytes) head->hmac_bytes = 0;
  head->body_bytes = receive_field(body);
  if (is_broken) return DM_ERR_TRANSPORT;
  return head->body_bytes > body.bytes ? DM_ERR_TOO_LARGE : DM_ERR_OK;
}

int32_t link_get(const struct object *object, struct span validator, struct object_head *head) {
  link_begin('G', 16 + object->url.bytes + object->validator.bytes);
  link_number(object->first_offset);
  link_number(object->is_relative);
  send_field(object->url);
  send_field(object->validator);
  const int32_t err = (int32_t)receive_number();
  if (is_broken) return DM_ERR_TRANSPORT;
  if (err != DM_ERR_OK) return err;
  head->status = receive_number();
  head->first_offset = receive_number();
  head->total_bytes = receive_number();
  head->media = receive_number();
  head->validator_bytes = receive_field(validator);
  if (head->validator_bytes > validator.bytes) head->validator_bytes = 0;
  return is_broken ? DM_ERR_TRANSPORT : DM_ERR_OK;
}

static int32_t receive_block(struct span to) {
  const int32_t count = (int32_t)receive_number();
  if (count < 0) return count;
  if ((uint32_t)count > to.bytes) {
    skip((uint32_t)count);
    return DM_ERR_TRANSPORT;
  }
  receive(to.at, (uint32_t)count);
  return is_broken ? DM_ERR_TRANSPORT : count;
}

int32_t link_read(struct span block) {
  link_begin('R', 4);
  link_number(block.bytes);
  return receive_block(block);
}

int32_t link_input(char kind, struct span to) {
  link_begin('I', 8);
  link_number((uint8_t)kind);
  link_number(to.bytes);
  return receive_block(to);
}

void link_log_bytes(const uint8_t *bytes, uint32_t count) {
  const uint32_t room = LINE_BYTES_MAX - line_bytes;
  const uint32_t taken = count < room ? count : room;
  memcpy(line + line_bytes, bytes, taken);
  line_bytes += taken;
}

void link_log_begin(const char *text) {
  line_bytes = 0;
  link_log_bytes((const uint8_t *)text, (uint32_t)strlen(text));
}

void link_log_number(const char *name, uint32_t value) {
  uint8_t digits[10];
  uint32_t first = sizeof digits;
  do digits[--first] = (uint8_t)('0' + value % 10);
  while ((value /= 10) > 0);
  link_log_bytes((const uint8_t *)name, (uint32_t)strlen(name));
  link_log_bytes(digits + first, (uint32_t)sizeof digits - first);
}

void link_log_end(void) {
  link_begin('L', line_bytes);
  link_bytes(line, line_bytes);
}

void link_log(const char *text) {
  link_log_begin(text);
  link_log_end();
}
