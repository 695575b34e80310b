#include "run/in_memory.h"

#include "base/output.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

bool in_memory_open(struct InMemory *file, struct Error *error)
{
  file->descriptor = memfd_create("checkpoint", MFD_CLOEXEC);
  if (file->descriptor < 0) return error_system(error, "no file in memory can be made");
  snprintf(file->place, sizeof file->place, "/proc/self/fd/%d", file->descriptor);
  return true;
}

void in_memory_close(struct InMemory *file)
{
  if (file->descriptor >= 0) close(file->descriptor);
  file->descriptor = -1;
}

bool in_memory_save(const struct InMemory *file, const char *path, struct Error *error)
{
  struct Output output;
  char piece[1 << 16];
  if (!output_open(&output, path, error)) return false;
  for (off_t at = 0;;) {
    ssize_t got = pread(file->descriptor, piece, sizeof piece, at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      error_system(error, "%s: cannot read the file in memory", path);
      output_discard(&output);
      return false;
    }
    if (got == 0) return output_commit(&output, error);
    fwrite(piece, 1, (size_t)got, output.stream); /* errors are reported by the commit */
    at += got;
  }
}
