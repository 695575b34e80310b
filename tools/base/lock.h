/*
 * A lock that one program at a time has: a file that it keeps locked while it works and removes
 * when it is done. The system opens the lock when its holder dies, however it dies; a file that is
 * left over then is in nobody's way.
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include "base/error.h"

struct Lock {
  char *path; /* NULL while nothing is held */
  int descriptor;
};

/* Takes the lock. Where somebody else has it: waits for its end, or without `wait` returns false
   with no message. Errors: the file cannot be made or locked. */
bool lock_take(struct Lock *lock, const char *path, bool wait, struct Error *error);

/* Gives it back. Does nothing where none is held. */
void lock_release(struct Lock *lock);

#endif
