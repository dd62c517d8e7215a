/*
 * The first UART of a board, polled: CMSDK (mps2) or PL011 (lm3s6965evb).
 */
#ifndef UART_H_
#define UART_H_

#include <stdint.h>

#define UART_REGISTER(base, offset) (*(volatile uint32_t *)((base) + (offset)))

#ifdef UART_CMSDK

enum { UART_BASE = 0x40004000, UART_DATA = 0, UART_STATE = 4, UART_CTRL = 8, UART_BAUD = 16 };

static inline void uart_open(void) {
  UART_REGISTER(UART_BASE, UART_BAUD) = 16;
  UART_REGISTER(UART_BASE, UART_CTRL) = 3; /* Send and receive. */
}

static inline int uart_is_full(void) { return UART_REGISTER(UART_BASE, UART_STATE) & 1; }
static inline int uart_is_empty(void) { return !(UART_REGISTER(UART_BASE, UART_STATE) & 2); }

#else

enum {
  UART_BASE = 0x4000c000,
  UART_DATA = 0,
  UART_FLAGS = 0x18,
  UART_LINE = 0x2c,
  UART_CTRL = 0x30,
};

static inline void uart_open(void) {
  UART_REGISTER(UART_BASE, UART_LINE) = 0x70;  /* 8 bits, with its queues. */
  UART_REGISTER(UART_BASE, UART_CTRL) = 0x301; /* On, send and receive. */
}

static inline int uart_is_full(void) { return UART_REGISTER(UART_BASE, UART_FLAGS) & 0x20; }
static inline int uart_is_empty(void) { return UART_REGISTER(UART_BASE, UART_FLAGS) & 0x10; }

#endif

static inline void uart_put(uint8_t byte) {
  while (uart_is_full()) {
  }
  UART_REGISTER(UART_BASE, UART_DATA) = byte;
}

/* 1 where a byte was there. */
static inline int uart_get(uint8_t *to) {
  if (uart_is_empty()) return 0;
  *to = (uint8_t)UART_REGISTER(UART_BASE, UART_DATA);
  return 1;
}

#endif
