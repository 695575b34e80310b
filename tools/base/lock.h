/*
 * A lock held by one program at a time: a file that is locked while the holder works and removed
 * when it is done. The system releases the lock when its holder dies, however it dies; a leftover
 * file does no harm.
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

/* Releases the lock. Does nothing if it is not held. */
void lock_release(struct Lock *lock);

#endif
