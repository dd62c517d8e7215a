/*
 * What a demo port is started with: words of the form name=value.
 */
#ifndef OPTIONS_H_
#define OPTIONS_H_

#include <stdint.h>

#include "nor.h"

struct options {
  const char *op;      /* What this life is to do: see life.h; trials have their own. */
  const char *flash;   /* File with the image of the flash. */
  const char *in;      /* Files of the stream; none: stdin and stdout, or the UART. */
  const char *out;
  const char *sick;    /* ID of a component that is not well. */
  uint32_t now;        /* What the clock says for ever; 0: what time it is. */
  uint32_t seed;       /* Of numbers that can be predicted; 0: they cannot. */
  uint32_t cut;        /* Flash operation at which the power goes; 0: none. */
  uint32_t first;      /* Trial of power cuts: first cut, and cuts from one to the next. */
  uint32_t step;
  enum cut_mode mode;
};

/* 0, or -1 where a word is none of these. The texts are borrowed. */
int options_read(struct options *options, int count, char **words);

/* Exit statuses of a demo port. */
enum { STATUS_OK, STATUS_FAILED, STATUS_USAGE, STATUS_TRAPPED, STATUS_FATAL, STATUS_CUT = 77 };

/* The program behind the port: main.c, or a trial. */
int firmware_main(const struct options *options);

/* The port's own end of both. */
int port_open(const struct options *options);
void port_close(void);
_Noreturn void port_exit(int status);

#endif
