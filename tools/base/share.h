/*
 * Programs that share a machine: each takes a place in an agreed file and checks now and then how
 * many are taken. A place is a byte of the file that its holder keeps locked. The system releases
 * the lock when the holder dies, so that dead processes are not counted. The file itself stays, and
 * stays empty.
 */
#ifndef BASE_SHARE_H
#define BASE_SHARE_H

#include "base/error.h"

struct Share {
  bool joined;
  int descriptor;
  int place; /* from 0; the first free one */
};

/* Takes a place. Errors: the file cannot be created or locked; all places are taken. */
bool share_join(struct Share *share, const char *path, struct Error *error);

/* Releases the place. Does nothing if none is held. */
void share_leave(struct Share *share);

/* The holder's share of `total` items, at least one. Of n holders each has total / n, and the first
   total % n have one more: if total >= n, every item is used exactly once. */
int share_of(const struct Share *share, int total);

#endif
