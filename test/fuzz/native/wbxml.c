/*
 * The codec alone: a message that is found good is read to its end, and every text that it gives
 * lies where texts may lie. The module is that of test/modules/syncml.ts.
 */
#include <stdio.h>
#include <stdlib.h>

#include "host.h"
#include "memory.h"
#include "syncml.h"

enum {
  INPUT_BYTES = 4096,
  TEXTS = 21,
  KIND_END = 0,
  KIND_CONTAINER_END = 13,
  KINDS = 15,
  /* Every command and Item takes two bytes at least. */
  READS_MAX = INPUT_BYTES,
};

static w2c_syncml module, fresh;
static uint8_t *page, fresh_page[PAGE_BYTES];
static uint32_t data_end;
static uint32_t input;

_Noreturn void fail(const char *format, ...) {
  fprintf(stderr, "FINDING: %s\n", format);
  abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  wasm2c_syncml_instantiate(&module);
  data_end = *w2c_syncml_0x5F_data_end(&module);
  close_memory(&module.w2c_memory, data_end);
  page = module.w2c_memory.data;
  input = w2c_syncml_input(&module);
  fresh = module;
  memcpy(fresh_page, page, data_end);
  return 0;
}

/* Texts from `first` to below `end` are inside the static data; a text must not be NUL in it. */
static void check_texts(uint32_t first, uint32_t end) {
  for (uint32_t i = first; i < end; i++) {
    const uint64_t bytes = w2c_syncml_textBytes(&module, i);
    if (bytes == 0) continue;
    const uint64_t at = w2c_syncml_text(&module, i);
    if (bytes > INPUT_BYTES || at < BLOCK_END || at + bytes > data_end) fail("a text outside");
  }
}

static void read_items(void) {
  for (int reads = 0; w2c_syncml_nextItem(&module); reads++) {
    if (reads > READS_MAX) fail("Items come to no end");
    check_texts(17, TEXTS);
    if (w2c_syncml_dataIsInline(&module)) w2c_syncml_inlineTag(&module);
  }
}

static uint32_t read_commands(bool has_items) {
  uint32_t count = 0;
  for (;; count++) {
    if (count > READS_MAX) fail("commands come to no end");
    const uint32_t kind = w2c_syncml_nextCommand(&module);
    if (kind >= KINDS) fail("a kind that is none");
    if (kind == KIND_END) return count;
    if (kind == KIND_CONTAINER_END) continue;
    check_texts(10, 17);
    if (has_items) read_items();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
  if (bytes > INPUT_BYTES) return -1;
  module = fresh;
  memcpy(page, fresh_page, data_end);
  memcpy(page + input, data, bytes);
  const int32_t err = (int32_t)w2c_syncml_open(&module, input, (uint32_t)bytes);
  if (err > 0) fail("open answers more than 0");
  if (err) return 0;
  check_texts(0, 10);
  const uint32_t mark = w2c_syncml_mark(&module);
  const uint32_t first = read_commands(false);
  w2c_syncml_rewind(&module, mark);
  if (read_commands(true) != first) fail("the second walk finds other commands");
  return 0;
}
