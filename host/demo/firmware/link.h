/*
 * HTTP by way of a peer at the other end of a byte stream: a modem, a phone, bridge.ts. The device
 * asks, the peer answers, nothing comes unasked. Numbers are 4 bytes, little-endian; a field is a
 * number of bytes and these bytes.
 *
 *   asked: kind, number of bytes that follow, ...        answered
 *   P  most bytes of an answer, field URL, field hmac,   DM_ERR, then if it is 0: status, media,
 *      field body                                        field hmac, field body
 *   G  first offset, 1 if relative, field URL, field     DM_ERR, then if it is 0: status, first
 *      validator                                         offset, total, media, field validator
 *   R  most bytes of a block of what G has opened        number of bytes, 0 at the end, a DM_ERR
 *                                                        below 0; then these bytes
 *   I  kind of input (B bootstrap, N notification),      as R
 *      most bytes of it
 *   L  a line of text                                    nothing
 */
#ifndef LINK_H_
#define LINK_H_

#include <stddef.h>
#include <stdint.h>

#include "device.h"

/* A message to send, and part of an object to get, as the core's arguments name them. */
struct message {
  struct span url;
  struct span hmac;
  struct span body;
};

struct object {
  struct span url;
  uint32_t first_offset;
  uint32_t is_relative;
  struct span validator;
};

struct message_head {
  uint32_t status;
  uint32_t media;
  uint32_t hmac_bytes;
  uint32_t body_bytes;
};

struct object_head {
  uint32_t status;
  uint32_t first_offset;
  uint32_t total_bytes;
  uint32_t media;
  uint32_t validator_bytes;
};

/*
 * Sends a message. The hmac of the answer goes to `hmac`, its body to `body`; one that does not fit
 * is left out (hmac) or refused with DM_ERR_TOO_LARGE (body). DM_ERR_TRANSPORT: no answer.
 */
int32_t link_post(const struct message *, struct span hmac, struct span body,
                  struct message_head *head);

/* Opens an object. A validator of the answer that does not fit is left out. */
int32_t link_get(const struct object *, struct span validator, struct object_head *head);

/* The next block of it: number of bytes at `block`, 0 at the end, DM_ERR_TRANSPORT. */
int32_t link_read(struct span block);

/* Bytes that the peer has for the device, as link_read. */
int32_t link_input(char kind, struct span to);

/* A line for whoever watches the device. */
void link_log(const char *line);
void link_log_begin(const char *text);
void link_log_bytes(const uint8_t *bytes, uint32_t count);
void link_log_number(const char *name, uint32_t value);
void link_log_end(void);

/* A frame of any kind, for trials: its payload may be given in parts. */
void link_begin(char kind, uint32_t bytes);
void link_number(uint32_t value);
void link_bytes(const void *bytes, uint32_t count);

#endif
