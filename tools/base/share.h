/*
 * Programs that share a machine: each takes a place in a file that they agree on, and asks now and
 * then how many have one. A place is a byte of the file that its holder keeps locked. The system
 * opens the lock when the holder dies, however it dies, so that nobody is counted who is gone. The
 * file itself is empty and stays.
 */
#ifndef BASE_SHARE_H
#define BASE_SHARE_H

#include "base/error.h"

struct Share {
  bool joined;
  int descriptor;
  int place; /* from 0; the first that was free */
};

/* Takes a place. Errors: the file cannot be made or locked; all places are taken. */
bool share_join(struct Share *share, const char *path, struct Error *error);

/* Gives it back. Does nothing where none is held. */
void share_leave(struct Share *share);

/* The holder's share of `total` things, of which every holder has at least one. n holders have
   total / n each, and the first total % n of them one more: if total >= n, all things are used and
   none twice. */
int share_of(const struct Share *share, int total);

#endif
