#include "base/share.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { MOST_PLACES = 4096 };

/* Open file description locks: owned by the open file, not the process; released when it closes. */
static struct flock lock_of(off_t first, off_t end)
{
  return (struct flock){
      .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = first, .l_len = end - first};
}

static bool take_place(int descriptor, int place)
{
  struct flock lock = lock_of(place, place + 1);
  while (fcntl(descriptor, F_OFD_SETLK, &lock) != 0)
    if (errno != EINTR) return false;
  return true;
}

bool share_join(struct Share *share, const char *path, struct Error *error)
{
  int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0) return error_system(error, "%s: cannot create", path);
  for (int place = 0; place < MOST_PLACES; place++) {
    if (take_place(descriptor, place)) {
      *share = (struct Share){.joined = true, .descriptor = descriptor, .place = place};
      return true;
    }
    if (errno != EAGAIN && errno != EACCES) {
      error_system(error, "%s: cannot lock", path);
      close(descriptor);
      return false;
    }
  }
  close(descriptor);
  return error_set(error, "%s: all %d places are taken", path, MOST_PLACES);
}

void share_leave(struct Share *share)
{
  if (share->joined) close(share->descriptor);
  *share = (struct Share){0};
}

/* The number of places in [first, end) held by others. F_OFD_GETLK returns one lock in the range,
   any of them; others may be on either side of it. */
static int count_others(int descriptor, off_t first, off_t end)
{
  struct flock lock = lock_of(first, end);
  if (first >= end || fcntl(descriptor, F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
    return 0;
  off_t place = lock.l_start > first ? lock.l_start : first;
  return count_others(descriptor, first, place) + 1 + count_others(descriptor, place + 1, end);
}

int share_of(const struct Share *share, int total)
{
  int before = count_others(share->descriptor, 0, share->place);
  int holders = before + 1 + count_others(share->descriptor, share->place + 1, MOST_PLACES);
  int each = total / holders + (before < total % holders);
  return each > 1 ? each : 1;
}
