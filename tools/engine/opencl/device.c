#include "engine/opencl/device.h"

#include <string.h>

const char *device_first_error(char *log)
{
  char *line = strstr(log, "error");
  while (line && line > log && line[-1] != '\n')
    line--;
  if (!line) line = log;
  line[strcspn(line, "\n")] = '\0';
  return line;
}
