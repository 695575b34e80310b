/*
 * A lock held by one program at a time: a file that is locked while the holder works and removed
 * when it is done. The system releases the lock when its holder dies, however it dies; a leftover
 * file does no harm. Its holder may sign it, with a line for those who look.
 *
 * The lock is an open file description lock of the whole file, like the places of base/share.h:
 * others can ask for it without taking it. Whether it keeps out, or is seen by, programs on other
 * machines is the file system's affair: NFS and Lustre do that unless they were mounted with local
 * locks.
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include "base/error.h"

struct Lock {
  char *path; /* NULL if not held */
  int descriptor;
};

/* Acquires the lock. If it is held elsewhere: waits, or without `wait` returns false with no
   message. Errors: the file cannot be created or locked. */
bool lock_take(struct Lock *lock, const char *path, bool wait, struct Error *error);

enum { LOCK_SIGN_SIZE = 128 };

/* Replaces what the file holds by one line, whose end is added; a longer one is cut to
   LOCK_SIGN_SIZE - 2 bytes. Error: it cannot be written. */
bool lock_sign(const struct Lock *lock, const char *line, struct Error *error);

/* A lock as others see it. */
struct LockSeen {
  bool is_held;
  char sign[LOCK_SIGN_SIZE]; /* the line of the present or the last holder; may be empty */
  double signed_at;          /* seconds since 1970, by the file system's clock */
};

/* Looks at a lock and disturbs nobody. Without a file it is not held, nor signed. Error: there is
   a file that cannot be read. */
bool lock_look(struct LockSeen *seen, const char *path, struct Error *error);

/* Releases the lock. Does nothing if it is not held. */
void lock_release(struct Lock *lock);

#endif
