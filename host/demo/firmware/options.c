#include "options.h"

#include <stddef.h>
#include <string.h>

static uint32_t number_of(const char *digits) {
  uint32_t value = 0;
  for (; *digits >= '0' && *digits <= '9'; digits++) value = value * 10 + (uint32_t)(*digits - '0');
  return value;
}

/* The value of `word` where its name is `name`, else NULL. */
static const char *value_of(const char *word, const char *name) {
  const size_t bytes = strlen(name);
  return strncmp(word, name, bytes) == 0 && word[bytes] == '=' ? word + bytes + 1 : NULL;
}

static int take_text(struct options *options, const char *word) {
  const struct {
    const char *name;
    const char **to;
  } texts[] = {
      {"op", &options->op}, {"flash", &options->flash}, {"in", &options->in},
      {"out", &options->out}, {"sick", &options->sick},
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    const char *value = value_of(word, texts[i].name);
    if (value == NULL) continue;
    *texts[i].to = value;
    return 1;
  }
  return 0;
}

static int take_number(struct options *options, const char *word) {
  const struct {
    const char *name;
    uint32_t *to;
  } numbers[] = {
      {"now", &options->now}, {"seed", &options->seed}, {"cut", &options->cut},
      {"first", &options->first}, {"step", &options->step},
  };
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    const char *value = value_of(word, numbers[i].name);
    if (value == NULL) continue;
    *numbers[i].to = number_of(value);
    return 1;
  }
  return 0;
}

int options_read(struct options *options, int count, char **words) {
  *options = (struct options){.op = "connect", .first = 1, .step = 1, .mode = CUT_TORN};
  for (int i = 0; i < count; i++) {
    if (strcmp(words[i], "mode=before") == 0) options->mode = CUT_BEFORE;
    else if (strcmp(words[i], "mode=torn") == 0) options->mode = CUT_TORN;
    else if (!take_text(options, words[i]) && !take_number(options, words[i])) return -1;
  }
  return options->flash == NULL ? -1 : 0;
}
