/*
 * What lies outside the device manager: components, a person, crypto of the platform. A product
 * writes its own outside.c; the one here says yes and tells the peer.
 */
#ifndef OUTSIDE_H_
#define OUTSIDE_H_

#include <stdint.h>

#include "device.h"

/* A component that the core asks about. Texts are UTF-8 and not ended by a NUL. */
struct component {
  struct span id;
  struct span version;
  int32_t slot; /* That holds its content; below 0: it leaves. */
  uint32_t bytes;
  uint32_t state; /* DM_COMPONENT_STATE_INACTIVE or _ACTIVE. */
};

/* DM_ERR_OK, DM_ERR_REFUSED or DM_ERR_LATER. `outside_ensure` may come again and must converge. */
int32_t outside_prepare(const struct component *);
int32_t outside_ensure(const struct component *);
int32_t outside_health(const struct component *);

/* A question of kind DM_ASK_...; from DM_ASK_TEXT_INPUT on with room for what is put in. */
struct question {
  uint32_t ask;
  struct span text;
  struct span options;
  struct span choices;
  struct span input;
};

/*
 * DM_ERR_OK is yes; docs/abi.md has the other answers. Where there is room for an input: how many
 * bytes were put into it, or a DM_ERR.
 */
int32_t outside_ask(const struct question *);

/* Whether a signature by `key` over `bytes` is good; DM_ERR_REFUSED where that cannot be said. */
int32_t outside_verify(int32_t algorithm, struct span key, struct span bytes,
                       struct span signature);

/* ID of the component whose health is bad; NULL or empty: all are well. For the trials. */
void outside_set_sick(const char *id);

#endif
