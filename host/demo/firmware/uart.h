/*
 * The first UART of a board: CMSDK (mps2) or PL011 (lm3s6965evb). Waits for a byte asleep; its
 * interrupt wakes the processor and is never taken.
 */
#ifndef UART_H_
#define UART_H_

#include <stdint.h>

#define UART_REGISTER(base, offset) (*(volatile uint32_t *)((base) + (offset)))

#ifdef UART_CMSDK

enum { UART_BASE = 0x40004000, UART_DATA = 0, UART_STATE = 4, UART_CTRL = 8, UART_CLEAR = 12 };
enum { UART_BAUD = 16, UART_IRQ = 0, UART_ALL_IRQS = 15 };

static inline void uart_set_up(void) {
  UART_REGISTER(UART_BASE, UART_BAUD) = 16;
  UART_REGISTER(UART_BASE, UART_CTRL) = 0x0b; /* Send, receive, interrupt for received. */
}

static inline int uart_is_full(void) { return UART_REGISTER(UART_BASE, UART_STATE) & 1; }
static inline int uart_is_empty(void) { return !(UART_REGISTER(UART_BASE, UART_STATE) & 2); }

#else

enum { UART_BASE = 0x4000c000, UART_DATA = 0, UART_FLAGS = 0x18, UART_LINE = 0x2c };
enum { UART_CTRL = 0x30, UART_MASK = 0x38, UART_CLEAR = 0x44, UART_IRQ = 5 };
enum { UART_ALL_IRQS = 0x7ff };

static inline void uart_set_up(void) {
  UART_REGISTER(UART_BASE, UART_LINE) = 0x70;  /* 8 bits, with its queues. */
  UART_REGISTER(UART_BASE, UART_MASK) = 0x50;  /* Interrupts for received, at once or later. */
  UART_REGISTER(UART_BASE, UART_CTRL) = 0x301; /* On, send and receive. */
}

static inline int uart_is_full(void) { return UART_REGISTER(UART_BASE, UART_FLAGS) & 0x20; }
static inline int uart_is_empty(void) { return UART_REGISTER(UART_BASE, UART_FLAGS) & 0x10; }

#endif

/* Registers of every Cortex-M. */
enum {
  CORE_BASE = 0xe000e000,
  TICK_CONTROL = 0x010,
  TICK_RELOAD = 0x014,
  IRQ_ENABLE = 0x100,
  IRQ_CLEAR = 0x280,
  CORE_STATE = 0xd04,
  TICK_CLEAR = 1 << 25,
};

static inline void uart_open(void) {
  __asm__ volatile("cpsid i");
  uart_set_up();
  UART_REGISTER(CORE_BASE, IRQ_ENABLE) = 1u << UART_IRQ;
  UART_REGISTER(CORE_BASE, TICK_RELOAD) = 0xffffff;
  UART_REGISTER(CORE_BASE, TICK_CONTROL) = 7; /* On, the processor's clock, interrupt. */
}

/* Sleeps until something was received, for a part of a second at most. */
static inline void uart_wait(void) {
  __asm__ volatile("wfi");
  UART_REGISTER(UART_BASE, UART_CLEAR) = UART_ALL_IRQS;
  UART_REGISTER(CORE_BASE, IRQ_CLEAR) = 1u << UART_IRQ;
  UART_REGISTER(CORE_BASE, CORE_STATE) = TICK_CLEAR;
}

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
