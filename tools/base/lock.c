#include "base/lock.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether the opened file is still the one under that name: a holder removes its own. */
static bool is_current(int descriptor, const char *path)
{
  struct stat opened, named;
  return fstat(descriptor, &opened) == 0 && stat(path, &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/* The whole file, however long it becomes. */
static struct flock whole_file(void)
{
  return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

static bool lock_file(int descriptor, bool wait)
{
  struct flock lock = whole_file();
  while (fcntl(descriptor, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock) != 0)
    if (errno != EINTR) return false;
  return true;
}

bool lock_take(struct Lock *lock, const char *path, bool wait, struct Error *error)
{
  for (;;) {
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0) return error_system(error, "%s: cannot create", path);
    if (!lock_file(descriptor, wait)) {
      if (errno != EAGAIN && errno != EACCES) error_system(error, "%s: cannot lock", path);
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

bool lock_sign(const struct Lock *lock, const char *line, struct Error *error)
{
  char text[LOCK_SIGN_SIZE];
  int length = snprintf(text, sizeof text, "%.*s\n", LOCK_SIGN_SIZE - 2, line);
  if (ftruncate(lock->descriptor, 0) == 0 &&
      pwrite(lock->descriptor, text, (size_t)length, 0) == length)
    return true;
  return error_system(error, "%s: cannot write", lock->path);
}

/* Only a whole line is a sign: it may be in the course of being written. */
static bool read_sign(struct LockSeen *seen, int descriptor)
{
  ssize_t length = pread(descriptor, seen->sign, sizeof seen->sign - 1, 0);
  if (length < 0) return false;
  seen->sign[length] = '\0';
  char *end = strchr(seen->sign, '\n');
  *(end ? end : seen->sign) = '\0';
  return true;
}

bool lock_look(struct LockSeen *seen, const char *path, struct Error *error)
{
  *seen = (struct LockSeen){0};
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return errno == ENOENT || error_system(error, "%s: cannot open", path);
  struct flock lock = whole_file();
  struct stat status;
  bool looked = fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && fstat(descriptor, &status) == 0 &&
                read_sign(seen, descriptor);
  if (looked) {
    seen->is_held = lock.l_type != F_UNLCK;
    seen->signed_at = (double)status.st_mtim.tv_sec + 1e-9 * (double)status.st_mtim.tv_nsec;
  } else {
    error_system(error, "%s: cannot read", path);
  }
  close(descriptor);
  return looked;
}

void lock_release(struct Lock *lock)
{
  if (!lock->path) return;
  unlink(lock->path); /* while still locked, so that it is certainly ours */
  close(lock->descriptor);
  free(lock->path);
  *lock = (struct Lock){0};
}
