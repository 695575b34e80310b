/* Configurations: an accepted one is dumped, and the dump reads back unchanged. */
#include "config/config.h"
#include "input.h"

#include <stdlib.h>
#include <string.h>

static char *dump(const struct Config *config, size_t *size)
{
  char *text = NULL;
  FILE *stream = open_memstream(&text, size);
  if (!stream) abort();
  config_write(config, stream);
  if (fclose(stream) != 0) abort();
  return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct Error error;
  struct Config config, again;
  config_init(&config);
  if (!config_read_file(&config, input_file(0, data, size), &error)) return 0;
  config_check(&config, &error);
  size_t length, length_again;
  char *text = dump(&config, &length);
  config_init(&again);
  if (!config_read_file(&again, input_file(1, (const uint8_t *)text, length), &error)) abort();
  char *text_again = dump(&again, &length_again);
  if (length != length_again || memcmp(text, text_again, length) != 0) abort();
  free(text);
  free(text_again);
  return 0;
}
