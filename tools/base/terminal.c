#include "base/terminal.h"

#include "base/number.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

bool terminal_moves_cursor(void)
{
  const char *terminal = getenv("TERM");
  return terminal && *terminal && strcmp(terminal, "dumb") != 0 && strcmp(terminal, "unknown") != 0;
}

/* A size that the terminal does not say. */
static int size_elsewhere(const char *variable, int usual)
{
  const char *text = getenv(variable);
  int64_t size;
  bool usable = text && number_parse_integer(text, &size) && size > 0 && size <= INT16_MAX;
  return usable ? (int)size : usual;
}

int terminal_width(int descriptor)
{
  struct winsize size;
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return size_elsewhere("COLUMNS", 80);
}

int terminal_height(int descriptor)
{
  struct winsize size;
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_row > 0) return size.ws_row;
  return size_elsewhere("LINES", 24);
}
