#include "base/lock.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether the opened file is still the one under that name: a holder removes its own. */
static bool is_current(int descriptor, const char *path)
{
  struct stat opened, named;
  return fstat(descriptor, &opened) == 0 && stat(path, &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

static bool lock_file(int descriptor, bool wait)
{
  while (flock(descriptor, wait ? LOCK_EX : LOCK_EX | LOCK_NB) != 0)
    if (errno != EINTR) return false;
  return true;
}

bool lock_take(struct Lock *lock, const char *path, bool wait, struct Error *error)
{
  for (;;) {
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0) return error_system(error, "%s: cannot create", path);
    if (!lock_file(descriptor, wait)) {
      if (errno != EWOULDBLOCK) error_system(error, "%s: cannot lock", path);
      close(descriptor);
      return false;
    }
    if (is_current(descriptor, path)) {
      *lock = (struct Lock){.path = memory_copy_text(path, error), .descriptor = descriptor};
      if (lock->path) return true;
      close(descriptor);
      return false;
    }
    close(descriptor); /* its holder removed it while we waited */
  }
}

void lock_release(struct Lock *lock)
{
  if (!lock->path) return;
  unlink(lock->path); /* while still locked, so that it is certainly ours */
  close(lock->descriptor);
  free(lock->path);
  *lock = (struct Lock){0};
}
